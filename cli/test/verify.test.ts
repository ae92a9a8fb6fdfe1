import {
  type AbiFunction,
  type Address,
  bytesToHex,
  createPublicClient,
  custom,
  encodeAbiParameters,
  encodeEventTopics,
  encodeFunctionResult,
  getContractAddress,
  type Hex,
  hexToBytes,
  http,
  maxUint128,
  type PublicClient,
  parseEventLogs,
  slice,
  toEventSelector,
  toFunctionSelector,
} from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  aigcAbi,
  type Body,
  type Check,
  type CheckId,
  cidOf,
  decodeBlob,
  EvolutionPolicy,
  encodeBody,
  fileHashes,
  type GenerationRequest,
  generationRequest,
  gridNftAbi,
  gridSettlementAbi,
  ipfsGateway,
  type JobReceipt,
  jobReceipt,
  provenanceOf,
  type Verification,
  verifyToken,
} from "../../sdk/src/index.ts";
import { setCode } from "../../test/fixtures/anvil.ts";
import { anchorOf, packed, settlementOf } from "../../test/fixtures/order.ts";
import { signMessage } from "../../test/fixtures/seed.ts";
import { answering, emit, emitMint, emitVersion, forgeMint, lyingClient, meanwhile, upgradeToLiar } from "./forgery.ts";
import { type Gallery, type Made, picture, startGallery } from "./gallery.ts";

let gallery: Gallery;
let [first, second, bought, remix] = [0n, 0n, 0n, 0n];

beforeAll(async () => {
  gallery = await startGallery();
  [first, second] = [gallery.series * 1_000n + 1n, gallery.series * 1_000n + 2n];
  [bought, remix] = [gallery.direct * 1_000n + 1n, gallery.remix * 1_000n + 1n];
}, 600_000);
afterAll(() => gallery?.stop());

function honestClient(): PublicClient {
  return createPublicClient({ transport: http(gallery.grid.rpcUrl, { retryCount: 0 }), cacheTime: 0 });
}

function verify(tokenId: bigint, client = honestClient()): Promise<Verification> {
  return verifyToken(client, { deployment: gallery.grid.deployment, tokenId, fetchFile: ipfsGateway(gallery.ipfs) });
}

/** Checks of a status, as `id` or `id@version`. */
function named(result: Verification, status: Check["status"]): string[] {
  return result.checks
    .filter((check) => check.status === status)
    .map(({ id, version }) => (version === undefined ? id : `${id}@${version}`));
}

/** The one check that fails, in words. */
function failure(result: Verification, id: CheckId, version?: number): string {
  const check = result.checks.find((one) => one.id === id && one.version === version);
  expect(check?.status, `${id}: ${check?.explanation}`).toBe("fail");
  expect(result.verdict).toBe("broken");
  return `${check?.explanation}`;
}

async function blobOf(seriesId: bigint): Promise<Hex> {
  const { artist } = gallery;
  const logs = await artist.grid.nft.getEvents.SeriesMinted({ seriesId }, { fromBlock: 0n, strict: true });
  return logs[0]?.args.blob ?? "0x";
}

const blobAddress = (seriesId: bigint): Address =>
  getContractAddress({ from: gallery.grid.deployment.contracts.GridNFT.address, nonce: seriesId });

/** A series' blob with another body in it. */
async function rewritten(seriesId: bigint, change: (body: Body) => Body): Promise<Hex> {
  const blob = await blobOf(seriesId);
  const { body, packed } = decodeBlob(blob);
  return blob.replace(packed.slice(2), encodeBody(change(body)).slice(2)) as Hex;
}

describe("an honest grid", () => {
  it("is proven: lane, direct, evolved and remixed tokens", async () => {
    for (const tokenId of gallery.made.keys()) {
      const result = await verify(tokenId);
      expect({ tokenId, fail: named(result, "fail"), unknown: named(result, "unknown") }).toEqual({
        tokenId,
        fail: [],
        unknown: [],
      });
      expect(result.verdict).toBe("proven");
    }
    const { versions } = await verify(first);
    expect(versions.map(({ request, file }) => [request.prompt, file !== undefined])).toEqual([
      ["a lighthouse at dusk", true],
      ["the lighthouse at night", true],
    ]);
    expect(versions[0]?.receipt).toEqual((gallery.made.get(first) as Made).receipt);
  });

  it("checks the parent of a remix", async () => {
    expect(named(await verify(remix), "pass")).toContain("parent@1");
    expect(named(await verify(first), "pass")).toContain("allowed@2");
  });

  it("is judged as of one block, whatever happens meanwhile", async () => {
    const { grid, artist } = gallery;
    const honest = honestClient();
    let isMoved = false;
    // It changes hands when the first logs are read.
    const request = async (asked: { method: string }) => {
      const answer = await honest.request(asked as never);
      if (asked.method === "eth_getLogs" && !isMoved) {
        isMoved = true;
        await grid.mined(artist.grid.nft.write.transferFrom([artist.address, grid.party(9).address, second]));
      }
      return answer;
    };
    const result = await meanwhile(gallery, () =>
      verify(second, createPublicClient({ transport: custom({ request }), cacheTime: 0 })),
    );
    expect([isMoved, named(result, "fail"), result.verdict]).toEqual([true, [], "proven"]);
  });

  it("says that a burnt token keeps its record", async () => {
    const result = await meanwhile(gallery, async () => {
      await gallery.grid.mined(gallery.artist.grid.nft.write.burn([bought]));
      return verify(bought);
    });
    expect(result.checks.find(({ id }) => id === "token")).toMatchObject({
      status: "pass",
      explanation: "The token was burnt; its record stays readable.",
    });
    expect(named(result, "fail")).toEqual([]);
  });

  it("is broken for a token that never was", async () => {
    const result = await verify(77_001n);
    expect(result.verdict).toBe("broken");
    expect(result.versions).toEqual([]);
  });

  it("finds proofs that somebody relayed, by mintFor", async () => {
    // What counts is that the call stands somewhere in the input.
    const wrap = (method: string, _: readonly unknown[], answer: unknown): unknown => {
      if (method !== "eth_getTransactionByHash") return answer;
      const transaction = answer as { input: Hex };
      return { ...transaction, input: `0xdeadbeef${"00".repeat(31)}01${transaction.input.slice(2)}` };
    };
    const result = await verify(first, lyingClient(gallery, wrap));
    expect(named(result, "fail").concat(named(result, "unknown"))).toEqual([]);
  });

  it("is not fooled by what somebody else put into the transaction beside it", async () => {
    // A relayer's own contract can be called with anything: a copy of the true call with other signatures and proofs in front.
    const decoy = (method: string, _: readonly unknown[], answer: unknown): unknown => {
      if (method !== "eth_getTransactionByHash") return answer;
      const transaction = answer as { input: Hex };
      const call = transaction.input.slice(2);
      const spoilt = [...gallery.made.values()].reduce(
        (input, { signature, order }) =>
          input
            .replaceAll(signature.slice(2), "11".repeat(65))
            .replaceAll(isLane(order) ? order.laneId.slice(2) : "-", "22".repeat(32)),
        call,
      );
      return { ...transaction, to: gallery.gateway.address, input: `0x${"00".repeat(4)}${spoilt}${call}` };
    };
    for (const tokenId of [first, bought]) {
      const result = await verify(tokenId, lyingClient(gallery, decoy));
      expect(named(result, "fail").concat(named(result, "unknown"))).toEqual([]);
    }
  });

  it("reads logs in pieces from a node that limits ranges", async () => {
    let refused = 0;
    const client = lyingClient(gallery, (method, params, answer) => {
      const range = params[0] as { fromBlock?: Hex; toBlock?: Hex } | undefined;
      if (method !== "eth_getLogs" || Number(range?.toBlock) - Number(range?.fromBlock) <= 600) return answer;
      refused++;
      throw new Error("range too long");
    });
    const result = await meanwhile(gallery, async () => {
      await gallery.artist.wallet.request({ method: "anvil_mine" as never, params: ["0x320"] as never });
      return verify(bought, client);
    });
    expect(refused).toBeGreaterThan(0);
    expect(named(result, "fail").concat(named(result, "unknown"))).toEqual([]);
  });
});

describe("a gateway", () => {
  const cid = (): string => cidOf((gallery.made.get(bought) as Made).receipt);

  it("that serves another picture is caught", async () => {
    const honest = gallery.files.get(cid()) as Uint8Array;
    gallery.files.set(cid(), picture(99, "another"));
    const result = await verify(bought).finally(() => gallery.files.set(cid(), honest));
    expect(named(result, "fail")).toEqual(["image@1"]);
    expect(result.versions[0]?.file).toBeUndefined();
  });

  it("that lacks the picture leaves the proof incomplete", async () => {
    const honest = gallery.files.get(cid()) as Uint8Array;
    gallery.files.delete(cid());
    const result = await verify(bought).finally(() => gallery.files.set(cid(), honest));
    expect(result.verdict).toBe("incomplete");
    expect(named(result, "unknown")).toEqual(["image@1", "file@1"]);
  });
});

describe("an upgrade that lies", () => {
  const nft = (): Address => gallery.grid.deployment.contracts.GridNFT.address;

  it("about provenance is caught by the log", async () => {
    const provenance = await provenanceOf(honestClient(), { deployment: gallery.grid.deployment, tokenId: bought });
    const result = await meanwhile(gallery, async () => {
      const lie = { ...provenance, request: { ...provenance.request, prompt: "something dearer" } };
      const item = gridNftAbi.find((one) => one.type === "function" && one.name === "provenanceOf") as AbiFunction;
      const answer = encodeAbiParameters(item.outputs, [lie]);
      await upgradeToLiar(gallery, nft(), toFunctionSelector("provenanceOf(uint256,uint256)"), answer);
      return verify(bought);
    });
    expect(failure(result, "provenance", 1)).toContain("prompt");
    expect(failure(result, "contracts")).toContain("no upgrade event announced");
  });

  it("about the owner is caught by the transfers", async () => {
    const result = await meanwhile(gallery, async () => {
      const answer = encodeAbiParameters([{ type: "address" }], [gallery.gateway.address]);
      await upgradeToLiar(gallery, nft(), toFunctionSelector("ownerOf(uint256)"), answer);
      return verify(bought);
    });
    expect(failure(result, "token")).toContain(gallery.gateway.address);
  });

  it("that says a receipt is not minted is caught", async () => {
    const result = await meanwhile(gallery, async () => {
      const selector = toFunctionSelector("isMinted(address,bytes32,uint256)");
      await upgradeToLiar(gallery, nft(), selector, `0x${"00".repeat(32)}`);
      return verify(bought);
    });
    expect(failure(result, "single", 1)).toContain("does not count this receipt");
  });

  it("that keeps records elsewhere is caught", async () => {
    const result = await meanwhile(gallery, async () => {
      const answer = encodeAbiParameters([{ type: "address" }], [gallery.gateway.address]);
      await upgradeToLiar(gallery, nft(), toFunctionSelector("blobOf(uint256,uint256)"), answer);
      return verify(bought);
    });
    expect(failure(result, "blob", 1)).toContain("elsewhere");
  });

  it("that replaces the stored record is caught by the log", async () => {
    const result = await meanwhile(gallery, async () => {
      const blob = await rewritten(gallery.direct, (body) => ({
        ...body,
        requests: body.requests.map((request) => ({ ...request, prompt: "a lone ship" })),
      }));
      await setCode(gallery.grid, blobAddress(gallery.direct), `0x00${blob.slice(2)}`);
      return verify(bought);
    });
    expect(failure(result, "blob", 1)).toContain("replaced");
    expect(failure(result, "provenance", 1)).toContain("prompt");
    expect(failure(result, "metadata")).toContain("prompt");
  });

  it("that logs the same mint twice is caught", async () => {
    const result = await meanwhile(gallery, async () => {
      await emitMint(gallery, gallery.direct, await blobOf(gallery.direct));
      return verify(bought);
    });
    expect(failure(result, "event", 1)).toContain("2 events");
  });

  it("that logs a version of an enormous number is caught at once", async () => {
    const result = await meanwhile(gallery, async () => {
      const topics = encodeEventTopics({
        abi: gridNftAbi,
        eventName: "VersionAdded",
        args: { tokenId: bought, version: 2n ** 200n, requester: gallery.artist.address },
      }) as Hex[];
      const content = encodeAbiParameters([{ type: "uint256" }, { type: "bytes" }], [1n, await blobOf(gallery.direct)]);
      await emit(gallery, topics, content);
      return verify(bought);
    });
    expect(failure(result, "event", 2)).toContain("No event");
  });

  it("that logs a version that is nowhere is caught", async () => {
    const result = await meanwhile(gallery, async () => {
      const answer = encodeAbiParameters([{ type: "uint256" }], [2n]);
      await upgradeToLiar(gallery, nft(), toFunctionSelector("versionsOf(uint256)"), answer);
      return verify(bought);
    });
    expect(failure(result, "event", 2)).toContain("No event");
  });

  it("that adds a version to what never changes, or for a stranger, is caught", async () => {
    const [versionBlob] = (
      await gallery.artist.grid.nft.getEvents.VersionAdded({ tokenId: first }, { fromBlock: 0n, strict: true })
    ).map(({ args }) => args.blob);
    const forge = (tokenId: bigint, requester: Address): Promise<Verification> =>
      meanwhile(gallery, async () => {
        await emitVersion(gallery, tokenId, requester, versionBlob ?? "0x");
        return verify(tokenId);
      });
    expect(failure(await forge(bought, gallery.artist.address), "allowed", 2)).toContain("never change");
    expect(failure(await forge(second, gallery.gateway.address), "allowed", 2)).toContain("Only the artist");
  });

  it("about a model is caught by its registration", async () => {
    const { modelId, artist } = gallery;
    const model = await artist.grid.aigc.read.modelOf([modelId]);
    const result = await meanwhile(gallery, async () => {
      const lie = { ...model, spec: { ...model.spec, weightsHash: `0x${"22".repeat(32)}` as Hex } };
      const answer = encodeFunctionResult({ abi: aigcAbi, functionName: "modelOf", result: lie });
      const { address } = gallery.grid.deployment.contracts.AIGC;
      await upgradeToLiar(gallery, address, toFunctionSelector("modelOf(uint256)"), answer);
      return verify(bought);
    });
    expect(failure(result, "model", 1)).toContain("no longer says");
  });

  it("of the renderer is caught by the record", async () => {
    const json = Buffer.from('{"name":"Buoy","prompt":"a whale"}').toString("base64");
    const result = await meanwhile(gallery, async () => {
      const answer = encodeAbiParameters([{ type: "string" }], [`data:application/json;base64,${json}`]);
      await setCode(gallery.grid, gallery.grid.deployment.contracts.GridRenderer.address, answering(answer));
      return verify(bought);
    });
    expect(failure(result, "metadata")).toContain("prompt");
    expect(named(result, "fail")).toEqual(["metadata"]);
  });
});

describe("a forged mint", () => {
  const series = 9n;
  const forged = (change: (body: Body) => Body): Promise<Verification> =>
    meanwhile(gallery, async () => {
      const tokenId = await forgeMint(gallery, series, blobAddress(series), await rewritten(gallery.direct, change));
      return verify(tokenId);
    });

  it("of a receipt that was never anchored fails", async () => {
    const result = await forged((body) => ({
      ...body,
      artworks: body.artworks.map((artwork) => ({ ...artwork, imageHash: `0x${"33".repeat(32)}` as const })),
    }));
    expect(failure(result, "anchor", 1)).toContain("holds this receipt");
    expect(named(result, "unknown")).toContain("signature@1");
  });

  it("with another prompt fails, as every hash depends on it", async () => {
    const result = await forged((body) => ({
      ...body,
      requests: body.requests.map((request) => ({ ...request, prompt: "a lone ship" })),
    }));
    expect(failure(result, "anchor", 1)).toContain("holds this receipt");
  });

  it("by a famous worker fails", async () => {
    const result = await forged((body) => ({
      ...body,
      anchors: body.anchors.map((anchor) => ({ ...anchor, worker: gallery.gateway.address })),
    }));
    expect(failure(result, "anchor", 1)).toContain("holds this receipt");
  });

  it("with another model's weights fails", async () => {
    const result = await forged((body) => ({
      ...body,
      requests: body.requests.map((request) => ({ ...request, modelHash: `0x${"44".repeat(32)}` as const })),
    }));
    expect(failure(result, "model", 1)).toContain("other weights");
  });

  it("whose parent has another image fails", async () => {
    const result = await forged((body) => ({
      ...body,
      artworks: body.artworks.map((artwork) => ({ ...artwork, parent: { tokenId: second, version: 1 } })),
    }));
    expect(failure(result, "parent", 1)).toContain("not the one");
  });

  it("with a record that breaks the format fails", async () => {
    const result = await meanwhile(gallery, async () => {
      const blob = slice(await blobOf(gallery.direct), 0, -3);
      return verify(await forgeMint(gallery, series, blobAddress(series), blob));
    });
    expect(failure(result, "record", 1)).toContain("can't be read");
  });

  it("of a time that does not fit fails", async () => {
    const result = await forged((body) => ({
      ...body,
      artworks: body.artworks.map((artwork) => ({ ...artwork, completedAt: artwork.completedAt + 3_600 })),
    }));
    expect(failure(result, "record", 1)).toContain("time");
  });

  it("of a receipt that was minted already is another token's copy", async () => {
    const result = await forged((body) => body);
    expect(failure(result, "single", 1)).toContain(`minted before, as token ${bought}`);
  });
});

describe("calldata of another's contract", () => {
  it("that holds nothing but junk proves nothing, and tells against nobody", async () => {
    const junk = (method: string, _: readonly unknown[], answer: unknown): unknown => {
      if (method !== "eth_getTransactionByHash") return answer;
      const transaction = answer as { input: Hex };
      const { signature } = gallery.made.get(bought) as Made;
      const input = transaction.input.replaceAll(signature.slice(2), "11".repeat(65));
      return { ...transaction, to: gallery.gateway.address, input };
    };
    const result = await verify(bought, lyingClient(gallery, junk));
    expect([named(result, "fail"), named(result, "unknown")]).toEqual([[], ["signature@1"]]);
  });
});

describe("papers and parties", () => {
  /** Changes one byte of a signature wherever a transaction has it. */
  const spoiling =
    (signature: Hex) =>
    (method: string, _: readonly unknown[], answer: unknown): unknown => {
      if (method !== "eth_getTransactionByHash") return answer;
      const bytes = hexToBytes(signature);
      bytes[5] = (bytes[5] as number) ^ 1;
      const transaction = answer as { input: Hex };
      return { ...transaction, input: transaction.input.replace(signature.slice(2), bytesToHex(bytes).slice(2)) };
    };

  it("a signature that is not the worker's fails", async () => {
    const { signature } = gallery.made.get(bought) as Made;
    expect(failure(await verify(bought, lyingClient(gallery, spoiling(signature))), "signature", 1)).toMatch(
      /not of the worker|No key/,
    );
  });

  it("an order that its payer did not sign fails", async () => {
    const transaction = await mintTransaction(gallery.direct);
    const { order } = gallery.made.get(bought) as Made;
    const { domain, artist } = gallery;
    const signature = await signMessage(artist.account, domain, "JobOrder", order);
    expect(transaction.input).toContain(signature.slice(2));
    expect(failure(await verify(bought, lyingClient(gallery, spoiling(signature))), "order", 1)).toMatch(
      /not signed by its payer|No key/,
    );
  });

  it("a worker that never registered fails", async () => {
    const topic = toEventSelector("WorkerRegistered(address,uint128,string)");
    const client = lyingClient(gallery, (method, params, answer) => {
      const topics = (params[0] as { topics?: readonly Hex[] } | undefined)?.topics;
      return method === "eth_getLogs" && topics?.[0] === topic ? [] : answer;
    });
    expect(failure(await verify(bought, client), "worker", 1)).toContain("Nobody by this address");
  });

  it("two images for one job fail once somebody has shown them", async () => {
    const { order, receipt, request, signature } = gallery.made.get(bought) as Made;
    const hashes = fileHashes(picture(7, "the other"));
    const other = jobReceipt(order, { ...receipt, ...hashes });
    const otherSignature = await signMessage(gallery.workerKey, gallery.domain, "JobReceipt", other);
    expect(request.prompt).toBe("a lone buoy");
    const result = await meanwhile(gallery, async () => {
      const write = gallery.gateway.grid.settlement.write.slashEquivocation;
      await gallery.grid.mined(write([receipt, signature, other, otherSignature]));
      return verify(bought);
    });
    expect(failure(result, "single", 1)).toContain("two different images");
    expect(named(result, "fail")).toEqual(["single@1"]);
  });

  it("a file whose own text says something else fails", async () => {
    const request = requestOf("a quiet harbour");
    const tokenId = await mintOwn(request, 50n, "a loud harbour\nSteps: 20, CFG scale: 7.5, Seed: 3, Size: 512x448");
    expect(failure(await verify(tokenId), "file", 1)).toContain("prompt");
  });

  it("an image that somebody else had anchored before fails, for the later one only", async () => {
    const original = gallery.made.get(bought) as Made;
    const tokenId = await mintCopy(original);
    expect(failure(await verify(tokenId), "earlier", 1)).toContain(`token ${bought}`);
    const honest = await verify(bought);
    expect(honest.verdict).toBe("proven");
    expect(honest.checks.find(({ id }) => id === "earlier")?.evidence).toEqual({ "same image in": `token ${tokenId}` });
  });
});

function isLane({ laneId }: Made["order"]): boolean {
  return BigInt(laneId) !== 0n;
}

function requestOf(prompt: string): GenerationRequest {
  const { modelId, modelHash } = gallery;
  return generationRequest({
    ...{ modelId, modelHash, prompt, seed: 3n, width: 512, height: 448, steps: 20, guidanceMilli: 7_500 },
    ...{ sampler: "euler_a", scheduler: "karras" },
  });
}

async function mintTransaction(seriesId: bigint): Promise<{ input: Hex }> {
  const { artist } = gallery;
  const logs = await artist.grid.nft.getEvents.SeriesMinted({ seriesId }, { fromBlock: 0n });
  return artist.wallet.getTransaction({ hash: logs[0]?.transactionHash ?? "0x" });
}

/** Settles and mints a picture with a text of one's choice in it. */
async function mintOwn(request: GenerationRequest, nonce: bigint, text: string): Promise<bigint> {
  const { artist } = gallery;
  const order = await gallery.order(request, { payer: artist.address, count: 1, nonce });
  return mint(await gallery.work(request, order, text));
}

/** The gateway's owner orders a picture for itself, and the worker sells it one that it made before. */
async function mintCopy(original: Made): Promise<bigint> {
  const { gateway, workerKey, domain } = gallery;
  const terms = { payer: gateway.address, count: 1, nonce: 60n };
  const order = { ...(await gallery.order(original.request, terms)), requester: gateway.address };
  const receipt: JobReceipt = jobReceipt(order, { ...original.receipt, completedAt: await gallery.grid.now() });
  const signature = await signMessage(workerKey, domain, "JobReceipt", receipt);
  return mint([{ ...original, receipt, signature, order, anchor: anchorOf(domain, gateway.address, [{ receipt }]) }]);
}

async function mint(made: readonly Made[]): Promise<bigint> {
  const { domain, grid } = gallery;
  const { order } = made[0] as Made;
  const payer = [gallery.artist, gallery.gateway].find(({ address }) => address === order.payer) ?? gallery.artist;
  const item = await settlementOf(domain, payer.account, order, made);
  const header = { policy: EvolutionPolicy.NONE, royaltyBps: 0, title: "Harbour", description: "", tags: "" };
  const call = [0n, [item], ...packed(made, header), payer.address, maxUint128] as const;
  const { logs } = await grid.mined(payer.grid.nft.write.settleAndMint(call));
  expect(parseEventLogs({ abi: gridSettlementAbi, logs, eventName: "OrderSettled" })).toHaveLength(1);
  const [minted] = parseEventLogs({ abi: gridNftAbi, logs, eventName: "SeriesMinted" });
  return (minted?.args.seriesId ?? 0n) * 1_000n + 1n;
}

import { createServer } from "node:http";
import { crc32, deflateSync } from "node:zlib";
import { type Address, type Hex, maxUint256, parseEther, parseEventLogs, sha256, stringToHex, zeroHash } from "viem";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import {
  aigcAbi,
  cidOf,
  composeBody,
  EvolutionPolicy,
  encodeBody,
  engineHash,
  fileHashes,
  type GenerationRequest,
  generationRequest,
  gridNftAbi,
  type JobOrder,
  jobOrder,
  jobReceipt,
  type LaneConfig,
  laneId as laneIdOf,
  nextVoucher,
  type ReceiptToMint,
  receiptTree,
  type SettlementDomain,
  SignerRole,
  seedAt,
  settlementDomainOf,
  settlementTypes,
  workLane,
} from "../../sdk/src/index.ts";
import { type LocalGrid, type Party, startGrid } from "../../test/e2e/chain.ts";

const PRICE = parseEther("1");
const ENGINE = "test engine 1.0";

/** A picture that a worker made, with everything around it. */
export interface Made extends ReceiptToMint {
  readonly order: JobOrder;
  readonly signature: Hex;
  readonly file: Uint8Array;
}

/** A chain with a few tokens on it, and an IPFS gateway with their pictures. */
export interface Gallery {
  readonly grid: LocalGrid;
  readonly domain: SettlementDomain;
  readonly artist: Party;
  readonly worker: Party;
  readonly gateway: Party;
  readonly workerKey: PrivateKeyAccount;
  readonly modelId: bigint;
  readonly modelHash: Hex;
  readonly ipfs: string;
  /** The gateway's files by CID: tests may put others there. */
  readonly files: Map<string, Uint8Array>;
  /** Series of two by a lane of three receipts; the first evolved. */
  readonly series: bigint;
  /** Settled and minted in one transaction. */
  readonly direct: bigint;
  /** Made from an image of `series`, settled on its own. */
  readonly remix: bigint;
  readonly made: ReadonlyMap<bigint, Made>;
  /** Signs a receipt for a file, as a worker would. */
  work(request: GenerationRequest, order: JobOrder, text?: string): Promise<Made[]>;
  order(
    request: GenerationRequest,
    terms: { payer: Address; count: number; laneId?: Hex; nonce: bigint },
  ): Promise<JobOrder>;
  settle(request: GenerationRequest, nonce: bigint, count?: number): Promise<Made[]>;
  stop(): Promise<void>;
}

/** A grey PNG of 8x8 with a `parameters` text. */
export function picture(shade: number, text: string): Uint8Array {
  const chunk = (type: string, content: Uint8Array): Buffer => {
    const named = Buffer.concat([Buffer.from(type, "latin1"), content]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(content.length, 0);
    frame.writeUInt32BE(crc32(named) >>> 0, 4);
    return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)]);
  };
  const header = Buffer.from([0, 0, 0, 8, 0, 0, 0, 8, 8, 0, 0, 0, 0]);
  const rows = Buffer.concat(Array.from({ length: 8 }, () => Buffer.from([0, ...Array(8).fill(shade % 256)])));
  return new Uint8Array(
    Buffer.concat([
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      chunk("IHDR", header),
      chunk("iTXt", Buffer.from(`parameters\0\0\0\0\0${text}`)),
      chunk("IDAT", deflateSync(rows)),
      chunk("IEND", Buffer.alloc(0)),
    ]),
  );
}

/** The text that goes into a picture. */
export function parametersOf(request: GenerationRequest, seed: bigint): string {
  return [
    request.prompt,
    ...(request.negativePrompt ? [`Negative prompt: ${request.negativePrompt}`] : []),
    `Steps: ${request.steps}, Sampler: Euler a, CFG scale: ${request.guidanceMilli / 1000}, Seed: ${seed}, Size: ${request.width}x${request.height}`,
  ].join("\n");
}

export async function startGallery(): Promise<Gallery> {
  const grid = await startGrid();
  try {
    return await fill(grid);
  } catch (error) {
    await grid.stop();
    throw error;
  }
}

async function fill(grid: LocalGrid): Promise<Gallery> {
  const domain = settlementDomainOf(grid.deployment);
  const [owner, artist, worker, gateway] = [0, 7, 8, 9].map((index) => grid.party(index)) as [
    Party,
    Party,
    Party,
    Party,
  ];
  const workerKey = privateKeyToAccount(generatePrivateKey());
  const { GridSettlement, WorkerRegistry, GridNFT } = grid.deployment.contracts;
  for (const party of [owner, artist, worker, gateway]) {
    await grid.mined(owner.grid.aipg.write.mint([party.address, parseEther("100000")]));
    for (const spender of [GridSettlement, WorkerRegistry, GridNFT]) {
      await grid.mined(party.grid.aipg.write.approve([spender.address, maxUint256]));
    }
  }
  const modelHash = sha256(stringToHex("the weights"));
  await grid.mined(owner.grid.aipg.write.approve([grid.deployment.contracts.AIGC.address, maxUint256]));
  const { logs } = await grid.mined(
    owner.grid.aigc.write.register([
      {
        ...{ name: "Lighthouse XL", version: "1.0", family: 2, kind: 0, baseModelId: 0n, weightsHash: modelHash },
        ...{ weightsURI: "", license: "MIT", previewCid: "", usageBps: 500, resaleBps: 250, access: 0 },
      },
      owner.address,
      await owner.grid.aigc.read.registrationFee(),
    ]),
  );
  const modelId = parseEventLogs({ abi: aigcAbi, logs, eventName: "ModelRegistered" })[0]?.args.modelId ?? 0n;
  const bond = await worker.grid.registry.read.minBond();
  await grid.mined(worker.grid.registry.write.register([bond, ""]));
  const deadline = (await grid.now()) + 3_600n;
  const message = { account: worker.address, role: SignerRole.WORKER_SIGNER, deadline };
  const proof = await workerKey.signTypedData({ domain, types: settlementTypes, primaryType: "SignerProof", message });
  await grid.mined(
    worker.grid.settlement.write.addSigner([workerKey.address, SignerRole.WORKER_SIGNER, deadline, proof]),
  );
  await grid.mined(artist.grid.settlement.write.deposit([parseEther("100")]));
  await grid.mined(gateway.grid.settlement.write.deposit([parseEther("100")]));
  const feeConfigId = await gateway.grid.settlement.read.currentFeeConfigId();

  const files = new Map<string, Uint8Array>();
  const made = new Map<bigint, Made>();
  const order: Gallery["order"] = async (request, terms) =>
    jobOrder(request, {
      ...{ requester: artist.address, worker: worker.address, feeConfigId, maxPrice: PRICE * BigInt(terms.count) },
      deadline: (await grid.now()) + 3_600n,
      ...terms,
    });
  const work: Gallery["work"] = async (request, job, text) => {
    const completedAt = await grid.now();
    const results = await Promise.all(
      Array.from({ length: job.count }, async (_, index) => {
        const seed = seedAt(request, index) ?? 7_000n + BigInt(index);
        const file = picture(files.size * 16 + index * 3, text ?? parametersOf(request, seed));
        const hashes = fileHashes(file, index % 2 === 1 ? { layout: "dag-pb" } : {});
        const receipt = jobReceipt(job, {
          index,
          seed,
          engineHash: engineHash(ENGINE),
          ...hashes,
          completedAt,
          price: PRICE,
        });
        const signature = await workerKey.signTypedData({
          domain,
          types: settlementTypes,
          primaryType: "JobReceipt",
          message: receipt,
        });
        return { receipt, signature, file };
      }),
    );
    for (const { receipt, file } of results) files.set(cidOf(receipt), file);
    const tree = receiptTree(
      results.map(({ receipt }) => receipt),
      domain,
    );
    const anchor = { source: 0, domain, payer: job.payer, tree };
    return results.map((result) => ({ ...result, request, engine: ENGINE, anchor, order: job }));
  };
  const settlementOf = async (job: JobOrder, results: readonly Made[]) => ({
    order: job,
    orderSignature: await artist.account.signTypedData({
      domain,
      types: settlementTypes,
      primaryType: "JobOrder",
      message: job,
    }),
    receipts: results.map(({ receipt, signature }) => ({ ...receipt, signature })),
  });
  const settle: Gallery["settle"] = async (request, nonce, count = 1) => {
    const job = await order(request, { payer: artist.address, count, nonce });
    const results = await work(request, job);
    await grid.mined(worker.grid.settlement.write.settle([await settlementOf(job, results)]));
    return results;
  };
  const request = (prompt: string, seed: bigint, sourceHash: Hex = zeroHash): GenerationRequest =>
    generationRequest({
      ...{ modelId, modelHash, prompt, negativePrompt: "blurry, text", seed, sourceHash, width: 512, height: 448 },
      ...{ steps: 20, guidanceMilli: 7_500, sampler: "euler_a", scheduler: "karras" },
    });
  const header = (title: string, policy: EvolutionPolicy = EvolutionPolicy.NONE) => ({
    ...{ policy, royaltyBps: 500, title, description: `${title}, by a test`, tags: "sea,light" },
  });
  const minted = async (hash: Promise<Hex>): Promise<bigint> => {
    const { logs } = await grid.mined(hash);
    return parseEventLogs({ abi: gridNftAbi, logs, eventName: "SeriesMinted" })[0]?.args.seriesId ?? 0n;
  };

  // A lane: three receipts under one root, two of them minted as a series, one of those evolved later.
  const lane: LaneConfig = workLane({
    ...{ payer: gateway.address, payerSigner: gateway.address, worker: worker.address },
    ...{ feeConfigId, thawDelay: 86_400, salt: zeroHash },
  });
  const laneId = laneIdOf(lane, domain);
  await grid.mined(gateway.grid.settlement.write.openLane([lane, parseEther("50")]));
  const lighthouse = request("a lighthouse at dusk", 42n);
  const jobs = await work(lighthouse, await order(lighthouse, { payer: gateway.address, count: 3, laneId, nonce: 0n }));
  const laneTree = receiptTree(
    jobs.map(({ receipt }) => receipt),
    domain,
  );
  const voucher = nextVoucher(laneId, [], new Map([[modelId, PRICE * 3n]]), laneTree);
  const paper = { domain, types: settlementTypes, primaryType: "Voucher", message: voucher } as const;
  const signatures = [await gateway.account.signTypedData(paper), await workerKey.signTypedData(paper)] as const;
  await grid.mined(gateway.grid.settlement.write.collect([lane, voucher, ...signatures]));
  const laneAnchor = { source: 0, domain, laneId, payer: gateway.address, tree: laneTree };
  const chosen = jobs.slice(0, 2).map((one) => ({ ...one, anchor: laneAnchor }));
  const seriesCall = composeBody(chosen, header("Lighthouses", EvolutionPolicy.ARTIST));
  const series = await minted(
    artist.grid.nft.write.mint([encodeBody(seriesCall.body), seriesCall.proofs, artist.address, maxUint256 >> 128n]),
  );
  chosen.forEach((one, i) => {
    made.set(series * 1_000n + BigInt(i + 1), one);
  });

  // Settled and minted at once.
  const buoy = request("a lone buoy", 2n ** 64n - 1n);
  const buoyOrder = await order(buoy, { payer: artist.address, count: 1, nonce: 1n });
  const buoys = await work(buoy, buoyOrder);
  const buoyCall = composeBody(buoys, header("Buoy"));
  const item = await settlementOf(buoyOrder, buoys);
  const direct = await minted(
    artist.grid.nft.write.settleAndMint([
      0n,
      [item],
      encodeBody(buoyCall.body),
      buoyCall.proofs,
      artist.address,
      maxUint256 >> 128n,
    ]),
  );
  made.set(direct * 1_000n + 1n, buoys[0] as Made);

  // A version, and a remix with a parent.
  const parent = { tokenId: series * 1_000n + 1n, version: 1 };
  const source = (made.get(parent.tokenId) as Made).receipt.imageHash;
  const [night] = await settle(request("the lighthouse at night", 5n, source), 2n);
  const evolve = composeBody([{ ...(night as Made), parent }]);
  await grid.mined(artist.grid.nft.write.evolve([parent.tokenId, encodeBody(evolve.body), evolve.proofs]));
  const [storm] = await settle(request("the lighthouse in a storm", 6n, source), 3n, 2);
  const remixCall = composeBody([{ ...(storm as Made), parent }], header("Storm"));
  const remix = await minted(
    artist.grid.nft.write.mint([encodeBody(remixCall.body), remixCall.proofs, artist.address, maxUint256 >> 128n]),
  );
  made.set(remix * 1_000n + 1n, storm as Made);

  const server = createServer((incoming, answer) => {
    const file = files.get(incoming.url?.replace(/^\/ipfs\//, "") ?? "");
    answer.writeHead(file ? 200 : 404).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return {
    ...{ grid, domain, artist, worker, gateway, workerKey, modelId, modelHash, files, made, series, direct, remix },
    ...{ order, work, settle, ipfs: `http://127.0.0.1:${port}` },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await grid.stop();
    },
  };
}

import { createServer } from "node:http";
import { crc32, deflateSync } from "node:zlib";
import { type Address, type Hex, maxUint128, parseEther, sha256, stringToHex, zeroHash } from "viem";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import {
  cidOf,
  EvolutionPolicy,
  type GenerationRequest,
  generationRequest,
  type JobOrder,
  nextVoucher,
  type ReceiptToMint,
  type SettlementDomain,
} from "../../sdk/src/index.ts";
import { type LocalGrid, type Party, startGrid } from "../../test/fixtures/chain.ts";
import { anchorOf, doOrder, mintedSeries, newOrder, packed, settlementOf } from "../../test/fixtures/order.ts";
import { listen } from "../../test/fixtures/scriptedServer.ts";
import { fund, openLane, principals, registerModel, registerWorker, signMessage } from "../../test/fixtures/seed.ts";

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
  const { domain } = grid;
  const { owner, artist, worker, gateway } = principals(grid);
  const workerKey = privateKeyToAccount(generatePrivateKey());
  await fund(grid, [owner, artist, worker, gateway], parseEther("100000"));
  const modelHash = sha256(stringToHex("the weights"));
  const spec = { name: "Lighthouse XL", family: 2, weightsHash: modelHash, resaleBps: 250 };
  const modelId = await registerModel(grid, owner, spec);
  await registerWorker(grid, worker, workerKey);
  await grid.mined(artist.grid.settlement.write.deposit([parseEther("100")]));
  await grid.mined(gateway.grid.settlement.write.deposit([parseEther("100")]));

  const files = new Map<string, Uint8Array>();
  const made = new Map<bigint, Made>();
  const order: Gallery["order"] = (request, terms) =>
    newOrder(grid, request, { requester: artist.address, worker: worker.address, price: PRICE, ...terms });
  const work: Gallery["work"] = async (request, job, text) => {
    const results = await doOrder(request, job, {
      ...{ domain, key: workerKey, engine: ENGINE, price: PRICE, completedAt: await grid.now() },
      image: (index, seed) => ({
        file: picture(files.size * 16 + index * 3, text ?? parametersOf(request, seed)),
        layout: index % 2 === 1 ? "dag-pb" : undefined,
      }),
    });
    for (const { receipt, file } of results) files.set(cidOf(receipt), file);
    const anchor = anchorOf(domain, job.payer, results);
    return results.map((result) => ({ ...result, request, engine: ENGINE, anchor, order: job }));
  };
  const settle: Gallery["settle"] = async (request, nonce, count = 1) => {
    const job = await order(request, { payer: artist.address, count, nonce });
    const results = await work(request, job);
    const item = await settlementOf(domain, artist.account, job, results);
    await grid.mined(worker.grid.settlement.write.settle([item]));
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

  // A lane: three receipts under one root, two of them minted as a series, one of those evolved later.
  const { config: lane, id: laneId } = await openLane(grid, gateway, {
    ...{ payerSigner: gateway.address, worker: worker.address, funding: parseEther("50") },
  });
  const lighthouse = request("a lighthouse at dusk", 42n);
  const jobs = await work(lighthouse, await order(lighthouse, { payer: gateway.address, count: 3, laneId, nonce: 0n }));
  const anchor = anchorOf(domain, gateway.address, jobs, laneId);
  const voucher = nextVoucher(laneId, [], new Map([[modelId, PRICE * 3n]]), anchor.tree);
  const signatures = [
    await signMessage(gateway.account, domain, "Voucher", voucher),
    await signMessage(workerKey, domain, "Voucher", voucher),
  ] as const;
  await grid.mined(gateway.grid.settlement.write.collect([lane, voucher, ...signatures]));
  const chosen = jobs.slice(0, 2).map((one) => ({ ...one, anchor }));
  const lighthouses = packed(chosen, header("Lighthouses", EvolutionPolicy.ARTIST));
  const series = await mintedSeries(grid, artist.grid.nft.write.mint([...lighthouses, artist.address, maxUint128]));
  chosen.forEach((one, i) => {
    made.set(series * 1_000n + BigInt(i + 1), one);
  });

  // Settled and minted at once.
  const buoy = request("a lone buoy", 2n ** 64n - 1n);
  const buoyOrder = await order(buoy, { payer: artist.address, count: 1, nonce: 1n });
  const buoys = await work(buoy, buoyOrder);
  const item = await settlementOf(domain, artist.account, buoyOrder, buoys);
  const buoyCall = [0n, [item], ...packed(buoys, header("Buoy")), artist.address, maxUint128] as const;
  const direct = await mintedSeries(grid, artist.grid.nft.write.settleAndMint(buoyCall));
  made.set(direct * 1_000n + 1n, buoys[0] as Made);

  // A version, and a remix with a parent.
  const parent = { tokenId: series * 1_000n + 1n, version: 1 };
  const source = (made.get(parent.tokenId) as Made).receipt.imageHash;
  const [night] = await settle(request("the lighthouse at night", 5n, source), 2n);
  await grid.mined(artist.grid.nft.write.evolve([parent.tokenId, ...packed([{ ...(night as Made), parent }])]));
  const [storm] = await settle(request("the lighthouse in a storm", 6n, source), 3n, 2);
  const remixed = packed([{ ...(storm as Made), parent }], header("Storm"));
  const remix = await mintedSeries(grid, artist.grid.nft.write.mint([...remixed, artist.address, maxUint128]));
  made.set(remix * 1_000n + 1n, storm as Made);

  const server = createServer((incoming, answer) => {
    const file = files.get(incoming.url?.replace(/^\/ipfs\//, "") ?? "");
    answer.writeHead(file ? 200 : 404).end(file);
  });
  const port = await listen(server);
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

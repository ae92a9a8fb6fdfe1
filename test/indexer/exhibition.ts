/**
 * A small gallery with the same history each time, to the second and the wei: what the documentation shows is answered over it.
 * Keys are fixed, blocks are two seconds apart, and days pass when the history says so.
 */
import { type Hex, keccak256, maxUint256, parseEther, parseEventLogs, sha256, stringToHex, toHex } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import {
  aigcAbi,
  composeBody,
  encodeBody,
  engineHash,
  fileHashes,
  generationRequest,
  gridNftAbi,
  jobOrder,
  jobReceipt,
  leafOf,
  type ReceiptToMint,
  receiptId,
  receiptTree,
  type SettlementDomain,
  SignerRole,
  settlementDomainOf,
  settlementTypes,
} from "../../sdk/src/index.ts";
import { type LocalGrid, type Party, startGrid } from "../e2e/chain.ts";

/** When the chain began: 2025-11-15, 00:00 UTC. */
const GENESIS = 1_763_164_800;
const DAY = 86_400;
/** Block at whose next the history begins, whatever the deployment took. */
const START_BLOCK = 99;
const PRICE = parseEther("1");
const ENGINE = "sd-server 1.4 (cuda)";

export interface Exhibition {
  readonly grid: LocalGrid;
  /** Number of the last block. */
  readonly head: number;
}

interface Model {
  readonly id: bigint;
  readonly hash: Hex;
}
interface Worker {
  readonly party: Party;
  readonly key: PrivateKeyAccount;
}
interface Work {
  readonly artist: Party;
  readonly worker: Worker;
  readonly model: Model;
  readonly prompt: string;
  readonly seed: bigint;
  readonly count?: number;
  readonly size?: readonly [width: number, height: number];
  readonly sampler?: string;
  readonly steps?: number;
  /** The picture it is made from. */
  readonly from?: { readonly tokenId: bigint; readonly version: number; readonly imageHash: Hex };
}

/** Plays the history on a new chain. */
export async function openExhibition(): Promise<Exhibition> {
  const grid = await startGrid(["--timestamp", `${GENESIS}`]);
  try {
    await beginAt(grid, START_BLOCK, GENESIS + DAY - 2);
    await play(grid);
    const head = Number(await grid.party(0).wallet.getBlockNumber({ cacheTime: 0 }));
    return { grid, head };
  } catch (error) {
    await grid.stop();
    throw error;
  }
}

async function play(grid: LocalGrid): Promise<void> {
  const [owner, ada, ben, cleo] = [0, 7, 13, 12].map((index) => grid.party(index)) as [Party, Party, Party, Party];
  const curator = grid.party(4);
  const domain = settlementDomainOf(grid.deployment);
  for (const index of [0, 7, 8, 10, 12, 13]) await fund(grid, grid.party(index));

  const lighthouse = await register(grid, owner, { name: "Lighthouse", version: "1.5", family: 0, usageBps: 500 });
  const aurora = await register(grid, ben, { name: "Aurora XL", version: "1.0", family: 2, usageBps: 250 });
  await grid.mined(curator.grid.aigc.write.setVerified([lighthouse.id, true]));
  const [first, second] = [
    await employ(grid, domain, grid.party(8), "worker one"),
    await employ(grid, domain, grid.party(10), "worker two"),
  ];
  let nonce = 1n;
  const make = (work: Work) => done(grid, domain, work, nonce++);
  await grid.mined(ada.grid.settlement.write.deposit([PRICE * 20n]));
  await grid.mined(ben.grid.settlement.write.deposit([PRICE * 20n]));

  await dayPasses(grid, 1);
  const storm = { artist: ada, worker: first, model: lighthouse, sampler: "euler_a" };
  const coast = await mint(
    grid,
    ada,
    [
      await make({ ...storm, prompt: "a lighthouse in a storm, oil painting", seed: 7n, count: 2 }),
      await make({ ...storm, prompt: "a harbour at noon, fishing boats, oil painting", seed: 11n }),
    ],
    { title: "Coast", description: "Three days by the sea.", tags: "sea,light", royaltyBps: 500, policy: 1 },
  );
  const [lighthouseAtSea = 0n, , harbour = 0n] = coast.tokenIds;

  await dayPasses(grid, 2);
  const night = {
    artist: ben,
    worker: second,
    model: aurora,
    size: [768, 1_152],
    sampler: "dpmpp_2m",
    steps: 30,
  } as const;
  const garden = await mint(
    grid,
    ben,
    [await make({ ...night, prompt: "night garden, moonlit flowers, long exposure photograph", seed: 5n, count: 2 })],
    { title: "Night Garden", description: "", tags: "flowers,night", royaltyBps: 750, policy: 0 },
  );
  await transfer(grid, ada, cleo, harbour);

  await dayPasses(grid, 3);
  const [picture] = coast.images;
  if (picture === undefined) throw new Error("nothing made");
  await mint(
    grid,
    ben,
    [
      await make({
        ...{ ...night, prompt: "the lighthouse after the storm, stars over a calm sea", seed: 21n },
        from: { tokenId: lighthouseAtSea, version: 1, imageHash: picture },
      }),
    ],
    { title: "After the Storm", description: "A remix.", tags: "sea,night,remix", royaltyBps: 500, policy: 0 },
  );
  await evolve(
    grid,
    ada,
    lighthouseAtSea,
    await make({
      ...{ ...storm, worker: second, prompt: "a lighthouse in a storm at night, oil painting", seed: 8n },
      from: { tokenId: lighthouseAtSea, version: 1, imageHash: picture },
    }),
  );
  await transfer(grid, ben, cleo, garden.tokenIds[0] ?? 0n);
  await transfer(grid, cleo, ada, harbour);
}

/** The chain at a block and a time, from where blocks are two seconds apart. */
async function beginAt(grid: LocalGrid, block: number, time: number): Promise<void> {
  const at = Number(await grid.party(0).wallet.getBlockNumber({ cacheTime: 0 }));
  if (at >= block) throw new Error(`The deployment took ${at} blocks, more than ${block}.`);
  await ask(grid, "anvil_mine", [toHex(block - at - 1)]);
  await ask(grid, "evm_setNextBlockTimestamp", [time]);
  await ask(grid, "evm_mine", []);
  await ask(grid, "anvil_setBlockTimestampInterval", [2]);
}

/** Noon of a day after the first. */
async function dayPasses(grid: LocalGrid, day: number): Promise<void> {
  await ask(grid, "evm_setNextBlockTimestamp", [GENESIS + DAY * (day + 1) + DAY / 2]);
  await ask(grid, "evm_mine", []);
}

async function ask(grid: LocalGrid, method: string, params: readonly unknown[]): Promise<unknown> {
  return grid.party(0).wallet.request({ method: method as never, params: params as never });
}

async function fund(grid: LocalGrid, party: Party): Promise<void> {
  await ask(grid, "anvil_setBalance", [party.address, toHex(parseEther("1000"))]);
  await grid.mined(grid.party(0).grid.aipg.write.mint([party.address, parseEther("100000")]));
  const { GridSettlement, WorkerRegistry, GridNFT, AIGC } = grid.deployment.contracts;
  for (const spender of [GridSettlement, WorkerRegistry, GridNFT, AIGC]) {
    await grid.mined(party.grid.aipg.write.approve([spender.address, maxUint256]));
  }
}

async function register(
  grid: LocalGrid,
  creator: Party,
  model: { readonly name: string; readonly version: string; readonly family: number; readonly usageBps: number },
): Promise<Model> {
  const hash = sha256(stringToHex(model.name));
  const spec = {
    ...model,
    ...{ kind: 0, baseModelId: 0n, weightsHash: hash, weightsURI: "", license: "CreativeML-OpenRAIL-M" },
    ...{ previewCid: "", resaleBps: 250, access: 0 },
  };
  const fee = await creator.grid.aigc.read.registrationFee();
  const { logs } = await grid.mined(creator.grid.aigc.write.register([spec, creator.address, fee]));
  const [log] = parseEventLogs({ abi: aigcAbi, logs, eventName: "ModelRegistered" });
  if (!log) throw new Error("no model");
  return { id: log.args.modelId, hash };
}

async function employ(grid: LocalGrid, domain: SettlementDomain, party: Party, name: string): Promise<Worker> {
  const key = privateKeyToAccount(keccak256(stringToHex(name)));
  await grid.mined(party.grid.registry.write.register([await party.grid.registry.read.minBond(), ""]));
  const deadline = (await grid.now()) + 3_600n;
  const message = { account: party.address, role: SignerRole.WORKER_SIGNER, deadline };
  const proof = await key.signTypedData({ domain, types: settlementTypes, primaryType: "SignerProof", message });
  await grid.mined(party.grid.settlement.write.addSigner([key.address, SignerRole.WORKER_SIGNER, deadline, proof]));
  return { party, key };
}

/** A direct order, done: what settles it, and what is to be minted. */
async function done(grid: LocalGrid, domain: SettlementDomain, work: Work, nonce: bigint) {
  const { artist, worker, model, prompt, seed, count = 1, from, steps = 20 } = work;
  const [width, height] = work.size ?? [512, 768];
  const request = generationRequest({
    ...{ modelId: model.id, modelHash: model.hash, prompt, negativePrompt: "blurry", seed, width, height, steps },
    ...{ guidanceMilli: 7_000, sampler: work.sampler ?? "euler_a", scheduler: "karras" },
    ...(from && { sourceHash: from.imageHash }),
  });
  const now = await grid.now();
  const order = jobOrder(request, {
    ...{ requester: artist.address, payer: artist.address, worker: worker.party.address, count },
    feeConfigId: await artist.grid.settlement.read.currentFeeConfigId(),
    ...{ maxPrice: PRICE * BigInt(count), deadline: now + 3_600n, nonce },
  });
  const receipts = Array.from({ length: count }, (_, index) =>
    jobReceipt(order, {
      ...{ index, seed: seed + BigInt(index), engineHash: engineHash(ENGINE), completedAt: now, price: PRICE },
      ...fileHashes(new TextEncoder().encode(`${prompt}, image ${index}`)),
    }),
  );
  const sign = (key: PrivateKeyAccount, primaryType: "JobReceipt", message: (typeof receipts)[number]) =>
    key.signTypedData({ domain, types: settlementTypes, primaryType, message });
  const signed = [];
  for (const receipt of receipts) signed.push({ ...receipt, signature: await sign(worker.key, "JobReceipt", receipt) });
  const orderSignature = await artist.account.signTypedData({
    ...{ domain, types: settlementTypes, primaryType: "JobOrder", message: order },
  });
  const anchor = { source: 0, domain, payer: artist.address, tree: receiptTree(receipts, domain) };
  const parent = from && { parent: { tokenId: from.tokenId, version: from.version } };
  const toMint = receipts.map((receipt): ReceiptToMint => ({ receipt, request, engine: ENGINE, anchor, ...parent }));
  // Images of one order are proved in the order of its tree.
  const sorted = [...toMint].sort((a, b) => leafIndex(a) - leafIndex(b));
  return { item: { order, orderSignature, receipts: signed }, toMint: sorted };
}

function leafIndex({ receipt, anchor }: ReceiptToMint): number {
  return anchor.tree.indexOf(leafOf(receiptId(receipt, anchor.domain)));
}

type Done = Awaited<ReturnType<typeof done>>;

async function mint(grid: LocalGrid, artist: Party, works: readonly Done[], header: Parameters<typeof composeBody>[1]) {
  const toMint = works.flatMap((work) => work.toMint);
  const { body, proofs } = composeBody(toMint, header);
  const items = works.map(({ item }) => item);
  const { logs } = await grid.mined(
    artist.grid.nft.write.settleAndMint([0n, items, encodeBody(body), proofs, artist.address, parseEther("10")]),
  );
  const minted = parseEventLogs({ abi: gridNftAbi, logs, eventName: "Transfer" });
  return { tokenIds: minted.map(({ args }) => args.tokenId), images: toMint.map(({ receipt }) => receipt.imageHash) };
}

async function evolve(grid: LocalGrid, artist: Party, tokenId: bigint, { item, toMint }: Done): Promise<void> {
  await grid.mined(artist.grid.settlement.write.settle([item]));
  const { body, proofs } = composeBody(toMint);
  await grid.mined(artist.grid.nft.write.evolve([tokenId, encodeBody(body), proofs]));
}

async function transfer(grid: LocalGrid, from: Party, to: Party, tokenId: bigint): Promise<void> {
  await grid.mined(from.grid.nft.write.transferFrom([from.address, to.address, tokenId]));
}

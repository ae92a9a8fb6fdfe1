import { type Address, type Hex, maxUint256, parseEther, sha256, stringToHex, toHex, zeroHash } from "viem";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import {
  ANY_SEED,
  engineHash,
  fileHashes,
  type GenerationRequest,
  generationRequest,
  type JobOrder,
  type JobReceipt,
  jobOrder,
  jobReceipt,
  type LaneConfig,
  type ReceiptToMint,
  type SettlementDomain,
  SignerRole,
  seedAt,
  settlementDomainOf,
  settlementTypes,
} from "../../sdk/src/index.ts";
import { seededRandom } from "../../sdk/src/node/index.ts";
import type { LocalGrid, Party } from "../e2e/chain.ts";
import { setBalance } from "./anvil.ts";

export const PRICE = parseEther("1");
export const ENGINES = ["onnxruntime 1.30.0 cpu t1", "onnxruntime 1.30.0 cpu t1 o2"];

/** Reproducible chance. */
export interface Dice {
  below(limit: number): number;
  pick<Item>(items: readonly Item[]): Item | undefined;
  chance(part: number): boolean;
}

export function createDice(seed: number): Dice {
  const next = seededRandom(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  return { below, pick: (items) => items[below(items.length)], chance: (part) => next() < part };
}

/** A lane that was opened, and what its two sides keep about it. */
export interface OpenLane {
  readonly id: Hex;
  readonly config: LaneConfig;
  readonly totals: Map<bigint, bigint>;
}

/** A worker with its hot key. */
export interface WorkerParty {
  readonly party: Party;
  readonly key: PrivateKeyAccount;
}

/** An anchor that can be confirmed when its worker is bonded, and what can be minted then. */
export interface WaitingAnchor {
  readonly payer: Address;
  readonly root: Hex;
  readonly worker: WorkerParty;
  readonly toMint: readonly ReceiptToMint[];
}

/** Who takes part in a random history, and what they remember. */
export interface World {
  readonly grid: LocalGrid;
  readonly dice: Dice;
  readonly domain: SettlementDomain;
  readonly owner: Party;
  readonly upgrader: Party;
  readonly params: Party;
  readonly curator: Party;
  readonly guardian: Party;
  readonly admin: Party;
  readonly artists: readonly Party[];
  readonly gateway: Party;
  readonly gatewayKey: PrivateKeyAccount;
  readonly treasurer: Party;
  readonly workers: readonly WorkerParty[];
  readonly author: Party;
  readonly collector: Party;
  readonly models: { readonly id: bigint; readonly hash: Hex }[];
  readonly lanes: OpenLane[];
  /** Anchored, not minted yet. */
  readonly toMint: ReceiptToMint[];
  /** Settled while their worker wasn't bonded. */
  readonly waiting: WaitingAnchor[];
  nonce: bigint;
}

/** Funds everybody, registers one worker's key and the gateway's. Both workers still have to register. */
export async function createWorld(grid: LocalGrid, seed: number): Promise<World> {
  const party = (index: number) => grid.party(index);
  const parties = [0, 7, 8, 9, 10, 11, 12, 13, 14].map(party);
  await Promise.all([10, 11, 12, 13, 14].map((index) => setBalance(grid, party(index).address, parseEther("1000"))));
  const owner = party(0);
  for (const { address, grid: contracts } of parties) {
    await grid.mined(owner.grid.aipg.write.mint([address, parseEther("1000000")]));
    const { GridSettlement, WorkerRegistry, GridNFT, AIGC } = grid.deployment.contracts;
    for (const spender of [GridSettlement, WorkerRegistry, GridNFT, AIGC]) {
      await grid.mined(contracts.aipg.write.approve([spender.address, maxUint256]));
    }
  }
  const world: World = {
    grid,
    dice: createDice(seed),
    domain: settlementDomainOf(grid.deployment),
    owner,
    admin: party(1),
    upgrader: party(2),
    params: party(3),
    curator: party(4),
    guardian: party(5),
    artists: [party(7), party(13)],
    gateway: party(9),
    gatewayKey: privateKeyToAccount(generatePrivateKey()),
    treasurer: party(14),
    workers: [8, 10].map((index) => ({ party: party(index), key: privateKeyToAccount(generatePrivateKey()) })),
    author: party(11),
    collector: party(12),
    models: [],
    lanes: [],
    toMint: [],
    waiting: [],
    nonce: 1n,
  };
  for (const { party: worker, key } of world.workers) await addKey(world, worker, key, SignerRole.WORKER_SIGNER);
  await addKey(world, world.gateway, world.gatewayKey, SignerRole.PAYER_SIGNER);
  await addKey(world, world.gateway, world.treasurer.account, SignerRole.TREASURER);
  await grid.mined(world.gateway.grid.settlement.write.setTreasurerCap([world.treasurer.address, parseEther("50")]));
  return world;
}

/** Registers a hot key with its proof of possession. */
export async function addKey(
  world: World,
  party: Party,
  key: Pick<PrivateKeyAccount, "address" | "signTypedData">,
  role: number,
): Promise<void> {
  const deadline = (await world.grid.now()) + 3_600n;
  const message = { account: party.address, role, deadline };
  const proof = await key.signTypedData({
    domain: world.domain,
    types: settlementTypes,
    primaryType: "SignerProof",
    message,
  });
  await world.grid.mined(party.grid.settlement.write.addSigner([key.address, role, deadline, proof]));
}

/** Specification of a model, for `AIGC.register`. */
export function modelSpec(world: World, name: string) {
  const { dice } = world;
  return {
    name,
    version: `${dice.below(3)}.${dice.below(10)}`,
    family: dice.below(9),
    kind: dice.below(7),
    baseModelId: dice.chance(0.3) ? (dice.pick(world.models)?.id ?? 0n) : 0n,
    weightsHash: sha256(stringToHex(name)),
    weightsURI: `ipfs://${name.replaceAll(" ", "-")}`,
    license: dice.pick(["MIT", "CreativeML-OpenRAIL-M", 'https://example.org/license?a=1&b="2"']) ?? "",
    previewCid: dice.chance(0.5) ? "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4" : "",
    usageBps: dice.below(2_001),
    resaleBps: dice.below(1_001),
    access: dice.below(3),
  };
}

const subjects = [
  "a lighthouse",
  "ein Schloß im Nebel",
  "北斎 waves",
  "fox 🦊 in snow",
  'tiny "quoted" robot',
  "c++ & <b>html</b>",
];

/** A request for a random picture with a random model. */
export function randomRequest(world: World, sourceHash: Hex = zeroHash): GenerationRequest | undefined {
  const { dice } = world;
  const model = dice.pick(world.models);
  if (!model) return undefined;
  return generationRequest({
    modelId: model.id,
    modelHash: model.hash,
    prompt: `${dice.pick(subjects)}, study ${dice.below(1_000_000)}`,
    negativePrompt: dice.chance(0.5) ? "blurry, text" : "",
    seed: dice.chance(0.5) ? ANY_SEED : BigInt(dice.below(2 ** 31)) * 4_294_967_296n,
    width: dice.chance(0.1) ? 4_294_967_295 : 512 + 64 * dice.below(8),
    height: 512 + 64 * dice.below(8),
    steps: dice.chance(0.1) ? 4_000_000_000 : 1 + dice.below(50),
    guidanceMilli: dice.below(30_000),
    sampler: dice.pick(["euler", "euler_a", "ddim"]) ?? "",
    scheduler: dice.pick(["normal", "karras"]) ?? "",
    sourceHash,
    extras: dice.chance(0.2) ? '{"loras":[{"id":"7","weight":0.5}]}' : "",
    salt: dice.chance(0.3) ? toHex(dice.below(2 ** 31), { size: 32 }) : zeroHash,
  });
}

/** A signed receipt. */
export interface Signed {
  readonly receipt: JobReceipt;
  readonly signature: Hex;
}

/** What the worker makes of an order. */
export async function work(
  world: World,
  request: GenerationRequest,
  order: JobOrder,
  worker: WorkerParty,
  engine: string,
): Promise<Signed[]> {
  const completedAt = await world.grid.now();
  const results: Signed[] = [];
  for (let index = 0; index < order.count; index++) {
    const file = new TextEncoder().encode(`${request.prompt}, ${order.nonce}, image ${index}`);
    const receipt = jobReceipt(order, {
      index,
      seed: seedAt(request, index) ?? BigInt(world.dice.below(2 ** 31)),
      engineHash: engineHash(engine),
      ...fileHashes(file, world.dice.chance(0.5) ? { layout: "dag-pb" } : {}),
      completedAt,
      price: world.dice.chance(0.2) ? PRICE / 3n : PRICE,
    });
    results.push({ receipt, signature: await sign(world, worker.key, receipt) });
  }
  return results;
}

/** A worker's signature under a receipt. */
export function sign(world: World, key: PrivateKeyAccount, receipt: JobReceipt): Promise<Hex> {
  const { domain } = world;
  return key.signTypedData({ domain, types: settlementTypes, primaryType: "JobReceipt", message: receipt });
}

/** An order of one of the artists. */
export async function newOrder(
  world: World,
  request: GenerationRequest,
  terms: { requester: Address; payer: Address; worker: Address; count: number; laneId?: Hex },
): Promise<JobOrder> {
  return jobOrder(request, {
    feeConfigId: await world.owner.grid.settlement.read.currentFeeConfigId(),
    maxPrice: PRICE * BigInt(terms.count),
    deadline: (await world.grid.now()) + 3_600n,
    nonce: world.nonce++,
    ...terms,
  });
}

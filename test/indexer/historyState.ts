import { type Address, type Hex, parseEther, sha256, stringToHex, toHex, zeroHash } from "viem";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import {
  ANY_SEED,
  type GenerationRequest,
  generationRequest,
  type JobOrder,
  type JobReceipt,
  type LaneConfig,
  type ReceiptToMint,
  type SettlementDomain,
  type SignedReceipt,
  SignerRole,
} from "../../sdk/src/index.ts";
import { seededRandom } from "../../sdk/src/node/index.ts";
import { setBalance } from "../fixtures/anvil.ts";
import type { LocalGrid, Party } from "../fixtures/chain.ts";
import { doOrder, newOrder } from "../fixtures/order.ts";
import { addSigner, fund, signMessage } from "../fixtures/seed.ts";

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

/** State of a random history: who takes part, and what they remember. */
export interface HistoryState {
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
export async function startHistory(grid: LocalGrid, seed: number): Promise<HistoryState> {
  const party = (index: number) => grid.party(index);
  const parties = [0, 7, 8, 9, 10, 11, 12, 13, 14].map(party);
  await Promise.all([10, 11, 12, 13, 14].map((index) => setBalance(grid, party(index).address, parseEther("1000"))));
  const owner = party(0);
  await fund(grid, parties, parseEther("1000000"));
  const state: HistoryState = {
    grid,
    dice: createDice(seed),
    domain: grid.domain,
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
  for (const { party: worker, key } of state.workers) await addSigner(grid, worker, key, SignerRole.WORKER_SIGNER);
  await addSigner(grid, state.gateway, state.gatewayKey, SignerRole.PAYER_SIGNER);
  await addSigner(grid, state.gateway, state.treasurer.account, SignerRole.TREASURER);
  await grid.mined(state.gateway.grid.settlement.write.setTreasurerCap([state.treasurer.address, parseEther("50")]));
  return state;
}

/** Specification of a model, for `AIGC.register`. */
export function modelSpec(state: HistoryState, name: string) {
  const { dice } = state;
  return {
    name,
    version: `${dice.below(3)}.${dice.below(10)}`,
    family: dice.below(9),
    kind: dice.below(7),
    baseModelId: dice.chance(0.3) ? (dice.pick(state.models)?.id ?? 0n) : 0n,
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
export function randomRequest(state: HistoryState, sourceHash: Hex = zeroHash): GenerationRequest | undefined {
  const { dice } = state;
  const model = dice.pick(state.models);
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

/** What the worker makes of an order. */
export async function work(
  state: HistoryState,
  request: GenerationRequest,
  order: JobOrder,
  worker: WorkerParty,
  engine: string,
): Promise<SignedReceipt[]> {
  const { dice, domain } = state;
  return doOrder(request, order, {
    ...{ domain, key: worker.key, engine, price: PRICE, completedAt: await state.grid.now() },
    drawSeed: () => BigInt(dice.below(2 ** 31)),
    image: (index) => ({
      file: new TextEncoder().encode(`${request.prompt}, ${order.nonce}, image ${index}`),
      layout: dice.chance(0.5) ? "dag-pb" : undefined,
      price: dice.chance(0.2) ? PRICE / 3n : PRICE,
    }),
  });
}

/** A worker's signature under a receipt. */
export function sign({ domain }: HistoryState, key: PrivateKeyAccount, receipt: JobReceipt): Promise<Hex> {
  return signMessage(key, domain, "JobReceipt", receipt);
}

/** An order of one of the artists. */
export function orderOf(
  state: HistoryState,
  request: GenerationRequest,
  terms: { requester: Address; payer: Address; worker: Address; count: number; laneId?: Hex },
): Promise<JobOrder> {
  return newOrder(state.grid, request, { price: PRICE, nonce: state.nonce++, ...terms });
}

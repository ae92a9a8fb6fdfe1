// Orders, done by workers, and minted at once.
import { type Hex, parseEther, zeroHash } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { type GenerationRequest, generationRequest, orderHash, type ReceiptToMint } from "../../../sdk/src/index.ts";
import type { Party } from "../../fixtures/chain.ts";
import { anchorOf, packed, settlementOf } from "../../fixtures/order.ts";
import { signMessage } from "../../fixtures/seed.ts";
import { ENGINES, type HistoryState, orderOf, PRICE, randomRequest, type WorkerParty, work } from "../historyState.ts";
import { NothingToDo, some } from "./choice.ts";

/** An order for an artist, done by a worker and signed. */
export async function orderDone(
  state: HistoryState,
  requester: Party,
  {
    worker = some(state, state.workers),
    sourceHash = zeroHash,
    count = 1 + state.dice.below(3),
    made = count,
    key = worker.key,
    change = {},
  }: {
    worker?: WorkerParty;
    sourceHash?: Hex;
    count?: number;
    /** Number of images that the worker makes. */
    made?: number;
    /** Signs the receipts. */
    key?: PrivateKeyAccount;
    change?: Partial<GenerationRequest>;
  } = {},
) {
  const { domain } = state;
  const chosen = randomRequest(state, sourceHash);
  if (!chosen) throw new NothingToDo();
  const request = generationRequest({ ...chosen, ...change });
  const terms = { requester: requester.address, payer: requester.address, worker: worker.party.address, count };
  const order = await orderOf(state, request, terms);
  const engine = some(state, ENGINES);
  const results = (await work(state, request, order, { ...worker, key }, engine)).slice(0, made);
  const anchor = anchorOf(domain, requester.address, results);
  return {
    item: await settlementOf(domain, requester.account, order, results),
    toMint: results.map(({ receipt }) => ({ receipt, request, engine, anchor })),
    worker,
    root: anchor.tree.root,
  };
}

/** The worker's word that an order ended with these receipts. */
export function closingOf(
  { domain }: HistoryState,
  { item, worker, root }: Awaited<ReturnType<typeof orderDone>>,
): Promise<Hex> {
  const message = { orderHash: orderHash(item.order), receiptCount: item.receipts.length, receiptsRoot: root };
  return signMessage(worker.key, domain, "OrderClosing", message);
}

export async function isBonded(state: HistoryState, { party }: WorkerParty): Promise<boolean> {
  return state.owner.grid.registry.read.isBonded([party.address]);
}

/** Workers that have registered. */
async function registeredWorkers(state: HistoryState): Promise<WorkerParty[]> {
  const registered: WorkerParty[] = [];
  for (const worker of state.workers) {
    if (await state.owner.grid.registry.read.isRegistered([worker.party.address])) registered.push(worker);
  }
  return registered;
}

/** A worker whose receipts aren't anchored, but can be later: one that is bonded takes some of its bond out. */
export async function someUnbondedWorker(state: HistoryState): Promise<WorkerParty> {
  const worker = some(state, await registeredWorkers(state));
  const { read, write } = worker.party.grid.registry;
  const excess = (await read.bondOf([worker.party.address])) - (await read.minBond());
  if (excess >= 0n) await state.grid.mined(write.announceUnbond([excess + 1n]));
  return worker;
}

/** A worker whose receipts are anchored: one that is not bonded adds to its bond. */
export async function someBondedWorker(state: HistoryState): Promise<WorkerParty> {
  const worker = some(state, await registeredWorkers(state));
  await bond(state, worker);
  return worker;
}

/** Adds to a worker's bond if it is below the minimum. */
export async function bond(state: HistoryState, worker: WorkerParty): Promise<void> {
  if (await isBonded(state, worker)) return;
  const { read, write } = worker.party.grid.registry;
  await state.grid.mined(write.addBond([worker.party.address, await read.minBond()]));
}

/** A series from two orders of one payer and worker, settled in one block: each has an anchor of its own. */
export async function twoAnchorsInOneBlock(state: HistoryState): Promise<void> {
  const artist = some(state, state.artists);
  await state.grid.mined(artist.grid.settlement.write.deposit([PRICE * 2n]));
  const by = { worker: await someBondedWorker(state), count: 1 };
  const done = [await orderDone(state, artist, by), await orderDone(state, artist, by)];
  await state.grid.mined(artist.grid.settlement.write.settleBatch([done.map(({ item }) => item)]));
  const receipts = done.flatMap(({ toMint }) => toMint);
  const call = [...packed(receipts, header(state)), artist.address, parseEther("10")] as const;
  await state.grid.mined(artist.grid.nft.write.mint(call));
}

/** A new series of an artist, paid and minted at once; `made` says from what, if it is a remix, and of which request. */
export async function settleAndMint(
  state: HistoryState,
  of: ReturnType<typeof header>,
  made: { parent?: ReceiptToMint["parent"]; sourceHash?: Hex; change?: Partial<GenerationRequest> } = {},
): Promise<void> {
  const { parent, ...order } = made;
  const artist = some(state, state.artists);
  await state.grid.mined(artist.grid.settlement.write.deposit([PRICE * 3n]));
  const { item, toMint } = await orderDone(state, artist, { worker: await someBondedWorker(state), ...order });
  const body = packed(parent ? toMint.map((receipt) => ({ ...receipt, parent })) : toMint, of);
  const to = state.dice.chance(0.5) ? artist.address : state.collector.address;
  const call = [0n, [item], ...body, to, parseEther("10")] as const;
  await state.grid.mined(artist.grid.nft.write.settleAndMint(call));
}

/** What a series says of itself. */
export function header(state: HistoryState) {
  const { dice } = state;
  return {
    policy: dice.pick([0, 1, 2] as const) ?? 0,
    royaltyBps: dice.below(1_001),
    title: dice.pick(["Lighthouses", "Nebel & 'Licht'", "狐", "A, B; C", ""]) ?? "",
    description: dice.pick(["", 'Ten "views" of one \\ thing', "é".repeat(400)]) ?? "",
    tags: dice.pick(["sea, Storm ,oil,,sea", "", "fox", "狐,雪"]) ?? "",
  };
}

// Orders, done by workers, and minted at once.
import { type Hex, parseEther, zeroHash } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import {
  composeBody,
  encodeBody,
  type GenerationRequest,
  generationRequest,
  orderHash,
  type ReceiptToMint,
  receiptTree,
  settlementTypes,
} from "../../../sdk/src/index.ts";
import type { Party } from "../../e2e/chain.ts";
import { ENGINES, newOrder, PRICE, randomRequest, type WorkerParty, type World, work } from "../world.ts";
import { NothingToDo, some } from "./choice.ts";

/** An order for an artist, done by a worker and signed. */
export async function orderDone(
  world: World,
  requester: Party,
  {
    worker = some(world, world.workers),
    sourceHash = zeroHash,
    count = 1 + world.dice.below(3),
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
  const { domain } = world;
  const chosen = randomRequest(world, sourceHash);
  if (!chosen) throw new NothingToDo();
  const request = generationRequest({ ...chosen, ...change });
  const terms = { requester: requester.address, payer: requester.address, worker: worker.party.address, count };
  const order = await newOrder(world, request, terms);
  const engine = some(world, ENGINES);
  const results = (await work(world, request, order, { ...worker, key }, engine)).slice(0, made);
  const message = { domain, types: settlementTypes, primaryType: "JobOrder", message: order } as const;
  const orderSignature = await requester.account.signTypedData(message);
  const tree = receiptTree(
    results.map(({ receipt }) => receipt),
    domain,
  );
  const anchor = { source: 0, domain, payer: requester.address, tree };
  const item = {
    order,
    orderSignature,
    receipts: results.map(({ receipt, signature }) => ({ ...receipt, signature })),
  };
  return {
    item,
    toMint: results.map(({ receipt }) => ({ receipt, request, engine, anchor })),
    worker,
    root: tree.root,
  };
}

/** The worker's word that an order ended with these receipts. */
export function closingOf(
  { domain }: World,
  { item, worker, root }: Awaited<ReturnType<typeof orderDone>>,
): Promise<Hex> {
  const message = { orderHash: orderHash(item.order), receiptCount: item.receipts.length, receiptsRoot: root };
  return worker.key.signTypedData({ domain, types: closingTypes, primaryType: "OrderClosing", message });
}

const closingTypes = {
  OrderClosing: [
    { name: "orderHash", type: "bytes32" },
    { name: "receiptCount", type: "uint32" },
    { name: "receiptsRoot", type: "bytes32" },
  ],
} as const;

export async function isBonded(world: World, { party }: WorkerParty): Promise<boolean> {
  return world.owner.grid.registry.read.isBonded([party.address]);
}

/** Workers that have registered. */
async function registeredWorkers(world: World): Promise<WorkerParty[]> {
  const registered: WorkerParty[] = [];
  for (const worker of world.workers) {
    if (await world.owner.grid.registry.read.isRegistered([worker.party.address])) registered.push(worker);
  }
  return registered;
}

/** A worker whose receipts aren't anchored, but can be later: one that is bonded takes some of its bond out. */
export async function someUnbondedWorker(world: World): Promise<WorkerParty> {
  const worker = some(world, await registeredWorkers(world));
  const { read, write } = worker.party.grid.registry;
  const excess = (await read.bondOf([worker.party.address])) - (await read.minBond());
  if (excess >= 0n) await world.grid.mined(write.announceUnbond([excess + 1n]));
  return worker;
}

/** A worker whose receipts are anchored: one that is not bonded adds to its bond. */
export async function someBondedWorker(world: World): Promise<WorkerParty> {
  const worker = some(world, await registeredWorkers(world));
  await bond(world, worker);
  return worker;
}

/** Adds to a worker's bond if it is below the minimum. */
export async function bond(world: World, worker: WorkerParty): Promise<void> {
  if (await isBonded(world, worker)) return;
  const { read, write } = worker.party.grid.registry;
  await world.grid.mined(write.addBond([worker.party.address, await read.minBond()]));
}

/** A series from two orders of one payer and worker, settled in one block: each has an anchor of its own. */
export async function twoAnchorsInOneBlock(world: World): Promise<void> {
  const artist = some(world, world.artists);
  await world.grid.mined(artist.grid.settlement.write.deposit([PRICE * 2n]));
  const by = { worker: await someBondedWorker(world), count: 1 };
  const done = [await orderDone(world, artist, by), await orderDone(world, artist, by)];
  await world.grid.mined(artist.grid.settlement.write.settleBatch([done.map(({ item }) => item)]));
  const { body, proofs } = composeBody(
    done.flatMap(({ toMint }) => toMint),
    header(world),
  );
  await world.grid.mined(artist.grid.nft.write.mint([encodeBody(body), proofs, artist.address, parseEther("10")]));
}

/** A new series of an artist, paid and minted at once; `made` says from what, if it is a remix, and of which request. */
export async function settleAndMint(
  world: World,
  of: ReturnType<typeof header>,
  made: { parent?: ReceiptToMint["parent"]; sourceHash?: Hex; change?: Partial<GenerationRequest> } = {},
): Promise<void> {
  const { parent, ...order } = made;
  const artist = some(world, world.artists);
  await world.grid.mined(artist.grid.settlement.write.deposit([PRICE * 3n]));
  const { item, toMint } = await orderDone(world, artist, { worker: await someBondedWorker(world), ...order });
  const { body, proofs } = composeBody(parent ? toMint.map((receipt) => ({ ...receipt, parent })) : toMint, of);
  const to = world.dice.chance(0.5) ? artist.address : world.collector.address;
  const call = [0n, [item], encodeBody(body), proofs, to, parseEther("10")] as const;
  await world.grid.mined(artist.grid.nft.write.settleAndMint(call));
}

/** What a series says of itself. */
export function header(world: World) {
  const { dice } = world;
  return {
    policy: dice.pick([0, 1, 2] as const) ?? 0,
    royaltyBps: dice.below(1_001),
    title: dice.pick(["Lighthouses", "Nebel & 'Licht'", "狐", "A, B; C", ""]) ?? "",
    description: dice.pick(["", 'Ten "views" of one \\ thing', "é".repeat(400)]) ?? "",
    tags: dice.pick(["sea, Storm ,oil,,sea", "", "fox", "狐,雪"]) ?? "",
  };
}

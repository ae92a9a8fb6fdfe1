// Orders that are paid one by one.
import type { Hex } from "viem";
import { PRICE, type WaitingAnchor, type World } from "../world.ts";
import { type Action, some } from "./choice.ts";
import {
  bond,
  closingOf,
  header,
  isBonded,
  orderDone,
  settleAndMint,
  someBondedWorker,
  someUnbondedWorker,
} from "./work.ts";

export const orders: Record<string, Action> = {
  settle: async (world) => {
    const artist = some(world, world.artists);
    await world.grid.mined(artist.grid.settlement.write.deposit([PRICE * 3n]));
    const by = world.dice.chance(0.7) ? { worker: await someBondedWorker(world) } : {};
    const done = await orderDone(world, artist, by);
    await settled(world, done, () => done.worker.party.grid.settlement.write.settle([done.item]));
  },
  batch: async (world) => {
    const artist = some(world, world.artists);
    await world.grid.mined(artist.grid.settlement.write.deposit([PRICE * 6n]));
    const first = await orderDone(world, artist);
    const second = await orderDone(world, artist);
    const bonded = await Promise.all([first, second].map(({ worker }) => isBonded(world, worker)));
    // The first one twice: its second mention is refused.
    const items = [first.item, second.item, first.item];
    await world.grid.mined(world.collector.grid.settlement.write.settleBatch([items]));
    [first, second].forEach((done, i) => {
      keep(world, done, bonded[i] ?? false);
    });
  },
  // A part: by the worker itself, by whoever has its closing, or by the payer for the whole price.
  part: async (world) => {
    const done = await partDone(world);
    await settled(world, done, () => done.worker.party.grid.settlement.write.settle([done.item]));
  },
  close: async (world) => {
    const done = await partDone(world);
    const closing = await closingOf(world, done);
    await settled(world, done, () => world.collector.grid.settlement.write.settleClosed([done.item, closing]));
  },
  grace: async (world) => {
    const done = await partDone(world);
    const { payer, deadline } = done.item.order;
    await world.grid.pass(Number(deadline - (await world.grid.now())) + 1);
    const artist = some(
      world,
      world.artists.filter(({ address }) => address === payer),
    );
    await settled(world, done, () => artist.grid.settlement.write.settleInGrace([done.item]));
  },
  // While the worker's bond is too small the anchor waits.
  wait: async (world) => {
    const artist = some(world, world.artists);
    await world.grid.mined(artist.grid.settlement.write.deposit([PRICE * 3n]));
    const done = await orderDone(world, artist, { worker: await someUnbondedWorker(world) });
    await settled(world, done, () => world.collector.grid.settlement.write.settle([done.item]));
  },
  confirm: async (world) => {
    const { read } = world.owner.grid.registry;
    const confirmable: WaitingAnchor[] = [];
    for (const waiting of world.waiting) {
      if (await read.isRegistered([waiting.worker.party.address])) confirmable.push(waiting);
    }
    const waiting = some(world, confirmable);
    await bond(world, waiting.worker);
    await world.grid.mined(world.collector.grid.settlement.write.confirmAnchor([waiting.payer, waiting.root]));
    world.waiting.splice(world.waiting.indexOf(waiting), 1);
    world.toMint.push(...waiting.toMint);
  },
  settleAndMint: async (world) => {
    await settleAndMint(world, header(world));
  },
};

type Done = Awaited<ReturnType<typeof orderDone>>;

/** An order for several images of which the worker has made some. */
async function partDone(world: World): Promise<Done> {
  const artist = some(world, world.artists);
  await world.grid.mined(artist.grid.settlement.write.deposit([PRICE * 4n]));
  const count = 2 + world.dice.below(3);
  const made = 1 + world.dice.below(count - 1);
  const by = world.dice.chance(0.8) ? { worker: await someBondedWorker(world) } : {};
  return orderDone(world, artist, { ...by, count, made });
}

/** Settles an order, and keeps what can be minted, or confirmed. */
async function settled(world: World, done: Done, settle: () => Promise<Hex>): Promise<void> {
  const bonded = await isBonded(world, done.worker);
  await world.grid.mined(settle());
  keep(world, done, bonded);
}

function keep(world: World, { item, toMint, worker, root }: Done, isAnchored: boolean): void {
  if (isAnchored) world.toMint.push(...toMint);
  else world.waiting.push({ payer: item.order.payer, root, worker, toMint });
}

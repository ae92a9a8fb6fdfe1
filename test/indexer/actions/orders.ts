// Orders that are paid one by one.
import { PRICE } from "../world.ts";
import { type Action, some } from "./choice.ts";
import { header, isBonded, orderDone, settleAndMint, someBondedWorker } from "./work.ts";

export const orders: Record<string, Action> = {
  settle: async (world) => {
    const artist = some(world, world.artists);
    await world.grid.mined(artist.grid.settlement.write.deposit([PRICE * 3n]));
    const by = world.dice.chance(0.7) ? { worker: await someBondedWorker(world) } : {};
    const { item, toMint, worker } = await orderDone(world, artist, by);
    const bonded = await isBonded(world, worker);
    await world.grid.mined(worker.party.grid.settlement.write.settle([item]));
    if (bonded) world.toMint.push(...toMint);
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
    [first, second].forEach(({ toMint }, i) => {
      if (bonded[i]) world.toMint.push(...toMint);
    });
  },
  settleAndMint: async (world) => {
    await settleAndMint(world, header(world));
  },
};

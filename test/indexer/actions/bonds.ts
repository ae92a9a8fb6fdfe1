// What workers do with their bonds, and what is done to them.
import { receiptId } from "../../../sdk/src/index.ts";
import { PRICE, sign } from "../world.ts";
import { type Action, NothingToDo, some } from "./choice.ts";
import { orderDone } from "./work.ts";

export const bonds: Record<string, Action> = {
  register: async (world) => {
    const { party } = some(world, world.workers);
    const bond = (await party.grid.registry.read.minBond()) * 3n;
    await world.grid.mined(party.grid.registry.write.register([bond, "ipfs://profile?a=1"]));
  },
  profile: async (world) => {
    const { party } = some(world, world.workers);
    await world.grid.mined(party.grid.registry.write.setProfile([`ipfs://profile-${world.dice.below(100)}`]));
  },
  unbond: async (world) => {
    const { party } = some(world, world.workers);
    await world.grid.mined(party.grid.registry.write.announceUnbond([PRICE * 10n]));
    if (world.dice.chance(0.5)) await world.grid.mined(party.grid.registry.write.cancelUnbond());
  },
  add: async (world) => {
    const { party } = some(world, world.workers);
    await world.grid.mined(world.collector.grid.registry.write.addBond([party.address, PRICE * 7n]));
  },
  release: async (world) => {
    const { party } = some(world, world.workers);
    await world.grid.mined(party.grid.registry.write.announceUnbond([PRICE]));
    await world.grid.pass(Number(await party.grid.registry.read.UNBOND_DELAY()) + 1);
    await world.grid.mined(party.grid.registry.write.withdraw([party.address]));
  },
  slash: async (world) => {
    const artist = some(world, world.artists);
    const { item, worker, toMint } = await orderDone(world, artist);
    const a = toMint[0]?.receipt;
    if (!a) throw new NothingToDo();
    const b = { ...a, imageHash: receiptId(a, world.domain) };
    const signatures = [await sign(world, worker.key, a), await sign(world, worker.key, b)] as const;
    const [signatureA, signatureB] = signatures;
    const { write } = world.collector.grid.settlement;
    await world.grid.mined(write.slashEquivocation([a, signatureA, b, signatureB]));
    // Back above the minimum, so that there is more to anchor.
    const amount = await worker.party.grid.registry.read.minBond();
    await world.grid.mined(worker.party.grid.registry.write.addBond([item.order.worker, amount]));
  },
  reward: async (world) => {
    await world.grid.mined(world.collector.grid.registry.write.claimReward([world.collector.address]));
    await world.grid.mined(world.owner.grid.registry.write.payTreasury());
  },
};

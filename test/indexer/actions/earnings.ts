// What workers, owners of models and the protocol do with what they have earned.
import { type Action, some, someParty, someToken } from "./choice.ts";

export const earnings: Record<string, Action> = {
  claim: async (world) => {
    const { party } = some(world, world.workers);
    const { write } = party.grid.settlement;
    await world.grid.mined(
      world.dice.chance(0.5) ? write.claimEarned([party.address]) : write.moveEarned([someParty(world).address, 5n]),
    );
  },
  royalty: async (world) => {
    const { tokenId, owner } = await someToken(world, "aigc");
    await world.grid.mined(owner.grid.settlement.write.claimModelRoyalty([tokenId]));
  },
  sweep: async (world) => {
    const workers = world.workers.map(({ party }) => party.address);
    await world.grid.mined(world.owner.grid.settlement.write.sweepProtocol([workers]));
  },
};

// What payers do with their accounts.
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { SignerRole } from "../../../sdk/src/index.ts";
import { addKey, PRICE } from "../world.ts";
import { type Action, some, someParty } from "./choice.ts";

export const accounts: Record<string, Action> = {
  deposit: async (world) => {
    const party = someParty(world);
    const amount = PRICE * BigInt(1 + world.dice.below(50));
    const { write } = party.grid.settlement;
    await world.grid.mined(
      world.dice.chance(0.7) ? write.deposit([amount]) : write.depositFor([someParty(world).address, amount]),
    );
  },
  thaw: async (world) => {
    const party = someParty(world);
    await world.grid.mined(party.grid.settlement.write.thaw([PRICE]));
    if (world.dice.chance(0.4)) await world.grid.mined(party.grid.settlement.write.cancelThaw());
    else if (world.dice.chance(0.7)) {
      await world.grid.pass(3_601);
      await world.grid.mined(party.grid.settlement.write.withdraw([party.address]));
    }
  },
  key: async (world) => {
    const party = someParty(world);
    const key = privateKeyToAccount(generatePrivateKey());
    const role = 1 + world.dice.below(4);
    await addKey(world, party, key, role);
    const { write } = party.grid.settlement;
    if (role === SignerRole.TREASURER) await world.grid.mined(write.setTreasurerCap([key.address, PRICE]));
    if (world.dice.chance(0.5)) await world.grid.mined(write.revokeSigner([key.address]));
  },
  cancel: async (world) => {
    const payer = some(world, world.artists);
    const nonces = [world.nonce++, world.nonce++];
    await world.grid.mined(payer.grid.settlement.write.announceCancel([nonces]));
    if (world.dice.chance(0.4)) return;
    await world.grid.pass(3_601);
    await world.grid.mined(world.owner.grid.settlement.write.cancelOrders([payer.address, nonces]));
  },
};

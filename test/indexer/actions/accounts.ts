// What payers do with their accounts.
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { SignerRole } from "../../../sdk/src/index.ts";
import { addSigner } from "../../fixtures/seed.ts";
import { PRICE } from "../historyState.ts";
import { type Action, some, someParty } from "./choice.ts";

export const accounts: Record<string, Action> = {
  deposit: async (state) => {
    const party = someParty(state);
    const amount = PRICE * BigInt(1 + state.dice.below(50));
    const { write } = party.grid.settlement;
    await state.grid.mined(
      state.dice.chance(0.7) ? write.deposit([amount]) : write.depositFor([someParty(state).address, amount]),
    );
  },
  thaw: async (state) => {
    const party = someParty(state);
    await state.grid.mined(party.grid.settlement.write.thaw([PRICE]));
    if (state.dice.chance(0.4)) await state.grid.mined(party.grid.settlement.write.cancelThaw());
    else if (state.dice.chance(0.7)) {
      await state.grid.pass(3_601);
      await state.grid.mined(party.grid.settlement.write.withdraw([party.address]));
    }
  },
  key: async (state) => {
    const party = someParty(state);
    const key = privateKeyToAccount(generatePrivateKey());
    const role = 1 + state.dice.below(4);
    await addSigner(state.grid, party, key, role);
    const { write } = party.grid.settlement;
    if (role === SignerRole.TREASURER) await state.grid.mined(write.setTreasurerCap([key.address, PRICE]));
    if (state.dice.chance(0.5)) await state.grid.mined(write.revokeSigner([key.address]));
  },
  cancel: async (state) => {
    const payer = some(state, state.artists);
    const nonces = [state.nonce++, state.nonce++];
    await state.grid.mined(payer.grid.settlement.write.announceCancel([nonces]));
    if (state.dice.chance(0.4)) return;
    await state.grid.pass(3_601);
    await state.grid.mined(state.owner.grid.settlement.write.cancelOrders([payer.address, nonces]));
  },
};

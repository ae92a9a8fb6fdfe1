// What happens to models.
import { type Address, type Hex, maxUint128, parseEther, zeroAddress } from "viem";
import type { Party } from "../../fixtures/chain.ts";
import { registerModel } from "../../fixtures/seed.ts";
import { type HistoryState, modelSpec } from "../historyState.ts";
import { type Action, some, someParty, someToken } from "./choice.ts";

/** Something that the owner of a model does to it. */
function changeModel(
  change: (
    by: { write: Party["grid"]["aigc"]["write"]; tokenId: bigint; other: Address },
    state: HistoryState,
  ) => Promise<Hex>,
): Action {
  return async (state) => {
    const { tokenId, owner } = await someToken(state, "aigc");
    const other = someParty(state).address;
    await state.grid.mined(change({ write: owner.grid.aigc.write, tokenId, other }, state));
  };
}

export const models: Record<string, Action> = {
  register: async (state) => {
    const registrant = some(state, [state.author, state.owner]);
    const spec = modelSpec(state, `model ${state.nonce++}`);
    const id = await registerModel(state.grid, registrant, spec, state.author.address);
    state.models.push({ id, hash: spec.weightsHash });
  },
  access: changeModel(({ write, tokenId }, { dice }) => write.setAccess([tokenId, dice.below(3)])),
  weights: changeModel(({ write, tokenId }, { dice }) =>
    write.setWeightsURI([tokenId, `ipfs://moved-${dice.below(99)}`]),
  ),
  rate: changeModel(({ write, tokenId }, { dice }) => write.announceUsageRoyalty([tokenId, dice.below(2_001)])),
  terms: changeModel(({ write, tokenId }, { dice }) =>
    write.setLicenseTerms([tokenId, parseEther(`${dice.below(5)}`), dice.below(3) * 86_400]),
  ),
  // An expiry that no clock of 32 or 53 bits holds; nobody has none.
  user: changeModel(({ write, tokenId, other }, { dice }) =>
    write.setUser([tokenId, dice.chance(0.3) ? zeroAddress : other, dice.chance(0.5) ? 2n ** 64n - 1n : 2n ** 40n]),
  ),
  approve: changeModel(({ write, tokenId, other }) => write.approve([other, tokenId])),
  approveAll: changeModel(({ write, other }, { dice }) => write.setApprovalForAll([other, dice.chance(0.7)])),
  receiver: async (state) => {
    const { tokenId } = await someToken(state, "aigc");
    await state.grid.mined(state.author.grid.aigc.write.setRoyaltyReceiver([tokenId, someParty(state).address]));
  },
  transfer: async (state) => {
    const { tokenId, owner } = await someToken(state, "aigc");
    await state.grid.mined(owner.grid.aigc.write.transferFrom([owner.address, someParty(state).address, tokenId]));
  },
  license: async (state) => {
    const { tokenId, owner } = await someToken(state, "aigc");
    await state.grid.mined(owner.grid.aigc.write.setAccess([tokenId, 1]));
    await state.grid.mined(owner.grid.aigc.write.setLicenseTerms([tokenId, parseEther("2"), 86_400]));
    const buyer = some(state, state.artists);
    // A hundred years: beyond 2^31 seconds.
    const periods = state.dice.chance(0.3) ? 20_000 : 1 + state.dice.below(5);
    const account = someParty(state).address;
    await state.grid.mined(buyer.grid.aigc.write.buyLicense([tokenId, account, periods, 86_400, maxUint128]));
  },
  // Each to what it is not, so that one of two events happens.
  curate: async (state) => {
    const { tokenId } = await someToken(state, "aigc");
    const { read, write } = state.curator.grid.aigc;
    const { verified, deprecated } = await read.modelOf([tokenId]);
    await state.grid.mined(
      state.dice.chance(0.5) ? write.setVerified([tokenId, !verified]) : write.setDeprecated([tokenId, !deprecated]),
    );
  },
};

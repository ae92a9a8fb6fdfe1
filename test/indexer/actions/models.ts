// What happens to models.
import { type Address, type Hex, maxUint128, parseEther, parseEventLogs, zeroAddress } from "viem";
import { aigcAbi } from "../../../sdk/src/index.ts";
import type { Party } from "../../e2e/chain.ts";
import { modelSpec, type World } from "../world.ts";
import { type Action, some, someParty, someToken } from "./choice.ts";

/** Something that the owner of a model does to it. */
function changeModel(
  change: (
    by: { write: Party["grid"]["aigc"]["write"]; tokenId: bigint; other: Address },
    world: World,
  ) => Promise<Hex>,
): Action {
  return async (world) => {
    const { tokenId, owner } = await someToken(world, "aigc");
    const other = someParty(world).address;
    await world.grid.mined(change({ write: owner.grid.aigc.write, tokenId, other }, world));
  };
}

export const models: Record<string, Action> = {
  register: async (world) => {
    const registrant = some(world, [world.author, world.owner]);
    const spec = modelSpec(world, `model ${world.nonce++}`);
    const fee = await registrant.grid.aigc.read.registrationFee();
    const { logs } = await world.grid.mined(registrant.grid.aigc.write.register([spec, world.author.address, fee]));
    const [log] = parseEventLogs({ abi: aigcAbi, logs, eventName: "ModelRegistered" });
    if (log) world.models.push({ id: log.args.modelId, hash: spec.weightsHash });
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
  receiver: async (world) => {
    const { tokenId } = await someToken(world, "aigc");
    await world.grid.mined(world.author.grid.aigc.write.setRoyaltyReceiver([tokenId, someParty(world).address]));
  },
  transfer: async (world) => {
    const { tokenId, owner } = await someToken(world, "aigc");
    await world.grid.mined(owner.grid.aigc.write.transferFrom([owner.address, someParty(world).address, tokenId]));
  },
  license: async (world) => {
    const { tokenId, owner } = await someToken(world, "aigc");
    await world.grid.mined(owner.grid.aigc.write.setAccess([tokenId, 1]));
    await world.grid.mined(owner.grid.aigc.write.setLicenseTerms([tokenId, parseEther("2"), 86_400]));
    const buyer = some(world, world.artists);
    // A hundred years: beyond 2^31 seconds.
    const periods = world.dice.chance(0.3) ? 20_000 : 1 + world.dice.below(5);
    const account = someParty(world).address;
    await world.grid.mined(buyer.grid.aigc.write.buyLicense([tokenId, account, periods, 86_400, maxUint128]));
  },
  curate: async (world) => {
    const { tokenId } = await someToken(world, "aigc");
    const { write } = world.curator.grid.aigc;
    const verified = world.dice.chance(0.6);
    await world.grid.mined(
      world.dice.chance(0.7) ? write.setVerified([tokenId, verified]) : write.setDeprecated([tokenId, !verified]),
    );
  },
};

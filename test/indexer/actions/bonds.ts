// What workers do with their bonds, and what is done to them.
import { encodeFunctionData, zeroAddress, zeroHash } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { receiptId, SignerRole, workerRegistryAbi } from "../../../sdk/src/index.ts";
import { afterNotice } from "../governance.ts";
import { addKey, PRICE, sign } from "../world.ts";
import { type Action, NothingToDo, some } from "./choice.ts";
import { bond, orderDone, someBondedWorker } from "./work.ts";

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
  // A key that was revoked: what it signed counts if it was anchored before, and nobody has a share.
  slashAnchored: async (world) => {
    const artist = some(world, world.artists);
    const worker = await someBondedWorker(world);
    const key = privateKeyToAccount(generatePrivateKey());
    await addKey(world, worker.party, key, SignerRole.WORKER_SIGNER);
    await world.grid.mined(artist.grid.settlement.write.deposit([PRICE]));
    const { item, toMint } = await orderDone(world, artist, { worker, key, count: 1 });
    await world.grid.mined(worker.party.grid.settlement.write.settle([item]));
    await world.grid.mined(worker.party.grid.settlement.write.revokeSigner([key.address]));
    await world.grid.pass(86_401);
    const a = toMint[0]?.receipt;
    if (!a) throw new NothingToDo();
    const b = { ...a, imageHash: receiptId(a, world.domain) };
    const [signatureA, signatureB] = [await sign(world, key, a), await sign(world, key, b)];
    const proof = { laneId: zeroHash, payer: artist.address, proof: [] };
    const call = [a, signatureA, proof, b, signatureB, { ...proof, payer: zeroAddress }] as const;
    await world.grid.mined(artist.grid.settlement.write.slashAnchored(call));
    await bond(world, worker);
  },
  // Lower at once, higher after a notice, as it is to take a raise back.
  minimum: async (world) => {
    const { registry } = world.owner.grid;
    const now = await registry.read.minBond();
    const [next] = await registry.read.nextMinBond();
    const percent = next !== 0n ? some(world, [100n, 90n]) : some(world, [80n, 110n, 150n]);
    const args = [(now * percent) / 100n] as const;
    const data = encodeFunctionData({ abi: workerRegistryAbi, functionName: "setMinBond", args });
    await afterNotice(world, world.params, 86_400, [[registry.address, data]]);
    if (world.dice.chance(0.5)) await world.grid.pass(await registry.read.MIN_BOND_NOTICE());
  },
  reward: async (world) => {
    await world.grid.mined(world.collector.grid.registry.write.claimReward([world.collector.address]));
    await world.grid.mined(world.owner.grid.registry.write.payTreasury());
  },
};

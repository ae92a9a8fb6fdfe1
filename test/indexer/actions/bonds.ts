// What workers do with their bonds, and what is done to them.
import { encodeFunctionData, zeroAddress, zeroHash } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { receiptId, SignerRole, workerRegistryAbi } from "../../../sdk/src/index.ts";
import { addSigner } from "../../fixtures/seed.ts";
import { afterNotice } from "../governance.ts";
import { PRICE, sign } from "../historyState.ts";
import { type Action, NothingToDo, some } from "./choice.ts";
import { bond, orderDone, someBondedWorker } from "./work.ts";

export const bonds: Record<string, Action> = {
  register: async (state) => {
    const { party } = some(state, state.workers);
    const bond = (await party.grid.registry.read.minBond()) * 3n;
    await state.grid.mined(party.grid.registry.write.register([bond, "ipfs://profile?a=1"]));
  },
  profile: async (state) => {
    const { party } = some(state, state.workers);
    await state.grid.mined(party.grid.registry.write.setProfile([`ipfs://profile-${state.dice.below(100)}`]));
  },
  unbond: async (state) => {
    const { party } = some(state, state.workers);
    await state.grid.mined(party.grid.registry.write.announceUnbond([PRICE * 10n]));
    if (state.dice.chance(0.5)) await state.grid.mined(party.grid.registry.write.cancelUnbond());
  },
  add: async (state) => {
    const { party } = some(state, state.workers);
    await state.grid.mined(state.collector.grid.registry.write.addBond([party.address, PRICE * 7n]));
  },
  release: async (state) => {
    const { party } = some(state, state.workers);
    await state.grid.mined(party.grid.registry.write.announceUnbond([PRICE]));
    await state.grid.pass(Number(await party.grid.registry.read.UNBOND_DELAY()) + 1);
    await state.grid.mined(party.grid.registry.write.withdraw([party.address]));
  },
  slash: async (state) => {
    const artist = some(state, state.artists);
    const { item, worker, toMint } = await orderDone(state, artist);
    const a = toMint[0]?.receipt;
    if (!a) throw new NothingToDo();
    const b = { ...a, imageHash: receiptId(a, state.domain) };
    const signatures = [await sign(state, worker.key, a), await sign(state, worker.key, b)] as const;
    const [signatureA, signatureB] = signatures;
    const { write } = state.collector.grid.settlement;
    await state.grid.mined(write.slashEquivocation([a, signatureA, b, signatureB]));
    // Back above the minimum, so that there is more to anchor.
    const amount = await worker.party.grid.registry.read.minBond();
    await state.grid.mined(worker.party.grid.registry.write.addBond([item.order.worker, amount]));
  },
  // A key that was revoked: what it signed counts if it was anchored before, and nobody has a share.
  slashAnchored: async (state) => {
    const artist = some(state, state.artists);
    const worker = await someBondedWorker(state);
    const key = privateKeyToAccount(generatePrivateKey());
    await addSigner(state.grid, worker.party, key, SignerRole.WORKER_SIGNER);
    await state.grid.mined(artist.grid.settlement.write.deposit([PRICE]));
    const { item, toMint } = await orderDone(state, artist, { worker, key, count: 1 });
    await state.grid.mined(worker.party.grid.settlement.write.settle([item]));
    await state.grid.mined(worker.party.grid.settlement.write.revokeSigner([key.address]));
    await state.grid.pass(86_401);
    const a = toMint[0]?.receipt;
    if (!a) throw new NothingToDo();
    const b = { ...a, imageHash: receiptId(a, state.domain) };
    const [signatureA, signatureB] = [await sign(state, key, a), await sign(state, key, b)];
    const proof = { laneId: zeroHash, payer: artist.address, proof: [] };
    const call = [a, signatureA, proof, b, signatureB, { ...proof, payer: zeroAddress }] as const;
    await state.grid.mined(artist.grid.settlement.write.slashAnchored(call));
    await bond(state, worker);
  },
  // Lower at once, higher after a notice, as it is to take a raise back.
  minimum: async (state) => {
    const { registry } = state.owner.grid;
    const now = await registry.read.minBond();
    const [next] = await registry.read.nextMinBond();
    const percent = next !== 0n ? some(state, [100n, 90n]) : some(state, [80n, 110n, 150n]);
    const args = [(now * percent) / 100n] as const;
    const data = encodeFunctionData({ abi: workerRegistryAbi, functionName: "setMinBond", args });
    await afterNotice(state, state.params, 86_400, [[registry.address, data]]);
    if (state.dice.chance(0.5)) await state.grid.pass(await registry.read.MIN_BOND_NOTICE());
  },
  reward: async (state) => {
    await state.grid.mined(state.collector.grid.registry.write.claimReward([state.collector.address]));
    await state.grid.mined(state.owner.grid.registry.write.payTreasury());
  },
};

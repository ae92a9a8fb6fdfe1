import { protocol } from "ponder:schema";
import { zeroAddress } from "viem";
import { addToProtocol, minBondAt } from "../../lib/counters.ts";
import { registerHandler } from "../../lib/registerHandler.ts";
import { changeAccount } from "../accounts/accounts.ts";
import { record } from "../activity/activity.ts";
import { registerActs } from "../governance/governanceEvents.ts";
import { changeWorker } from "./workers.ts";

registerHandler("WorkerRegistry:WorkerRegistered", async ({ db, context, event }) => {
  const { worker, bond, profileURI } = event.args;
  addToProtocol(context, { workers: 1, totalBonded: bond });
  await changeWorker(db, context, worker, () => ({
    registered: true,
    registeredAt: context.time,
    profileUri: profileURI,
    bond,
    lastActiveAt: context.time,
  }));
  await changeAccount(db, context, worker);
  await record(db, context, "WORKER_REGISTERED", { actor: worker, worker, amount: bond, detail: { profileURI } });
});

registerHandler("WorkerRegistry:ProfileUpdated", async ({ db, context, event }) => {
  const { worker, profileURI } = event.args;
  await changeWorker(db, context, worker, () => ({ profileUri: profileURI, lastActiveAt: context.time }));
  await record(db, context, "WORKER_PROFILE_SET", { actor: worker, worker, detail: { profileURI } });
});

registerHandler("WorkerRegistry:BondAdded", async ({ db, context, event }) => {
  const { worker, from, amount, bond } = event.args;
  addToProtocol(context, { totalBonded: amount });
  await changeWorker(db, context, worker, () => ({ bond }));
  await changeAccount(db, context, from);
  await record(db, context, "BOND_ADDED", { actor: from, counterparty: worker, worker, amount });
});

registerHandler("WorkerRegistry:UnbondAnnounced", async ({ db, context, event }) => {
  const { worker, amount, bond, unbonding, releaseAt } = event.args;
  await changeWorker(db, context, worker, () => ({ bond, unbonding, releaseAt: BigInt(releaseAt) }));
  await record(db, context, "UNBOND_ANNOUNCED", { actor: worker, worker, amount, detail: { releaseAt } });
});

registerHandler("WorkerRegistry:UnbondCancelled", async ({ db, context, event }) => {
  const { worker, amount, bond } = event.args;
  await changeWorker(db, context, worker, () => ({ bond, unbonding: 0n, releaseAt: 0n }));
  await record(db, context, "UNBOND_CANCELLED", { actor: worker, worker, amount });
});

registerHandler("WorkerRegistry:BondWithdrawn", async ({ db, context, event }) => {
  const { worker, to, amount } = event.args;
  addToProtocol(context, { totalBonded: -amount });
  await changeWorker(db, context, worker, () => ({ unbonding: 0n, releaseAt: 0n }));
  await record(db, context, "BOND_WITHDRAWN", { actor: worker, counterparty: to, worker, amount });
});

registerHandler("WorkerRegistry:BondSlashed", async ({ db, context, event }) => {
  const { worker, reporter, amount, reporterShare, bond, unbonding } = event.args;
  addToProtocol(context, {
    totalBonded: -amount,
    totalRewards: reporterShare,
    treasuryPot: amount - reporterShare,
  });
  await changeWorker(db, context, worker, (row) => ({
    bond,
    unbonding,
    releaseAt: unbonding === 0n ? 0n : row.releaseAt,
    slashed: row.slashed + amount,
  }));
  await changeAccount(db, context, reporter, (row) => ({ reward: row.reward + reporterShare }));
  await record(db, context, "BOND_SLASHED", {
    // The zero address is named when nobody has a share.
    actor: reporter === zeroAddress ? event.transaction.from : reporter,
    counterparty: worker,
    worker,
    amount,
    detail: { reporterShare },
  });
});

registerHandler("WorkerRegistry:RewardClaimed", async ({ db, context, event }) => {
  const { reporter, to, amount } = event.args;
  addToProtocol(context, { totalRewards: -amount });
  await changeAccount(db, context, reporter, (row) => ({ reward: row.reward - amount }));
  await record(db, context, "REWARD_CLAIMED", { actor: reporter, counterparty: to, amount });
});

registerActs("WorkerRegistry", ["AuthorityUpdated"], {
  // A raise comes into force without a log. So the amount in force is carried over by the next one.
  MinBondSet: async (args, { db, context: { chainId, time } }) => {
    const [minBond, from] = [args.minBond, BigInt(args.from)];
    if (from <= time) return { minBond, nextMinBond: 0n, nextMinBondFrom: 0n };
    const before = await db.find(protocol, { chainId });
    return { minBond: before ? minBondAt(before, time) : 0n, nextMinBond: minBond, nextMinBondFrom: from };
  },
  TreasuryPaid: ({ amount }, { context }) => {
    addToProtocol(context, { treasuryPot: -amount });
    return {};
  },
  TreasurySet: ({ treasury }) => ({ registryTreasury: treasury }),
});

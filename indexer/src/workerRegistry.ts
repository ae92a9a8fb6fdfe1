import { zeroAddress } from "viem";
import { changeAccount } from "./account.ts";
import { record } from "./activity.ts";
import { recordGovernance } from "./governance.ts";
import { on } from "./place.ts";
import { addToProtocol } from "./protocol.ts";
import { changeWorker } from "./worker.ts";

on("WorkerRegistry:WorkerRegistered", async ({ db, place, event }) => {
  const { worker, bond, profileURI } = event.args;
  addToProtocol(place, { workers: 1, totalBonded: bond });
  await changeWorker(db, place, worker, () => ({
    registered: true,
    registeredAt: place.time,
    profileUri: profileURI,
    bond,
    lastActiveAt: place.time,
  }));
  await changeAccount(db, place, worker);
  await record(db, place, "WORKER_REGISTERED", { actor: worker, worker, amount: bond, detail: { profileURI } });
});

on("WorkerRegistry:ProfileUpdated", async ({ db, place, event }) => {
  const { worker, profileURI } = event.args;
  await changeWorker(db, place, worker, () => ({ profileUri: profileURI, lastActiveAt: place.time }));
  await record(db, place, "WORKER_PROFILE_SET", { actor: worker, worker, detail: { profileURI } });
});

on("WorkerRegistry:BondAdded", async ({ db, place, event }) => {
  const { worker, from, amount, bond } = event.args;
  addToProtocol(place, { totalBonded: amount });
  await changeWorker(db, place, worker, () => ({ bond }));
  await changeAccount(db, place, from);
  await record(db, place, "BOND_ADDED", { actor: from, counterparty: worker, worker, amount });
});

on("WorkerRegistry:UnbondAnnounced", async ({ db, place, event }) => {
  const { worker, amount, bond, unbonding, releaseAt } = event.args;
  await changeWorker(db, place, worker, () => ({ bond, unbonding, releaseAt: BigInt(releaseAt) }));
  await record(db, place, "UNBOND_ANNOUNCED", { actor: worker, worker, amount, detail: { releaseAt } });
});

on("WorkerRegistry:UnbondCancelled", async ({ db, place, event }) => {
  const { worker, amount, bond } = event.args;
  await changeWorker(db, place, worker, () => ({ bond, unbonding: 0n, releaseAt: 0n }));
  await record(db, place, "UNBOND_CANCELLED", { actor: worker, worker, amount });
});

on("WorkerRegistry:BondWithdrawn", async ({ db, place, event }) => {
  const { worker, to, amount } = event.args;
  addToProtocol(place, { totalBonded: -amount });
  await changeWorker(db, place, worker, () => ({ unbonding: 0n, releaseAt: 0n }));
  await record(db, place, "BOND_WITHDRAWN", { actor: worker, counterparty: to, worker, amount });
});

on("WorkerRegistry:BondSlashed", async ({ db, place, event }) => {
  const { worker, reporter, amount, reporterShare, bond, unbonding } = event.args;
  addToProtocol(place, {
    totalBonded: -amount,
    totalRewards: reporterShare,
    treasuryPot: amount - reporterShare,
  });
  await changeWorker(db, place, worker, (row) => ({
    bond,
    unbonding,
    releaseAt: unbonding === 0n ? 0n : row.releaseAt,
    slashed: row.slashed + amount,
  }));
  await changeAccount(db, place, reporter, (row) => ({ reward: row.reward + reporterShare }));
  await record(db, place, "BOND_SLASHED", {
    // The zero address is named when nobody has a share.
    actor: reporter === zeroAddress ? event.transaction.from : reporter,
    counterparty: worker,
    worker,
    amount,
    detail: { reporterShare },
  });
});

on("WorkerRegistry:RewardClaimed", async ({ db, place, event }) => {
  const { reporter, to, amount } = event.args;
  addToProtocol(place, { totalRewards: -amount });
  await changeAccount(db, place, reporter, (row) => ({ reward: row.reward - amount }));
  await record(db, place, "REWARD_CLAIMED", { actor: reporter, counterparty: to, amount });
});

on("WorkerRegistry:TreasuryPaid", async ({ db, place, event }) => {
  const { amount } = event.args;
  addToProtocol(place, { treasuryPot: -amount });
  await recordGovernance(db, place, "WorkerRegistry", "TreasuryPaid", event.args);
});

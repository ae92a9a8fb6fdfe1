import { changeAccount } from "./account.ts";
import { record } from "./activity.ts";
import { recordGovernance } from "./governance.ts";
import { placeOf, ponder } from "./place.ts";
import { changeProtocol } from "./protocol.ts";
import { changeWorker } from "./worker.ts";

ponder.on("WorkerRegistry:WorkerRegistered", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { worker, bond, profileURI } = event.args;
  await changeProtocol(db, place, (row) => ({ workers: row.workers + 1, totalBonded: row.totalBonded + bond }));
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

ponder.on("WorkerRegistry:ProfileUpdated", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { worker, profileURI } = event.args;
  await changeProtocol(db, place);
  await changeWorker(db, place, worker, () => ({ profileUri: profileURI, lastActiveAt: place.time }));
  await record(db, place, "WORKER_PROFILE_SET", { actor: worker, worker, detail: { profileURI } });
});

ponder.on("WorkerRegistry:BondAdded", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { worker, from, amount, bond } = event.args;
  await changeProtocol(db, place, (row) => ({ totalBonded: row.totalBonded + amount }));
  await changeWorker(db, place, worker, () => ({ bond }));
  await changeAccount(db, place, from);
  await record(db, place, "BOND_ADDED", { actor: from, counterparty: worker, worker, amount });
});

ponder.on("WorkerRegistry:UnbondAnnounced", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { worker, amount, bond, unbonding, releaseAt } = event.args;
  await changeProtocol(db, place);
  await changeWorker(db, place, worker, () => ({ bond, unbonding, releaseAt: BigInt(releaseAt) }));
  await record(db, place, "UNBOND_ANNOUNCED", { actor: worker, worker, amount, detail: { releaseAt } });
});

ponder.on("WorkerRegistry:UnbondCancelled", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { worker, amount, bond } = event.args;
  await changeProtocol(db, place);
  await changeWorker(db, place, worker, () => ({ bond, unbonding: 0n, releaseAt: 0n }));
  await record(db, place, "UNBOND_CANCELLED", { actor: worker, worker, amount });
});

ponder.on("WorkerRegistry:BondWithdrawn", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { worker, to, amount } = event.args;
  await changeProtocol(db, place, (row) => ({ totalBonded: row.totalBonded - amount }));
  await changeWorker(db, place, worker, () => ({ unbonding: 0n, releaseAt: 0n }));
  await record(db, place, "BOND_WITHDRAWN", { actor: worker, counterparty: to, worker, amount });
});

ponder.on("WorkerRegistry:BondSlashed", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { worker, reporter, amount, reporterShare, bond, unbonding } = event.args;
  await changeProtocol(db, place, (row) => ({
    totalBonded: row.totalBonded - amount,
    totalRewards: row.totalRewards + reporterShare,
    treasuryPot: row.treasuryPot + amount - reporterShare,
  }));
  await changeWorker(db, place, worker, (row) => ({
    bond,
    unbonding,
    releaseAt: unbonding === 0n ? 0n : row.releaseAt,
    slashed: row.slashed + amount,
  }));
  await changeAccount(db, place, reporter, (row) => ({ reward: row.reward + reporterShare }));
  await record(db, place, "BOND_SLASHED", {
    actor: reporter,
    counterparty: worker,
    worker,
    amount,
    detail: { reporterShare },
  });
});

ponder.on("WorkerRegistry:RewardClaimed", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { reporter, to, amount } = event.args;
  await changeProtocol(db, place, (row) => ({ totalRewards: row.totalRewards - amount }));
  await changeAccount(db, place, reporter, (row) => ({ reward: row.reward - amount }));
  await record(db, place, "REWARD_CLAIMED", { actor: reporter, counterparty: to, amount });
});

ponder.on("WorkerRegistry:TreasuryPaid", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { amount } = event.args;
  await changeProtocol(db, place, (row) => ({ treasuryPot: row.treasuryPot - amount }));
  await recordGovernance(db, place, "WorkerRegistry", "TreasuryPaid", event.args);
});

// What GridSettlement has credited and pays out: workers, models, the protocol; and fee configs.
import { equivocation, feeConfig } from "ponder:schema";
import { changeAccount } from "./account.ts";
import { record } from "./activity.ts";
import { recordGovernance } from "./governance.ts";
import { changeModel } from "./model.ts";
import { on } from "./place.ts";
import { setProtocol } from "./protocol.ts";
import { changeWorker } from "./worker.ts";

on("GridSettlement:EarnedClaimed", async ({ db, place, event }) => {
  const { worker, to, amount, earned } = event.args;
  await changeWorker(db, place, worker, () => ({ earned }));
  await record(db, place, "EARNINGS_CLAIMED", { actor: worker, counterparty: to, worker, amount });
});

on("GridSettlement:EarnedMoved", async ({ db, place, event }) => {
  const { worker, account, amount, earned, balance } = event.args;
  await changeWorker(db, place, worker, () => ({ earned }));
  await changeAccount(db, place, account, (row) => ({ balance, deposited: row.deposited + amount }));
  await record(db, place, "EARNINGS_MOVED", { actor: worker, counterparty: account, worker, amount });
});

on("GridSettlement:ModelRoyaltyRead", async ({ db, place, event }) => {
  const { modelId, royaltyBps } = event.args;
  await changeModel(db, place, modelId, () => ({ directRoyaltyBps: royaltyBps, directRoyaltyReadAt: place.time }));
});

on("GridSettlement:ModelRoyaltyClaimed", async ({ db, place, event }) => {
  const { modelId, owner, amount } = event.args;
  await changeModel(db, place, modelId, (row) => ({ royaltyUnclaimed: row.royaltyUnclaimed - amount }));
  await record(db, place, "ROYALTY_CLAIMED", { actor: owner, modelId, amount });
});

on("GridSettlement:ProtocolSwept", async ({ db, place, event }) => {
  const { worker, treasury, amount } = event.args;
  await changeWorker(db, place, worker, (row) => ({ protocolAccrued: row.protocolAccrued - amount }));
  await record(db, place, "PROTOCOL_SWEPT", {
    actor: event.transaction.from,
    counterparty: treasury,
    worker,
    amount,
  });
});

on("GridSettlement:EquivocationSlashed", async ({ db, place, event }) => {
  const { worker, reporter, orderHash, index, receiptA, receiptB, amount } = event.args;
  // A worker whose stake was short pays the rest of the same fault later.
  await db
    .insert(equivocation)
    .values({
      chainId: place.chainId,
      worker,
      orderHash,
      index: BigInt(index),
      reporter,
      receiptA,
      receiptB,
      amount,
      time: place.time,
      block: place.block,
      tx: place.tx,
      seq: place.seq,
    })
    .onConflictDoUpdate((row) => ({ amount: row.amount + amount }));
  await changeAccount(db, place, reporter);
  await record(db, place, "WORKER_EQUIVOCATED", {
    actor: reporter,
    counterparty: worker,
    worker,
    orderHash,
    amount,
    detail: { index, receiptA, receiptB },
  });
});

on("GridSettlement:FeeConfigAppended", async ({ db, place, event }) => {
  const { feeConfigId, protocolBps } = event.args;
  setProtocol(place, { feeConfigId, protocolBps });
  await db.insert(feeConfig).values({ chainId: place.chainId, feeConfigId, protocolBps, since: place.time });
  await recordGovernance(db, place, "GridSettlement", "FeeConfigAppended", event.args);
});

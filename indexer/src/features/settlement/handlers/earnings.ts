// Earnings that GridSettlement has credited and pays out: workers, models, the protocol; and fee configs.
import { equivocation, feeConfig } from "ponder:schema";
import { registerHandler } from "../../../lib/registerHandler.ts";
import { changeAccount } from "../../accounts/accounts.ts";
import { record } from "../../activity/activity.ts";
import { registerActs } from "../../governance/governanceEvents.ts";
import { changeModel } from "../../models/models.ts";
import { changeWorker } from "../../registry/workers.ts";

registerHandler("GridSettlement:EarnedClaimed", async ({ db, context, event }) => {
  const { worker, to, amount, earned } = event.args;
  await changeWorker(db, context, worker, () => ({ earned }));
  await record(db, context, "EARNINGS_CLAIMED", { actor: worker, counterparty: to, worker, amount });
});

registerHandler("GridSettlement:EarnedMoved", async ({ db, context, event }) => {
  const { worker, account, amount, earned, balance } = event.args;
  await changeWorker(db, context, worker, () => ({ earned }));
  await changeAccount(db, context, account, (row) => ({ balance, deposited: row.deposited + amount }));
  await record(db, context, "EARNINGS_MOVED", { actor: worker, counterparty: account, worker, amount });
});

registerHandler("GridSettlement:ModelRoyaltyRead", async ({ db, context, event }) => {
  const { modelId, royaltyBps } = event.args;
  await changeModel(db, context, modelId, () => ({ directRoyaltyBps: royaltyBps, directRoyaltyReadAt: context.time }));
});

registerHandler("GridSettlement:ModelRoyaltyClaimed", async ({ db, context, event }) => {
  const { modelId, owner, amount } = event.args;
  await changeModel(db, context, modelId, (row) => ({ royaltyUnclaimed: row.royaltyUnclaimed - amount }));
  await record(db, context, "ROYALTY_CLAIMED", { actor: owner, modelId, amount });
});

registerHandler("GridSettlement:ProtocolSwept", async ({ db, context, event }) => {
  const { worker, treasury, amount } = event.args;
  await changeWorker(db, context, worker, (row) => ({ protocolAccrued: row.protocolAccrued - amount }));
  await record(db, context, "PROTOCOL_SWEPT", {
    actor: event.transaction.from,
    counterparty: treasury,
    worker,
    amount,
  });
});

registerHandler("GridSettlement:EquivocationSlashed", async ({ db, context, event }) => {
  const { worker, reporter, orderHash, index, receiptA, receiptB, amount } = event.args;
  // A worker whose stake was short pays the rest of the same fault later.
  await db
    .insert(equivocation)
    .values({
      chainId: context.chainId,
      worker,
      orderHash,
      index: BigInt(index),
      reporter,
      receiptA,
      receiptB,
      amount,
      time: context.time,
      block: context.block,
      tx: context.tx,
      seq: context.seq,
    })
    .onConflictDoUpdate((row) => ({ amount: row.amount + amount }));
  await changeAccount(db, context, reporter);
  await record(db, context, "WORKER_EQUIVOCATED", {
    actor: reporter,
    counterparty: worker,
    worker,
    orderHash,
    amount,
    detail: { index, receiptA, receiptB },
  });
});

registerActs("GridSettlement", ["AuthorityUpdated", "EIP712DomainChanged"], {
  FeeConfigAppended: async ({ feeConfigId, protocolBps }, { db, context: { chainId, time } }) => {
    await db.insert(feeConfig).values({ chainId, feeConfigId, protocolBps, since: time });
    return { feeConfigId, protocolBps };
  },
  TreasurySet: ({ treasury }) => ({ settlementTreasury: treasury }),
  Paused: () => ({ settlementPaused: true }),
  Unpaused: () => ({ settlementPaused: false }),
});

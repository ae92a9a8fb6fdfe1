// What GridSettlement has credited and pays out: workers, models, the protocol; and fee configs.
import { equivocation, feeConfig } from "ponder:schema";
import { changeAccount } from "./account.ts";
import { record } from "./activity.ts";
import { recordGovernance } from "./governance.ts";
import { changeModel } from "./model.ts";
import { placeOf, ponder } from "./place.ts";
import { changeProtocol } from "./protocol.ts";
import { changeWorker } from "./worker.ts";

ponder.on("GridSettlement:EarnedClaimed", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { worker, to, amount, earned } = event.args;
  await changeProtocol(db, place);
  await changeWorker(db, place, worker, () => ({ earned }));
  await record(db, place, "EARNINGS_CLAIMED", { actor: worker, counterparty: to, worker, amount });
});

ponder.on("GridSettlement:EarnedMoved", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { worker, account, amount, earned, balance } = event.args;
  await changeProtocol(db, place);
  await changeWorker(db, place, worker, () => ({ earned }));
  await changeAccount(db, place, account, (row) => ({ balance, deposited: row.deposited + amount }));
  await record(db, place, "EARNINGS_MOVED", { actor: worker, counterparty: account, worker, amount });
});

ponder.on("GridSettlement:ModelRoyaltyRead", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { modelId, royaltyBps } = event.args;
  await changeProtocol(db, place);
  await changeModel(db, place, modelId, () => ({ directRoyaltyBps: royaltyBps, directRoyaltyReadAt: place.time }));
});

ponder.on("GridSettlement:ModelRoyaltyClaimed", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { modelId, owner, amount } = event.args;
  await changeProtocol(db, place);
  await changeModel(db, place, modelId, (row) => ({ royaltyUnclaimed: row.royaltyUnclaimed - amount }));
  await record(db, place, "ROYALTY_CLAIMED", { actor: owner, modelId, amount });
});

ponder.on("GridSettlement:ProtocolSwept", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { worker, treasury, amount } = event.args;
  await changeProtocol(db, place);
  await changeWorker(db, place, worker, (row) => ({ protocolAccrued: row.protocolAccrued - amount }));
  await record(db, place, "PROTOCOL_SWEPT", {
    actor: event.transaction.from,
    counterparty: treasury,
    worker,
    amount,
  });
});

ponder.on("GridSettlement:EquivocationSlashed", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { worker, reporter, orderHash, index, receiptA, receiptB, amount } = event.args;
  await changeProtocol(db, place);
  await db.insert(equivocation).values({
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
  });
  await record(db, place, "WORKER_EQUIVOCATED", {
    actor: reporter,
    counterparty: worker,
    worker,
    orderHash,
    amount,
    detail: { index, receiptA, receiptB },
  });
});

ponder.on("GridSettlement:FeeConfigAppended", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { feeConfigId, protocolBps } = event.args;
  await changeProtocol(db, place, () => ({ feeConfigId, protocolBps }));
  await db.insert(feeConfig).values({ chainId: place.chainId, feeConfigId, protocolBps, since: place.time });
  await recordGovernance(db, place, "GridSettlement", "FeeConfigAppended", event.args);
});

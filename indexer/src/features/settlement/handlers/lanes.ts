import { lane, laneModelTotal, settlement } from "ponder:schema";
import { LANE_HOP } from "@gridnft/sdk";
import { registerHandler } from "../../../lib/registerHandler.ts";
import { changeAccount } from "../../accounts/accounts.ts";
import { record } from "../../activity/activity.ts";
import { changeWorker } from "../../registry/workers.ts";
import { changeLane } from "../lanes.ts";
import { creditWorker } from "../payments.ts";

const nothingThaws = { thawing: 0n, thawReadyAt: 0n, thawLapsesAt: 0n };

registerHandler("GridSettlement:LaneOpened", async ({ db, context, event }) => {
  const { laneId, payer, worker, config, protocolBps, amount, balance } = event.args;
  await db.insert(lane).values({
    chainId: context.chainId,
    laneId,
    kind: config.kind,
    payer,
    payerSigner: config.payerSigner,
    worker,
    feeConfigId: config.feeConfigId,
    protocolBps,
    thawDelay: BigInt(config.thawDelay),
    salt: config.salt,
    free: amount,
    ...nothingThaws,
    vouchersUntil: 0n,
    funded: amount,
    collected: 0n,
    thawed: 0n,
    anchors: 0,
    receipts: 0n,
    openedAt: context.time,
    openedTx: context.tx,
    seq: context.seq,
    updatedSeq: context.seq,
  });
  await changeAccount(db, context, payer, () => ({ balance }));
  await changeAccount(db, context, worker);
  await changeWorker(db, context, worker, (row) => ({ lanes: row.lanes + 1 }));
  await record(db, context, "LANE_OPENED", {
    actor: payer,
    counterparty: worker,
    worker,
    laneId,
    amount,
    detail: { kind: config.kind },
  });
});

registerHandler("GridSettlement:LaneToppedUp", async ({ db, context, event }) => {
  const { laneId, payer, by, amount, free, balance } = event.args;
  const { worker } = await changeLane(db, context, laneId, (row) => ({ free, funded: row.funded + amount }));
  await changeAccount(db, context, payer, () => ({ balance }));
  await record(db, context, "LANE_TOPPED_UP", { actor: by, counterparty: payer, worker, laneId, amount });
});

registerHandler("GridSettlement:LaneThawStarted", async ({ db, context, event }) => {
  const { laneId, amount, readyAt, lapsesAt, vouchersUntil } = event.args;
  const { payer, worker } = await changeLane(db, context, laneId, () => ({
    thawing: amount,
    thawReadyAt: BigInt(readyAt),
    thawLapsesAt: BigInt(lapsesAt),
    vouchersUntil: BigInt(vouchersUntil),
  }));
  await record(db, context, "LANE_THAW_STARTED", {
    actor: payer,
    counterparty: worker,
    worker,
    laneId,
    amount,
    detail: { readyAt, lapsesAt, vouchersUntil },
  });
});

registerHandler("GridSettlement:LaneThawCancelled", async ({ db, context, event }) => {
  const { laneId } = event.args;
  const { payer, worker } = await changeLane(db, context, laneId, () => nothingThaws);
  await record(db, context, "LANE_THAW_CANCELLED", { actor: payer, counterparty: worker, worker, laneId });
});

registerHandler("GridSettlement:LaneThawed", async ({ db, context, event }) => {
  const { laneId, payer, amount, free, balance } = event.args;
  const { worker } = await changeLane(db, context, laneId, (row) => ({
    free,
    ...nothingThaws,
    thawed: row.thawed + amount,
  }));
  await changeAccount(db, context, payer, () => ({ balance }));
  await record(db, context, "LANE_THAWED", { actor: payer, counterparty: worker, worker, laneId, amount });
});

// Once for each model, and again when the rate is read anew. A row of `LaneCollected` follows each.
registerHandler("GridSettlement:LaneRoyaltyFrozen", async ({ db, context, event }) => {
  const { laneId, modelId, royaltyBps } = event.args;
  const read = { royaltyBps, royaltyReadAt: context.time };
  await db
    .insert(laneModelTotal)
    .values({
      chainId: context.chainId,
      laneId,
      modelId,
      ...read,
      cumulative: 0n,
      toWorker: 0n,
      royalty: 0n,
      protocolFee: 0n,
    })
    .onConflictDoUpdate(read);
});

registerHandler("GridSettlement:LaneCollected", async ({ db, context, event }) => {
  const { laneId, worker, modelId, cumulative, toWorker, royalty, protocolFee, free } = event.args;
  const gross = toWorker + royalty + protocolFee;
  const { kind, payer } = await changeLane(db, context, laneId, (row) => ({ free, collected: row.collected + gross }));
  await db
    .insert(laneModelTotal)
    .values({
      chainId: context.chainId,
      laneId,
      modelId,
      cumulative,
      royaltyBps: 0,
      royaltyReadAt: 0n,
      toWorker,
      royalty,
      protocolFee,
    })
    .onConflictDoUpdate((row) => ({
      cumulative,
      toWorker: row.toWorker + toWorker,
      royalty: row.royalty + royalty,
      protocolFee: row.protocolFee + protocolFee,
    }));
  await db.insert(settlement).values({
    chainId: context.chainId,
    seq: context.seq,
    updatedSeq: context.seq,
    rail: kind === LANE_HOP ? "HOP" : "LANE",
    laneId,
    payer,
    worker,
    modelId,
    gross,
    toWorker,
    royalty,
    protocolFee,
    time: context.time,
    block: context.block,
    tx: context.tx,
  });
  await creditWorker(db, context, {
    worker,
    modelId,
    toWorker,
    royalty,
    protocolFee,
    receipts: 0n, // anchors count them
    isHop: kind === LANE_HOP,
  });
  await changeAccount(db, context, payer, (row) => ({ spent: row.spent + gross }));
  await record(db, context, "LANE_COLLECTED", {
    actor: worker,
    counterparty: payer,
    worker,
    laneId,
    modelId,
    amount: gross,
    detail: { toWorker, royalty, protocolFee },
  });
});

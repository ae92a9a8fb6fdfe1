import { lane, laneModelTotal, settlement } from "ponder:schema";
import { LANE_HOP } from "@gridnft/sdk";
import { changeAccount } from "./account.ts";
import { record } from "./activity.ts";
import { changeLane } from "./lane.ts";
import { creditWorker } from "./payment.ts";
import { on } from "./place.ts";
import { changeWorker } from "./worker.ts";

const nothingThaws = { thawing: 0n, thawReadyAt: 0n, thawLapsesAt: 0n };

on("GridSettlement:LaneOpened", async ({ db, place, event }) => {
  const { laneId, payer, worker, config, protocolBps, amount, balance } = event.args;
  await db.insert(lane).values({
    chainId: place.chainId,
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
    openedAt: place.time,
    openedTx: place.tx,
    seq: place.seq,
    updatedSeq: place.seq,
  });
  await changeAccount(db, place, payer, () => ({ balance }));
  await changeAccount(db, place, worker);
  await changeWorker(db, place, worker, (row) => ({ lanes: row.lanes + 1 }));
  await record(db, place, "LANE_OPENED", {
    actor: payer,
    counterparty: worker,
    worker,
    laneId,
    amount,
    detail: { kind: config.kind },
  });
});

on("GridSettlement:LaneToppedUp", async ({ db, place, event }) => {
  const { laneId, payer, by, amount, free, balance } = event.args;
  const { worker } = await changeLane(db, place, laneId, (row) => ({ free, funded: row.funded + amount }));
  await changeAccount(db, place, payer, () => ({ balance }));
  await record(db, place, "LANE_TOPPED_UP", { actor: by, counterparty: payer, worker, laneId, amount });
});

on("GridSettlement:LaneThawStarted", async ({ db, place, event }) => {
  const { laneId, amount, readyAt, lapsesAt, vouchersUntil } = event.args;
  const { payer, worker } = await changeLane(db, place, laneId, () => ({
    thawing: amount,
    thawReadyAt: BigInt(readyAt),
    thawLapsesAt: BigInt(lapsesAt),
    vouchersUntil: BigInt(vouchersUntil),
  }));
  await record(db, place, "LANE_THAW_STARTED", {
    actor: payer,
    counterparty: worker,
    worker,
    laneId,
    amount,
    detail: { readyAt, lapsesAt, vouchersUntil },
  });
});

on("GridSettlement:LaneThawCancelled", async ({ db, place, event }) => {
  const { laneId } = event.args;
  const { payer, worker } = await changeLane(db, place, laneId, () => nothingThaws);
  await record(db, place, "LANE_THAW_CANCELLED", { actor: payer, counterparty: worker, worker, laneId });
});

on("GridSettlement:LaneThawed", async ({ db, place, event }) => {
  const { laneId, payer, amount, free, balance } = event.args;
  const { worker } = await changeLane(db, place, laneId, (row) => ({
    free,
    ...nothingThaws,
    thawed: row.thawed + amount,
  }));
  await changeAccount(db, place, payer, () => ({ balance }));
  await record(db, place, "LANE_THAWED", { actor: payer, counterparty: worker, worker, laneId, amount });
});

// Once for each model, and again when the rate is read anew. A row of `LaneCollected` follows each.
on("GridSettlement:LaneRoyaltyFrozen", async ({ db, place, event }) => {
  const { laneId, modelId, royaltyBps } = event.args;
  const read = { royaltyBps, royaltyReadAt: place.time };
  await db
    .insert(laneModelTotal)
    .values({
      chainId: place.chainId,
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

on("GridSettlement:LaneCollected", async ({ db, place, event }) => {
  const { laneId, worker, modelId, cumulative, toWorker, royalty, protocolFee, free } = event.args;
  const gross = toWorker + royalty + protocolFee;
  const { kind, payer } = await changeLane(db, place, laneId, (row) => ({ free, collected: row.collected + gross }));
  await db
    .insert(laneModelTotal)
    .values({
      chainId: place.chainId,
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
    chainId: place.chainId,
    seq: place.seq,
    updatedSeq: place.seq,
    rail: kind === LANE_HOP ? "HOP" : "LANE",
    laneId,
    payer,
    worker,
    modelId,
    gross,
    toWorker,
    royalty,
    protocolFee,
    time: place.time,
    block: place.block,
    tx: place.tx,
  });
  await creditWorker(db, place, {
    worker,
    modelId,
    toWorker,
    royalty,
    protocolFee,
    receipts: 0n, // anchors count them
    isHop: kind === LANE_HOP,
  });
  await changeAccount(db, place, payer, (row) => ({ spent: row.spent + gross }));
  await record(db, place, "LANE_COLLECTED", {
    actor: worker,
    counterparty: payer,
    worker,
    laneId,
    modelId,
    amount: gross,
    detail: { toWorker, royalty, protocolFee },
  });
});

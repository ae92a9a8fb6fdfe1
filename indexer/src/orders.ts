import { orderNonce, receipt, settlement, settlementFailure, waitingAnchor } from "ponder:schema";
import { cidOf, settlementDomain } from "@gridnft/sdk";
import { zeroHash } from "viem";
import { changeAccount } from "./account.ts";
import { record } from "./activity.ts";
import { addAnchor, anchoredHere } from "./anchors.ts";
import { settledReceipts } from "./calldata.ts";
import { creditWorker } from "./payment.ts";
import { on } from "./place.ts";

on("GridSettlement:OrderSettled", async ({ db, place, event }) => {
  const { orderHash, payer, worker, requester, modelId, nonce, root, anchored, balance } = event.args;
  const { toWorker, royalty, protocolFee } = event.args;
  const receiptCount = BigInt(event.args.receiptCount);
  const gross = toWorker + royalty + protocolFee;
  const { chainId, time, block, tx, seq } = place;
  await db.insert(settlement).values({
    chainId,
    time,
    block,
    tx,
    seq,
    updatedSeq: seq,
    rail: "DIRECT",
    orderHash,
    payer,
    worker,
    requester,
    modelId,
    nonce,
    root,
    receiptCount,
    anchored,
    ...(anchored && anchoredHere(place)),
    gross,
    toWorker,
    royalty,
    protocolFee,
  });
  if (anchored) {
    await addAnchor(db, place, { laneId: zeroHash, payer, root, worker, receiptCount });
  } else {
    const settled = { orderHash, modelId, settlementSeq: seq, confirmedSeq: 0n };
    await db.insert(waitingAnchor).values({ chainId, root, payer, worker, receiptCount, ...settled });
  }
  const used = { used: true, orderHash };
  await db
    .insert(orderNonce)
    .values({ chainId, payer, nonce, ...used, cancelled: false, cancelReadyAt: 0n, seq })
    .onConflictDoUpdate(used);
  await creditWorker(db, place, {
    worker,
    modelId,
    toWorker,
    royalty,
    protocolFee,
    receipts: anchored ? receiptCount : 0n,
    isHop: false,
  });
  await changeAccount(db, place, payer, (row) => ({ balance, spent: row.spent + gross }));
  if (requester !== payer) await changeAccount(db, place, requester);
  await record(db, place, "ORDER_SETTLED", {
    actor: payer,
    counterparty: requester,
    worker,
    modelId,
    orderHash,
    amount: gross,
    detail: { receiptCount, anchored, toWorker, royalty, protocolFee },
  });

  const domain = settlementDomain(place.chainId, event.log.address);
  for (const [position, shown] of settledReceipts(event.transaction, event.args, domain).entries()) {
    await db
      .insert(receipt)
      .values({
        ...shown.receipt,
        chainId: place.chainId,
        receiptId: shown.receiptId,
        payer,
        cid: cidOf(shown.receipt),
        root,
        tokenId: 0n,
        version: 0,
        seenAt: place.time,
        seenBlock: place.block,
        seenTx: place.tx,
        place: place.seq * 1_000n + BigInt(position),
      })
      .onConflictDoNothing();
  }
});

on("GridSettlement:SettlementFailed", async ({ db, place, event }) => {
  await db.insert(settlementFailure).values({
    chainId: place.chainId,
    seq: place.seq,
    ...event.args,
    time: place.time,
    block: place.block,
    tx: place.tx,
  });
});

on("GridSettlement:OrderCancelAnnounced", async ({ db, place, event }) => {
  const { payer, nonce, readyAt } = event.args;
  const announced = { cancelReadyAt: BigInt(readyAt) };
  await db
    .insert(orderNonce)
    .values({ chainId: place.chainId, payer, nonce, used: false, cancelled: false, ...announced, seq: place.seq })
    .onConflictDoUpdate(announced);
  await changeAccount(db, place, payer);
  await record(db, place, "ORDER_CANCEL_ANNOUNCED", { actor: payer, detail: { nonce, readyAt } });
});

on("GridSettlement:OrderCancelled", async ({ db, place, event }) => {
  const { payer, nonce } = event.args;
  const ended = { used: true, cancelled: true };
  await db
    .insert(orderNonce)
    .values({ chainId: place.chainId, payer, nonce, ...ended, cancelReadyAt: 0n, seq: place.seq })
    .onConflictDoUpdate(ended);
  await record(db, place, "ORDER_CANCELLED", { actor: payer, detail: { nonce } });
});

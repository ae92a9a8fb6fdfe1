import { orderNonce, receipt, settlement, settlementFailure, waitingAnchor } from "ponder:schema";
import { cidOf, settlementDomain } from "@gridnft/sdk";
import { zeroHash } from "viem";
import { registerHandler } from "../../../lib/registerHandler.ts";
import { changeAccount } from "../../accounts/accounts.ts";
import { record } from "../../activity/activity.ts";
import { creditWorker } from "../payments.ts";
import { settledReceipts } from "../settledReceipts.ts";
import { addAnchor, anchoredHere } from "./anchors.ts";

registerHandler("GridSettlement:OrderSettled", async ({ db, context, event }) => {
  const { orderHash, payer, worker, requester, modelId, nonce, root, anchored, balance } = event.args;
  const { toWorker, royalty, protocolFee } = event.args;
  const receiptCount = BigInt(event.args.receiptCount);
  const gross = toWorker + royalty + protocolFee;
  const { chainId, time, block, tx, seq } = context;
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
    ...(anchored && anchoredHere(context)),
    gross,
    toWorker,
    royalty,
    protocolFee,
  });
  if (anchored) {
    await addAnchor(db, context, { laneId: zeroHash, payer, root, worker, receiptCount });
  } else {
    const settled = { orderHash, modelId, settlementSeq: seq, confirmedSeq: 0n };
    await db.insert(waitingAnchor).values({ chainId, root, payer, worker, receiptCount, ...settled });
  }
  const used = { used: true, orderHash };
  await db
    .insert(orderNonce)
    .values({ chainId, payer, nonce, ...used, cancelled: false, cancelReadyAt: 0n, seq })
    .onConflictDoUpdate(used);
  await creditWorker(db, context, {
    worker,
    modelId,
    toWorker,
    royalty,
    protocolFee,
    receipts: anchored ? receiptCount : 0n,
    isHop: false,
  });
  await changeAccount(db, context, payer, (row) => ({ balance, spent: row.spent + gross }));
  if (requester !== payer) await changeAccount(db, context, requester);
  await record(db, context, "ORDER_SETTLED", {
    actor: payer,
    counterparty: requester,
    worker,
    modelId,
    orderHash,
    amount: gross,
    detail: { receiptCount, anchored, toWorker, royalty, protocolFee },
  });

  const domain = settlementDomain(context.chainId, event.log.address);
  for (const [position, shown] of settledReceipts(event.transaction, event.args, domain).entries()) {
    await db
      .insert(receipt)
      .values({
        ...shown.receipt,
        chainId: context.chainId,
        receiptId: shown.receiptId,
        payer,
        cid: cidOf(shown.receipt),
        root,
        tokenId: 0n,
        version: 0,
        seenAt: context.time,
        seenBlock: context.block,
        seenTx: context.tx,
        place: context.seq * 1_000n + BigInt(position),
      })
      .onConflictDoNothing();
  }
});

registerHandler("GridSettlement:SettlementFailed", async ({ db, context, event }) => {
  await db.insert(settlementFailure).values({
    chainId: context.chainId,
    seq: context.seq,
    ...event.args,
    time: context.time,
    block: context.block,
    tx: context.tx,
  });
});

registerHandler("GridSettlement:OrderCancelAnnounced", async ({ db, context, event }) => {
  const { payer, nonce, readyAt } = event.args;
  const announced = { cancelReadyAt: BigInt(readyAt) };
  await db
    .insert(orderNonce)
    .values({ chainId: context.chainId, payer, nonce, used: false, cancelled: false, ...announced, seq: context.seq })
    .onConflictDoUpdate(announced);
  await changeAccount(db, context, payer);
  await record(db, context, "ORDER_CANCEL_ANNOUNCED", { actor: payer, detail: { nonce, readyAt } });
});

registerHandler("GridSettlement:OrderCancelled", async ({ db, context, event }) => {
  const { payer, nonce } = event.args;
  const ended = { used: true, cancelled: true };
  await db
    .insert(orderNonce)
    .values({ chainId: context.chainId, payer, nonce, ...ended, cancelReadyAt: 0n, seq: context.seq })
    .onConflictDoUpdate(ended);
  await record(db, context, "ORDER_CANCELLED", { actor: payer, detail: { nonce } });
});

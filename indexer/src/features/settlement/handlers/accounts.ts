// A payer's money in GridSettlement, and the keys that sign for accounts.
import { signer } from "ponder:schema";
import { registerHandler } from "../../../lib/registerHandler.ts";
import { changeAccount } from "../../accounts/accounts.ts";
import { record } from "../../activity/activity.ts";

const nothingThaws = { thawing: 0n, thawReadyAt: 0n };

registerHandler("GridSettlement:Deposited", async ({ db, context, event }) => {
  const { account, from, amount, balance } = event.args;
  await changeAccount(db, context, account, (row) => ({ balance, deposited: row.deposited + amount }));
  await changeAccount(db, context, from);
  await record(db, context, "DEPOSITED", { actor: from, counterparty: account, amount });
});

registerHandler("GridSettlement:AccountThawStarted", async ({ db, context, event }) => {
  const { account, amount, readyAt } = event.args;
  await changeAccount(db, context, account, () => ({ thawing: amount, thawReadyAt: BigInt(readyAt) }));
  await record(db, context, "WITHDRAWAL_ANNOUNCED", { actor: account, amount, detail: { readyAt } });
});

registerHandler("GridSettlement:AccountThawCancelled", async ({ db, context, event }) => {
  const { account } = event.args;
  await changeAccount(db, context, account, () => nothingThaws);
  await record(db, context, "WITHDRAWAL_CANCELLED", { actor: account });
});

registerHandler("GridSettlement:Withdrawn", async ({ db, context, event }) => {
  const { account, to, amount, balance } = event.args;
  await changeAccount(db, context, account, (row) => ({
    balance,
    ...nothingThaws,
    withdrawn: row.withdrawn + amount,
  }));
  await record(db, context, "WITHDRAWN", { actor: account, counterparty: to, amount });
});

registerHandler("GridSettlement:SignerAdded", async ({ db, context, event }) => {
  const { account, role, signer: key } = event.args;
  await db.insert(signer).values({
    chainId: context.chainId,
    signer: key,
    account,
    role,
    addedAt: context.time,
    revokedAt: 0n,
    validUntil: 0n,
    cap: 0n,
    spent: 0n,
    windowStart: 0n,
    seq: context.seq,
  });
  await changeAccount(db, context, account);
  await record(db, context, "SIGNER_ADDED", { actor: account, counterparty: key, detail: { role } });
});

registerHandler("GridSettlement:SignerRevoked", async ({ db, context, event }) => {
  const { account, role, signer: key, revokedAt, validUntil } = event.args;
  await db
    .update(signer, { chainId: context.chainId, signer: key })
    .set({ revokedAt: BigInt(revokedAt), validUntil: BigInt(validUntil) });
  await record(db, context, "SIGNER_REVOKED", { actor: account, counterparty: key, detail: { role, validUntil } });
});

registerHandler("GridSettlement:TreasurerCapSet", async ({ db, context, event }) => {
  const { account, signer: key, cap } = event.args;
  await db.update(signer, { chainId: context.chainId, signer: key }).set({ cap });
  await record(db, context, "TREASURER_CAP_SET", { actor: account, counterparty: key, amount: cap });
});

registerHandler("GridSettlement:TreasurerSpent", async ({ db, context, event }) => {
  const { signer: key, spent, windowStart } = event.args;
  // LaneToppedUp tells the history of it.
  await db.update(signer, { chainId: context.chainId, signer: key }).set({ spent, windowStart: BigInt(windowStart) });
});

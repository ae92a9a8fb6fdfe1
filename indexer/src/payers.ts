// A payer's money in GridSettlement, and the keys that sign for accounts.
import { signer } from "ponder:schema";
import { changeAccount } from "./account.ts";
import { record } from "./activity.ts";
import { on } from "./place.ts";

const nothingThaws = { thawing: 0n, thawReadyAt: 0n };

on("GridSettlement:Deposited", async ({ db, place, event }) => {
  const { account, from, amount, balance } = event.args;
  await changeAccount(db, place, account, (row) => ({ balance, deposited: row.deposited + amount }));
  await changeAccount(db, place, from);
  await record(db, place, "DEPOSITED", { actor: from, counterparty: account, amount });
});

on("GridSettlement:AccountThawStarted", async ({ db, place, event }) => {
  const { account, amount, readyAt } = event.args;
  await changeAccount(db, place, account, () => ({ thawing: amount, thawReadyAt: BigInt(readyAt) }));
  await record(db, place, "WITHDRAWAL_ANNOUNCED", { actor: account, amount, detail: { readyAt } });
});

on("GridSettlement:AccountThawCancelled", async ({ db, place, event }) => {
  const { account } = event.args;
  await changeAccount(db, place, account, () => nothingThaws);
  await record(db, place, "WITHDRAWAL_CANCELLED", { actor: account });
});

on("GridSettlement:Withdrawn", async ({ db, place, event }) => {
  const { account, to, amount, balance } = event.args;
  await changeAccount(db, place, account, (row) => ({
    balance,
    ...nothingThaws,
    withdrawn: row.withdrawn + amount,
  }));
  await record(db, place, "WITHDRAWN", { actor: account, counterparty: to, amount });
});

on("GridSettlement:SignerAdded", async ({ db, place, event }) => {
  const { account, role, signer: key } = event.args;
  await db.insert(signer).values({
    chainId: place.chainId,
    signer: key,
    account,
    role,
    addedAt: place.time,
    revokedAt: 0n,
    validUntil: 0n,
    cap: 0n,
    spent: 0n,
    windowStart: 0n,
    seq: place.seq,
  });
  await changeAccount(db, place, account);
  await record(db, place, "SIGNER_ADDED", { actor: account, counterparty: key, detail: { role } });
});

on("GridSettlement:SignerRevoked", async ({ db, place, event }) => {
  const { account, role, signer: key, revokedAt, validUntil } = event.args;
  await db
    .update(signer, { chainId: place.chainId, signer: key })
    .set({ revokedAt: BigInt(revokedAt), validUntil: BigInt(validUntil) });
  await record(db, place, "SIGNER_REVOKED", { actor: account, counterparty: key, detail: { role, validUntil } });
});

on("GridSettlement:TreasurerCapSet", async ({ db, place, event }) => {
  const { account, signer: key, cap } = event.args;
  await db.update(signer, { chainId: place.chainId, signer: key }).set({ cap });
  await record(db, place, "TREASURER_CAP_SET", { actor: account, counterparty: key, amount: cap });
});

on("GridSettlement:TreasurerSpent", async ({ db, place, event }) => {
  const { signer: key, spent, windowStart } = event.args;
  // LaneToppedUp tells the history of it.
  await db.update(signer, { chainId: place.chainId, signer: key }).set({ spent, windowStart: BigInt(windowStart) });
});

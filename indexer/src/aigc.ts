import { approval, license, model, modelRate, transfer } from "ponder:schema";
import { zeroAddress } from "viem";
import { changeAccount } from "./account.ts";
import { record } from "./activity.ts";
import { approveOperator, approveToken } from "./approvals.ts";
import { addToModelDay, changeModel } from "./model.ts";
import { lower, nextMoves, on } from "./place.ts";
import { addToDay, addToProtocol } from "./protocol.ts";

// The token is minted (Transfer) just before it is registered: there the row begins.
on("AIGC:ModelRegistered", async ({ db, place, event }) => {
  const { modelId, creator, weightsHash, spec, registrant, fee } = event.args;
  const { weightsURI, ...terms } = spec;
  addToProtocol(place, { models: 1 });
  await db.insert(model).values({
    chainId: place.chainId,
    modelId,
    creator,
    owner: creator,
    registrant,
    ...terms,
    weightsHash,
    weightsUri: weightsURI,
    nextUsageBps: 0,
    nextUsageFrom: 0n,
    royaltyReceiver: creator,
    licensePrice: 0n,
    licensePeriod: 0n,
    verified: false,
    deprecated: false,
    user: zeroAddress,
    userExpires: 0n,
    moves: 0n,
    nonce: 0n,
    directRoyaltyBps: 0,
    directRoyaltyReadAt: 0n,
    registrationFee: fee,
    registeredAt: place.time,
    registeredBlock: place.block,
    registeredTx: place.tx,
    seq: place.seq,
    updatedSeq: place.seq,
    artworks: 0,
    versions: 0,
    payments: 0,
    volume: 0n,
    royaltyEarned: 0n,
    royaltyUnclaimed: 0n,
    licensesSold: 0,
    licenseRevenue: 0n,
  });
  await changeAccount(db, place, creator, (row) => ({ modelsCreated: row.modelsCreated + 1 }));
  await changeAccount(db, place, registrant);
  addToDay(place, { models: 1 });
  await record(db, place, "MODEL_REGISTERED", { actor: registrant, counterparty: creator, modelId, amount: fee });
});

on("AIGC:Transfer", async ({ db, place, event }) => {
  const { from, to, tokenId: modelId } = event.args;
  await db.insert(transfer).values({
    chainId: place.chainId,
    seq: place.seq,
    collection: "MODEL",
    tokenId: modelId,
    from,
    to,
    time: place.time,
    block: place.block,
    tx: place.tx,
  });
  await db.delete(approval, { chainId: place.chainId, collection: "MODEL", tokenId: modelId });
  await changeAccount(db, place, from, (row) => ({ modelsOwned: row.modelsOwned - 1 }));
  await changeAccount(db, place, to, (row) => ({ modelsOwned: row.modelsOwned + 1 }));
  if (from === zeroAddress) return; // ModelRegistered follows, and says it all
  await changeModel(db, place, modelId, (row) => ({ owner: to, moves: nextMoves(row.moves) }));
  if (lower(from) !== lower(to)) addToDay(place, { transfers: 1 });
  await record(db, place, "MODEL_TRANSFERRED", { actor: from, counterparty: to, modelId });
});

on("AIGC:WeightsMoved", async ({ db, place, event }) => {
  const { modelId, weightsURI } = event.args;
  const changed = await changeModel(db, place, modelId, (row) => ({ weightsUri: weightsURI, nonce: row.nonce + 1n }));
  await record(db, place, "MODEL_CHANGED", {
    actor: changed?.owner ?? event.transaction.from,
    modelId,
    detail: { weightsUri: weightsURI },
  });
});

on("AIGC:AccessSet", async ({ db, place, event }) => {
  const { modelId, access } = event.args;
  const changed = await changeModel(db, place, modelId, (row) => ({ access, nonce: row.nonce + 1n }));
  await record(db, place, "MODEL_CHANGED", {
    actor: changed?.owner ?? event.transaction.from,
    modelId,
    detail: { access },
  });
});

on("AIGC:UsageRoyaltyAnnounced", async ({ db, place, event }) => {
  const { modelId, bps, nextBps, nextFrom } = event.args;
  const changed = await changeModel(db, place, modelId, (row) => ({
    usageBps: bps,
    nextUsageBps: nextBps,
    nextUsageFrom: BigInt(nextFrom),
    nonce: row.nonce + 1n,
  }));
  await db.insert(modelRate).values({
    chainId: place.chainId,
    modelId,
    seq: place.seq,
    bps,
    nextBps,
    nextFrom: BigInt(nextFrom),
    announcedAt: place.time,
    tx: place.tx,
  });
  await record(db, place, "MODEL_CHANGED", {
    actor: changed?.owner ?? event.transaction.from,
    modelId,
    detail: { usageBps: bps, nextUsageBps: nextBps, nextUsageFrom: nextFrom },
  });
});

on("AIGC:LicenseTermsSet", async ({ db, place, event }) => {
  const { modelId, price, period } = event.args;
  const changed = await changeModel(db, place, modelId, (row) => ({
    licensePrice: price,
    licensePeriod: BigInt(period),
    nonce: row.nonce + 1n,
  }));
  await record(db, place, "MODEL_CHANGED", {
    actor: changed?.owner ?? event.transaction.from,
    modelId,
    detail: { licensePrice: price, licensePeriod: period },
  });
});

on("AIGC:LicenseBought", async ({ db, place, event }) => {
  const { modelId, account, buyer, seller, periods, price } = event.args;
  const expires = BigInt(event.args.expires);
  const latest = {
    expires,
    lastBuyer: lower(buyer),
    lastSeller: lower(seller),
    boughtAt: place.time,
    updatedSeq: place.seq,
  };
  await db
    .insert(license)
    .values({ chainId: place.chainId, modelId, account, purchases: 1, paid: price, seq: place.seq, ...latest })
    .onConflictDoUpdate((row) => ({ purchases: row.purchases + 1, paid: row.paid + price, ...latest }));
  await changeModel(db, place, modelId, (row) => ({
    licensesSold: row.licensesSold + 1,
    licenseRevenue: row.licenseRevenue + price,
  }));
  for (const party of new Set([account, buyer, seller])) await changeAccount(db, place, party);
  const sold = { licenses: 1, licenseRevenue: price };
  await addToModelDay(db, place, modelId, sold);
  addToDay(place, sold);
  await record(db, place, "LICENSE_BOUGHT", {
    actor: buyer,
    counterparty: seller,
    modelId,
    amount: price,
    detail: { account, periods, expires },
  });
});

on("AIGC:RoyaltyReceiverSet", async ({ db, place, event }) => {
  const { modelId, receiver } = event.args;
  const changed = await changeModel(db, place, modelId, () => ({ royaltyReceiver: receiver }));
  await record(db, place, "MODEL_CHANGED", {
    actor: changed?.creator ?? event.transaction.from,
    modelId,
    detail: { royaltyReceiver: receiver },
  });
});

on("AIGC:VerifiedSet", async ({ db, place, event }) => {
  const { modelId, verified } = event.args;
  await changeModel(db, place, modelId, (row) => ({ verified, nonce: row.nonce + 1n }));
  await record(db, place, "MODEL_CHANGED", { actor: event.transaction.from, modelId, detail: { verified } });
});

on("AIGC:DeprecatedSet", async ({ db, place, event }) => {
  const { modelId, deprecated } = event.args;
  await changeModel(db, place, modelId, (row) => ({ deprecated, nonce: row.nonce + 1n }));
  await record(db, place, "MODEL_CHANGED", { actor: event.transaction.from, modelId, detail: { deprecated } });
});

on("AIGC:UpdateUser", async ({ db, place, event }) => {
  const { tokenId: modelId, user, expires } = event.args;
  const changed = await changeModel(db, place, modelId, () => ({ user, userExpires: expires }));
  await record(db, place, "MODEL_CHANGED", {
    actor: changed?.owner ?? event.transaction.from,
    modelId,
    detail: { user, userExpires: expires },
  });
});

on("AIGC:Approval", ({ db, place, event }) => approveToken(db, place, "MODEL", event.args));

on("AIGC:ApprovalForAll", ({ db, place, event }) => approveOperator(db, place, "MODEL", event.args));

import { approval, license, model, modelRate, operatorApproval, transfer } from "ponder:schema";
import { zeroAddress } from "viem";
import { changeAccount } from "./account.ts";
import { record } from "./activity.ts";
import { changeModel } from "./model.ts";
import { lower, placeOf, ponder } from "./place.ts";
import { changeDay, changeProtocol } from "./protocol.ts";

// The token is minted (Transfer) just before it is registered: there the row begins.
ponder.on("AIGC:ModelRegistered", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { modelId, creator, weightsHash, spec, registrant, fee } = event.args;
  const { weightsURI, ...terms } = spec;
  await changeProtocol(db, place, (row) => ({ models: row.models + 1 }));
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
    nonce: 0,
    directRoyaltyBps: 0,
    directRoyaltyReadAt: 0n,
    registrationFee: fee,
    registeredAt: place.time,
    registeredBlock: place.block,
    registeredTx: place.tx,
    seq: place.seq,
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
  await changeDay(db, place, (day) => ({ models: day.models + 1 }));
  await record(db, place, "MODEL_REGISTERED", { actor: registrant, counterparty: creator, modelId, amount: fee });
});

ponder.on("AIGC:Transfer", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { from, to, tokenId: modelId } = event.args;
  await changeProtocol(db, place);
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
  await changeModel(db, place, modelId, () => ({ owner: to }));
  await changeDay(db, place, (day) => ({ transfers: day.transfers + 1 }));
  await record(db, place, "MODEL_TRANSFERRED", { actor: from, counterparty: to, modelId });
});

ponder.on("AIGC:WeightsMoved", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { modelId, weightsURI } = event.args;
  await changeProtocol(db, place);
  const changed = await changeModel(db, place, modelId, (row) => ({ weightsUri: weightsURI, nonce: row.nonce + 1 }));
  await record(db, place, "MODEL_CHANGED", {
    actor: changed?.owner ?? event.transaction.from,
    modelId,
    detail: { weightsUri: weightsURI },
  });
});

ponder.on("AIGC:AccessSet", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { modelId, access } = event.args;
  await changeProtocol(db, place);
  const changed = await changeModel(db, place, modelId, (row) => ({ access, nonce: row.nonce + 1 }));
  await record(db, place, "MODEL_CHANGED", {
    actor: changed?.owner ?? event.transaction.from,
    modelId,
    detail: { access },
  });
});

ponder.on("AIGC:UsageRoyaltyAnnounced", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { modelId, bps, nextBps, nextFrom } = event.args;
  await changeProtocol(db, place);
  const changed = await changeModel(db, place, modelId, (row) => ({
    usageBps: bps,
    nextUsageBps: nextBps,
    nextUsageFrom: BigInt(nextFrom),
    nonce: row.nonce + 1,
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

ponder.on("AIGC:LicenseTermsSet", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { modelId, price, period } = event.args;
  await changeProtocol(db, place);
  const changed = await changeModel(db, place, modelId, (row) => ({
    licensePrice: price,
    licensePeriod: BigInt(period),
    nonce: row.nonce + 1,
  }));
  await record(db, place, "MODEL_CHANGED", {
    actor: changed?.owner ?? event.transaction.from,
    modelId,
    detail: { licensePrice: price, licensePeriod: period },
  });
});

ponder.on("AIGC:LicenseBought", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { modelId, account, buyer, seller, periods, price } = event.args;
  const expires = BigInt(event.args.expires);
  await changeProtocol(db, place);
  const latest = { expires, lastBuyer: lower(buyer), lastSeller: lower(seller), boughtAt: place.time };
  await db
    .insert(license)
    .values({ chainId: place.chainId, modelId, account, purchases: 1, paid: price, seq: place.seq, ...latest })
    .onConflictDoUpdate((row) => ({ purchases: row.purchases + 1, paid: row.paid + price, ...latest }));
  await changeModel(db, place, modelId, (row) => ({
    licensesSold: row.licensesSold + 1,
    licenseRevenue: row.licenseRevenue + price,
  }));
  for (const party of new Set([account, buyer, seller])) await changeAccount(db, place, party);
  await changeDay(db, place, (day) => ({
    licenses: day.licenses + 1,
    licenseRevenue: day.licenseRevenue + price,
  }));
  await record(db, place, "LICENSE_BOUGHT", {
    actor: buyer,
    counterparty: seller,
    modelId,
    amount: price,
    detail: { account, periods, expires },
  });
});

ponder.on("AIGC:RoyaltyReceiverSet", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { modelId, receiver } = event.args;
  await changeProtocol(db, place);
  const changed = await changeModel(db, place, modelId, () => ({ royaltyReceiver: receiver }));
  await record(db, place, "MODEL_CHANGED", {
    actor: changed?.creator ?? event.transaction.from,
    modelId,
    detail: { royaltyReceiver: receiver },
  });
});

ponder.on("AIGC:VerifiedSet", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { modelId, verified } = event.args;
  await changeProtocol(db, place);
  await changeModel(db, place, modelId, () => ({ verified }));
  await record(db, place, "MODEL_CHANGED", { actor: event.transaction.from, modelId, detail: { verified } });
});

ponder.on("AIGC:DeprecatedSet", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { modelId, deprecated } = event.args;
  await changeProtocol(db, place);
  await changeModel(db, place, modelId, () => ({ deprecated }));
  await record(db, place, "MODEL_CHANGED", { actor: event.transaction.from, modelId, detail: { deprecated } });
});

ponder.on("AIGC:UpdateUser", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { tokenId: modelId, user, expires } = event.args;
  await changeProtocol(db, place);
  const changed = await changeModel(db, place, modelId, () => ({ user, userExpires: expires }));
  await record(db, place, "MODEL_CHANGED", {
    actor: changed?.owner ?? event.transaction.from,
    modelId,
    detail: { user, userExpires: expires },
  });
});

ponder.on("AIGC:Approval", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { approved, tokenId } = event.args;
  await changeProtocol(db, place);
  await db
    .insert(approval)
    .values({ chainId: place.chainId, collection: "MODEL", tokenId, approved })
    .onConflictDoUpdate({ approved });
});

ponder.on("AIGC:ApprovalForAll", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { owner, operator, approved } = event.args;
  await changeProtocol(db, place);
  await db
    .insert(operatorApproval)
    .values({ chainId: place.chainId, collection: "MODEL", owner, operator, approved })
    .onConflictDoUpdate({ approved });
});

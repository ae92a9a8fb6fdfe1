import { approval, license, model, modelRate, transfer } from "ponder:schema";
import { zeroAddress } from "viem";
import { addToDay, addToProtocol } from "../../lib/counters.ts";
import { lower } from "../../lib/eventContext.ts";
import { registerHandler } from "../../lib/registerHandler.ts";
import { changeAccount } from "../accounts/accounts.ts";
import { record } from "../activity/activity.ts";
import { registerActs } from "../governance/governanceEvents.ts";
import { approveOperator, approveToken } from "../tokens/approvals.ts";
import { nextMoves } from "../tokens/moves.ts";
import { addToModelDay, changeModel } from "./models.ts";

// The token is minted (Transfer) just before it is registered: there the row begins.
registerHandler("AIGC:ModelRegistered", async ({ db, context, event }) => {
  const { modelId, creator, weightsHash, spec, registrant, fee } = event.args;
  const { weightsURI, ...terms } = spec;
  addToProtocol(context, { models: 1 });
  await db.insert(model).values({
    chainId: context.chainId,
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
    registeredAt: context.time,
    registeredBlock: context.block,
    registeredTx: context.tx,
    seq: context.seq,
    updatedSeq: context.seq,
    artworks: 0,
    versions: 0,
    payments: 0,
    volume: 0n,
    royaltyEarned: 0n,
    royaltyUnclaimed: 0n,
    licensesSold: 0,
    licenseRevenue: 0n,
  });
  await changeAccount(db, context, creator, (row) => ({ modelsCreated: row.modelsCreated + 1 }));
  await changeAccount(db, context, registrant);
  addToDay(context, { models: 1 });
  await record(db, context, "MODEL_REGISTERED", { actor: registrant, counterparty: creator, modelId, amount: fee });
});

registerHandler("AIGC:Transfer", async ({ db, context, event }) => {
  const { from, to, tokenId: modelId } = event.args;
  await db.insert(transfer).values({
    chainId: context.chainId,
    seq: context.seq,
    collection: "MODEL",
    tokenId: modelId,
    from,
    to,
    time: context.time,
    block: context.block,
    tx: context.tx,
  });
  await db.delete(approval, { chainId: context.chainId, collection: "MODEL", tokenId: modelId });
  await changeAccount(db, context, from, (row) => ({ modelsOwned: row.modelsOwned - 1 }));
  await changeAccount(db, context, to, (row) => ({ modelsOwned: row.modelsOwned + 1 }));
  if (from === zeroAddress) return; // ModelRegistered follows, and says it all
  await changeModel(db, context, modelId, (row) => ({ owner: to, moves: nextMoves(row.moves) }));
  if (lower(from) !== lower(to)) addToDay(context, { transfers: 1 });
  await record(db, context, "MODEL_TRANSFERRED", { actor: from, counterparty: to, modelId });
});

registerHandler("AIGC:WeightsMoved", async ({ db, context, event }) => {
  const { modelId, weightsURI } = event.args;
  const changed = await changeModel(db, context, modelId, (row) => ({ weightsUri: weightsURI, nonce: row.nonce + 1n }));
  await record(db, context, "MODEL_CHANGED", {
    actor: changed?.owner ?? event.transaction.from,
    modelId,
    detail: { weightsUri: weightsURI },
  });
});

registerHandler("AIGC:AccessSet", async ({ db, context, event }) => {
  const { modelId, access } = event.args;
  const changed = await changeModel(db, context, modelId, (row) => ({ access, nonce: row.nonce + 1n }));
  await record(db, context, "MODEL_CHANGED", {
    actor: changed?.owner ?? event.transaction.from,
    modelId,
    detail: { access },
  });
});

registerHandler("AIGC:UsageRoyaltyAnnounced", async ({ db, context, event }) => {
  const { modelId, bps, nextBps, nextFrom } = event.args;
  const changed = await changeModel(db, context, modelId, (row) => ({
    usageBps: bps,
    nextUsageBps: nextBps,
    nextUsageFrom: BigInt(nextFrom),
    nonce: row.nonce + 1n,
  }));
  await db.insert(modelRate).values({
    chainId: context.chainId,
    modelId,
    seq: context.seq,
    bps,
    nextBps,
    nextFrom: BigInt(nextFrom),
    announcedAt: context.time,
    tx: context.tx,
  });
  await record(db, context, "MODEL_CHANGED", {
    actor: changed?.owner ?? event.transaction.from,
    modelId,
    detail: { usageBps: bps, nextUsageBps: nextBps, nextUsageFrom: nextFrom },
  });
});

registerHandler("AIGC:LicenseTermsSet", async ({ db, context, event }) => {
  const { modelId, price, period } = event.args;
  const changed = await changeModel(db, context, modelId, (row) => ({
    licensePrice: price,
    licensePeriod: BigInt(period),
    nonce: row.nonce + 1n,
  }));
  await record(db, context, "MODEL_CHANGED", {
    actor: changed?.owner ?? event.transaction.from,
    modelId,
    detail: { licensePrice: price, licensePeriod: period },
  });
});

registerHandler("AIGC:LicenseBought", async ({ db, context, event }) => {
  const { modelId, account, buyer, seller, periods, price } = event.args;
  const expires = BigInt(event.args.expires);
  const latest = {
    expires,
    lastBuyer: lower(buyer),
    lastSeller: lower(seller),
    boughtAt: context.time,
    updatedSeq: context.seq,
  };
  await db
    .insert(license)
    .values({ chainId: context.chainId, modelId, account, purchases: 1, paid: price, seq: context.seq, ...latest })
    .onConflictDoUpdate((row) => ({ purchases: row.purchases + 1, paid: row.paid + price, ...latest }));
  await changeModel(db, context, modelId, (row) => ({
    licensesSold: row.licensesSold + 1,
    licenseRevenue: row.licenseRevenue + price,
  }));
  for (const party of new Set([account, buyer, seller])) await changeAccount(db, context, party);
  const sold = { licenses: 1, licenseRevenue: price };
  await addToModelDay(db, context, modelId, sold);
  addToDay(context, sold);
  await record(db, context, "LICENSE_BOUGHT", {
    actor: buyer,
    counterparty: seller,
    modelId,
    amount: price,
    detail: { account, periods, expires },
  });
});

registerHandler("AIGC:RoyaltyReceiverSet", async ({ db, context, event }) => {
  const { modelId, receiver } = event.args;
  const changed = await changeModel(db, context, modelId, () => ({ royaltyReceiver: receiver }));
  await record(db, context, "MODEL_CHANGED", {
    actor: changed?.creator ?? event.transaction.from,
    modelId,
    detail: { royaltyReceiver: receiver },
  });
});

registerHandler("AIGC:VerifiedSet", async ({ db, context, event }) => {
  const { modelId, verified } = event.args;
  await changeModel(db, context, modelId, (row) => ({ verified, nonce: row.nonce + 1n }));
  await record(db, context, "MODEL_CHANGED", { actor: event.transaction.from, modelId, detail: { verified } });
});

registerHandler("AIGC:DeprecatedSet", async ({ db, context, event }) => {
  const { modelId, deprecated } = event.args;
  await changeModel(db, context, modelId, (row) => ({ deprecated, nonce: row.nonce + 1n }));
  await record(db, context, "MODEL_CHANGED", { actor: event.transaction.from, modelId, detail: { deprecated } });
});

registerHandler("AIGC:UpdateUser", async ({ db, context, event }) => {
  const { tokenId: modelId, user, expires } = event.args;
  const changed = await changeModel(db, context, modelId, () => ({ user, userExpires: expires }));
  await record(db, context, "MODEL_CHANGED", {
    actor: changed?.owner ?? event.transaction.from,
    modelId,
    detail: { user, userExpires: expires },
  });
});

registerHandler("AIGC:Approval", ({ db, context, event }) => approveToken(db, context, "MODEL", event.args));

registerHandler("AIGC:ApprovalForAll", ({ db, context, event }) => approveOperator(db, context, "MODEL", event.args));

registerActs("AIGC", ["AuthorityUpdated", "BatchMetadataUpdate", "ContractURIUpdated", "Initialized", "Upgraded"], {
  RegistrationFeeSet: ({ fee }) => ({ registrationFee: fee }),
  TreasurySet: ({ treasury }) => ({ modelTreasury: treasury }),
  Paused: () => ({ modelsPaused: true }),
  Unpaused: () => ({ modelsPaused: false }),
  UpgradesSealed: () => ({ modelUpgradesSealed: true }),
});

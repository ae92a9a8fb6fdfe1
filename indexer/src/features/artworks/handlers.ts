import {
  anchorSource,
  approval,
  artwork,
  artworkText,
  evolution,
  model,
  protocol,
  series,
  seriesHolder,
  transfer,
} from "ponder:schema";
import { artworkName } from "@gridnft/sdk";
import { type Address, zeroAddress } from "viem";
import { addToDay, addToProtocol } from "../../lib/counters.ts";
import { lower } from "../../lib/eventContext.ts";
import { textOf } from "../../lib/fullText/tsvector.ts";
import { attributesOf, NOT_LISTED, nameKey, tagsOf } from "../../lib/keys.ts";
import { registerHandler } from "../../lib/registerHandler.ts";
import { changeAccount } from "../accounts/accounts.ts";
import { record } from "../activity/activity.ts";
import { registerActs } from "../governance/governanceEvents.ts";
import { changeModel } from "../models/models.ts";
import { approveOperator, approveToken } from "../tokens/approvals.ts";
import { nextMoves } from "../tokens/moves.ts";
import { changeArtwork } from "./artworks.ts";
import { type AttributeChanges, addAttributes, writeAttributes } from "./attributes.ts";
import { readBlob } from "./mintBlob.ts";
import { countRemixes } from "./remixes.ts";
import { changeSeries } from "./series.ts";
import { moveInSeries } from "./seriesHolders.ts";
import { trendingOf } from "./trending.ts";
import { addVersion, countVersions, namesOf, shownOf } from "./versions.ts";

const TOKENS_PER_SERIES = 1_000n;

// Writes all that a mint says: the Transfers that follow it add only lines of history.
registerHandler("GridNFT:SeriesMinted", async ({ db, context, event }) => {
  const { chainId, seq, time } = context;
  const { seriesId } = event.args;
  const [artist, to] = [lower(event.args.artist), lower(event.args.to)];
  const { blob, bodyHash, artworks } = await readBlob(db, context, event.args.blob);
  const header = blob.body.header;
  if (!header) throw new Error(`Series ${seriesId} was minted without a header.`);
  const { title, description, policy, royaltyBps } = header;
  const count = artworks.length;
  const tags = tagsOf(header.tags);
  const models = await countVersions(db, context, artworks, { artworks: 1, minted: 1 });

  await db.insert(series).values({
    chainId,
    seriesId,
    artist,
    firstOwner: to,
    count,
    supply: count,
    holders: 1,
    transfers: 0,
    policy,
    royaltyBps,
    royaltyReceiver: artist,
    title,
    description,
    tagText: header.tags,
    tags,
    bodyHash,
    mintedAt: time,
    mintedBlock: context.block,
    mintTx: context.tx,
    seq,
    updatedSeq: seq,
  });
  await db.insert(seriesHolder).values({ chainId, seriesId, owner: to, artworks: count });

  const attributeChanges: AttributeChanges = new Map();
  const parents = new Map<bigint, number>();
  for (const [i, provenance] of artworks.entries()) {
    const tokenId = seriesId * TOKENS_PER_SERIES + BigInt(i + 1);
    const name = artworkName({ title, number: i + 1, count });
    const made = {
      ...shownOf(provenance, models),
      policy,
      tags,
      remixOf: provenance.parentId,
      versions: 1,
      listed: false,
    };
    const attributes = attributesOf(made);
    await db.insert(artwork).values({
      ...made,
      chainId,
      tokenId,
      seriesId,
      number: i + 1,
      artist,
      owner: to,
      burned: false,
      name,
      title,
      description,
      animationUrl: "",
      frozen: false,
      moved: to !== artist,
      moves: 0n,
      nonce: 0n,
      royaltyBps,
      remixes: 0,
      remixesByOthers: 0,
      listPrice: NOT_LISTED,
      trending: trendingOf({ remixesByOthers: 0, mintedAt: time }),
      nameKey: nameKey(name),
      attributes,
      mintedAt: time,
      mintedBlock: context.block,
      mintTx: context.tx,
      updatedAt: time,
      updatedSeq: seq,
      transfers: 0,
      seq,
    });
    const { modelId, prompt, parentId, cid } = provenance;
    const words = textOf({ name, tags, models: namesOf(models.get(modelId)), prompt, tokenId, cid, artist });
    await db.insert(artworkText).values({ chainId, tokenId, words });
    await addVersion(db, context, { tokenId, version: 1, position: i, provenance });
    addAttributes(attributeChanges, attributes, 1);
    if (parentId !== 0n) parents.set(parentId, (parents.get(parentId) ?? 0) + 1);
  }
  await writeAttributes(db, context, attributeChanges);
  await countRemixes(db, context, [artist], parents);

  await changeAccount(db, context, artist, (row) => ({
    seriesCreated: row.seriesCreated + 1,
    artworksCreated: row.artworksCreated + count,
    ...(artist === to && { artworksOwned: row.artworksOwned + count }),
  }));
  if (artist !== to) await changeAccount(db, context, to, (row) => ({ artworksOwned: row.artworksOwned + count }));
  addToProtocol(context, { series: 1, artworks: count, supply: count });
  addToDay(context, { series: 1, artworks: count });
  await record(db, context, "SERIES_MINTED", {
    actor: artist,
    counterparty: to,
    seriesId,
    modelId: artworks[0]?.modelId ?? 0n,
    ...(artworks[0] && { worker: artworks[0].worker }),
    detail: { count, title },
  });
});

registerHandler("GridNFT:VersionAdded", async ({ db, context, event }) => {
  const { chainId } = context;
  const { tokenId, nonce } = event.args;
  const requester = lower(event.args.requester);
  const version = Number(event.args.version);
  const { bodyHash, artworks } = await readBlob(db, context, event.args.blob);
  const [provenance] = artworks;
  if (!provenance) throw new Error(`Version ${version} of token ${tokenId} has no artwork.`);

  const key = { chainId, tokenId };
  const row = await db.find(artwork, key);
  if (!row) throw new Error(`Token ${tokenId} has a new version, and was never minted.`);
  const before = { ...row }; // what was found changes with the update
  const isOtherModel = before.modelId !== provenance.modelId;
  const models = await countVersions(db, context, artworks, { artworks: isOtherModel ? 1 : 0, minted: 0 });
  if (isOtherModel) {
    await changeModel(db, context, before.modelId, ({ artworks: had }) => ({ artworks: had - 1 }));
  }
  const shown = shownOf(provenance, models);
  const attributes = attributesOf({ ...before, ...shown, versions: version });
  await changeArtwork(db, context, tokenId, () => ({ ...shown, versions: version, nonce, attributes }));
  const attributeChanges: AttributeChanges = new Map();
  addAttributes(attributeChanges, before.attributes, -1);
  addAttributes(attributeChanges, attributes, 1);
  await writeAttributes(db, context, attributeChanges);
  const { name, tags, artist } = before;
  const { prompt, cid } = provenance;
  const words = textOf({ name, tags, models: namesOf(models.get(provenance.modelId)), prompt, tokenId, cid, artist });
  await db.update(artworkText, key).set({ words });
  await addVersion(db, context, { tokenId, version, position: 0, provenance });
  const { parentId } = provenance;
  if (parentId !== 0n && parentId !== tokenId) {
    await countRemixes(db, context, [before.artist, requester], new Map([[parentId, 1]]));
  }

  const announced = { chainId, tokenId, version, account: requester, bodyHash };
  if (await db.find(evolution, announced)) await db.update(evolution, announced).set({ used: true });
  await changeAccount(db, context, requester);
  addToProtocol(context, { evolutions: 1 });
  addToDay(context, { evolutions: 1 });
  await record(db, context, "ARTWORK_EVOLVED", {
    actor: requester,
    tokenId,
    seriesId: tokenId / TOKENS_PER_SERIES,
    modelId: provenance.modelId,
    worker: provenance.worker,
    detail: { version },
  });
});

registerHandler("GridNFT:Transfer", async ({ db, context, event }) => {
  const { tokenId } = event.args;
  const [from, to] = [lower(event.args.from), lower(event.args.to)];
  const seriesId = tokenId / TOKENS_PER_SERIES;
  const key = { chainId: context.chainId, tokenId };
  await db.insert(transfer).values({
    chainId: context.chainId,
    seq: context.seq,
    collection: "ARTWORK",
    tokenId,
    from,
    to,
    time: context.time,
    block: context.block,
    tx: context.tx,
  });
  if (from === zeroAddress) {
    const minted = await db.find(artwork, key);
    if (!minted) throw new Error(`Token ${tokenId} was minted outside of a series.`);
    const { artist, modelId, worker } = minted;
    await record(db, context, "ARTWORK_MINTED", {
      actor: artist,
      counterparty: to,
      tokenId,
      seriesId,
      modelId,
      worker,
    });
    return;
  }

  // A delete goes to the database, even of what isn't there.
  const approved = { ...key, collection: "ARTWORK" };
  if (await db.find(approval, approved)) await db.delete(approval, approved);
  const isBurn = to === zeroAddress;
  const isMove = from !== to;
  const escrow = (await db.find(protocol, { chainId: context.chainId }))?.escrow;
  const isTransfer = isMove && !isBurn;
  const row = await changeArtwork(db, context, tokenId, (before) => ({
    owner: to,
    burned: isBurn,
    moved: before.moved || leavesArtist({ from, to, artist: before.artist, escrow }),
    moves: nextMoves(before.moves),
    transfers: before.transfers + (isTransfer ? 1 : 0),
  }));
  if (isBurn) {
    const attributeChanges: AttributeChanges = new Map();
    addAttributes(attributeChanges, row.attributes, -1);
    await writeAttributes(db, context, attributeChanges);
    await db.delete(artworkText, key);
    addToProtocol(context, { supply: -1 });
    await changeModel(db, context, row.modelId, ({ artworks: had }) => ({ artworks: had - 1 }));
  }
  if (isMove) {
    await moveInSeries(db, context, { seriesId, from, to });
    await changeAccount(db, context, from, (account) => ({ artworksOwned: account.artworksOwned - 1 }));
    await changeAccount(db, context, to, (account) => ({ artworksOwned: account.artworksOwned + 1 }));
  } else {
    await changeAccount(db, context, from);
  }
  if (isTransfer) {
    addToProtocol(context, { transfers: 1 });
    addToDay(context, { transfers: 1 });
  }
  await record(db, context, isBurn ? "ARTWORK_BURNED" : "ARTWORK_TRANSFERRED", {
    actor: from,
    ...(!isBurn && { counterparty: to }),
    tokenId,
    seriesId,
  });
});

/**
 * Returns whether a transfer takes a token out of its artist's hands. Giving it to the escrow does not, getting it from there does, unless the
 * artist gets it back. All addresses in lower case.
 */
function leavesArtist({
  from,
  to,
  artist,
  escrow,
}: {
  readonly from: Address;
  readonly to: Address;
  readonly artist: Address;
  readonly escrow: Address | undefined;
}): boolean {
  if (to === zeroAddress) return true;
  if (from === to || to === escrow) return false;
  return from !== escrow || to !== artist;
}

registerHandler("GridNFT:RoyaltyReceiverSet", async ({ db, context, event }) => {
  const { seriesId } = event.args;
  const royaltyReceiver = lower(event.args.receiver);
  const { artist } = await changeSeries(db, context, seriesId, () => ({ royaltyReceiver }));
  await record(db, context, "SERIES_CHANGED", { actor: artist, seriesId, detail: { royaltyReceiver } });
});

registerHandler("GridNFT:DisplayEdited", async ({ db, context, event }) => {
  const { chainId } = context;
  const { tokenId, nonce, title, description, animationUrl } = event.args;
  const key = { chainId, tokenId };
  const seriesId = tokenId / TOKENS_PER_SERIES;
  const its = await db.find(series, { chainId, seriesId });
  if (!its) throw new Error(`Token ${tokenId} was edited outside of a series.`);
  const name = artworkName({ title, number: tokenId % TOKENS_PER_SERIES, count: its.count });
  const { artist, tags, modelId, prompt, cid } = await changeArtwork(db, context, tokenId, () => ({
    ...{ name, title, description, animationUrl, nonce },
    nameKey: nameKey(name),
  }));
  const models = namesOf(await db.find(model, { chainId, modelId }));
  await db.update(artworkText, key).set({ words: textOf({ name, tags, models, prompt, tokenId, cid, artist }) });
  await record(db, context, "DISPLAY_EDITED", {
    actor: artist,
    tokenId,
    seriesId,
    detail: { title, description, animationUrl },
  });
});

registerHandler("GridNFT:DisplayFrozen", async ({ db, context, event }) => {
  const { tokenId } = event.args;
  const { artist } = await changeArtwork(db, context, tokenId, () => ({ frozen: true }));
  await record(db, context, "DISPLAY_FROZEN", { actor: artist, tokenId, seriesId: tokenId / TOKENS_PER_SERIES });
});

registerHandler("GridNFT:EvolutionAnnounced", async ({ db, context, event }) => {
  const { tokenId, version, owner, bodyHash, readyAt, expiresAt } = event.args;
  const terms = { readyAt, expiresAt, used: false, announcedAt: context.time, seq: context.seq };
  await db
    .insert(evolution)
    .values({ chainId: context.chainId, tokenId, version: Number(version), account: owner, bodyHash, ...terms })
    .onConflictDoUpdate(terms);
  await changeAccount(db, context, owner);
  await record(db, context, "EVOLUTION_ANNOUNCED", {
    actor: owner,
    tokenId,
    seriesId: tokenId / TOKENS_PER_SERIES,
    detail: { version, bodyHash, readyAt, expiresAt },
  });
});

registerHandler("GridNFT:Approval", ({ db, context, event }) => approveToken(db, context, "ARTWORK", event.args));

registerHandler("GridNFT:ApprovalForAll", ({ db, context, event }) =>
  approveOperator(db, context, "ARTWORK", event.args),
);

registerActs(
  "GridNFT",
  ["AuthorityUpdated", "BatchMetadataUpdate", "ContractURIUpdated", "EIP712DomainChanged", "Initialized", "Upgraded"],
  {
    AnchorSourceAdded: async ({ index, source }, { db, context: { chainId, time } }) => {
      await db.insert(anchorSource).values({ chainId, index: Number(index), source, addedAt: time });
      return {};
    },
    MintFeeSet: ({ fee, treasury }) => ({ mintFee: fee, mintTreasury: treasury }),
    MintPauseSet: ({ paused }) => ({ mintPaused: paused }),
    RendererSet: ({ renderer }) => ({ renderer }),
    OwnershipTransferred: ({ newOwner }) => ({ collectionOwner: newOwner }),
    RendererSealed: () => ({ rendererSealed: true }),
    EscrowSet: ({ escrow }) => ({ escrow: lower(escrow) }),
    UpgradesSealed: () => ({ nftUpgradesSealed: true }),
  },
);

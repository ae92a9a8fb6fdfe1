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
import { changeAccount } from "./account.ts";
import { record } from "./activity.ts";
import { approveOperator, approveToken } from "./approvals.ts";
import { changeArtwork } from "./artwork.ts";
import { type AttributeChanges, addAttributes, writeAttributes } from "./attributes.ts";
import { readBlob } from "./blob.ts";
import { recordGovernance } from "./governance.ts";
import { moveInSeries } from "./holders.ts";
import { attributesOf, NOT_LISTED, nameKey, tagsOf } from "./keys.ts";
import { changeModel } from "./model.ts";
import { lower, nextMoves, on } from "./place.ts";
import { addToDay, addToProtocol } from "./protocol.ts";
import { countRemixes } from "./remixes.ts";
import { changeSeries } from "./series.ts";
import { trendingOf } from "./trending.ts";
import { addVersion, countVersions, namesOf, shownOf } from "./versions.ts";
import { textOf } from "./words.ts";

const TOKENS_PER_SERIES = 1_000n;

// Writes all that a mint says: the Transfers that follow it add only lines of history.
on("GridNFT:SeriesMinted", async ({ db, place, event }) => {
  const { chainId, seq, time } = place;
  const { seriesId } = event.args;
  const [artist, to] = [lower(event.args.artist), lower(event.args.to)];
  const { blob, bodyHash, artworks } = await readBlob(db, place, event.args.blob);
  const header = blob.body.header;
  if (!header) throw new Error(`Series ${seriesId} was minted without a header.`);
  const { title, description, policy, royaltyBps } = header;
  const count = artworks.length;
  const tags = tagsOf(header.tags);
  const models = await countVersions(db, place, artworks, { artworks: 1, minted: 1 });

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
    mintedBlock: place.block,
    mintTx: place.tx,
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
      mintedBlock: place.block,
      mintTx: place.tx,
      updatedAt: time,
      updatedSeq: seq,
      transfers: 0,
      seq,
    });
    const { modelId, prompt, parentId, cid } = provenance;
    const words = textOf({ name, tags, models: namesOf(models.get(modelId)), prompt, tokenId, cid, artist });
    await db.insert(artworkText).values({ chainId, tokenId, words });
    await addVersion(db, place, { tokenId, version: 1, position: i, provenance });
    addAttributes(attributeChanges, attributes, 1);
    if (parentId !== 0n) parents.set(parentId, (parents.get(parentId) ?? 0) + 1);
  }
  await writeAttributes(db, place, attributeChanges);
  await countRemixes(db, place, [artist], parents);

  await changeAccount(db, place, artist, (row) => ({
    seriesCreated: row.seriesCreated + 1,
    artworksCreated: row.artworksCreated + count,
    ...(artist === to && { artworksOwned: row.artworksOwned + count }),
  }));
  if (artist !== to) await changeAccount(db, place, to, (row) => ({ artworksOwned: row.artworksOwned + count }));
  addToProtocol(place, { series: 1, artworks: count, supply: count });
  addToDay(place, { series: 1, artworks: count });
  await record(db, place, "SERIES_MINTED", {
    actor: artist,
    counterparty: to,
    seriesId,
    modelId: artworks[0]?.modelId ?? 0n,
    ...(artworks[0] && { worker: artworks[0].worker }),
    detail: { count, title },
  });
});

on("GridNFT:VersionAdded", async ({ db, place, event }) => {
  const { chainId } = place;
  const { tokenId, nonce } = event.args;
  const requester = lower(event.args.requester);
  const version = Number(event.args.version);
  const { bodyHash, artworks } = await readBlob(db, place, event.args.blob);
  const [provenance] = artworks;
  if (!provenance) throw new Error(`Version ${version} of token ${tokenId} has no artwork.`);

  const key = { chainId, tokenId };
  const row = await db.find(artwork, key);
  if (!row) throw new Error(`Token ${tokenId} has a new version, and was never minted.`);
  const before = { ...row }; // what was found changes with the update
  const isOtherModel = before.modelId !== provenance.modelId;
  const models = await countVersions(db, place, artworks, { artworks: isOtherModel ? 1 : 0, minted: 0 });
  if (isOtherModel) {
    await changeModel(db, place, before.modelId, ({ artworks: had }) => ({ artworks: had - 1 }));
  }
  const shown = shownOf(provenance, models);
  const attributes = attributesOf({ ...before, ...shown, versions: version });
  await changeArtwork(db, place, tokenId, () => ({ ...shown, versions: version, nonce, attributes }));
  const attributeChanges: AttributeChanges = new Map();
  addAttributes(attributeChanges, before.attributes, -1);
  addAttributes(attributeChanges, attributes, 1);
  await writeAttributes(db, place, attributeChanges);
  const { name, tags, artist } = before;
  const { prompt, cid } = provenance;
  const words = textOf({ name, tags, models: namesOf(models.get(provenance.modelId)), prompt, tokenId, cid, artist });
  await db.update(artworkText, key).set({ words });
  await addVersion(db, place, { tokenId, version, position: 0, provenance });
  const { parentId } = provenance;
  if (parentId !== 0n && parentId !== tokenId) {
    await countRemixes(db, place, [before.artist, requester], new Map([[parentId, 1]]));
  }

  const announced = { chainId, tokenId, version, account: requester, bodyHash };
  if (await db.find(evolution, announced)) await db.update(evolution, announced).set({ used: true });
  await changeAccount(db, place, requester);
  addToProtocol(place, { evolutions: 1 });
  addToDay(place, { evolutions: 1 });
  await record(db, place, "ARTWORK_EVOLVED", {
    actor: requester,
    tokenId,
    seriesId: tokenId / TOKENS_PER_SERIES,
    modelId: provenance.modelId,
    worker: provenance.worker,
    detail: { version },
  });
});

on("GridNFT:Transfer", async ({ db, place, event }) => {
  const { tokenId } = event.args;
  const [from, to] = [lower(event.args.from), lower(event.args.to)];
  const seriesId = tokenId / TOKENS_PER_SERIES;
  const key = { chainId: place.chainId, tokenId };
  await db.insert(transfer).values({
    chainId: place.chainId,
    seq: place.seq,
    collection: "ARTWORK",
    tokenId,
    from,
    to,
    time: place.time,
    block: place.block,
    tx: place.tx,
  });
  if (from === zeroAddress) {
    const minted = await db.find(artwork, key);
    if (!minted) throw new Error(`Token ${tokenId} was minted outside of a series.`);
    const { artist, modelId, worker } = minted;
    await record(db, place, "ARTWORK_MINTED", { actor: artist, counterparty: to, tokenId, seriesId, modelId, worker });
    return;
  }

  // A delete goes to the database, even of what isn't there.
  const approved = { ...key, collection: "ARTWORK" };
  if (await db.find(approval, approved)) await db.delete(approval, approved);
  const isBurn = to === zeroAddress;
  const isMove = from !== to;
  const escrow = (await db.find(protocol, { chainId: place.chainId }))?.escrow;
  const isTransfer = isMove && !isBurn;
  const row = await changeArtwork(db, place, tokenId, (before) => ({
    owner: to,
    burned: isBurn,
    moved: before.moved || leavesArtist({ from, to, artist: before.artist, escrow }),
    moves: nextMoves(before.moves),
    transfers: before.transfers + (isTransfer ? 1 : 0),
  }));
  if (isBurn) {
    const attributeChanges: AttributeChanges = new Map();
    addAttributes(attributeChanges, row.attributes, -1);
    await writeAttributes(db, place, attributeChanges);
    await db.delete(artworkText, key);
    addToProtocol(place, { supply: -1 });
    await changeModel(db, place, row.modelId, ({ artworks: had }) => ({ artworks: had - 1 }));
  }
  if (isMove) {
    await moveInSeries(db, place, { seriesId, from, to });
    await changeAccount(db, place, from, (account) => ({ artworksOwned: account.artworksOwned - 1 }));
    await changeAccount(db, place, to, (account) => ({ artworksOwned: account.artworksOwned + 1 }));
  } else {
    await changeAccount(db, place, from);
  }
  if (isTransfer) {
    addToProtocol(place, { transfers: 1 });
    addToDay(place, { transfers: 1 });
  }
  await record(db, place, isBurn ? "ARTWORK_BURNED" : "ARTWORK_TRANSFERRED", {
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

on("GridNFT:RoyaltyReceiverSet", async ({ db, place, event }) => {
  const { seriesId } = event.args;
  const royaltyReceiver = lower(event.args.receiver);
  const { artist } = await changeSeries(db, place, seriesId, () => ({ royaltyReceiver }));
  await record(db, place, "SERIES_CHANGED", { actor: artist, seriesId, detail: { royaltyReceiver } });
});

on("GridNFT:DisplayEdited", async ({ db, place, event }) => {
  const { chainId } = place;
  const { tokenId, nonce, title, description, animationUrl } = event.args;
  const key = { chainId, tokenId };
  const seriesId = tokenId / TOKENS_PER_SERIES;
  const its = await db.find(series, { chainId, seriesId });
  if (!its) throw new Error(`Token ${tokenId} was edited outside of a series.`);
  const name = artworkName({ title, number: tokenId % TOKENS_PER_SERIES, count: its.count });
  const { artist, tags, modelId, prompt, cid } = await changeArtwork(db, place, tokenId, () => ({
    ...{ name, title, description, animationUrl, nonce },
    nameKey: nameKey(name),
  }));
  const models = namesOf(await db.find(model, { chainId, modelId }));
  await db.update(artworkText, key).set({ words: textOf({ name, tags, models, prompt, tokenId, cid, artist }) });
  await record(db, place, "DISPLAY_EDITED", {
    actor: artist,
    tokenId,
    seriesId,
    detail: { title, description, animationUrl },
  });
});

on("GridNFT:DisplayFrozen", async ({ db, place, event }) => {
  const { tokenId } = event.args;
  const { artist } = await changeArtwork(db, place, tokenId, () => ({ frozen: true }));
  await record(db, place, "DISPLAY_FROZEN", { actor: artist, tokenId, seriesId: tokenId / TOKENS_PER_SERIES });
});

on("GridNFT:EvolutionAnnounced", async ({ db, place, event }) => {
  const { tokenId, version, owner, bodyHash, readyAt, expiresAt } = event.args;
  const terms = { readyAt, expiresAt, used: false, announcedAt: place.time, seq: place.seq };
  await db
    .insert(evolution)
    .values({ chainId: place.chainId, tokenId, version: Number(version), account: owner, bodyHash, ...terms })
    .onConflictDoUpdate(terms);
  await changeAccount(db, place, owner);
  await record(db, place, "EVOLUTION_ANNOUNCED", {
    actor: owner,
    tokenId,
    seriesId: tokenId / TOKENS_PER_SERIES,
    detail: { version, bodyHash, readyAt, expiresAt },
  });
});

on("GridNFT:AnchorSourceAdded", async ({ db, place, event }) => {
  const { index, source } = event.args;
  await db.insert(anchorSource).values({ chainId: place.chainId, index: Number(index), source, addedAt: place.time });
  await recordGovernance(db, place, "GridNFT", "AnchorSourceAdded", event.args);
});

on("GridNFT:Approval", ({ db, place, event }) => approveToken(db, place, "ARTWORK", event.args));

on("GridNFT:ApprovalForAll", ({ db, place, event }) => approveOperator(db, place, "ARTWORK", event.args));

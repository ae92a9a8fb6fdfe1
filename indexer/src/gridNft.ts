import {
  anchorSource,
  approval,
  artwork,
  artworkVersion,
  evolution,
  operatorApproval,
  receipt,
  series,
  transfer,
} from "ponder:schema";
import { zeroAddress } from "viem";
import { changeAccount } from "./account.ts";
import { record } from "./activity.ts";
import { type Provenance, readBlob } from "./blob.ts";
import { recordGovernance } from "./governance.ts";
import { changeModel } from "./model.ts";
import { lower, type Place, placeOf, ponder, type Store } from "./place.ts";
import { changeDay, changeProtocol } from "./protocol.ts";
import { changeWorker } from "./worker.ts";

const TOKENS_PER_SERIES = 1_000n;

ponder.on("GridNFT:SeriesMinted", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { seriesId, artist, to } = event.args;
  const { blob, bodyHash, artworks } = await readBlob(db, place, event.args.blob);
  const header = blob.body.header;
  if (!header) throw new Error(`Series ${seriesId} was minted without a header.`);
  const count = artworks.length;
  const tags = tagsOf(header.tags);

  await changeProtocol(db, place, (row) => ({ series: row.series + 1, artworks: row.artworks + count }));
  await db.insert(series).values({
    chainId: place.chainId,
    seriesId,
    artist,
    firstOwner: to,
    count,
    supply: count,
    policy: header.policy,
    royaltyBps: header.royaltyBps,
    title: header.title,
    description: header.description,
    tagText: header.tags,
    tags,
    bodyHash,
    mintedAt: place.time,
    mintedBlock: place.block,
    mintTx: place.tx,
    seq: place.seq,
  });
  for (const [i, provenance] of artworks.entries()) {
    const tokenId = seriesId * TOKENS_PER_SERIES + BigInt(i + 1);
    await db.insert(artwork).values({
      chainId: place.chainId,
      tokenId,
      seriesId,
      number: i + 1,
      artist,
      owner: zeroAddress, // the Transfer that follows says whose it is
      burned: false,
      name: count === 1 ? header.title : `${header.title} #${i + 1}`,
      title: header.title,
      description: header.description,
      animationUrl: "",
      frozen: false,
      moved: lower(to) !== lower(artist),
      nonce: 0n,
      versions: 1,
      policy: header.policy,
      royaltyBps: header.royaltyBps,
      tags,
      ...shownOf(provenance),
      mintedAt: place.time,
      mintedBlock: place.block,
      mintTx: place.tx,
      updatedAt: place.time,
      updatedSeq: place.seq,
      transfers: 0,
      seq: place.seq,
    });
    await addVersion(db, place, { tokenId, version: 1, position: i, provenance });
  }
  await changeAccount(db, place, artist, (row) => ({
    seriesCreated: row.seriesCreated + 1,
    artworksCreated: row.artworksCreated + count,
  }));
  await changeDay(db, place, (day) => ({ series: day.series + 1, artworks: day.artworks + count }));
  await record(db, place, "SERIES_MINTED", {
    actor: artist,
    counterparty: to,
    seriesId,
    modelId: artworks[0]?.modelId ?? 0n,
    ...(artworks[0] && { worker: artworks[0].worker }),
    detail: { count, title: header.title },
  });
});

ponder.on("GridNFT:VersionAdded", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { tokenId, requester, nonce } = event.args;
  const version = Number(event.args.version);
  const { bodyHash, artworks } = await readBlob(db, place, event.args.blob);
  const [provenance] = artworks;
  if (!provenance) throw new Error(`Version ${version} of token ${tokenId} has no artwork.`);

  await changeProtocol(db, place);
  const row = await db.find(artwork, { chainId: place.chainId, tokenId });
  const changesModel = row !== null && row.modelId !== provenance.modelId;
  await db.update(artwork, { chainId: place.chainId, tokenId }).set({
    ...shownOf(provenance),
    versions: version,
    nonce,
    updatedAt: place.time,
    updatedSeq: place.seq,
  });
  if (changesModel) {
    await changeModel(db, place, row.modelId, ({ artworks }) => ({ artworks: artworks - 1 }));
    await changeModel(db, place, provenance.modelId, ({ artworks }) => ({ artworks: artworks + 1 }));
  }
  await addVersion(db, place, { tokenId, version, position: 0, provenance });
  const announced = { chainId: place.chainId, tokenId, version, account: lower(requester), bodyHash };
  if (await db.find(evolution, announced)) await db.update(evolution, announced).set({ used: true });
  await changeAccount(db, place, requester);
  await changeDay(db, place, (day) => ({ evolutions: day.evolutions + 1 }));
  await record(db, place, "ARTWORK_EVOLVED", {
    actor: requester,
    tokenId,
    seriesId: tokenId / TOKENS_PER_SERIES,
    modelId: provenance.modelId,
    worker: provenance.worker,
    detail: { version },
  });
});

ponder.on("GridNFT:Transfer", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { tokenId } = event.args;
  const [from, to] = [lower(event.args.from), lower(event.args.to)];
  const [minted, burned] = [from === zeroAddress, to === zeroAddress];
  await changeProtocol(db, place, (row) => ({ supply: row.supply + (minted ? 1 : 0) - (burned ? 1 : 0) }));
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
  await db.delete(approval, { chainId: place.chainId, collection: "ARTWORK", tokenId });
  const { artist, modelId, worker } = await db.update(artwork, { chainId: place.chainId, tokenId }).set((row) => ({
    owner: to,
    burned,
    moved: row.moved || (!minted && from !== to),
    transfers: row.transfers + (minted ? 0 : 1),
    updatedAt: place.time,
    updatedSeq: place.seq,
  }));
  if (burned) {
    const key = { chainId: place.chainId, seriesId: tokenId / TOKENS_PER_SERIES };
    await db.update(series, key).set((row) => ({ supply: row.supply - 1 }));
  }
  await changeAccount(db, place, from, (row) => ({ artworksOwned: row.artworksOwned - 1 }));
  await changeAccount(db, place, to, (row) => ({ artworksOwned: row.artworksOwned + 1 }));
  const subject = { tokenId, seriesId: tokenId / TOKENS_PER_SERIES };
  if (minted) {
    await record(db, place, "ARTWORK_MINTED", { actor: artist, counterparty: to, ...subject, modelId, worker });
    return;
  }
  await changeDay(db, place, (day) => ({ transfers: day.transfers + 1 }));
  await record(db, place, burned ? "ARTWORK_BURNED" : "ARTWORK_TRANSFERRED", {
    actor: from,
    ...(!burned && { counterparty: to }),
    ...subject,
  });
});

ponder.on("GridNFT:DisplayEdited", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { tokenId, nonce, title, description, animationUrl } = event.args;
  await changeProtocol(db, place);
  const { artist } = await db.update(artwork, { chainId: place.chainId, tokenId }).set({
    name: title,
    title,
    description,
    animationUrl,
    nonce,
    updatedAt: place.time,
    updatedSeq: place.seq,
  });
  await record(db, place, "DISPLAY_EDITED", {
    actor: artist,
    tokenId,
    seriesId: tokenId / TOKENS_PER_SERIES,
    detail: { title, description, animationUrl },
  });
});

ponder.on("GridNFT:DisplayFrozen", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { tokenId } = event.args;
  await changeProtocol(db, place);
  const { artist } = await db.update(artwork, { chainId: place.chainId, tokenId }).set({ frozen: true });
  await record(db, place, "DISPLAY_FROZEN", { actor: artist, tokenId, seriesId: tokenId / TOKENS_PER_SERIES });
});

ponder.on("GridNFT:EvolutionAnnounced", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { tokenId, version, owner, bodyHash, readyAt, expiresAt } = event.args;
  await changeProtocol(db, place);
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

ponder.on("GridNFT:AnchorSourceAdded", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { index, source } = event.args;
  await changeProtocol(db, place);
  await db.insert(anchorSource).values({ chainId: place.chainId, index: Number(index), source, addedAt: place.time });
  await recordGovernance(db, place, "GridNFT", "AnchorSourceAdded", event.args);
});

ponder.on("GridNFT:Approval", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { approved, tokenId } = event.args;
  await changeProtocol(db, place);
  await db
    .insert(approval)
    .values({ chainId: place.chainId, collection: "ARTWORK", tokenId, approved })
    .onConflictDoUpdate({ approved });
});

ponder.on("GridNFT:ApprovalForAll", async ({ context: { db, ...context }, event }) => {
  const place = placeOf(context, event);
  const { owner, operator, approved } = event.args;
  await changeProtocol(db, place);
  await db
    .insert(operatorApproval)
    .values({ chainId: place.chainId, collection: "ARTWORK", owner, operator, approved })
    .onConflictDoUpdate({ approved });
});

/** What an artwork shows of its latest version. */
function shownOf(provenance: Provenance) {
  const { modelId, worker, prompt, seed, width, height, steps, guidanceMilli, sampler, scheduler } = provenance;
  const { imageHash, cid, receiptId } = provenance;
  return {
    modelId,
    worker,
    prompt,
    seed,
    width,
    height,
    steps,
    guidanceMilli,
    sampler,
    scheduler,
    imageHash,
    cid,
    receiptId,
  };
}

/** Writes the provenance of a version, and its receipt if no settlement has shown it before. */
async function addVersion(
  db: Store,
  place: Place,
  added: { tokenId: bigint; version: number; position: number; provenance: Provenance },
): Promise<void> {
  const { tokenId, version, position, provenance } = added;
  const { engineHash, ...fields } = provenance;
  await db.insert(artworkVersion).values({
    ...fields,
    chainId: place.chainId,
    tokenId,
    version,
    addedAt: place.time,
    addedBlock: place.block,
    addedTx: place.tx,
    seq: place.seq,
  });
  await db
    .insert(receipt)
    .values({
      chainId: place.chainId,
      receiptId: fields.receiptId,
      orderHash: fields.orderHash,
      index: fields.index,
      requester: fields.requester,
      worker: fields.worker,
      payer: fields.payer,
      modelId: fields.modelId,
      requestHash: fields.requestHash,
      seed: fields.seed,
      engineHash,
      imageHash: fields.imageHash,
      cidDigest: fields.cidDigest,
      cid: fields.cid,
      completedAt: fields.completedAt,
      price: fields.price,
      tokenId,
      version,
      seenAt: place.time,
      seenBlock: place.block,
      seenTx: place.tx,
      place: place.seq * TOKENS_PER_SERIES + BigInt(position),
    })
    .onConflictDoUpdate({ tokenId, version });
  await changeModel(db, place, fields.modelId, (row) => ({
    artworks: row.artworks + (version === 1 ? 1 : 0),
    versions: row.versions + 1,
  }));
  await changeWorker(db, place, fields.worker, (row) => ({ versions: row.versions + 1 }));
}

/** Tags of a body, which states them with commas between: trimmed, in lower case, each once. */
function tagsOf(text: string): string[] {
  return [...new Set(text.split(",").map((tag) => tag.trim().toLowerCase()))].filter((tag) => tag !== "");
}

// Versions of artworks: parts that a mint and an evolution have in common.
import { artworkVersion, receipt } from "ponder:schema";
import type { Address } from "viem";
import type { EventContext, Store } from "../../lib/eventContext.ts";
import { cut } from "../../lib/keys.ts";
import { addToModelDay, changeModel, type ModelRow } from "../models/models.ts";
import { addToWorkerDay, changeWorker } from "../registry/workers.ts";
import type { Provenance } from "./mintBlob.ts";

/** `ModelFamily.OTHER`. */
const OTHER_FAMILY = 8;

/** The models that artworks were made with, by their ids. */
export type Models = ReadonlyMap<bigint, ModelRow | undefined>;

/** Returns the columns that an artwork shows of its latest version. */
export function shownOf(provenance: Provenance, models: Models) {
  const { modelId, worker, prompt, seed, width, height, steps, guidanceMilli, sampler, scheduler } = provenance;
  const { imageHash, cid, receiptId } = provenance;
  return {
    modelId,
    family: models.get(modelId)?.family ?? OTHER_FAMILY,
    samplerKey: cut(sampler),
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

/** Names of the model of an artwork, for its text. */
export function namesOf(model: Pick<ModelRow, "name"> | undefined | null): string[] {
  return model ? [model.name] : [];
}

/**
 * Counts versions at their models and workers, each of which is written once.
 * @param artworks 1 if each version makes its model's artworks one more.
 * @param minted 1 if each is the first version of an artwork.
 */
export async function countVersions(
  db: Store,
  context: EventContext,
  versions: readonly Provenance[],
  { artworks, minted }: { readonly artworks: 0 | 1; readonly minted: 0 | 1 },
): Promise<Models> {
  const byModel = new Map<bigint, number>();
  const byWorker = new Map<Address, number>();
  for (const { modelId, worker } of versions) {
    byModel.set(modelId, (byModel.get(modelId) ?? 0) + 1);
    byWorker.set(worker, (byWorker.get(worker) ?? 0) + 1);
  }
  const models = new Map<bigint, ModelRow | undefined>();
  for (const [modelId, count] of byModel) {
    const model = await changeModel(db, context, modelId, (row) => ({
      artworks: row.artworks + artworks * count,
      versions: row.versions + count,
    }));
    models.set(modelId, model);
    if (model && minted) await addToModelDay(db, context, modelId, { artworks: count });
  }
  for (const [worker, count] of byWorker) {
    await changeWorker(db, context, worker, (row) => ({ versions: row.versions + count }));
    await addToWorkerDay(db, context, worker, { versions: count });
  }
  return models;
}

/** Writes the provenance of a version, and its receipt if no settlement has shown it before. */
export async function addVersion(
  db: Store,
  context: EventContext,
  added: { tokenId: bigint; version: number; position: number; provenance: Provenance },
): Promise<void> {
  const { tokenId, version, position, provenance } = added;
  const { engineHash, ...fields } = provenance;
  await db.insert(artworkVersion).values({
    ...fields,
    chainId: context.chainId,
    tokenId,
    version,
    addedAt: context.time,
    addedBlock: context.block,
    addedTx: context.tx,
    seq: context.seq,
  });
  await db
    .insert(receipt)
    .values({
      chainId: context.chainId,
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
      seenAt: context.time,
      seenBlock: context.block,
      seenTx: context.tx,
      place: context.seq * 1_000n + BigInt(position),
    })
    .onConflictDoUpdate({ tokenId, version });
}

import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MODEL_CARD_FILE, type ModelCard, modelManifest } from "@gridnft/sdk";
import { hashModelFolder } from "@gridnft/worker/modelFolder";
import type { Hex } from "viem";
import type { Content } from "./axes.ts";
import { cardOf, type DevModel, devModels, modelFiles } from "./models.ts";

/** A development model as it lies on disk. */
export interface MadeModel {
  readonly folder: string;
  readonly card: ModelCard;
  /** `weightsHash` of its token. */
  readonly manifestHash: Hex;
}

/** sha256 of every file that this version makes, and the hash of each folder: kept beside the generator, checked by a test. */
export interface GoldenModel {
  readonly manifest: Hex;
  readonly files: Readonly<Record<string, string>>;
}

const goldenFile = new URL("./data/golden.json", import.meta.url);

/** The hashes that are kept. */
export function readGolden(): Readonly<Record<string, GoldenModel>> {
  if (!existsSync(goldenFile)) return {};
  return JSON.parse(readFileSync(goldenFile, "utf8")) as Record<string, GoldenModel>;
}

/** Hashes of files as the golden list has them. */
export function goldenOf(files: ReadonlyMap<string, Uint8Array>): GoldenModel {
  const listed = [...files].map(([path, bytes]) => ({
    path,
    sha256: `0x${createHash("sha256").update(bytes).digest("hex")}` as Hex,
    size: bytes.length,
  }));
  return {
    manifest: modelManifest(listed).hash,
    files: Object.fromEntries(listed.map(({ path, sha256 }) => [path, sha256.slice(2)])),
  };
}

/**
 * Writes the development models below `out`, one folder each. A folder that already holds the right files is left alone, any
 * other of that name is replaced. Takes a few seconds the first time.
 *
 * @param fresh Computes the models even if the folders hold what `golden.json` says: for who has changed their sources.
 * @param things Things that their decoders can paint; default all, of which a decoder takes seconds to load.
 *
 * @example
 * const [open, licensed] = await makeDevModels({ out: ".grid/models" });
 */
export async function makeDevModels({
  out,
  fresh = false,
  things,
}: {
  readonly out: string;
  readonly fresh?: boolean;
  readonly things?: readonly Content[] | undefined;
}): Promise<MadeModel[]> {
  const made: MadeModel[] = [];
  for (const model of devModels) made.push(await makeDevModel(model, out, fresh, things));
  return made;
}

async function makeDevModel(
  model: DevModel,
  out: string,
  fresh: boolean,
  things: readonly Content[] | undefined,
): Promise<MadeModel> {
  const folder = join(out, model.folder);
  const card = cardOf(model);
  const expected = fresh || things ? undefined : readGolden()[model.folder]?.manifest;
  if (expected && existsSync(join(folder, MODEL_CARD_FILE)) && (await hashModelFolder(folder)).hash === expected) {
    await writeFile(join(folder, MODEL_CARD_FILE), cardText(card)); // another version may have other words
    return { folder, card, manifestHash: expected };
  }
  const files = modelFiles(model, things);
  // Written beside and renamed, so that nobody ever reads half a model.
  const draft = `${folder}.${randomBytes(6).toString("hex")}`;
  try {
    for (const [path, bytes] of [...files, [MODEL_CARD_FILE, cardText(card)] as const]) {
      await mkdir(dirname(join(draft, path)), { recursive: true });
      await writeFile(join(draft, path), bytes);
    }
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder).catch(async (error: unknown) => {
      // Another process made it at the same time.
      if ((await hashModelFolder(folder)).hash !== goldenOf(files).manifest) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return { folder, card, manifestHash: goldenOf(files).manifest };
}

function cardText(card: ModelCard): string {
  return `${JSON.stringify(card, null, 2)}\n`;
}

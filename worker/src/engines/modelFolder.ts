import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import {
  MODEL_CARD_FILE,
  type ModelCard,
  type ModelFile,
  type ModelManifest,
  modelCard,
  modelManifest,
} from "@gridnft/sdk";
import { decodeUtf8 } from "@gridnft/sdk/node";
import { parsePythonJson } from "./pythonJson.ts";

/** Hashes every file of a model folder, links followed. Large files are streamed. */
export async function hashModelFolder(folder: string): Promise<ModelManifest> {
  const files: ModelFile[] = [];
  for (const path of (await filesBelow(folder)).sort()) {
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of createReadStream(path)) {
      hash.update(chunk as Buffer);
      size += (chunk as Buffer).length;
    }
    files.push({ path: relative(folder, path).split(sep).join("/"), sha256: `0x${hash.digest("hex")}`, size });
  }
  return modelManifest(files);
}

/**
 * Reads a model folder's `gridnft.json`.
 * @throws Error, also where there is none.
 */
export async function readModelCard(folder: string): Promise<ModelCard> {
  const json = await readCardJson(folder);
  if (json === undefined) throw new Error(`There is no ${MODEL_CARD_FILE}.`);
  return modelCard.parse(json);
}

/**
 * Reads a model folder's `gridnft.json` as any JSON; undefined where none can be read.
 * @throws Error for a text that is not UTF-8, or not JSON.
 */
export async function readCardJson(folder: string): Promise<unknown> {
  const bytes = await readFile(join(folder, MODEL_CARD_FILE)).catch(() => undefined);
  return bytes === undefined ? undefined : parsePythonJson(decodeUtf8(bytes));
}

async function filesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const kind = await lstat(path);
    if (kind.isDirectory()) found.push(...(await filesBelow(path)));
    else found.push(path);
  }
  return found;
}

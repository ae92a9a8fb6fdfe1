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

/** Reads a model folder's `gridnft.json`. */
export async function readModelCard(folder: string): Promise<ModelCard> {
  return modelCard.parse(parsePythonJson(await readFile(join(folder, MODEL_CARD_FILE), "utf8")));
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

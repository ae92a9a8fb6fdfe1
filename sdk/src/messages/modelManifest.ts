import { sha256 } from "@noble/hashes/sha2";
import type { Hex } from "viem";
import * as z from "zod/mini";
import { bytesToHex } from "../lib/bytes.js";
import { GridError } from "../lib/errors.js";
import { canonicalJson } from "./extras.js";

/** Name of the card inside a model folder; the only file that the folder's hash leaves out. */
export const MODEL_CARD_FILE = "gridnft.json";

/** One file of a model folder. */
export interface ModelFile {
  /** Path inside the folder, parts joined by "/". */
  readonly path: string;
  /** sha256 of its bytes. */
  readonly sha256: Hex;
  /** Its length in bytes. */
  readonly size: number;
}

/** Manifest of a model folder: one text about its files, and that text's hash, which is `AIGC.weightsHash` of the model. */
export interface ModelManifest {
  /** RFC 8785 JSON: `{"files":[{"path","sha256","size"}, ...]}`, files by path, sha256 as `sha256sum` prints it. */
  readonly json: string;
  /** sha256 of the UTF-8 bytes of `json`. */
  readonly hash: Hex;
}

/**
 * The canonical manifest of a model folder: all its files but the card (which carries words and prices, not weights), sorted by
 * path (UTF-16 code units). Who holds the same files gets the same hash, on whatever file system.
 *
 * @throws {@link GridError} `FIELD_INVALID` for no files, a path that is absolute, leaves the folder or comes twice, a hash or
 * a size that is none.
 */
export function modelManifest(files: readonly ModelFile[]): ModelManifest {
  const kept = files.filter((file) => file.path !== MODEL_CARD_FILE);
  if (kept.length === 0) throw new GridError("FIELD_INVALID", "A model folder holds at least one file.", "files");
  const seen = new Set<string>();
  for (const { path, sha256: hash, size } of kept) {
    const parts = path.split("/");
    if (parts.some((part) => part === "" || part === "." || part === "..") || /[\\\p{Cc}\p{Surrogate}]/u.test(path)) {
      throw new GridError("FIELD_INVALID", `"${path}" is not a path inside a model folder.`, "path");
    }
    if (seen.has(path)) throw new GridError("FIELD_INVALID", `"${path}" is listed twice.`, "path");
    seen.add(path);
    if (!/^0x[0-9a-f]{64}$/i.test(hash)) {
      throw new GridError("FIELD_INVALID", `The sha256 of "${path}" is not 32 bytes.`, "sha256");
    }
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new GridError("FIELD_INVALID", `The size of "${path}" is not a number of bytes.`, "size");
    }
  }
  const json = canonicalJson({
    files: kept
      .map(({ path, sha256: hash, size }) => ({ path, sha256: hash.slice(2).toLowerCase(), size }))
      .sort((a, b) => (a.path < b.path ? -1 : 1)),
  });
  return { json, hash: bytesToHex(sha256(new TextEncoder().encode(json))) };
}

/** Values for parameters that a request leaves out. */
const defaults = z.object({
  width: z.int().check(z.minimum(64), z.maximum(4096), z.multipleOf(8)),
  height: z.int().check(z.minimum(64), z.maximum(4096), z.multipleOf(8)),
  steps: z.int().check(z.minimum(1), z.maximum(500)),
  guidance_scale: z.number().check(z.minimum(0), z.maximum(100)),
  sampler: z.string(),
  scheduler: z.string(),
});

/** `gridnft.json`: what a model folder says about itself. It becomes the fields of `AIGC.register`. */
export const modelCard = z.object({
  name: z.string().check(z.minLength(1), z.maxLength(64)),
  version: z.string().check(z.minLength(1), z.maxLength(32)),
  /** As AIGC names families: sd15, sd21, sdxl, ..., other. */
  family: z.string().check(z.minLength(1)),
  kind: z.enum(["checkpoint", "lora", "controlnet", "upscaler", "embedding", "vae", "pipeline"]),
  description: z._default(z.string().check(z.maxLength(2_000)), ""),
  /** SPDX id or URI. */
  license: z.string().check(z.minLength(1), z.maxLength(256)),
  /** Share of each job's price for the model's owner, in hundredths of a percent. */
  usageBps: z.int().check(z.minimum(0), z.maximum(2_000)),
  /** ERC-2981 royalty on sales of the model's token, in hundredths of a percent. */
  resaleBps: z.int().check(z.minimum(0), z.maximum(1_000)),
  access: z.enum(["OPEN", "LICENSED", "PRIVATE"]),
  defaults,
  /** Words that the model was made for; empty or absent for one that takes any. */
  words: z.optional(z.array(z.string())),
});
export type ModelCard = z.output<typeof modelCard>;

import * as z from "zod/mini";
import { bytesToText } from "../lib/bytes.js";
import { GridError } from "../lib/errors.js";

/** One row of a token's `attributes`. */
const tokenAttribute = z.looseObject({
  trait_type: z.optional(z.string()),
  value: z.union([z.string(), z.number(), z.boolean()]),
  display_type: z.optional(z.string()),
});

/** A seed or id: a JSON number up to 2^53 - 1, else a decimal string. */
const integerOfJson = z.pipe(
  z.union([z.int().check(z.nonnegative()), z.string().check(z.regex(/^\d+$/))]),
  z.transform((value) => BigInt(value)),
);

/** Metadata of an artwork as `GridNFT.tokenURI` writes it; keys that a later renderer adds are kept. */
const artworkMetadata = z.looseObject({
  name: z.string(),
  description: z.string(),
  image: z.string(),
  external_url: z.optional(z.string()),
  animation_url: z.optional(z.string()),
  attributes: z.array(tokenAttribute),
  prompt: z.string(),
  negative_prompt: z.string(),
  seed: integerOfJson,
  steps: z.int(),
  guidance_scale: z.number(),
  ai_generated: z.boolean(),
  aigc_type: z.optional(z.string()),
  aigc_data: z.optional(z.string()),
  proof_type: z.optional(z.string()),
  provenance: z.looseObject({
    receipt: z.string(),
    model_id: integerOfJson,
    model_hash: z.string(),
    image_sha256: z.string(),
    engine: z.string(),
    requester: z.string(),
    anchored_at: z.int(),
  }),
});
export type ArtworkMetadata = z.output<typeof artworkMetadata>;

/**
 * JSON of a `data:` token URI (base64 or plain text).
 * @throws {@link GridError} `METADATA_INVALID` for any other URI: what is not on chain is not read here.
 */
function readTokenUri(uri: string): unknown {
  const [, parameters, content] = /^data:application\/json([^,]*),([\s\S]*)$/.exec(uri) ?? [];
  if (parameters === undefined || content === undefined) {
    throw new GridError("METADATA_INVALID", "The token's metadata is not JSON on chain.", "tokenURI");
  }
  try {
    return JSON.parse(parameters.split(";").includes("base64") ? base64ToText(content) : decodeURIComponent(content));
  } catch (cause) {
    throw new GridError("METADATA_INVALID", "The token's metadata is not JSON.", "tokenURI", { cause });
  }
}

/**
 * Metadata of an artwork from its token URI.
 * @throws {@link GridError} `METADATA_INVALID`, naming the key.
 *
 * @example
 * const { name, image, prompt } = parseTokenUri(await nft.read.tokenURI([1001n]));
 */
export function parseTokenUri(uri: string): ArtworkMetadata {
  const parsed = artworkMetadata.safeParse(readTokenUri(uri));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const key = issue?.path.join(".") ?? "";
  throw new GridError("METADATA_INVALID", `The token's metadata lacks a proper "${key}".`, key);
}

function base64ToText(base64: string): string {
  return bytesToText(
    Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)),
    "tokenURI",
  );
}

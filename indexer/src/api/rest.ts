// GET routes for questions that everybody asks: cacheable, in the REST API's snake case.
import { createHash } from "node:crypto";
import { toSnakeCase } from "drizzle-orm/casing";
import { type Context, Hono } from "hono";
import type { Answerer } from "./graphql/execute.ts";

const provenance = `version modelId modelHash prompt negativePrompt requestedSeed width height steps guidanceMilli sampler scheduler
  sourceHash extras salt requestHash receiptId orderHash index seed engine imageHash cidDigest cid image
  worker { address } requester { address } payer { address } price completedAt source anchorTime anchorBlock
  parentId parentVersion bodyHash addedAt addedBlock addedTx`;

const artworkQuestion = `query ($tokenId: BigInt!) {
  block { chainId number timestamp hash }
  artwork(tokenId: $tokenId) {
    tokenId seriesId number name title description tags image cid imageHash animationUrl
    artist { address } owner { address } burned frozen moved displayLocked nonce versionCount policy royaltyBps
    model { modelId name version verified } worker { address bonded } prompt seed width height steps guidanceScale sampler scheduler
    receiptId mintedAt mintedBlock mintTx updatedAt transferCount
    versions(first: 100) { ${provenance} }
  }
}`;

const provenanceQuestion = `query ($tokenId: BigInt!) {
  block { chainId number timestamp hash }
  artwork(tokenId: $tokenId) { tokenId series { seriesId bodyHash } versions(first: 100) { ${provenance} } }
}`;

/** Seconds for which a cache may answer without asking: a block of Base. */
const FRESH = 2;

/** `/v1/artworks/...` */
export function createRestRoutes(answerer: Answerer): Hono {
  const app = new Hono();
  app.get("/v1/artworks/:tokenId", (context) => answerArtwork(context, artworkQuestion));
  app.get("/v1/artworks/:tokenId/provenance", (context) => answerArtwork(context, provenanceQuestion));

  async function answerArtwork(context: Context, query: string): Promise<Response> {
    const tokenId = context.req.param("tokenId") ?? "";
    if (!/^(0|[1-9]\d{0,77})$/.test(tokenId) || BigInt(tokenId) >= 2n ** 256n) {
      return context.json(
        { error: { code: "FIELD_INVALID", message: "A token id is a whole number.", field: "token_id" } },
        422,
      );
    }
    const { result } = await answerer.answer({ query, variables: { tokenId } });
    if (result.errors) {
      return context.json({ error: { code: "INTERNAL", message: "Something went wrong on our side." } }, 500);
    }
    const { artwork, block } = result.data ?? {};
    if (!artwork) {
      return context.json({ error: { code: "ARTWORK_UNKNOWN", message: `There is no artwork ${tokenId}.` } }, 404);
    }
    return cacheable(context, JSON.stringify(snakeCased({ artwork, block })), JSON.stringify(artwork));
  }

  return app;
}

/** The tag is of what is told, not of the block at which it is: an artwork that did not change needs no second download. */
function cacheable(context: Context, body: string, substance: string): Response {
  const tag = `"${createHash("sha256").update(substance).digest("base64url").slice(0, 22)}"`;
  context.header("etag", tag);
  context.header("cache-control", `public, max-age=${FRESH}, must-revalidate`);
  if (context.req.header("if-none-match") === tag) return context.body(null, 304);
  context.header("content-type", "application/json; charset=utf-8");
  return context.body(body);
}

function snakeCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCased);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [toSnakeCase(key), snakeCased(field)]));
}

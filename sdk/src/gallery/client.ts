import * as z from "zod/mini";
import { readAs } from "../lib/readAs.js";
import type { GalleryDocument } from "./document.js";
import { GalleryError } from "./errors.js";

/** Address of a gallery's GraphQL, and how it is called. */
export interface GalleryOptions {
  /** URL of its `/graphql`. */
  readonly url: string;
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch;
}

/** The block up to which everything is in an answer. */
export interface Block {
  readonly chainId: number;
  readonly number: number;
  /** Unix seconds. */
  readonly timestamp: number;
}

/** An answer with the block that it is true at. */
export type Answer<answer> = answer & { readonly block: Block };

/** Options of one question. */
export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  /** Waits, up to 5 seconds, until this block is indexed: for reading one's own writes. */
  readonly minBlock?: bigint | number | undefined;
}

/** A gallery's GraphQL. */
export interface GalleryClient {
  readonly url: string;
  /**
   * Asks.
   * @throws {@link GalleryError}; the signal's reason when it aborts.
   */
  query<variables, answer>(
    document: GalleryDocument<variables, answer>,
    variables: variables,
    options?: AskOptions,
  ): Promise<Answer<answer>>;
}

const answerSchema = z.object({
  data: z.optional(z.unknown()),
  errors: z.optional(
    z.array(
      z.object({
        message: z.string(),
        extensions: z.optional(z.object({ code: z.optional(z.string()) })),
      }),
    ),
  ),
  extensions: z.optional(
    z.object({ block: z.optional(z.object({ chainId: z.int(), number: z.int(), timestamp: z.int() })) }),
  ),
});

/**
 * A client of a gallery's GraphQL.
 *
 * @example
 * const gallery = createGalleryClient({ url: "http://127.0.0.1:42069/graphql" });
 * const { artwork, block } = await gallery.query(documents.artwork, { tokenId: 1001n });
 */
export function createGalleryClient({ url, fetch }: GalleryOptions): GalleryClient {
  const ask = fetch ?? ((input, init) => globalThis.fetch(input, init));
  return {
    url,
    query: async (document, variables, { signal, minBlock } = {}) => {
      let response: Response;
      let body: unknown;
      const question = {
        query: document.text,
        operationName: document.name,
        variables,
        ...(minBlock !== undefined && { extensions: { minBlock: Number(minBlock) } }),
      };
      try {
        response = await ask(url, {
          method: "POST",
          headers: { "content-type": "application/json", accept: "application/json" },
          body: toJson(question),
          ...(signal && { signal }),
        });
        body = await response.json().catch((cause: unknown) => {
          signal?.throwIfAborted();
          throw new GalleryError("ANSWER_INVALID", "The gallery's answer is not JSON.", { cause });
        });
      } catch (cause) {
        signal?.throwIfAborted();
        if (cause instanceof GalleryError) throw cause;
        throw new GalleryError("UNREACHABLE", `The gallery at ${url} does not answer.`, { cause });
      }
      return readAnswer(body, response, document);
    },
  };
}

/** JSON in which ids and amounts are decimal strings, as the schema's BigInt takes them. */
/** @internal */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === "bigint" ? part.toString() : part));
}

function readAnswer<answer>(
  body: unknown,
  { status, headers }: Response,
  document: GalleryDocument<unknown, answer>,
): Answer<answer> {
  const parsed = answerSchema.safeParse(body);
  if (!parsed.success) {
    throw new GalleryError("ANSWER_INVALID", `The gallery answered ${status}, but not in GraphQL's form.`, {
      cause: parsed.error,
    });
  }
  const { data, errors, extensions } = parsed.data;
  const [refusal] = errors ?? [];
  if (refusal) {
    const message = refusal.message.replace(/\p{Cc}+/gu, " ").slice(0, 1_000);
    const reason = refusal.extensions?.code;
    const wait = Number(headers.get("retry-after") ?? Number.NaN);
    throw new GalleryError("REFUSED", `The gallery refused the query: ${message}`, {
      ...(reason !== undefined && { reason }),
      ...(Number.isFinite(wait) && { retryAfter: wait }),
    });
  }
  if (!extensions?.block) {
    throw new GalleryError("ANSWER_INVALID", "The gallery's answer does not say at which block it is true.");
  }
  const answer = readAs(document.schema, data);
  if (answer.success) return { ...answer.data, block: extensions.block };
  const [issue] = answer.error.issues;
  const message = `The gallery's answer is not what this version expects (${issue?.path.join(".")}: ${issue?.message}).`;
  throw new GalleryError("ANSWER_INVALID", message, { cause: answer.error });
}

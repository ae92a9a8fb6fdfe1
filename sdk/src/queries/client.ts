import { z } from "zod";
import { GalleryError } from "./errors.js";
import { selectionOf } from "./selection.js";

/** A GraphQL query with the types of its variables and answer. */
export interface GalleryDocument<variables, answer> {
  /** Name of the operation. */
  readonly name: string;
  readonly text: string;
  readonly schema: z.ZodType<answer>;
  /** Never set: carries the type. */
  readonly variables?: variables;
}

/**
 * A query whose selection is made from the schema of its answer.
 *
 * @param operation Name and variables, e.g. `Artwork($tokenId: BigInt!)`.
 *
 * @example
 * const supply = galleryDocument<Record<never, never>, typeof schema>("Supply", z.object({ protocol: z.object({ supply: z.int() }) }));
 */
export function galleryDocument<variables, schema extends z.ZodType>(
  operation: string,
  schema: schema,
): GalleryDocument<variables, z.output<schema>> {
  return {
    name: operation.replace(/\(.*$/s, ""),
    text: `query ${operation} ${selectionOf(schema)}`,
    schema: schema as z.ZodType<z.output<schema>>,
  };
}

/** How to reach a gallery's GraphQL. */
export interface GalleryOptions {
  /** URL of its `/graphql`. */
  readonly url: string;
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch;
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
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<answer>;
}

const answerSchema = z.object({
  data: z.unknown().optional(),
  errors: z
    .array(z.object({ message: z.string(), extensions: z.object({ code: z.string().optional() }).optional() }))
    .optional(),
});

/**
 * A client of a gallery's GraphQL.
 *
 * @example
 * const gallery = createGalleryClient({ url: "http://127.0.0.1:42069/graphql" });
 * const { artwork } = await gallery.query(documents.artwork, { tokenId: 1001n });
 */
export function createGalleryClient({ url, fetch }: GalleryOptions): GalleryClient {
  const ask = fetch ?? ((input, init) => globalThis.fetch(input, init));
  return {
    url,
    query: async (document, variables, { signal } = {}) => {
      let response: Response;
      let body: unknown;
      try {
        response = await ask(url, {
          method: "POST",
          headers: { "content-type": "application/json", accept: "application/json" },
          // Ids and amounts go as decimal strings, which the schema's BigInt takes.
          body: JSON.stringify({ query: document.text, operationName: document.name, variables }, (_, value) =>
            typeof value === "bigint" ? value.toString() : value,
          ),
          ...(signal && { signal }),
        });
        body = await response.json().catch((cause: unknown) => {
          signal?.throwIfAborted();
          throw new GalleryError("ANSWER_INVALID", "The gallery's answer is not JSON.", undefined, { cause });
        });
      } catch (cause) {
        signal?.throwIfAborted();
        if (cause instanceof GalleryError) throw cause;
        throw new GalleryError("UNREACHABLE", `The gallery at ${url} does not answer.`, undefined, { cause });
      }
      return readAnswer(body, response.status, document);
    },
  };
}

function readAnswer<answer>(body: unknown, status: number, document: GalleryDocument<unknown, answer>): answer {
  const parsed = answerSchema.safeParse(body);
  if (!parsed.success) {
    throw new GalleryError("ANSWER_INVALID", `The gallery answered ${status}, but not in GraphQL's form.`, undefined, {
      cause: parsed.error,
    });
  }
  const { data, errors } = parsed.data;
  const [refusal] = errors ?? [];
  if (refusal) {
    const message = refusal.message.replace(/\p{Cc}+/gu, " ").slice(0, 1_000);
    throw new GalleryError("REFUSED", `The gallery refused the query: ${message}`, refusal.extensions?.code);
  }
  const answer = document.schema.safeParse(data);
  if (answer.success) return answer.data;
  const [issue] = answer.error.issues;
  const message = `The gallery's answer is not what this version expects (${issue?.path.join(".")}: ${issue?.message}).`;
  throw new GalleryError("ANSWER_INVALID", message, undefined, { cause: answer.error });
}

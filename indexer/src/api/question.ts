// What a request to `/graphql` asks.
import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { questionError } from "./graphql/errors.ts";
import type { Answer, Question } from "./graphql/execute.ts";
import { MAX_BODY } from "./public.ts";

/** Type of answers. */
export const JSON_TYPE = "application/json; charset=utf-8";

const questionJson = z.object({
  query: z.string().min(1).optional(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
  extensions: z
    .object({
      minBlock: z.int().nonnegative().optional(),
      persistedQuery: z.object({ version: z.literal(1), sha256Hash: z.string().length(64) }).optional(),
    })
    .nullish(),
});

/** The body of a request; undefined when it is too long. */
export function readBody(incoming: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length <= MAX_BODY) {
        chunks.push(chunk);
        return;
      }
      // What is still to come falls to the floor.
      incoming.off("data", take);
      incoming.resume();
      resolve(undefined);
    };
    incoming.on("data", take);
    incoming.on("end", () => resolve((chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString()));
    incoming.on("error", reject);
  });
}

/** The question that a body holds; undefined if it holds none. */
export function readQuestion(body: string): Question | undefined {
  return questionOf(parseJson(body));
}

/** Most questions are as plain as they can be: those need no closer look. */
export function questionOf(json: unknown): Question | undefined {
  if (isPlain(json)) return json;
  const { success, data } = questionJson.safeParse(json);
  return success && (data.query !== undefined || data.extensions?.persistedQuery) ? data : undefined;
}

/** A text and its variables, and nothing else. */
function isPlain(json: unknown): json is Question {
  if (typeof json !== "object" || json === null) return false;
  for (const name in json) {
    const value = (json as Record<string, unknown>)[name];
    if (name === "query" ? typeof value !== "string" || value === "" : name !== "variables") return false;
    if (name === "variables" && (typeof value !== "object" || value === null || Array.isArray(value))) return false;
  }
  return "query" in json;
}

function refusal(message: string): Answer {
  const json = JSON.stringify({ errors: [questionError("BAD_INPUT", message)] });
  return { json, isRefused: true, block: undefined, rows: 0 };
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Answers to what can't be read as a question. */
export const refusals = {
  tooLong: () => refusal(`A question has at most ${MAX_BODY} bytes.`),
  unreadable: () => refusal("The body is JSON: {query, variables?, operationName?, extensions?}."),
} as const;

import { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Context, Hono } from "hono";
import { z } from "zod";
import { questionError } from "./graphql/errors.ts";
import { type Answer, type Answerer, type Question, schemaText } from "./graphql/execute.ts";
import { type HealthDependencies, readHealth } from "./health.ts";
import { charge } from "./public.ts";

/** Largest question, in bytes. */
const MAX_BODY = 100_000;
/** Seconds for which a cache may answer a GET without asking: a block of Base. */
const FRESH = 2;
/** Rows that count as much as one request more, where requests are limited. */
const ROWS_PER_COST = 100;

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

/** What Node's server leaves for those that answer without a `Response`: it costs more than most answers. */
interface NodeBindings {
  readonly incoming?: IncomingMessage;
  readonly outgoing?: ServerResponse;
}

type NodeContext = Context<{ Bindings: NodeBindings }>;

/** `/graphql` and `/v1/...`. */
export function createRoutes(answerer: Answerer, health: HealthDependencies): Hono<{ Bindings: NodeBindings }> {
  const app = new Hono<{ Bindings: NodeBindings }>();

  app.post("/graphql", async (context) => {
    const body = await readBody(context);
    if (body === undefined) return send(context, refusal(`A question has at most ${MAX_BODY} bytes.`), 413);
    return answerQuestion(context, readQuestion(body));
  });

  // A question in the URL can be cached; without one, the schema's text.
  app.get("/graphql", (context) => {
    const { query, variables, operationName, extensions } = context.req.query();
    if (query === undefined && extensions === undefined) return context.text(schemaText);
    const question = {
      query,
      operationName,
      ...(variables !== undefined && { variables: parseJson(variables) }),
      ...(extensions !== undefined && { extensions: parseJson(extensions) }),
    };
    return answerQuestion(context, questionOf(question), { "cache-control": `public, max-age=${FRESH}` });
  });

  app.get("/v1/health", async (context) => {
    const state = await readHealth(health);
    context.header("cache-control", "no-store");
    return context.json(state, state.status === "ok" ? 200 : 503);
  });

  async function answerQuestion(
    context: NodeContext,
    question: Question | undefined,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    if (!question) {
      return send(context, refusal("The body is JSON: {query, variables?, operationName?, extensions?}."), 400);
    }
    const answer = await answerer.answerJson(question);
    charge(context, Math.floor(answer.rows / ROWS_PER_COST));
    return answer.isRefused ? send(context, answer, 400) : send(context, answer, 200, headers);
  }

  return app;
}

/** Undefined when it is too long. */
async function readBody(context: NodeContext): Promise<string | undefined> {
  const incoming = context.env?.incoming;
  if (!incoming) {
    const text = await context.req.text();
    return Buffer.byteLength(text) > MAX_BODY ? undefined : text;
  }
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
function readQuestion(body: string): Question | undefined {
  return questionOf(parseJson(body));
}

/** Most questions are as plain as they can be: those need no closer look. */
function questionOf(json: unknown): Question | undefined {
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const JSON_TYPE = "application/json; charset=utf-8";

function send(
  context: NodeContext,
  { json }: Answer,
  status: 200 | 400 | 413,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const outgoing = context.env?.outgoing;
  if (!outgoing) return context.body(json, status, { "content-type": JSON_TYPE, ...headers });
  outgoing.writeHead(status, {
    "content-type": JSON_TYPE,
    "content-length": Buffer.byteLength(json),
    "access-control-allow-origin": "*",
    ...headers,
  });
  // A string goes out in one piece with the head before it.
  outgoing.end(json);
  // Made anew, a response would be copied into the one that middleware in front has begun.
  const { res } = context;
  res.headers.set("x-hono-already-sent", "true");
  context.finalized = true;
  // The server's own class of responses would be written without a look at its headers, unless it had to become a real one.
  void res.body;
  return res;
}

import { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Context, Hono } from "hono";
import { createExplorerRoutes, EXPLORER, wantsPage } from "./explorer.ts";
import { type Answer, type Answerer, costOf, type Question, schemaText } from "./graphql/execute.ts";
import { type HealthDependencies, readHealth } from "./health.ts";
import { charge, MAX_BODY } from "./public.ts";
import { JSON_TYPE, parseJson, questionOf, readBody, readQuestion, refusals } from "./question.ts";

/** Seconds for which a cache may answer a GET without asking: a block of Base. */
const FRESH = 2;

/** What Node's server leaves for those that answer without a `Response`: it costs more than most answers. */
interface NodeBindings {
  readonly incoming?: IncomingMessage;
  readonly outgoing?: ServerResponse;
}

type NodeContext = Context<{ Bindings: NodeBindings }>;

/**
 * `/graphql`, its explorer, and `/v1/health`.
 * @param onQuestion Told of the request of each question that comes this way.
 */
export function createRoutes(
  answerer: Answerer,
  health: HealthDependencies,
  onQuestion?: (incoming: IncomingMessage | undefined) => void,
): Hono<{ Bindings: NodeBindings }> {
  const app = new Hono<{ Bindings: NodeBindings }>();

  app.post("/graphql", async (context) => {
    onQuestion?.(context.env?.incoming);
    const body = await bodyOf(context);
    if (body === undefined) return send(context, refusals.tooLong(), 413);
    return answerQuestion(context, readQuestion(body));
  });

  // A question in the URL can be cached; without one, the schema's text, or in a browser the explorer.
  app.get("/graphql", (context) => {
    const { query, variables, operationName, extensions } = context.req.query();
    if (query === undefined && extensions === undefined) {
      context.header("vary", "accept");
      return wantsPage(context) ? context.redirect(EXPLORER.slice(1)) : context.text(schemaText);
    }
    const question = {
      query,
      operationName,
      ...(variables !== undefined && { variables: parseJson(variables) }),
      ...(extensions !== undefined && { extensions: parseJson(extensions) }),
    };
    return answerQuestion(context, questionOf(question), { "cache-control": `public, max-age=${FRESH}` });
  });

  app.route("/", createExplorerRoutes());

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
      return send(context, refusals.unreadable(), 400);
    }
    const answer = await answerer.answerJson(question);
    charge(context, costOf(answer));
    return answer.isRefused ? send(context, answer, 400) : send(context, answer, 200, headers);
  }

  return app;
}

/** Undefined when it is too long. */
async function bodyOf(context: NodeContext): Promise<string | undefined> {
  const incoming = context.env?.incoming;
  if (incoming) return readBody(incoming);
  const text = await context.req.text();
  return Buffer.byteLength(text) > MAX_BODY ? undefined : text;
}

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

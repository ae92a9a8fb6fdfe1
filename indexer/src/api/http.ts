import { Buffer } from "node:buffer";
import { Hono } from "hono";
import { createExplorerRoutes, EXPLORER, wantsPage } from "./explorer.ts";
import { type Answerer, schemaText } from "./graphql/execute.ts";
import { entryOf, methodsOf } from "./public.ts";
import { bodyTypeFault, readQuestion, readSearchQuestion } from "./question.ts";
import { type Reply, refused, replyTo } from "./reply.ts";

/**
 * `/graphql` and its explorer. Where Node's server is behind, POST `/graphql` is answered by the lane (`lane.ts`), in the same words.
 */
export function createGraphqlRoutes(answerer: Pick<Answerer, "answerJson">): Hono {
  const app = new Hono();

  app.post("/graphql", async (context) => {
    const { req } = context;
    const accept = req.header("accept");
    const fault = bodyTypeFault({ type: req.header("content-type"), encoding: req.header("content-encoding") });
    if (fault) return respond(refused(fault, accept));
    const read = readQuestion(Buffer.from(await req.arrayBuffer()));
    return respond(await replyTo(answerer, read, { method: "POST", accept, entry: entryOf(context) }));
  });

  // A question in the URL can be cached; without one, the schema's text, or in a browser the explorer.
  app.get("/graphql", async (context) => {
    const { req } = context;
    const { search } = new URL(req.url);
    context.header("vary", "accept");
    if (search === "") return wantsPage(context) ? context.redirect(EXPLORER.slice(1)) : context.text(schemaText);
    const read = readSearchQuestion(search);
    const accept = req.header("accept");
    return respond(await replyTo(answerer, read, { method: "GET", accept, entry: entryOf(context) }), {
      vary: "accept",
    });
  });

  app.all("/graphql", (context) => {
    const allow = methodsOf("/graphql");
    const message = `/graphql takes ${allow}: questions are posted as JSON, or stand in the URL of a GET.`;
    return respond(refused({ status: 405, code: "METHOD_NOT_ALLOWED", message, allow }, context.req.header("accept")));
  });

  app.route("/", createExplorerRoutes());
  return app;
}

function respond({ status, json, headers }: Reply, more: Readonly<Record<string, string>> = {}): Response {
  return new Response(json, { status, headers: { ...headers, ...more } });
}

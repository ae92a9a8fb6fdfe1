import { Buffer } from "node:buffer";
import { Hono } from "hono";
import { entryOf } from "../../http/rateLimit.ts";
import { methodsOf } from "../../http/securityHeaders.ts";
import { type GraphQLExecutor, schemaText } from "../executor.ts";
import { createExplorerRoutes, EXPLORER, wantsPage } from "./explorer.ts";
import { bodyTypeFault, readRequest, readSearchRequest } from "./request.ts";
import { type HttpReply, refused, replyTo } from "./response.ts";

/**
 * `/graphql` and its explorer. Where Node's server is behind, POST `/graphql` is answered by `server/nodeFastPath.ts`, in the same words.
 */
export function createGraphqlRoutes(executor: Pick<GraphQLExecutor, "executeJson">): Hono {
  const app = new Hono();

  app.post("/graphql", async (context) => {
    const { req } = context;
    const accept = req.header("accept");
    const fault = bodyTypeFault({ type: req.header("content-type"), encoding: req.header("content-encoding") });
    if (fault) return respond(refused(fault, accept));
    const read = readRequest(Buffer.from(await req.arrayBuffer()));
    return respond(await replyTo(executor, read, { method: "POST", accept, entry: entryOf(context) }));
  });

  // A request in the URL can be cached; without one, the schema's text, or in a browser the explorer.
  app.get("/graphql", async (context) => {
    const { req } = context;
    const { search } = new URL(req.url);
    context.header("vary", "accept");
    if (search === "") return wantsPage(context) ? context.redirect(EXPLORER.slice(1)) : context.text(schemaText);
    const read = readSearchRequest(search);
    const accept = req.header("accept");
    return respond(await replyTo(executor, read, { method: "GET", accept, entry: entryOf(context) }), {
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

function respond({ status, json, headers }: HttpReply, more: Readonly<Record<string, string>> = {}): Response {
  return new Response(json, { status, headers: { ...headers, ...more } });
}

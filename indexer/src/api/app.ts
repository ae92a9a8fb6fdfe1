// The API but for what only Ponder can answer: routes, and what stands before them.
import { readSearchParameters, SearchParameterError } from "@gridnft/sdk/node";
import { Hono } from "hono";
import type { Fresh } from "./fresh.ts";
import type { Answerer } from "./graphql/execute.ts";
import { type HealthDependencies, readHealth } from "./health.ts";
import { createHome } from "./home.ts";
import { createGraphqlRoutes } from "./http.ts";
import { createDoor, type Gate, methodsOf } from "./public.ts";
import { refusalHeaders } from "./refusal.ts";
import { RestError } from "./rest/errors.ts";
import { createRestRoutes, refuse } from "./rest/routes.ts";

export interface ApiDependencies {
  readonly answerer: Answerer;
  readonly fresh: Fresh;
  readonly health: HealthDependencies;
  readonly gate: Gate;
  readonly chainId: number;
  /** Address at which others reach this API. */
  readonly publicUrl: string | undefined;
  /** Told of errors that the asker is not shown. */
  readonly onError: (error: unknown) => void;
}

/** Routes of the API. `more`: adds others before the one that answers that there is no such route. */
export function createApi(dependencies: ApiDependencies, more: (app: Hono) => void = () => undefined): Hono {
  const { answerer, health, gate } = dependencies;
  const app = new Hono();
  app.use(createDoor(gate));
  app.route("/", createHome(dependencies));
  app.route("/", createGraphqlRoutes(answerer));
  app.get("/v1/health", async (context) => {
    try {
      readSearchParameters(new URL(context.req.url).search, { names: [] });
    } catch (error) {
      if (!(error instanceof SearchParameterError)) throw error;
      return refuse(context, new RestError("FIELD_INVALID", error.message, error.parameter));
    }
    const state = await readHealth(health);
    context.header("cache-control", "no-store");
    return context.json(state, state.status === "ok" ? 200 : 503);
  });
  app.route("/", createRestRoutes(dependencies));
  more(app);
  app.all("*", (context) => {
    const { method, path } = context.req;
    const isRead = method === "GET" || method === "HEAD";
    const allow = methodsOf(path);
    const refusal = isRead
      ? new RestError("ROUTE_UNKNOWN", `There is no such route: see ${path.startsWith("/v1") ? "/reference" : "/"}.`)
      : new RestError("METHOD_NOT_ALLOWED", `This is asked with ${allow}.`, undefined, undefined, allow);
    return context.json(refusal.json, refusal.status, refusalHeaders(refusal));
  });
  return app;
}

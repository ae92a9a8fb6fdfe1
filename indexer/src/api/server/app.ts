// The API but for what only Ponder can answer: routes, and what stands before them.
import { readSearchParameters, SearchParameterError } from "@gridnft/sdk/node";
import { Hono } from "hono";
import type { GraphQLExecutor } from "../graphql/executor.ts";
import { createGraphqlRoutes } from "../graphql/http/routes.ts";
import { ApiError, refusalHeaders } from "../http/errors.ts";
import { createHttpMiddleware } from "../http/middleware.ts";
import type { RateLimiter } from "../http/rateLimit.ts";
import { methodsOf } from "../http/securityHeaders.ts";
import { createRestRoutes, refuse } from "../rest/routes.ts";
import { type HealthDependencies, readHealth } from "../status/health.ts";
import type { IndexingStatus } from "../status/indexingStatus.ts";
import { createHome } from "./home.ts";

export interface ApiDependencies {
  readonly executor: GraphQLExecutor;
  readonly indexingStatus: IndexingStatus;
  readonly health: HealthDependencies;
  readonly rateLimiter: RateLimiter;
  readonly chainId: number;
  /** Address at which others reach this API. */
  readonly publicUrl: string | undefined;
  /** Told of errors that the client is not shown. */
  readonly onError: (error: unknown) => void;
}

/** Routes of the API. `more`: adds others before the one that answers that there is no such route. */
export function createApi(dependencies: ApiDependencies, more: (app: Hono) => void = () => undefined): Hono {
  const { executor, health, rateLimiter } = dependencies;
  const app = new Hono();
  app.use(createHttpMiddleware(rateLimiter));
  app.route("/", createHome(dependencies));
  app.route("/", createGraphqlRoutes(executor));
  app.get("/v1/health", async (context) => {
    try {
      readSearchParameters(new URL(context.req.url).search, { names: [] });
    } catch (error) {
      if (!(error instanceof SearchParameterError)) throw error;
      return refuse(context, new ApiError("FIELD_INVALID", error.message, error.parameter));
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
      ? new ApiError("ROUTE_UNKNOWN", `There is no such route: see ${path.startsWith("/v1") ? "/reference" : "/"}.`)
      : new ApiError("METHOD_NOT_ALLOWED", `This is asked with ${allow}.`, undefined, undefined, allow);
    return context.json(refusal.json, refusal.status, refusalHeaders(refusal));
  });
  return app;
}

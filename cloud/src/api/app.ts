import { clientOf } from "@gridnft/sdk/node";
import type { CloudErrorCode, ErrorJson } from "@gridnft/sdk/schemas";
import { getConnInfo } from "@hono/node-server/conninfo";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { compress } from "hono/compress";
import { requestId } from "hono/request-id";
import { bearerToken, Sessions } from "../auth/sessions.ts";
import type { Cloud } from "../cloud.ts";
import { ApiError, describeError } from "../error.ts";
import type { WatchJob } from "../jobs/wait.ts";
import { catalogueRoutes } from "./grid/catalogue.ts";
import { fileRoutes } from "./grid/files.ts";
import { generateRoutes } from "./grid/generate.ts";
import { healthRoutes } from "./grid/health.ts";
import { JobStreams } from "./grid/jobStreams.ts";
import { jobRoutes } from "./grid/jobs.ts";
import { restoreRoutes } from "./grid/restore.ts";
import { signInRoutes } from "./grid/signIn.ts";
import { workerRoutes } from "./grid/worker.ts";
import { limitBody } from "./http/bodies.ts";
import { allowAnyPage } from "./http/cors.ts";
import { type App, type Env, methodsOf } from "./http/endpoint.ts";
import { RateLimit } from "./http/rateLimit.ts";
import { logRequests } from "./http/requestLog.ts";

/** Largest JSON body, bytes. It holds a prompt of the longest kind and three signed orders. */
const MAX_JSON_BYTES = 256 * 1_024;
/** Factor by which a worker may call more often than a user: it sends heartbeats and progress. */
const WORKER_FACTOR = 5;
/** Errors whose text a worker wrote in part. It may hold the prompt, so the log has the code alone. */
const unloggedTexts: readonly CloudErrorCode[] = ["JOB_FAILED", "NO_WORKER"];

/** Creates the API over a running cloud. `checkLanesSoon` asks for an early check of the gateway's lanes. */
export function createApp(cloud: Cloud, checkLanesSoon: () => void): App {
  const app: App = new OpenAPIHono<Env>();
  const { settings, log, metrics } = cloud;
  const sessions = new Sessions(cloud.database, cloud.notifications);
  const limit = new RateLimit(settings.requestsPerMinute);
  const workerLimit = new RateLimit(settings.requestsPerMinute * WORKER_FACTOR);
  const signInLimit = new RateLimit(settings.jobsPerMinute);

  app.use(requestId({ headerName: "x-request-id", limitLength: 64 }));
  app.use(logRequests(log, metrics));
  app.use(allowAnyPage);
  app.use(async (context, next) => {
    await next();
    if (context.res.status < 400) return;
    context.header("cache-control", "no-store");
    context.header("etag", undefined);
  });
  // Lists. Pictures are compressed already, events are to arrive one by one, and answers to POST are a few kB that cost more to compress.
  app.on(["GET", "HEAD"], "*", compress({ contentTypeFilter: /^application\/json/ }));
  app.use(async (context, next) => {
    const isRead = ["GET", "HEAD", "OPTIONS"].includes(context.req.method);
    if (cloud.stopping.aborted && !isRead) {
      throw new ApiError("STOPPING", "This process is stopping. Ask again.", { headers: { "retry-after": "5" } });
    }
    const token = bearerToken(context.req.header("authorization"));
    const address = callerAddress(context, settings.proxies);
    // Before the token is looked up, so that guessing tokens is limited too.
    (context.req.path.startsWith("/v1/worker/") ? workerLimit : limit).take(address);
    if (token !== undefined) {
      const session = await sessions.find(token);
      if (!session) {
        throw new ApiError("SESSION_INVALID", "The session is unknown or over. Sign in again.", {
          headers: { "www-authenticate": 'Bearer error="invalid_token"' },
        });
      }
      context.set("session", session);
    }
    context.set("address", address);
    context.set("caller", context.get("session")?.account ?? address);
    await next();
  });
  const jsonLimit = limitBody(MAX_JSON_BYTES, "A body");
  const isFile = (path: string): boolean => /\/images\/\d+$|\/wanted-images\/0x[0-9a-f]{64}$/i.test(path);
  app.use((context, next) => (isFile(context.req.path) ? next() : jsonLimit(context, next)));

  healthRoutes(app, cloud);
  signInRoutes(app, cloud, sessions, signInLimit);
  catalogueRoutes(app, cloud);
  const changes = new JobStreams(cloud);
  const watch: WatchJob = (id, reader) => changes.on(id, reader);
  generateRoutes(app, cloud, watch, new RateLimit(settings.jobsPerMinute), checkLanesSoon);
  jobRoutes(app, cloud, changes);
  workerRoutes(app, cloud, checkLanesSoon);
  restoreRoutes(app, cloud);
  fileRoutes(app, cloud);

  app.notFound((context) => {
    const methods = methodsOf(app, context.req.path);
    if (!methods) return refusal(context, new ApiError("ROUTE_UNKNOWN", "There is no such route. See /openapi.json."));
    const options = { headers: { allow: methods } };
    return refusal(context, new ApiError("METHOD_NOT_ALLOWED", `This route is asked with ${methods}.`, options));
  });
  app.onError((error, context) => {
    const request = context.get("requestId");
    if (error instanceof ApiError) {
      const { code } = error;
      const text = unloggedTexts.includes(code) ? {} : { error: describeError(error) };
      if (error.status >= 500) log.warn({ request, code, ...text }, "refused");
      return refusal(context, error);
    }
    log.error({ request, path: context.req.path, error: describeError(error) }, "request failed");
    return refusal(
      context,
      new ApiError("INTERNAL", `Something went wrong here. Name request ${request} when you report it.`),
    );
  });
  return app;
}

function refusal(context: Context<Env>, { code, message, field, job, status, headers }: ApiError): Response {
  context.set("code", code);
  const body: ErrorJson = { error: { code, message, ...(field !== undefined && { field }), ...(job && { job }) } };
  return context.json(body, status, { ...headers });
}

/** Returns the client of a request, for limits. */
function callerAddress(context: Context<Env>, proxies: number): string {
  const socket = getConnInfo(context).remote.address;
  return clientOf({ socket, forwarded: context.req.header("x-forwarded-for"), proxies });
}

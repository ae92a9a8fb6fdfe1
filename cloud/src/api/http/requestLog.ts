import type { MiddlewareHandler } from "hono";
import type { Logger } from "pino";
import type { Metrics } from "../../metrics.ts";
import type { Env } from "./endpoint.ts";

/** Longest path in a log entry, characters. */
const MAX_PATH_LENGTH = 200;
/** Routes that machines poll, logged at debug level while they succeed. */
const quietRoutes: readonly string[] = ["/health", "/metrics"];

/**
 * Logs each request once, when the head of its response is ready: status, time, account, worker and job. Queries and bodies are not logged,
 * because they hold prompts, signatures and lease tokens.
 */
export function logRequests(log: Logger, metrics: Metrics): MiddlewareHandler<Env> {
  return async (context, next) => {
    const from = performance.now();
    await next();
    const { method, path } = context.req;
    const { status } = context.res;
    const milliseconds = performance.now() - from;
    const { account, worker } = context.get("session") ?? {};
    const route = context.get("route");
    const [job, code] = [context.get("job"), context.get("code")];
    const entry = {
      request: context.get("requestId"),
      method,
      path: path.slice(0, MAX_PATH_LENGTH),
      status,
      ms: Math.round(milliseconds),
      ...(code !== undefined && { code }),
      ...(job !== undefined && { job }),
      ...(account !== undefined && { account }),
      ...(worker !== undefined && { worker }),
    };
    if (code !== undefined) metrics.refusal(code);
    metrics.request({ method, route: route ?? "(none)", status, seconds: milliseconds / 1_000 });
    if (status >= 500) log.warn(entry, "request");
    else if (route !== undefined && quietRoutes.includes(route)) log.debug(entry, "request");
    else log.info(entry, "request");
  };
}

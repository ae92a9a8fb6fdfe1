import type { MiddlewareHandler } from "hono";
import type { Logger } from "pino";
import type { Env } from "./endpoint.ts";
import type { Metrics } from "./metrics.ts";

/** Longest path in a line of the log. */
const MOST_PATH = 200;
/** Routes that machines ask all the time: logged at debug while all is well. */
const quietRoutes: readonly string[] = ["/health", "/metrics"];

/**
 * Logs each request once, when the head of its answer is ready: status, time, and who and which job it was about. Neither query nor body
 * is logged, where prompts, signatures and lease tokens are.
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
      path: path.slice(0, MOST_PATH),
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

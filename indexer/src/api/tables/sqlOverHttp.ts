// `/sql`: statements of `@ponder/client`, by Ponder's own middleware, which lets reading statements on the gallery's tables through
// and no others. Off unless the operator opens it.
import type { Context, MiddlewareHandler } from "hono";
import { ApiError, refusalHeaders } from "../http/errors.ts";
import { entryOf } from "../http/rateLimit.ts";

export const sqlLimits = {
  /** Characters of a statement with its parameters. */
  length: 8_000,
  /** Statements at a time. */
  statements: 4,
  /** Statements that are followed at a time. */
  live: 100,
  /** Requests that one counts as. */
  cost: 10,
} as const;

/** Middleware before Ponder's: limits how long statements are and how many run at a time, and hides what went wrong inside. */
export function limitSql(): MiddlewareHandler {
  const running = { db: 0, live: 0 };
  return async (context, next) => {
    const { req } = context;
    const kind = req.path === "/sql/db" ? "db" : req.path === "/sql/live" ? "live" : undefined;
    if (kind === undefined || req.method !== "GET") return next();
    const search = new URL(req.url).searchParams;
    if (search.getAll("sql").length !== 1)
      return refuse(context, "FIELD_INVALID", "sql is to be given once: the statement.");
    if ((search.get("sql")?.length ?? 0) > sqlLimits.length) {
      return refuse(context, "FIELD_INVALID", `sql has at most ${sqlLimits.length} characters.`);
    }
    if (running[kind] >= (kind === "db" ? sqlLimits.statements : sqlLimits.live)) {
      return refuse(context, "TOO_SLOW", "Too many statements run here already: ask again in a moment.");
    }
    entryOf(context).charge(sqlLimits.cost - 1);
    running[kind]++;
    const release = once(() => running[kind]--);
    // A statement that is followed runs until its client is gone.
    if (kind === "live") req.raw.signal.addEventListener("abort", release);
    try {
      await next();
    } finally {
      if (kind === "db" || context.res.status !== 200) release();
    }
    if (context.res.status !== 500) return undefined;
    context.res = undefined;
    context.res = refuse(context, "FIELD_INVALID", "The statement is not one that runs here, or took more than 5 s.");
    return undefined;
  };
}

function once(run: () => void): () => void {
  let isOver = false;
  return () => {
    if (!isOver) run();
    isOver = true;
  };
}

function refuse(context: Context, code: "FIELD_INVALID" | "TOO_SLOW", message: string): Response {
  const refusal = new ApiError(code, message, undefined, code === "TOO_SLOW" ? 1 : undefined);
  return context.json(refusal.json, refusal.status, refusalHeaders(refusal));
}

// `/tables`: every table as it is, by Ponder's generated GraphQL, for requests that nobody foresaw. It makes a statement of its own for
// each field and reads whole rows, so its limits are tight.
import { Buffer } from "node:buffer";
import { readSearchParameters, SearchParameterError } from "@gridnft/sdk/node";
import { getTableColumns, is, Table } from "drizzle-orm";
import { GraphQLError, parse } from "graphql";
import type { Context, MiddlewareHandler } from "hono";
import type pg from "pg";
import type { GraphQLRequest } from "../graphql/executor.ts";
import { bodyTypeFault, isRefusal, readJsonBody, requestOf } from "../graphql/http/request.ts";
import { graphqlErrorJson, type Refusal, refusalHeaders } from "../http/errors.ts";
import { entryOf } from "../http/rateLimit.ts";
import { methodsOf } from "../http/securityHeaders.ts";
import { rowsOf, tableLimits } from "./rowCount.ts";

/** Rows that count as much as one request more. */
const ROWS_PER_COST = 20;
/** Types of columns that Ponder's GraphQL has no word for. */
const unspeakable = ["tsvector"];

/** The tables that Ponder's GraphQL can show. */
export function speakableTables<Tables extends Readonly<Record<string, unknown>>>(tables: Tables): Tables {
  const speakable = Object.entries(tables).filter(
    ([name, table]) =>
      name === "default" ||
      !is(table, Table) ||
      Object.values(getTableColumns(table)).every((column) => !unspeakable.includes(column.getSQLType())),
  );
  return Object.fromEntries(speakable) as Tables;
}

/** Ends the statements of a pool after a time: giving up on an answer does not end them. */
export function limitStatements(pool: pg.Pool, milliseconds: number = tableLimits.time): void {
  const limited = new WeakSet<pg.PoolClient>();
  // A connection answers in order, so this comes before the statement that it was acquired for. Some are open already.
  pool.on("acquire", (client) => {
    if (limited.has(client)) return;
    limited.add(client);
    // A connection that breaks fails the statement behind this one as well.
    client.query(`set statement_timeout = ${milliseconds}`).catch(() => undefined);
  });
}

/** Middleware before Ponder's GraphQL: refuses what is too large, and answers in its place after a while. */
export function limitTables(): MiddlewareHandler {
  let running = 0;
  return async (context, next) => {
    const { req } = context;
    if (req.method !== "POST") {
      const message = "Questions are posted here as JSON: {query, variables?, operationName?}.";
      return refuse(context, { status: 405, code: "METHOD_NOT_ALLOWED", message, allow: methodsOf("/tables") });
    }
    const read = await readTablesRequest(context);
    if (isRefusal(read)) return refuse(context, read);
    if (running >= tableLimits.requests) {
      return busy(
        context,
        `Only ${tableLimits.requests} questions at a time are answered here: ask again in a moment.`,
      );
    }
    entryOf(context).charge(Math.ceil(read.rows / ROWS_PER_COST));
    // Ponder's GraphQL reads the body again: it gets what was counted, and no other form of it.
    const headers = { "content-type": "application/json", accept: "application/json" };
    req.raw = new Request(new URL(req.path, req.url), { method: "POST", headers, body: JSON.stringify(read.request) });
    running++;
    const answered = next().finally(() => running--);
    const late = Symbol();
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<typeof late>((resolve) => {
      timer = setTimeout(() => resolve(late), tableLimits.time);
    });
    const first = await Promise.race([answered, timeout]).finally(() => clearTimeout(timer));
    if (first !== late) return undefined;
    answered.catch(() => undefined);
    return busy(context, `This took more than ${tableLimits.time / 1_000} s: ask for less at a time.`);
  };
}

interface TablesRequest {
  readonly request: GraphQLRequest;
  readonly rows: number;
}

async function readTablesRequest({ req }: Context): Promise<TablesRequest | Refusal> {
  const fault =
    bodyTypeFault({ type: req.header("content-type"), encoding: req.header("content-encoding") }) ??
    searchFault(new URL(req.url).search);
  if (fault) return fault;
  const read = readJsonBody(Buffer.from(await req.arrayBuffer()), "{query, variables?, operationName?}");
  if ("refusal" in read) return read.refusal;
  const request = requestOf(read.fields, ["query", "variables", "operationName"]);
  if (isRefusal(request)) return request;
  const { query = "", variables, operationName } = request;
  try {
    const document = parse(query, { maxTokens: tableLimits.tokens, noLocation: true });
    return { request, rows: rowsOf(document, variables ?? {}, operationName) };
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return { status: 400, code: String(error.extensions.code ?? "BAD_INPUT"), message: error.message };
  }
}

/** Parameters in the URL of a POST would be overlooked. */
function searchFault(search: string): Refusal | undefined {
  try {
    readSearchParameters(search, { names: [] });
    return undefined;
  } catch (error) {
    if (!(error instanceof SearchParameterError)) throw error;
    return { status: 400, code: "BAD_INPUT", message: error.message };
  }
}

function busy(context: Context, message: string): Response {
  return refuse(context, { status: 503, code: "TOO_SLOW", message, retryAfter: 1 });
}

function refuse(context: Context, refusal: Refusal): Response {
  return context.json(graphqlErrorJson(refusal), refusal.status as 400, refusalHeaders(refusal));
}

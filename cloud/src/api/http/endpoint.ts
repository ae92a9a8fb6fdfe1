import { readSearchParameters, SearchParameterError } from "@gridnft/sdk/node";
import { type CloudErrorCode, cloudErrors, errorJson } from "@gridnft/sdk/schemas";
import type { HttpBindings } from "@hono/node-server";
import type { OpenAPIHono, RouteConfig } from "@hono/zod-openapi";
import type { Context } from "hono";
import { z } from "zod";
import type { SessionRecord, WorkerSession } from "../../auth/sessions.ts";
import { ApiError } from "../../error.ts";
import { encodingFault } from "./bodies.ts";
import { withDescriptions } from "./parameterDescriptions.ts";
import { fieldError } from "./validationErrors.ts";
import { toClassic } from "./zodClassic.ts";

/** Values that middleware sets for handlers. */
export interface Env {
  Bindings: HttpBindings;
  Variables: {
    requestId: string;
    /** Session of the request's token; absent without a token. */
    session: SessionRecord | undefined;
    /** Caller for limits: an account or an IP address. */
    caller: string;
    /** Address that the request comes from: IPv4, or the /64 of an IPv6 address. */
    address: string;
    /** Pattern of the route's path, for the log and the metrics. */
    route: string | undefined;
    /** Job that the request is about, or made. */
    job: string | undefined;
    /** Code of the refusal that was answered. */
    code: CloudErrorCode | undefined;
  };
}
export type App = OpenAPIHono<Env>;

interface Spec<
  Params extends z.core.$ZodType,
  Query extends z.core.$ZodType,
  Body extends z.core.$ZodType,
  Needs extends SessionNeed,
> {
  readonly method: "get" | "post" | "put" | "delete";
  /** Path in OpenAPI's form: `/v1/jobs/{id}`. */
  readonly path: string;
  readonly summary: string;
  /** Description, if it says more than the summary. */
  readonly description?: string;
  readonly tag: "generate" | "jobs" | "catalogue" | "sign-in" | "worker" | "files" | "service";
  readonly session?: Needs;
  readonly params?: Params;
  readonly query?: Query;
  /** Headers for the description. The handler reads them. */
  readonly headers?: z.ZodObject;
  /** Allows parameters that the schema does not name. */
  readonly allowUnknownQuery?: boolean;
  /** Converts the query's text values to the input of its schema. */
  readonly readQuery?: (query: Record<string, string>) => unknown;
  readonly body?: Body;
  /** Media type of a body that is a file. The handler reads it. */
  readonly file?: string;
  readonly answers: Readonly<
    Record<number, { readonly description: string; readonly schema?: z.core.$ZodType; readonly type?: string }>
  >;
  readonly errors?: readonly CloudErrorCode[];
}

type AnySpec = Spec<z.core.$ZodType, z.core.$ZodType, z.core.$ZodType, SessionNeed>;

type SessionNeed = "optional" | "account" | "worker";
type SessionOf<Needs extends SessionNeed> = Needs extends "worker"
  ? WorkerSession
  : Needs extends "account"
    ? SessionRecord
    : SessionRecord | undefined;

interface Call<
  Params extends z.core.$ZodType,
  Query extends z.core.$ZodType,
  Body extends z.core.$ZodType,
  Needs extends SessionNeed,
> {
  readonly context: Context<Env>;
  readonly params: z.output<Params>;
  readonly query: z.output<Query>;
  readonly body: z.output<Body>;
  readonly session: SessionOf<Needs>;
}

/** Adds a route and its description. Path, query, body and session are validated once, here. The handler gets them typed. */
export function endpoint<
  Params extends z.core.$ZodType = z.core.$ZodUndefined,
  Query extends z.core.$ZodType = z.core.$ZodUndefined,
  Body extends z.core.$ZodType = z.core.$ZodUndefined,
  Needs extends SessionNeed = "optional",
>(
  app: App,
  spec: Spec<Params, Query, Body, Needs>,
  handle: (call: Call<Params, Query, Body, Needs>) => Promise<Response> | Response,
): void {
  app.openAPIRegistry.registerPath(describeRoute(spec));
  const path = spec.path.replaceAll(/\{(\w+)\}/g, ":$1");
  recordRoute(app, spec);
  app.on(spec.method.toUpperCase(), [path], async (context) => {
    context.set("route", spec.path);
    requireUtf8Path(context);
    const session = requireSession(context.get("session"), spec.session ?? "optional") as SessionOf<Needs>;
    const params = spec.params ? parse(spec.params, context.req.param()) : undefined;
    if (spec.path.includes("/jobs/{id}")) context.set("job", (params as { readonly id?: string } | undefined)?.id);
    const texts = readQueryTexts(spec, context);
    const query = spec.query ? parse(spec.query, (spec.readQuery ?? ((given) => given))(texts)) : undefined;
    const body = spec.body ? parse(spec.body, await readJson(context)) : undefined;
    return handle({ context, params, query, body, session } as Call<Params, Query, Body, Needs>);
  });
}

/** Parses input. The first issue becomes the API's error. */
function parse<Schema extends z.core.$ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = z.safeParse(schema, input, { reportInput: true });
  if (!parsed.success) throw fieldError(parsed.error);
  return parsed.data;
}

function requireSession(session: SessionRecord | undefined, need: SessionNeed): SessionRecord | undefined {
  if (need === "optional") return session;
  if (!session) {
    throw new ApiError("SESSION_INVALID", "Sign in first: GET /v1/auth/nonce, then POST /v1/auth/sign-in.", {
      headers: { "www-authenticate": "Bearer" },
    });
  }
  if (need === "worker" && !session.worker) {
    throw new ApiError("NOT_YOURS", "This needs a worker's session: its key signs in and names its account.");
  }
  return session;
}

/** Requires that a path is percent-encoded UTF-8. Node's parser refuses other characters than ASCII. */
function requireUtf8Path({ req }: Context<Env>): void {
  if (!req.url.includes("%")) return;
  const { pathname } = new URL(req.url);
  try {
    if (!decodeURIComponent(pathname).includes("\0")) return;
  } catch (cause) {
    throw new ApiError("FIELD_INVALID", "The URL's path is not percent-encoded UTF-8.", { cause });
  }
  throw new ApiError("FIELD_INVALID", "The URL's path has a zero byte (%00).");
}

/** Reads the query of the URL. Unknown and repeated parameters are refused. */
function readQueryTexts({ query, allowUnknownQuery }: AnySpec, { req }: Context<Env>): Record<string, string> {
  if (!req.url.includes("?")) return {};
  const { search, searchParams } = new URL(req.url);
  const { shape = {} } = (query?._zod.def ?? {}) as { readonly shape?: object };
  try {
    const names = allowUnknownQuery ? [...searchParams.keys()] : Object.keys(shape);
    return readSearchParameters(search, { names }) as Record<string, string>;
  } catch (error) {
    if (!(error instanceof SearchParameterError)) throw error;
    const { message, parameter } = error;
    throw new ApiError("FIELD_INVALID", message, { ...(parameter && { field: parameter }), cause: error });
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

async function readJson(context: Context<Env>): Promise<unknown> {
  const type = context.req.header("content-type") ?? "";
  if (!/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new ApiError("BODY_NOT_JSON", "Send the body as JSON, with Content-Type: application/json.");
  }
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(type)?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw new ApiError("BODY_NOT_JSON", `charset ${charset.slice(0, 30)} is not read: send the body as UTF-8.`);
  }
  const encoded = encodingFault(context.req);
  if (encoded !== undefined) throw new ApiError("BODY_NOT_JSON", `${encoded}: send the body as it is.`);
  let text: string;
  let json: unknown;
  try {
    text = utf8.decode(await context.req.arrayBuffer());
    json = JSON.parse(text);
  } catch (cause) {
    throw new ApiError("BODY_NOT_JSON", "The body is not well-formed JSON in UTF-8.", { cause });
  }
  // Only escapes can bring what UTF-8 has no bytes for, and zeros.
  if (/\\u(?:d[89a-f]|0000)/i.test(text)) requireText(json);
  return json;
}

/** Value of a body, and its path in it. */
interface JsonNode {
  readonly value: unknown;
  readonly name: string;
  readonly parent: JsonNode | undefined;
}

/**
 * Requires that all strings of a body can be stored and hashed. Unpaired surrogates and zero characters are refused.
 * @throws {@link ApiError} `FIELD_INVALID`.
 */
function requireText(body: unknown): void {
  const open: JsonNode[] = [{ value: body, name: "", parent: undefined }];
  for (let node = open.pop(); node; node = open.pop()) {
    const { value } = node;
    if (typeof value === "string") {
      const problem = /\p{Surrogate}/u.test(value)
        ? "is not valid Unicode"
        : value.includes("\0")
          ? "has a zero byte (\\u0000)"
          : undefined;
      if (problem === undefined) continue;
      const field = pathOf(node);
      throw new ApiError("FIELD_INVALID", `${field || "The body"} ${problem}.`, { ...(field && { field }) });
    }
    if (typeof value !== "object" || value === null) continue;
    for (const [name, inner] of Object.entries(value)) open.push({ value: inner, name, parent: node });
  }
}

function pathOf(node: JsonNode): string {
  const names: string[] = [];
  for (let at: JsonNode | undefined = node; at?.parent; at = at.parent) names.push(at.name);
  return names.reverse().join(".").slice(0, 200);
}

/** Methods of an app's routes, by the pattern of their paths. */
const methodsByApp = new WeakMap<App, Map<string, Set<string>>>();

function recordRoute(app: App, { method, path }: AnySpec): void {
  const routes = methodsByApp.get(app) ?? new Map<string, Set<string>>();
  methodsByApp.set(app, routes);
  const pattern = path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+");
  const methods = routes.get(pattern) ?? new Set(["OPTIONS"]);
  routes.set(pattern, methods.add(method.toUpperCase()));
  if (method === "get") methods.add("HEAD");
}

/** Returns the methods of a path for an Allow header; undefined if it is no route. */
export function methodsOf(app: App, path: string): string | undefined {
  for (const [pattern, methods] of methodsByApp.get(app) ?? []) {
    if (new RegExp(`^${pattern}$`).test(path)) return [...methods].sort().join(", ");
  }
  return undefined;
}

const errorSchema = toClassic(errorJson).meta({ id: "Error" });

/** Errors that any route can answer with. */
const common: readonly CloudErrorCode[] = [
  "FIELD_INVALID",
  "TOO_MANY_REQUESTS",
  "INTERNAL",
  "DATABASE_UNAVAILABLE",
  "STOPPING",
];

const sessions: Readonly<Record<SessionNeed | "none", string>> = {
  none: "Needs no session.",
  optional: "A session is optional: what is private is shown to its owner alone.",
  account: "Needs the session of an account.",
  worker: "Needs the session of a worker's key.",
};

/** Returns the operation id of a route for generated clients: `GET /v1/jobs/{id}/events` is `getJobsIdEvents`. */
function operationIdOf({ method, path }: Pick<RouteConfig, "method" | "path">): string {
  const words = path.replace(/^\/v1\//, "/").match(/[A-Za-z]+/g) ?? [];
  return [method, ...words.map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`)].join("");
}

/** Tags of the routes, with their descriptions. */
export const tags: Readonly<Record<AnySpec["tag"], string>> = {
  generate: "Quotes and pictures",
  jobs: "Jobs and their receipts",
  catalogue: "Models and workers",
  "sign-in": "Sessions by signed messages",
  worker: "Routes of workers: offers, jobs, deliveries, vouchers",
  files: "Pictures by their CIDs",
  service: "State of this service",
};

function describeRoute(spec: AnySpec): RouteConfig {
  const responses: Record<string, { description: string; content?: never }> = {};
  for (const [status, { description, schema, type = "application/json" }] of Object.entries(spec.answers)) {
    const content = schema
      ? { [type]: { schema: toClassic(schema) } }
      : spec.file || type !== "application/json"
        ? { [type]: {} }
        : undefined;
    responses[status] = { description, ...(content && { content: content as never }) };
  }
  const codes = [...(spec.errors ?? []), ...common, ...(spec.session ? (["SESSION_INVALID"] as const) : [])];
  for (const code of new Set(codes)) {
    const status = String(cloudErrors[code]);
    const before = responses[status]?.description;
    if (responses[status] && !before?.startsWith("`")) continue;
    responses[status] = {
      description: before ? `${before}, \`${code}\`` : `\`${code}\``,
      content: { "application/json": { schema: errorSchema } } as never,
    };
  }
  return {
    method: spec.method,
    path: spec.path,
    operationId: operationIdOf(spec),
    summary: spec.summary,
    description: spec.description ?? `${spec.summary}. ${sessions[spec.session ?? "none"]}`,
    tags: [spec.tag],
    ...(spec.session && { security: spec.session === "optional" ? [{}, { session: [] }] : [{ session: [] }] }),
    request: {
      ...(spec.params && { params: withDescriptions(toClassic(spec.params)) as never }),
      ...(spec.query && { query: withDescriptions(toClassic(spec.query)) as never }),
      ...(spec.headers && { headers: spec.headers }),
      ...(spec.body && { body: { required: true, content: { "application/json": { schema: toClassic(spec.body) } } } }),
      ...(spec.file && {
        body: { required: true, content: { [spec.file]: { schema: z.string().meta({ format: "binary" }) } } },
      }),
    },
    responses,
  };
}

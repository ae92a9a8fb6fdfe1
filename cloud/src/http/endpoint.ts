import { type CloudErrorCode, cloudErrors, errorJson } from "@gridnft/sdk/wire";
import type { OpenAPIHono, RouteConfig } from "@hono/zod-openapi";
import type { Context } from "hono";
import { z } from "zod";
import type { SessionRecord } from "../auth/sessions.ts";
import { CloudError } from "../error.ts";
import { fieldFault } from "./faults.ts";

/** What middleware leaves for handlers. */
export interface Env {
  Variables: {
    requestId: string;
    /** The session of the request's token; absent without a token. */
    session: SessionRecord | undefined;
    /** Who asks, for limits: an account or an IP address. */
    caller: string;
  };
}
export type App = OpenAPIHono<Env>;

/** A session of a worker's key. */
export interface WorkerSession extends SessionRecord {
  readonly worker: NonNullable<SessionRecord["worker"]>;
}

interface Spec<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Needs extends SessionNeed> {
  readonly method: "get" | "post" | "put" | "delete";
  /** As OpenAPI writes it: `/v1/jobs/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly tag: "generate" | "jobs" | "catalogue" | "sign-in" | "worker" | "files" | "service";
  readonly session?: Needs;
  readonly params?: Params;
  readonly query?: Query;
  /** Turns the query's texts into what its schema takes. */
  readonly readQuery?: (query: Record<string, string>) => unknown;
  readonly body?: Body;
  /** The body is a file: its media type. The handler reads it. */
  readonly file?: string;
  readonly answers: Readonly<
    Record<number, { readonly description: string; readonly schema?: z.ZodType; readonly type?: string }>
  >;
  readonly errors?: readonly CloudErrorCode[];
}

type SessionNeed = "optional" | "account" | "worker";
type SessionOf<Needs extends SessionNeed> = Needs extends "worker"
  ? WorkerSession
  : Needs extends "account"
    ? SessionRecord
    : SessionRecord | undefined;

interface Call<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Needs extends SessionNeed> {
  readonly context: Context<Env>;
  readonly params: z.output<Params>;
  readonly query: z.output<Query>;
  readonly body: z.output<Body>;
  readonly session: SessionOf<Needs>;
}

/**
 * Adds a route and its description. Path, query, body and session are checked here, once; the handler gets them typed.
 */
export function endpoint<
  Params extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
  Needs extends SessionNeed = "optional",
>(
  app: App,
  spec: Spec<Params, Query, Body, Needs>,
  handle: (call: Call<Params, Query, Body, Needs>) => Promise<Response> | Response,
): void {
  app.openAPIRegistry.registerPath(describeRoute(spec));
  const path = spec.path.replaceAll(/\{(\w+)\}/g, ":$1");
  app.on(spec.method.toUpperCase(), [path], async (context) => {
    const session = requireSession(context.get("session"), spec.session ?? "optional") as SessionOf<Needs>;
    const params = spec.params ? parse(spec.params, context.req.param()) : undefined;
    const query = spec.query
      ? parse(spec.query, (spec.readQuery ?? ((texts) => texts))(context.req.query()))
      : undefined;
    const body = spec.body ? parse(spec.body, await readJson(context)) : undefined;
    return handle({ context, params, query, body, session } as Call<Params, Query, Body, Needs>);
  });
}

/** Parses input; the first fault becomes the API's answer. */
export function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input, { reportInput: true });
  if (!parsed.success) throw fieldFault(parsed.error);
  return parsed.data;
}

function requireSession(session: SessionRecord | undefined, need: SessionNeed): SessionRecord | undefined {
  if (need === "optional") return session;
  if (!session) {
    throw new CloudError("SESSION_INVALID", "Sign in first: GET /v1/auth/nonce, then POST /v1/auth/sign-in.", {
      headers: { "www-authenticate": "Bearer" },
    });
  }
  if (need === "worker" && !session.worker) {
    throw new CloudError("NOT_YOURS", "This needs a worker's session: its key signs in and names its account.");
  }
  return session;
}

async function readJson(context: Context<Env>): Promise<unknown> {
  const type = context.req.header("content-type") ?? "";
  if (!/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new CloudError("BODY_NOT_JSON", "Send the body as JSON, with Content-Type: application/json.");
  }
  const text = await context.req.text();
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new CloudError("BODY_NOT_JSON", "The body is not well-formed JSON.", { cause });
  }
}

const errorSchema = errorJson.meta({ id: "Error" });

/** Errors that any route can answer with. */
const common: readonly CloudErrorCode[] = ["FIELD_INVALID", "TOO_MANY_REQUESTS", "INTERNAL", "STOPPING"];

function describeRoute(spec: Spec<z.ZodType, z.ZodType, z.ZodType, SessionNeed>): RouteConfig {
  const responses: Record<string, { description: string; content?: never }> = {};
  for (const [status, { description, schema, type = "application/json" }] of Object.entries(spec.answers)) {
    const content = schema
      ? { [type]: { schema } }
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
    summary: spec.summary,
    tags: [spec.tag],
    ...(spec.session && { security: spec.session === "optional" ? [{}, { session: [] }] : [{ session: [] }] }),
    request: {
      ...(spec.params && { params: spec.params as never }),
      ...(spec.query && { query: spec.query as never }),
      ...(spec.body && { body: { required: true, content: { "application/json": { schema: spec.body } } } }),
      ...(spec.file && {
        body: { required: true, content: { [spec.file]: { schema: z.string().meta({ format: "binary" }) } } },
      }),
    },
    responses,
  };
}

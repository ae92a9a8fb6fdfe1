// GET routes for questions that everybody asks: cacheable, described by OpenAPI, in the REST API's snake case. Each asks the gallery
// schema, so that there is one vocabulary.
import { createHash } from "node:crypto";
import { OpenAPIHono, type RouteConfig, type z } from "@hono/zod-openapi";
import type { GraphQLInputType, GraphQLSchema } from "graphql";
import type { Context } from "hono";
import { BlockNotIndexedError, type Fresh, type IndexedBlock } from "../fresh.ts";
import type { Answerer } from "../graphql/execute.ts";
import { charge } from "../public.ts";
import { type RouteSpec, routes } from "./catalogue.ts";
import { type CompiledRoute, compileRoute } from "./compile.ts";
import { RestError, restErrorOf, statuses } from "./errors.ts";
import type { JsonSchema } from "./openApi.ts";
import { describeParameter, type Parameter, parametersReader } from "./parameters.ts";
import { questions } from "./questions.ts";
import { type ApiDescription, referencePage } from "./reference.ts";

export interface RestDependencies {
  readonly answerer: Answerer;
  readonly fresh: Fresh;
  /** Where others reach this API. */
  readonly publicUrl: string | undefined;
  /** Told of errors that the asker is not shown. */
  readonly onError: (error: unknown) => void;
}

/** Version of `/v1`. */
const VERSION = "1.0.0";
/** Seconds for which a cache may answer without asking: a block of Base. */
const FRESH = 2;
/** Milliseconds that `min_block` waits. */
const PATIENCE = 5_000;
const MAX_ANSWERS = 500;

interface Answer {
  readonly status: 200 | 404;
  readonly body: string;
}

/** `/v1/...`, `/openapi.json` and `/reference`. */
export function createRestRoutes(dependencies: RestDependencies): OpenAPIHono {
  const { answerer, fresh, publicUrl, onError } = dependencies;
  const answers = fresh.cachedPerBlock<string, Answer>(MAX_ANSWERS);
  const components = new Map<string, JsonSchema>();
  const app = new OpenAPIHono();
  const minBlock = minBlockOf(answerer.schema);

  for (const spec of routes) {
    const route = compileRoute(answerer.schema, spec);
    const reader = parametersReader([...route.parameters, minBlock]);
    app.openAPIRegistry.registerPath(describeRoute(route, minBlock, components));
    app.get(spec.path.replaceAll(/\{(\w+)\}/g, ":$1"), async (context) => {
      try {
        const parsed = reader.safeParse({ ...givenIn(context), ...context.req.param() });
        if (!parsed.success) throw faultOf(parsed.error);
        return await answerRoute(context, route, parsed.data);
      } catch (error) {
        if (error instanceof RestError) return refuse(context, error);
        onError(error);
        return refuse(context, new RestError("INTERNAL", "Something went wrong on our side."));
      }
    });
  }

  async function answerRoute(context: Context, route: CompiledRoute, read: Record<string, unknown>): Promise<Response> {
    const { min_block: minBlock, ...parameters } = read;
    const block = await blockOf(minBlock as number | undefined);
    const tag = tagOf(route.spec.isTimed ? `${fresh.contents()}/${block.timestamp}` : fresh.contents());
    context.header("etag", tag);
    context.header("cache-control", `public, max-age=${FRESH}, must-revalidate`);
    context.header("x-indexed-block", String(block.number));
    if (isKnown(context.req.header("if-none-match"), tag)) return context.body(null, 304);
    charge(context, route.spec.cost - 1);
    const variables = route.variables(parameters);
    const { status, body } = await answers.remember(`${route.spec.path} ${JSON.stringify(variables)}`, () =>
      ask(route, variables, block),
    );
    context.header("content-type", "application/json; charset=utf-8");
    return context.body(body, status);
  }

  async function blockOf(minBlock: number | undefined): Promise<IndexedBlock> {
    try {
      const block = minBlock === undefined ? fresh.current() : await fresh.atLeast(minBlock, PATIENCE);
      if (block) return block;
    } catch (error) {
      if (!(error instanceof BlockNotIndexedError)) throw error;
      throw new RestError("BLOCK_NOT_REACHED", error.message.replace("minBlock", "min_block"), "min_block", 1);
    }
    throw new RestError("NOT_READY", "Nothing is indexed yet: ask again in a moment.", undefined, 1);
  }

  async function ask(route: CompiledRoute, variables: Record<string, unknown>, block: IndexedBlock): Promise<Answer> {
    const { result } = await answerer.answer({ query: route.spec.question, variables });
    const [error] = result.errors ?? [];
    if (error) {
      const refusal = restErrorOf(error, route.names);
      // What the answerer masks it has logged; a question of ours that it refuses is a fault of ours.
      if (refusal.code === "INTERNAL" && error.extensions?.code !== "INTERNAL") onError(error);
      throw refusal;
    }
    const answer = route.answer(result.data ?? {}, variables);
    if (!answer) {
      const [key] = Object.values(variables);
      const { name } = route.spec.subject ?? { name: "such thing" };
      const missing = new RestError("NOT_FOUND", `There is no ${name} ${String(key)} as of block ${block.number}.`);
      return { status: 404, body: JSON.stringify(missing.json) };
    }
    const { chainId, number, timestamp } = block;
    return { status: 200, body: JSON.stringify({ ...answer, block: { chain_id: chainId, number, timestamp } }) };
  }

  app.openAPIRegistry.registerPath(healthRoute);
  let description: ApiDescription | undefined;
  const describe = (): ApiDescription => {
    description ??= describeApi(app, components, publicUrl);
    return description;
  };
  app.get("/openapi.json", (context) => {
    context.header("cache-control", "public, max-age=3600");
    return context.json(describe());
  });
  let page: ReturnType<typeof referencePage> | undefined;
  app.get("/reference", (context) => {
    context.header("cache-control", "public, max-age=3600");
    context.header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    page ??= referencePage(describe());
    return context.html(page);
  });
  app.all("/v1/*", (context) =>
    refuse(
      context,
      ["GET", "HEAD"].includes(context.req.method)
        ? new RestError("ROUTE_UNKNOWN", "There is no such route: see /reference.")
        : new RestError("METHOD_NOT_ALLOWED", "Routes of /v1 are asked with GET."),
    ),
  );
  return app;
}

/** Answers a refusal. */
export function refuse(context: Context, error: RestError): Response {
  context.header("cache-control", "no-store");
  context.header("etag", undefined);
  if (error.retryAfter !== undefined) context.header("retry-after", String(error.retryAfter));
  return context.json(error.json, error.status);
}

/** Weak: what is the same is what is told, but for the block that it is told at, which `x-indexed-block` says. */
function tagOf(contents: string): string {
  return `W/"${createHash("sha256").update(`${revision}/${contents}`).digest("base64url").slice(0, 22)}"`;
}

/** Changes with what routes ask for, so that a new version's answers are not taken for the old one's. */
const revision = createHash("sha256")
  .update(JSON.stringify([VERSION, routes]))
  .digest("base64url");

function isKnown(header: string | undefined, tag: string): boolean {
  return (header ?? "").split(",").some((one) => one.trim() === tag || one.trim() === "*");
}

function faultOf(error: z.core.$ZodError): RestError {
  const [issue] = error.issues;
  if (issue?.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    return new RestError("FIELD_INVALID", `${key} is not a parameter of this route: see /reference.`, key);
  }
  const field = String(issue?.path[0] ?? "");
  if (issue?.code === "invalid_union" || issue?.code === "invalid_type") {
    return new RestError("FIELD_INVALID", `${field} is missing.`, field);
  }
  return new RestError("FIELD_INVALID", `${field} ${issue?.message ?? "is not valid"}.`, field);
}

/** The query of a URL; parameters that are repeated are lists. */
function givenIn(context: Context): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(context.req.queries()).map(([name, values]) => [
      name,
      values.length === 1 ? (values[0] ?? "") : values,
    ]),
  );
}

function minBlockOf(schema: GraphQLSchema): Parameter {
  return {
    name: "min_block",
    type: schema.getType("Long") as GraphQLInputType,
    path: ["min_block"],
    description: `Waits until this block is indexed, up to ${PATIENCE / 1_000} s: for reading one's own writes.`,
    isRequired: false,
    default: undefined,
    words: undefined,
  };
}

/** Name of a route among those of a client that is made from the description. */
function nameOf({ question }: RouteSpec): string {
  return Object.entries(questions).find(([, text]) => text === question)?.[0] ?? "";
}

function describeRoute(route: CompiledRoute, minBlock: Parameter, components: Map<string, JsonSchema>): RouteConfig {
  const { path, summary, tag } = route.spec;
  const inPath = route.parameters.filter(({ name }) => path.includes(`{${name}}`));
  const inQuery = route.parameters.filter(({ name }) => !path.includes(`{${name}}`));
  const refusals = Object.entries({
    ...(route.spec.subject && { 404: ["NOT_FOUND"] }),
    422: [
      "FIELD_INVALID",
      ...(inQuery.some(({ name }) => name === "cursor") ? ["CURSOR_INVALID"] : []),
      "TOO_EXPENSIVE",
    ],
    429: ["TOO_MANY_REQUESTS"],
    500: ["INTERNAL"],
    503: ["BLOCK_NOT_REACHED", "NOT_READY", "TOO_SLOW"],
  });
  return {
    method: "get",
    path,
    operationId: nameOf(route.spec),
    summary,
    tags: [tag],
    parameters: [
      ...inPath.map((parameter) => describeParameter(parameter, "path")),
      ...inQuery.map((parameter) => describeParameter(parameter, "query")),
      describeParameter(minBlock, "query"),
    ] as never,
    responses: {
      200: {
        description: "The answer",
        headers: {
          etag: { description: "Stays the same until something is indexed", schema: { type: "string" } },
          "x-indexed-block": { description: "Number of the block, also with 304", schema: { type: "integer" } },
        },
        content: { "application/json": { schema: route.describe(components) as never } },
      },
      304: { description: "As before: nothing was indexed since the answer with this `if-none-match`" },
      ...Object.fromEntries(
        refusals.map(([status, codes]) => [
          status,
          {
            description: codes.map((code) => `\`${code}\``).join(", "),
            content: { "application/json": { schema: errorReference as never } },
          },
        ]),
      ),
    },
  };
}

const integerOrNull: JsonSchema = { type: ["integer", "null"] };
const placeOrNull: JsonSchema = {
  type: ["object", "null"],
  properties: { block: { type: "integer" }, timestamp: { type: "integer" } },
};

/** Answered by `health.ts`, whatever state the rest is in. */
const healthSchema: JsonSchema = {
  type: "object",
  properties: {
    status: {
      type: "string",
      enum: ["ok", "starting", "behind", "reorganised", "chain_unreachable", "database_unreachable"],
    },
    reason: { type: ["string", "null"], description: "What is wrong, and what to do about it. Null when ok." },
    chain_id: { type: "integer" },
    indexed: { ...placeOrNull, description: "The last block that is indexed." },
    head: { ...placeOrNull, description: "The newest block of the chain." },
    lag_blocks: integerOrNull,
    lag_seconds: integerOrNull,
    canonical: {
      type: ["boolean", "null"],
      description: "Whether the rows are of the chain as it is now. Null when no node can tell.",
    },
  },
  required: ["status", "reason", "chain_id", "indexed", "head", "lag_blocks", "lag_seconds", "canonical"],
};
const healthRoute: RouteConfig = {
  method: "get",
  path: "/v1/health",
  operationId: "health",
  summary: "How far behind the chain the index is, and whether it is of the chain as it is now",
  tags: ["service"],
  responses: {
    200: { description: "All is well", content: { "application/json": { schema: healthSchema as never } } },
    503: {
      description: "It is not; `status` says why",
      content: { "application/json": { schema: healthSchema as never } },
    },
  },
};

const errorReference = { $ref: "#/components/schemas/Error" };
const errorSchema: JsonSchema = {
  type: "object",
  description: "Every refusal.",
  properties: {
    error: {
      type: "object",
      properties: {
        code: { type: "string", enum: Object.keys(statuses), description: "Stable." },
        message: { type: "string", description: "What is wrong, and what would be right." },
        field: { type: "string", description: "The parameter at fault, if it is one." },
      },
      required: ["code", "message"],
    },
  },
  required: ["error"],
};

function describeApi(app: OpenAPIHono, components: Map<string, JsonSchema>, url: string | undefined): ApiDescription {
  for (const [name, schema] of [...components, ["Error", errorSchema] as const]) {
    app.openAPIRegistry.registerComponent("schemas", name, schema as never);
  }
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "GridNFT gallery API",
      version: VERSION,
      description:
        "What everybody asks of the gallery, as cacheable GET routes; `/graphql` answers everything. Ids, seeds and AIPG amounts (wei) are decimal strings, times Unix seconds. Every answer names the block up to which everything is in it.",
      license: { name: "MIT" },
    },
    servers: [{ url: url ?? "/" }],
  }) as unknown as ApiDescription;
}

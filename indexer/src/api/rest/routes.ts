// GET routes for queries that everybody asks: cacheable, described by OpenAPI, in the REST API's snake case. Each asks the gallery
// schema, so that there is one vocabulary.
import { createHash } from "node:crypto";
import {
  namesEveryTag,
  namesTag,
  readSearchParameters,
  SearchParameterError,
  type SearchParameters,
} from "@gridnft/sdk/node";
import { OpenAPIHono, type z } from "@hono/zod-openapi";
import { type GraphQLInputType, type GraphQLSchema, getNullableType, isListType } from "graphql";
import type { Context } from "hono";
import { costOf, type GraphQLExecutor } from "../graphql/executor.ts";
import { ApiError, refusalHeaders } from "../http/errors.ts";
import { entryOf } from "../http/rateLimit.ts";
import { PAGE_POLICY } from "../http/securityHeaders.ts";
import type { IndexedBlock } from "../query/queryContext.ts";
import { BlockNotIndexedError, type IndexingStatus } from "../status/indexingStatus.ts";
import { type RouteSpec, routes } from "./catalogue.ts";
import { type CompiledRoute, compileRoute } from "./compile.ts";
import { changesRoute, describeApi, describeRoute, healthRoute, VERSION } from "./describe.ts";
import { apiErrorOf } from "./errors.ts";
import type { JsonSchema } from "./openApi.ts";
import { type Parameter, parametersReader } from "./parameters.ts";
import { type ApiDescription, referencePage } from "./reference.ts";

export interface RestDependencies {
  readonly executor: GraphQLExecutor;
  readonly indexingStatus: IndexingStatus;
  /** Address at which others reach this API. */
  readonly publicUrl: string | undefined;
  /** Told of errors that the client is not shown. */
  readonly onError: (error: unknown) => void;
}

/** Caches may answer without asking for the time of a block of Base. */
const CACHING = "public, max-age=2, must-revalidate";
const json = { "content-type": "application/json; charset=utf-8" };
/** Milliseconds that `min_block` waits. */
const BLOCK_TIMEOUT = 5_000;
const MAX_ANSWERS = 500;

interface Answer {
  readonly status: 200 | 404;
  readonly body: string;
  /** In the unit of `graphql/costs.ts`, whether it was kept or not. */
  readonly cost: number;
}

interface RouteRequest {
  readonly variables: Record<string, unknown>;
  readonly block: IndexedBlock;
  readonly client: string;
}

/** `/v1/...`, `/openapi.json` and `/reference`. */
export function createRestRoutes(dependencies: RestDependencies): OpenAPIHono {
  const { executor, indexingStatus, publicUrl, onError } = dependencies;
  const answers = indexingStatus.cachedPerBlock<string, Answer>(MAX_ANSWERS);
  const components = new Map<string, JsonSchema>();
  const app = new OpenAPIHono();
  const minBlock = minBlockOf(executor.schema);

  for (const spec of routes) {
    const route = compileRoute(executor.schema, spec);
    const parameters = [...route.parameters, minBlock];
    const reader = parametersReader(parameters);
    const inQuery = searchParametersOf(spec, parameters);
    app.openAPIRegistry.registerPath(describeRoute(route, minBlock, components));
    app.get(spec.path.replaceAll(/\{(\w+)\}/g, ":$1"), async (context) => {
      try {
        const given = readSearchParameters(new URL(context.req.url).search, inQuery);
        const parsed = reader.safeParse({ ...given, ...context.req.param() });
        if (!parsed.success) throw faultOf(parsed.error);
        return await answerRoute(context, route, parsed.data);
      } catch (error) {
        if (error instanceof SearchParameterError) return refuse(context, refusalOf(error));
        if (error instanceof ApiError) return refuse(context, error);
        onError(error);
        return refuse(context, new ApiError("INTERNAL", "Something went wrong on our side."));
      }
    });
  }

  async function answerRoute(context: Context, route: CompiledRoute, read: Record<string, unknown>): Promise<Response> {
    const entry = entryOf(context);
    const { min_block: minBlock, ...parameters } = read;
    const block = await blockOf(minBlock as number | undefined);
    const variables = route.variables(parameters);
    const cacheKey = `${route.spec.path} ${JSON.stringify(variables)}`;
    const tag = tagOf(
      cacheKey,
      route.spec.isTimed ? `${indexingStatus.contents()}/${block.timestamp}` : indexingStatus.contents(),
    );
    const headers = { etag: tag, "cache-control": CACHING, "x-indexed-block": String(block.number) };
    const known = context.req.header("if-none-match");
    // Only a good answer to this very query has this tag: whoever names it gets the same again.
    if (!namesEveryTag(known) && namesTag(known, tag)) return context.body(null, 304, headers);
    const { status, body, cost } = await answers.remember(cacheKey, () =>
      ask(route, { variables, block, client: entry.client }),
    );
    entry.charge(costOf({ cost }));
    if (status === 404) {
      return context.body(body, 404, { ...json, "cache-control": "no-store", "x-indexed-block": String(block.number) });
    }
    return namesEveryTag(known) ? context.body(null, 304, headers) : context.body(body, 200, { ...json, ...headers });
  }

  async function blockOf(minBlock: number | undefined): Promise<IndexedBlock> {
    try {
      const block =
        minBlock === undefined ? indexingStatus.current() : await indexingStatus.atLeast(minBlock, BLOCK_TIMEOUT);
      if (block) return block;
    } catch (error) {
      if (!(error instanceof BlockNotIndexedError)) throw error;
      throw new ApiError("BLOCK_NOT_REACHED", error.message.replace("minBlock", "min_block"), "min_block", 1);
    }
    throw new ApiError("NOT_READY", "Nothing is indexed yet: ask again in a moment.", undefined, 1);
  }

  async function ask(route: CompiledRoute, { variables, block, client }: RouteRequest): Promise<Answer> {
    const { result, cost } = await executor.execute({ query: route.spec.query, variables }, client);
    const [error] = result.errors ?? [];
    if (error) {
      const refusal = apiErrorOf(error, route.names);
      // The executor has logged what it masks; a query of ours that it refuses is a fault of ours.
      if (refusal.code === "INTERNAL" && error.extensions?.code !== "INTERNAL") onError(error);
      throw refusal;
    }
    const answer = route.answer(result.data ?? {}, variables);
    if (!answer) {
      const [key] = Object.values(variables);
      const { name } = route.spec.subject ?? { name: "such thing" };
      const missing = new ApiError("NOT_FOUND", `There is no ${name} ${String(key)} as of block ${block.number}.`);
      return { status: 404, body: JSON.stringify(missing.json), cost };
    }
    const { chainId, number, timestamp } = block;
    return { status: 200, body: JSON.stringify({ ...answer, block: { chain_id: chainId, number, timestamp } }), cost };
  }

  app.openAPIRegistry.registerPath(healthRoute);
  app.openAPIRegistry.registerPath(changesRoute);
  let description: ApiDescription | undefined;
  const describe = (): ApiDescription => {
    description ??= describeApi(app, components, publicUrl);
    return description;
  };
  app.get("/openapi.json", (context) => {
    context.header("cache-control", "public, max-age=3600");
    return context.json(describe());
  });
  app.get("/reference", (context) => {
    context.header("cache-control", "public, max-age=3600");
    context.header("content-security-policy", PAGE_POLICY);
    // Curl lines begin with the address that the page was asked at, unless there is one for everybody.
    return context.html(referencePage(describe(), (publicUrl ?? new URL(context.req.url).origin).replace(/\/+$/, "")));
  });
  return app;
}

/** Answers a refusal. */
export function refuse(context: Context, error: ApiError): Response {
  for (const [name, value] of Object.entries(refusalHeaders(error))) context.header(name, value);
  return context.json(error.json, error.status);
}

/**
 * Weak: equal answers differ by the block that they are told at, which `x-indexed-block` says. It names the query too, so that the tag
 * of one address is worth nothing at another one, where there may be an error.
 */
function tagOf(cacheKey: string, contents: string): string {
  const hash = createHash("sha256").update(`${revision}/${contents}/${cacheKey}`).digest("base64url");
  return `W/"${hash.slice(0, 22)}"`;
}

/** Changes with what routes ask for, so that a new version's answers are not taken for the old one's. */
const revision = createHash("sha256")
  .update(JSON.stringify([VERSION, routes]))
  .digest("base64url");

/** The parameters that the query of a route's URL may have. */
function searchParametersOf({ path }: RouteSpec, parameters: readonly Parameter[]): SearchParameters {
  const inQuery = parameters.filter(({ name }) => !path.includes(`{${name}}`));
  return {
    names: inQuery.map(({ name }) => name),
    lists: inQuery.filter(({ type }) => isListType(getNullableType(type))).map(({ name }) => name),
  };
}

function refusalOf({ message, parameter }: SearchParameterError): ApiError {
  return new ApiError("FIELD_INVALID", message, parameter);
}

function faultOf(error: z.core.$ZodError): ApiError {
  const [issue] = error.issues;
  const field = String(issue?.path[0] ?? "");
  if (issue?.code === "invalid_union" || issue?.code === "invalid_type") {
    return new ApiError("FIELD_INVALID", `${field} is missing.`, field);
  }
  return new ApiError("FIELD_INVALID", `${field} ${issue?.message ?? "is not valid"}.`, field);
}

function minBlockOf(schema: GraphQLSchema): Parameter {
  return {
    name: "min_block",
    type: schema.getType("Long") as GraphQLInputType,
    path: ["min_block"],
    description: `Waits until this block is indexed, up to ${BLOCK_TIMEOUT / 1_000} s: for reading one's own writes.`,
    isRequired: false,
    default: undefined,
    words: undefined,
  };
}

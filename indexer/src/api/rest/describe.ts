// The description of `/v1` as OpenAPI 3.1: what Spectral's rules ask of one is in it.
import type { OpenAPIHono, RouteConfig } from "@hono/zod-openapi";
import { statuses } from "../http/errors.ts";
import type { RouteSpec } from "./catalogue.ts";
import type { CompiledRoute } from "./compile.ts";
import { exampleOf } from "./examples.ts";
import type { JsonSchema } from "./openApi.ts";
import { describeParameter, type Parameter } from "./parameters.ts";
import { queries } from "./queries.ts";
import type { ApiDescription } from "./reference.ts";

/** Version of `/v1`. */
export const VERSION = "1.0.0";

const tags: Readonly<Record<RouteSpec["tag"] | "service", string>> = {
  artworks: "Lists, search, provenance and history of artworks",
  models: "Models that artworks are made with",
  workers: "Workers that make artworks",
  accounts: "Possessions, works and payments of accounts",
  statistics: "Collections, holders, activity and sums by day",
  service: "State of this service",
};

const errorContent = { "application/json": { schema: { $ref: "#/components/schemas/Error" } } };

/** Name of a route among those of a client that is made from the description. */
export function nameOf({ query }: RouteSpec): string {
  return Object.entries(queries).find(([, text]) => text === query)?.[0] ?? "";
}

/** Describes a route. `components`: collects the schemas that it refers to. */
export function describeRoute(
  route: CompiledRoute,
  minBlock: Parameter,
  components: Map<string, JsonSchema>,
): RouteConfig {
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
    503: ["BLOCK_NOT_REACHED", "NOT_READY", "OVERLOADED", "TOO_SLOW"],
  });
  const operationId = nameOf(route.spec);
  const example = exampleOf(operationId);
  return {
    method: "get",
    path,
    operationId,
    summary,
    description: descriptionOf(
      route.spec,
      inQuery.some(({ name }) => name === "cursor"),
    ),
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
        content: {
          "application/json": {
            schema: route.describe(components) as never,
            ...(example && { example: example.answer }),
          },
        },
      },
      304: { description: "As before: nothing was indexed since the answer with this `if-none-match`" },
      ...Object.fromEntries(
        refusals.map(([status, codes]) => [
          status,
          {
            description: codes.map((code) => `\`${code}\``).join(", "),
            content: errorContent,
          },
        ]),
      ),
    },
  };
}

function descriptionOf({ summary, subject, isTimed }: RouteSpec, isPaged: boolean): string {
  return [
    `${summary}.`,
    ...(isPaged ? ["The next page is asked for with `cursor`: the `next_cursor` of the page before."] : []),
    ...(subject ? [`Answers 404 when there is no such ${subject.name}.`] : []),
    ...(isTimed ? ["The answer changes with each block, since it counts back from the block's time."] : []),
    "Counts as what its question costs at `/graphql`, or as one request when the answer is 304.",
  ].join(" ");
}

const integerOrNull: JsonSchema = { type: ["integer", "null"] };
const positionOrNull: JsonSchema = {
  type: ["object", "null"],
  properties: { block: { type: "integer" }, timestamp: { type: "integer" } },
};

/** Answered by `status/health.ts`, whatever state the rest is in. */
const healthSchema: JsonSchema = {
  type: "object",
  properties: {
    status: {
      type: "string",
      enum: ["ok", "starting", "behind", "reorganised", "chain_unreachable", "database_unreachable"],
    },
    reason: { type: ["string", "null"], description: "What is wrong, and what to do about it. Null when ok." },
    chain_id: { type: "integer" },
    indexed: { ...positionOrNull, description: "The last block that is indexed." },
    head: { ...positionOrNull, description: "The newest block of the chain." },
    lag_blocks: integerOrNull,
    lag_seconds: integerOrNull,
    canonical: {
      type: ["boolean", "null"],
      description: "Whether the rows are of the chain as it is now. Null when no node can tell.",
    },
  },
  required: ["status", "reason", "chain_id", "indexed", "head", "lag_blocks", "lag_seconds", "canonical"],
};
/** `/v1/health`, which is answered apart from the others. */
export const healthRoute: RouteConfig = {
  method: "get",
  path: "/v1/health",
  operationId: "health",
  summary: "How far behind the chain the index is, and whether it is of the chain as it is now",
  description:
    "Compares the index with the chain's nodes. Status 200 comes with `ok` alone, so a balancer needs no look at the body. Counts as one request.",
  tags: ["service"],
  responses: {
    200: {
      description: "All is well",
      content: {
        "application/json": { schema: healthSchema as never, example: exampleOf("health")?.answer },
      },
    },
    503: {
      description: "It is not; `status` says why",
      content: { "application/json": { schema: healthSchema as never } },
    },
  },
};

const lastEventId = { type: "string" };

/** `/v1/changes`, which `changeStream.ts` answers. */
export const changesRoute: RouteConfig = {
  method: "get",
  path: "/v1/changes",
  operationId: "changes",
  summary: "Ids of what changed, block by block, as server-sent events",
  description:
    "Goes on after the event that `Last-Event-ID` names, or from now on. `reset` says that what was sent before no longer holds, or that too much happened since to tell. Counts as one request.",
  tags: ["service"],
  parameters: [
    {
      ...{ name: "last_event_id", in: "query", required: false, schema: lastEventId as never },
      description:
        "Id of the last event that was seen, or the number of its block; the header `Last-Event-ID` comes before it.",
    },
  ],
  responses: {
    200: {
      description: "Events `changes` and `reset`, for as long as the client stays",
      content: { "text/event-stream": { schema: lastEventId as never } },
    },
    429: { description: "Too many listen", content: errorContent },
    503: { description: "The history is not indexed yet", content: errorContent },
  },
};

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

/** Describes all routes that were registered. */
export function describeApi(
  app: OpenAPIHono,
  components: ReadonlyMap<string, JsonSchema>,
  url: string | undefined,
): ApiDescription {
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
      contact: { name: "GridNFT" },
      license: { name: "MIT", url: "https://opensource.org/license/mit" },
    },
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    servers: [{ url: url ?? "/" }],
  }) as unknown as ApiDescription;
}

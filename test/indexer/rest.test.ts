/** `/v1` by itself: what it takes, refuses, keeps and describes. The answers' truth is tested over a real index. */

import { Validator } from "@seriousme/openapi-schema-validator";
import { type ExecutionResult, GraphQLError } from "graphql";
import { getAddress } from "viem";
import { beforeEach, describe, expect, it } from "vitest";
import type { GraphQLRequest } from "../../indexer/src/api/graphql/executor.ts";
import { createRateLimiter } from "../../indexer/src/api/http/rateLimit.ts";

import { createBlockCache } from "../../indexer/src/api/query/blockCache.ts";
import type { IndexedBlock } from "../../indexer/src/api/query/queryContext.ts";
import { routes } from "../../indexer/src/api/rest/catalogue.ts";
import { exampleOf, examplePaths } from "../../indexer/src/api/rest/examples.ts";
import { createApi } from "../../indexer/src/api/server/app.ts";
import { BlockNotIndexedError, type IndexingStatus } from "../../indexer/src/api/status/indexingStatus.ts";
import { lintOpenApi } from "../fixtures/spectral.ts";
import { restSchema } from "./restSchema.ts";

const someone = getAddress(`0x${"ab".repeat(20)}`);
let asked: GraphQLRequest[] = [];
let answer: ExecutionResult;
let failures: unknown[] = [];
let block: IndexedBlock | undefined;
let contents: string;
const cache = createBlockCache<string, never>(500);

const indexingStatus: Pick<IndexingStatus, "current" | "contents" | "atLeast"> & {
  readonly cachedPerBlock: () => typeof cache;
} = {
  current: () => block,
  contents: () => contents,
  atLeast: async (number) => {
    if (block && block.number >= number) return block;
    throw new BlockNotIndexedError(number, block);
  },
  cachedPerBlock: () => cache,
};
const app = createApi({
  executor: {
    schema: restSchema,
    execute: async (question: GraphQLRequest) => {
      asked.push(question);
      return { result: answer, isRefused: false, cost: 1 };
    },
  } as never,
  indexingStatus: indexingStatus as never,
  rateLimiter: createRateLimiter({ requestsPerMinute: 0, proxies: 0 }),
  health: {} as never,
  chainId: 31_337,
  publicUrl: "https://gallery.example",
  onError: (error) => failures.push(error),
});

beforeEach(() => {
  asked = [];
  failures = [];
  answer = { data: page([{ tokenId: "1001" }], "c1") };
  move(5, "a");
});

/** Indexes something. */
function move(number: number, what: string): void {
  block = { chainId: 31_337, number, timestamp: 1_763_164_800 + number };
  contents = what;
  cache.forget();
}

function page(nodes: readonly object[], endCursor: string | null, hasNextPage = false) {
  return { artworks: { nodes, pageInfo: { hasNextPage, endCursor } } };
}

const get = async (path: string, headers: Record<string, string> = {}) => {
  const response = await app.request(path, { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
};
const refusalOf = async (path: string) => {
  const { status, text } = await get(path);
  return { status, ...(JSON.parse(text) as { error: { code: string; message: string; field?: string } }).error };
};

describe("parameters", () => {
  it("are the variables of a question", async () => {
    await get(
      `/v1/artworks?artist=${someone}&model_ids=1,2&tags=fox&tags=red,hot&families=sdxl&evolved=true&minted_after=5&order=most_remixed&search=a%20fox&limit=7&cursor=abc&total=true`,
    );
    expect(asked[0]?.variables).toEqual({
      filter: {
        artist: [someone.toLowerCase()],
        modelIds: ["1", "2"],
        tags: ["fox", "red,hot"],
        families: ["SDXL"],
        evolved: true,
        mintedAfter: 5,
      },
      orderBy: "MOST_REMIXED",
      search: "a fox",
      first: 7,
      after: "abc",
      withTotal: true,
    });
  });

  it("of a portfolio are those of a list, but for the owner", async () => {
    answer = { data: { account: { address: someone }, ...page([], null) } };
    await get(`/v1/accounts/${someone}/artworks?tags=fox`);
    expect(asked[0]?.variables).toEqual({
      address: someone.toLowerCase(),
      filter: { owner: someone.toLowerCase(), tags: ["fox"] },
    });
    expect(await refusalOf(`/v1/accounts/${someone}/artworks?owner=${someone}`)).toMatchObject({ field: "owner" });
  });

  it("name collections by words", async () => {
    answer = { data: { statistics: { items: 3 } } };
    await get("/v1/collections/models");
    expect(asked[0]?.variables).toEqual({ collection: "MODEL" });
  });

  it.each([
    [
      "/v1/holders?serie=1".replace("/v1/holders", "/v1/collections/artworks/holders"),
      "serie",
      "serie is not a parameter of this route: this route takes series_id, limit, cursor, total, min_block.",
    ],
    ["/v1/artworks/7?token_id=8", "token_id", "token_id is not a parameter of this route: this route takes min_block."],
    ["/v1/health?verbose=1", "verbose", "verbose is not a parameter of this route: this route takes none."],
    ["/v1/artworks?artist=", "artist", "artist is empty: leave it out, or give it a value."],
    ["/v1/artworks?search=", "search", "search is empty: leave it out, or give it a value."],
    ["/v1/artworks?tags=a,,b", "tags", "tags is empty: leave it out, or give it a value."],
    ["/v1/artworks?artist=me", "artist", "artist can't be read: Address is 0x and 40 hex digits."],
    [
      "/v1/artworks?artist=0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96046",
      "artist",
      "artist can't be read: Address has a wrong checksum (EIP-55), so a character of it was changed: copy the address again.",
    ],
    ["/v1/artworks?limit=all", "limit", "limit is not a whole number."],
    ["/v1/artworks?limit=1&limit=2", "limit", "limit is given more than once."],
    ["/v1/artworks?evolved=yes", "evolved", "evolved is not true or false."],
    ["/v1/models?order=best", "order", "order is not one of newest, oldest, most_artworks, most_volume."],
    ["/v1/artworks?min_block=-1", "min_block", "min_block can't be read: Long is a whole number from 0 to 2^53-1."],
    ["/v1/search", "q", "q is missing."],
    ["/v1/collections/cards", "collection", "collection is not one of artworks, models."],
    [
      "/v1/artworks/1.5",
      "token_id",
      'token_id can\'t be read: BigInt is a whole number as a decimal string, e.g. "1001".',
    ],
  ])("%s is refused: %s", async (path, field, message) => {
    expect(await refusalOf(path)).toEqual({ status: 422, code: "FIELD_INVALID", field, message });
    expect(asked).toEqual([]);
  });
});

describe("answers", () => {
  it("are in snake case, with the block and where to go on", async () => {
    answer = {
      data: {
        artworks: {
          nodes: [{ tokenId: "1001", artist: { address: someone }, model: null, tags: ["a"], listPrice: null }],
          pageInfo: { hasNextPage: true, endCursor: "c1" },
          totalCount: 10_000,
          totalIsExact: false,
        },
      },
    };
    const { text, headers } = await get("/v1/artworks?total=true");
    expect(JSON.parse(text)).toEqual({
      artworks: [{ token_id: "1001", artist: { address: someone }, model: null, tags: ["a"], list_price: null }],
      next_cursor: "c1",
      has_more: true,
      total: 10_000,
      total_is_exact: false,
      block: { chain_id: 31_337, number: 5, timestamp: 1_763_164_805 },
    });
    expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(headers.get("cache-control")).toBe("public, max-age=2, must-revalidate");
    expect(headers.get("x-indexed-block")).toBe("5");
  });

  it("keep the place of an empty page, for what is still to come", async () => {
    answer = { data: { activity: { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } } } };
    expect(JSON.parse((await get("/v1/activity?cursor=c9")).text)).toMatchObject({
      next_cursor: "c9",
      has_more: false,
    });
  });

  it("of a search say why each was found", async () => {
    const edge = { node: { tokenId: "1001", name: "Fox" }, snippet: "a <mark>fox</mark>", rank: 0.5 };
    answer = { data: { results: { edges: [edge], pageInfo: { hasNextPage: false, endCursor: "c" } } } };
    expect(JSON.parse((await get("/v1/search?q=fox")).text)).toMatchObject({
      results: [{ token_id: "1001", name: "Fox", snippet: "a <mark>fox</mark>", rank: 0.5 }],
    });
  });

  it("leave the names in signed papers as they were signed", async () => {
    const rawReceipt = { primaryType: "JobReceipt", message: { requestHash: "0x01", orderHash: "0x02" } };
    answer = { data: { artwork: { tokenId: "1001", series: null, versions: [{ version: 1, rawReceipt }] } } };
    expect(JSON.parse((await get("/v1/artworks/1001/provenance")).text)).toMatchObject({
      artwork: { versions: [{ raw_receipt: rawReceipt }] },
    });
  });

  it("do not say what was asked only to know whether there is such a thing", async () => {
    answer = {
      data: {
        artwork: { tokenId: "7" },
        activity: { nodes: [{ kind: "ARTWORK_MINTED" }], pageInfo: { hasNextPage: false, endCursor: "c" } },
      },
    };
    expect(Object.keys(JSON.parse((await get("/v1/artworks/7/activity")).text))).toEqual([
      "activity",
      "next_cursor",
      "has_more",
      "block",
    ]);
  });
});

describe("freshness", () => {
  it("answers 304 without a question while nothing was indexed", async () => {
    const first = await get("/v1/artworks");
    const tag = first.headers.get("etag") ?? "";
    expect(tag).toMatch(/^W\/"[\w-]{22}"$/);
    move(6, "a"); // an empty block
    const second = await get("/v1/artworks", { "if-none-match": `"other", ${tag}` });
    expect([second.status, second.text, second.headers.get("x-indexed-block")]).toEqual([304, "", "6"]);
    expect(asked).toHaveLength(1);
    move(7, "b");
    const third = await get("/v1/artworks", { "if-none-match": tag });
    expect(third.status).toBe(200);
    expect(third.headers.get("etag")).not.toBe(tag);
    expect(asked).toHaveLength(2);
  });

  it("compares tags weakly, knows any of them by *, and one address's at no other", async () => {
    const tag = (await get("/v1/artworks?limit=3")).headers.get("etag") ?? "";
    for (const known of [tag, tag.replace("W/", ""), `"a,b", ${tag}`, "*"]) {
      expect((await get("/v1/artworks?limit=3", { "if-none-match": known })).status).toBe(304);
    }
    expect((await get("/v1/artworks?limit=4", { "if-none-match": tag })).status).toBe(200);
  });

  it("answers no error with 304", async () => {
    const tag = (await get("/v1/artworks")).headers.get("etag") ?? "";
    answer = { data: { artwork: null } };
    for (const known of [tag, "*"]) {
      const missing = await get("/v1/artworks/9", { "if-none-match": known });
      expect([missing.status, missing.headers.get("etag"), missing.headers.get("cache-control")]).toEqual([
        404,
        null,
        "no-store",
      ]);
    }
    answer = { errors: [new GraphQLError("after is not a cursor.", { extensions: { code: "BAD_CURSOR" } })] };
    expect((await get("/v1/artworks?cursor=x", { "if-none-match": "*" })).status).toBe(422);
    expect((await get("/v1/artworks?cursor=x", { "if-none-match": tag })).status).toBe(422);
  });

  it("asks once for what many ask about one block", async () => {
    await Promise.all([get("/v1/artworks?limit=3"), get("/v1/artworks?limit=3"), get("/v1/artworks?limit=4")]);
    expect(asked.map(({ variables }) => variables?.first)).toEqual([3, 4]);
    move(6, "a");
    await get("/v1/artworks?limit=3");
    expect(asked).toHaveLength(3);
  });

  it("has new answers each block where time alone changes them", async () => {
    answer = {
      data: {
        statistics: { items: 3 },
        model: { modelId: "1" },
        models: { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } },
      },
    };
    for (const [i, path] of ["/v1/collections/artworks", "/v1/models/1", "/v1/models"].entries()) {
      const tag = (await get(path)).headers.get("etag") ?? "";
      expect([path, (await get(path, { "if-none-match": tag })).status]).toEqual([path, 304]);
      move(6 + i, "a");
      expect([path, (await get(path, { "if-none-match": tag })).status]).toEqual([path, 200]);
    }
  });

  it("waits for a block, and says how far it is", async () => {
    expect((await get("/v1/artworks?min_block=5")).status).toBe(200);
    const late = await get("/v1/artworks?min_block=6");
    expect(late.status).toBe(503);
    expect(late.headers.get("retry-after")).toBe("1");
    expect(JSON.parse(late.text)).toEqual({
      error: {
        code: "BLOCK_NOT_REACHED",
        field: "min_block",
        message:
          "Block 5 is the last one that is indexed, and min_block asks for 6: ask again in a moment, or for a lower block.",
      },
    });
    block = undefined;
    expect(await refusalOf("/v1/artworks")).toMatchObject({ status: 503, code: "NOT_READY" });
  });
});

describe("refusals", () => {
  it("say that there is no such thing", async () => {
    answer = { data: { artwork: null } };
    const message = "There is no artwork 9 as of block 5.";
    expect(await refusalOf("/v1/artworks/9")).toEqual({ status: 404, code: "NOT_FOUND", message });
    answer = { data: { worker: null } };
    expect((await refusalOf(`/v1/workers/${someone}`)).message).toBe(
      `There is no worker ${someone.toLowerCase()} as of block 5.`,
    );
  });

  it.each([
    [
      "BAD_INPUT",
      "first is from 1 to 100.",
      { status: 422, code: "FIELD_INVALID", field: "limit", message: "limit is from 1 to 100." },
    ],
    [
      "BAD_CURSOR",
      "after is not a cursor of this API.",
      { status: 422, code: "CURSOR_INVALID", field: "cursor", message: "cursor is not a cursor of this API." },
    ],
    ["TOO_SLOW", "The database gave up.", { status: 503, code: "TOO_SLOW", message: "The database gave up." }],
    ["OVERLOADED", "Too many.", { status: 503, code: "OVERLOADED", message: "Too many." }],
    ["TOO_EXPENSIVE", "Too much.", { status: 422, code: "TOO_EXPENSIVE", message: "Too much." }],
    ["INTERNAL", "SELECT secret", { status: 500, code: "INTERNAL", message: "Something went wrong on our side." }],
  ])("%s of the schema", async (code, message, refusal) => {
    answer = { errors: [new GraphQLError(message, { extensions: { code } })] };
    const { status, headers, text } = await get("/v1/artworks");
    expect({ status, ...JSON.parse(text).error }).toEqual(refusal);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("etag")).toBeNull();
    expect(headers.get("retry-after")).toBe(status === 503 ? "1" : null);
  });

  it("are of one shape for routes that there are not", async () => {
    expect(await refusalOf("/v1/paintings")).toMatchObject({ status: 404, code: "ROUTE_UNKNOWN" });
    const head = await app.request("/v1/artworks", { method: "HEAD" });
    expect([head.status, await head.text(), head.headers.get("x-indexed-block")]).toEqual([200, "", "5"]);
    expect((await app.request("/v1/paintings", { method: "HEAD" })).status).toBe(404);
    const posted = await app.request("/v1/artworks", { method: "POST", body: "{}" });
    expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    expect(await posted.json()).toMatchObject({ error: { code: "METHOD_NOT_ALLOWED" } });
  });
});

describe("the description", () => {
  interface Described {
    openapi: string;
    servers: unknown;
    paths: Record<
      string,
      {
        get: {
          summary: string;
          operationId: string;
          parameters?: { name: string; in: string; description?: string; schema: object }[];
          responses: object;
        };
      }
    >;
    components: { schemas: Record<string, { properties: Record<string, unknown> }> };
  }
  const described = async () => JSON.parse((await get("/openapi.json")).text) as Described;

  it("has every route with its parameters", async () => {
    const { openapi, servers, paths } = await described();
    expect(openapi).toBe("3.1.0");
    expect(servers).toEqual([{ url: "https://gallery.example" }]);
    expect(Object.keys(paths).sort()).toEqual([...routes.map(({ path }) => path), "/v1/health", "/v1/changes"].sort());
    for (const [path, { get: operation }] of Object.entries(paths)) {
      expect(operation.summary, path).not.toBe("");
      for (const { name, description } of operation.parameters ?? [])
        expect(description, `${path} ${name}`).toMatch(/\S/);
    }
    const names = Object.values(paths).map(({ get: operation }) => operation.operationId);
    const count = routes.length + 2;
    expect([new Set(names).size, names.filter((name) => /^[a-z][A-Za-z]+$/.test(name)).length]).toEqual([count, count]);
    const parameters = paths["/v1/artworks"]?.get.parameters ?? [];
    expect(parameters.find(({ name }) => name === "artist")).toMatchObject({
      in: "query",
      required: false,
      style: "form",
      explode: false,
      schema: { type: "array", items: { pattern: "^0x[0-9a-fA-F]{40}$" } },
    });
    expect(parameters.find(({ name }) => name === "limit")?.schema).toEqual({ type: "integer", default: 24 });
    expect(paths["/v1/artworks/{token_id}"]?.get.parameters?.[0]).toMatchObject({
      name: "token_id",
      in: "path",
      required: true,
    });
  });

  it("is OpenAPI 3.1 by its own schema", async () => {
    const faultsOf = async (document: object) => {
      const { valid, errors } = await new Validator().validate({ ...document });
      return valid ? [] : errors;
    };
    const document = await described();
    expect(await faultsOf(document)).toEqual([]);
    const operation = document.paths["/v1/artworks"]?.get;
    const spoilt = {
      ...document,
      paths: { ...document.paths, "/v1/artworks": { get: { ...operation, parameters: [{ name: "limit" }] } } },
    };
    expect(JSON.stringify(await faultsOf(spoilt))).toContain("/paths/~1v1~1artworks/get/parameters/0");
  });

  it("has nothing that Spectral finds, but for what is meant so", async () => {
    /** Rules whose findings are meant so: why. */
    const meant: Readonly<Record<string, string>> = {
      "contact-properties": "there is no address that would reach the operator of every gallery",
      "openapi-tags-alphabetical": "tags stand in the order in which they are learned",
    };
    const findings = await lintOpenApi(await described());
    expect(findings.filter(({ rule }) => !(rule in meant))).toEqual([]);
    expect(new Set(findings.map(({ rule }) => rule))).toEqual(new Set(Object.keys(meant)));
  });

  it("has an example of every operation", async () => {
    const { paths } = await described();
    // Changes are a stream without end.
    const names = Object.values(paths)
      .flatMap(({ get: operation }) => operation.operationId)
      .filter((name) => name !== "changes");
    expect(Object.keys(examplePaths).sort()).toEqual(names.sort());
    expect(names.filter((name) => exampleOf(name) === undefined)).toEqual([]);
  });

  it("refers to nothing that it does not have", async () => {
    const document = await described();
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name,
    );
    expect([...new Set(references)].sort()).toEqual(Object.keys(document.components.schemas).sort());
    expect(document.components.schemas.ArtworkCard?.properties.owner).toEqual({
      type: ["object", "null"],
      properties: {
        address: { type: "string", pattern: "^0x[0-9a-fA-F]{40}$", description: "Address." },
      },
      required: ["address"],
      description: "Who owns it; null once burnt.",
    });
  });

  it("is rendered on a page that loads nothing from anywhere", async () => {
    const { text, headers } = await get("/reference");
    expect(headers.get("content-type")).toBe("text/html; charset=UTF-8");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    const plain = text.replaceAll("<wbr>", "");
    for (const { path } of routes) expect(plain).toContain(`<code>${path}</code>`);
    expect(text).not.toMatch(/<script|<link(?! rel="icon" href="data:,">)|<img|@import|url\(/);
    // Its base URL, and a line of curl for each operation.
    expect(text).toContain("<pre>https://gallery.example</pre>");
    for (const path of Object.values(examplePaths)) {
      expect(text).toContain(`<pre>curl --compressed 'https://gallery.example${path.replaceAll("&", "&amp;")}'</pre>`);
    }
    const anchors = [...text.matchAll(/href="#([^"]+)"/g)].map(([, anchor]) => anchor);
    expect(anchors.length).toBeGreaterThan(routes.length);
    for (const anchor of new Set(anchors)) expect(text).toContain(`id="${anchor}"`);
  });
});

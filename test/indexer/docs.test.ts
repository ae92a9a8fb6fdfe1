/**
 * Every example in docs/graphql.md and docs/graphql-cookbook.md is run over a gallery of fixed history, and answered as the page shows.
 * `npm run docs:update` writes the answers into the pages. What a public API needs beside its answers is tested over the same process.
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSchema, parse, validate } from "graphql";
import { parseEventLogs } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readEnvironment } from "../../indexer/ops/environment.ts";
import { costs, EXPENSIVE, MAX_COST } from "../../indexer/src/api/graphql/costs.ts";
import * as requestLimits from "../../indexer/src/api/graphql/limits.ts";
import { MAX_BODY } from "../../indexer/src/api/http/middleware.ts";
import * as queryLimits from "../../indexer/src/api/query/limits.ts";

import { routes } from "../../indexer/src/api/rest/catalogue.ts";
import { nameOf } from "../../indexer/src/api/rest/describe.ts";
import { exampleOf, examplePaths, examplesFile, shortened } from "../../indexer/src/api/rest/examples.ts";
import { tableLimits } from "../../indexer/src/api/tables/rowCount.ts";
import { gridNftAbi } from "../../sdk/src/index.ts";
import { projectRoot } from "../../tools/check.ts";
import { type FixedHistory, startFixedHistory } from "../fixtures/fixedHistory.ts";
import { createIndexer, type TestIndexer } from "../fixtures/indexer.ts";
import { startPostgres, type TestPostgres } from "../fixtures/postgres.ts";
import { readByPage, receiptsByPage, rowsOf } from "../vectors/eventsPage.ts";
import { type Example, examplesOf, pageWith, snippetsOf } from "./examples.ts";

const readPage = (name: string): string => readFileSync(join(projectRoot, name), "utf8");
const referencePath = "docs/graphql.md";
const cookbookPath = "docs/graphql-cookbook.md";
const reference = readPage(referencePath);
const cookbook = readPage(cookbookPath);
const examplesByPage = new Map([cookbookPath, referencePath].map((name) => [name, examplesOf(readPage(name))]));
const examples = [...examplesByPage.values()].flat();
const questions = examples.filter(({ kind }) => kind === "graphql");
const isUpdate = process.env.GRID_UPDATE_DOCS === "1";

let fixed: FixedHistory;
let postgres: TestPostgres;
let indexer: TestIndexer;
let stop: () => Promise<unknown>;
const answers = new Map<Example, unknown>();
/** Answers that the reference of `/v1` shows, by the name of the operation. */
const restAnswers: Record<string, unknown> = {};

beforeAll(async () => {
  [fixed, postgres] = await Promise.all([startFixedHistory(), startPostgres()]);
  indexer = await createIndexer(fixed.grid, postgres);
  const running = await indexer.start();
  stop = () => running.stop();
  await indexer.caughtUp();
}, 600_000);

afterAll(async () => {
  await stop?.();
  indexer?.cleanUp();
  await postgres?.stop();
  await fixed?.grid.stop();
  if (!isUpdate) return;
  for (const [name, ofPage] of examplesByPage) {
    const answered = new Map([...answers].filter(([example]) => ofPage.includes(example)));
    writeFileSync(join(projectRoot, name), pageWith(readPage(name), answered));
  }
  if (Object.keys(restAnswers).length > 0) writeFileSync(examplesFile, `${JSON.stringify(restAnswers, null, 2)}\n`);
});

async function answerOf(example: Example): Promise<unknown> {
  if (example.kind === "get") return (await indexer.get(example.text)).body;
  const response = await fetch(`${indexer.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      query: example.text,
      variables: example.variables,
      ...(example.extensions !== undefined && { extensions: example.extensions }),
    }),
  });
  const { data, errors, extensions } = (await response.json()) as Record<string, unknown>;
  expect(errors).toBeUndefined();
  return example.isWhole ? { data, extensions } : data;
}

describe("docs/graphql.md and its cookbook", () => {
  it("answers fifteen questions under fourteen headings", () => {
    expect(questions).toHaveLength(15);
    expect(cookbook.match(/^## \d+\. /gm)).toHaveLength(14);
  });

  it("states the limits that hold", () => {
    const text = reference.replaceAll(/\s+/g, " ");
    const number = (limit: number) => limit.toLocaleString("en");
    const limits = { ...requestLimits, ...queryLimits };
    const { MAX_TEXT, MAX_TOKENS, MAX_ROOT_FIELDS, MAX_ALIASES, MAX_DEFINITIONS, MAX_LEVELS, MAX_ROWS } = limits;
    const { MAX_COMPARISONS, MAX_VALUE_DEPTH, MAX_VARIABLE_VALUES, MAX_FIRST, MAX_VALUES, MAX_SEARCH } = limits;
    expect(text).toContain(
      `${number(MAX_TEXT)} characters, ${number(MAX_TOKENS)} tokens, ${MAX_ROOT_FIELDS} root fields, ${MAX_ALIASES} aliases, ${MAX_DEFINITIONS} operations and fragments, and ${MAX_LEVELS} levels, and may ask for ${number(MAX_ROWS)} rows`,
    );
    expect(text).toContain(`no more than ${number(MAX_COMPARISONS)} pairs`);
    expect(text).toContain(
      `nest ${MAX_VALUE_DEPTH} times; variables have ${number(MAX_VARIABLE_VALUES)} values in all.`,
    );
    expect(text).toContain(
      `A list has at most ${MAX_FIRST} items, a filter ${MAX_VALUES} values, a search ${MAX_SEARCH} characters.`,
    );
    expect(text).toContain(`Bodies have at most ${number(MAX_BODY)} bytes`);
    const { page: rows, rows: all, aliases, depth, tokens, time, requests: atOnce } = tableLimits;
    expect(atOnce).toBe(4);
    expect(text).toContain(
      `at most ${rows} rows, ${all} rows and ${aliases} aliases in all, ${depth} levels, ${tokens} tokens, ${time / 1_000} seconds, four questions at a time`,
    );
  });

  it("states what the parts of a question cost", () => {
    const [, table = ""] = /\| part of a question \| cost \|\n.*\n((?:\|.*\n)+)/.exec(reference) ?? [];
    expect([...table.matchAll(/\| ([\d.]+) \|\n/g)].map(([, cost]) => Number(cost))).toEqual(Object.values(costs));
    const text = reference.replaceAll(/\s+/g, " ");
    expect(text).toContain(`One question may cost ${MAX_COST}.`);
    expect(text).toContain(`A question has ${queryLimits.MAX_TIME / 1_000} seconds`);
    expect(text).toContain(`Questions that cost ${EXPENSIVE} or more`);
  });

  it("asks what the schema knows", () => {
    const schema = buildSchema(readFileSync(join(projectRoot, "indexer/src/api/graphql/schema.graphql"), "utf8"));
    for (const { text } of questions) expect(validate(schema, parse(text)), text).toEqual([]);
  });

  it.each(examples.map((example) => [example.name, example] as const))("%s", async (_, example) => {
    const answer = await answerOf(example);
    answers.set(example, answer);
    if (!isUpdate) expect(answer).toEqual(example.answer);
  });
});

describe("docs/events.md", () => {
  it("has the layout of the blobs that GridNFT emits", async () => {
    const rows = rowsOf(readPage("docs/events.md"));
    const { grid } = fixed;
    const { address } = grid.deployment.contracts.GridNFT;
    const logs = await grid.party(0).wallet.getLogs({ address, fromBlock: 0n });
    const mints = parseEventLogs({ abi: gridNftAbi, logs, eventName: "SeriesMinted" });
    const versions = parseEventLogs({ abi: gridNftAbi, logs, eventName: "VersionAdded" });
    expect([mints.length, versions.length]).toEqual([3, 1]);
    for (const { args } of mints) {
      const read = readByPage(rows, args.blob);
      expect(read.fields).toMatchObject({ requester: args.artist.toLowerCase(), form: 1n });
      expect(read.artworks).toHaveLength(Number(args.count));
      const [receipt] = receiptsByPage(read);
      const [anchor] = read.anchors;
      const { body } = await indexer.get<{ artwork: { versions: object[] } }>(
        `/v1/artworks/${args.seriesId * 1_000n + 1n}`,
      );
      expect(body.artwork.versions[0]).toMatchObject({
        order_hash: receipt?.orderHash,
        seed: String(receipt?.seed),
        image_hash: receipt?.imageHash,
        price: String(receipt?.price),
        completed_at: Number(receipt?.completedAt),
        worker: { address: receipt?.worker },
        anchor_time: Number(anchor?.time),
        anchor_block: Number(anchor?.block),
      });
    }
    for (const { args } of versions) {
      const read = readByPage(rows, args.blob);
      expect(read.fields).toEqual({ requester: args.requester.toLowerCase(), form: 2n });
      expect(read.artworks).toHaveLength(1);
    }
  });
});

describe("examples in TypeScript", () => {
  const snippets = [cookbookPath, "docs/sdk.md"].flatMap((name) =>
    snippetsOf(readPage(name)).map((snippet, i) => [name, i, snippet] as const),
  );

  it.each(snippets)("%s: snippet %i runs as it stands", async (name, i, snippet) => {
    const folder = join(projectRoot, "cache/docs");
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${name.replaceAll(/\W/g, ".")}.${i}.ts`);
    const imports = /^import .*;$/gm;
    writeFileSync(
      file,
      `${(snippet.match(imports) ?? []).join("\n")}
export async function run({ galleryUrl, console }: { galleryUrl: string; console: { log: (...said: unknown[]) => void } }) {
${snippet.replaceAll(imports, "")}
}
`,
    );
    const { run } = (await import(/* @vite-ignore */ file)) as { run: (given: object) => Promise<void> };
    const said: unknown[][] = [];
    await run({ galleryUrl: `${indexer.url}/graphql`, console: { log: (...words: unknown[]) => said.push(words) } });
    if (name === cookbookPath) expect(said).toEqual([[2, 4, expect.stringContaining("<mark>harbour</mark>")]]);
  });
});

/** As much of JSON schema as `/openapi.json` uses. */
interface Described {
  readonly type?: string | readonly string[];
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly items?: Described;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Described[];
  readonly $ref?: string;
}
interface ApiDescription {
  readonly paths: Readonly<
    Record<
      string,
      { get: { operationId: string; responses: { 200: { content: { "application/json": { schema: Described } } } } } }
    >
  >;
  readonly components: { readonly schemas: Readonly<Record<string, Described>> };
}

/** Where a value is not as it is described. */
function faultsOf(value: unknown, schema: Described, api: ApiDescription, path: string): string[] {
  if (schema.$ref) {
    const component = api.components.schemas[schema.$ref.split("/").at(-1) ?? ""];
    return component ? faultsOf(value, component, api, path) : [`${schema.$ref} is not described`];
  }
  if (schema.anyOf) {
    const branches = schema.anyOf.map((one) => faultsOf(value, one, api, path));
    return branches.some((faults) => faults.length === 0) ? [] : (branches[0] ?? []);
  }
  if (schema.type === undefined) return [];
  const types = [schema.type].flat();
  const type = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  const isRight = types.includes(type) || (type === "number" && types.includes("integer") && Number.isInteger(value));
  if (!isRight) return [`${path} is ${type}, not ${types.join(" or ")}`];
  if (schema.enum && !schema.enum.includes(value)) return [`${path} is ${String(value)}`];
  if (schema.pattern && typeof value === "string" && !new RegExp(schema.pattern).test(value))
    return [`${path}: ${value}`];
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => faultsOf(item, schema.items ?? {}, api, `${path}[${i}]`));
  }
  if (type !== "object") return [];
  const fields = value as Record<string, unknown>;
  return [
    ...(schema.required ?? []).filter((name) => !(name in fields)).map((name) => `${path}.${name} is missing`),
    ...Object.entries(fields).flatMap(([name, field]) => {
      const described = schema.properties?.[name];
      return described ? faultsOf(field, described, api, `${path}.${name}`) : [`${path}.${name} is not described`];
    }),
  ];
}

describe("/v1", () => {
  /** Nothing of that is in the fixed history. */
  const silent = ["licenses", "tokenApprovals", "operatorApprovals"];
  const operations = [...routes.map((spec) => nameOf(spec)), "health"].map((name) => [name, examplePaths[name] ?? ""]);

  it.each(operations)("%s answers as it is described, and as its example shows: %s", async (name, example) => {
    const { body: api } = await indexer.get<ApiDescription>("/openapi.json");
    // The example's transaction is that of the answers which are being written anew.
    const { artwork } = (restAnswers.artwork ?? {}) as { artwork?: { mint_tx: string } };
    const one = name === "transaction" && isUpdate ? `/v1/transactions/${artwork?.mint_tx}` : example;
    const { status, body } = await indexer.get<Record<string, unknown>>(one);
    expect(status).toBe(200);
    const operation = Object.values(api.paths).find(({ get }) => get.operationId === name);
    const schema = operation?.get.responses[200].content["application/json"].schema;
    if (!schema) throw new Error(`${name} is not described.`);
    expect(faultsOf(body, schema, api, "")).toEqual([]);
    // It had something to say.
    const [said] = Object.values(body);
    if (!silent.includes(name)) expect(said).not.toEqual([]);
    restAnswers[name] = shortened(body);
    if (!isUpdate) expect(exampleOf(name)?.answer).toEqual(restAnswers[name]);
  });

  it("goes through pages, and says how many there are", async () => {
    interface Page {
      readonly artworks: { readonly token_id: string }[];
      readonly next_cursor: string;
      readonly has_more: boolean;
      readonly total: number;
    }
    const seen: string[] = [];
    for (let cursor = ""; ; ) {
      const { body } = await indexer.get<Page>(
        `/v1/artworks?order=title&limit=4&total=true${cursor && `&cursor=${cursor}`}`,
      );
      expect(body.total).toBe(6);
      seen.push(...body.artworks.map(({ token_id }) => token_id));
      cursor = body.next_cursor;
      if (!body.has_more) break;
    }
    expect(seen).toEqual(["3001", "1001", "1002", "1003", "2001", "2002"]);
  });

  it.each([
    ["/v1/artworks/9999001", 404, "NOT_FOUND", undefined],
    ["/v1/artworks?limit=101", 422, "FIELD_INVALID", "limit"],
    ["/v1/artworks?cursor=abc", 422, "CURSOR_INVALID", "cursor"],
    [`/v1/search?q=${"night".repeat(41)}`, 422, "FIELD_INVALID", "q"],
    ["/v1/statistics?days=5000", 422, "FIELD_INVALID", "days"],
    ["/v1/artworks?min_block=100000", 503, "BLOCK_NOT_REACHED", "min_block"],
  ])("%s is refused with %i %s", async (one, status, code, field) => {
    const answer = await indexer.get<{ error: { code: string; field?: string } }>(one);
    expect([answer.status, answer.body.error.code, answer.body.error.field]).toEqual([status, code, field]);
  });
});

describe("the door", () => {
  it.each(["/graphql", "/v1/artworks", "/reference"])("%s may be read by any page", async (one) => {
    const question = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"query":"{__typename}"}',
    };
    const response = await fetch(`${indexer.url}${one}`, one === "/graphql" ? question : {});
    expect(response.status).toBe(200);
    const { headers } = response;
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.get("access-control-expose-headers")).toContain("etag");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
  });

  it("answers preflights", async () => {
    const { status, headers } = await fetch(`${indexer.url}/graphql`, {
      method: "OPTIONS",
      headers: {
        ...{ origin: "https://gallery.example", "access-control-request-method": "POST" },
        "access-control-request-headers": "content-type",
      },
    });
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-headers")).toContain("content-type");
    expect(headers.get("access-control-allow-methods")).toContain("POST");
  });

  it("streams changes, and goes on by the last id", async () => {
    const first = async (headers: Record<string, string>) => {
      const stop = new AbortController();
      const response = await fetch(`${indexer.url}/v1/changes`, { headers, signal: stop.signal });
      expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      const decoder = new TextDecoder();
      let text = "";
      for await (const chunk of response.body ?? []) {
        text += decoder.decode(chunk, { stream: true });
        if (/^id: .*\n\n/ms.test(text)) break;
      }
      stop.abort();
      return text;
    };
    expect(await first({})).toMatch(new RegExp(`^retry: 2000\n\nid: ${fixed.head}-[0-9a-f]{12}\n\n$`));
    const since = await first({ "last-event-id": `${fixed.head - 1}` });
    expect(since).toContain(`"from_block":${fixed.head},"artworks":["`);
  });

  it("takes no question of more than 100,000 bytes", async () => {
    const post = (body: string) =>
      fetch(`${indexer.url}/graphql`, { method: "POST", headers: { "content-type": "application/json" }, body });
    const question = (length: number) =>
      JSON.stringify({ query: "{ __typename }", variables: { pad: "a".repeat(length) } });
    expect((await post(question(50_000))).status).toBe(200);
    expect((await post(question(100_000))).status).toBe(413);
  });

  it("has limits where others than this machine's programs come", async () => {
    const folder = mkdtempSync(join(tmpdir(), "gridnft-door-"));
    try {
      const file = join(folder, "deployment.json");
      writeFileSync(file, JSON.stringify(fixed.grid.deployment));
      const read = (more: Record<string, string>) =>
        readEnvironment({
          ...{ GRID_RPC_URL: fixed.grid.rpcUrl, DATABASE_URL: postgres.url, GRID_DEPLOYMENT: file },
          ...more,
        });
      expect((await read({})).rateLimit).toEqual({ requestsPerMinute: 0, proxies: 0 });
      expect((await read({ GRID_INDEXER_HOST: "localhost" })).rateLimit.requestsPerMinute).toBe(0);
      expect((await read({ GRID_INDEXER_HOST: "0.0.0.0" })).rateLimit.requestsPerMinute).toBe(3_000);
      const set = { GRID_INDEXER_REQUESTS_PER_MINUTE: "60", GRID_INDEXER_PROXIES: "1" };
      expect((await read(set)).rateLimit).toEqual({ requestsPerMinute: 60, proxies: 1 });
      await expect(read({ GRID_INDEXER_PROXIES: "some" })).rejects.toThrow(
        "GRID_INDEXER_PROXIES is not a whole number from 0 to 10.",
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("/tables", () => {
  const ask = async (query: string) => {
    const response = await fetch(`${indexer.url}/tables`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query }),
    });
    return { status: response.status, body: (await response.json()) as object };
  };

  it("answers what nobody foresaw", async () => {
    const { status, body } = await ask('{ artworks(limit: 2, orderBy: "tokenId") { items { tokenId } totalCount } }');
    expect([status, body]).toEqual([
      200,
      { data: { artworks: { items: [{ tokenId: "1001" }, { tokenId: "1002" }], totalCount: 6 } } },
    ]);
  });

  it("leaves out the text of searches, for which its GraphQL has no word", async () => {
    const { body } = await ask('{ __type(name: "Query") { fields { name } } }');
    const names = (body as { data: { __type: { fields: { name: string }[] } } }).data.__type.fields.map(
      ({ name }) => name,
    );
    expect(names).toContain("artworks");
    expect(names.filter((name) => /text/i.test(name))).toEqual([]);
  });

  it.each([
    ["long lists", "{ artworks(limit: 101) { items { tokenId } } }", /at most 100/],
    [
      "many lists",
      `{ ${"abcdefghij".replace(/./g, "$&: artworks(limit: 60) { items { tokenId } } ")} }`,
      /at most 500 rows/,
    ],
    [
      "many aliases",
      `{ ${"abcdefghijkl".replace(/./g, "$&: protocol(chainId: 1) { chainId } ")} }`,
      /Aliases limit of 10/i,
    ],
  ])("refuses %s", async (_, query, message) => {
    expect(JSON.stringify((await ask(query)).body)).toMatch(message);
  });
});

describe("when something happens", () => {
  it("an answer that was known is another one", async () => {
    const get = (one: string, tag?: string) =>
      fetch(`${indexer.url}${one}`, tag ? { headers: { "if-none-match": tag } } : {});
    const tag = (await get("/v1/artworks/1002")).headers.get("etag") ?? "";
    expect((await get("/v1/artworks/1002", tag)).status).toBe(304);
    const { grid } = fixed;
    // An empty block changes nothing.
    await grid.pass(2);
    await indexer.caughtUp();
    const empty = await get("/v1/artworks/1002", tag);
    expect([empty.status, empty.headers.get("x-indexed-block")]).toEqual([304, String(fixed.head + 1)]);
    const [ada, cleo] = [grid.party(7), grid.party(12)];
    const { blockNumber } = await grid.mined(ada.grid.nft.write.transferFrom([ada.address, cleo.address, 1002n]));
    const after = await get(`/v1/artworks/1002?min_block=${blockNumber}`, tag);
    expect(after.status).toBe(200);
    expect(after.headers.get("etag")).not.toBe(tag);
    expect(await after.json()).toMatchObject({
      artwork: { owner: { address: cleo.address.toLowerCase() } },
      block: { number: Number(blockNumber) },
    });
  });
});

/** The API's pages in a browser, and its GraphQL over HTTP by the suites of others. */

import { createServer, type Server } from "node:http";
import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { getRequestListener } from "@hono/node-server";
import { getIntrospectionQuery } from "graphql";
import { serverAudits } from "graphql-http";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { unwrapped } from "../../indexer/src/api/graphql/descriptions.ts";
import { createRateLimiter } from "../../indexer/src/api/http/rateLimit.ts";
import { createApi } from "../../indexer/src/api/server/app.ts";
import { openFastPath } from "../../indexer/src/api/server/nodeFastPath.ts";
import { startBrowser } from "../fixtures/browser.ts";
import { listen } from "../fixtures/scriptedServer.ts";
import { CHAIN_ID } from "./catalogue.ts";
import { type Gallery, PLACE, standing, startGallery } from "./gallery.ts";

let gallery: Gallery;
let servers: Server[];
let browser: Browser;
let url: string;
/** The same API without its lane: everything by Hono. */
let plainUrl: string;
let page: Page;
/** What the browser complained of, and whatever it loaded from elsewhere. */
let complaints: string[];

beforeAll(async () => {
  [gallery, browser] = await Promise.all([startGallery(50), startBrowser()]);
  const rateLimiter = createRateLimiter({ requestsPerMinute: 0, proxies: 0 });
  const onError = (error: unknown) => gallery.errors.push(error);
  const { executor } = gallery;
  const indexingStatus = standing({ chainId: CHAIN_ID, number: 100, timestamp: 1_763_164_800 }, PLACE);
  const app = createApi({
    executor,
    indexingStatus,
    rateLimiter,
    health: {} as never,
    chainId: CHAIN_ID,
    publicUrl: undefined,
    onError,
  });
  servers = [createServer(getRequestListener(app.fetch)), createServer(getRequestListener(app.fetch))];
  const [front, plain] = servers as [Server, Server];
  openFastPath(front, { executor, rateLimiter, opensMetrics: false, onError });
  [url, plainUrl] = (await Promise.all([listen(front), listen(plain)])).map((port) => `http://127.0.0.1:${port}`) as [
    string,
    string,
  ];
}, 600_000);

afterAll(async () => {
  await browser?.close();
  for (const server of servers ?? []) {
    server.closeAllConnections();
    server.close();
  }
  await gallery?.stop();
});

const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1440, height: 900 } };

/** Opens a page, and keeps what goes wrong in it. */
async function open(path: string, size: keyof typeof sizes): Promise<void> {
  complaints = [];
  page = await browser.newPage({ viewport: sizes[size] });
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) complaints.push(request.url());
  });
  await page.goto(`${url}${path}`);
}

/** Leaves a picture of the page for whoever wants to look. */
async function picture(name: string): Promise<void> {
  const folder = process.env.GRID_TEST_PICTURES;
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png` });
}

afterEach(() => page?.close());

const overflow = () => page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");

describe("the explorer", () => {
  it.each(["phone", "desktop"] as const)("asks the gallery on a %s", async (size) => {
    await open("/graphql", size);
    expect(new URL(page.url()).pathname).toBe("/explorer");
    await page.locator(".graphiql-query-editor", { hasText: "TRENDING" }).waitFor();
    await page.click(".graphiql-execute-button");
    await page.locator(".result-window", { hasText: '"totalCount": 50' }).waitFor();
    await picture(`explorer-${size}`);
    expect(await overflow()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it("shows what the schema says of itself", async () => {
    await open("/explorer", "desktop");
    await page.click('button[aria-label="Show Documentation Explorer"]');
    await page.click("a.graphiql-doc-explorer-type-name >> text=Query");
    await page.locator(".graphiql-doc-explorer", { hasText: "artworkFacets" }).waitFor();
    // Line ends of the schema's source are none of its descriptions'.
    expect(await page.locator(".graphiql-doc-explorer br").count()).toBe(0);
    await picture("explorer-documentation");
    expect(complaints).toEqual([]);
  });

  it("unwraps every description, and keeps paragraphs", async () => {
    expect(unwrapped("One\nline,\n  and more.\n\nAnother.\n- a\n- b")).toBe(
      "One line, and more.\n\nAnother.\n- a\n- b",
    );
    const result = await gallery.executor.execute({ query: getIntrospectionQuery() });
    const told = [...JSON.stringify(result.result).matchAll(/"description":"((?:[^"\\]|\\.)*)"/g)].map(
      ([, text]) => text ?? "",
    );
    expect(told.length).toBeGreaterThan(500);
    expect(told.filter((text) => /[^n\\]\\n(?!\\n|[-*] |\d+\. )/.test(text))).toEqual([]);
  });

  it("shows answers below questions on a phone, and documentation in place of both", async () => {
    await open("/explorer", "phone");
    const [editor, answer, docs] = [".graphiql-editors", ".graphiql-response", ".graphiql-plugin"].map((selector) =>
      page.locator(selector),
    );
    const [above, below] = [await editor?.boundingBox(), await answer?.boundingBox()];
    expect(above?.width).toBeGreaterThan(280);
    expect(below?.width).toBeGreaterThan(280);
    expect(below?.y).toBeGreaterThanOrEqual((above?.y ?? 0) + (above?.height ?? 0));
    await page.click('button[aria-label="Show Documentation Explorer"]');
    await docs?.waitFor();
    await picture("explorer-documentation-phone");
    expect((await docs?.boundingBox())?.width).toBeGreaterThan(280);
    expect(await editor?.isVisible()).toBe(false);
  });

  it("keeps the question in its address, and finds it there", async () => {
    const question = "{ protocol { artworks } }";
    await open(`/explorer?query=${encodeURIComponent(question)}`, "desktop");
    await page.locator(".graphiql-query-editor", { hasText: "protocol" }).waitFor();
    expect(new URL(page.url()).searchParams.get("query")).toBe(question);
    expect(complaints).toEqual([]);
  });
});

describe("/", () => {
  it.each(["phone", "desktop"] as const)("fits a %s, and leads on", async (size) => {
    await open("/", size);
    await picture(`home-${size}`);
    expect(await overflow()).toBe(0);
    await page.click("text=/reference");
    await page.locator("h1", { hasText: "GridNFT gallery API" }).waitFor();
    expect(complaints).toEqual([]);
  });
});

describe("GraphQL over HTTP", () => {
  const audits = [
    ...serverAudits({ url: () => `${url}/graphql` }).map((audit) => ["by the lane", audit] as const),
    ...serverAudits({ url: () => `${plainUrl}/graphql` }).map((audit) => ["by Hono", audit] as const),
  ].map(([way, audit]) => [audit.id, audit.name, way, audit] as const);

  it("is checked by all audits of graphql-http, both ways", () => {
    expect(audits).toHaveLength(2 * 61);
  });

  it.each(audits)("%s %s, %s", async (_id, _name, _way, audit) => {
    const result = await audit.fn();
    expect(result).toMatchObject({ status: "ok" });
  });

  it("lets Apollo Client show the message of a refusal", async () => {
    for (const base of [url, plainUrl]) {
      const link = new HttpLink({ uri: `${base}/graphql` });
      const client = new ApolloClient({ link, cache: new InMemoryCache() });
      const refused = await client
        .query({ query: gql("{ artworks(first: 101) { nodes { tokenId } } }"), errorPolicy: "none" })
        .catch((error: unknown) => error);
      expect(CombinedGraphQLErrors.is(refused)).toBe(true);
      expect(String(refused)).toMatch(/first is .*from 1 to 100/);
      const unknown = await client.query({ query: gql("{ paintings { id } }") }).catch((error: unknown) => error);
      expect(CombinedGraphQLErrors.is(unknown)).toBe(true);
      expect(String(unknown)).toMatch(/Cannot query field "paintings"/);
      const { data } = await client.query<{ protocol: { artworks: number } }>({
        query: gql("{ protocol { artworks } }"),
      });
      expect(data?.protocol.artworks).toBe(50);
      client.stop();
    }
  });
});

describe("GET /graphql", () => {
  const browserAccepts = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${url}${path}`, { headers, redirect: "manual" });

  it("is the schema's text for programs, and tells caches that pages are for others", async () => {
    const answer = await ask("/graphql");
    expect([answer.status, answer.headers.get("content-type"), answer.headers.get("vary")]).toEqual([
      200,
      "text/plain; charset=UTF-8",
      "accept, Accept-Encoding",
    ]);
    expect(await answer.text()).toContain("type Query");
  });

  it("answers a question in the address to browsers, too", async () => {
    const answer = await ask("/graphql?query={protocol{artworks}}", browserAccepts);
    expect(answer.headers.get("cache-control")).toBe("public, max-age=2");
    expect(await answer.json()).toMatchObject({ data: { protocol: { artworks: 50 } } });
  });

  it("serves the explorer's files zipped or not, for ever, by what is in them", async () => {
    const html = await (await ask("/explorer")).text();
    const files = [...html.matchAll(/explorer\/([\w-]+\.(js|css))/g)].map(([, name]) => name);
    expect(files).toHaveLength(2);
    for (const name of files) {
      const [zipped, plain] = await Promise.all([
        ask(`/explorer/${name}`, { "accept-encoding": "gzip" }),
        ask(`/explorer/${name}`, { "accept-encoding": "identity" }),
      ]);
      expect(zipped.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect([zipped, plain].map(({ headers }) => headers.get("content-encoding"))).toEqual(["gzip", null]);
      expect(await zipped.text()).toBe(await plain.text());
    }
    expect((await ask("/explorer/other.js")).status).toBe(404);
  });
});

describe("the reference of /v1", () => {
  it.each(["phone", "desktop"] as const)("fits a %s", async (size) => {
    await open("/reference", size);
    await picture(`reference-${size}`);
    expect(await overflow()).toBe(0);
    expect(complaints).toEqual([]);
  });
});

/** What people see in a browser: the explorer of the gallery schema, and the reference of `/v1`. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createRoutes } from "../../indexer/src/api/http.ts";
import { createDoor, createGate } from "../../indexer/src/api/public.ts";
import { createRestRoutes } from "../../indexer/src/api/rest/routes.ts";
import { startBrowser } from "../utils/browser.ts";
import { type Gallery, startGallery } from "./gallery.ts";

let gallery: Gallery;
let server: Server;
let browser: Browser;
let url: string;
let page: Page;
/** What the browser complained of, and whatever it loaded from elsewhere. */
let complaints: string[];

beforeAll(async () => {
  [gallery, browser] = await Promise.all([startGallery(50), startBrowser()]);
  const app = new Hono();
  app.use(createDoor(createGate({ requestsPerMinute: 0, proxies: 0 })));
  app.route("/", createRoutes(gallery.answerer, {} as never));
  const fresh = { current: () => undefined, cachedPerBlock: () => undefined };
  app.route(
    "/",
    createRestRoutes({
      ...{ answerer: gallery.answerer, fresh: fresh as never, publicUrl: undefined },
      onError: (error) => gallery.errors.push(error),
    }),
  );
  server = createServer(getRequestListener(app.fetch));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 300_000);

afterAll(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
  await gallery?.stop();
});

const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };

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
    await picture("explorer-documentation");
    expect(complaints).toEqual([]);
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

describe("GET /graphql", () => {
  const browserAccepts = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${url}${path}`, { headers, redirect: "manual" });

  it("is the schema's text for programs, and tells caches that pages are for others", async () => {
    const answer = await ask("/graphql");
    expect([answer.status, answer.headers.get("content-type"), answer.headers.get("vary")]).toEqual([
      200,
      "text/plain; charset=UTF-8",
      "accept",
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

/** What a public API needs in front of it: limits, headers, preflights. */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { parse } from "graphql";
import { Hono } from "hono";
import { afterEach, describe, expect, it } from "vitest";
import type { Answerer, Question } from "../../indexer/src/api/graphql/execute.ts";
import { createRoutes } from "../../indexer/src/api/http.ts";
import { createLane } from "../../indexer/src/api/lane.ts";
import { charge, createDoor, createGate, type DoorSettings, MAX_BODY } from "../../indexer/src/api/public.ts";
import { createRateLimit } from "../../indexer/src/api/rates.ts";
import { limitTables, rowsOf, tableLimits } from "../../indexer/src/api/tables.ts";

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

/** An app behind a door, on a real socket. Returns how to ask it. */
async function openDoor(settings: DoorSettings, cost = 1) {
  const app = new Hono();
  app.use((context, next) => {
    context.res.headers.set("access-control-allow-origin", "*"); // as Ponder does before it
    return next();
  });
  app.use(createDoor(createGate(settings)));
  app.post("/graphql", async (context) => context.json({ length: (await context.req.text()).length }));
  app.get("/v1/direct", (context) => {
    // As `/graphql` answers: past Hono, for speed.
    const { outgoing } = context.env as { outgoing: ServerResponse };
    outgoing.writeHead(200, { "content-type": "text/plain" });
    outgoing.end("direct");
    return new Response(null, { headers: { "x-hono-already-sent": "true" } });
  });
  app.get("/v1/some", (context) => {
    charge(context, cost - 1);
    return context.json({ fine: true });
  });
  server = createServer(getRequestListener(app.fetch));
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${port}${path}`, init);
}

describe("every answer", () => {
  it.each(["/v1/some", "/v1/direct", "/v1/unknown"])("of %s may be read by any page", async (path) => {
    const ask = await openDoor({ requestsPerMinute: 0, proxies: 0 });
    const { headers } = await ask(path, { headers: { origin: "https://gallery.example" } });
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.get("access-control-expose-headers")).toContain("etag");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("cross-origin-resource-policy")).toBe("cross-origin");
  });

  it("comes after a preflight that allows what questions need", async () => {
    const ask = await openDoor({ requestsPerMinute: 1, proxies: 0 });
    const preflight = () =>
      ask("/graphql", {
        method: "OPTIONS",
        headers: { origin: "https://gallery.example", "access-control-request-headers": "content-type" },
      });
    const { status, headers } = await preflight();
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-methods")).toBe("GET, HEAD, POST, OPTIONS");
    expect(headers.get("access-control-allow-headers")).toBe("accept, content-type, if-none-match");
    expect(headers.get("access-control-max-age")).toBe("86400");
    // They are not counted: a page makes them without its doing.
    expect((await preflight()).status).toBe(204);
    expect((await ask("/v1/some")).status).toBe(200);
  });
});

describe("bodies", () => {
  it.each([
    [MAX_BODY, 200],
    [MAX_BODY + 1, 413],
  ])("of %i bytes are answered %i", async (length, status) => {
    const ask = await openDoor({ requestsPerMinute: 0, proxies: 0 });
    const answer = await ask("/graphql", { method: "POST", body: "a".repeat(length) });
    expect(answer.status).toBe(status);
    if (status === 200) return;
    expect(await answer.json()).toEqual({
      errors: [{ message: "A request has at most 100000 bytes.", extensions: { code: "BODY_TOO_LARGE" } }],
    });
  });
});

describe("a client", () => {
  it("is told when it may ask again", async () => {
    const ask = await openDoor({ requestsPerMinute: 3, proxies: 0 });
    for (let i = 0; i < 3; i++) expect((await ask("/v1/some")).status).toBe(200);
    const refused = await ask("/v1/some");
    expect(refused.status).toBe(429);
    // 20, but for the time that the requests took.
    const seconds = Number(refused.headers.get("retry-after"));
    expect(seconds > 0 && seconds <= 20).toBe(true);
    expect(refused.headers.get("access-control-allow-origin")).toBe("*");
    expect(refused.headers.get("cache-control")).toBe("no-store");
    expect(await refused.json()).toEqual({
      error: {
        code: "TOO_MANY_REQUESTS",
        message: `That was more than 3 in a minute, by cost: try again in ${seconds} s.`,
      },
    });
    expect(await (await ask("/graphql", { method: "POST", body: "{}" })).json()).toMatchObject({
      errors: [{ extensions: { code: "TOO_MANY_REQUESTS" } }],
    });
  });

  it("pays for what its questions cost", async () => {
    const ask = await openDoor({ requestsPerMinute: 10, proxies: 0 }, 9);
    expect((await ask("/v1/some")).status).toBe(200);
    expect((await ask("/v1/some")).status).toBe(200);
    expect((await ask("/v1/some")).status).toBe(429);
  });

  it("pays for the rows that its questions ask for", async () => {
    const rows: Record<string, number> = { "{ few }": 2, "{ page }": 200, "{ many }": 900 };
    const app = new Hono();
    app.use(createDoor(createGate({ requestsPerMinute: 10, proxies: 0 })));
    const answerJson = async ({ query = "" }) => ({
      json: "{}",
      isRefused: false,
      block: undefined,
      rows: rows[query],
    });
    app.route("/", createRoutes({ answerJson } as never, undefined as never));
    const ask = async (query: string) => {
      const body = JSON.stringify({ query });
      return (await app.request("/graphql", { method: "POST", body, headers: { "content-type": "application/json" } }))
        .status;
    };
    const statuses = async (query: string, times: number) => {
      const seen = [];
      for (let i = 0; i < times; i++) seen.push(await ask(query));
      return seen;
    };
    expect(await statuses("{ page }", 2)).toEqual([200, 200]); // 3 each
    expect(await statuses("{ few }", 3)).toEqual([200, 200, 200]); // 1 each
    expect(await statuses("{ many }", 2)).toEqual([200, 429]);
  });

  it("is the one on the socket, whatever it says", async () => {
    const ask = await openDoor({ requestsPerMinute: 1, proxies: 0 });
    expect((await ask("/v1/some", { headers: { "x-forwarded-for": "203.0.113.1" } })).status).toBe(200);
    expect((await ask("/v1/some", { headers: { "x-forwarded-for": "203.0.113.2" } })).status).toBe(429);
  });

  it("is who the trusted proxy says", async () => {
    const ask = await openDoor({ requestsPerMinute: 1, proxies: 1 });
    const from = async (forwarded: string) =>
      (await ask("/v1/some", { headers: { "x-forwarded-for": forwarded } })).status;
    expect(await from("203.0.113.1")).toBe(200);
    expect(await from("203.0.113.2")).toBe(200);
    // What stands before the proxy's own entry is the client's invention.
    expect(await from("198.51.100.7, 203.0.113.1")).toBe(429);
    // A network of IPv6 is one client.
    expect(await from("2001:db8:1:2::1")).toBe(200);
    expect(await from("2001:db8:1:2:3:4:5:6")).toBe(429);
    expect(await from("2001:db8:1:3::1")).toBe(200);
  });
});

describe("the lane of questions", () => {
  const faults: unknown[] = [];

  /** `/graphql` with its lane. Returns how to ask, and how many requests the framework has seen. */
  async function openLane(settings: DoorSettings) {
    const app = new Hono();
    const seen = { requests: 0 };
    app.use((context, next) => {
      seen.requests += 1;
      context.res.headers.set("access-control-allow-origin", "*");
      return next();
    });
    const gate = createGate(settings);
    const answerJson = async ({ query, variables }: Question) => {
      if (query === "{ broken }") throw new Error("It broke.");
      const json = JSON.stringify({ data: { query, variables } });
      return { json, isRefused: query === "{ wrong }", block: undefined, rows: query === "{ many }" ? 1_000 : 1 };
    };
    const answerer = { answerJson } as unknown as Answerer;
    const lane = createLane({ answerer, gate, onError: (error) => faults.push(error) });
    app.use(createDoor(gate));
    app.route("/", createRoutes(answerer, undefined as never, lane));
    server = createServer(getRequestListener(app.fetch));
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const ask = async (body: string, init: RequestInit = {}) => {
      const { status, headers, ...answer } = await fetch(`http://127.0.0.1:${port}/graphql`, {
        method: "POST",
        body,
        ...init,
      }).then(async (response) => ({
        status: response.status,
        headers: Object.fromEntries(response.headers),
        text: await response.text(),
      }));
      const { date, "keep-alive": _, ...others } = headers;
      return { status, headers: others, ...answer };
    };
    return { ask, seen };
  }

  const long = JSON.stringify({ query: "{ a }", variables: { long: "ü".repeat(MAX_BODY / 2) } });

  it.each([
    ["a question", JSON.stringify({ query: "{ fox }", variables: { name: "Füchse 🦊" } }), 200],
    ["a refused question", JSON.stringify({ query: "{ wrong }" }), 400],
    ["another operation", JSON.stringify({ query: "{ fox }", operationName: "A", extensions: { minBlock: 1 } }), 200],
    ["what is no JSON", "{", 400],
    ["what is no question", JSON.stringify({ query: 1 }), 400],
    ["nothing", "", 400],
  ])("answers %s as the framework would", async (_, body, status) => {
    const { ask, seen } = await openLane({ requestsPerMinute: 0, proxies: 0 });
    const [byFramework, byLane] = [await ask(body), await ask(body)];
    expect(seen.requests).toBe(1);
    expect(byLane).toEqual(byFramework);
    expect(byLane.status).toBe(status);
  });

  it("leaves everything else to the framework", async () => {
    const { ask, seen } = await openLane({ requestsPerMinute: 0, proxies: 0 });
    await ask(JSON.stringify({ query: "{ fox }" }));
    expect((await ask("", { method: "OPTIONS", body: null })).status).toBe(204);
    expect((await ask("", { method: "GET", body: null })).text).toContain("type Query");
    expect(seen.requests).toBe(3);
  });

  it("refuses what is too long", async () => {
    const { ask, seen } = await openLane({ requestsPerMinute: 0, proxies: 0 });
    await ask(JSON.stringify({ query: "{ fox }" }));
    const refused = await ask(long);
    expect([refused.status, seen.requests]).toEqual([413, 1]);
    expect(JSON.parse(refused.text)).toMatchObject({ errors: [{ extensions: { code: "BODY_TOO_LARGE" } }] });
    const stream = new ReadableStream({ start: (body) => void [body.enqueue(Buffer.from(long)), body.close()] });
    const streamed = await ask("", { body: stream, duplex: "half" } as RequestInit);
    expect([streamed.status, seen.requests]).toEqual([413, 1]);
    expect((await ask(JSON.stringify({ query: "{ fox }" }))).status).toBe(200);
  });

  it("has the same limit", async () => {
    const { ask, seen } = await openLane({ requestsPerMinute: 20, proxies: 0 });
    expect((await ask(JSON.stringify({ query: "{ fox }" }))).status).toBe(200);
    expect((await ask(JSON.stringify({ query: "{ many }" }))).status).toBe(200); // 11
    expect((await ask(JSON.stringify({ query: "{ many }" }))).status).toBe(200);
    const refused = await ask(JSON.stringify({ query: "{ fox }" }));
    expect([refused.status, seen.requests]).toEqual([429, 1]);
    expect(refused.headers).toMatchObject({ "cache-control": "no-store", "access-control-allow-origin": "*" });
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    expect(JSON.parse(refused.text)).toMatchObject({ errors: [{ extensions: { code: "TOO_MANY_REQUESTS" } }] });
  });

  it("says nothing of what went wrong inside", async () => {
    const { ask } = await openLane({ requestsPerMinute: 0, proxies: 0 });
    await ask(JSON.stringify({ query: "{ fox }" }));
    const broken = await ask(JSON.stringify({ query: "{ broken }" }));
    expect(broken.status).toBe(500);
    expect(JSON.parse(broken.text)).toEqual({
      errors: [{ message: "Something went wrong on our side.", extensions: { code: "INTERNAL" } }],
    });
    expect(faults.splice(0).map(String)).toEqual(["Error: It broke."]);
  });
});

describe("a bucket", () => {
  it("fills evenly", () => {
    let now = 0;
    const limit = createRateLimit(60, () => now);
    expect(limit.take("a", 60)).toBe(0);
    expect(limit.take("a", 1)).toBe(1);
    expect(limit.take("b", 1)).toBe(0);
    now = 999;
    expect(limit.take("a", 1)).toBe(1);
    now = 1_000;
    expect(limit.take("a", 1)).toBe(0);
    now = 3_600_000;
    expect(limit.take("a", 60)).toBe(0);
    expect(limit.take("a", 30)).toBe(30);
  });

  it("is charged at most half a minute in advance", () => {
    let now = 0;
    const limit = createRateLimit(60, () => now);
    limit.charge("a", 1_000_000);
    expect(limit.take("a", 1)).toBe(31);
    now = 31_000;
    expect(limit.take("a", 1)).toBe(0);
  });

  it("lets through what costs more than it holds, when it is full", () => {
    const limit = createRateLimit(10, () => 0);
    expect(limit.take("a", 25)).toBe(0);
    expect(limit.take("a", 1)).toBe(36); // a debt is half a minute at most
  });
});

describe("/tables", () => {
  const rows = (query: string, variables = {}) => rowsOf(parse(query), variables);

  it("counts the rows of a question", () => {
    expect(rows("{ artworks { items { name } } }")).toBe(50);
    expect(rows("{ artworks(limit: 7) { items { name } } models { items { name } } }")).toBe(57);
    expect(rows("query ($n: Int = 9) { artworks(limit: $n) { items { name } } }")).toBe(9);
    expect(rows("query ($n: Int = 9) { artworks(limit: $n) { items { name } } }", { n: 3 })).toBe(3);
    expect(rows("{ artworks { ...Page } } fragment Page on artworkPage { items { name } }")).toBe(50);
    expect(rows('{ artwork(tokenId: "1") { name } }')).toBe(0);
  });

  it.each([
    ["{ artworks(limit: 101) { items { name } } }", {}, /^limit is at most 100, and 101 was asked for/],
    ["query ($n: Int) { artworks(limit: $n) { items { name } } }", { n: 1000 }, /^limit is at most 100, and 1000/],
    [
      `{ ${"abcdef".replace(/./g, (name) => `${name}: artworks(limit: 100) { items { name } } `)} }`,
      {},
      /^A question has at most 500 rows, and this asks for 600\.$/,
    ],
  ])("refuses %s", (query, variables, message) => {
    expect(() => rows(query, variables)).toThrow(message);
  });

  /** `/tables` over something that answers when it is let. */
  function tables() {
    const waiting: (() => void)[] = [];
    const app = new Hono();
    app.use("/tables", limitTables());
    app.use("/tables", async (context) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return context.json({ data: {} });
    });
    const ask = async (query: string) => app.request("/tables", { method: "POST", body: JSON.stringify({ query }) });
    return { app, ask, waiting };
  }

  it("answers some questions at a time", async () => {
    const { ask, waiting } = tables();
    const answers = Array.from({ length: tableLimits.questions }, () => ask("{ artworks { items { name } } }"));
    while (waiting.length < tableLimits.questions) await new Promise((resolve) => setImmediate(resolve));
    const refused = await ask("{ artworks { items { name } } }");
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: "TOO_SLOW" } }] });
    for (const answer of waiting.splice(0)) answer();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const after = ask("{ artworks { items { name } } }");
    while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
    waiting[0]?.();
    expect((await after).status).toBe(200);
  });

  it.each([
    ["what is no question", "{", 400, "BAD_INPUT"],
    ["too many tokens", `{ ${"a ".repeat(tableLimits.tokens)} }`, 400, "BAD_INPUT"],
    ["long lists", "{ artworks(limit: 1000) { items { name } } }", 400, "TOO_EXPENSIVE"],
  ])("refuses %s", async (_, query, status, code) => {
    const answer = await tables().ask(query);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code } }] });
  });

  it("takes questions by POST alone", async () => {
    const answer = await tables().app.request("/tables");
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("POST");
  });
});

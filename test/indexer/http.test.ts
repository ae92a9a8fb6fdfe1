/** The public side of the API, on Node's server and without it: limits, headers, preflights, media types, strictness. */

import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { parse } from "graphql";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { afterEach, describe, expect, it } from "vitest";
import type { GraphQLRequest } from "../../indexer/src/api/graphql/executor.ts";
import { MAX_BODY } from "../../indexer/src/api/http/middleware.ts";
import { createRateLimiter, type RateLimitSettings } from "../../indexer/src/api/http/rateLimit.ts";
import { createApi } from "../../indexer/src/api/server/app.ts";
import { openFastPath } from "../../indexer/src/api/server/nodeFastPath.ts";
import { rowsOf, tableLimits } from "../../indexer/src/api/tables/rowCount.ts";
import { limitStatements, limitTables } from "../../indexer/src/api/tables/tablesOverHttp.ts";
import { startPostgres } from "../fixtures/postgres.ts";
import { listen } from "../fixtures/scriptedServer.ts";
import { restSchema } from "./restSchema.ts";

const free: RateLimitSettings = { requestsPerMinute: 0, proxies: 0 };
const long = "a".repeat(5_000);

let server: Server | undefined;
const faults: unknown[] = [];
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
  expect(faults.splice(0)).toEqual([]);
});

/** Clients in whose name was asked. */
const clients: (string | undefined)[] = [];

/** Answers with what it is asked. */
const executeJson = async ({ query, ...more }: GraphQLRequest, client?: string) => {
  clients.push(client);
  if (query === "{ broken }") throw new Error("It broke.");
  const isRefused = query === "{ wrong }";
  const json = JSON.stringify(isRefused ? { errors: [{ message: "Wrong." }] } : { data: { query, ...more } });
  if (query === "{ full }") return { json, isRefused: true, block: undefined, cost: 1, retryAfter: 1 };
  const costs: Record<string, number> = { "{ few }": 1, "{ page }": 2.5, "{ many }": 10 };
  return { json, isRefused, block: undefined, cost: costs[query ?? ""] ?? 1 };
};
const block = { chainId: 31_337, number: 5, timestamp: 1_763_164_805 };
const indexingStatus = {
  current: () => block,
  contents: () => "a",
  cachedPerBlock: () => ({ remember: (_: string, make: () => unknown) => make() }),
};
const executor = {
  schema: restSchema,
  executeJson,
  execute: async (_: GraphQLRequest, client?: string) => {
    clients.push(client);
    return { result: { data: { artwork: null } }, isRefused: false, cost: 1 };
  },
};

/** The API by itself, as where Node's server is not behind it. */
function api(settings: RateLimitSettings = free): Hono {
  return createApi(
    {
      ...{ executor: executor as never, indexingStatus: indexingStatus as never, health: {} as never, chainId: 31_337 },
      ...{ rateLimiter: createRateLimiter(settings), publicUrl: undefined, onError: (error) => faults.push(error) },
    },
    (app) => app.get("/v1/long", (context) => context.json({ long }, 200, { etag: '"a"' })),
  );
}

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** The API on Node's server as Ponder runs it: behind routes and middlewares of its own. Returns how to ask it. */
async function serve(settings: RateLimitSettings = free, opensMetrics = false) {
  const framework = new Hono();
  const seen: string[] = [];
  framework.use(async (context, next) => {
    seen.push(`${context.req.method} ${context.req.path}`);
    await next();
  });
  framework.use(cors({ origin: "*", maxAge: 86_400 }));
  for (const path of ["/metrics", "/status"]) framework.get(path, (context) => context.text("ponder_http_server"));
  framework.get("/ready", (context) => context.text("Historical indexing is not complete.", 503));
  framework.route("/", api(settings));
  server = createServer(getRequestListener(framework.fetch));
  openFastPath(server, {
    executor,
    rateLimiter: createRateLimiter(settings),
    opensMetrics,
    onError: (error) => faults.push(error),
  });
  const port = await listen(server);
  const ask = async (path: string, init: RequestInit = {}): Promise<Answered> =>
    read(await fetch(`http://127.0.0.1:${port}${path}`, { redirect: "manual", ...init }));
  return { ask, seen, port };
}

async function read(response: Response): Promise<Answered> {
  const { date, connection, "keep-alive": _, ...headers } = Object.fromEntries(response.headers);
  return { status: response.status, headers, text: await response.text() };
}

const post = (body: RequestInit["body"], headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: body as string,
});
const question = (query: string, more: object = {}) => post(JSON.stringify({ query, ...more }));
const errorOf = ({ text }: Answered) =>
  (JSON.parse(text) as { errors: { message: string; extensions: { code: string } }[] }).errors[0];

describe("every answer", () => {
  it.each([
    ["/v1/long", {}],
    ["/v1/unknown", {}],
    ["/graphql", {}],
    ["/graphql", question("{ fox }")],
    ["/metrics", {}],
    ["/ready", {}],
    ["/nothing", {}],
  ])("of %s may be read by any page", async (path, init) => {
    const { ask } = await serve();
    const { headers } = await ask(path, init);
    expect(headers).toMatchObject({
      "access-control-allow-origin": "*",
      "access-control-expose-headers": "allow, etag, retry-after, x-indexed-block",
      "cross-origin-resource-policy": "cross-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    });
  });

  it.each([
    ["/v1/unknown", 404, {}],
    ["/v1/artworks/9", 404, {}],
    ["/v1/artworks?artst=1", 422, {}],
    ["/v1/artworks", 405, { method: "DELETE" }],
    ["/nothing", 404, {}],
    ["/metrics", 404, {}],
    ["/ready", 503, {}],
    ["/explorer/nothing.js", 404, {}],
    ["/graphql", 400, post("{")],
    ["/graphql?query=", 400, {}],
    ["/graphql", 405, { method: "PUT" }],
    ["/graphql", 413, post("a".repeat(MAX_BODY + 1))],
    ["/graphql", 415, post("{}", { "content-type": "text/plain" })],
    ["/v1/artworks", 413, post("a".repeat(MAX_BODY + 1))],
  ])("of %s with %i is not to be stored", async (path, status, init) => {
    const { ask } = await serve();
    const refused = await ask(path, init);
    expect([refused.status, refused.headers["cache-control"], refused.headers.etag]).toEqual([
      status,
      "no-store",
      undefined,
    ]);
    if (path === "/metrics" || path === "/ready") return;
    const { status: alone, headers } = await api().request(path, init);
    expect([alone, headers.get("cache-control"), headers.get("etag")]).toEqual([status, "no-store", null]);
  });
});

describe("a preflight", () => {
  const asked = ["authorization", "content-type", "if-none-match", "last-event-id", "apollographql-client-name"];
  const preflight = (method: string): RequestInit => ({
    method: "OPTIONS",
    headers: {
      ...{ origin: "https://gallery.example", "access-control-request-method": method },
      "access-control-request-headers": asked.join(","),
    },
  });

  it.each([
    ["/graphql", "POST", "GET, HEAD, POST, OPTIONS"],
    ["/tables", "POST", "POST, OPTIONS"],
    ["/v1/artworks", "GET", "GET, HEAD, OPTIONS"],
    ["/v1/unknown", "GET", "GET, HEAD, OPTIONS"],
    ["/ready", "GET", "GET, HEAD, OPTIONS"],
    ["/", "GET", "GET, HEAD, OPTIONS"],
  ])("of %s is answered by ourselves", async (path, method, methods) => {
    const { ask, seen } = await serve({ requestsPerMinute: 1, proxies: 0 });
    const answers = [await ask(path, preflight(method)), await read(await api().request(path, preflight(method)))];
    expect(seen).toEqual([]);
    for (const { status, headers } of answers) {
      expect(status).toBe(204);
      expect(headers).toMatchObject({ allow: methods, "access-control-allow-methods": methods });
      expect(headers["access-control-allow-origin"]).toBe("*");
      expect(headers["access-control-max-age"]).toBe("86400");
      const allowed = (headers["access-control-allow-headers"] ?? "").split(", ");
      // A browser takes * for every header but Authorization.
      for (const name of asked)
        expect(allowed.includes(name) || (name !== "authorization" && allowed.includes("*"))).toBe(true);
    }
    // It is not counted: pages make it without asking.
    expect((await ask("/v1/long")).status).toBe(200);
  });
});

describe("a client", () => {
  it("is told when it may ask again, whatever it asks", async () => {
    const { ask } = await serve({ requestsPerMinute: 3, proxies: 0 });
    for (const path of ["/v1/long", "/ready", "/graphql"]) expect((await ask(path)).status).not.toBe(429);
    const refused = await ask("/v1/long");
    expect(refused.status).toBe(429);
    // 20, but for the time that the requests took.
    const seconds = Number(refused.headers["retry-after"]);
    expect(seconds > 0 && seconds <= 20).toBe(true);
    expect(refused.headers).toMatchObject({ "access-control-allow-origin": "*", "cache-control": "no-store" });
    const message = `That was more than 3 in a minute, by cost: try again in ${seconds} s.`;
    expect(JSON.parse(refused.text)).toEqual({ error: { code: "TOO_MANY_REQUESTS", message } });
    const asked = await ask("/graphql", post("{}", { accept: "application/graphql-response+json" }));
    expect([asked.status, asked.headers["content-type"], errorOf(asked)?.extensions.code]).toEqual([
      429,
      "application/graphql-response+json; charset=utf-8",
      "TOO_MANY_REQUESTS",
    ]);
  });

  it.each([
    ["on Node's server", async (settings: RateLimitSettings) => (await serve(settings)).ask],
    [
      "without it",
      async (settings: RateLimitSettings) => {
        const app = api(settings);
        return async (path: string, init: RequestInit) => read(await app.request(path, init));
      },
    ],
  ])("pays for what its questions cost, %s", async (_, start) => {
    const ask = await start({ requestsPerMinute: 10, proxies: 0 });
    const statuses = async (query: string, times: number) => {
      const got = [];
      for (let i = 0; i < times; i++) got.push((await ask("/graphql", question(query))).status);
      return got;
    };
    expect(await statuses("{ page }", 2)).toEqual([200, 200]); // 3 each
    expect(await statuses("{ few }", 3)).toEqual([200, 200, 200]); // 1 each
    expect(await statuses("{ many }", 2)).toEqual([200, 429]);
  });

  it("is the one on the socket, whatever it says", async () => {
    const { ask } = await serve({ requestsPerMinute: 1, proxies: 0 });
    expect((await ask("/v1/long", { headers: { "x-forwarded-for": "203.0.113.1" } })).status).toBe(200);
    expect((await ask("/v1/long", { headers: { "x-forwarded-for": "203.0.113.2" } })).status).toBe(429);
  });

  it("is who the trusted proxy says", async () => {
    const { ask } = await serve({ requestsPerMinute: 1, proxies: 1 });
    const from = async (forwarded: string) =>
      (await ask("/v1/long", { headers: { "x-forwarded-for": forwarded } })).status;
    expect(await from("203.0.113.1")).toBe(200);
    expect(await from("203.0.113.2:5678")).toBe(200);
    // Entries before the proxy's own are the client's invention, and a port is no other client.
    expect(await from("198.51.100.7, 203.0.113.1:61000")).toBe(429);
    // A network of IPv6 is one client.
    expect(await from("[2001:db8:1:2::1]:443")).toBe(200);
    expect(await from("2001:db8:1:2:3:4:5:6")).toBe(429);
    expect(await from("2001:db8:1:3::1")).toBe(200);
  });

  it.each([0, 100])("is told to what answers, with a limit of %i a minute", async (requestsPerMinute) => {
    const { ask } = await serve({ requestsPerMinute, proxies: 1 });
    clients.splice(0);
    const headers = { "x-forwarded-for": "203.0.113.1:61000" };
    const asked = question("{ fox }");
    await ask("/graphql", { ...asked, headers: { ...asked.headers, ...headers } });
    await ask("/graphql?query=%7Bfox%7D", { headers });
    await ask("/v1/artworks/1", { headers });
    expect(clients).toEqual(["203.0.113.1", "203.0.113.1", "203.0.113.1"]);
  });
});

describe("POST /graphql", () => {
  const bodies: [string, RequestInit, number, string?][] = [
    ["a question", question("{ fox }", { variables: { name: "Füchse 🦊" } }), 200],
    [
      "all that a question has",
      question("{ fox }", { variables: null, operationName: "A", extensions: { minBlock: 1 } }),
      200,
    ],
    [
      "names of ours beside a question",
      question("{ fox }", { status: 200, code: "X", message: "x", retryAfter: 1 }),
      400,
      "status is not a key of a question: there are query, variables, operationName, extensions.",
    ],
    [
      "names of ours in place of one",
      post('{"status":99999,"code":"X","message":"x","retryAfter":"\\r\\n"}'),
      400,
      "status is not a key of a question: there are query, variables, operationName, extensions.",
    ],
    ["extensions of others", question("{ fox }", { extensions: { clientLibrary: { name: "@apollo/client" } } }), 200],
    ["UTF-8 by name", post('{"query":"{ fox }"}', { "content-type": 'Application/JSON; charset="UTF-8"' }), 200],
    [
      "another key",
      question("{ fox }", { qury: 1 }),
      400,
      "qury is not a key of a question: there are query, variables, operationName, extensions.",
    ],
    ["a number for the text", post('{"query":1}'), 400, "query is a number: it is a string."],
    ["no text", post("{}"), 400, "query is missing: the text of the question."],
    ["an empty text", post('{"query":""}'), 400, "query is empty."],
    ["a list of variables", question("{ fox }", { variables: [1] }), 400, "variables is a list: it is an object."],
    ["variables as text", question("{ fox }", { variables: "{}" }), 400, "variables is a string: it is an object."],
    [
      "a number for a name",
      question("{ fox }", { operationName: 7 }),
      400,
      "operationName is a number: it is a string.",
    ],
    ["a list of extensions", question("{ fox }", { extensions: [] }), 400, "extensions is a list: it is an object."],
    [
      "a block as text",
      question("{ fox }", { extensions: { minBlock: "5" } }),
      400,
      "extensions.minBlock is not the number of a block: it is a whole number from 0 to 2^53-1.",
    ],
    [
      "another version of hashes",
      question("{ fox }", { extensions: { persistedQuery: { version: 2 } } }),
      400,
      "extensions.persistedQuery.version is not 1.",
    ],
    [
      "a short hash",
      question("{ fox }", { extensions: { persistedQuery: { version: 1, sha256Hash: "ab" } } }),
      400,
      "extensions.persistedQuery.sha256Hash is not a SHA-256: it is 64 hex digits.",
    ],
    ["a batch", post('[{"query":"{ fox }"}]'), 400, "The body is a list: send one question at a time."],
    ["null", post("null"), 400, "The body is null: it is an object, {query, variables?, operationName?, extensions?}."],
    [
      "what is no JSON",
      post("{"),
      400,
      "The body is not well-formed JSON: it is {query, variables?, operationName?, extensions?}.",
    ],
    ["nothing", post(""), 400, "The body is empty: it is JSON, {query, variables?, operationName?, extensions?}."],
    ["other bytes than UTF-8", post(Buffer.from([0x22, 0xe4, 0x22]) as never), 400, "The body is not UTF-8."],
    [
      "a form",
      post("query={fox}", { "content-type": "application/x-www-form-urlencoded" }),
      415,
      "The body was sent as application/x-www-form-urlencoded: send JSON, with Content-Type: application/json.",
    ],
    [
      "another charset",
      post("{}", { "content-type": "application/json; charset=latin1" }),
      415,
      "charset latin1 of Content-Type is not read: send the body as UTF-8.",
    ],
    [
      "a compressed body",
      post("{}", { "content-encoding": "gzip" }),
      415,
      "Content-Encoding gzip is not read: send the body as it is.",
    ],
  ];

  it.each(bodies)("answers %s the same on Node's server and without it", async (_, init, status, message) => {
    const { ask, seen } = await serve();
    const accepts = [undefined, "application/graphql-response+json, application/json;q=0.9"];
    for (const accept of accepts) {
      const given = {
        ...init,
        headers: { ...(init.headers as object), "accept-encoding": "identity", ...(accept && { accept }) },
      };
      const byLane = await ask("/graphql", given);
      const { headers, ...byHono } = await read(await api().request("/graphql", given));
      const { "content-length": length, ...others } = byLane.headers;
      expect({ ...byLane, headers: others }).toEqual({ ...byHono, headers });
      expect(Number(length)).toBe(Buffer.byteLength(byLane.text));
      expect(byLane.status).toBe(status);
      expect(headers["content-type"]).toBe(
        `${accept ? "application/graphql-response+json" : "application/json"}; charset=utf-8`,
      );
      if (message !== undefined) expect(errorOf(byLane)?.message).toBe(message);
    }
    expect(seen).toEqual([]);
  });

  it.each([
    [undefined, 200, "application/json"],
    ["*/*", 200, "application/json"],
    ["application/json", 200, "application/json"],
    ["text/html", 200, "application/json"],
    ["application/graphql-response+json", 400, "application/graphql-response+json"],
    ["application/graphql-response+json;charset=utf-8", 400, "application/graphql-response+json"],
    // As Apollo 4 asks, and as a client that prefers the older type.
    ["application/graphql-response+json,application/json;q=0.9", 400, "application/graphql-response+json"],
    ["application/json, application/graphql-response+json;q=0.5", 200, "application/json"],
    ["application/graphql-response+json;q=0, */*", 200, "application/json"],
  ])("refuses a question to who accepts %s with %i", async (accept, status, type) => {
    const { ask } = await serve();
    const refused = await ask("/graphql", post('{"query":"{ wrong }"}', accept === undefined ? {} : { accept }));
    expect([refused.status, refused.headers["content-type"]]).toEqual([status, `${type}; charset=utf-8`]);
    expect(refused.headers["cache-control"]).toBe("no-store");
    expect(errorOf(refused)?.message).toBe("Wrong.");
  });

  it("answers 503 where there was no place for a question, and says when to ask again", async () => {
    const { ask } = await serve();
    for (const accept of ["application/json", "application/graphql-response+json"]) {
      const given = post('{"query":"{ full }"}', { accept });
      const answers = [await ask("/graphql", given), await read(await api().request("/graphql", given))];
      for (const { status, headers } of answers) {
        expect([status, headers["retry-after"], headers["cache-control"]]).toEqual([503, "1", "no-store"]);
      }
    }
  });

  it("refuses what is too long", async () => {
    const { ask, seen } = await serve();
    const body = JSON.stringify({ query: "{ a }", variables: { long: "ü".repeat(MAX_BODY / 2) } });
    const refused = await ask("/graphql", post(body));
    expect(refused.status).toBe(413);
    expect(errorOf(refused)).toEqual({
      message: "A request has at most 100000 bytes.",
      extensions: { code: "BODY_TOO_LARGE" },
    });
    const stream = new ReadableStream({ start: (to) => void [to.enqueue(Buffer.from(body)), to.close()] });
    const streamed = await ask("/graphql", { ...post(""), body: stream, duplex: "half" } as RequestInit);
    expect(streamed.status).toBe(413);
    const fits = JSON.stringify({ query: "{ a }", variables: { long: "a".repeat(MAX_BODY - 41) } });
    expect((await ask("/graphql", post(fits))).status).toBe(200);
    expect(seen).toEqual([]);
  });

  it("says nothing of what went wrong inside", async () => {
    const { ask } = await serve();
    const broken = await ask("/graphql", question("{ broken }"));
    expect(broken.status).toBe(500);
    expect(JSON.parse(broken.text)).toEqual({
      errors: [{ message: "Something went wrong on our side.", extensions: { code: "INTERNAL" } }],
    });
    expect(faults.splice(0).map(String)).toEqual(["Error: It broke."]);
  });
});

describe("GET /graphql", () => {
  const get = (parameters: Record<string, string> | string) => `/graphql?${new URLSearchParams(parameters)}`;

  it("reads a question from the URL as from a body", async () => {
    const { ask } = await serve();
    const given = { query: "{ fox }", variables: '{"a":1}', operationName: "A", extensions: '{"minBlock":1}' };
    const answer = await ask(get(given));
    expect([answer.status, answer.headers["cache-control"], answer.headers.vary?.toLowerCase()]).toEqual([
      200,
      "public, max-age=2",
      "accept, accept-encoding",
    ]);
    expect(JSON.parse(answer.text)).toEqual({
      data: { query: "{ fox }", variables: { a: 1 }, operationName: "A", extensions: { minBlock: 1 } },
    });
    const head = await ask(get(given), { method: "HEAD" });
    expect([head.status, head.text, head.headers["content-type"]]).toEqual([
      200,
      "",
      "application/json; charset=utf-8",
    ]);
  });

  it("stores no answer with errors, though its status is 200", async () => {
    const { ask } = await serve();
    const { status, headers } = await ask(get({ query: "{ wrong }" }));
    expect([status, headers["cache-control"]]).toEqual([200, "no-store"]);
  });

  it.each([
    ["?qury=1", "qury is not a parameter of this route: this route takes query, variables, operationName, extensions."],
    ["?query={a}&query={b}", "query is given more than once."],
    ["?query=", "query is empty."],
    ["?variables={}", "query is missing: the text of the question."],
    ["?query={a}&variables={", "variables is not well-formed JSON."],
    ["?query={a}&variables=", "variables is empty: it is a JSON object."],
    ["?query={a}&variables=5", "variables is a number: it is an object."],
    ["?query={a}&variables=[1]", "variables is a list: it is an object."],
    ["?query={a}&operationName=", "operationName is empty."],
    ["?query={a}&extensions=x", "extensions is not well-formed JSON."],
    [
      '?query={a}&extensions={"minBlock":"1"}',
      "extensions.minBlock is not the number of a block: it is a whole number from 0 to 2^53-1.",
    ],
    ["?query=%E4", "The URL's query is not percent-encoded UTF-8."],
  ])("refuses %s", async (search, message) => {
    const { ask } = await serve();
    const refused = await ask(`/graphql${search}`);
    expect([refused.status, errorOf(refused)]).toEqual([400, { message, extensions: { code: "BAD_INPUT" } }]);
  });

  it("runs no mutation, whatever is beside it", async () => {
    const { ask } = await serve();
    const two = "query A { a } mutation B { b }";
    const refused = await ask(get({ query: two, operationName: "B" }));
    expect([refused.status, refused.headers.allow, refused.headers["cache-control"]]).toEqual([
      405,
      "POST",
      "no-store",
    ]);
    expect((await ask(get({ query: two, operationName: "A" }))).status).toBe(200);
    expect((await ask(get({ query: "{ mutation }" }))).status).toBe(200);
  });

  it.each(["PUT", "DELETE", "PATCH"])("is not asked with %s", async (method) => {
    const { ask } = await serve();
    const { status, headers } = await ask("/graphql", { method });
    expect([status, headers.allow]).toEqual([405, "GET, HEAD, POST, OPTIONS"]);
  });
});

describe("compression", () => {
  const asked = question("{ fox }", { variables: { long } });

  it.each([
    ["br, gzip", "br"],
    ["gzip", "gzip"],
    ["gzip;q=0, br;q=0.5", "br"],
    ["identity", undefined],
    ["gzip;q=0", undefined],
  ])("of an answer to who accepts %s is %s", async (accepted, encoding) => {
    const { ask } = await serve();
    for (const [path, init] of [
      ["/graphql", asked],
      ["/v1/long", {}],
    ] as [string, RequestInit][]) {
      const headers = { ...(init.headers as object), "accept-encoding": accepted };
      const answer = await ask(path, { ...init, headers });
      expect([path, answer.headers["content-encoding"]]).toEqual([path, encoding]);
      if (path === "/v1/long" || encoding !== undefined)
        expect(answer.headers.vary?.toLowerCase()).toContain("accept-encoding");
      expect(answer.text).toContain(long);
    }
  });

  it("is right for long answers, too", async () => {
    const { ask } = await serve();
    const text = "a fox ".repeat(15_000);
    for (const encoding of ["br", "gzip"]) {
      const answer = await ask("/graphql", question("{ fox }", { variables: { text } }));
      const coded = await ask("/graphql", {
        ...question("{ fox }", { variables: { text } }),
        headers: { "content-type": "application/json", "accept-encoding": encoding },
      });
      expect(coded.headers["content-encoding"]).toBe(encoding);
      expect(coded.text).toBe(answer.text);
      expect(Number(coded.headers["content-length"])).toBeLessThan(5_000);
    }
  });

  it("is not for short answers, nor for who does not ask", async () => {
    const { ask } = await serve();
    const short = await ask("/graphql", question("{ fox }"));
    expect(short.headers["content-encoding"]).toBeUndefined();
  });
});

describe("routes of the operator", () => {
  it.each(["/metrics", "/status", "/%6detrics", "/%73tatus", "/./metrics", "/metrics?a=1"])(
    "%s are closed",
    async (path) => {
      const { port } = await serve();
      const { status, text } = await raw(port, path);
      expect(status).toBe(404);
      expect(text).not.toContain("ponder");
    },
  );

  it("are opened by a setting; liveness is open", async () => {
    const { ask } = await serve(free, true);
    expect((await ask("/metrics")).text).toBe("ponder_http_server");
    expect((await ask("/status")).status).toBe(200);
    expect((await ask("/ready")).text).toBe("Historical indexing is not complete.");
  });
});

describe("/", () => {
  it("says what answers here, to programs and to people", async () => {
    const { ask } = await serve();
    const told = await ask("/");
    expect(JSON.parse(told.text)).toMatchObject({
      name: "GridNFT gallery",
      chain_id: 31_337,
      block: 5,
      links: { graphql: "/graphql", explorer: "/explorer", reference: "/reference", health: "/v1/health" },
    });
    const page = await ask("/", { headers: { accept: "text/html,*/*;q=0.8" } });
    expect(page.headers).toMatchObject({ "content-type": "text/html; charset=UTF-8" });
    for (const { headers } of [told, page]) expect(headers.vary?.toLowerCase()).toBe("accept, accept-encoding");
    for (const path of ["graphql", "explorer", "reference", "openapi.json", "v1/health"]) {
      expect(page.text).toContain(`href="${path}"`);
    }
  });
});

/** A GET whose path no URL parser has touched. */
async function raw(port: number, path: string): Promise<{ status: number; text: string }> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path }, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    })
      .on("error", reject)
      .end();
  });
}

describe("/tables", () => {
  const rows = (query: string, variables = {}) => rowsOf(parse(query), variables);

  it("counts the rows of a question", () => {
    expect(rows("{ artworks { items { name } } }")).toBe(50);
    expect(rows("{ artworks(limit: 7) { items { name } } models { items { name } } }")).toBe(57);
    expect(rows("query ($n: Int = 9) { artworks(limit: $n) { items { name } } }")).toBe(9);
    expect(rows("query ($n: Int = 9) { artworks(limit: $n) { items { name } } }", { n: 3 })).toBe(3);
    expect(rows("{ artworks { ...Page } } fragment Page on artworkPage { items { name } }")).toBe(50);
    expect(rows('{ artwork(tokenId: "1") { name } }')).toBe(0);
    expect(rows("{ _meta { status } __schema { types { name } } }")).toBe(0);
    expect(rows("{ artworks { __typename } }")).toBe(50);
    expect(rows("{ artworks(limit: 3) { totalCount } }")).toBe(3);
    expect(rows("query ($n: Int = 9) { artworks(limit: $n) { items { name } } }", { n: null })).toBe(50);
    expect(rows("query ($n: Int) { artworks(limit: $n) { items { name } } }", { n: "3" })).toBe(50);
    expect(rows("{ artworks(limit: -7) { items { name } } }")).toBe(7);
  });

  it("counts a fragment each time that it is spread, and lists in each row", () => {
    const page = "fragment Page on Query { artworks(limit: 10) { items { name } } }";
    expect(rows(`{ a: __typename ...Page ...Page ... { ...Page } } ${page}`)).toBe(30);
    expect(rows("{ artworks(limit: 10) { items { versions(limit: 4) { items { seed } } } } }")).toBe(50);
    const nested = "fragment Rows on artworkPage { items { versions(limit: 100) { items { seed } } } }";
    expect(() => rows(`{ artworks(limit: 100) { ...Rows } } ${nested}`)).toThrow(/at most 500 rows/);
  });

  it("counts the operation that runs, and runs queries alone", () => {
    const two = "query A { artworks(limit: 1) { items { name } } } query B { artworks(limit: 9) { items { name } } }";
    expect([rowsOf(parse(two), {}, "A"), rowsOf(parse(two), {}, "B")]).toEqual([1, 9]);
    expect(() => rowsOf(parse(two), {})).toThrow("Say which operation");
    expect(() => rows("mutation { artworks(limit: 1) { items { name } } }")).toThrow("only queries run here");
    expect(() => rows("subscription { artworks { items { name } } }")).toThrow("only queries run here");
  });

  it("gives up on fragments that open into more than can be counted", () => {
    const spread = (i: number) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`;
    const many = Array.from({ length: 60 }, (_, i) => spread(i)).join(" ");
    expect(() => rows(`{ ...F0 } ${many}`)).toThrow(/at most 2000 fields and fragments/);
    expect(() => rows(`{ artworks { ...F0 } } ${many}`)).toThrow(/at most 2000 fields and fragments/);
  });

  it.each([
    ["{ artworks(limit: 101) { items { name } } }", {}, /^limit is at most 100, and 101 was asked for/],
    ["query ($n: Int) { artworks(limit: $n) { items { name } } }", { n: 1000 }, /^limit is at most 100, and 1000/],
    [
      `{ ${"abcdef".replace(/./g, (name) => `${name}: artworks(limit: 100) { items { name } } `)} }`,
      {},
      /^A question has at most 500 rows, and this asks for 600 or more\.$/,
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
    const ask = async (query: string) => app.request("/tables", question(query));
    return { app, ask, waiting };
  }

  it("answers some questions at a time", async () => {
    const { ask, waiting } = tables();
    const answers = Array.from({ length: tableLimits.requests }, () => ask("{ artworks { items { name } } }"));
    while (waiting.length < tableLimits.requests) await new Promise((resolve) => setImmediate(resolve));
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

  it.each([
    [
      "another key",
      post('{"query":"{ a }","extensions":{}}'),
      400,
      /^extensions is not a key of a question: there are/,
    ],
    [
      "a form",
      post("query=%7Ba%7D", { "content-type": "application/x-www-form-urlencoded" }),
      415,
      /application\/json/,
    ],
    ["a question in the URL", post('{"query":"{ a }"}'), 400, /^query is not a parameter of this route/],
    ["a batch", post('[{"query":"{ a }"}]'), 400, /one question at a time/],
    ["a mutation", question("mutation { a { b } }"), 400, /only queries run here/],
  ])("does not read %s", async (name, init, status, message) => {
    const answer = await tables().app.request(name.includes("URL") ? "/tables?query={a}" : "/tables", init);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(((await answer.json()) as { errors: { message: string }[] }).errors[0]?.message).toMatch(message);
  });

  it("ends statements in the database when their time is over", async () => {
    const postgres = await startPostgres();
    const pool = postgres.pool(2);
    try {
      await pool.query("select 1"); // a connection that is open before
      limitStatements(pool, 100);
      const slow = () => pool.query("select pg_sleep(600)").catch((error: { code: string }) => error.code);
      expect(await Promise.all([slow(), slow()])).toEqual(["57014", "57014"]);
    } finally {
      await postgres.stop();
    }
  }, 600_000);

  it("takes questions by POST alone", async () => {
    const answer = await tables().app.request("/tables");
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("POST, OPTIONS");
  });
});

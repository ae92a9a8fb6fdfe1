/** What the service does for everybody: health, description, errors, limits, sign-in, files. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CarReader } from "@ipld/car";
import { MemoryBlockstore } from "blockstore-core";
import { importer } from "ipfs-unixfs-importer";
import { CID } from "multiformats/cid";
import sharp from "sharp";
import { getContractAddress, type Hex, serializeErc6492Signature } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anyPort } from "../../local/src/ports.ts";
import { fileHashes } from "../../sdk/src/index.ts";
import { cloudErrors, errorJson, modelList, session, workerList } from "../../sdk/src/schemas/index.ts";
import { brokenOutputs, startProgram } from "../../test/fixtures/program.ts";
import { lintOpenApi } from "../../test/fixtures/spectral.ts";
import { until } from "../../test/fixtures/until.ts";
import type { RunningCloud } from "../src/start.ts";
import { call, type Refusal, signIn, signInMessage, startTestGrid, type TestGrid } from "./grid.ts";
import { type ScriptedWorker, scriptedWorker } from "./scriptedWorker.ts";

let grid: TestGrid;
let cloud: RunningCloud;
let worker: ScriptedWorker;

beforeAll(async () => {
  grid = await startTestGrid();
  cloud = await grid.cloud();
  worker = await scriptedWorker(grid, cloud, grid.workers[0]);
}, 300_000);
afterAll(() => grid?.stop());

const user = () => privateKeyToAccount(generatePrivateKey());

it("describes itself", async () => {
  const { body } = await call<{ status: string; workers: number; chain: { id: number } }>(cloud, "GET", "/health");
  expect(body).toMatchObject({ status: "ok", workers: 1, chain: { id: 31_337, reachable: true } });

  const { body: document } = await call<{ paths: Record<string, Record<string, { responses: object }>> }>(
    cloud,
    "GET",
    "/openapi.json",
  );
  expect(Object.keys(document.paths).sort()).toEqual(
    [
      "/health",
      "/ipfs/{cid}",
      "/metrics",
      "/thumbnails/{cid}",
      "/v1/auth/nonce",
      "/v1/auth/session",
      "/v1/auth/sign-in",
      "/v1/generate-image",
      "/v1/jobs/{id}",
      "/v1/jobs/{id}/events",
      "/v1/models",
      "/v1/models/{id}",
      "/v1/quote",
      "/v1/receipts/{id}",
      "/v1/worker/claim",
      "/v1/worker/jobs/{id}/complete",
      "/v1/worker/jobs/{id}/heartbeat",
      "/v1/worker/jobs/{id}/images/{index}",
      "/v1/worker/jobs/{id}/release",
      "/v1/worker/offer",
      "/v1/worker/vouchers",
      "/v1/worker/wanted-images",
      "/v1/worker/wanted-images/{hash}",
      "/v1/workers",
    ].sort(),
  );
  /** Rules of Spectral whose findings are meant so: why. */
  const meant: Readonly<Record<string, string>> = {
    "contact-properties": "there is no address that would reach the operator of every cloud",
    "openapi-tags-alphabetical": "tags stand in the order in which they are learned",
  };
  const findings = await lintOpenApi(document);
  expect(findings.filter(({ rule }) => !(rule in meant))).toEqual([]);
  expect(new Set(findings.map(({ rule }) => rule))).toEqual(new Set(Object.keys(meant)));
  const text = JSON.stringify(document);
  expect(document.paths["/v1/generate-image"]?.post?.responses).toHaveProperty("402");
  // Messages are not left blank: an order has its fields.
  expect(text.includes("feeConfigId")).toBe(true);
  // Each is described once, and referred to.
  expect(text.match(/"\$ref":"#\/components\/schemas\/JobOrder"/g)?.length).toBeGreaterThan(2);
  expect(text.match(/"feeConfigId":\{/g)).toHaveLength(2);
});

it("is documented: every route, every error with its status, every variable", async () => {
  const page = readFileSync(new URL("../../docs/rest.md", import.meta.url), "utf8");
  const { body } = await call<{ paths: Record<string, Record<string, unknown>> }>(cloud, "GET", "/openapi.json");
  const routes = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `\`${method.toUpperCase()} ${path}\``),
  );
  expect(routes.filter((route) => !page.includes(route))).toEqual([]);
  const rows = new Map(
    [...page.matchAll(/^\| (\d{3}) \| (.*) \|$/gm)].flatMap(([, status, codes]) =>
      [...(codes ?? "").matchAll(/`([A-Z_]+)`/g)].map(([, code]) => [code, Number(status)] as const),
    ),
  );
  expect(Object.fromEntries(rows)).toEqual({ ...cloudErrors });
  const source = readFileSync(new URL("../src/environment.ts", import.meta.url), "utf8");
  const variables = new Set(source.match(/\b(GRID_[A-Z_]+|DATABASE_URL)\b/g));
  expect([...variables].filter((variable) => !page.includes(`\`${variable}\``))).toEqual([]);
});

it("lists models and workers", async () => {
  const models = modelList.parse((await call(cloud, "GET", "/v1/models")).body).models;
  expect(models.map(({ name, access, workers }) => ({ name, access, workers }))).toEqual([
    { name: "Open Sea", access: "open", workers: 1 },
    { name: "Licensed Sky", access: "licensed", workers: 1 },
  ]);
  expect(models[0]?.defaults).toMatchObject({ width: 512, sampler: "euler_a" });
  const byName = await call(cloud, "GET", "/v1/models/open%20sea");
  expect(byName.body).toMatchObject({ model_id: grid.open.toString() });
  const { workers } = workerList.parse((await call(cloud, "GET", "/v1/workers")).body);
  expect(workers).toMatchObject([{ software: "scripted", parallel: 4, busy: 0 }]);
});

describe("as a process", () => {
  const run = (environment: Record<string, string>) =>
    startProgram("cloud/src/main.ts", { environment: { PATH: process.env.PATH, ...environment } });

  it("says that it is ready, answers, and ends by SIGTERM with 0", async () => {
    const deployment = join(mkdtempSync(join(tmpdir(), "gridnft-")), "deployment.json");
    writeFileSync(deployment, JSON.stringify(grid.chain.deployment));
    const secret = `0x${"7e".repeat(32)}`;
    const program = run({
      GRID_RPC_URL: `${grid.chain.rpcUrl}/?apikey=hush`,
      GRID_DEPLOYMENT: deployment,
      DATABASE_URL: grid.postgres.url,
      GRID_CLOUD_PORT: "0",
      GRID_BLOCKS: join(deployment, "../blocks"),
      GRID_GATEWAY_ACCOUNT: grid.gateway.address,
      GRID_GATEWAY_SIGNER_KEY: secret,
      GRID_LOG_LEVEL: "debug",
    });
    const { url } = JSON.parse(await program.says(/^\{"ready":true.*$/m)) as { url: string };
    expect((await call<{ status: string }>({ url }, "GET", "/health")).body.status).toBe("ok");
    await signIn(grid, { url, stop: async () => {} }, user());
    expect(await program.end("SIGTERM")).toBe(0);
    // No key, no token, no RPC's query, no database password.
    expect(program.printed()).not.toMatch(/7e7e7e|hush|grid_[A-Za-z0-9]|postgres:\/\/[^ ]*:/);
  });

  it.each(brokenOutputs)("serves though its output breaks: %s", async (_, stdout) => {
    const folder = mkdtempSync(join(tmpdir(), "gridnft-"));
    const deployment = join(folder, "deployment.json");
    writeFileSync(deployment, JSON.stringify(grid.chain.deployment));
    const port = await anyPort();
    const program = startProgram("cloud/src/main.ts", {
      environment: {
        ...{ PATH: process.env.PATH, GRID_RPC_URL: grid.chain.rpcUrl, GRID_DEPLOYMENT: deployment },
        ...{ DATABASE_URL: grid.postgres.url, GRID_CLOUD_PORT: `${port}`, GRID_BLOCKS: join(folder, "blocks") },
      },
      stdout,
    });
    let code: number | null | undefined;
    void program.ended.then((ended) => {
      code = ended;
    });
    const url = `http://127.0.0.1:${port}`;
    const asks = () =>
      fetch(`${url}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
    try {
      await until(async () => (await asks()) || code !== undefined, "the cloud serves");
      // The ready line and the log of this request break, too.
      expect([await asks(), await asks(), code]).toEqual([true, true, undefined]);
      expect(await program.end("SIGTERM")).toBe(0);
      expect(program.printed()).toBe("");
    } finally {
      await program.end("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("says what its environment lacks, one sentence a fault, without values", async () => {
    const program = run({
      GRID_RPC_URL: "ftp://nowhere",
      GRID_CLOUD_PORT: "many",
      GRID_GATEWAY_SIGNER_KEY: "0xsecret",
    });
    expect(await program.ended).toBe(1);
    expect(program.printed().trim().split("\n").sort()).toEqual([
      "DATABASE_URL is missing.",
      "GRID_BLOCKS is missing.",
      "GRID_CLOUD_PORT is not a whole number.",
      "GRID_GATEWAY_SIGNER_KEY is not 32 bytes of hex.",
      "GRID_RPC_URL is not an http(s) URL.",
    ]);
  });
});

describe("says what is wrong", () => {
  const refused = async (
    expected: { status: number; code: string; field?: string },
    method: string,
    path: string,
    options: Parameters<typeof call>[3] = {},
  ): Promise<string> => {
    const { status, body } = await call<Refusal>(cloud, method, path, options);
    expect({
      status,
      code: body.error?.code,
      ...(expected.field !== undefined && { field: body.error.field }),
    }).toEqual(expected);
    return errorJson.parse(body).error.message;
  };
  const resolved = { prompt: "a buoy", model: "1" };
  const post = (changes: object, field: string) =>
    refused({ status: 422, code: "FIELD_INVALID", field }, "POST", "/v1/generate-image", {
      json: { ...resolved, ...changes },
    });

  it.each([
    ["steps", { steps: -5 }, "steps is below the minimum of 1."],
    ["steps", { steps: 1_000 }, "steps is above the maximum of 150."],
    ["steps", { steps: "many" }, "steps is not a number."],
    ["width", { width: 513 }, "width is not a multiple of 8."],
    ["prompt", { prompt: "x".repeat(20_000) }, "prompt is longer than 8000 bytes."],
    ["prompt", { prompt: "two\nlines" }, "prompt has control characters (a newline is one)."],
    ["prompt", { prompt: "half a \ud800 pair" }, "prompt is not valid Unicode."],
    ["prompt", { prompt: undefined }, "prompt is missing."],
    ["sampler", { sampler: "euler a" }, "sampler is not a name such as euler_a."],
    ["seed", { seed: "9223372036854775808" }, "seed must be below 2^63, or -1 for any."],
    ["seed", { seed: "9223372036854775807", n: 2 }, "seed is too high: the last image's seed must be below 2^63."],
    ["style", { style: "oil" }, "style is not a field of this request."],
    ["salt", { salt: "0x12" }, "salt is not 32 bytes of hex."],
    ["payment.rail", { payment: { rail: "gold" } }, undefined],
    [
      "payment.orders",
      { payment: { rail: "direct", orders: [] } },
      "payment.orders is below the minimum of 1 entries.",
    ],
  ])("%s of %j", async (field, changes, sentence) => {
    const said = await post(changes, field);
    if (sentence) expect(said).toBe(sentence);
  });

  it.each([
    ["sampler", "sampler is not one of ddim, euler_a."],
    ["scheduler", "scheduler is not one of karras, normal."],
  ])("a %s that no live offer of the model names", async (field, sentence) => {
    // A worker that was not heard of for a minute offers nothing.
    await call(cloud, "GET", "/v1/worker/vouchers", { token: worker.token });
    expect(await post({ [field]: "magic" }, field)).toBe(sentence);
  });

  it("about routes, bodies and tokens", async () => {
    await refused({ status: 404, code: "ROUTE_UNKNOWN" }, "GET", "/v2/everything");
    await refused({ status: 404, code: "JOB_UNKNOWN" }, "GET", "/v1/jobs/7");
    await refused({ status: 404, code: "JOB_UNKNOWN" }, "GET", "/v1/jobs/00000000-0000-4000-8000-000000000000");
    await refused({ status: 404, code: "RECEIPT_UNKNOWN" }, "GET", `/v1/receipts/0x${"00".repeat(32)}`);
    await refused({ status: 404, code: "MODEL_UNKNOWN", field: "model" }, "POST", "/v1/generate-image", {
      json: { ...resolved, model: "Mona Lisa" },
    });
    await refused({ status: 415, code: "BODY_NOT_JSON" }, "POST", "/v1/generate-image", {
      body: new TextEncoder().encode(JSON.stringify(resolved)),
      headers: { "content-type": "text/plain" },
    });
    await refused({ status: 415, code: "BODY_NOT_JSON" }, "POST", "/v1/generate-image", {
      body: new TextEncoder().encode("{"),
      headers: { "content-type": "application/json" },
    });
    await refused({ status: 413, code: "BODY_TOO_LARGE" }, "POST", "/v1/generate-image", {
      json: { ...resolved, prompt: "x".repeat(300_000) },
    });
    // Deep nesting is refused, not followed.
    await refused({ status: 422, code: "FIELD_INVALID" }, "POST", "/v1/generate-image", {
      body: new TextEncoder().encode(`${"[".repeat(50_000)}${"]".repeat(50_000)}`),
      headers: { "content-type": "application/json" },
    });
    await refused({ status: 401, code: "SESSION_INVALID" }, "GET", "/v1/auth/session");
    await refused({ status: 401, code: "SESSION_INVALID" }, "GET", "/v1/models", { token: "grid_guessed" });
    const token = await signIn(grid, cloud, user());
    await refused({ status: 403, code: "NOT_YOURS" }, "POST", "/v1/worker/claim", { token, json: { wait_seconds: 0 } });
    await refused({ status: 422, code: "FIELD_INVALID", field: "steps" }, "GET", "/v1/quote?model=1&steps=few");
  });

  it("about parameters, charsets and methods, and no cache stores it", async () => {
    const fault = (field: string) => ({ status: 422, code: "FIELD_INVALID", field });
    expect(await refused(fault("modl"), "GET", "/v1/quote?modl=1")).toMatch(
      /^modl is not a parameter of this route: this route takes .*model.*\.$/,
    );
    expect(await refused(fault("a"), "GET", "/v1/models?a=1")).toBe(
      "a is not a parameter of this route: this route takes none.",
    );
    expect(await refused(fault("steps"), "GET", "/v1/quote?model=1&steps=1&steps=2")).toBe(
      "steps is given more than once.",
    );
    const body = new TextEncoder().encode(JSON.stringify(resolved));
    for (const headers of [
      { "content-type": "application/json; charset=latin1" },
      { "content-type": "application/json", "content-encoding": "gzip" },
    ]) {
      await refused({ status: 415, code: "BODY_NOT_JSON" }, "POST", "/v1/generate-image", { body, headers });
    }
    const latin = new Uint8Array([...new TextEncoder().encode('{"prompt":"'), 0xe4, 0x22, 0x7d]);
    await refused({ status: 415, code: "BODY_NOT_JSON" }, "POST", "/v1/generate-image", {
      body: latin,
      headers: { "content-type": "application/json" },
    });
    const { status, headers } = await call(cloud, "DELETE", "/v1/models");
    expect([status, headers.get("allow"), headers.get("cache-control")]).toEqual([
      405,
      "GET, HEAD, OPTIONS",
      "no-store",
    ]);
    for (const path of ["/v2/everything", "/v1/quote?modl=1", "/v1/auth/session", "/thumbnails/x", "/v1/models/none"]) {
      const answer = await call(cloud, "GET", path);
      expect([path, answer.status >= 400, answer.headers.get("cache-control"), answer.headers.get("etag")]).toEqual([
        ...[path, true],
        ...["no-store", null],
      ]);
    }
    expect((await call(cloud, "HEAD", "/v1/models")).status).toBe(200);
  });

  it("nothing of preflights, whatever a client library sends", async () => {
    for (const path of ["/v1/generate-image", "/v1/jobs/1", "/ipfs/x", "/v2/everything"]) {
      const { status, headers } = await call(cloud, "OPTIONS", path, {
        headers: {
          ...{ origin: "https://gallery.example", "access-control-request-method": "DELETE" },
          "access-control-request-headers": "authorization,x-stainless-os",
        },
      });
      expect(status).toBe(204);
      expect(headers.get("access-control-allow-methods")).toContain("DELETE");
      expect(headers.get("access-control-allow-headers")).toMatch(/(^|,)\*,.*authorization/);
    }
  });

  it("a page of any site what it answers, with the headers that a page needs", async () => {
    const answers = [
      ["GET", "/v1/models", 200],
      ["HEAD", "/v1/models", 200],
      ["GET", "/openapi.json", 200, { "accept-encoding": "gzip" }],
      ["GET", "/v1/workers", 401, { authorization: "Bearer nobody" }],
      ["GET", "/v2/everything", 404],
      ["DELETE", "/v1/models", 405],
      ["GET", "/v1/models?of=mine", 422],
      ["GET", "/v1/jobs/%ff", 422],
    ] as const;
    for (const [method, path, expected, more] of answers) {
      const origin = "https://gallery.example";
      const { status, headers } = await call(cloud, method, path, { headers: { origin, ...more } });
      expect([path, status, headers.get("access-control-allow-origin")]).toEqual([path, expected, "*"]);
      const exposed = headers.get("access-control-expose-headers")?.split(",") ?? [];
      expect(exposed, path).toEqual(
        expect.arrayContaining(["allow", "etag", "retry-after", "location", "x-request-id"]),
      );
      expect(headers.has("x-request-id"), path).toBe(true);
    }
  });

  it("compresses what is long, for who accepts it", async () => {
    const ask = (encoding: string) => fetch(`${cloud.url}/openapi.json`, { headers: { "accept-encoding": encoding } });
    const [zipped, plain] = await Promise.all([ask("gzip"), ask("identity")]);
    expect([zipped, plain].map(({ headers }) => headers.get("content-encoding"))).toEqual(["gzip", null]);
    expect([zipped, plain].map(({ headers }) => headers.get("vary"))).toEqual(["Accept-Encoding", "Accept-Encoding"]);
    expect(await zipped.text()).toBe(await plain.text());
  });

  it("counts an IPv6 network, and an address whatever its port, as one client", async () => {
    const strict = await grid.cloud({ requestsPerMinute: 1, proxies: 1 });
    const from = async (forwarded: string) =>
      (await call(strict, "GET", "/v1/workers", { headers: { "x-forwarded-for": forwarded } })).status;
    expect(await from("203.0.113.1:4711")).toBe(200);
    expect(await from("203.0.113.1:4712")).toBe(429);
    expect(await from("2001:db8:1:2::1")).toBe(200);
    expect(await from("[2001:db8:1:2:ffff::9]:443")).toBe(429);
    await strict.stop();
  });

  it("when it is too much", async () => {
    const strict = await grid.cloud({ jobsPerMinute: 2, requestsPerMinute: 30 });
    const ask = () => call<Refusal>(strict, "POST", "/v1/generate-image", { json: { ...resolved, model: "none" } });
    expect([(await ask()).status, (await ask()).status]).toEqual([404, 404]);
    const third = await ask();
    expect([third.status, third.body.error.code]).toEqual([429, "TOO_MANY_REQUESTS"]);
    expect(Number(third.headers.get("retry-after"))).toBeGreaterThan(0);
    const statuses: number[] = [];
    for (let i = 0; i < 40; i++) statuses.push((await call(strict, "GET", "/v1/workers")).status);
    expect(statuses).toContain(429);
    await strict.stop();
  });
});

describe("signs in", () => {
  const attempt = (message: string, signature: string) =>
    call<Refusal>(cloud, "POST", "/v1/auth/sign-in", { json: { message, signature } });

  it("by an EIP-4361 message, once, and out again", async () => {
    const account = user();
    const message = await signInMessage(cloud, account.address, { statement: "Hello." });
    const signature = await account.signMessage({ message });
    const { status, body } = await attempt(message, signature);
    expect(status).toBe(200);
    const { token, account: who } = session.parse(body);
    expect(who).toBe(account.address);
    expect(
      await grid.sql("SELECT 1 FROM cloud.session WHERE position(convert_to($1, 'UTF8') IN token_hash) > 0", [token]),
    ).toEqual([]);
    // The same message again: its nonce is used.
    expect((await attempt(message, signature)).body.error.code).toBe("SIGN_IN_REFUSED");
    expect((await call(cloud, "DELETE", "/v1/auth/session", { token })).status).toBe(204);
    expect((await call<Refusal>(cloud, "GET", "/v1/auth/session", { token })).body.error.code).toBe("SESSION_INVALID");
  });

  it("not when the session has expired", async () => {
    const token = await signIn(grid, cloud, user());
    // A process that has seen a session remembers it until it expires.
    await grid.sql("UPDATE cloud.session SET expires_at = now() - interval '1 second'");
    const { status, body } = await call<Refusal>(cloud, "GET", "/v1/auth/session", { token });
    expect([status, body.error.code]).toEqual([401, "SESSION_INVALID"]);
    // The worker signs in again, too.
    worker = await scriptedWorker(grid, cloud, grid.workers[0]);
  });

  it("for no longer than the message says, nor than a day", async () => {
    const account = user();
    const until = async (expirationTime: Date): Promise<number> => {
      const message = await signInMessage(cloud, account.address, { expirationTime });
      const { body } = await call<{ expires_at: number }>(cloud, "POST", "/v1/auth/sign-in", {
        json: { message, signature: await account.signMessage({ message }) },
      });
      return body.expires_at * 1_000;
    };
    const [soon, late] = [5, 10_000].map((minutes) => new Date(Math.floor(Date.now() / 1_000 + minutes * 60) * 1_000));
    expect(await until(soon as Date)).toBe(soon?.getTime());
    expect(await until(late as Date)).toBeLessThan(late?.getTime() as number);
  });

  const hour = 60 * 60_000;
  it.each([
    ["another domain", { domain: "evil.example" }, "the message is for evil.example"],
    ["another URI", { uri: "https://evil.example/" }, "URI"],
    ["another chain", { chainId: 8453 }, "chain 8453"],
    ["a nonce of its own", { nonce: "deadbeefdeadbeef" }, "nonce"],
    ["an expired message", { expirationTime: new Date(Date.now() - 1_000) }, "expired"],
    ["a message of tomorrow", { notBefore: new Date(Date.now() + hour) }, "not valid yet"],
    ["an old message", { issuedAt: new Date(Date.now() - hour) }, "too old"],
    ["a message from the future", { issuedAt: new Date(Date.now() + hour) }, "future"],
    ["another scheme", { scheme: "ftp" }, "the message is for"],
  ])("not with %s", async (_, changes, reason) => {
    const account = user();
    const message = await signInMessage(cloud, account.address, changes);
    const { status, body } = await attempt(message, await account.signMessage({ message }));
    expect([status, body.error.code]).toEqual([401, "SIGN_IN_REFUSED"]);
    expect(body.error.message).toContain(reason);
  });

  it("not with somebody else's signature, nor with a line said twice, nor with no message at all", async () => {
    const account = user();
    const message = await signInMessage(cloud, account.address);
    expect((await attempt(message, await user().signMessage({ message }))).body.error.message).toContain("not by");
    const twice = await signInMessage(cloud, account.address, { statement: "Fine" });
    const doubled = twice.replace("Fine", `Fine\nURI: ${cloud.url}`);
    expect((await attempt(doubled, await account.signMessage({ message: doubled }))).body.error.code).toBe(
      "SIGN_IN_REFUSED",
    );
    expect((await attempt("Hello", "0x12")).body.error.code).toBe("SIGN_IN_REFUSED");
  });

  it("not as a worker with a key that is not its", async () => {
    const account = user();
    const resources = [`eip155:${grid.domain.chainId}:${grid.workers[0].party.address}`];
    const message = await signInMessage(cloud, account.address, { resources });
    const { body } = await attempt(message, await account.signMessage({ message }));
    expect(body.error.message).toContain("is not a WORKER_SIGNER");
  });

  it("a contract wallet that does not exist yet (ERC-6492)", async () => {
    // A wallet whose isValidSignature always agrees: runtime `return 0x1626ba7e…`.
    const runtime = "631626ba7e60e01b60005260206000f3";
    const initCode = `0x6f${runtime}600052601060106000f3`.replace("601060106000f3", "60106010f3") as Hex;
    const factoryAddress = "0x4e59b44847b379578588920ca78fbf26c0b4956c" as const;
    const salt = `0x${"00".repeat(32)}` as const;
    const address = getContractAddress({ opcode: "CREATE2", from: factoryAddress, salt, bytecode: initCode });
    const message = await signInMessage(cloud, address);
    const signature = serializeErc6492Signature({
      address: factoryAddress,
      data: `${salt}${initCode.slice(2)}`,
      signature: "0x1234",
    });
    const { status, body } = await attempt(message, signature);
    expect([status, (body as unknown as { account: string }).account]).toEqual([200, address]);
    // Another address with the same paper is refused.
    const other = await signInMessage(cloud, user().address);
    expect((await attempt(other, signature)).status).toBe(401);
  });
});

describe("serves files", () => {
  /** Runs a gateway job whose file is given. */
  const make = async (size: { width: number; height: number }, file: Uint8Array, salt?: Hex) => {
    const account = user();
    const token = await signIn(grid, cloud, account);
    const { body } = await call<{ id: string }>(cloud, "POST", "/v1/generate-image", {
      token,
      json: { prompt: "a file", model: grid.open.toString(), steps: 1, ...size, ...(salt && { salt }) },
      headers: { prefer: "respond-async" },
    });
    const job = await until(() => worker.claim(5), "the worker gets the job");
    expect(job.id).toBe(body.id);
    const upload = await worker.upload(job, 0, file);
    expect(upload.status).toBe(200);
    expect((await worker.complete(job, [worker.receipt(job, 0, upload.body)])).status).toBe(200);
    return { token, id: body.id, cid: upload.body.ipfs_hash };
  };
  const noise = (width: number, height: number): Promise<Uint8Array> =>
    sharp({
      create: { width, height, channels: 3, background: "#000", noise: { type: "gaussian", mean: 128, sigma: 60 } },
    })
      .png()
      .toBuffer();

  it("small ones as one raw block", async () => {
    const file = await noise(64, 64);
    const { cid } = await make({ width: 64, height: 64 }, file);
    expect(cid).toMatch(/^bafkrei/);
    const answer = await fetch(`${cloud.url}/ipfs/${cid}`);
    expect(Buffer.from(await answer.arrayBuffer()).equals(file)).toBe(true);
    const headers = Object.fromEntries(answer.headers);
    expect(headers).toMatchObject({
      "content-type": "image/png",
      "cache-control": "public, max-age=31536000, immutable",
      etag: `"${cid}"`,
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox",
    });
    const cached = await fetch(`${cloud.url}/ipfs/${cid}`, { headers: { "if-none-match": `"${cid}"` } });
    expect(cached.status).toBe(304);
    const listed = await fetch(`${cloud.url}/ipfs/${cid}`, { headers: { "if-none-match": `"a,b", W/"${cid}"` } });
    expect(listed.status).toBe(304);
    const none = await fetch(`${cloud.url}/ipfs/${cid.slice(0, 20)}${cid[20] === "a" ? "b" : "a"}${cid.slice(21)}`, {
      headers: { "if-none-match": "*" },
    });
    expect([none.status >= 400, none.headers.get("etag")]).toEqual([true, null]);
    const part = await fetch(`${cloud.url}/ipfs/${cid}`, { headers: { range: "bytes=8-15" } });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes 8-15/${file.length}`]);
    expect(Buffer.from(await part.arrayBuffer()).equals(file.subarray(8, 16))).toBe(true);
    const tail = await fetch(`${cloud.url}/ipfs/${cid}`, { headers: { range: "bytes=-4" } });
    expect(Buffer.from(await tail.arrayBuffer()).equals(file.subarray(-4))).toBe(true);
    expect((await fetch(`${cloud.url}/ipfs/${cid}`, { headers: { range: "bytes=999999999-" } })).status).toBe(416);
    const head = await fetch(`${cloud.url}/ipfs/${cid}`, { method: "HEAD" });
    expect([head.status, head.headers.get("etag")]).toEqual([200, `"${cid}"`]);
    const raw = await fetch(`${cloud.url}/ipfs/${cid}?format=raw`);
    expect(Buffer.from(await raw.arrayBuffer()).equals(file)).toBe(true);
  });

  it("large ones as a tree, whose CAR another store reads", async () => {
    const file = await noise(1_024, 1_024);
    expect(file.length).toBeGreaterThan(1_048_576);
    const { cid } = await make({ width: 1_024, height: 1_024 }, file);
    expect(cid).toMatch(/^bafybei/);
    const whole = new Uint8Array(await (await fetch(`${cloud.url}/ipfs/${cid}`)).arrayBuffer());
    expect(Buffer.from(whole).equals(file)).toBe(true);
    const across = await fetch(`${cloud.url}/ipfs/${cid}`, { headers: { range: "bytes=262140-262150" } });
    expect(Buffer.from(await across.arrayBuffer()).equals(file.subarray(262_140, 262_151))).toBe(true);

    const answer = await fetch(`${cloud.url}/ipfs/${cid}`, { headers: { accept: "application/vnd.ipld.car" } });
    expect(answer.headers.get("content-type")).toContain("application/vnd.ipld.car");
    const car = await CarReader.fromBytes(new Uint8Array(await answer.arrayBuffer()));
    expect((await car.getRoots()).map(String)).toEqual([cid]);
    const order: string[] = [];
    for await (const block of car.blocks()) order.push(block.cid.toString());
    expect(order[0]).toBe(cid);
    // Somebody else's UnixFS makes the very same blocks.
    const theirs = new MemoryBlockstore();
    const options = { cidVersion: 0, rawLeaves: false } as const;
    let root: CID | undefined;
    for await (const entry of importer([{ content: file }], theirs, options)) root = entry.cid;
    expect(root?.toV1().toString()).toBe(cid);
    const digests: string[] = [];
    for await (const { cid: block } of theirs.getAll()) digests.push(block.multihash.digest.join());
    expect(order.map((block) => CID.parse(block).multihash.digest.join()).sort()).toEqual(digests.sort());
    // Each inner block is served by its own CID, too.
    const leaf = order[1] as string;
    const block = await fetch(`${cloud.url}/ipfs/${leaf}?format=raw`);
    expect(block.status).toBe(200);
    expect(fileHashes(new Uint8Array(await block.arrayBuffer())).imageHash).toBe(
      `0x${Buffer.from(CID.parse(leaf).multihash.digest).toString("hex")}`,
    );
    expect((await fetch(`${cloud.url}/ipfs/${leaf}`)).status).toBe(404);
  });

  it("thumbnails of a few widths", async () => {
    const { cid } = await make({ width: 512, height: 256 }, await noise(512, 256));
    for (let i = 0; i < 2; i++) {
      const answer = await fetch(`${cloud.url}/thumbnails/${cid}?width=128`);
      const { width, height, format } = await sharp(new Uint8Array(await answer.arrayBuffer())).metadata();
      expect({ width, height, format }).toEqual({ width: 128, height: 64, format: "webp" });
    }
    expect((await fetch(`${cloud.url}/thumbnails/${cid}?width=100`)).status).toBe(422);
  });

  it("private ones to their requester only", async () => {
    const salt = `0x${"5a".repeat(32)}` as const;
    const { cid, token, id } = await make({ width: 64, height: 64 }, await noise(64, 64), salt);
    const unseen = await call<Refusal>(cloud, "GET", `/ipfs/${cid}`);
    expect([unseen.status, unseen.body.error.code]).toEqual([404, "IMAGE_UNKNOWN"]);
    expect((await call(cloud, "GET", `/ipfs/${cid}?format=raw`)).status).toBe(404);
    expect((await call(cloud, "GET", `/thumbnails/${cid}`)).status).toBe(404);
    const stranger = await signIn(grid, cloud, user());
    expect((await call(cloud, "GET", `/ipfs/${cid}`, { token: stranger })).status).toBe(404);
    expect((await call<Refusal>(cloud, "GET", `/v1/jobs/${id}`, { token: stranger })).body.error.code).toBe(
      "NOT_YOURS",
    );
    const mine = await call(cloud, "GET", `/ipfs/${cid}`, { token });
    expect([mine.status, mine.headers.get("cache-control")]).toEqual([200, "private, max-age=600"]);
    // Many others make the same picture, and hide it from nobody whose it is.
    await grid.sql(
      `WITH jobs AS (
         INSERT INTO cloud.job (rail, model_id, model_hash, requester, payer, private, request, request_hash, pixels, steps,
           count, sampler, scheduler, status)
         SELECT rail, model_id, model_hash, '0x' || lpad(to_hex(n), 40, '0'), payer, true, request, request_hash, pixels, steps, count, sampler,
           scheduler, 'done' FROM cloud.job, generate_series(1, 25) n WHERE id = $1 RETURNING id)
       INSERT INTO cloud.receipt (receipt_id, job_id, index, order_hash, message, signature, image_hash, cid, seed, price)
       SELECT jobs.id, jobs.id, index, '0x' || repeat(md5(jobs.id::text), 2), message, signature, image_hash, cid, seed, price
       FROM jobs, cloud.receipt WHERE job_id = $1`,
      [id],
    );
    await grid.sql("UPDATE cloud.receipt SET price = price WHERE job_id = $1", [id]);
    expect((await call(cloud, "GET", `/ipfs/${cid}`, { token })).status).toBe(200);
    expect((await call(cloud, "GET", `/ipfs/${cid}`, { token: stranger })).status).toBe(404);
    const { body } = await call<{ images: { receipt_id: string }[] }>(cloud, "GET", `/v1/jobs/${id}`, { token });
    const receipt = body.images[0]?.receipt_id;
    expect((await call<Refusal>(cloud, "GET", `/v1/receipts/${receipt}`)).body.error.code).toBe("NOT_YOURS");
    expect((await call(cloud, "GET", `/v1/receipts/${receipt}`, { token })).status).toBe(200);
  });

  it("none that do not exist, nor what is no CID", async () => {
    const nothing = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4";
    expect((await call<Refusal>(cloud, "GET", `/ipfs/${nothing}`)).body.error.code).toBe("IMAGE_UNKNOWN");
    expect((await call<Refusal>(cloud, "GET", "/ipfs/..%2f..%2fetc%2fpasswd")).body.error.code).toBe("FIELD_INVALID");
  });
});

/** Texts that come from outside: addresses in every case, bytes that are no UTF-8, what no database holds. */
import { connect } from "node:net";
import { type Address, createPublicClient, getAddress, http, InvalidAddressError } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorJson } from "../../sdk/src/schemas/index.ts";
import { isChainError, isUnanswered, withChainErrors } from "../src/chain/errors.ts";
import type { RunningCloud } from "../src/start.ts";
import {
  call,
  OPEN_HASH,
  type Refusal,
  signIn,
  signInMessage,
  signOrders,
  startTestGrid,
  type TestGrid,
} from "./grid.ts";
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

const resolved = () => ({ prompt: "a vault", model: grid.open.toString(), width: 64, height: 64, steps: 2 });
const capitals = (address: Address) => `0x${address.slice(2).toUpperCase()}`;
/** The address with the case of its last letter turned. */
const mistyped = (address: Address) => {
  const at = address.search(/[a-fA-F](?=[^a-fA-F]*$)/);
  const letter = address[at] as string;
  const turned = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
  return address.slice(0, at) + turned + address.slice(at + 1);
};
const cases = (address: Address) => [getAddress(address), address.toLowerCase(), capitals(address)];
const refusalOf = async (method: string, path: string, options: Parameters<typeof call>[3] = {}) => {
  const { status, body } = await call<Refusal>(cloud, method, path, options);
  return { status, ...body.error };
};

describe("addresses", () => {
  const places: readonly [string, (address: string) => Promise<{ status: number; body: Refusal }>, number][] = [
    ["requester", (requester) => call(cloud, "GET", `/v1/quote?model=${grid.open}&requester=${requester}`), 200],
    ["payer", (payer) => call(cloud, "GET", `/v1/quote?model=${grid.open}&payer=${payer}`), 200],
    [
      "requester",
      (requester) => call(cloud, "POST", "/v1/generate-image", { json: { ...resolved(), requester } }),
      402,
    ],
  ];

  it.each(places)(
    "as %s are taken in each case of EIP-55, and a wrong checksum is named",
    async (field, ask, status) => {
      for (const address of cases(grid.artist.address))
        expect([address, (await ask(address)).status]).toEqual([address, status]);
      const { status: refused, body } = await ask(mistyped(grid.artist.address));
      expect({ status: refused, ...body.error }).toMatchObject({
        ...{ status: 422, code: "FIELD_INVALID", field },
        message: expect.stringMatching(new RegExp(`^${field} has a wrong checksum`)),
      });
      for (const nothing of ["0x12", "nobody", `0X${"1".repeat(40)}`]) {
        expect((await ask(nothing)).body.error).toMatchObject({ code: "FIELD_INVALID", field });
      }
    },
  );

  it("of a licensed model's requester in capitals are asked about, not taken for a chain that is away", async () => {
    const ask = (requester: string) => refusalOf("GET", `/v1/quote?model=${grid.licensed}&requester=${requester}`);
    for (const address of cases(grid.artist.address)) expect((await ask(address)).code).toBe("MODEL_NOT_LICENSED");
  });

  it("in signed orders are the same order in each case", async () => {
    const requester = grid.artist.address;
    const { body } = await call<{ parameters: object; candidates: { order: object }[] }>(
      ...([cloud, "GET", `/v1/quote?${new URLSearchParams({ prompt: "a vault", model: "1", requester })}`] as const),
    );
    const { parameters, candidates } = body;
    const [signed] = await signOrders(grid, grid.artist.account, [candidates[0]?.order]);
    const post = (changes: object) =>
      refusalOf("POST", "/v1/generate-image", {
        json: {
          ...parameters,
          payment: {
            rail: "direct",
            orders: [{ order: { ...signed?.order, ...changes }, signature: signed?.signature }],
          },
        },
        headers: { prefer: "respond-async" },
      });
    const wrong = await post({ worker: mistyped(getAddress(grid.workers[0].party.address)) });
    expect(wrong).toMatchObject({ status: 422, code: "FIELD_INVALID", field: "payment.orders.0.order.worker" });
    expect(wrong.message).toContain("wrong checksum");
    const loud = {
      requester: capitals(requester),
      payer: capitals(requester),
      worker: capitals(grid.workers[0].party.address),
    };
    expect((await post(loud)).status).toBe(202);
  });

  it("of a signer and of its worker are taken in each case, and wrong ones are named", async () => {
    const { key, party } = grid.workers[0];
    const { chainId } = grid.domain;
    const attempt = async (signer: string, account: string) => {
      const resources = [`eip155:${chainId}:${party.address}`];
      const message = (await signInMessage(cloud, key.address, { resources }))
        .replace(`\n${key.address}\n`, `\n${signer}\n`)
        .replace(`:${party.address}`, `:${account}`);
      const signature = await key.signMessage({ message });
      return refusalOf("POST", "/v1/auth/sign-in", { json: { message, signature } });
    };
    for (const signer of cases(key.address)) expect((await attempt(signer, party.address)).status).toBe(200);
    for (const account of cases(party.address)) expect((await attempt(key.address, account)).status).toBe(200);
    for (const [signer, account] of [
      [mistyped(key.address), party.address],
      [key.address, mistyped(getAddress(party.address))],
    ] as const) {
      const refused = await attempt(signer, account);
      expect(refused).toMatchObject({ status: 401, code: "SIGN_IN_REFUSED" });
      expect(refused.message).toContain("wrong checksum");
    }
    expect((await attempt(key.address, "0x12")).message).toContain("is not an address");
  });
});

describe("errors of a library", () => {
  it("on input are not the chain's, and those of a node that is away are", async () => {
    const input = new InvalidAddressError({ address: "0x12" });
    await expect(withChainErrors(Promise.reject(input))).rejects.toBe(input);
    expect(isChainError(new TypeError("Cannot convert x to a BigInt"))).toBe(false);
    const client = createPublicClient({ transport: http("http://127.0.0.1:9", { retryCount: 0 }) });
    const fault = await client.getChainId().catch((error: unknown) => error);
    expect([isChainError(fault), isUnanswered(fault)]).toEqual([true, true]);
    // A contract that says no has answered.
    const no = await grid.owner.grid.aigc.read.ownerOf([999n]).catch((error: unknown) => error);
    expect([isChainError(no), isUnanswered(no)]).toEqual([true, false]);
    await expect(withChainErrors(Promise.reject(fault))).rejects.toMatchObject({ code: "CHAIN_UNREACHABLE" });
  });
});

describe("texts", () => {
  /** Sends a request line as it is; other clients would encode it. */
  const raw = (path: string, host?: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(cloud.url);
      let text = "";
      const socket = connect(Number(port), hostname, () => {
        socket.write(
          `GET ${path} HTTP/1.1\r\nhost: ${host ?? `${hostname}:${port}`}\r\nconnection: close\r\n\r\n`,
          "utf8",
        );
      });
      socket.on("data", (part) => {
        text += part;
      });
      socket.once("close", () => resolve(text));
      socket.once("error", reject);
    });

  it("of a URL that are no UTF-8 are refused, in path and query, encoded or as bytes", async () => {
    for (const path of [
      "/v1/models/%FF",
      "/v1/jobs/%C3%28",
      "/v1/quote?model=1&prompt=%C3%28",
      "/v1/quote?model=1&prompt=%",
    ]) {
      const { status, code, message } = await refusalOf("GET", path);
      expect([path, status, code]).toEqual([path, 422, "FIELD_INVALID"]);
      expect(message).toContain("UTF-8");
    }
    // curl sends the bytes of "é" as they are.
    const answer = await raw(`/v1/quote?model=${grid.open}&prompt=caf\u00e9`);
    const [head = "", body = ""] = answer.split("\r\n\r\n");
    expect(head).toMatch(/^HTTP\/1\.1 422 /);
    expect(errorJson.parse(JSON.parse(body)).error).toMatchObject({
      ...{ code: "FIELD_INVALID", message: expect.stringContaining("percent-encoded") },
    });
    expect(await raw("/v1/models")).toMatch(/^HTTP\/1\.1 200 /);
    expect(await raw("nowhere")).toMatch(/^HTTP\/1\.1 4\d\d /);
    for (const [path, host] of [["/ipfs/a\\b"], ["*"], ["/health", "a/b"], ["/health", "x:99999"]] as const) {
      const [refusal = "", json = ""] = (await raw(path, host)).split("\r\n\r\n");
      expect([path, host, refusal.split("\r\n")[0]]).toEqual([path, host, "HTTP/1.1 422 Unprocessable Entity"]);
      expect(errorJson.parse(JSON.parse(json)).error).toMatchObject({
        ...{ code: "FIELD_INVALID", message: expect.stringContaining("Host header") },
      });
    }
    const prompt = "caf\u00e9 \u2603 \ud83d\ude80";
    const quoted = await call<{ parameters: object }>(
      cloud,
      "GET",
      `/v1/quote?model=${grid.open}&prompt=${encodeURIComponent(prompt)}`,
    );
    expect(quoted.body.parameters).toMatchObject({ prompt });
  });

  it("that no database holds are refused by name, and never an error of ours", async () => {
    for (const path of ["/v1/models/%00", "/v1/jobs/%00", "/v1/quote?model=%00"]) {
      const { status, code } = await refusalOf("GET", path);
      expect([path, status, code]).toEqual([path, 422, "FIELD_INVALID"]);
    }
    const model = {
      ...{
        model_id: grid.open.toString(),
        model_hash: OPEN_HASH,
        rate: "1",
        samplers: ["ddim"],
        schedulers: ["normal"],
      },
      ...{ max_pixels: 1_048_576, max_steps: 100, max_count: 4 },
    };
    const offer = (changes: object) =>
      refusalOf("PUT", "/v1/worker/offer", {
        token: worker.token,
        json: { software: "scripted", parallel: 1, models: [model], ...changes },
      });
    expect(await offer({ software: "a\0b" })).toMatchObject({ status: 422, field: "software" });
    expect(await offer({ software: "half a \ud800" })).toMatchObject({ status: 422, field: "software" });
    expect(await offer({ models: [{ ...model, max_steps: 2 ** 40 }] })).toMatchObject({
      ...{ status: 422, field: "models.0.max_steps" },
    });
    // An escaped pair is one character.
    const body = new TextEncoder().encode(String.raw`{"model":"1","prompt":"\ud83d\ude80"}`);
    const rocket = await call(cloud, "POST", "/v1/generate-image", {
      body,
      headers: { "content-type": "application/json" },
    });
    expect(rocket.status).toBe(402);
    // As deep as a body can be.
    const deep = new TextEncoder().encode(`${"[".repeat(131_000)}"\\u0000"${"]".repeat(131_000)}`);
    expect(
      await refusalOf("POST", "/v1/generate-image", { body: deep, headers: { "content-type": "application/json" } }),
    ).toMatchObject({ status: 422, code: "FIELD_INVALID" });
  });

  it("of a session are its token's alone", async () => {
    const token = await signIn(grid, cloud, grid.artist.account);
    const path = `/v1/worker/jobs/00000000-0000-4000-8000-000000000000/images/0?lease=%00`;
    expect(await refusalOf("PUT", path, { token: worker.token })).toMatchObject({ status: 422, field: "lease" });
    expect((await refusalOf("PUT", path, { token })).status).toBe(403);
  });
});

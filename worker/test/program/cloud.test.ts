/** The worker program as operators start it, with the built-in engine, the real AI Cloud API, its Postgres and a chain. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateImageResponse, nonceAnswer, quote, receiptBundle, session } from "@gridnft/sdk/schemas";
import { parseEther } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { createSiweMessage } from "viem/siwe";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { readSettings, readTreasurySettings } from "../../../cloud/src/environment.ts";
import { type RunningCloud, startCloud } from "../../../cloud/src/start.ts";
import { type RunningTreasury, startTreasury } from "../../../cloud/src/startTreasury.ts";
import { makeDevModels } from "../../../devmodel/src/index.ts";
import { privateKeyOf } from "../../../test/fixtures/chain.ts";
import { startPostgres, type TestPostgres } from "../../../test/fixtures/postgres.ts";
import { brokenOutputs, type Program, startProgram } from "../../../test/fixtures/program.ts";
import { FEW_THINGS } from "../../../test/fixtures/things.ts";
import { until } from "../../../test/fixtures/until.ts";
import { startWorkerGrid, type WorkerGrid } from "./workerGrid.ts";

let seeded: WorkerGrid;
let postgres: TestPostgres;
let cloud: RunningCloud;
let treasury: RunningTreasury;
let modelFolder: string;
const programs: Program[] = [];
/** Milliseconds: processes start slowly on a busy machine. */
const LIMIT = { timeout: 480_000 };
const models = mkdtempSync(join(tmpdir(), "gridnft-models-"));

beforeAll(async () => {
  const [made] = await makeDevModels({ out: models, things: FEW_THINGS });
  if (!made) throw new Error("no model was made");
  modelFolder = made.folder;
  [seeded, postgres] = await Promise.all([startWorkerGrid(made.manifestHash), startPostgres()]);
  const [gatewaySigner, gatewayTreasurer] = [generatePrivateKey(), generatePrivateKey()];
  const { address } = privateKeyToAccount(gatewayTreasurer);
  await seeded.grid.mined(seeded.gateway.wallet.sendTransaction({ to: address, value: parseEther("1") }));
  const { GRID_RPC_URL, GRID_DEPLOYMENT } = seeded.variables();
  cloud = await startCloud(
    readSettings({
      ...{ GRID_RPC_URL, GRID_DEPLOYMENT, DATABASE_URL: postgres.url, GRID_CLOUD_PORT: "0", GRID_LOG_LEVEL: logLevel },
      ...{ GRID_BLOCKS: join(seeded.folder, "blocks"), GRID_CHAIN_POLL_MS: "100", GRID_CLOUD_LEASE_SECONDS: "3" },
      ...{ GRID_GATEWAY_ACCOUNT: seeded.gateway.address, GRID_GATEWAY_SIGNER_KEY: gatewaySigner },
      ...{ GRID_GATEWAY_TREASURER_KEY: gatewayTreasurer, GRID_LANE_FUNDING: parseEther("20").toString() },
    }),
  );
  treasury = await startTreasury(
    readTreasurySettings({
      ...{ GRID_RPC_URL, GRID_DEPLOYMENT, DATABASE_URL: postgres.url, GRID_LOG_LEVEL: logLevel },
      ...{ GRID_GATEWAY_ACCOUNT_KEY: privateKeyOf(seeded.gateway), GRID_TREASURY_POLL_MS: "200" },
      ...{ GRID_GATEWAY_SIGNER: privateKeyToAccount(gatewaySigner).address, GRID_GATEWAY_TREASURER: address },
    }),
  );
}, 600_000);

afterEach(() => Promise.all(programs.splice(0).map((program) => program.end("SIGKILL"))));

afterAll(async () => {
  await treasury?.stop();
  await cloud?.stop();
  await postgres?.stop();
  await seeded?.stop();
  rmSync(models, { recursive: true, force: true });
});

const logLevel = process.env.WORKER_TEST_LOG ?? "error";
const chain = () => seeded.owner.grid.settlement.read;

/** Starts the program; resolves when it says that it is ready. */
async function startWorker(over: NodeJS.ProcessEnv = {}): Promise<Program> {
  const program = launchWorker(over);
  if (process.env.WORKER_TEST_LOG) program.child.stdout?.pipe(process.stderr);
  await program.says('"ready":true');
  return program;
}

function launchWorker(over: NodeJS.ProcessEnv, stdout?: "closed" | { readonly path: string }): Program {
  const environment = seeded.variables({
    ...{ GRID_CLOUD_URL: cloud.url, GRID_WORKER_MODELS: `${seeded.modelId}=${modelFolder}`, GRID_LOG_LEVEL: "info" },
    ...{ GRID_WORKER_RATE: parseEther("0.01").toString(), ...over },
  });
  const options = { environment: { ...process.env, ...environment }, ...(stdout && { stdout }) };
  const program = startProgram("worker/src/main.ts", options);
  programs.push(program);
  return program;
}

const linesOf = (program: Program): string[] => program.printed().split("\n");

async function ask(path: string, init: RequestInit & { token?: string } = {}): Promise<unknown> {
  const headers = {
    "content-type": "application/json",
    ...(init.token ? { authorization: `Bearer ${init.token}` } : {}),
  };
  const response = await fetch(`${cloud.url}${path}`, { ...init, headers });
  const json: unknown = await response.json();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(json)}`);
  return json;
}

const parameters = (prompt: string) => ({
  ...{ prompt, model: `${seeded.modelId}`, width: 256, height: 256, steps: 8, seed: 5 },
});

async function signIn(): Promise<string> {
  const { artist, domain } = seeded;
  const nonce = nonceAnswer.parse(await ask("/v1/auth/nonce"));
  const message = createSiweMessage({
    ...{ address: artist.address, chainId: domain.chainId, domain: nonce.domain, uri: nonce.uri, nonce: nonce.nonce },
    ...{ version: "1", issuedAt: new Date() },
  });
  const signature = await artist.account.signMessage({ message });
  const body = JSON.stringify({ message, signature });
  return session.parse(await ask("/v1/auth/sign-in", { method: "POST", body })).token;
}

it("makes a picture for a signed order and settles it; ends cleanly on SIGTERM", LIMIT, async () => {
  const program = await startWorker();
  const { artist } = seeded;
  const asked = { ...parameters("a lighthouse in a storm"), requester: artist.address };
  const query = new URLSearchParams(Object.entries(asked).map(([key, value]): [string, string] => [key, `${value}`]));
  const offer = quote.parse(await ask(`/v1/quote?${query}`));
  const orders = await Promise.all(
    offer.candidates.map(async ({ order }) => ({
      order: JSON.parse(JSON.stringify(order, (_, value) => (typeof value === "bigint" ? value.toString() : value))),
      signature: await seeded.signOrder(order),
    })),
  );
  const body = JSON.stringify({ ...offer.parameters, payment: { rail: "direct", orders } });
  const answer = generateImageResponse.parse(await ask("/v1/generate-image", { method: "POST", body }));
  const file = await (await fetch(answer.image_url)).arrayBuffer();
  expect(`0x${createHash("sha256").update(new Uint8Array(file)).digest("hex")}`).toBe(answer.image_hash);
  expect(answer.engine).toContain("onnxruntime");
  const { payer, nonce } = answer.order;
  await until(() => chain().isNonceUsed([payer, nonce]));
  expect(await program.end("SIGTERM")).toBe(0);
  const lines = linesOf(program);
  expect(lines.some((line) => line.includes("orders are settled"))).toBe(true);
  // Neither key nor session token is in what it prints.
  expect(lines.join("\n")).not.toContain(seeded.workerKeyHex.slice(2));
});

it("works on the gateway's lane, counter-signs, collects; a job outlives kill -9", LIMIT, async () => {
  const token = await signIn();
  const state = join(seeded.folder, "lane-state");
  const first = await startWorker({ GRID_WORKER_STATE: state });
  const post = (prompt: string) => {
    const body = JSON.stringify(parameters(prompt));
    return ask("/v1/generate-image", { method: "POST", body, token });
  };
  const one = generateImageResponse.parse(await post("a harbour at dawn"));
  const laneId = one.order.laneId;
  const lane = await until(async () => {
    const found = receiptBundle.parse(await ask(`/v1/receipts/${one.receipt_id}`, { token }));
    return found.lane?.worker_signature ? found.lane : undefined;
  });
  expect(lane?.receipt_ids).toContain(one.receipt_id);
  const two = post("a mountain lake");
  await until(async () => linesOf(first).filter((line) => line.includes("a job is claimed")).length === 2);
  await first.end("SIGKILL");
  const second = await startWorker({ GRID_WORKER_STATE: state });
  const done = generateImageResponse.parse(await two);
  const total = one.order.maxPrice + done.order.maxPrice;
  await until(async () => (await chain().laneTotalOf([laneId, seeded.modelId])).cumulative === total);
  expect(await second.end("SIGINT")).toBe(0);
});

it.each(brokenOutputs)("works though its output breaks: %s", LIMIT, async (name, stdout) => {
  const program = launchWorker({ GRID_WORKER_STATE: join(seeded.folder, name) }, stdout);
  const token = await signIn();
  const body = JSON.stringify(parameters(`a boat, ${name}`));
  const made = until(
    () => ask("/v1/generate-image", { method: "POST", body, token }).catch(() => undefined),
    "the worker makes a picture",
  );
  const { engine } = generateImageResponse.parse(await Promise.race([made, program.ended]));
  expect(engine).toContain("onnxruntime");
  expect(await program.end("SIGTERM")).toBe(0);
  expect(program.printed()).toBe("");
});

/** The command line against a whole grid: chain, database, indexer, cloud, worker, engine. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type LocalGridSystem, startLocalGrid } from "../../script/local/grid.ts";
import { gridnft, type Run, runHere } from "./run.ts";

let grid: LocalGridSystem;
let home: string;
let folder: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "gridnft-home-"));
  folder = mkdtempSync(join(tmpdir(), "gridnft-pictures-"));
  grid = await startLocalGrid({ home, parts: ["cloud", "worker"] });
}, 600_000);
afterAll(async () => {
  await grid?.stop();
  for (const path of [home, folder]) rmSync(path, { recursive: true, force: true });
}, 60_000);

/** In a process of its own, as signals and the engine want it. */
function run(words: readonly string[], options: Partial<Parameters<typeof gridnft>[1]> = {}): Promise<Run> {
  return gridnft(words, { cwd: folder, environment: { GRID_HOME: home }, ...options });
}

/** Here, which is quicker. */
function runHereAt(words: readonly string[]): Promise<Run> {
  return runHere(words, { cwd: folder, environment: { GRID_HOME: home } });
}

async function json(words: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { out, err } = await runHereAt([...words, "--json"]);
  expect(err).toBe("");
  return JSON.parse(out);
}

it("goes from a prompt to a proven token in one line, and makes the same picture again", async () => {
  const { code, out, err } = await run(["generate", "a lighthouse in a storm, oil painting", "--mint", "--steps", "8"]);
  expect(err).toContain("Making the picture");
  expect(out).toContain("a-lighthouse-in-a-storm-oil-painting.png");
  expect(code).toBe(0);
  const token = /Minted token (\d+)/.exec(out)?.[1] ?? "0";
  const verified = JSON.parse((await run(["verify", token, "--rerun", "--json"])).out);
  expect(verified).toMatchObject({
    ...{ verdict: "proven", exit_code: 0, token_id: token },
    reruns: [{ outcome: "identical", same_engine: true }],
  });
  const picture = readFileSync(join(folder, "a-lighthouse-in-a-storm-oil-painting.png"));
  expect(picture.subarray(1, 4).toString()).toBe("PNG");
  // Orders that were signed are of no use any more, and gone.
  expect(readdirSync(folder).filter((name) => name.includes("orders"))).toEqual([]);
}, 180_000);

it("lets the cloud pay for a series on its lane", async () => {
  const made = await json([
    "generate",
    "a red fox",
    "-c",
    "2",
    "--seed",
    "7",
    "--steps",
    "4",
    "--rail",
    "gateway",
    "--mint",
  ]);
  const { token_ids: tokens } = made.minted as { token_ids: string[] };
  expect(tokens).toHaveLength(2);
  const [first, second] = await Promise.all(tokens.map((token) => json(["verify", token])));
  expect([first?.verdict, second?.verdict]).toEqual(["proven", "proven"]);
  const images = made.images as { seed: string; picture: string }[];
  expect(images.map(({ seed }) => seed)).toEqual(["7", "8"]);
  expect(images.every(({ picture }) => existsSync(picture))).toBe(true);
}, 180_000);

it("refuses a licensed model until its license is bought", async () => {
  const licensed = grid.models.find(({ modelId }) => modelId !== grid.models[0]?.modelId);
  const words = ["generate", "a whale", "--model", `${licensed?.modelId}`, "--steps", "4", "--out", "whales"];
  const refused = await runHereAt(words);
  expect(refused.err).toContain(`gridnft license buy ${licensed?.modelId}`);
  expect(refused.code).toBe(2);
  expect(existsSync(join(folder, "whales", "a-whale.png"))).toBe(false);
  expect((await runHereAt(["license", "buy", `${licensed?.modelId}`])).code).toBe(0);
  expect((await runHereAt([...words, "--private"])).code).toBe(0);
  expect(existsSync(join(folder, "whales", "a-whale.png"))).toBe(true);
}, 180_000);

it("pays no more than is allowed", async () => {
  const before = await json(["account"]);
  const refused = await runHereAt(["generate", "a dear picture", "--max-price", "0.0001"]);
  expect(refused.err).toContain("0.0001 AIPG is allowed. Allow more with --max-price.");
  expect(refused.code).toBe(2);
  expect((await json(["account"])).balance).toBe(before.balance);
  const unknown = await runHereAt(["generate", "x", "--model", "No such model"]);
  expect(unknown.err).toContain('No model "No such model" is served; there are');
}, 60_000);

it("says what is signed when it is interrupted, and costs no more than that", async () => {
  const before = await json(["account"]);
  let interrupted = false;
  const { code, err } = await run(["generate", "slowly", "--steps", "150", "--count", "4", "--max-price", "50"], {
    onProgress: (text, child) => {
      if (interrupted || !text.includes("Making picture 1")) return;
      interrupted = true;
      child.kill("SIGINT");
    },
  });
  expect([code, err]).toEqual([130, expect.stringContaining("slowly.orders.json")]);
  const orders = JSON.parse(readFileSync(join(folder, "slowly.orders.json"), "utf8"));
  expect(orders[0].signature).toMatch(/^0x[0-9a-f]{130}$/);
  const paid = BigInt(String(before.balance)) - BigInt(String((await json(["account"])).balance));
  expect(paid).toBeLessThanOrEqual(BigInt(orders[0].order.maxPrice));
  // The same prompt again neither writes over what was signed before, nor removes it.
  expect((await runHereAt(["generate", "slowly", "--steps", "4"])).code).toBe(0);
  expect(JSON.parse(readFileSync(join(folder, "slowly.orders.json"), "utf8"))).toEqual(orders);
  expect(readdirSync(folder).filter((name) => name.startsWith("slowly") && name.includes("orders"))).toEqual([
    "slowly.orders.json",
  ]);
}, 120_000);

it("lists what is served", async () => {
  const [models, workers] = await Promise.all([json(["models"]), json(["workers"])]);
  expect(models.models as unknown[]).toHaveLength(grid.models.length);
  expect(workers.workers as unknown[]).toHaveLength(1);
}, 60_000);

/** The command line against a whole grid: chain, database, indexer, cloud, worker, engine. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createWalletClient, type Hex, http, parseEther } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { waitForTransactionReceipt } from "viem/actions";
import { foundry } from "viem/chains";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type LocalGridSystem, startLocalGrid } from "../../local/src/grid.ts";
import { anyPort } from "../../local/src/ports.ts";
import { aipgAbi, parseDeployment } from "../../sdk/src/index.ts";
import { FEW_THINGS } from "../../test/fixtures/things.ts";
import { expectKeys } from "./keys.ts";
import { gridnft, type Run, runHere } from "./run.ts";

let grid: LocalGridSystem;
let home: string;
let folder: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "gridnft-home-"));
  folder = mkdtempSync(join(tmpdir(), "gridnft-pictures-"));
  const ports = { rpc: await anyPort(), cloud: await anyPort(), indexer: await anyPort(), postgres: await anyPort() };
  grid = await startLocalGrid({ home, ports, services: ["cloud", "worker"], things: FEW_THINGS });
}, 600_000);
afterAll(async () => {
  await grid?.stop();
  for (const path of [home, folder]) rmSync(path, { recursive: true, force: true });
}, 180_000);

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
  expect(readdirSync(folder).filter((name) => name.includes(".job"))).toEqual([]);
}, 360_000);

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
}, 360_000);

it("refuses a licensed model until its license is bought", async () => {
  const licensed = grid.models.find(({ modelId }) => modelId !== grid.models[0]?.modelId);
  const words = ["generate", "a whale", "--model", `${licensed?.modelId}`, "--steps", "4", "--out", "whales"];
  const refused = await runHereAt(words);
  expect(refused.err).toContain(`gridnft license buy ${licensed?.modelId}`);
  expect(refused.code).toBe(2);
  expect(existsSync(join(folder, "whales", "a-whale.png"))).toBe(false);
  expect((await runHereAt(["license", "buy", `${licensed?.modelId}`, "--yes"])).code).toBe(0);
  expect((await runHereAt([...words, "--private"])).code).toBe(0);
  expect(existsSync(join(folder, "whales", "a-whale.png"))).toBe(true);
}, 360_000);

it("pays no more than is allowed", async () => {
  const before = await json(["account"]);
  const refused = await runHereAt(["generate", "a dear picture", "--max-price", "0.0001"]);
  expect(refused.err).toContain("0.0001 AIPG is allowed. Allow more with --max-price.");
  expect(refused.code).toBe(2);
  expect((await json(["account"])).balance).toBe(before.balance);
  const unknown = await runHereAt(["generate", "x", "--model", "No such model"]);
  expect(unknown.err).toContain('No model "No such model" is served; there are');
}, 180_000);

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
  expect([code, err]).toEqual([130, expect.stringContaining("slowly.job.json")]);
  const kept = JSON.parse(readFileSync(join(folder, "slowly.job.json"), "utf8"));
  const { orders, job } = kept;
  expect(orders[0].signature).toMatch(/^0x[0-9a-f]{130}$/);
  expect(err).toContain(`The job is ${job}. Go on with: gridnft resume ${job}`);
  const paid = BigInt(String(before.balance)) - BigInt(String((await json(["account"])).balance));
  expect(paid).toBeLessThanOrEqual(BigInt(orders[0].order.maxPrice));
  // The same prompt again neither writes over what was signed before, nor removes it.
  expect((await runHereAt(["generate", "slowly", "--steps", "4"])).code).toBe(0);
  expect(JSON.parse(readFileSync(join(folder, "slowly.job.json"), "utf8"))).toEqual(kept);
  expect(readdirSync(folder).filter((name) => name.startsWith("slowly") && name.includes(".job"))).toEqual([
    "slowly.job.json",
  ]);
}, 300_000);

/** Tells whether a saved receipt is minted: a second mint is refused. */
async function isMinted(name: string): Promise<boolean> {
  const { err } = await runHereAt(["mint", name]);
  return err.includes("is minted already");
}

it("mints what is paid though nobody reads its output, and shows no trace", async () => {
  const words = ["generate", "a closed pipe", "--steps", "4", "--mint"];
  const { code, err } = await run(words, { stdout: "closed" });
  expect([code, err]).toEqual([0, expect.not.stringMatching(/\n\s+at |EPIPE/)]);
  expect(await isMinted("a-closed-pipe.json")).toBe(true);
}, 300_000);

it.runIf(existsSync("/dev/full"))(
  "mints what is paid though its output goes to a full disk, and says so",
  async () => {
    const full = { path: "/dev/full" };
    const half = await run(["generate", "a full disk", "--steps", "4", "--mint", "--json"], { stdout: full });
    expect(half.code).toBe(2);
    expect(half.err).toContain("no space is left on the device. Everything else was done.");
    expect(half.err).not.toMatch(/\n\s+at /);
    expect(await isMinted("a-full-disk.json")).toBe(true);
    const both = await run(["generate", "two full disks", "--steps", "4", "--mint"], { stdout: full, stderr: full });
    expect(both.code).toBe(2);
    expect(await isMinted("two-full-disks.json")).toBe(true);
  },
  120_000,
);

it("goes on when its terminal is closed", async () => {
  let hungUp = false;
  const { code, out } = await run(["generate", "a lost terminal", "--steps", "40", "--mint"], {
    onProgress: (text, child) => {
      if (hungUp || !/The job is|Waiting|Making/.test(text)) return;
      hungUp = true;
      child.kill("SIGHUP");
    },
  });
  expect([code, hungUp]).toEqual([0, true]);
  expect(out).toContain("Minted token");
}, 300_000);

it("mints though the pictures can't be saved, and resume saves them", async () => {
  const lost = join(folder, "lost");
  let gone = false;
  const second = await run(["generate", "no folder", "--steps", "40", "--mint", "-o", "lost"], {
    onProgress: (text) => {
      if (gone || !text.includes("Making the picture")) return;
      gone = true;
      renameSync(lost, join(folder, "taken away")); // in one step: the command keeps its job file meanwhile
      writeFileSync(lost, "");
    },
  });
  expect(second.code).toBe(2);
  expect(second.err).toMatch(/could not be saved in .*lost: .*The mint goes on\./);
  const [, token] = /Minted token (\d+)/.exec(second.out) ?? [];
  expect(second.err).toContain(`Minted all the same: ${token}.`);
  const [, job = ""] = /gridnft resume ([0-9a-f-]{36})/.exec(second.err) ?? [];
  expect(second.err).toContain(`The job is ${job}. Its receipts: 0x`);
  const resumed = await json(["resume", job, "--mint", "--title", "Another"]);
  expect(resumed).toMatchObject({ job, already_minted: true });
  const [image] = resumed.images as { picture: string; receipt: string }[];
  expect(image?.picture).toBe(join(folder, "no-folder.png"));
  expect(existsSync(image?.picture ?? "")).toBe(true);
}, 360_000);

it("loses no paid picture when it is killed: resume fetches, settles and mints it, once", async () => {
  let killed = false;
  const words = ["generate", "a killed command", "--steps", "40", "--count", "2", "--mint", "--title", "Survivors"];
  await run(words, {
    onProgress: (text, child) => {
      if (killed || !text.includes("Making picture 1")) return;
      killed = true;
      child.kill("SIGKILL");
    },
  });
  expect(killed).toBe(true);
  // The kill may have come before the job's id was kept: the file finds it all the same.
  const file = "a-killed-command.job.json";
  const stranger = await runHereAt(["resume", file, "--account", "collector"]);
  expect([stranger.code, stranger.err]).toEqual([1, expect.stringContaining("name another --account")]);
  const resumed = await json(["resume", file]);
  const job = resumed.job as string;
  const { token_ids: tokens } = resumed.minted as { token_ids: string[] };
  expect(tokens).toHaveLength(2);
  expect(await json(["show", tokens[0] as string])).toMatchObject({ name: "Survivors #1" });
  expect((await json(["verify", tokens[1] as string])).verdict).toBe("proven");
  expect(existsSync(join(folder, file))).toBe(false);
  // Again: nothing is saved twice, nothing minted twice.
  const files = readdirSync(folder).sort();
  const again = await json(["resume", job, "--out", "a-killed-command.png", "--mint"]);
  expect(again).toMatchObject({ job, already_minted: true, images: resumed.images });
  expect(readdirSync(folder).sort()).toEqual(files);
}, 360_000);

it("finds the job of orders whose answer was lost", async () => {
  let killed = false;
  await run(["generate", "a lost answer", "--steps", "20"], {
    onProgress: (text, child) => {
      if (killed || !/The job is|Waiting|Making/.test(text)) return;
      killed = true;
      child.kill("SIGKILL");
    },
  });
  const path = join(folder, "a-lost-answer.job.json");
  const { job, ...kept } = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify(kept));
  // The job's id is kept as soon as it is known: after a kill the file finds it.
  killed = false;
  await run(["resume", "a-lost-answer.job.json"], {
    onProgress: (text, child) => {
      if (killed || !/The job is|Waiting|Making|Checking/.test(text)) return;
      killed = true;
      child.kill("SIGKILL");
    },
  });
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ ...kept, job: expect.any(String) });
  const resumed = await json(["resume", "a-lost-answer.job.json"]);
  expect(resumed.images).toHaveLength(1);
  if (job !== undefined) expect(resumed.job).toBe(job);
  const nothing = await runHereAt(["resume", "00000000-0000-4000-8000-000000000000"]);
  expect([nothing.code, nothing.err]).toEqual([2, expect.stringContaining("There is no job with this id.")]);
}, 300_000);

it("finds the job of a request to the gateway whose answer was lost, and orders no second one", async () => {
  const file = "a-lost-request.job.json";
  const { chain_id, cloud_url, accounts } = JSON.parse(readFileSync(join(home, "grid.json"), "utf8"));
  const { address } = (accounts as { name: string; address: string }[]).find(({ name }) => name === "artist") ?? {};
  // Of a command that was killed before it heard of its job.
  const kept = {
    ...{ version: 1, chain_id, cloud_url, requester: address, rail: "gateway", idempotency_key: `lost ${Date.now()}` },
    ...{ parameters: { prompt: "a lost request", model: "1", steps: 4, width: 64, height: 64 }, orders: [] },
  };
  writeFileSync(join(folder, file), JSON.stringify(kept));
  const first = await json(["resume", file]);
  writeFileSync(join(folder, file), JSON.stringify(kept));
  const second = await json(["resume", file]);
  expect([second.job, second.images]).toEqual([first.job, first.images]);
  // Pictures of another request are not taken for its own.
  writeFileSync(
    join(folder, file),
    JSON.stringify({ ...kept, job: first.job, parameters: { ...kept.parameters, prompt: "another" } }),
  );
  const other = await runHereAt(["resume", file]);
  expect([other.code, other.err]).toEqual([2, expect.stringContaining("has another prompt than was asked for")]);
  rmSync(join(folder, file));
}, 300_000);

it("saves what is left of a job that is minted in part, and says how to mint it", async () => {
  const made = await json(["generate", "a pair", "--count", "2", "--steps", "2", "-W", "64", "-H", "64"]);
  expect((await runHereAt(["mint", "a-pair-1.json"])).code).toBe(0);
  const words = ["resume", made.job as string, "--mint", "--out", "rest"];
  const { code, err } = await runHereAt(words);
  expect([code, err]).toEqual([2, expect.stringContaining("Mint the others: gridnft mint rest/a-pair-2.json")]);
  expect(err).not.toContain("a-pair-1.json");
  const { error } = JSON.parse((await runHereAt([...words, "--json"])).out);
  const receipts = (made.images as { receipt_id: string }[]).map(({ receipt_id }) => receipt_id);
  expect(error).toMatchObject({ code: "PARTLY_MINTED", job: made.job, receipt_ids: receipts });
  expect(readdirSync(join(folder, "rest")).sort()).toEqual([
    "a-pair-1.json",
    "a-pair-1.png",
    "a-pair-2.json",
    "a-pair-2.png",
  ]);
  // Whatever stands in the way of a paid picture, it is named.
  writeFileSync(join(folder, "in-the-way"), "");
  const blocked = await json([...words.slice(0, -1), "in-the-way"]);
  expect(blocked.error).toMatchObject({ code: "NO_FOLDER", job: made.job, receipt_ids: receipts });
}, 300_000);

it("asks with the amount before money moves, and pays nothing without a yes", async () => {
  const words = ["generate", "a careful buyer", "--steps", "4"];
  const before = await json(["account"]);
  const no = await runHere(words, { cwd: folder, environment: { GRID_HOME: home }, typed: "\n", columns: 80 });
  expect([no.code, no.err]).toEqual([1, expect.stringMatching(/Pay up to [\d.]+ AIPG from artist.*\[y\/N\]/)]);
  expect(await json(["account"])).toEqual(before);
  expect(existsSync(join(folder, "a-careful-buyer.job.json"))).toBe(false);
  const at = { cwd: folder, environment: { GRID_HOME: home }, columns: 80 };
  const yes = await runHere([...words, "--json"], { ...at, typed: "y\n" });
  expect(yes.code).toBe(0);
  expect(existsSync(join(folder, "a-careful-buyer.png"))).toBe(true);
  // Words that only vary the picture are named.
  expect(JSON.parse(yes.out).unknown_words).toEqual(["careful", "buyer"]);
  // A no to the mint of what is paid leaves the picture where it is.
  const { job } = JSON.parse(yes.out);
  const later = await runHere(["resume", job, "--mint"], { ...at, typed: "n\n" });
  expect([later.code, later.err]).toEqual([0, expect.stringContaining(", and mint? [y/N]")]);
  expect(later.out).toContain("gridnft mint a-careful-buyer.json");
  expect(later.out).toContain("The model was not made for: careful, buyer.");
}, 300_000);

it("says which samplers the model's workers have", async () => {
  const { code, err } = await runHereAt(["generate", "a fox", "--sampler", "magic"]);
  expect(err).toContain("sampler is not one of ddim, dpmpp_2m, euler, euler_a.");
  expect(code).not.toBe(0);
});

/** Sends ETH and AIPG of the artist's to the account of a key. */
async function fund(key: Hex, { ether, tokens }: { readonly ether: string; readonly tokens: string }): Promise<void> {
  const { rpc_url, accounts, deployment } = JSON.parse(readFileSync(join(home, "grid.json"), "utf8"));
  const artist = (accounts as { name: string; private_key: Hex }[]).find(({ name }) => name === "artist");
  const account = privateKeyToAccount(artist?.private_key as Hex);
  const wallet = createWalletClient({ account, chain: foundry, transport: http(rpc_url), pollingInterval: 100 });
  const { contracts } = parseDeployment(JSON.parse(readFileSync(resolve(home, deployment), "utf8")));
  const to = privateKeyToAccount(key).address;
  await wallet.sendTransaction({ to, value: parseEther(ether) });
  const transfer = { abi: aipgAbi, functionName: "transfer", args: [to, parseEther(tokens)] } as const;
  const hash = await wallet.writeContract({ ...transfer, address: contracts.AIPG.address });
  await waitForTransactionReceipt(wallet, { hash });
}

it("checks what a mint needs before anything is paid", async () => {
  const poor = { GRID_HOME: home, POOR: generatePrivateKey() };
  const words = ["generate", "no gas", "--mint", "--account", "POOR"];
  const { code, err } = await runHere(words, { cwd: folder, environment: poor });
  expect([code, err]).toEqual([2, expect.stringContaining("POOR has no ETH for the gas of a mint. Nothing was paid.")]);
  // Enough for the picture or for its mint, not for both.
  await fund(poor.POOR, { ether: "0.1", tokens: "0.15" });
  const dear = ["generate", "no fee", "--mint", "--account", "POOR", "--steps", "40"];
  const short = await runHere(dear, { cwd: folder, environment: poor });
  expect([short.code, short.err]).toEqual([
    2,
    expect.stringContaining("and the mint 0.1 AIPG; the wallet of POOR has 0.15"),
  ]);
  expect(existsSync(join(folder, "no-fee.job.json"))).toBe(false);
}, 180_000);

/** Root writes in every folder of a disk, but not in this one of the kernel's. */
const isRoot = process.getuid?.() === 0;

it.runIf(!isRoot || existsSync("/sys"))(
  "moves no money for pictures that can't be saved",
  async () => {
    const readOnly = isRoot ? "/sys" : join(folder, "read-only");
    if (!isRoot) mkdirSync(readOnly, { mode: 0o555 });
    const saver = { GRID_HOME: home, SAVER: generatePrivateKey() };
    const at = { cwd: folder, environment: saver };
    await fund(saver.SAVER, { ether: "0.1", tokens: "5" });
    const before = (await runHere(["account", "--account", "SAVER", "--json"], at)).out;
    const words = ["generate", "nowhere", "--account", "SAVER", "--steps", "4", "--out", readOnly];
    const { code, err } = await runHere(words, at);
    expect([code, err]).toEqual([1, expect.stringMatching(/can't be written: .*Choose another --out\./)]);
    expect((await runHere(["account", "--account", "SAVER", "--json"], at)).out).toBe(before);
  },
  180_000,
);

it("checks what the rest of a lost job needs before it is handed in again", async () => {
  const poor = { GRID_HOME: home, PENNILESS: generatePrivateKey() };
  const { chain_id, cloud_url } = JSON.parse(readFileSync(join(home, "grid.json"), "utf8"));
  const requester = privateKeyToAccount(poor.PENNILESS).address;
  const path = join(folder, "unchecked.job.json");
  const resume = async (mint: object | undefined, words: readonly string[]): Promise<Run> => {
    const kept = {
      ...{ version: 1, chain_id, cloud_url, requester, rail: "gateway", idempotency_key: "unchecked", mint },
      ...{ parameters: { prompt: "unchecked", model: "1", steps: 2, width: 64, height: 64 }, orders: [] },
    };
    writeFileSync(path, JSON.stringify(kept));
    const all = ["resume", "unchecked.job.json", "--account", "PENNILESS", ...words];
    const result = await runHere(all, { cwd: folder, environment: poor });
    expect(JSON.parse(readFileSync(path, "utf8")).job).toBeUndefined();
    return result;
  };
  const jpeg = await resume(undefined, ["--out", "x.jpg"]);
  expect([jpeg.code, jpeg.err]).toEqual([1, expect.stringContaining("pictures are PNG")]);
  const gas = await resume(undefined, ["--mint"]);
  expect([gas.code, gas.err]).toEqual([2, expect.stringContaining("PENNILESS has no ETH for the gas of a mint.")]);
  await fund(poor.PENNILESS, { ether: "0.1", tokens: "0" });
  const fee = await resume({ title: "Kept" }, []);
  expect([fee.code, fee.err]).toEqual([2, expect.stringContaining("The mint costs 0.1 AIPG")]);
  expect(fee.err).toContain("Nothing was handed in; --no-mint fetches the pictures alone.");
  const room = await resume({ title: "Kept", description: "x".repeat(100_000) }, []);
  expect([room.code, room.err]).toEqual([1, expect.stringContaining("bytes too many for one mint")]);
  const word = await resume({ title: "Kept" }, ["--no-mint", "--title", "Other"]);
  expect([word.code, word.err]).toEqual([1, expect.stringContaining("--title does nothing without --mint.")]);
  // Nobody who can't mint loses pictures that are paid already.
  const words = ["resume", "unchecked.job.json", "--account", "PENNILESS", "--no-mint"];
  const alone = await runHere(words, { cwd: folder, environment: poor });
  expect([alone.code, alone.out]).toEqual([0, expect.stringContaining("unchecked.png")]);
  expect(alone.out).not.toContain("Minted");
  expect(existsSync(path)).toBe(false);
}, 180_000);

it("finds nothing wrong with a grid that runs", async () => {
  const { healthy, checks } = await json(["doctor"]);
  const found = (checks as { id: string; status: string }[]).map(({ id, status }) => `${id} ${status}`);
  expect(healthy).toBe(true);
  expect(found).toEqual([
    "node pass",
    "grid pass",
    "chain pass",
    "contracts pass",
    "cloud pass",
    "gallery warn",
    "account pass",
  ]);
}, 180_000);

it("prints the bare result with --quiet", async () => {
  const made = await runHereAt(["generate", "quietly", "--steps", "4", "--quiet"]);
  expect(made).toEqual({ code: 0, out: "quietly.png\n", err: "" });
  const minted = await runHereAt(["mint", "quietly.json", "-q"]);
  expect(minted).toEqual({ code: 0, out: expect.stringMatching(/^\d+\n$/), err: "" });
  expect((await runHereAt(["models", "-q"])).out.trim().split("\n")).toEqual(
    expect.arrayContaining(grid.models.map(({ modelId }) => `${modelId}`)),
  );
}, 300_000);

it("has the documented keys in every document of the cloud", async () => {
  const made = await json(["generate", "keys", "--steps", "4", "--mint"]);
  const resumed = await json(["resume", made.job as string]);
  expectKeys("generate", made, ["unknown_words", "minted"]);
  expectKeys("resume", resumed, ["unknown_words"]);
  for (const word of ["models", "workers", "doctor"]) expectKeys(word, await json([word]));
}, 300_000);

it("lists what is served", async () => {
  const [models, workers] = await Promise.all([json(["models"]), json(["workers"])]);
  expect(models.models as unknown[]).toHaveLength(grid.models.length);
  expect(workers.workers as unknown[]).toHaveLength(1);
}, 180_000);

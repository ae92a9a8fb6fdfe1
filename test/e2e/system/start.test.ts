/** `npm start` as somebody uses it: up to its ready screen, Ctrl-C, a crash, kill -9, and all of that twice. */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { createPublicClient, createWalletClient, type Hex, http, sha256 } from "viem";
import { foundry } from "viem/chains";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testAccount } from "../../../local/src/accounts.ts";
import { guardsGone } from "../../../local/src/guard.ts";
import { removePostgres } from "../../../local/src/postgres.ts";
import type { GridFile } from "../../../local/src/stateDir.ts";
import { projectRoot } from "../../../tools/check.ts";
import { startBrowser } from "../../fixtures/browser.ts";
import { type Program, startProgram } from "../../fixtures/program.ts";
import { until } from "../../fixtures/until.ts";
import { pageFaults, WINDOWS } from "./galleryPages.ts";

let home: string;
const started: Program[] = [];

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "gridnft-start-"));
});
afterAll(async () => {
  for (const run of started) await run.end("SIGKILL");
  await guardsGone(home);
  removePostgres(join(home, "postgres"));
  rmSync(home, { recursive: true, force: true });
});

function start(...args: string[]): Program {
  const run = startProgram("local/src/main.ts", { args: ["--home", home, ...args] });
  started.push(run);
  return run;
}
/** Service of a grid: its guard's command line has its log, and its process group is the service's own. */
interface Service {
  readonly name: string;
  readonly pid: number;
}
function services(): Service[] {
  const lines = execFileSync("ps", ["-A", "-ww", "-o", "pgid=,args="], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => {
    const [, pid, folder, name] = /^ *(\d+) \/bin\/sh .* (\S+)\/logs\/(\S+)\.log (?:INT|TERM) /.exec(line) ?? [];
    return name !== undefined && folder === home ? [{ name, pid: Number(pid) }] : [];
  });
}
function isAlive({ pid }: Service): boolean {
  try {
    return !execFileSync("ps", ["-o", "stat=", "-p", `${pid}`], { encoding: "utf8" }).startsWith("Z");
  } catch {
    return false;
  }
}
const gridFile = (): GridFile => JSON.parse(readFileSync(join(home, "grid.json"), "utf8")) as GridFile;
const client = () => createPublicClient({ chain: foundry, transport: http(gridFile().rpc_url, { retryCount: 0 }) });
async function head(): Promise<{ number: bigint; hash: Hex }> {
  const { number, hash } = await client().getBlock();
  return { number, hash };
}
/** What a shell prints for a line of the README, in the state folder. */
async function shell(line: string): Promise<string> {
  const PATH = `${join(projectRoot, "node_modules/.bin")}:${process.env.PATH}`;
  const { stdout } = await promisify(execFile)("sh", ["-c", line.replace(/^npx /, "")], {
    cwd: home,
    env: { ...process.env, PATH, GRID_HOME: home },
  });
  return stdout;
}

describe("npm start", () => {
  let recorded: Service[];
  let last: { number: bigint; hash: Hex };

  it("comes up, tells where everything is, and has a healthy API behind every URL", async () => {
    const run = start();
    await run.says("Ctrl-C stops everything");
    expect(run.printed()).toContain('npx gridnft generate "a lighthouse in a storm, oil painting" --mint');
    const grid = gridFile();
    expect(statSync(join(home, "grid.json")).mode & 0o777).toBe(0o600);
    const urls = [grid.gallery_url ?? "", grid.rpc_url, grid.cloud_url, grid.graphql_url];
    for (const url of urls) expect(run.printed()).toContain(url);
    expect(grid.accounts.find(({ name }) => name === "artist")?.address).toBe(testAccount("artist").address);
    const response = await fetch(grid.graphql_url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: "{ models(first: 5) { nodes { name } } }" }),
    });
    expect(await response.json()).toMatchObject({
      data: { models: { nodes: expect.arrayContaining([{ name: expect.stringContaining("Gridscape dev") }]) } },
    });
    expect((await fetch(`${grid.cloud_url}/health`)).status).toBe(200);
    recorded = services();
    expect(recorded.map(({ name }) => name).sort()).toEqual([
      "chain",
      "cloud",
      "gallery",
      "indexer",
      "postgres",
      "treasury",
      "worker-1",
    ]);
  }, 600_000);

  it("makes, mints and proves a picture by the README's lines", async () => {
    const blocks = [...readFileSync(join(projectRoot, "README.md"), "utf8").matchAll(/^```sh\n([\s\S]*?)^```/gm)];
    const [first, walk] = blocks.map(([, lines = ""]) => lines.trim());
    expect(first).toBe("npm ci && npm start");
    const [generate = "", verify = ""] = walk?.split("\n") ?? [];
    expect(started[0]?.printed()).toContain(generate);

    const made = await shell(generate);
    expect(made).toContain("Minted token 1001");
    const [picture = ""] = /\S+\.png/.exec(made) ?? [];
    const [link = ""] = /http\S+\/artworks\/1001/.exec(made) ?? [];
    await until(async () => (await fetch(link)).status === 200, "the page of the artwork");
    const seen = await (await fetch(`${link}.json`)).json();
    const imageHash = sha256(readFileSync(join(home, picture)));
    expect(seen).toMatchObject({ prompt: "a lighthouse in a storm, oil painting", imageHash });

    const report = await shell(verify);
    expect(report).toContain("Token 1001 is proven");
    expect(report).toContain("identical");
  }, 600_000);

  it("shows the picture in a gallery that needs no scripts, harms nobody, and is for everybody", async () => {
    const { gallery_url: gallery = "", cloud_url: cloud, rpc_url: rpc } = gridFile();
    const hostile = "<img src=x onerror=alert(1)> a mountain \"&\u2019' </script><script>alert(2)</script>";
    const minted = await shell(
      `npx gridnft generate --mint --steps 2 --yes --title '<b>Mountain</b>' '${hostile.replaceAll("'", "'\\''")}'`,
    );
    expect(minted).toContain("Minted token 2001");
    await until(async () => (await fetch(`${gallery}/artworks/2001`)).status === 200, "the page of the artwork");
    const browser = await startBrowser();
    try {
      const reader = await browser.newContext({ viewport: WINDOWS[0].viewport, javaScriptEnabled: false });
      const page = await reader.newPage();
      const shown = async () => (await page.getByRole("main").textContent()) ?? "";
      await page.goto(gallery);
      await page.getByRole("link", { name: "A lighthouse in a storm" }).first().click();
      expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("A lighthouse in a storm");
      expect(await shown()).toContain("a lighthouse in a storm, oil painting");
      await page.getByRole("searchbox").fill("mountain");
      await page.getByRole("button", { name: "Search" }).click();
      expect(await shown()).toContain("1 artwork");
      await page.getByRole("link", { name: "<b>Mountain</b>" }).click();
      expect(await shown()).toContain(hostile);
      const cid = /ba[a-z2-7]{50,}/.exec(await shown())?.[0] ?? "";
      await page.getByRole("searchbox").fill(cid);
      await page.getByRole("button", { name: "Search" }).click();
      expect(new URL(page.url()).pathname).toBe("/artworks/2001");
      await page.getByRole("searchbox").fill("#1001");
      await page.getByRole("button", { name: "Search" }).click();
      await page
        .getByRole("link", { name: testAccount("worker1").address.slice(0, 6), exact: false })
        .first()
        .click();
      expect(await shown()).toContain(testAccount("worker1").address);

      // With scripts: the browser checks a picture itself, finds a forged file, and says when it could not look.
      const visitor = await (await browser.newContext({ viewport: WINDOWS[1].viewport })).newPage();
      const checked = async (verdict: string) => {
        await visitor.goto(`${gallery}/artworks/1001`);
        await visitor.getByRole("button", { name: "Check it in this browser" }).click();
        await visitor.getByText(verdict).waitFor({ timeout: 60_000 });
      };
      await checked("Proven. Every check that matters holds.");
      const other = await sharp({ create: { width: 8, height: 8, channels: 3, background: "#123" } })
        .png()
        .toBuffer();
      await visitor.route("**/ipfs/**", (route) =>
        route.fulfill({ body: other, headers: { "access-control-allow-origin": "*" } }),
      );
      await checked("Not what it says: at least one check fails.");
      await visitor.unroute("**/ipfs/**");
      await visitor.route(`${rpc}/**`, (route) => route.abort());
      await checked("It could not be checked");

      const artist = testAccount("artist").address;
      const paths = [
        ...["/", "/explore", "/explore?q=lighthouse&order=OLDEST", "/artworks/1001", "/artworks/2001", "/series"],
        ...[
          "/series/1",
          "/models",
          "/models/1",
          `/accounts/${artist}`,
          "/workers",
          "/activity",
          "/network",
          "/styleguide",
        ],
        ...["/embed/2001", "/explore?q=nothing+like+that"],
      ];
      const urls = paths.map((path) => `${gallery}${path}`);
      const hosts = [new URL(gallery).host, new URL(cloud).host];
      for (const window of WINDOWS) expect(await pageFaults(browser, window, urls, hosts)).toEqual([]);
    } finally {
      await browser.close();
    }
  }, 600_000);

  it("says so when it is started a second time in the same folder, and harms nothing", async () => {
    const second = start();
    expect(await second.ended).toBe(1);
    expect(second.printed()).toMatch(/✗ A grid runs in .* already \(process \d+\)/);
    expect(recorded.every(isAlive)).toBe(true);
  });

  it("stops everything on Ctrl-C with exit code 0", async () => {
    last = await head();
    // Twice, as it comes when npm passes on what the terminal has sent already.
    started[0]?.child.kill("SIGINT");
    started[0]?.child.kill("SIGINT");
    expect(await started[0]?.ended).toBe(0);
    expect(recorded.filter(isAlive)).toEqual([]);
    expect(existsSync(join(home, "lock"))).toBe(false);
  });

  it("loses no answered transaction when the supervisor itself is killed, and leaves nobody behind", async () => {
    const run = start();
    await run.says("Ctrl-C stops everything");
    expect(await head()).toEqual(last);
    recorded = services();
    const wallet = createWalletClient({
      account: testAccount("collector"),
      chain: foundry,
      transport: http(gridFile().rpc_url, { retryCount: 0 }),
    });
    const answered: Hex[] = [];
    const sending = (async () => {
      for (;;) answered.push(await wallet.sendTransaction({ to: testAccount("artist").address, value: 1n }));
    })().catch(() => undefined);
    await until(() => answered.length >= 10);
    run.child.kill("SIGKILL");
    await run.ended;
    await sending;
    // Started again at once it waits for what is still ending, and gets its ports.
    const before = gridFile();
    const again = start();
    await until(() => recorded.every((record) => !isAlive(record)));
    await again.says("Ctrl-C stops everything");
    expect(gridFile()).toEqual(before);
    for (const hash of answered) expect((await client().getTransactionReceipt({ hash })).status).toBe("success");
    // Ponder goes on from its tables, and finds the blocks that it knew.
    const { number } = await head();
    const indexed = async () =>
      (await (await fetch(`${gridFile().indexer_url}/v1/health`)).json()) as { indexed: { block: number } | null };
    await until(async () => (await indexed()).indexed?.block === Number(number));
  }, 600_000);

  it("names a part that crashes, with its last words, and stops the rest", async () => {
    const run = started.at(-1);
    recorded = services();
    const cloud = recorded.find(({ name }) => name === "cloud");
    if (!cloud) throw new Error("the cloud doesn't run");
    process.kill(cloud.pid, "SIGKILL");
    expect(await run?.ended).toBe(1);
    expect(run?.printed()).toMatch(
      /✗ The cloud ended by itself \(killed by SIGKILL\)[\s\S]*Last lines of .*cloud\.log/,
    );
    expect(recorded.filter(isAlive)).toEqual([]);
  }, 180_000);

  it("begins anew with --reset, and can be stopped in the middle of it", async () => {
    const before = readFileSync(join(home, "keys.json"), "utf8");
    const run = start("--reset");
    await run.says("✓ contracts");
    expect(readFileSync(join(home, "keys.json"), "utf8")).not.toBe(before);
    recorded = services();
    run.child.kill("SIGTERM");
    expect(await run.ended).toBe(0);
    expect(recorded.filter(isAlive)).toEqual([]);
    await until(() => services().length === 0);
    expect(readFileSync(join(home, "chain/journal.jsonl"), "utf8").split("\n").length).toBeLessThan(100);
  }, 300_000);

  it.each([
    [["--workers", "3"], '--workers is 1 or 2, not "3"'],
    [["--cloud-port", "99999"], '--cloud-port "99999" is not a port number'],
    [["--nonsense"], "--nonsense"],
  ])("explains %o", async (args, sentence) => {
    const run = start(...args);
    expect(await run.ended).toBe(1);
    expect(run.printed()).toContain(sentence);
  });
});

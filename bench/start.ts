/**
 * From `npm start` in an empty folder to the first picture: made, paid, minted and visible in GraphQL.
 * `npm run bench:start [-- --runs 5]`; nothing else should run beside it. Writes bench/results/start.json.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { removePostgres } from "../local/src/postgres.ts";
import type { GridFile } from "../local/src/stateDir.ts";
import { sleep } from "../sdk/src/node/index.ts";
import { startProgram } from "../test/fixtures/program.ts";
import { projectRoot } from "../tools/check.ts";
import { machine, median, writeResults } from "./measure/results.ts";

const run = promisify(execFile);

/** Seconds that all of it may take on 2 cores. */
const TARGET = 60;

interface Run {
  /** Seconds to the ready screen. */
  ready: number;
  /** Seconds of `gridnft generate --mint`. */
  generate: number;
  /** Seconds from its end until GraphQL has the token. */
  visible: number;
  total: number;
}

async function measure(): Promise<Run> {
  const home = mkdtempSync(join(tmpdir(), "gridnft-bench-"));
  const begun = performance.now();
  const seconds = (from: number): number => Number(((performance.now() - from) / 1_000).toFixed(2));
  const start = startProgram("local/src/main.ts", { args: ["--home", home] });
  try {
    await start.says("Ctrl-C stops everything");
    const ready = seconds(begun);
    const asked = performance.now();
    await run(
      process.execPath,
      [
        join(projectRoot, "cli/bin/gridnft.mjs"),
        "generate",
        "a lighthouse in a storm, oil painting",
        "--mint",
        "--json",
      ],
      { cwd: home, env: { ...process.env, GRID_HOME: home } },
    );
    const generate = seconds(asked);
    const minted = performance.now();
    const grid = JSON.parse(readFileSync(join(home, "grid.json"), "utf8")) as GridFile;
    while (!(await isVisible(grid.graphql_url))) await sleep(20);
    return { ready, generate, visible: seconds(minted), total: seconds(begun) };
  } finally {
    await start.end("SIGINT");
    removePostgres(join(home, "postgres"));
    rmSync(home, { recursive: true, force: true });
  }
}

/** The first token of a new chain. */
async function isVisible(graphql: string): Promise<boolean> {
  const response = await fetch(graphql, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: '{ artwork(tokenId: "1001") { imageHash } }' }),
  });
  const { data } = (await response.json()) as { data?: { artwork?: { imageHash?: string } | null } };
  return data?.artwork?.imageHash !== undefined;
}

const { values } = parseArgs({ options: { runs: { type: "string", default: "5" } } });
const runs: Run[] = [];
for (let i = 1; i <= Number(values.runs); i++) {
  const one = await measure();
  runs.push(one);
  console.log(
    `run ${i}: ready ${one.ready} s, generate and mint ${one.generate} s, visible ${one.visible} s, all ${one.total} s`,
  );
}
const of = (phase: keyof Run) => ({
  median: median(runs.map((one) => one[phase])),
  min: Math.min(...runs.map((one) => one[phase])),
  max: Math.max(...runs.map((one) => one[phase])),
});
const result = {
  seconds: { ready: of("ready"), generate: of("generate"), visible: of("visible"), total: of("total") },
  target: TARGET,
  runs: runs.length,
  machine: machine(),
};
console.log(
  `median ${result.seconds.total.median} s; target ${TARGET} s; ratio ${(result.seconds.total.median / TARGET).toFixed(2)}`,
);
writeResults("start", result);

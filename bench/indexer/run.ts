/**
 * `npm run bench:indexer [-- --events 100000 --blocks 500 --rounds 1 --only ours,floor]`: how fast a synthetic chain is indexed, by
 * ours and by the peers, in one run. Writes bench/results/indexer.json. Nothing else should run beside it.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readyLine } from "../../local/src/processes.ts";
import { projectRoot } from "../../tools/check.ts";
import { withBenchEnvironment } from "../measure/environment.ts";
import { installPeers } from "../measure/peers.ts";
import { monotonic, type ProfileSummary, profileText, readProfile, summarise } from "../measure/profile.ts";
import { writeResults } from "../measure/results.ts";
import type { Arena, IndexingRun } from "./contender.ts";
import { runFloor } from "./floor.ts";
import { runPonder } from "./ponder.ts";
import { asJson, asTable } from "./report.ts";
import { runSubsquid } from "./subsquid.ts";

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "100000" },
    blocks: { type: "string", default: "500" },
    rounds: { type: "string", default: "1" },
    /** Beginnings of the names of contenders. */
    only: { type: "string", default: "" },
  },
});
const [events, blocks, rounds] = [Number(values.events), Number(values.blocks), Number(values.rounds)];
const wanted = values.only.split(",");

/** Every contender. A warm run follows a cold one on its database, and asks the endpoint for nothing. */
function contenders(arena: Arena, databases: Readonly<Record<string, string>>, profile: string) {
  const ponder = (whose: "ours" | "plain", name: string, urls: number, database: string, more = {}) => ({
    name: `${whose} ${name}`,
    run: () =>
      runPonder(arena, { name: `${whose} ${name}`, whose, urls, database: databases[database] ?? "", ...more }),
  });
  return [
    { name: "floor", run: () => runFloor(arena, "floor") },
    ponder("ours", "cold", 1, "ours"),
    ponder("plain", "cold", 1, "plain"),
    ponder("ours", "cold, 8 aliases", 8, "ours8"),
    ponder("plain", "cold, 8 aliases", 8, "plain8"),
    ponder("ours", "warm", 8, "ours8"),
    ponder("plain", "warm", 8, "plain8"),
    { name: "subsquid", run: () => runSubsquid(arena, "subsquid") },
    ponder("ours", "warm, profiled", 8, "ours8", { profile }),
  ].filter(({ name }) => wanted.some((beginning) => name.startsWith(beginning)));
}

await withBenchEnvironment(async ({ home, processes, postgres }) => {
  const profile = join(home, "profile");
  mkdirSync(profile);
  if (wanted.some((beginning) => "subsquid".startsWith(beginning))) installPeers();
  console.log(`making a chain of ${events} events in ${blocks} blocks`);
  const chain = await processes.start({
    name: "chain",
    command: process.execPath,
    args: ["--import", "tsx", join(projectRoot, "bench/synthetic/rpc.ts"), `${events}`, `${blocks}`],
    cwd: projectRoot,
    environment: process.env,
    isReady: (printed) => readyLine(printed),
    patience: 10 * 60_000,
  });
  const rpcUrl = readyLine(readFileSync(chain.log, "utf8"))?.url ?? "";
  const arena: Arena = { processes, postgres, rpcUrl, events, lastBlock: blocks, home };
  const runs = new Map<string, IndexingRun[]>();
  let profiled: ProfileSummary | undefined;
  for (let round = 1; round <= rounds; round++) {
    const databases: Record<string, string> = {};
    for (const name of ["ours", "plain", "ours8", "plain8"]) {
      databases[name] = await postgres.database(`bench_${name}`);
    }
    for (const { name, run } of contenders(arena, databases, profile)) {
      const measured = await run();
      const { began, seconds, eventsPerSecond, peakMemory } = measured;
      const window = { from: monotonic(began), to: monotonic(began + 1_000 * seconds) };
      if (name.endsWith("profiled")) profiled = summarise(readProfile(profile), window);
      else runs.set(name, [...(runs.get(name) ?? []), measured]);
      console.log(`round ${round}: ${name}: ${eventsPerSecond} events/s (${seconds} s), ${peakMemory ?? "?"} MB`);
    }
  }
  console.log(`\n${asTable(runs)}`);
  if (profiled) console.log(`\nWhere the time of ours goes (warm):\n${profileText(profiled)}`);
  writeResults("indexer", asJson({ events, blocks, rounds, runs, profile: profiled }));
  await chain.stop();
});

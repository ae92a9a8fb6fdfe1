import type { ProfileSummary } from "../measure/profile.ts";
import { machine, median, ratio, table } from "../measure/results.ts";
import type { IndexingRun } from "./contender.ts";

/** Runs of each contender, by name. */
export type Runs = ReadonlyMap<string, readonly IndexingRun[]>;

/** Events per second that ours is to reach. */
export const targets: Readonly<Record<string, number>> = { "ours cold": 5_000, "ours warm": 15_000 };

/** Plain Ponder in the same circumstances, for ours. */
function peerOf(name: string): string | undefined {
  return name.startsWith("ours") ? name.replace("ours", "plain") : undefined;
}

/** Medians of all rounds, beside peer and floor. */
export function report(runs: Runs) {
  const middle = (name: string | undefined, of: (run: IndexingRun) => number | undefined): number | undefined => {
    const values = (runs.get(name ?? "") ?? []).map(of).filter((value) => value !== undefined);
    return values.length > 0 ? median(values) : undefined;
  };
  const rate = (name: string | undefined) => middle(name, ({ eventsPerSecond }) => eventsPerSecond);
  return [...runs.keys()].map((name) => ({
    name,
    eventsPerSecond: rate(name),
    peak: middle(name, ({ peakMemory }) => peakMemory),
    cpuIndexer: middle(name, ({ cpu }) => cpu.indexer),
    cpuPostgres: middle(name, ({ cpu }) => cpu.postgres),
    peer: rate(peerOf(name)),
    floor: rate("floor"),
    toPeer: ratio(rate(name), rate(peerOf(name))),
    toFloor: ratio(rate(name), rate("floor")),
    target: targets[name],
  }));
}

/** The report for the terminal. */
export function asTable(runs: Runs): string {
  return table(
    ["", "events/s", "peer", "floor", "ours/peer", "ours/floor", "target", "MB", "CPU s", "CPU s Postgres"],
    report(runs).map((row) => [
      row.name,
      row.eventsPerSecond,
      row.peer,
      row.floor,
      row.toPeer,
      row.toFloor,
      row.target,
      row.peak,
      row.cpuIndexer,
      row.cpuPostgres,
    ]),
  );
}

/** The report as it is kept. */
export function asJson(measured: {
  events: number;
  blocks: number;
  rounds: number;
  runs: Runs;
  profile: ProfileSummary | undefined;
}): object {
  const { runs, profile, ...workload } = measured;
  return {
    workload,
    contenders: report(runs),
    runs: Object.fromEntries(runs),
    ...(profile && { profile }),
    machine: machine(),
  };
}

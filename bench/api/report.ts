import { type ProfileSummary, profileText } from "../measure/profile.ts";
import { machine, median, ratio, table } from "../measure/results.ts";
import type { Contender } from "./cases.ts";
import type { LoadResult } from "./client.ts";
import type { Costing } from "./costing.ts";
import type { Latency } from "./latency.ts";
import { MOST_TO_LIST, type Refusal } from "./refusals.ts";

/** One load of one contender. */
export interface Measured extends LoadResult {
  readonly case: string;
  readonly contender: Contender;
  /** Microseconds of CPU time for each request. */
  readonly cpu: { readonly server: number; readonly postgres: number };
}

/** Reads over several processes. */
export interface Scaled {
  readonly case: string;
  readonly readers: number;
  readonly perSecond: number;
  readonly p99: number;
}

/** All that was measured. */
export interface Measurements {
  readonly artworks: number;
  readonly rounds: number;
  readonly targets: Readonly<Record<string, number>>;
  readonly loads: readonly Measured[];
  readonly latencies: readonly Latency[];
  readonly scaled: readonly Scaled[];
  /** Hostile questions, the worst first. */
  readonly refusals: readonly Refusal[];
  /** Kinds of questions, and what they are said to cost. */
  readonly costs: readonly Costing[];
  /** Where the time of ours goes, by case. */
  readonly profiles: Readonly<Record<string, ProfileSummary>>;
  /** Seconds. */
  readonly preparation: Readonly<Record<string, number>>;
}

/** Medians over the rounds, ours beside the best of the peers and the floor (hono and SQL by hand). */
export function report({ loads, targets }: Pick<Measurements, "loads" | "targets">) {
  return [...new Set(loads.map((load) => load.case))].map((name) => {
    const of = (contender: Contender, value: (load: Measured) => number): number | undefined => {
      const values = loads.filter((load) => load.case === name && load.contender === contender).map(value);
      return values.length > 0 ? median(values) : undefined;
    };
    const rate = (contender: Contender) => of(contender, ({ perSecond }) => perSecond);
    const peers = (["ponder", "postgraphile"] as const).map(rate).filter((value) => value !== undefined);
    const peer = peers.length > 0 ? Math.max(...peers) : undefined;
    const all = (value: (load: Measured) => number) =>
      Object.fromEntries(
        (["ours", "ponder", "postgraphile", "raw"] as const)
          .map((contender) => [contender, of(contender, value)] as const)
          .filter(([, middle]) => middle !== undefined),
      );
    return {
      case: name,
      perSecond: all((load) => load.perSecond),
      p50: all((load) => load.p50),
      p99: all((load) => load.p99),
      cpuServer: all((load) => load.cpu.server),
      cpuPostgres: all((load) => load.cpu.postgres),
      failures: loads.filter((load) => load.case === name).reduce((sum, { failures }) => sum + failures, 0),
      toPeer: ratio(rate("ours"), peer),
      toFloor: ratio(rate("ours"), rate("raw")),
      target: targets[name] || undefined,
    };
  });
}

/** Times that a refusal costs what a list costs, server and Postgres together; undefined when no list was measured. */
export function refusalsToList({ loads, targets, refusals }: Pick<Measurements, "loads" | "targets" | "refusals">) {
  const list = report({ loads, targets }).find((row) => row.case.startsWith("list of 24"));
  const cpu = (list?.cpuServer.ours ?? 0) + (list?.cpuPostgres.ours ?? 0);
  return refusals.map((refusal) => ({ ...refusal, toList: cpu > 0 ? ratio(refusal.cpu, cpu) : undefined }));
}

/** The report for the terminal. */
export function asText(measured: Measurements): string {
  const rates = table(
    [
      "requests/s",
      "ours",
      "Ponder's",
      "PostGraphile",
      "floor (raw)",
      "ours/peer",
      "ours/floor",
      "target",
      "p99 ms",
      "CPU us node+PG",
      "raw",
    ],
    report(measured).map((row) => [
      row.case + (row.failures > 0 ? ` (${row.failures} FAILED)` : ""),
      row.perSecond.ours,
      row.perSecond.ponder,
      row.perSecond.postgraphile,
      row.perSecond.raw,
      row.toPeer,
      row.toFloor,
      row.target,
      row.p99.ours,
      `${row.cpuServer.ours}+${row.cpuPostgres.ours}`,
      row.cpuServer.raw === undefined ? undefined : `${row.cpuServer.raw}+${row.cpuPostgres.raw}`,
    ]),
  );
  const single = table(
    ["one at a time", "median ms", "worst ms", "target"],
    measured.latencies.map(({ name, median: middle, worst, target }) => [name, middle, worst, target]),
  );
  const scaled = table(
    ["reading processes", "readers", "requests/s", "p99 ms"],
    measured.scaled.map((row) => [row.case, row.readers, row.perSecond, row.p99]),
  );
  const refused = table(
    [`hostile questions (at most ${MOST_TO_LIST} lists)`, "CPU us", "lists"],
    refusalsToList(measured).map(({ name, cpu, toList }) => [name, cpu, toList]),
  );
  const costs = table(
    ["one kind of question", "CPU ms", "cost", "ms/cost"],
    measured.costs.map(({ name, cpu, cost }) => [name, cpu, cost, ratio(cpu, cost)]),
  );
  const profiles = Object.entries(measured.profiles).map(([name, summary]) => `${name}: ${profileText(summary)}`);
  return [rates, single, scaled, refused, costs, ...profiles].join("\n\n");
}

/** The report as it is kept. */
export function asJson({ loads, targets, ...rest }: Measurements): object {
  const { artworks, rounds, preparation, latencies, scaled, refusals, costs, profiles } = rest;
  return {
    artworks,
    rounds,
    preparation,
    cases: report({ loads, targets }),
    latencies,
    scaled,
    refusals: refusalsToList({ loads, targets, refusals }),
    costs,
    profiles,
    machine: machine(),
  };
}

// Summary of a CPU profile of V8, in few lines.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { projectRoot } from "../../tools/check.ts";

/** A `.cpuprofile`, as `node --cpu-prof` writes it. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  /** Microseconds on the machine's monotonic clock. */
  readonly startTime: number;
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

/** Time spent in one place itself, not in what it calls. */
export interface Spent {
  readonly name: string;
  readonly milliseconds: number;
  /** Of all that is not idle. */
  readonly share: number;
}

/** Summary of a profile. */
export interface ProfileSummary {
  /** Milliseconds of work. */
  readonly busy: number;
  readonly idle: number;
  readonly byPackage: readonly Spent[];
  readonly byFunction: readonly Spent[];
}

const waiting = new Set(["(idle)", "(program)", "(root)"]);

/** Whose code a file is: an npm package, a folder of ours, or Node itself. */
export function packageOf(url: string): string {
  if (url === "") return "V8";
  if (url.startsWith("node:")) return "node";
  const [, installed] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (installed !== undefined && installed !== "@gridnft") return installed;
  return dirname(relative(projectRoot, url.replace(/^file:\/\//, "").replace(/\?.*$/, "")));
}

/** A part of a profile, in milliseconds on the machine's monotonic clock, which all processes share. */
export interface ProfileWindow {
  readonly from: number;
  readonly to: number;
}

/** A time (milliseconds since 1970, not long ago) on that clock. */
export function monotonic(time: number): number {
  return Number(process.hrtime.bigint()) / 1e6 - (Date.now() - time);
}

/** Adds up self times by package and by function, the largest first. */
export function summarise(profile: CpuProfile, window?: ProfileWindow, most = 15): ProfileSummary {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const packages = new Map<string, number>();
  const functions = new Map<string, number>();
  let [busy, idle, now] = [0, 0, profile.startTime / 1_000];
  profile.samples.forEach((id, i) => {
    const frame = frames.get(id);
    const spent = profile.timeDeltas[i] ?? 0;
    now += spent / 1_000;
    if (window && (now < window.from || now > window.to)) return;
    if (!frame || waiting.has(frame.functionName)) {
      idle += spent;
      return;
    }
    busy += spent;
    const owner = frame.functionName === "(garbage collector)" ? "garbage collector" : packageOf(frame.url);
    const name = `${frame.functionName || "(anonymous)"} (${owner}${frame.url ? `, ${fileOf(frame.url)}:${frame.lineNumber + 1}` : ""})`;
    packages.set(owner, (packages.get(owner) ?? 0) + spent);
    functions.set(name, (functions.get(name) ?? 0) + spent);
  });
  const ranked = (sums: ReadonlyMap<string, number>): Spent[] =>
    [...sums]
      .sort(([, a], [, b]) => b - a)
      .slice(0, most)
      .map(([name, spent]) => ({
        name,
        milliseconds: Math.round(spent / 1_000),
        share: Number((spent / Math.max(busy, 1)).toFixed(3)),
      }));
  return {
    busy: Math.round(busy / 1_000),
    idle: Math.round(idle / 1_000),
    byPackage: ranked(packages),
    byFunction: ranked(functions),
  };
}

/** The largest profile in a folder: that of the main thread. */
export function readProfile(folder: string): CpuProfile {
  const texts = readdirSync(folder)
    .filter((name) => name.endsWith(".cpuprofile"))
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .sort((a, b) => b.length - a.length);
  if (texts[0] === undefined) throw new Error(`There is no profile in ${folder}.`);
  return JSON.parse(texts[0]) as CpuProfile;
}

/** The summary as lines of text. */
export function profileText({ busy, idle, byPackage, byFunction }: ProfileSummary): string {
  const lines = (spent: readonly Spent[]) =>
    spent.map(
      ({ name, milliseconds, share }) =>
        `  ${`${milliseconds}`.padStart(7)} ms ${(100 * share).toFixed(1).padStart(5)} %  ${name}`,
    );
  return [
    `busy ${busy} ms, idle ${idle} ms`,
    "by package:",
    ...lines(byPackage),
    "by function:",
    ...lines(byFunction),
  ].join("\n");
}

function fileOf(url: string): string {
  return url.replace(/^.*\//, "").replace(/\?.*$/, "");
}

import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../../tools/check.ts";

/** Middle one of the values; of an even number, the higher of the two in the middle. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Value below which a share of the values lies. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}

/** A ratio with two digits; undefined when a side was not measured. */
export function ratio(ours: number | undefined, other: number | undefined): number | undefined {
  if (ours === undefined || other === undefined || other === 0) return undefined;
  return Number((ours / other).toFixed(2));
}

/** A table for the terminal: numbers to the right, a dash for what there is not. */
export function table(header: readonly string[], rows: readonly (readonly (string | number | undefined)[])[]): string {
  const cells = [header, ...rows].map((row) => row.map((cell) => (cell === undefined ? "-" : shown(cell))));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function shown(cell: string | number): string {
  return typeof cell === "number" ? cell.toLocaleString("en-US") : cell;
}

/** What the figures were measured on. */
export function machine() {
  return { cores: cpus().length, memory: Math.round(totalmem() / 2 ** 30), node: process.version };
}

/** Writes `bench/results/<name>.json`. */
export function writeResults(name: string, results: object): void {
  mkdirSync(join(projectRoot, "bench/results"), { recursive: true });
  writeFileSync(join(projectRoot, `bench/results/${name}.json`), `${JSON.stringify(results, null, 2)}\n`);
  console.log(`\nwritten to bench/results/${name}.json`);
}

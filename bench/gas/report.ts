import { type Operation, operations } from "./operations.ts";

/** Figures by snapshot file and key, as forge writes them. */
export type Snapshots = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** One line of the table; gas is per item where the operation says "each". */
export interface Line {
  readonly operation: string;
  readonly ours?: number;
  readonly peers: readonly { readonly name: string; readonly gas: number; readonly published?: string }[];
  readonly floor?: number;
  readonly oursToBestPeer?: number;
  readonly oursToFloor?: number;
  readonly target?: number;
  readonly missed: readonly string[];
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

function lineOf(operation: Operation, snapshots: Snapshots): Line {
  const each = operation.each ?? 1;
  const figure = (file: string, key: string): number | undefined => {
    const gas = snapshots[file]?.[key];
    return gas === undefined ? undefined : round(Number(gas) / each, each > 100 ? 1 : 0);
  };
  const ours = operation.ours && figure(...operation.ours);
  const peers = [
    ...(operation.peers ?? []).map((key) => {
      const gas = figure("peers", key);
      if (gas === undefined) throw new Error(`peers.json has no "${key}"`);
      return { name: key.slice(key.lastIndexOf(": ") + 2), gas };
    }),
    ...(operation.sums ?? []).flatMap(({ name, keys }) => {
      const parts = keys.map(([file, key]) => figure(file, key));
      return parts.includes(undefined)
        ? []
        : [{ name, gas: parts.reduce<number>((sum, part) => sum + (part ?? 0), 0) }];
    }),
    ...(operation.published ?? []).map(({ name, gas, source }) => ({ name, gas, published: source })),
  ];
  const floor = operation.floor && round(operation.floor().total / each, each > 100 ? 1 : 0);
  const best = Math.min(...peers.map((peer) => peer.gas));
  const missed: string[] = [];
  const apart = operation.sums && peers[(operation.peers ?? []).length]?.gas;
  if (ours !== undefined && operation.below && apart && apart - ours < operation.below) {
    missed.push(`only ${format(apart - ours)} below, target ${format(operation.below)}`);
  }
  if (ours !== undefined && operation.target && ours > operation.target) {
    missed.push(`${format(ours - operation.target)} above the target of ${format(operation.target)}`);
  }
  if (ours !== undefined && operation.ratio && floor && ours / floor > operation.ratio) {
    missed.push(`${round(ours / floor, 3)} of its floor, target ${operation.ratio}`);
  }
  return {
    operation: operation.name,
    ...(ours !== undefined && { ours }),
    peers,
    ...(floor !== undefined && { floor }),
    ...(ours !== undefined && peers.length > 0 && { oursToBestPeer: round(ours / best, 3) }),
    ...(ours !== undefined && floor !== undefined && { oursToFloor: round(ours / floor, 3) }),
    ...(operation.target !== undefined && { target: operation.target }),
    missed,
  };
}

/** Every operation, from committed or fresh figures. */
export function report(snapshots: Snapshots): readonly Line[] {
  return operations.map((operation) => lineOf(operation, snapshots));
}

/** The report with prose keys, as committed in `bench/results/gas.json`. */
export function asJson(lines: readonly Line[]): object {
  return {
    "what this is": "gas of whole transactions, Prague, solc 0.8.37 with 200 runs; written by `npm run bench:gas`",
    operations: Object.fromEntries(
      lines.map((line) => [
        line.operation,
        {
          ours: line.ours ?? "not measured yet",
          peers: Object.fromEntries(
            line.peers.map((peer) => [
              peer.published ? `${peer.name} (published: ${peer.published})` : peer.name,
              peer.gas,
            ]),
          ),
          ...(line.floor !== undefined && { floor: line.floor }),
          ...(line.oursToBestPeer !== undefined && { "ours / best peer": line.oursToBestPeer }),
          ...(line.oursToFloor !== undefined && { "ours / floor": line.oursToFloor }),
          ...(line.target !== undefined && { target: line.target }),
          ...(line.missed.length > 0 && { missed: line.missed }),
        },
      ]),
    ),
    floors: Object.fromEntries(
      operations.flatMap(({ name, floor }) =>
        floor ? [[name, Object.fromEntries(floor().items.map((item) => [item.what, item.gas]))]] : [],
      ),
    ),
  };
}

/** The table for people. */
export function asTable(lines: readonly Line[]): string {
  const rows = [["operation", "ours", "best peer", "floor", "ours/peer", "ours/floor", "target", ""]];
  for (const line of lines) {
    const best = [...line.peers].sort((a, b) => a.gas - b.gas)[0];
    rows.push([
      line.operation,
      line.ours === undefined ? "-" : format(line.ours),
      best ? `${format(best.gas)} ${best.name}` : "-",
      line.floor === undefined ? "-" : format(line.floor),
      line.oursToBestPeer?.toFixed(2) ?? "-",
      line.oursToFloor?.toFixed(3) ?? "-",
      line.target === undefined ? "-" : format(line.target),
      line.missed.length > 0 ? `MISSED: ${line.missed.join("; ")}` : "",
    ]);
  }
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function format(value: number): string {
  return value.toLocaleString("en-US");
}

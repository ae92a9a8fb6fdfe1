import type { dailyStatistics, protocol } from "ponder:schema";

/** Columns of a row that hold numbers. */
export type CounterColumn<Row> = {
  [Column in keyof Row]: Row[Column] extends number | bigint ? Column : never;
}[keyof Row];

/** Amounts that are added to columns of a row. */
export type Amounts<Row> = { [Column in CounterColumn<Row>]?: Row[Column] };

export type Protocol = typeof protocol.$inferSelect;
export type Day = typeof dailyStatistics.$inferSelect;

/** Changes of an event to the two rows that nearly every event changes. */
export interface Counters {
  readonly protocol: Amounts<Protocol>;
  readonly settings: Partial<Protocol>;
  readonly day: Amounts<Day>;
}

/** Returns counters without any change. */
export function newCounters(): Counters {
  return { protocol: {}, settings: {}, day: {} };
}

/** Returns a row's columns with amounts added: only those that change. */
export function plus<Row extends object>(row: Row, amounts: Amounts<Row>): Partial<Row> {
  const sums: Record<string, number | bigint> = {};
  for (const [column, amount] of Object.entries(amounts) as [string, number | bigint][]) {
    sums[column] = add((row as Record<string, number | bigint>)[column], amount);
  }
  return sums as Partial<Row>;
}

/** Adds amounts to others. */
export function addTo<Row>(amounts: Amounts<Row>, more: Amounts<Row>): void {
  const all = amounts as Record<string, number | bigint>;
  for (const [column, amount] of Object.entries(more) as [string, number | bigint][]) {
    all[column] = add(all[column], amount);
  }
}

/** A column is of one kind: its rows and amounts are both numbers or both bigints. */
function add(a: number | bigint | undefined, b: number | bigint): number | bigint {
  if (a === undefined) return b;
  return typeof a === "bigint" ? a + (b as bigint) : a + (b as number);
}

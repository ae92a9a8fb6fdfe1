/** Columns of a row that hold sums. */
export type SumColumn<Row> = { [Column in keyof Row]: Row[Column] extends number | bigint ? Column : never }[keyof Row];

/** What is added to sums of a row. */
export type Amounts<Row> = { [Column in SumColumn<Row>]?: Row[Column] };

/** A row's sums with amounts added: only the columns that change. */
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

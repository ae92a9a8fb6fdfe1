/** Reader of rows, one statement at a time. */
export interface SqlReader {
  query<Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]>;
}

/** Runner of statements that may write. */
export interface SqlWriter {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/** Returns true when all of some tables exist. */
export async function haveTables(writer: SqlWriter, ...names: readonly string[]): Promise<boolean> {
  const text = "select bool_and(to_regclass(name) is not null) as exist from unnest($1::text[]) name";
  return (await writer.query(text, [names])).rows[0]?.exist === true;
}

/** Returns a name as SQL takes it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

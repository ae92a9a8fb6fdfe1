/** Reader of rows, one statement at a time. */
export interface SqlReader {
  query<Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]>;
}

/** Runner of statements that may write. */
export interface SqlWriter {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/** Returns a name as SQL takes it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

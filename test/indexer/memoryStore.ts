/** The store that Ponder gives to handlers, in memory: it tells what each handler changed. */
import { getTableColumns, getTableName } from "drizzle-orm";
import { getTableConfig, type PgTable } from "drizzle-orm/pg-core";

export type StoredRow = Readonly<Record<string, unknown>>;
type Change = Partial<StoredRow> | ((row: StoredRow) => Partial<StoredRow>);

/** A row before and after; undefined where there was none. */
export interface RowChange {
  readonly table: string;
  readonly key: string;
  readonly before: StoredRow | undefined;
  readonly after: StoredRow | undefined;
}

/** Hex is kept in lower case, as Ponder does. */
function normal(row: StoredRow): StoredRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === "string" && /^0x[0-9a-fA-F]*$/.test(value) ? value.toLowerCase() : value,
    ]),
  );
}

function keyNames(table: PgTable): string[] {
  const names = new Map(Object.entries(getTableColumns(table)).map(([name, column]) => [column.name, name]));
  return getTableConfig(table).primaryKeys.flatMap(({ columns }) =>
    columns.map((column) => names.get(column.name) ?? column.name),
  );
}

export class MemoryStore {
  readonly #tables = new Map<string, Map<string, StoredRow>>();
  #changes = new Map<string, RowChange>();

  /** Rows that were changed since the last time, once each. */
  takeChanges(): RowChange[] {
    const changes = [...this.#changes.values()];
    this.#changes = new Map();
    return changes;
  }

  readonly find = async (table: PgTable, key: StoredRow): Promise<StoredRow | null> =>
    this.#rows(table).get(this.#key(table, key)) ?? null;

  readonly insert = (table: PgTable) => ({
    values: (given: StoredRow | readonly StoredRow[]) => {
      const rows = Array.isArray(given) ? (given as readonly StoredRow[]) : [given as StoredRow];
      const write = async (onConflict: (row: StoredRow) => StoredRow | undefined): Promise<StoredRow | undefined> => {
        let last: StoredRow | undefined;
        for (const row of rows) {
          const known = this.#rows(table).get(this.#key(table, row));
          last = known ? onConflict(known) : row;
          if (last) last = this.#write(table, last);
        }
        return last;
      };
      const refuse = () => {
        throw new Error(`${getTableName(table)} has this row.`);
      };
      return {
        // biome-ignore lint/suspicious/noThenProperty: it is awaited, as Ponder's is
        then: (resolve: (row: StoredRow | undefined) => unknown, reject: (error: unknown) => unknown) =>
          write(refuse).then(resolve, reject),
        onConflictDoNothing: () => write(() => undefined),
        onConflictDoUpdate: (change: Change) => write((row) => changed(row, change)),
      };
    },
  });

  readonly update = (table: PgTable, key: StoredRow) => ({
    set: async (change: Change): Promise<StoredRow> => {
      const row = this.#rows(table).get(this.#key(table, key));
      if (!row) throw new Error(`${getTableName(table)} has no row ${this.#key(table, key)}.`);
      return this.#write(table, changed(row, change));
    },
  });

  readonly delete = async (table: PgTable, key: StoredRow): Promise<boolean> => {
    const name = this.#key(table, key);
    const before = this.#rows(table).get(name);
    if (before) this.#note(table, name, before, undefined);
    return this.#rows(table).delete(name);
  };

  #write(table: PgTable, row: StoredRow): StoredRow {
    const key = this.#key(table, row);
    const kept = Object.freeze(normal(row));
    this.#note(table, key, this.#rows(table).get(key), kept);
    this.#rows(table).set(key, kept);
    return kept;
  }

  #note(table: PgTable, key: string, before: StoredRow | undefined, after: StoredRow | undefined): void {
    const name = getTableName(table);
    const first = this.#changes.get(`${name}/${key}`);
    this.#changes.set(`${name}/${key}`, { table: name, key, before: first ? first.before : before, after });
  }

  #rows(table: PgTable): Map<string, StoredRow> {
    const name = getTableName(table);
    const known = this.#tables.get(name) ?? new Map();
    this.#tables.set(name, known);
    return known;
  }

  #key(table: PgTable, row: StoredRow): string {
    return keyNames(table)
      .map((name) => `${row[name]}`.toLowerCase())
      .join("/");
  }
}

function changed(row: StoredRow, change: Change): StoredRow {
  return { ...row, ...(typeof change === "function" ? change(row) : change) };
}

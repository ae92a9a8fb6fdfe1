// Ponder drops all indexes when it goes on with tables, and makes them anew when it has caught up: readers would be without them for
// minutes at each restart. It knows them by their names alone, so they have others until it is done with dropping.
import pg from "pg";
import { quoted } from "./sql.ts";

const HIDDEN = "kept_";

interface Index {
  readonly oid: number;
  readonly name: string;
  readonly comment: string | null;
}

/** Gives the indexes of a schema names that Ponder doesn't know. Primary keys, which it leaves alone, keep theirs. */
export async function hideIndexes(client: pg.ClientBase, schema: string): Promise<void> {
  for (const { oid, name } of await indexesOf(client, schema)) {
    if (name.startsWith(HIDDEN)) continue;
    const hidden = `${HIDDEN}${oid}`;
    // Statements of one query are one transaction.
    await client.query(
      `alter index ${quoted(schema)}.${quoted(name)} rename to ${hidden};
       comment on index ${quoted(schema)}.${hidden} is ${pg.escapeLiteral(name)}`,
    );
  }
}

/** Gives them their names back: Ponder finds them made. */
export async function showIndexes(client: pg.ClientBase, schema: string): Promise<void> {
  const indexes = await indexesOf(client, schema);
  const names = new Set(indexes.map(({ name }) => name));
  for (const { name: hidden, comment: name } of indexes) {
    if (!hidden.startsWith(HIDDEN) || name === null) continue;
    const index = `${quoted(schema)}.${quoted(hidden)}`;
    // One that was made anew meanwhile is as good.
    if (names.has(name)) await client.query(`drop index ${index}`);
    else await client.query(`comment on index ${index} is null; alter index ${index} rename to ${quoted(name)}`);
  }
}

async function indexesOf(client: pg.ClientBase, schema: string): Promise<Index[]> {
  const { rows } = await client.query<Index>(
    `select i.oid, i.relname as name, obj_description(i.oid, 'pg_class') as comment from pg_index x
     join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid join pg_namespace n on n.oid = i.relnamespace
     where n.nspname = $1 and not x.indisprimary and x.indisvalid and t.relname !~ '^_' order by 2`,
    [schema],
  );
  return rows;
}

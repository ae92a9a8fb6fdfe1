import pg from "pg";

/** Names of a schema's indexes, primary keys left out, and the files that they are in: one that is made anew has another. */
export async function indexesOf(url: string, schema: string): Promise<Record<string, number>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; file: number }>(
      `select i.relname as name, i.relfilenode as file from pg_index x
       join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid join pg_namespace n on n.oid = i.relnamespace
       where n.nspname = $1 and not x.indisprimary and t.relname !~ '^_' order by 1`,
      [schema],
    );
    return Object.fromEntries(rows.map(({ name, file }) => [name, file]));
  } finally {
    await client.end();
  }
}

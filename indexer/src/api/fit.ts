import type { Reader } from "./sql/pool.ts";

/** A column as the database names it. */
export interface NeededColumn {
  readonly table: string;
  readonly column: string;
}

/** Those columns that a schema of the database does not have, as `table.column`. */
export async function readLacking(reader: Reader, place: string, needed: readonly NeededColumn[]): Promise<string[]> {
  const rows = await reader.query<{ lacking: string }>(
    `select n.t || '.' || n.c as lacking from unnest($2::text[], $3::text[]) as n (t, c)
     where not exists (
       select 1 from pg_attribute a join pg_class r on r.oid = a.attrelid join pg_namespace s on s.oid = r.relnamespace
       where s.nspname = $1 and r.relname = n.t and a.attname = n.c and not a.attisdropped
     )`,
    [place, needed.map(({ table }) => table), needed.map(({ column }) => column)],
  );
  return rows.map(({ lacking }) => lacking);
}

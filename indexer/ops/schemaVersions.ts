// Tables of one and the same version can be built again beside themselves: `grid_x`, `grid_x_2`, `grid_x_3` ...
// The views show one of them, and that is the one that an indexer goes on with.
import type pg from "pg";
import type { SqlReader } from "./sql.ts";

/** Number of a schema among those that are named after `base`, from 1. Undefined if it is none of them. */
export function versionOf(base: string, schema: string): number | undefined {
  if (schema === base) return 1;
  const suffix = schema.startsWith(`${base}_`) ? schema.slice(base.length + 1) : "";
  return /^[2-9]$|^[1-9]\d{1,3}$/.test(suffix) ? Number(suffix) : undefined;
}

export function schemaOfVersion(base: string, version: number): string {
  return version === 1 ? base : `${base}_${version}`;
}

/** Returns whether `candidate` is a later build of the same base as `own`. */
export function succeeds(candidate: string, own: string): boolean {
  if (versionOf(own, candidate) !== undefined) return candidate !== own;
  const [, base, number] = /^(.+)_(\d+)$/.exec(own) ?? [];
  if (base === undefined || versionOf(base, own) === undefined) return false;
  return (versionOf(base, candidate) ?? 0) > Number(number);
}

/**
 * The schema that an indexer goes on with: what the views show, if it is of this base. If they show another version, it is the last
 * one that was built of this base; at first, the base itself.
 */
export async function currentSchema(client: pg.Client, base: string, views: string): Promise<string> {
  const shown = await shownSchema(client, views);
  if (shown !== undefined && versionOf(base, shown) !== undefined) return shown;
  const { rows } = await client.query<{ schema: string }>(
    `select n.nspname as schema from pg_namespace n join pg_class c on c.relnamespace = n.oid
     where c.relname = '_ponder_meta' and c.relkind = 'r'`,
  );
  const built = rows.map(({ schema }) => versionOf(base, schema) ?? 1);
  return schemaOfVersion(base, Math.max(1, ...built));
}

/** The schema to build anew beside the current one. One that was begun is gone on with. */
export async function nextSchema(client: pg.Client, base: string, views: string): Promise<string> {
  const current = await currentSchema(client, base, views);
  return schemaOfVersion(base, (versionOf(base, current) ?? 1) + 1);
}

/** The schema that the views show. Undefined if there are none. */
export function shownSchema(client: pg.Client, views: string): Promise<string | undefined> {
  return readTablesSchema(
    { query: async (text, values) => (await client.query(text, values as unknown[])).rows },
    views,
  );
}

/**
 * The schema that holds the tables: `schema` itself, or, when that has but views of them, the one behind. Undefined when there
 * is neither yet.
 */
export async function readTablesSchema(reader: SqlReader, schema: string): Promise<string | undefined> {
  const [row] = await reader.query<{ kind: string; behind: string | null }>(
    `select c.relkind as kind,
            (select bn.nspname from pg_rewrite r
             join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
             join pg_class b on b.oid = d.refobjid and b.oid <> r.ev_class
             join pg_namespace bn on bn.oid = b.relnamespace
             where r.ev_class = c.oid limit 1) as behind
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = '_ponder_checkpoint'`,
    [schema],
  );
  if (!row) return undefined;
  return row.kind === "v" ? (row.behind ?? undefined) : schema;
}

import type pg from "pg";
import { readerLock, tryLock, writerLock } from "./advisoryLocks.ts";

/** Outcome for a schema, and the reason. */
export interface Pruned {
  readonly schema: string;
  readonly removed: boolean;
  readonly reason: string;
}

/** Names that the indexer gives by itself: a fingerprint, and a number when it was built again. */
const ownName = /^grid_[0-9a-f]{12}(_\d+)?$/;

/**
 * Removes tables of the indexer that nobody needs: no view shows them, no indexer works on them, and no reader answers from them.
 * @param base Also schemas of this name, and those that were built again from it.
 */
export async function prune(client: pg.Client, base: string): Promise<Pruned[]> {
  const { rows } = await client.query<{ schema: string; views: string[] | null }>(
    `select n.nspname as schema,
            (select array_agg(distinct vn.nspname::text) from pg_class t
             join pg_depend d on d.refobjid = t.oid and d.refclassid = 'pg_class'::regclass
               and d.classid = 'pg_rewrite'::regclass
             join pg_rewrite r on r.oid = d.objid
             join pg_class v on v.oid = r.ev_class
             join pg_namespace vn on vn.oid = v.relnamespace and vn.oid <> n.oid
             where t.relnamespace = n.oid) as views
     from pg_namespace n
     where exists (select 1 from pg_class c where c.relnamespace = n.oid and c.relname = '_ponder_meta' and c.relkind = 'r')
     order by n.nspname`,
  );
  const ours = rows.filter(
    ({ schema }) => ownName.test(schema) || schema === base || new RegExp(`^${base}_\\d+$`).test(schema),
  );
  const pruned: Pruned[] = [];
  for (const { schema, views } of ours) pruned.push(await pruneOne(client, schema, views ?? []));
  return pruned;
}

async function pruneOne(client: pg.Client, schema: string, views: readonly string[]): Promise<Pruned> {
  if (views.length > 0) return { schema, removed: false, reason: `${views.join(", ")} shows it` };
  await client.query("begin");
  try {
    // Held until the end: nobody begins to use it meanwhile.
    for (const [lock, who] of [
      [writerLock(schema), "an indexer works on it"],
      [readerLock(schema), "a reader answers from it"],
    ] as const) {
      if (!(await tryLock(client, lock))) return { schema, removed: false, reason: who };
    }
    await client.query(`drop schema ${client.escapeIdentifier(schema)} cascade`);
    await client.query("commit");
    return { schema, removed: true, reason: "nobody uses it" };
  } finally {
    await client.query("rollback");
  }
}

// Puts a gallery into the tables that the indexer has made, by COPY.
import type pg from "pg";
import { copyRow, copyRows } from "../measure/copy.ts";
import { withClient } from "../measure/postgres.ts";
import { CHAIN_ID } from "../synthetic/deployment.ts";
import { Gallery, type KnownModel, type Row, type Rows, type Surroundings } from "./gallery.ts";

/** Artworks that are made and copied at a time. */
const PIECE = 20_000;

/**
 * Loads `count` artworks into the tables of `schema`. The indexer must have stopped: it makes its indexes anew when it starts.
 * @param progress Called with the number of artworks that are in.
 */
export async function loadGallery(
  url: string,
  schema: string,
  count: number,
  progress: (artworks: number) => void,
): Promise<void> {
  await withClient(url, async (client) => {
    await client.query("set session_replication_role = replica"); // no triggers: nothing of this can be reorganised
    await client.query(`set search_path to "${schema}"`);
    await dropIndexes(client, schema);
    const columns = await columnsOf(client, schema);
    const copy = async (rows: Rows): Promise<void> => {
      for (const [table, each] of rows) await copyTable(client, table, columns.get(table), each);
    };
    const gallery = new Gallery(await surroundingsOf(client));
    for (let made = 0; made < count; made += PIECE) {
      await copy(gallery.next(Math.min(PIECE, count - made)));
      progress(Math.min(made + PIECE, count));
    }
    await client.query(`delete from daily_statistics where chain_id = ${CHAIN_ID}`);
    await copy(gallery.sums());
    for (const statement of totals) await client.query(statement);
  });
}

/** Brings the planner's statistics and the visibility map up to date. */
export async function vacuum(url: string, schema: string): Promise<void> {
  await withClient(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = $1 and tablename !~ '^_'",
      [schema],
    );
    for (const { name } of rows) await client.query(`vacuum (analyze) "${schema}"."${name}"`);
  });
}

/** What the counters of other rows must say. */
const totals = [
  `update model m set artworks = s.artworks, versions = s.versions from (
     select model_id, count(*)::int as artworks, sum(versions)::int as versions from artwork group by model_id) s
   where m.model_id = s.model_id`,
  `update worker w set versions = s.versions from (select worker, count(*)::int as versions from artwork_version group by worker) s
   where w.address = s.worker`,
  `update protocol set
     artworks = (select count(*) from artwork), supply = (select count(*) from artwork), series = (select count(*) from series),
     accounts = (select count(*) from account), holders = (select count(*) from account where artworks_owned > 0),
     artists = (select count(*) from account where artworks_created > 0),
     transfers = (select sum(transfers) from artwork), evolutions = (select sum(versions - 1) from artwork)`,
];

async function dropIndexes(client: pg.Client, schema: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select i.indexname as name from pg_indexes i where i.schemaname = $1 and i.tablename !~ '^_'
     and not exists (select from pg_constraint c where c.conname = i.indexname and c.connamespace = $1::regnamespace)`,
    [schema],
  );
  for (const { name } of rows) await client.query(`drop index "${name}"`);
}

async function columnsOf(client: pg.Client, schema: string): Promise<Map<string, string[]>> {
  const { rows } = await client.query<{ table: string; columns: string[] }>(
    `select table_name as table, array_agg(column_name::text order by ordinal_position) as columns
     from information_schema.columns where table_schema = $1 group by 1`,
    [schema],
  );
  return new Map(rows.map(({ table, columns }) => [table, columns]));
}

async function copyTable(
  client: pg.Client,
  table: string,
  columns: readonly string[] | undefined,
  rows: readonly Row[],
): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const given = new Map(Object.keys(first).map((name) => [snakeCase(name), name]));
  const missing = (columns ?? []).filter((column) => !given.has(column));
  const unknown = [...given.keys()].filter((column) => !columns?.includes(column));
  if (!columns || missing.length > 0 || unknown.length > 0) {
    const faults = [
      ...missing.map((column) => `lacks ${column}`),
      ...unknown.map((column) => `has no place for ${column}`),
    ];
    throw new Error(`bench/api/gallery.ts must be fitted to the table ${table}: it ${faults.join(", ")}.`);
  }
  const names = columns.map((column) => given.get(column) ?? column);
  const lines = function* (): Generator<string> {
    for (const row of rows) yield copyRow(names.map((name) => row[name]));
  };
  const quoted = columns.map((column) => `"${column}"`).join(", ");
  await copyRows(client, `"${table}" (${quoted})`, lines());
}

/** A name of the schema's file as Postgres has it. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

async function surroundingsOf(client: pg.Client): Promise<Surroundings> {
  const models = await client.query<KnownModel>(
    'select model_id as "modelId", family, name, version from model order by model_id',
  );
  const workers = await client.query<{ address: string }>("select address from worker where registered order by seq");
  return {
    models: models.rows.map((row) => ({ ...row, modelId: BigInt(row.modelId) })),
    workers: workers.rows.map(({ address }) => address),
  };
}

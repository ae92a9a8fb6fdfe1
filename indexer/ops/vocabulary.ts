// Vocabulary: the words of the newest artworks, for searches to find what was meant (`query/spellings.ts`). It is a table of its own in the
// indexer's schema: Ponder doesn't know it, a reorganisation doesn't touch it. It may lag behind, and no search needs it.
import type pg from "pg";
import { withMaintenanceClient } from "./database.ts";
import { log, messageOf } from "./log.ts";
import { quoted } from "./sql.ts";

/** Table of words, beside those of the indexer. */
export const VOCABULARY = "_vocabulary";

/** Newest artworks whose words are counted. */
const MAX_ARTWORKS = 200_000;
/** Artworks that are read at a time: a reorganisation waits for whoever reads. */
const PIECE = 10_000;
/** Words that are kept, the most frequent first. */
const MAX_KEPT = 100_000;
/**
 * Artworks from which on words of a single one are not kept. They are names, numbers and slips themselves: nobody means them by another
 * word, and there are as many as artworks, near to each other.
 */
const MANY = 5_000;
/** Milliseconds between two makings, at least. */
const PAUSE = 60_000;
/** Factor of the time that making it took, for which it is left alone. */
const REST = 50;
const MINUTE = 60_000;

// Readers wait behind whoever waits for them: not for long.
const settings = { work: "vocabulary", statementTimeout: 10 * MINUTE, lockTimeout: 1_000 };

/** Makes the vocabulary, and makes it anew as artworks change, as long as the process lives. A failure is logged and tried again. */
export function keepVocabulary(schema: string): void {
  let changed: string | undefined;
  const make = async (): Promise<void> => {
    const began = Date.now();
    try {
      changed = await withMaintenanceClient(settings, async (client) => {
        const latest = await latestChange(client, schema);
        if (latest !== changed) await makeVocabulary(client, schema);
        return latest;
      });
    } catch (error) {
      const msg = "The vocabulary of the search was not made: words are found as they are written";
      log(40, msg, { error: messageOf(error) });
    }
    setTimeout(make, Math.max(PAUSE, REST * (Date.now() - began))).unref();
  };
  void make();
}

async function latestChange(client: pg.ClientBase, schema: string): Promise<string> {
  const { rows } = await client.query<{ latest: string }>(
    `select coalesce(max(updated_seq), -1) || '/' || count(*) as latest from (select updated_seq from ${quoted(schema)}.artwork order by chain_id desc, updated_seq desc limit 1) newest`,
  );
  return rows[0]?.latest ?? "";
}

/** Makes the table of words in place of the one that is there. `many`: artworks from which on words of a single one are not kept. */
export async function makeVocabulary(client: pg.ClientBase, schema: string, many = MANY): Promise<void> {
  const [tables, next] = [quoted(schema), `${quoted(schema)}._vocabulary_next`];
  await client.query('create temp table if not exists counted (word text collate "C", artworks int); truncate counted');
  let read = 0;
  let last: RowKey | undefined = { chain: 2_147_483_647, token: LAST_TOKEN };
  while (last && read < MAX_ARTWORKS) {
    const piece = await countPiece(client, tables, last);
    read += piece?.artworks ?? 0;
    last = piece;
  }
  const least = read < many ? 1 : 2;
  await client.query(`drop table if exists ${next}`);
  await client.query(
    `create table ${next} as
       select word, artworks,
         word || array(select distinct left(word, i - 1) || substr(word, i + 1) from generate_series(1, length(word)) i) as deletions
       from (
         select word, sum(artworks)::int as artworks from counted group by word having sum(artworks) >= ${least} order by 2 desc, 1 limit ${MAX_KEPT}) kept`,
  );
  await client.query("truncate counted");
  await client.query(`alter table ${next} add primary key (word)`);
  await client.query(`create index on ${next} using gin (deletions) with (fastupdate = false)`);
  await client.query(`vacuum analyze ${next}`);
  await client.query(
    `begin; drop table if exists ${tables}.${VOCABULARY}; alter table ${next} rename to ${VOCABULARY}; commit`,
  );
}

/** Key of a row. */
interface RowKey {
  readonly chain: number;
  readonly token: string;
}

const LAST_TOKEN = `1${"0".repeat(77)}`;

/** Artworks whose words were counted: their number, and the key of the oldest. */
interface Piece extends RowKey {
  readonly artworks: number;
}

/** Counts the words of artworks older than one. Returns undefined when there is none. */
async function countPiece(client: pg.ClientBase, tables: string, before: RowKey): Promise<Piece | undefined> {
  // Words of letters alone: others are not taken for each other.
  const { rows } = await client.query<Piece>(
    `with piece as materialized (
       select chain_id, token_id, words from ${tables}.artwork_text where (chain_id, token_id) < ($1::int, $2::numeric)
       order by chain_id desc, token_id desc limit ${PIECE}),
     counting as (
       insert into counted select lexeme, count(*)::int from piece, unnest(words) where lexeme ~ '^[^0-9#]{4,32}$' group by lexeme)
     select chain_id as chain, token_id::text as token, (select count(*)::int from piece) as artworks from piece order by chain_id, token_id limit 1`,
    [before.chain, before.token],
  );
  return rows[0];
}

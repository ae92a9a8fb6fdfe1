// The floor of the API bench: hono, pg, and SQL written by hand for just these questions, on the indexer's tables. A program:
//   tsx bench/api/raw.ts <database> <schema> <port>
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import pg from "pg";
import { tsqueryOf } from "../../indexer/src/lib/fullText/searchQuery.ts";
import { CHAIN_ID } from "../synthetic/deployment.ts";

const [database = "", schema = "", port = ""] = process.argv.slice(2);
const pool = new pg.Pool({
  connectionString: database,
  max: 8,
  options: `-c search_path="${schema}" -c plan_cache_mode=force_custom_plan -c random_page_cost=1.1`,
});

const columns = `token_id as "tokenId", name, image_hash as "imageHash", cid, model_id as "modelId", sampler, width, height,
  minted_at as "mintedAt", versions, trending`;
const orders: Readonly<Record<string, string>> = {
  NEWEST: "token_id desc",
  TRENDING: "trending desc, token_id desc",
};
const filters: Readonly<Record<string, string>> = { model: "model_id", artist: "artist", worker: "worker" };

interface Question {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

async function rows({ name, text, values }: Question): Promise<unknown[]> {
  return (await pool.query({ name, text, values: [...values] })).rows;
}

function listOf(filter: string, order: string, value: string): Question {
  const [column, sort] = [filters[filter], orders[order]];
  if (column === undefined || sort === undefined) throw new Error("There is no such list.");
  const text = `select ${columns} from artwork where chain_id = ${CHAIN_ID} and ${column} = $1 and not burned order by ${sort} limit 24`;
  return { name: `list ${filter} ${order}`, text, values: [value] };
}

const nested = {
  name: "nested",
  text: `select a.token_id as "tokenId", a.name, e.activity from (
    select token_id, name from artwork where chain_id = ${CHAIN_ID} and model_id = $1 and not burned order by token_id desc limit 24) a
    cross join lateral (select json_agg(l) as activity from (
      select kind, time from activity v where v.chain_id = ${CHAIN_ID} and v.token_id = a.token_id order by seq desc limit 3) l) e`,
};

const deep = {
  name: "deep",
  text: `select a.token_id as "tokenId", a.name, json_build_object('name', m.name) as model,
    json_build_object('address', r.address, 'artworksCreated', r.artworks_created) as artist,
    json_build_object('address', o.address, 'artworksOwned', o.artworks_owned) as owner, e.activity from (
    select * from artwork where chain_id = ${CHAIN_ID} and model_id = $1 and not burned order by token_id desc limit 24) a
    left join model m on m.chain_id = a.chain_id and m.model_id = a.model_id
    left join account r on r.chain_id = a.chain_id and r.address = a.artist
    left join account o on o.chain_id = a.chain_id and o.address = a.owner
    cross join lateral (select json_agg(l) as activity from (
      select kind, time from activity v where v.chain_id = a.chain_id and v.token_id = a.token_id order by seq desc limit 3) l) e`,
};

/** The newest 200 matches, the best of them first. */
const search = {
  name: "search",
  text: `with found as materialized (
      select token_id, words from artwork_text where chain_id = ${CHAIN_ID} and words @@ $1::tsquery order by token_id desc limit 200),
    best as (select token_id, ts_rank(words, $1::tsquery) as rank from found order by 2 desc, 1 desc limit 24)
    select ${columns.replace("token_id", "a.token_id")} from best join artwork a on a.chain_id = ${CHAIN_ID} and a.token_id = best.token_id
    order by best.rank desc, a.token_id desc`,
};

const byId = {
  name: "by id",
  text: `select ${columns} from artwork where chain_id = ${CHAIN_ID} and token_id = $1`,
};

const app = new Hono();
app.get("/artwork/:id", async (c) => c.json((await rows({ ...byId, values: [c.req.param("id")] }))[0] ?? null));
app.get("/list/:filter/:order/:value", async (c) => {
  const { filter, order, value } = c.req.param();
  return c.json(await rows(listOf(filter, order, value)));
});
app.get("/nested/:model", async (c) => c.json(await rows({ ...nested, values: [c.req.param("model")] })));
app.get("/deep/:model", async (c) => c.json(await rows({ ...deep, values: [c.req.param("model")] })));
app.get("/search", async (c) => c.json(await rows({ ...search, values: [tsqueryOf(c.req.query("q") ?? "")] })));

serve({ fetch: app.fetch, port: Number(port), hostname: "127.0.0.1" }, () =>
  console.log(JSON.stringify({ ready: true })),
);

/**
 * Every filter of artworks with every order: the same as a plain look at each artwork finds, forwards and backwards, and by plans that stay
 * fast however many artworks there are: no look at the whole table, no sorting of all that there is.
 */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SCAN_LIMIT, SORT_LIMIT } from "../../indexer/src/api/query/queryPlan.ts";
import { type Gallery, type StatementRun, startGallery } from "./gallery.ts";
import { listFields } from "./questions.ts";
import { filtered, ordered } from "./referenceQueries.ts";

const COUNT = 10_000;
const orders = (listFields().find(({ name }) => name === "artworks")?.orders ?? []).filter(
  (name) => name !== "RELEVANCE",
);

let gallery: Gallery;
let client: pg.Client;

beforeAll(async () => {
  gallery = await startGallery(COUNT);
  client = new pg.Client({ connectionString: gallery.url });
  await client.connect();
  // As in the pool.
  await client.query("set random_page_cost = 1.1; set jit = off; set max_parallel_workers_per_gather = 0");
}, 600_000);

afterAll(async () => {
  await client?.end();
  await gallery?.stop();
});

/** Filters of all kinds: with many, few, one and no artworks, and several at once. */
function filtersOf({ artworks, now }: Gallery["catalogue"]): Record<string, Record<string, unknown>> {
  const began = Number(artworks[0]?.mintedAt);
  const at = (part: number): number => Math.round(began + (now - began) * part);
  const seqs = artworks.map(({ updatedSeq }) => updatedSeq).sort((a, b) => (a < b ? -1 : 1));
  const blockAt = (part: number): number => Number(seqs[Math.floor(part * seqs.length)] ?? 0n) / 1_000_000;
  const [parent] = [...artworks].sort((a, b) => b.remixes - a.remixes);
  const one = artworks[4_321];
  const most = { artist: artworks[0]?.artist, worker: `0x776f${"0".repeat(36)}` };
  return {
    everything: {},
    tokenIds: { tokenIds: artworks.slice(50, 90).map(({ tokenId }) => `${tokenId}`) },
    imageHash: { imageHash: one?.imageHash },
    cid: { cid: one?.cid },
    tx: { tx: gallery.catalogue.rows.transfer?.at(-1)?.tx },
    "ever owned by one of many": { everOwnedBy: most.artist },
    "ever owned by one, by an artist": { everOwnedBy: [one?.owner], artist: most.artist },
    seriesId: { seriesId: `${one?.seriesId}` },
    "the artist of many": { artist: most.artist },
    "several artists": { artist: artworks.slice(100, 110).map(({ artist }) => artist) },
    owner: { owner: one?.owner },
    "a worker of many": { worker: most.worker },
    "a model of many": { modelIds: "1" },
    "a model of few": { modelIds: ["39"] },
    "some models": { modelIds: ["2", "3", "30"] },
    "no model": { modelIds: ["999"] },
    families: { families: ["SD15", "FLUX1_DEV"] },
    "verified models": { verifiedModel: true },
    "models that aren't verified": { verifiedModel: false },
    "a tag of many": { tags: "Fox" },
    "a tag of few": { tags: ["rare"] },
    "a tag of none": { tags: ["nothing"] },
    "some tags": { tags: ["sea", "gold"] },
    "all tags": { allTags: ["fox", "sea"] },
    samplers: { samplers: ["euler_a"] },
    "rare samplers": { samplers: ["heun", "unipc"] },
    schedulers: { schedulers: "karras" },
    width: { width: 512 },
    height: { height: 1216 },
    sizes: { sizes: ["512x768", "640x640"] },
    steps: { steps: 30 },
    policy: { policy: "OWNER" },
    "minted lately": { mintedAfter: at(0.78) },
    "minted early": { mintedBefore: at(0.03) },
    "minted between": { mintedAfter: at(0.3), mintedBefore: at(0.5) },
    "updated lately": { updatedAfter: at(0.97) },
    "not updated lately": { updatedBefore: at(0.5) },
    "updated since a block of late": { updatedSinceBlock: blockAt(0.97) },
    "updated since a block of early": { updatedSinceBlock: blockAt(0.1) },
    "updated since a block that no chain has": { updatedSinceBlock: Number.MAX_SAFE_INTEGER },
    "updated since the first block": { updatedSinceBlock: 0 },
    "updated since a block, and of a model": { updatedSinceBlock: blockAt(0.9), modelIds: ["2"] },
    "burnt since a block": { updatedSinceBlock: blockAt(0.9), burned: true },
    "with a parent": { hasParent: true },
    "without a parent": { hasParent: false },
    remixOf: { remixOf: `${parent?.tokenId}` },
    evolved: { evolved: true },
    "not evolved": { evolved: false },
    listed: { listed: true },
    "not listed": { listed: false },
    price: { minPrice: `${10n ** 17n}`, maxPrice: `${2n * 10n ** 17n}` },
    burned: { burned: true },
    "two of many": { samplers: ["euler_a"], worker: most.worker },
    "three of many": { samplers: ["euler_a", "euler"], modelIds: ["1", "2"], width: 512 },
    "many and few": { modelIds: ["1"], tags: ["rare"], listed: true },
    "things that exclude each other": { width: 512, sizes: ["1024x1024"] },
    "model and time": { modelIds: ["1"], mintedAfter: at(0.2), mintedBefore: at(0.6) },
  };
}

interface Page {
  readonly nodes: readonly { readonly tokenId: string }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly hasPreviousPage: boolean; readonly endCursor: string };
  readonly totalCount: number;
  readonly totalIsExact: boolean;
}

const question = `query ($filter: ArtworkFilter, $orderBy: ArtworkOrder, $first: Int, $after: String, $last: Int, $before: String) {
  artworks(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    nodes { tokenId } pageInfo { hasNextPage hasPreviousPage endCursor } totalCount totalIsExact
  }
}`;

interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows"?: number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly PlanNode[];
}

/** What of a plan would be slow with more rows: looks at whole tables, and long sorts. */
function slowParts(node: PlanNode): string[] {
  const [input] = node.Plans ?? [];
  const isScan = node["Node Type"] === "Seq Scan" && node["Relation Name"] === "artwork";
  const isSort = node["Node Type"] === "Sort" && (input?.["Actual Rows"] ?? 0) > SORT_LIMIT;
  const walked = (node["Rows Removed by Filter"] ?? 0) + (node["Actual Rows"] ?? 0);
  const isWalk = node["Node Type"].startsWith("Index") && node["Relation Name"] === "artwork" && walked > SCAN_LIMIT;
  return [
    ...(isScan || isSort || isWalk ? [`${node["Node Type"]} ${input?.["Actual Rows"] ?? walked}`] : []),
    ...(node.Plans ?? []).flatMap(slowParts),
  ];
}

/** The plan that Postgres runs a statement by. */
async function planOf({ text, values, isKept }: StatementRun): Promise<PlanNode> {
  const explain = "explain (analyze, timing off, format json)";
  if (!isKept) {
    const { rows } = await client.query({ text: `${explain} ${text}`, values: [...values] });
    return rows[0]["QUERY PLAN"][0].Plan;
  }
  const literal = (value: unknown): string =>
    Array.isArray(value) ? `{${value.map((item) => JSON.stringify(item)).join()}}` : String(value);
  const given = values.map((value) => client.escapeLiteral(literal(value))).join(", ");
  await client.query(`set plan_cache_mode = force_generic_plan; prepare kept as ${text}`);
  const { rows } = await client.query(`${explain} execute kept${given === "" ? "" : `(${given})`}`);
  await client.query("deallocate kept; reset plan_cache_mode");
  return rows[0]["QUERY PLAN"][0].Plan;
}

/** Slow parts of the statements that were run since the last time. */
async function slowOnes(): Promise<string[]> {
  const found: string[] = [];
  let wasProbed = false;
  for (const statement of gallery.statements.splice(0)) {
    const { text } = statement;
    // Counts are no pages: those that aren't kept go up to their limit.
    if (/^select (count\(\*\)::int|\w+) as count/.test(text) || !text.includes('"artwork"')) continue;
    // Where a walk found too little, what follows may take longer.
    if (!wasProbed) found.push(...slowParts(await planOf(statement)).map((part) => `${part} in ${text}`));
    wasProbed = / limit \d+\) t0 where /.test(text);
  }
  return found;
}

describe.each(orders)("%s", (orderBy) => {
  it("lists what every filter lets through, by plans that stay fast", async () => {
    const { catalogue } = gallery;
    const slow: string[] = [];
    const filters = Object.entries(filtersOf(catalogue));
    for (const [i, [name, filter]] of filters.entries()) {
      const all = ordered(filtered(catalogue, filter), orderBy).map(({ tokenId }) => `${tokenId}`);
      gallery.statements.splice(0);
      const ask = async (page: Record<string, unknown>): Promise<Page> =>
        (await gallery.ask<{ artworks: Page }>(question, { filter, orderBy, ...page })).artworks;
      const first = await ask({ first: 24 });
      const told = first.nodes.map(({ tokenId }) => tokenId);
      expect([name, told]).toEqual([name, all.slice(0, 24)]);
      expect([name, first.pageInfo.hasNextPage, first.pageInfo.hasPreviousPage]).toEqual([
        name,
        all.length > 24,
        false,
      ]);
      const count = all.length;
      expect([name, first.totalCount, first.totalIsExact]).toEqual([
        name,
        first.totalIsExact ? count : 10_000,
        first.totalIsExact || count <= 10_000,
      ]);
      // Every filter is paged through in some orders, every order by some filters.
      const isPaged = i % 3 === orders.indexOf(orderBy) % 3;
      if (all.length > 24 && isPaged) {
        const second = await ask({ first: 30, after: first.pageInfo.endCursor });
        expect([name, second.nodes.map(({ tokenId }) => tokenId)]).toEqual([name, all.slice(24, 54)]);
        slow.push(...(await slowOnes()).map((part) => `${name}: ${part}`));
        const back = await ask({ last: 10, before: first.pageInfo.endCursor });
        expect([name, back.nodes.map(({ tokenId }) => tokenId)]).toEqual([name, all.slice(13, 23)]);
        expect(back.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
      }
      slow.push(...(await slowOnes()).map((part) => `${name}: ${part}`));
      if (!isPaged) continue;
      const end = await ask({ last: 5 });
      expect([name, end.nodes.map(({ tokenId }) => tokenId)]).toEqual([name, all.slice(-5)]);
    }
    expect(slow).toEqual([]);
  }, 300_000);
});

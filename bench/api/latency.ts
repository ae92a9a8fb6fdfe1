// Questions asked one at a time: every filter with every order, facets, deep pages.
import { withClient } from "../measure/postgres.ts";
import { median } from "../measure/results.ts";
import { each, prepare } from "./client.ts";
import { accounts, FIRST_MINT } from "./gallery.ts";

/** How long one kind of question takes, alone. */
export interface Latency {
  readonly name: string;
  /** Milliseconds: middle and worst of some different ones. */
  readonly median: number;
  readonly worst: number;
  /** Milliseconds that it may take. */
  readonly target: number;
}

const orders = [
  "NEWEST",
  "OLDEST",
  "RECENTLY_UPDATED",
  "TRENDING",
  "MOST_REMIXED",
  "MOST_VERSIONS",
  "MOST_TRANSFERRED",
  "TITLE",
  "TITLE_DESCENDING",
] as const;

/** Values that filters are asked with: some frequent, some rare, some of nothing. */
function filtersOf(found: {
  worker: string;
  tag: string;
  tokenId: string;
  end: number;
  block: number;
}): Readonly<Record<string, object>> {
  const middle = Math.floor((FIRST_MINT + found.end) / 2);
  return {
    "frequent model": { modelIds: ["1"] },
    "rare model": { modelIds: ["40"] },
    "models, one unknown": { modelIds: ["2", "999999"] },
    "unknown model": { modelIds: ["999999"] },
    family: { families: ["SDXL"] },
    "busy artist": { artist: [accounts[0]] },
    "rare artist": { artist: [accounts.at(-1)] },
    owner: { owner: [accounts[3]] },
    worker: { worker: [found.worker] },
    "frequent tag": { tags: [found.tag] },
    "unknown tag": { tags: ["no such tag"] },
    "two tags": { allTags: [found.tag, "no such tag"] },
    sampler: { samplers: ["euler"] },
    "sampler and worker": { samplers: ["lcm"], worker: [found.worker] },
    size: { sizes: ["832x1216"] },
    steps: { steps: 31 },
    policy: { policy: "OWNER" },
    "minted in an hour": { mintedAfter: middle, mintedBefore: middle + 3_600 },
    "minted in a second": { mintedAfter: middle, mintedBefore: middle + 2 },
    "updated late": { updatedAfter: found.end - 3_600 },
    "updated since a block": { updatedSinceBlock: found.block - 500 },
    remixes: { hasParent: true },
    "remixes of one": { remixOf: found.tokenId },
    evolved: { evolved: true },
    "verified model": { verifiedModel: true },
    listed: { listed: true },
    "model, sampler and tag": { modelIds: ["1"], samplers: ["euler"], tags: [found.tag] },
  };
}

/** Asks all of it. `facetTargets` names the numbers of matches that facets are asked for. */
export async function latencies(port: number, database: string, schema: string, artworks: number): Promise<Latency[]> {
  const found = await withClient(database, async (client) => {
    await client.query(`set search_path to "${schema}"`);
    const { rows } = await client.query<{ worker: string; tag: string; tokenId: string; end: string; block: string }>(
      `select (select value from attribute where field = 'worker' order by artworks desc limit 1) as worker,
              (select value from attribute where field = 'tag' order by artworks desc limit 1) as tag,
              (select remix_of::text from artwork where remix_of > 0 limit 1) as "tokenId",
              (select max(minted_at)::text from artwork) as "end",
              (select max(minted_block)::text from artwork) as block`,
    );
    const [row] = rows;
    if (!row) throw new Error("There are no artworks.");
    return { ...row, end: Number(row.end), block: Number(row.block) };
  });
  const results: Latency[] = [];
  for (const [name, filter] of Object.entries(filtersOf(found))) {
    const requests = orders.map((orderBy) => list(filter, orderBy));
    await each(port, requests); // plans and pages: what is measured is not the first of its kind
    results.push(summary(`${name}, any order`, await each(port, requests), 50));
  }
  results.push(...(await facets(port, database, schema, artworks)), ...(await deepPages(port, found.end)));
  return results;
}

function list(filter: object, orderBy: string) {
  const query = `query Matrix($filter: ArtworkFilter, $orderBy: ArtworkOrder) {
    artworks(first: 24, filter: $filter, orderBy: $orderBy) { nodes { tokenId name } pageInfo { hasNextPage endCursor } } }`;
  return prepare("/graphql", '"pageInfo"', { query, variables: { filter, orderBy } });
}

/** Facets of everything, and of the models whose artworks are nearest to 25,000 and 250,000. */
async function facets(port: number, database: string, schema: string, artworks: number): Promise<Latency[]> {
  const query = `query Facets($filter: ArtworkFilter) { artworkFacets(filter: $filter) {
    total models { modelId count } families { family count } samplers { value count } sizes { value count } verified { verified count } } }`;
  const ask = (filter: object | undefined) => prepare("/graphql", '"total"', { query, variables: { filter } });
  const counts = await withClient(database, async (client) => {
    const { rows } = await client.query<{ value: string; artworks: number }>(
      `select value, artworks from "${schema}".attribute where field = 'model' order by artworks desc`,
    );
    return rows;
  });
  // A bound that nothing reaches makes each question one that was not answered in this block.
  const different = (modelIds: readonly string[]) =>
    Array.from({ length: 12 }, (_, i) => ask({ modelIds, mintedAfter: FIRST_MINT - 1_000 - i }));
  const results = [
    summary(
      "5 facets of all",
      await each(
        port,
        Array.from({ length: 12 }, () => ask(undefined)),
      ),
      3,
    ),
  ];
  for (const [wanted, target] of [
    [25_000, 10],
    [250_000, 60],
  ] as const) {
    const modelIds: string[] = [];
    let matches = 0;
    for (const { value, artworks: more } of counts) {
      if (matches + more > wanted * 1.05) continue;
      matches += more;
      modelIds.push(value);
    }
    if (matches < wanted / 2 || wanted > artworks) continue;
    results.push(
      summary(`5 facets of ${matches.toLocaleString("en-US")} matches`, await each(port, different(modelIds)), target),
    );
  }
  return results;
}

/** Pages far from the beginning, in two orders. */
async function deepPages(port: number, end: number): Promise<Latency[]> {
  const results: Latency[] = [];
  for (const orderBy of ["NEWEST", "TRENDING"]) {
    const cursors: string[] = [];
    for (let part = 1; part < 10; part++) {
      const mintedBefore = Math.floor(FIRST_MINT + ((end - FIRST_MINT) * part) / 10);
      const { data } = await askNow<{ artworks: { pageInfo: { endCursor: string | null } } }>(
        port,
        "query Cursor($filter: ArtworkFilter, $orderBy: ArtworkOrder) { artworks(first: 1, filter: $filter, orderBy: $orderBy) { pageInfo { endCursor } } }",
        { filter: { mintedBefore }, orderBy },
      );
      if (data?.artworks.pageInfo.endCursor) cursors.push(data.artworks.pageInfo.endCursor);
    }
    const query = `query Deep($after: String!, $orderBy: ArtworkOrder) {
      artworks(first: 24, after: $after, orderBy: $orderBy) { nodes { tokenId name } pageInfo { hasNextPage endCursor } } }`;
    const requests = cursors.map((after) => prepare("/graphql", '"tokenId"', { query, variables: { after, orderBy } }));
    results.push(summary(`deep pages, ${orderBy}`, await each(port, requests), 50));
  }
  return results;
}

/** One question now. */
export async function askNow<Answer>(
  port: number,
  query: string,
  variables: object,
): Promise<{ data?: Answer; errors?: unknown }> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as { data?: Answer; errors?: unknown };
}

function summary(name: string, spent: readonly number[], target: number): Latency {
  const round = (value: number): number => Number(value.toFixed(1));
  return { name, median: round(median(spent)), worst: round(Math.max(...spent)), target };
}

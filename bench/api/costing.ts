// Measures what each kind of question takes the processors, beside what it is said to cost (indexer/src/api/graphql/costs.ts).
import { createExecutor, type GraphQLExecutor } from "../../indexer/src/api/graphql/executor.ts";
import { createReadPool } from "../../indexer/src/api/query/readPool.ts";
import { createRandom, type Random } from "../../test/fixtures/random.ts";
import { standing } from "../../test/indexer/gallery.ts";
import { cpuSecondsOfTree } from "../measure/process.ts";
import { skewed, wordAt } from "../synthetic/words.ts";
import type { Stock } from "./cases.ts";
import { accounts, FIRST_MINT } from "./gallery.ts";

/** Cost of one kind of question. */
export interface Costing {
  readonly name: string;
  /** Milliseconds of processors for one question, API and Postgres together. */
  readonly cpu: number;
  /** Declared cost. */
  readonly cost: number;
}

/** Database and gallery that are asked. */
export interface CostingPlace {
  readonly database: string;
  readonly schema: string;
  /** Process of Postgres. */
  readonly postgres: number;
  readonly chainId: number;
  readonly stock: Stock;
}

interface GraphQLRequest {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

/** Milliseconds for which a kind is asked. */
const TIME = 2_000;
/** Questions of each kind, at most and at least: the system counts time in hundredths of a second. */
const [MOST, LEAST] = [400, 12];
const WARM_UP = 3;
/** Last block of the gallery and its time are beyond what is asked for. */
const [BLOCK, TIME_OF_BLOCK] = [1_000_000_000, FIRST_MINT + 10 * 365 * 86_400];

/** Asks each kind one at a time, in blocks of their own, so that nothing is known from before. */
export async function costings({ database, schema, postgres, chainId, stock }: CostingPlace): Promise<Costing[]> {
  const pool = createReadPool(database);
  let block = BLOCK;
  const indexingStatus = standing({ chainId, number: block, timestamp: TIME_OF_BLOCK }, schema);
  const executor = createExecutor({
    ...{ pool, indexingStatus, chainId, settlement: "0x00000000000000000000000000000000000000A1" },
    chain: { head: async () => undefined, block: async () => undefined, has: async () => "unknown" },
    onError: (error) => console.error(error),
  });
  const next = () => indexingStatus.move({ chainId, number: ++block, timestamp: TIME_OF_BLOCK });
  const measured: Costing[] = [];
  for (const [name, make] of Object.entries(kinds)) {
    const random = createRandom(11);
    const ask = async () => {
      next();
      return cost(executor, make(random, stock));
    };
    for (let i = 0; i < WARM_UP; i++) await ask();
    const [own, database] = [process.cpuUsage(), cpuSecondsOfTree(postgres)];
    const began = performance.now();
    let [asked, costs] = [0, 0];
    while (asked < LEAST || (asked < MOST && performance.now() - began < TIME)) {
      costs += await ask();
      asked++;
    }
    const { user, system } = process.cpuUsage(own);
    const spent = (user + system) / 1_000 + 1_000 * (cpuSecondsOfTree(postgres) - database);
    measured.push({ name, cpu: Number((spent / asked).toFixed(2)), cost: Number((costs / asked).toFixed(2)) });
  }
  await pool.close();
  return measured;
}

async function cost(executor: GraphQLExecutor, question: GraphQLRequest): Promise<number> {
  const { json, cost } = await executor.executeJson(question);
  if (json.includes('"errors"')) throw new Error(`${question.query}: ${json.slice(0, 500)}`);
  return cost;
}

const row = "tokenId name imageHash cid modelId sampler width height mintedAt trending versionCount";
const page = "pageInfo { hasNextPage endCursor }";

function artworks(filter: object, more = "", select = `nodes { ${row} } ${page}`): GraphQLRequest {
  const query = `query Kind($filter: ArtworkFilter) { artworks(filter: $filter, first: 24${more}) { ${select} } }`;
  return { query, variables: { filter } };
}

function searched(search: string, select = `nodes { ${row} } ${page}`): GraphQLRequest {
  const query = `query Kind($search: String) { artworks(search: $search, first: 24) { ${select} } }`;
  return { query, variables: { search: `${search} ` } };
}

function facets(given: { filter?: object; search?: string }, select: string): GraphQLRequest {
  const query = `query Kind($filter: ArtworkFilter, $search: String) { artworkFacets(filter: $filter, search: $search) { ${select} } }`;
  return { query, variables: given };
}

const common = (random: Random) => wordAt(random.integer(11));
const middling = (random: Random) => wordAt(52 + random.integer(308));
const model = (random: Random, { models }: Stock) => `${models[skewed(random, models.length)]?.modelId}`;
const artist = (random: Random) => `${accounts[skewed(random, accounts.length)]}`;
const seriesOf = (tokenId: string) => `${BigInt(tokenId) / 1_000n}`;
/** A bound that lets everything through, and makes a filter one that was not asked before. */
const anew = (random: Random) => ({ mintedAfter: FIRST_MINT - 1 - random.integer(1_000_000) });
const week = (random: Random) => FIRST_MINT + random.integer(14) * 86_400;
const board = (of: string) => (random: Random) => ({
  query: `query Kind($week: Timestamp) { leaderboard(of: ${of}, week: $week, first: 100) { entries { rank score } } }`,
  variables: { week: week(random) },
});
const words = (list: string) => (random: Random) => ({
  query: `query Kind($search: String) { ${list}(search: $search, first: 24) { nodes { id } ${page} } }`,
  variables: { search: common(random) },
});

const kinds: Readonly<Record<string, (random: Random, stock: Stock) => GraphQLRequest>> = {
  "artwork by id": (random, { tokenIds }) => ({
    query: `query Kind($id: BigInt!) { artwork(tokenId: $id) { ${row} } }`,
    variables: { id: random.pick(tokenIds) },
  }),
  "page of 24": (random, stock) => artworks({ modelIds: [model(random, stock)] }),
  "page of 24, 4 relations": (random, stock) =>
    artworks(
      { modelIds: [model(random, stock)] },
      "",
      "nodes { tokenId name model { name } artist { address artworksCreated } owner { address artworksOwned } activity(first: 3) { kind time } }",
    ),
  "attributes of 24": (random, stock) =>
    artworks({ modelIds: [model(random, stock)] }, "", "nodes { attributes { traitType value } }"),
  "total of a filter": (random, stock) => artworks({ modelIds: [model(random, stock)] }, "", "totalCount"),
  "total of a filter of everything": (random) => artworks(anew(random), "", "totalCount"),
  "total of a search": (random) => searched(middling(random), "totalCount"),
  "total of a search, common word": (random) => searched(common(random), "totalCount"),
  "search, common word": (random) => searched(common(random)),
  "search, middling word": (random) => searched(middling(random)),
  "search, two words": (random) => searched(`${common(random)} ${middling(random)}`),
  "search, a slip": (random) => searched(`${middling(random)}x`),
  "facets of all": () => facets({}, "total models { count } samplers { count }"),
  "facets of a filter, by index": (random) => facets({ filter: anew(random) }, "total models { count }"),
  "facets of a filter, read": (random) => facets({ filter: anew(random) }, "sizes { count }"),
  "facets of a search": (random) => facets({ search: common(random) }, "total models { count } samplers { count }"),
  "held by an account at a block": (random) => ({
    query: `query Kind($filter: TransferFilter) { transfers(filter: $filter, first: 24) { nodes { tokenId time } ${page} } }`,
    variables: { filter: { to: artist(random), heldAtBlock: 20_000 } },
  }),
  "total held by an account at a block": (random) => ({
    query: "query Kind($filter: TransferFilter) { transfers(filter: $filter) { totalCount } }",
    variables: { filter: { to: artist(random), heldAtBlock: 20_000 } },
  }),
  "rarity in a series": (random, { tokenIds }) => ({
    query: "query Kind($id: BigInt!) { seriesRarity(seriesId: $id) { supply artworks { rank score } } }",
    variables: { id: seriesOf(random.pick(tokenIds)) },
  }),
  "remix tree": (random, { tokenIds }) => ({
    query: "query Kind($id: BigInt!) { remixTree(tokenId: $id, first: 24) { nodes { depth } } }",
    variables: { id: random.pick(tokenIds) },
  }),
  "leaderboard of artists": board("ARTISTS"),
  "leaderboard of collectors": board("COLLECTORS"),
  "leaderboard of models": board("MODELS"),
  "leaderboard of workers": board("WORKERS"),
  "models by words": words("models"),
  "series by words": words("seriesList"),
  "activity of an account": (random) => ({
    query: `query Kind($a: [Address!]) { activity(filter: { accounts: $a }, first: 24) { nodes { kind time } ${page} } }`,
    variables: { a: [artist(random)] },
  }),
};

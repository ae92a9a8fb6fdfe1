// Cases: each as 400 different requests, in the words of each contender.
import { createRandom, type Random } from "../../test/fixtures/random.ts";
import { skewed, uniqueWord, wordAt } from "../synthetic/words.ts";
import { type PreparedRequest, prepare } from "./client.ts";
import { accounts, type KnownModel } from "./gallery.ts";

/** Requests of each case: repeated in turn, in the same order for every contender. */
export const REQUESTS = 400;

/** Documents that differ from each other: far more than any server keeps parsed. */
const UNSEEN = 20_000;

/** Who is asked. */
export type Contender = "ours" | "ponder" | "postgraphile" | "raw";

/** What the requests are drawn from. */
export interface Stock {
  readonly models: readonly KnownModel[];
  readonly workers: readonly string[];
  readonly tokenIds: readonly string[];
  readonly artworks: number;
}

/** A kind of question. */
export interface Case {
  readonly name: string;
  /** Requests per second that ours is to reach with 100,000 artworks. */
  readonly target: number;
  readonly requests: Partial<Record<Contender, readonly PreparedRequest[]>>;
}

const FIELDS = "tokenId name imageHash cid modelId sampler width height mintedAt trending";
const OURS = `${FIELDS} versionCount`;
const PEERS = `${FIELDS} versions`;

const documents = {
  list: `query List($filter: ArtworkFilter, $orderBy: ArtworkOrder) {
    artworks(first: 24, filter: $filter, orderBy: $orderBy) { nodes { ${OURS} } pageInfo { hasNextPage endCursor } } }`,
  byId: `query ById($id: BigInt!) { artwork(tokenId: $id) { ${OURS} } }`,
  nested: `query Nested($filter: ArtworkFilter) {
    artworks(first: 24, filter: $filter, orderBy: NEWEST) { nodes { tokenId name activity(first: 3) { kind time } } } }`,
  deep: `query Deep($filter: ArtworkFilter) {
    artworks(first: 24, filter: $filter, orderBy: NEWEST) { nodes {
      tokenId name model { name } artist { address artworksCreated } owner { address artworksOwned } activity(first: 3) { kind time } } } }`,
  search: `query Search($search: String!) { artworks(first: 24, search: $search) { nodes { ${OURS} } pageInfo { hasNextPage endCursor } } }`,
  ponderList: `query List($where: artworkFilter, $orderBy: String) {
    artworks(limit: 24, where: $where, orderBy: $orderBy, orderDirection: "desc") { items { ${PEERS} } pageInfo { hasNextPage endCursor } } }`,
  ponderById: `query ById($chainId: Float!, $id: BigInt!) { artwork(chainId: $chainId, tokenId: $id) { ${PEERS} } }`,
  postgraphileById: `query ById($chainId: Int!, $id: BigFloat!) { artworkByChainIdAndTokenId(chainId: $chainId, tokenId: $id) { ${PEERS} } }`,
  postgraphileList: `query List($condition: ArtworkCondition, $orderBy: [ArtworksOrderBy!]) {
    allArtworks(first: 24, condition: $condition, orderBy: $orderBy) { nodes { ${PEERS} } pageInfo { hasNextPage endCursor } } }`,
};

interface ListQuestion {
  readonly filter: "model" | "artist" | "worker";
  readonly value: string;
  readonly order: "NEWEST" | "TRENDING";
}

/** Classes of words, by rank: the share of artworks that have them follows from how the language is made. */
const ranks = {
  common: [0, 11],
  middling: [52, 360],
  rare: [1_400, 19_000],
} as const;

/** All cases, for the artworks in stock. */
export function casesOf(stock: Stock, chainId: number): Case[] {
  const draw = <Drawn>(seed: number, one: (random: Random, i: number) => Drawn): Drawn[] => {
    const random = createRandom(seed);
    return Array.from({ length: REQUESTS }, (_, i) => one(random, i));
  };
  const word = (random: Random, kind: keyof typeof ranks) => {
    const [from, to] = ranks[kind];
    return wordAt(from + random.integer(to - from));
  };
  const lists = draw(1, (random): ListQuestion => {
    const filter = random.pick(["model", "model", "artist", "worker"] as const);
    const value = {
      model: () => `${stock.models[skewed(random, stock.models.length)]?.modelId}`,
      artist: () => `${accounts[skewed(random, accounts.length)]}`,
      worker: () => `${stock.workers[skewed(random, stock.workers.length)]}`,
    }[filter]();
    return { filter, value, order: random.pick(["NEWEST", "TRENDING"] as const) };
  });
  const ids = draw(2, (random) => random.pick(stock.tokenIds));
  const models = draw(3, (random) => `${stock.models[skewed(random, stock.models.length)]?.modelId}`);
  return [
    { name: "list of 24", target: 2_400, requests: listRequests(lists, chainId) },
    { name: "by id", target: 5_000, requests: byIdRequests(ids, chainId) },
    { name: "nested (24 x 3 events)", target: 1_500, requests: relationRequests(models, "nested") },
    { name: "deep (4 relations)", target: 1_000, requests: relationRequests(models, "deep") },
    {
      name: "search: common word",
      target: 900,
      requests: searches(
        draw(4, (random) => word(random, "common")),
        chainId,
      ),
    },
    {
      name: "search: middling word",
      target: 300,
      requests: searches(
        draw(5, (random) => word(random, "middling")),
        chainId,
      ),
    },
    {
      name: "search: two words",
      target: 300,
      requests: searches(draw(6, (random) => `${word(random, "common")} ${word(random, "middling")}`)),
    },
    {
      name: "search: rare word",
      target: 2_000,
      requests: searches(
        draw(7, (random) => uniqueWord(random.integer(stock.artworks))),
        chainId,
      ),
    },
    {
      name: "search: word of 0.02-0.4 %",
      target: 0,
      requests: searches(
        draw(8, (random) => word(random, "rare")),
        chainId,
      ),
    },
    {
      name: "documents never seen",
      target: 1_000,
      requests: { ours: Array.from({ length: UNSEEN }, (_, i) => unseen(lists[i % lists.length] as ListQuestion, i)) },
    },
  ];
}

function ours(query: string, variables: object, expected: string): PreparedRequest {
  return prepare("/graphql", expected, { query, variables });
}

/** `filter` of ours. */
function filterOf({ filter, value }: ListQuestion): object {
  return { model: { modelIds: [value] }, artist: { artist: [value] }, worker: { worker: [value] } }[filter];
}

/** Name of the peers' field. */
const fields = { model: "modelId", artist: "artist", worker: "worker" };

function listRequests(lists: readonly ListQuestion[], chainId: number): Case["requests"] {
  return {
    ours: lists.map((list) => ours(documents.list, { filter: filterOf(list), orderBy: list.order }, '"pageInfo"')),
    ponder: lists.map(({ filter, value, order }) => {
      const where = { chainId, [fields[filter]]: value, burned: false };
      const variables = { where, orderBy: order === "NEWEST" ? "tokenId" : "trending" };
      return prepare("/graphql", '"pageInfo"', { query: documents.ponderList, variables });
    }),
    postgraphile: lists.map(({ filter, value, order }) => {
      const condition = { chainId, [fields[filter]]: value, burned: false };
      const orderBy = order === "NEWEST" ? ["TOKEN_ID_DESC"] : ["TRENDING_DESC", "TOKEN_ID_DESC"];
      return prepare("/graphql", '"pageInfo"', {
        query: documents.postgraphileList,
        variables: { condition, orderBy },
      });
    }),
    raw: lists.map(({ filter, value, order }) => prepare(`/list/${filter}/${order}/${value}`, "[")),
  };
}

function byIdRequests(ids: readonly string[], chainId: number): Case["requests"] {
  return {
    ours: ids.map((id) => ours(documents.byId, { id }, `"${id}"`)),
    ponder: ids.map((id) =>
      prepare("/graphql", `"${id}"`, { query: documents.ponderById, variables: { chainId, id } }),
    ),
    postgraphile: ids.map((id) =>
      prepare("/graphql", `"${id}"`, { query: documents.postgraphileById, variables: { chainId, id } }),
    ),
    raw: ids.map((id) => prepare(`/artwork/${id}`, `"${id}"`)),
  };
}

function relationRequests(models: readonly string[], kind: "nested" | "deep"): Case["requests"] {
  return {
    ours: models.map((model) => ours(documents[kind], { filter: { modelIds: [model] } }, '"ARTWORK_MINTED"')),
    raw: models.map((model) => prepare(`/${kind}/${model}`, '"ARTWORK_MINTED"')),
  };
}

/** @param chainId Left out when Ponder's filters can't say it. */
function searches(words: readonly string[], chainId?: number): Case["requests"] {
  return {
    // The blank says that the last word is whole.
    ours: words.map((search) => ours(documents.search, { search: `${search} ` }, '"pageInfo"')),
    ...(chainId !== undefined && {
      ponder: words.map((search) => {
        const where = { chainId, prompt_contains: search, burned: false };
        return prepare("/graphql", '"pageInfo"', {
          query: documents.ponderList,
          variables: { where, orderBy: "tokenId" },
        });
      }),
    }),
    raw: words.map((search) => prepare(`/search?q=${encodeURIComponent(`${search} `)}`, "[")),
  };
}

/** A list as text that no server has parsed before: its alias makes it different. */
function unseen(list: ListQuestion, i: number): PreparedRequest {
  const filter = JSON.stringify(filterOf(list)).replace(/"([^"]+)":/g, "$1:");
  const query = `{ unseen${i}: artworks(first: 24, filter: ${filter}, orderBy: ${list.order}) { nodes { ${OURS} } pageInfo { endCursor } } }`;
  return prepare("/graphql", '"pageInfo"', { query });
}

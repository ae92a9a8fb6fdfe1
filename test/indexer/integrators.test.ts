/** Questions that integrators ask beyond lists: each answer is compared with a plain recomputation over a catalogue of made-up artworks. */
import { getNamedType, isObjectType } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { idOf, readId } from "../../indexer/src/api/query/globalIds.ts";
import { startOfWeek, WEEK, weekOf } from "../../indexer/src/lib/weeks.ts";
import { CHAIN_ID } from "./catalogue.ts";
import { type Gallery, startGallery } from "./gallery.ts";
import { listFields, gallery as schema } from "./questions.ts";
import { withWord } from "./referenceQueries.ts";

let gallery: Gallery;

beforeAll(async () => {
  gallery = await startGallery(1_500);
}, 600_000);
afterAll(() => gallery?.stop());

interface Named {
  readonly __typename: string;
  readonly id: string;
}

/** The errors of a question that is refused. */
async function refusalOf(query: string, variables: Record<string, unknown> = {}) {
  const { result } = await gallery.executor.execute({ query, variables });
  return result.errors?.map(({ message, extensions }) => ({ message, code: extensions?.code }));
}

describe("global ids", () => {
  /** Objects without an identity: pages, facets, ranks, and what is true of an answer alone. */
  const values =
    /^(Query|PageInfo|Block|CollectionStatistics|\w+(Connection|Edge|Facets?|Rarity)|Leaderboard(Entry)?|Remix(Tree|Step)|ArtworkAttribute|TraitFrequency)$/;

  it("are on every object that is not a value", () => {
    const without = Object.values(schema.getTypeMap())
      .filter(isObjectType)
      .filter(({ name }) => !name.startsWith("__") && !values.test(name))
      .filter(
        (type) => !type.getInterfaces().some(({ name }) => name === "Node") || `${type.getFields().id?.type}` !== "ID!",
      );
    expect(without.map(({ name }) => name)).toEqual([]);
  });

  it("keep Relay's rules of object identification", () => {
    const fields = schema.getQueryType()?.getFields();
    expect(`${fields?.node?.type}`).toBe("Node");
    expect(fields?.node?.args.map(({ name, type }) => `${name}: ${type}`)).toEqual(["id: ID!"]);
    expect(`${fields?.nodes?.type}`).toMatch(/^\[Node\]!?$/);
    expect(fields?.nodes?.args.map(({ name, type }) => `${name}: ${type}`)).toEqual(["ids: [ID!]!"]);
    // `@refetchable` asks `node` for the fragment's type.
    for (const type of schema.getPossibleTypes(getNamedType(fields?.node?.type as never) as never)) {
      expect(`${type.getFields().id?.type}`).toBe("ID!");
    }
  });

  it("find the same objects again, each its own", async () => {
    const found = new Map<string, Named>();
    const take = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      if ("id" in value) {
        const { __typename, id } = value as Named;
        // One id always shows one thing in an answer.
        expect(found.get(id)?.__typename ?? __typename).toBe(__typename);
        found.set(id, { __typename, id });
      }
      for (const inner of Object.values(value)) take(inner);
    };
    for (const { name, required } of listFields()) {
      take(await gallery.ask(`{ ${name}(${required ? `${required}, ` : ""}first: 3) { nodes { __typename id } } }`));
    }
    take(
      await gallery.ask(`{
        models: holders(collection: MODEL, first: 2) { nodes { __typename id account { __typename id } } }
        protocol { __typename id } modelStatistics(modelId: 2, days: 2) { __typename id }
        artworks(first: 3) { nodes { __typename id artist { __typename id } series { __typename id holders { __typename id } }
          latest { __typename id model { __typename id } } } } }`),
    );
    expect(found.size).toBeGreaterThan(30);
    const ids = [...found.keys()];
    for (let from = 0; from < ids.length; from += 100) {
      const some = ids.slice(from, from + 100);
      const { nodes } = await gallery.ask<{ nodes: Named[] }>(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }",
        {
          ids: some,
        },
      );
      expect(nodes).toEqual(some.map((id) => found.get(id)));
    }
  });

  it("carry version, type, chain and key", () => {
    const id = idOf({ entry: "Artwork", chainId: 8453, values: ["1001"] });
    expect(Buffer.from(id, "base64url").toString()).toBe("1:Artwork:8453:1001");
    expect(readId("id", id, 8453, new Map([["Artwork", 1]]))).toEqual({
      entry: "Artwork",
      chainId: 8453,
      values: ["1001"],
    });
  });

  it("answer fragments by their type, as graphql-js would", async () => {
    const [artwork, other] = gallery.catalogue.artworks.map(({ tokenId }) =>
      idOf({ entry: "Artwork", chainId: CHAIN_ID, values: [`${tokenId}`] }),
    );
    const model = idOf({ entry: "Model", chainId: CHAIN_ID, values: ["3"] });
    const none = idOf({ entry: "Worker", chainId: CHAIN_ID, values: [`0x${"9".repeat(40)}`] });
    const query = `query ($ids: [ID!]!, $id: ID!) {
      node(id: $id) { ...on Node { id ... on Model { wrong: name } ... on Artwork { right: name artist { id address } } } ...card }
      again: node(id: $id) { ... on Worker { bonded } kind: __typename }
      nodes(ids: $ids) { __typename id ...card ... on Model { name artworks(first: 2) { id tokenId } owner { id } } ... on Worker { bonded } }
    }
    fragment card on Artwork { tokenId series { id title } ... on Node { same: id } }`;
    const variables = { id: artwork, ids: [model, other, none, artwork, model] };
    const [{ json }, reference] = await Promise.all([
      gallery.executor.executeJson({ query, variables }),
      gallery.executor.executeByReference({ query, variables }),
    ]);
    expect(gallery.errors.map(String)).toEqual([]);
    expect(JSON.stringify(JSON.parse(json).data)).toBe(JSON.stringify(reference.data));
    const { data } = JSON.parse(json);
    expect(data.node).toMatchObject({
      id: artwork,
      same: artwork,
      tokenId: `${gallery.catalogue.artworks[0]?.tokenId}`,
    });
    expect(Object.keys(data.node)).not.toContain("wrong");
    expect(data.nodes.map((node: Named | null) => node?.__typename)).toEqual([
      "Model",
      "Artwork",
      undefined,
      "Artwork",
      "Model",
    ]);
  });

  it("answer what relay-compiler makes of a refetchable fragment on an artwork and of a page that spreads it", async () => {
    // As relay-compiler 20.1.1 writes it: `id` beside every field, fragments on a type below `node`.
    const query = `query CardPageQuery($first: Int = 3, $id: ID!) {
      node(id: $id) { __typename ... on Worker { bonded earned } ...Card_artwork_3ASum4 id } ...Card_list }
    fragment Card_artwork_3ASum4 on Artwork { tokenId name owner { address id } activity(first: $first) { kind time id } id }
    fragment Card_list on Query {
      artworks(first: 10) { edges { node { id ...Card_artwork_3ASum4 __typename } cursor } pageInfo { endCursor hasNextPage } } }`;
    const [first] = gallery.catalogue.artworks;
    const id = idOf({ entry: "Artwork", chainId: CHAIN_ID, values: [`${first?.tokenId}`] });
    const { json: told } = await gallery.executor.executeJson({ query, variables: { id } });
    const reference = await gallery.executor.executeByReference({ query, variables: { id } });
    expect(JSON.stringify(JSON.parse(told).data)).toBe(JSON.stringify(reference.data));
    expect(JSON.parse(told).data.node).toMatchObject({ __typename: "Artwork", id, tokenId: `${first?.tokenId}` });
    // Apollo's cache keeps objects as `Type:id`: two with the same would overwrite each other.
    const { edges } = JSON.parse(told).data.artworks;
    expect(new Set(edges.map((edge: { node: Named }) => `${edge.node.__typename}:${edge.node.id}`)).size).toBe(10);
  });

  const text = (raw: string) => Buffer.from(raw).toString("base64url");
  it.each([
    ["nothing", "", "is not an id of this API"],
    ["a token id", "1001", "is not an id of this API"],
    ["an id of no type", text(`1:Query:${CHAIN_ID}:1`), "is not an id of this API"],
    ["a key too long", text(`1:Artwork:${CHAIN_ID}:1:2`), "is not an id of this API"],
    ["a key that is none", text(`1:Artwork:${CHAIN_ID}:1 or 1`), "is not an id of this API"],
    ["a key that begins with 0", text(`1:Artwork:${CHAIN_ID}:01`), "is not an id of this API"],
    ["the same bytes as another text", `${text(`1:Artwork:${CHAIN_ID}:1001`)}==`, "is not an id of this API"],
    ["what is too long", text(`1:Artwork:${CHAIN_ID}:${"1".repeat(600)}`), "is not an id of this API"],
    ["a later version", text(`2:Artwork:${CHAIN_ID}:1001`), "is an id of version 2; this API reads version 1"],
    ["another chain", text("1:Artwork:8453:1001"), `is of chain 8453; this API answers for chain ${CHAIN_ID}`],
    ["a number where hex belongs", text(`1:Account:${CHAIN_ID}:${"9".repeat(20)}`), undefined],
    [
      "a number beyond its column",
      text(`1:Transfer:${CHAIN_ID}:${"9".repeat(30)}`),
      "outside of what its column can hold",
    ],
  ])("refuse %s", async (_, id, reason) => {
    for (const query of ["node(id: $id) { id }", "nodes(ids: [$id]) { id }"]) {
      const refusals = await refusalOf(`query ($id: ID!) { ${query} }`, { id });
      const refused = [{ message: expect.stringContaining(reason ?? ""), code: "BAD_INPUT" }];
      expect(refusals).toEqual(reason === undefined ? undefined : refused);
    }
    expect(gallery.errors).toEqual([]);
  });

  it("leave what else is asked as it is, when one of them is refused by the database", async () => {
    const wrong = text(`1:Transfer:${CHAIN_ID}:${"9".repeat(30)}`);
    const query =
      "query ($id: ID!) { node(id: $id) { id } artworks(first: 1) { nodes { tokenId } } models(first: 1) { nodes { modelId } } }";
    const { json } = await gallery.executor.executeJson({ query, variables: { id: wrong } });
    const { data, errors } = JSON.parse(json) as { data: Record<string, unknown>; errors: { path: string[] }[] };
    expect(errors.map(({ path }) => path)).toEqual([["node"]]);
    expect(data).toEqual({
      node: null,
      artworks: { nodes: [{ tokenId: expect.any(String) }] },
      models: { nodes: [{ modelId: expect.any(String) }] },
    });
    expect(gallery.errors).toEqual([]);
  });

  it("count as what they read", async () => {
    const id = idOf({ entry: "Artwork", chainId: CHAIN_ID, values: ["1001"] });
    const query =
      "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Artwork { remixes(first: 100) { artwork { id } } } } }";
    expect(await refusalOf(query, { ids: Array(100).fill(id) })).toEqual([
      { message: expect.stringContaining("more than 10000 rows"), code: "TOO_EXPENSIVE" },
    ]);
    expect(await refusalOf(query, { ids: Array(101).fill(id) })).toEqual([
      { message: "ids has at most 100 values.", code: "BAD_INPUT" },
    ]);
  });
});

type Rows = readonly Readonly<Record<string, unknown>>[];

/** All nodes of a list, page by page: forwards, and backwards from its end. */
async function walk(name: string, type: string, filter: object, fields: string, orderBy?: string): Promise<Rows> {
  type Page = { list: { nodes: Rows; totalCount: number; pageInfo: Record<string, unknown> } };
  const query = `query ($filter: ${type}, $first: Int, $after: String, $last: Int, $before: String) {
    list: ${name}(filter: $filter, ${orderBy ? `orderBy: ${orderBy}, ` : ""}first: $first, after: $after, last: $last, before: $before) {
      totalCount nodes { ${fields} } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } }`;
  const forwards: Rows[number][] = [];
  let total = 0;
  for (let page: Record<string, unknown> = { hasNextPage: true }; page.hasNextPage; ) {
    const { list } = await gallery.ask<Page>(query, { filter, first: 37, after: page.endCursor ?? null });
    forwards.push(...list.nodes);
    page = list.pageInfo;
    total = list.totalCount;
  }
  const backwards: Rows[number][] = [];
  for (let page: Record<string, unknown> = { hasPreviousPage: true }; page.hasPreviousPage; ) {
    const { list } = await gallery.ask<Page>(query, { filter, last: 41, before: page.startCursor ?? null });
    backwards.unshift(...list.nodes);
    page = list.pageInfo;
  }
  expect(backwards).toEqual(forwards);
  expect(total).toBe(forwards.length);
  return forwards;
}

const rowsOf = <Row extends object>(table: string): Row[] =>
  [...(gallery.catalogue.rows[table] ?? [])] as unknown as Row[];
const bySeq = <Row extends Record<string, unknown>>(rows: Row[], isOldest = false): Row[] =>
  rows.sort((a, b) => (BigInt(a.seq as bigint) < BigInt(b.seq as bigint) === isOldest ? -1 : 1));
const json = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? inner.toString() : inner)));

describe("artworks by the CID of a picture", () => {
  it("are found by every way of writing it", async () => {
    const raw = gallery.catalogue.artworks.find(({ tokenId }) => tokenId % 3n !== 0n);
    const tree = gallery.catalogue.artworks.find(({ tokenId }) => tokenId % 3n === 0n);
    const { CID } = await import("multiformats/cid");
    const { base58btc } = await import("multiformats/bases/base58");
    const ways = (cid = "") => [cid, `ipfs://${cid}`, CID.parse(cid).toString(base58btc)];
    const old = CID.parse(tree?.cid ?? "")
      .toV0()
      .toString();
    for (const [artwork, texts] of [
      [raw, ways(raw?.cid)],
      [tree, [...ways(tree?.cid), old]],
    ] as const) {
      for (const cid of texts) {
        const { artworks } = await gallery.ask<{ artworks: { nodes: Rows } }>(
          "query ($cid: String) { artworks(filter: { cid: $cid }) { nodes { tokenId cid } } }",
          { cid },
        );
        expect(artworks.nodes).toEqual([{ tokenId: `${artwork?.tokenId}`, cid: artwork?.cid }]);
      }
    }
    expect(await refusalOf('{ artworks(filter: { cid: "bafy" }) { totalCount } }')).toEqual([
      { code: "BAD_INPUT", message: expect.stringContaining("cid is not the CID of a picture") },
    ]);
  });
});

describe("history", () => {
  type Line = {
    seq: bigint;
    block: bigint;
    logIndex: number;
    tokenId: bigint | null;
    seriesId: bigint | null;
    actor: string;
    counterparty: string | null;
    tx: string;
  };
  const lines = () => rowsOf<Line>("activity");
  const told = ({ block, logIndex }: Line) => ({ block: Number(block), logIndex });

  it.each<
    [string, (line: Line[]) => Record<string, unknown>, (line: Line, filter: Record<string, never[]>) => boolean]
  >([
    ["of a transaction", (all) => ({ tx: all.at(-1)?.tx }), ({ tx }, { tx: asked }) => tx === (asked as unknown)],
    [
      "of many tokens",
      () => ({ tokenIds: gallery.catalogue.artworks.slice(20, 90).map(({ tokenId }) => `${tokenId}`) }),
      ({ tokenId }, { tokenIds = [] }) => tokenIds.includes(`${tokenId}` as never),
    ],
    ["of some series", () => ({ seriesIds: ["4", "5", "5"] }), ({ seriesId }) => seriesId === 4n || seriesId === 5n],
    [
      "of many accounts, whatever side they are",
      (all) => ({ accounts: [...new Set(all.map(({ actor }) => actor))].slice(1, 9) }),
      ({ actor, counterparty }, { accounts = [] }) =>
        [actor, counterparty].some((one) => accounts.includes(one as never)),
    ],
    [
      "of many accounts and tokens, of one kind",
      (all) => ({
        actors: [...new Set(all.map(({ actor }) => actor))].slice(0, 50),
        tokenIds: gallery.catalogue.artworks.slice(0, 100).map(({ tokenId }) => `${tokenId}`),
      }),
      ({ actor, tokenId }, { actors = [], tokenIds = [] }) =>
        actors.includes(actor as never) && tokenIds.includes(`${tokenId}` as never),
    ],
    ["of nobody", () => ({ actors: [] }), () => false],
  ])("%s", async (_, filterOf, holds) => {
    const filter = filterOf(lines());
    const expected = bySeq(lines().filter((line) => holds(line, filter as never)));
    for (const order of ["NEWEST", "OLDEST"]) {
      const rows = await walk("activity", "ActivityFilter", filter, "block logIndex", order);
      expect(rows).toEqual((order === "NEWEST" ? expected : [...expected].reverse()).map(told));
    }
    expect(expected.length > 10 || Object.values(filter).flat().length < 4).toBe(true);
  });
});

describe("portfolios at a block", () => {
  type Move = { seq: bigint; collection: string; tokenId: bigint; from: string; to: string; block: bigint; tx: string };
  /** Owner of each token after a block, by going through all changes of owner. */
  const ownersAt = (block: bigint): Map<string, Move> => {
    const owners = new Map<string, Move>();
    for (const move of bySeq(rowsOf<Move>("transfer"), true)) {
      if (move.block <= block) owners.set(`${move.collection}/${move.tokenId}`, move);
    }
    return new Map([...owners].filter(([, { to }]) => to !== `0x${"0".repeat(40)}`));
  };
  const told = ({ collection, tokenId, to, block }: Move) => json({ collection, tokenId, to, block: Number(block) });
  const fields = "collection tokenId to block";

  it("are who owned what then", async () => {
    const blocks = bySeq(rowsOf<Move>("transfer"), true).map(({ block }) => block);
    for (const part of [0.2, 0.6, 1]) {
      const block = blocks[Math.floor((blocks.length - 1) * part)] as bigint;
      gallery.move(Number(blocks.at(-1)) + 5);
      const held = ownersAt(block);
      const [owner, other] = [...new Set([...held.values()].map(({ to }) => to))];
      for (const filter of [{ to: owner }, { to: owner, collection: "ARTWORK" }, { accounts: [owner, other] }, {}]) {
        const expected = bySeq(
          [...held.values()].filter(
            ({ to, from, collection }) =>
              (filter.to === undefined || to === filter.to) &&
              (filter.collection === undefined || collection === filter.collection) &&
              (filter.accounts === undefined || filter.accounts.some((one) => one === to || one === from)),
          ),
        );
        const rows = await walk("transfers", "TransferFilter", { ...filter, heldAtBlock: Number(block) }, fields);
        expect(rows).toEqual(expected.map(told));
        expect(rows.length).toBeGreaterThan(0);
      }
    }
  });

  it("of a token are its owner then", async () => {
    const moved = rowsOf<Move>("transfer").filter(({ tokenId }) => tokenId === gallery.catalogue.artworks[7]?.tokenId);
    for (const { block } of moved) {
      const filter = { collection: "ARTWORK", tokenId: `${moved[0]?.tokenId}`, heldAtBlock: Number(block) };
      const owner = ownersAt(block).get(`ARTWORK/${moved[0]?.tokenId}`);
      expect(await walk("transfers", "TransferFilter", filter, fields)).toEqual(owner ? [told(owner)] : []);
    }
  });

  it("of a block to come are refused", async () => {
    expect(await refusalOf("{ transfers(filter: { heldAtBlock: 999999999999 }) { totalCount } }")).toEqual([
      { code: "BAD_INPUT", message: expect.stringMatching(/^heldAtBlock is at most \d+, the block of this answer\.$/) },
    ]);
  });

  it("by transaction are the changes of owner in it", async () => {
    const { tx } = rowsOf<Move>("transfer").at(-1) as Move;
    const expected = bySeq(rowsOf<Move>("transfer").filter((move) => move.tx === tx));
    expect(await walk("transfers", "TransferFilter", { tx }, fields)).toEqual(expected.map(told));
  });
});

describe("licenses that end soon", () => {
  it("come by their end, ties and all", async () => {
    type Made = { modelId: bigint; account: string; expires: bigint; seq: bigint };
    const all = rowsOf<Made>("license");
    const now = BigInt(gallery.catalogue.now);
    const sorted = [...all].sort((a, b) => Number(a.expires - b.expires) || Number(a.seq - b.seq));
    const told = ({ modelId, expires }: Made) => json({ modelId, expires: Number(expires) });
    const cases: [object, (end: bigint) => boolean][] = [
      [{}, () => true],
      [{ expiresWithinDays: 7 }, (end) => end >= now && end <= now + 7n * 86_400n],
      [
        { expiresAfter: Number(now), expiresBefore: Number(now) + 3 * 86_400 },
        (end) => end > now && end < now + 3n * 86_400n,
      ],
    ];
    for (const [filter, holds] of cases) {
      const rows = await walk("licenses", "LicenseFilter", filter, "modelId expires", "EXPIRES_FIRST");
      expect(rows).toEqual(sorted.filter(({ expires }) => holds(expires)).map(told));
      expect(rows.length).toBeGreaterThan(5);
    }
    expect(await refusalOf("{ licenses(filter: { expiresWithinDays: 0 }) { totalCount } }")).toEqual([
      { code: "BAD_INPUT", message: "expiresWithinDays is a number from 1 to 1000." },
    ]);
  });
});

describe("a worker's earnings", () => {
  it("come by week and model", async () => {
    type Made = { worker: string; week: number; modelId: bigint; payments: number; volume: bigint; earned: bigint };
    const all = rowsOf<Made>("workerModelWeek");
    const worker = all[0]?.worker as string;
    const week = weekOf(gallery.catalogue.now);
    const told = ({ week: of, modelId, payments, volume, earned }: Made) =>
      json({ start: startOfWeek(of), modelId, payments, volume, earned });
    const cases: [object, (row: Made) => boolean][] = [
      [{ worker }, () => true],
      [{ worker, modelId: "8" }, ({ modelId }) => modelId === 8n],
      [
        { worker, weekFrom: startOfWeek(week - 4), weekTo: gallery.catalogue.now - WEEK },
        (row) => row.week >= week - 4 && row.week <= week - 1,
      ],
    ];
    for (const [filter, holds] of cases) {
      const expected = all.filter((row) => row.worker === worker && holds(row));
      expected.sort((a, b) => b.week - a.week || Number(b.modelId - a.modelId));
      const fields = "start modelId payments volume earned";
      expect(await walk("workerEarnings", "WorkerEarningsFilter!", filter, fields)).toEqual(expected.map(told));
      expect(expected.length).toBeGreaterThan(5);
    }
  });

  it("are by weeks that begin on Mondays", () => {
    for (const time of [0, 1_760_000_000, gallery.catalogue.now]) {
      const start = startOfWeek(weekOf(time));
      expect(time - start).toBeLessThan(WEEK);
      expect(start === 0 || new Date(start * 1_000).toUTCString()).toSatisfy(
        (day: unknown) => day === true || `${day}`.startsWith("Mon"),
      );
      expect(weekOf(start)).toBe(weekOf(time));
      expect(weekOf(startOfWeek(weekOf(time) + 1) - 1)).toBe(weekOf(time));
    }
  });
});

describe("leaderboards", () => {
  const weekAgo = 1;
  const inWeek = (time: unknown, week: number) => weekOf(Number(time)) === week;
  type Sums = (week: number) => (readonly [string, bigint])[];
  const zero = `0x${"0".repeat(40)}`;
  const subjects: [string, Sums][] = [
    [
      "ARTISTS",
      (week) =>
        gallery.catalogue.artworks.filter(({ mintedAt }) => inWeek(mintedAt, week)).map(({ artist }) => [artist, 1n]),
    ],
    [
      "COLLECTORS",
      (week) =>
        rowsOf<{ collection: string; from: string; to: string; time: bigint }>("transfer")
          .filter(({ collection, time }) => collection === "ARTWORK" && inWeek(time, week))
          .filter(({ from, to }) => from !== to && from !== zero && to !== zero)
          .map(({ to }) => [to, 1n]),
    ],
    [
      "MODELS",
      (week) =>
        rowsOf<{ day: number; modelId: bigint; volume: bigint }>("modelDay")
          .filter(({ day }) => inWeek(day * 86_400, week))
          .map(({ modelId, volume }) => [`${modelId}`, volume]),
    ],
    [
      "WORKERS",
      (week) =>
        rowsOf<{ day: number; worker: string; earned: bigint }>("workerDay")
          .filter(({ day }) => inWeek(day * 86_400, week))
          .map(({ worker, earned }) => [worker, earned]),
    ],
  ];
  const query = `query ($of: LeaderboardSubject!, $week: Timestamp, $first: Int) {
    leaderboard(of: $of, week: $week, first: $first) {
      start end isApproximate entries { rank score address modelId account { address } worker { address } model { modelId } } } }`;

  it.each(subjects)("of %s are the sums of the week", async (of, sums) => {
    let shown = 0;
    for (const back of [0, weekAgo]) {
      const week = weekOf(gallery.catalogue.now) - back;
      const totals = new Map<string, bigint>();
      for (const [key, amount] of sums(week)) totals.set(key, (totals.get(key) ?? 0n) + amount);
      const sorted = [...totals].filter(([, score]) => score > 0n);
      const byKey = (a: string, b: string) => (of === "MODELS" ? Number(a) - Number(b) : a < b ? -1 : 1);
      sorted.sort(([a, x], [b, y]) => (x === y ? byKey(a, b) : x > y ? -1 : 1));
      const entries = sorted.slice(0, 30).map(([key, score]) => {
        const rank = 1 + sorted.filter(([, other]) => other > score).length;
        const address = of === "MODELS" ? null : key;
        return {
          ...{ rank, score: `${score}`, address, modelId: of === "MODELS" ? key : null },
          ...{ account: address && { address }, worker: of === "WORKERS" ? { address } : null },
          model: of === "MODELS" ? { modelId: key } : null,
        };
      });
      const time = back === 0 ? null : gallery.catalogue.now - back * WEEK;
      const { leaderboard } = await gallery.ask<{ leaderboard: object }>(query, { of, week: time, first: 30 });
      expect(leaderboard).toEqual({
        ...{ start: startOfWeek(week), end: startOfWeek(week + 1), isApproximate: false, entries },
      });
      shown += entries.length;
    }
    expect(shown).toBeGreaterThan(5);
  });

  it("of a week to come are refused", async () => {
    const week = gallery.catalogue.now + 60;
    expect(
      await refusalOf("query ($week: Timestamp) { leaderboard(of: ARTISTS, week: $week) { start } }", { week }),
    ).toEqual([{ code: "BAD_INPUT", message: expect.stringContaining("week is a time up to") }]);
  });
});

describe("trees of remixes", () => {
  const query = `query ($tokenId: BigInt!, $direction: RemixDirection!, $first: Int, $after: String) {
    tree: remixTree(tokenId: $tokenId, direction: $direction, first: $first, after: $after) {
      nodes { tokenId depth remixOf artwork { tokenId burned } } pageInfo { hasNextPage endCursor } } }`;
  type Tree = { tree: { nodes: Rows; pageInfo: { hasNextPage: boolean; endCursor: string | null } } };
  type Told = { tokenId: string; depth: number; remixOf: string };

  const pages = async (tokenId: bigint, direction: string, first: number): Promise<Told[]> => {
    const found: Told[] = [];
    for (let after: string | null = null, more = true; more; ) {
      const { tree }: Tree = await gallery.ask<Tree>(query, { tokenId: `${tokenId}`, direction, first, after });
      for (const { artwork, ...step } of tree.nodes) {
        expect(artwork).toMatchObject({ tokenId: step.tokenId });
        found.push(step as unknown as Told);
      }
      after = tree.pageInfo.endCursor;
      more = tree.pageInfo.hasNextPage;
    }
    return found;
  };

  it("go down and up to any depth, page by page", async () => {
    const { artworks } = gallery.catalogue;
    const children = new Map<bigint, bigint[]>();
    for (const { tokenId, remixOf } of artworks) children.set(remixOf, [...(children.get(remixOf) ?? []), tokenId]);
    const below = (tokenId: bigint, depth = 1): Told[] =>
      [...(children.get(tokenId) ?? [])]
        .sort((a, b) => Number(a - b))
        .flatMap((child) => [{ tokenId: `${child}`, depth, remixOf: `${tokenId}` }, ...below(child, depth + 1)]);
    const roots = artworks.filter(({ remixOf }) => remixOf === 0n).map(({ tokenId }) => tokenId);
    const sizes = roots.map((root) => [root, below(root)] as const).sort(([, a], [, b]) => b.length - a.length);
    const deepest = sizes.flatMap(([, steps]) => steps).sort((a, b) => b.depth - a.depth)[0] as Told;
    expect(deepest.depth).toBeGreaterThan(2);
    for (const [root, steps] of [...sizes.slice(0, 5), sizes.at(-1) as (typeof sizes)[number]]) {
      for (const first of [1, 3, 100]) expect(await pages(root, "DESCENDANTS", first)).toEqual(steps);
    }
    const parents = new Map(artworks.map(({ tokenId, remixOf }) => [tokenId, remixOf]));
    const above: Told[] = [];
    for (let id = parents.get(BigInt(deepest.tokenId)) ?? 0n; id !== 0n; id = parents.get(id) ?? 0n) {
      above.push({ tokenId: `${id}`, depth: above.length + 1, remixOf: `${parents.get(id)}` });
    }
    for (const first of [1, 2, 100]) expect(await pages(BigInt(deepest.tokenId), "ANCESTORS", first)).toEqual(above);
  });

  it("refuse cursors of others", async () => {
    const root = gallery.catalogue.artworks.find(({ remixes, remixOf }) => remixes > 1 && remixOf === 0n)?.tokenId;
    const ask = { tokenId: `${root}`, direction: "DESCENDANTS", first: 1 };
    const { tree } = await gallery.ask<Tree>(query, ask);
    const cursor = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString("base64url");
    for (const [variables, message] of [
      [{ ...ask, after: "x" }, "not a cursor of this API"],
      [{ ...ask, direction: "ANCESTORS", after: tree.pageInfo.endCursor }, "is a cursor of the descendants of"],
      [{ ...ask, tokenId: "1001", after: tree.pageInfo.endCursor }, "is a cursor of the descendants of"],
      [{ ...ask, after: cursor("DESCENDANTS", `${root}`, "999999", 1) }, "not a cursor of the artworks made from"],
    ] as const) {
      expect(await refusalOf(query, variables)).toEqual([
        { code: "BAD_CURSOR", message: expect.stringContaining(message) },
      ]);
    }
  });

  it("find the next step by an index, wherever a page begins", async () => {
    const root = [...gallery.catalogue.artworks].sort((a, b) => b.remixes - a.remixes)[0]?.tokenId;
    gallery.statements.splice(0);
    await gallery.ask(query, { tokenId: `${root}`, direction: "DESCENDANTS", first: 100 });
    const { Client } = (await import("pg")).default;
    const client = new Client({ connectionString: gallery.url });
    await client.connect();
    for (const { text, values } of gallery.statements.filter(({ text: one }) => one.includes("recursive"))) {
      const { rows } = await client.query({ text: `explain (costs off) ${text}`, values: [...values] });
      expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).not.toContain("Seq Scan on artwork");
    }
    await client.end();
  });
});

describe("attributes and rarity", () => {
  const query = `query ($seriesId: BigInt!, $first: Int, $tokenIds: [BigInt!]) {
    rarity: seriesRarity(seriesId: $seriesId, first: $first, tokenIds: $tokenIds) {
      supply traits { traitType value count bits }
      artworks { tokenId rank score artwork { tokenId attributes { traitType value displayType } } traits { traitType value count bits } } } }`;
  type Frequency = { traitType: string; value: string | null; count: number; bits: number };
  type Asked = {
    rarity: {
      supply: number;
      traits: Frequency[];
      artworks: {
        tokenId: string;
        rank: number;
        score: number;
        artwork: { tokenId: string; attributes: { traitType: string; value: string; displayType: string | null }[] };
        traits: Frequency[];
      }[];
    } | null;
  };

  it("rank by what is surprising", async () => {
    const series = new Map<bigint, number>();
    for (const { seriesId, burned } of gallery.catalogue.artworks) {
      if (!burned) series.set(seriesId, (series.get(seriesId) ?? 0) + 1);
    }
    const largest = [...series].sort(([, a], [, b]) => b - a).slice(0, 5);
    const scores: number[] = [];
    for (const [seriesId, supply] of largest) {
      const { rarity } = await gallery.ask<Asked>(query, { seriesId: `${seriesId}`, first: 100 });
      const living = gallery.catalogue.artworks.filter((one) => one.seriesId === seriesId && !one.burned);
      // Once more, by hand: what each artwork has of each trait, null where it has nothing.
      const traits = living.map(({ tokenId, modelId, worker, policy, versions }) => ({
        tokenId: `${tokenId}`,
        Model: gallery.catalogue.models.find((model) => model.modelId === modelId)?.name ?? "",
        "Worker Node": worker,
        Evolves: ["No", "By its artist", "By its owner"][policy] as string,
        Version: versions > 1 ? `${versions}` : null,
      }));
      const names = ["Model", "Worker Node", "Evolves", "Version"] as const;
      const bits = (name: (typeof names)[number], value: unknown) =>
        -Math.log2(traits.filter((one) => one[name] === value).length / living.length);
      const score = (one: (typeof traits)[number]) => names.reduce((sum, name) => sum + bits(name, one[name]), 0);
      expect(rarity?.supply).toBe(supply);
      expect(rarity?.artworks.map(({ tokenId }) => tokenId).sort()).toEqual(
        traits.map(({ tokenId }) => tokenId).sort(),
      );
      for (const { tokenId, rank, score: told, artwork } of rarity?.artworks ?? []) {
        const one = traits.find((other) => other.tokenId === tokenId) as (typeof traits)[number];
        expect(told).toBeCloseTo(score(one), 5);
        expect(rank).toBe(1 + traits.filter((other) => score(other) > score(one) + 1e-5).length);
        expect(artwork.attributes.slice(0, 4)).toEqual([
          { traitType: "Model", value: one.Model, displayType: null },
          { traitType: "Worker Node", value: one["Worker Node"], displayType: null },
          { traitType: "Generation Date", value: expect.stringMatching(/^\d+$/), displayType: "date" },
          { traitType: "Evolves", value: one.Evolves, displayType: null },
        ]);
        scores.push(told);
      }
      for (const { traitType, value, count } of rarity?.traits ?? []) {
        if (traitType === "Tag") continue;
        expect(count).toBe(traits.filter((one) => one[traitType as (typeof names)[number]] === value).length);
      }
      const [last] = rarity?.artworks.slice(-1) ?? [];
      const some = await gallery.ask<Asked>(query, { seriesId: `${seriesId}`, first: 1, tokenIds: [last?.tokenId] });
      expect(some.rarity?.artworks).toEqual([last]);
    }
    expect(Math.max(...scores)).toBeGreaterThan(0.5);
    expect((await gallery.ask<Asked>(query, { seriesId: "999999", first: 1 })).rarity).toBeNull();
  });
});

describe("approvals", () => {
  type Token = { collection: string; tokenId: bigint; owner: string; approved: string; seq: bigint };
  type All = { collection: string; owner: string; operator: string; approved: boolean; seq: bigint };
  const zero = `0x${"0".repeat(40)}`;

  it("of tokens and of operators are those in force", async () => {
    const tokens = bySeq(rowsOf<Token>("approval").filter(({ approved }) => approved !== zero));
    const operators = bySeq(rowsOf<All>("operatorApproval").filter(({ approved }) => approved));
    const [one, other] = [tokens[3] as Token, operators[3] as All];
    for (const filter of [
      {},
      { owner: one.owner },
      { approved: one.approved, collection: "ARTWORK" },
      { tokenId: `${one.tokenId}` },
    ]) {
      const expected = tokens.filter((row) =>
        Object.entries(filter).every(([name, value]) => `${row[name as keyof Token]}` === value),
      );
      const rows = await walk("tokenApprovals", "TokenApprovalFilter", filter, "collection tokenId owner approved");
      expect(rows).toEqual(
        expected.map(({ seq: _, ...row }) => json(pick(row, ["collection", "tokenId", "owner", "approved"]))),
      );
      expect(rows.length).toBeGreaterThan(0);
    }
    for (const filter of [{}, { owner: other.owner }, { operator: other.operator, collection: "MODEL" }]) {
      const expected = operators.filter((row) =>
        Object.entries(filter).every(([name, value]) => `${row[name as keyof All]}` === value),
      );
      const rows = await walk("operatorApprovals", "OperatorApprovalFilter", filter, "collection owner operator");
      expect(rows).toEqual(expected.map((row) => pick(row, ["collection", "owner", "operator"])));
      expect(rows.length).toBeGreaterThan(0);
    }
    const { account } = await gallery.ask<{ account: { tokenApprovals: Rows; operatorApprovals: Rows } }>(
      `query ($a: Address!) { account(address: $a) { tokenApprovals(first: 100) { tokenId artwork { tokenId } } operatorApprovals { operator } } }`,
      { a: one.owner },
    );
    const mine = tokens.filter(({ owner }) => owner === one.owner).map(({ tokenId }) => `${tokenId}`);
    expect(account.tokenApprovals).toEqual(mine.map((tokenId) => ({ tokenId, artwork: { tokenId } })));
    expect(account.operatorApprovals).toEqual(
      operators.filter(({ owner }) => owner === one.owner).map(({ operator }) => ({ operator })),
    );
  });
});

function pick(row: object, names: readonly string[]): object {
  return Object.fromEntries(names.map((name) => [name, (row as Record<string, unknown>)[name]]));
}

describe("words", () => {
  it("find models by their names", async () => {
    const { models } = gallery.catalogue;
    const [word = ""] = (models[4]?.name ?? "").split(" ").slice(1);
    const ask = async (search: string) =>
      (await walkSearch("models", search, "modelId")).map(({ modelId }) => modelId).sort();
    const named = (holds: (name: string) => boolean) =>
      models
        .filter(({ name }) => holds(name))
        .map(({ modelId }) => `${modelId}`)
        .sort();
    expect(await ask(word.toUpperCase())).toEqual(named((name) => name.split(" ").some((one) => one.startsWith(word))));
    expect(await ask(`mode ${word} `)).toEqual([]);
    expect(await ask(`model ${word} `)).toEqual(named((name) => name.split(" ").includes(word)));
    expect((await ask("model")).length).toBe(models.length);
    expect(await ask("MIT nothing")).toEqual([]);
  });

  it.each(["models", "seriesList"])(
    "of %s are read as those of artworks: none finds nothing, too many are refused",
    async (list) => {
      const query = `query ($s: String) { found: ${list}(search: $s) { totalCount nodes { id } } }`;
      for (const s of ["!!", "%", "🦊"]) {
        expect(await gallery.ask(query, { s })).toEqual({ found: { totalCount: 0, nodes: [] } });
      }
      const { found } = await gallery.ask<{ found: { totalCount: number } }>(query, { s: " " });
      expect(found.totalCount).toBeGreaterThan(0);
      expect(await refusalOf(query, { s: "a".repeat(201) })).toEqual([
        { code: "BAD_INPUT", message: "search has at most 200 characters." },
      ]);
    },
  );

  it("find series by their artworks", async () => {
    const { artworks } = gallery.catalogue;
    for (const word of ["study", artworks[33]?.name.split(" ")[0] ?? ""]) {
      const series = new Set(withWord(gallery.catalogue, word).map(({ seriesId }) => `${seriesId}`));
      const found = await walkSearch("seriesList", `${word} `, "seriesId");
      expect(found.map(({ seriesId }) => seriesId)).toEqual([...series].sort((a, b) => Number(b) - Number(a)));
      expect(series.size).toBeGreaterThan(0);
    }
  });

  async function walkSearch(name: string, search: string, fields: string): Promise<Rows> {
    const found: Rows[number][] = [];
    for (let page: Record<string, unknown> = { hasNextPage: true }; page.hasNextPage; ) {
      const { list } = await gallery.ask<{
        list: { nodes: Rows; totalCount: number; pageInfo: Record<string, unknown> };
      }>(
        `query ($search: String, $after: String) { list: ${name}(first: 50, search: $search, after: $after) {
          totalCount nodes { ${fields} } pageInfo { hasNextPage endCursor } } }`,
        { search, after: page.endCursor ?? null },
      );
      found.push(...list.nodes);
      page = list.pageInfo;
      if (!page.hasNextPage) expect(list.totalCount).toBe(found.length);
    }
    return found;
  }
});

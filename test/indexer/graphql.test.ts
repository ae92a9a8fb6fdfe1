/** The gallery's GraphQL in this process, on a catalogue of made-up artworks: what it answers, and that graphql-js would answer the same. */
import { createHash } from "node:crypto";
import { getIntrospectionQuery, parse, validate } from "graphql";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gallery, PLACE, startGallery } from "./gallery.ts";
import { everything, listFields } from "./questions.ts";
import { compareRandom } from "./randomAnswers.ts";

let gallery: Gallery;

beforeAll(async () => {
  gallery = await startGallery(1_500);
}, 600_000);
afterAll(() => gallery?.stop());

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("answers as graphql-js would", () => {
  const everywhere = listFields().map(({ name, node, required }): [string, string] => [
    `all of ${name}`,
    `{ ${name}(${required ? `${required}, ` : ""}first: 3) { totalCount totalIsExact edges { cursor } nodes ${everything(node, 2)} } }`,
  ]);
  const examples: [string, string, Record<string, unknown>?][] = [
    ...everywhere,
    [
      "names, fragments and directives",
      `query Q($id: BigInt!, $with: Boolean!, $first: Int = 2) {
        __typename
        one: artwork(tokenId: $id) { ...card kind: __typename remixOf @include(if: $with) { tokenId } }
        artwork(tokenId: $id) { ... on Artwork { tokenId name } ... @skip(if: $with) { prompt } versions(first: $first) { version } }
        none: artwork(tokenId: 5) { name }
      }
      fragment card on Artwork { name series { ...row } series { title } }
      fragment row on Series { seriesId artworks(first: $first) { __typename number } }`,
      { id: "3001", with: false },
    ],
    [
      "the same list twice, nodes and edges",
      `{ artworks(first: 2) { a: nodes { tokenId artist { address artworksOwned } } nodes { name }
         edges { cursor node { tokenId model { name } } rank snippet } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } }`,
    ],
    [
      "facets",
      `{ artworkFacets(first: 3, filter: { families: [SD15, SDXL] }) { total isApproximate models { modelId count model { name owner { address } } }
         families { family count } policies { policy count } workers { address count worker { bonded } } tags { value count } } }`,
    ],
    [
      "statistics",
      `{ collection(collection: ARTWORK) { collection items series usageRoyalties mintedLastWeek } m: collection(collection: MODEL) { items holders transfers }
         modelStatistics(modelId: 2, days: 1) { start volume } protocol { artworks supply } block { number timestamp chainId hash } }`,
    ],
    [
      "holders",
      `{ holders(collection: ARTWORK, first: 2) { nodes { address tokens account { artworksOwned } } }
         models: holders(collection: MODEL, first: 2) { totalCount nodes { address tokens account { modelsOwned } } }
         series(seriesId: 3) { holderCount holders(first: 5) { address tokens account { address } } } }`,
    ],
    ["search", `{ artworks(search: "study", first: 2) { totalCount edges { rank snippet cursor node { tokenId } } } }`],
    [
      "a provenance",
      `{ artwork(tokenId: "3001") { latest { rawReceipt anchor { root } guidanceScale requestedSeed } } }`,
    ],
    [
      "an error in a field that may be null",
      `{ artwork(tokenId: 3001) { versions(first: 0) { version } } block { number } }`,
    ],
    ["an error in a field that may not", `{ artworks(first: 101) { nodes { name } } block { number } }`],
    ["introspection", getIntrospectionQuery()],
  ];
  it.each(examples)("%s", async (_, query, variables = {}) => {
    const [{ json: text }, reference] = await Promise.all([
      gallery.executor.executeJson({ query, variables }),
      gallery.executor.executeByReference({ query, variables }),
    ]);
    const answer = JSON.parse(text) as { data?: unknown };
    expect(answer).toEqual(json(reference));
    // In the same order, too.
    expect(JSON.stringify(answer.data)).toBe(JSON.stringify(reference.data));
    expect(gallery.errors.splice(0).map(String)).toEqual([]);
  });
});

describe("pages", () => {
  const of = `nodes { tokenId } pageInfo { startCursor endCursor hasNextPage hasPreviousPage }`;
  type Page = { artworks: { nodes: { tokenId: string }[]; pageInfo: Record<string, string> } };

  it("takes what lies between two cursors, from either end", async () => {
    const { artworks: all } = await gallery.ask<Page>(`{ artworks(first: 20) { ${of} } }`);
    const ids = all.nodes.map(({ tokenId }) => tokenId);
    const cursorOf = async (first: number) =>
      (await gallery.ask<Page>(`{ artworks(first: ${first}) { ${of} } }`)).artworks.pageInfo.endCursor;
    const [after, before] = [await cursorOf(3), await cursorOf(9)];
    const between = async (given: string) =>
      (await gallery.ask<Page>(`{ artworks(${given}, after: "${after}", before: "${before}") { ${of} } }`)).artworks;
    expect((await between("first: 100")).nodes.map(({ tokenId }) => tokenId)).toEqual(ids.slice(3, 8));
    expect((await between("last: 2")).nodes.map(({ tokenId }) => tokenId)).toEqual(ids.slice(6, 8));
    expect((await between("last: 2")).pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    expect((await between("last: 100")).pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
  });

  it.each([
    ["both ends", "first: 2, last: 2", "BAD_INPUT", "first or last, not both"],
    ["no number", "first: 0", "BAD_INPUT", "first is a number from 1 to 100"],
    ["too many", "last: 101", "BAD_INPUT", "last is a number from 1 to 100"],
    ["nonsense as cursor", 'before: "abc"', "BAD_CURSOR", "before is not a cursor of this API"],
    [
      "another order's cursor",
      `after: "${cursor("OLDEST", "1001")}"`,
      "BAD_CURSOR",
      "cursor of order OLDEST, not NEWEST",
    ],
    ["a cursor that holds SQL", `after: "${cursor("NEWEST", "1' or 1")}"`, "BAD_CURSOR", "not a cursor of this API"],
    [
      "a cursor too short",
      `orderBy: TITLE, after: "${cursor("TITLE", "a")}"`,
      "BAD_CURSOR",
      "not a cursor of this API",
    ],
  ])("refuses %s", async (_, given, code, message) => {
    const { result } = await gallery.executor.execute({ query: `{ artworks(${given}) { ${of} } }` });
    expect(result.errors).toMatchObject([{ message: expect.stringContaining(message), extensions: { code } }]);
  });
});

describe("values that don't fit", () => {
  const owned = "query ($filter: ArtworkFilter) { artworks(filter: $filter) { totalCount } }";
  it.each<[string, string, Record<string, unknown>, string, [line: number, column: number]]>([
    [
      "an address in an argument",
      '{ account(address: "0x12") { balance } }',
      {},
      'Argument "address" of "account" got invalid value "0x12"; Address is 0x and 40 hex digits.',
      [1, 20],
    ],
    [
      "an address of which a character was mistyped",
      '{ account(address: "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96046") { balance } }',
      {},
      'Argument "address" of "account" got invalid value "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96046"; Address has a wrong checksum (EIP-55), so a character of it was changed: copy the address again.',
      [1, 20],
    ],
    [
      "an address in a list in a filter",
      `{ artworks(filter: { tags: "sea", owner: ["0x${"1".repeat(40)}", "0x12"] }) { totalCount } }`,
      {},
      'Argument "filter" of "artworks" got invalid value "0x12" at "filter.owner[1]"; Address is 0x and 40 hex digits.',
      [1, 89],
    ],
    [
      "a long number",
      `{\n  artwork(tokenId: "${"1".repeat(100)}") { name } }`,
      {},
      `Argument "tokenId" of "artwork" got invalid value "${"1".repeat(79)}...; BigInt is a whole number as a decimal string`,
      [2, 20],
    ],
    [
      "a time",
      "{ artworks(filter: { mintedAfter: -1 }) { totalCount } }",
      {},
      'Argument "filter" of "artworks" got invalid value -1 at "filter.mintedAfter"; Timestamp (Unix seconds) is a whole number',
      [1, 35],
    ],
    [
      "an order",
      "{ artworks(orderBy: BEST) { totalCount } }",
      {},
      'Argument "orderBy" of "artworks" got invalid value BEST; Value "BEST" does not exist in "ArtworkOrder" enum.',
      [1, 21],
    ],
    [
      "a field of a filter",
      '{ artworks(filter: { owners: "0x12" }) { totalCount } }',
      {},
      '"0x12" at "filter.owners"; Field "owners" is not defined by type "ArtworkFilter".',
      [1, 22],
    ],
    [
      "what a directive takes",
      "{ block { number @skip(if: 1) } }",
      {},
      'Argument "if" of "@skip" got invalid value 1; Boolean cannot represent a non boolean value: 1',
      [1, 28],
    ],
    [
      "a variable's default",
      'query ($filter: ArtworkFilter = { artist: "0x12" }) { artworks(filter: $filter) { totalCount } }',
      {},
      'Default of variable "$filter" is invalid value "0x12" at "filter.artist"; Address is 0x and 40 hex digits.',
      [1, 43],
    ],
    [
      "a variable",
      "query ($id: BigInt!) { artwork(tokenId: $id) { name } }",
      { id: "1e3" },
      'Variable "$id" got invalid value "1e3"; BigInt is a whole number as a decimal string',
      [1, 8],
    ],
    [
      "a variable that is missing",
      "query ($id: BigInt!) { artwork(tokenId: $id) { name } }",
      {},
      'Variable "$id" of required type "BigInt!" was not provided.',
      [1, 8],
    ],
    [
      "a place in a variable",
      owned,
      { filter: { owner: ["0x12"] } },
      'Variable "$filter" got invalid value "0x12" at "filter.owner[0]"; Address is 0x and 40 hex digits.',
      [1, 8],
    ],
    [
      "a field of a variable",
      owned,
      { filter: { owners: [] } },
      'Field "owners" is not defined by type "ArtworkFilter".',
      [1, 8],
    ],
  ])("%s", async (_, query, variables, message, [line, column]) => {
    const { result, isRefused } = await gallery.executor.execute({ query, variables });
    expect(isRefused).toBe(true);
    expect(result.errors).toMatchObject([
      {
        message: expect.stringContaining(message),
        locations: [{ line, column }],
        extensions: { code: "BAD_INPUT" },
      },
    ]);
  });
});

function cursor(...parts: string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

describe("pages that can't be", () => {
  const asked = ["totalCount", "pageInfo { hasNextPage }", "__typename"];
  it.each(asked)("are refused when only %s is asked", async (fields) => {
    const { result } = await gallery.executor.execute({
      query: `{ artworks(first: 1000) { ${fields} } models(last: 0) { ${fields} }
        holders(collection: MODEL, first: 1, last: 1) { ${fields} } }`,
    });
    expect(result.errors).toMatchObject([
      {
        message: "first is a number from 1 to 100.",
        path: ["artworks"],
        locations: [{ line: 1, column: 3 }],
        extensions: { code: "BAD_INPUT" },
      },
      { message: "last is a number from 1 to 100.", path: ["models"] },
      { message: "Give first or last, not both.", path: ["holders"] },
    ]);
  });
});

describe("blocks", () => {
  it("says up to which block everything is in the answer", async () => {
    const { result } = await gallery.executor.execute({ query: "{ artworks(first: 1) { nodes { name } } }" });
    expect(result.extensions).toEqual({
      block: { chainId: 31_337, number: 5_000, timestamp: gallery.catalogue.now },
    });
  });

  it("waits for a block that is asked for, and says when it doesn't come", async () => {
    const query = "{ block { number } }";
    const there = await gallery.executor.execute({ query, extensions: { minBlock: 5_000 } });
    expect(there.result.data).toEqual({ block: { number: 5_000 } });
    const { result, isRefused } = await gallery.executor.execute({ query, extensions: { minBlock: 5_001 } });
    expect(isRefused).toBe(true);
    expect(result.errors).toMatchObject([
      { message: expect.stringContaining("minBlock asks for 5001"), extensions: { code: "BLOCK_NOT_REACHED" } },
    ]);
  });
});

describe("what does not fit the schema", () => {
  it.each([
    "{ nothing }",
    "{ artwork(tokenId: 1) }",
    "{ artwork { name } }",
    "{ artwork(tokenId: 1, other: 1) { name } }",
    "{ artwork(tokenId: 1) { name name: title } protocol { artworks { x } } }",
    "{ artworks(filter: { width: 1, width: 2 }, first: 1, first: 2) { totalCount } }",
    "{ artwork(tokenId: 1) { ...none } }",
    "fragment lost on Artwork { name } { protocol { artworks } }",
    "fragment odd on Nothing { name } { protocol { artworks } }",
    "{ artwork(tokenId: 1) { ... on Model { name } ... on BigInt { x } } }",
    "{ artwork(tokenId: 1) { ...a } } fragment a on Artwork { ...b } fragment b on Artwork { ...a }",
    "{ artwork(tokenId: $id) { name } }",
    "query ($id: BigInt!, $id: Int, $no: Nothing, $out: Artwork) { artwork(tokenId: $id) { name } }",
    "query ($id: String) { artwork(tokenId: $id) { name } }",
    "{ artwork(tokenId: 1) { name @nothing title @skip(if: true) @skip(if: false) } }",
    "{ protocol { artworks } } { protocol { supply } }",
    "query A { protocol { artworks } } query A { protocol { supply } }",
    "type Nothing { name: Nowhere } { protocol { artworks } }",
    "extend type Artwork { name: Int }",
  ])("is told as graphql-js tells it: %s", async (query) => {
    const expected = validate(gallery.executor.schema, parse(query));
    expect(expected.length).toBeGreaterThan(0);
    const { result, isRefused } = await gallery.executor.execute({ query });
    const told = json(result.errors) as { extensions?: object }[];
    expect(told.map(({ extensions }) => extensions)).toEqual(told.map(() => ({ code: "GRAPHQL_VALIDATION_FAILED" })));
    expect([told.map(({ extensions: _, ...error }) => error), isRefused]).toEqual([json(expected), true]);
  });

  it("is told again for the same variables, and for them alone", async () => {
    const query =
      "query ($id: BigInt!, $first: Int = 2) { artwork(tokenId: $id) { versions(first: $first) { version } } }";
    const ask = async (variables: Record<string, unknown>) =>
      (await gallery.executor.execute({ query, variables })).result;
    const wrong = await ask({ id: "x" });
    expect(wrong.errors).toMatchObject([{ message: expect.stringContaining("BigInt is a whole number") }]);
    expect(await ask({ id: "x" })).toEqual(wrong);
    const right = await ask({ id: "3001" });
    expect(right.errors).toBeUndefined();
    expect(await ask({ id: "3001" })).toEqual(right);
    expect((await ask({ id: "3001", first: 0 })).errors).toMatchObject([{ extensions: { code: "BAD_INPUT" } }]);
  });
});

describe("what is kept of a question", () => {
  it("tells a variable that is null from one that is not given", async () => {
    const query = 'query ($first: Int) { artwork(tokenId: "3001") { versions(first: $first) { version } } }';
    const ask = async (variables: Record<string, unknown>) =>
      (await gallery.executor.execute({ query, variables })).result.errors?.map(({ message }) => message);
    expect(await ask({})).toBeUndefined();
    expect(await ask({ first: null })).toEqual(["first is a number from 1 to 100."]);
    expect(await ask({})).toBeUndefined();
  });

  it("tells the same field with other arguments apart, wherever it shows the same rows", async () => {
    type Found = { model: Record<string, unknown[]> };
    const { artworks } = await gallery.ask<{ artworks: { nodes: Found[]; edges: { node: Found }[] } }>(
      `{ artworks(first: 1, filter: { modelIds: [1] }) { nodes { model { a: artworks(first: 1) { tokenId } c: artworks(first: 4) { name } } }
         edges { node { model { a: artworks(first: 2) { tokenId } b: artworks(first: 3) { tokenId } } } } } }`,
    );
    const lengths = (found: Found | undefined) => Object.values(found?.model ?? {}).map(({ length }) => length);
    expect(lengths(artworks.nodes[0])).toEqual([1, 4]);
    expect(lengths(artworks.edges[0]?.node)).toEqual([2, 3]);
  });
});

describe("questions by their hash", () => {
  const query = "{ protocol { artworks } }";
  const ask = (sha256Hash: string, text?: string) =>
    gallery.executor.execute({
      ...(text !== undefined && { query: text }),
      extensions: { persistedQuery: { version: 1, sha256Hash } },
    });

  it("are known once they were asked with their text", async () => {
    const hash = createHash("sha256").update(query).digest("hex");
    expect((await ask(hash)).result.errors).toMatchObject([
      { message: "PersistedQueryNotFound", extensions: { code: "PERSISTED_QUERY_NOT_FOUND" } },
    ]);
    const first = await ask(hash, query);
    expect(first.result.data).toEqual({ protocol: { artworks: 1_500 } });
    expect(await ask(hash)).toEqual(first);
    // A text that is null is none.
    const extensions = { persistedQuery: { version: 1, sha256Hash: hash } } as const;
    expect(await gallery.executor.execute({ query: null as never, extensions })).toEqual(first);
  });

  it("must be of the text that comes with it", async () => {
    const { result } = await ask("0".repeat(64), query);
    expect(result.errors).toMatchObject([{ extensions: { code: "BAD_INPUT" } }]);
  });
});

describe("random questions", () => {
  beforeAll(async () => {
    // Some rows are missing that must be there: what can't be null then is, at every depth.
    const client = new pg.Client({ connectionString: gallery.url });
    await client.connect();
    for (const [table, key] of [
      ["account", "address"],
      ["model", "model_id"],
      ["worker", "address"],
      ["series", "series_id"],
    ]) {
      await client.query(`delete from "${PLACE}"."${table}" where hashtext(${key}::text) % 9 = 0`);
    }
    await client.end();
  });

  it("are answered as graphql-js answers them", async () => {
    await compareRandom(gallery);
  }, 3_600_000);
});

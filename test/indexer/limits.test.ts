/** What one question may ask for: each limit, and the sentence that says it. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Gallery, startGallery } from "./gallery.ts";

let gallery: Gallery;

beforeAll(async () => {
  gallery = await startGallery(200);
}, 300_000);
afterAll(() => gallery?.stop());

const many = (count: number, of: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => of(i)).join(" ");
const deep = (levels: number): string =>
  `{ artworks(first: 1) { nodes ${"{ series { artworks(first: 1) ".repeat(levels)}{ name }${" } }".repeat(levels)} } }`;

it.each([
  ["a field that is none", "{ artworks { nodes { prise } } }", undefined, "Cannot query field"],
  ["many tokens", `{ ${many(2_000, () => "block { number }")} }`, "TOO_EXPENSIVE", "more than 4000 tokens"],
  ["many aliases", `{ block { ${many(31, (i) => `a${i}: number`)} } }`, "TOO_EXPENSIVE", "more than 30 aliases"],
  [
    "many root fields in a fragment",
    `{ ...f } fragment f on Query { ${many(21, (i) => `a${i}: protocol { artworks }`)} }`,
    "TOO_EXPENSIVE",
    "21 root fields; a question has at most 20 root fields",
  ],
  ["many levels", deep(4), "TOO_EXPENSIVE", "9 levels of types within each other; the limit is 8"],
  ["levels without end", deep(30), "TOO_EXPENSIVE", "deeper than 18"],
  [
    "many rows",
    "{ artworks(first: 100) { nodes { series { artworks(first: 100) { activity(first: 10) { kind } } } } } }",
    "TOO_EXPENSIVE",
    "asks for 110200 rows, which is more than 10000 rows",
  ],
  [
    "many rows in several fields",
    `{ ${many(4, (i) => `a${i}: artworks(first: 100) { nodes { versions(first: 30) { version } } }`)} }`,
    "TOO_EXPENSIVE",
    "more than 10000 rows",
  ],
  ["NUL in a search", '{ artworks(search: "a\\u0000b") { totalCount } }', "BAD_INPUT", "search holds a NUL"],
  ["NUL in a filter", '{ artworks(filter: {tags: "a\\u0000"}) { totalCount } }', "BAD_INPUT", "tags holds a NUL"],
  [
    "a search too long",
    `{ artworks(search: "${"a".repeat(201)}") { totalCount } }`,
    "BAD_INPUT",
    "at most 200 characters",
  ],
  ["RELEVANCE of nothing", "{ artworks(orderBy: RELEVANCE) { nodes { name } } }", "BAD_INPUT", "needs a search"],
  [
    "many values",
    `{ artworks(filter: {tags: [${many(201, (i) => `"t${i}"`)}]}) { totalCount } }`,
    "BAD_INPUT",
    "tags has at most 200 values",
  ],
  ["many days", "{ statistics(days: 1001) { start } }", "BAD_INPUT", "days is a number from 1 to 1000"],
  [
    "holders of a series of models",
    "{ holders(collection: MODEL, seriesId: 1) { totalCount } }",
    "BAD_INPUT",
    "seriesId",
  ],
  ["a long alias", `{ block { ${"a".repeat(61)}: number } }`, "BAD_INPUT", "at most 60 characters"],
  [
    "introspection in circles",
    `{ __schema { types { fields { type ${"{ fields { type ".repeat(9)}{ name }${" } }".repeat(9)} } } } }`,
    undefined,
    "Introspection goes at most two lists deep",
  ],
  [
    "two operations without a name",
    "query a { block { number } } query b { block { number } }",
    "BAD_INPUT",
    "operationName",
  ],
  [
    "fields without end, by way of fragments",
    `{ artworks(first: 1) { nodes { ...f0 } } } ${[0, 1, 2]
      .map((n) => {
        const places = ["a", "b", "c", "d", "e", "f", "g", "h"].slice(0, 8);
        return `fragment f${n} on Artwork { ${places
          .map((name) => `${name}${n}: series { artworks(first: 1) { ...f${n + 1} } }`)
          .join(" ")} }`;
      })
      .join(" ")} fragment f3 on Artwork { tokenId name title description prompt seed width height steps sampler }`,
    "TOO_EXPENSIVE",
    "more than 5000 fields",
  ],
])("refuses %s with a sentence", async (_, query, code, sentence) => {
  const { result } = await gallery.answerer.answer({ query });
  expect(result.errors?.map(({ message }) => message).join("\n")).toContain(sentence);
  if (code !== undefined) expect(result.errors?.[0]?.extensions?.code).toBe(code);
  expect(gallery.errors).toEqual([]);
});

it("takes what is just within the limits", async () => {
  expect(await gallery.ask(deep(3))).toMatchObject({ artworks: { nodes: [{}] } });
  expect(await gallery.ask(`{ block { ${many(30, (i) => `a${i}: number`)} } }`)).toMatchObject({
    block: { a29: 5_000 },
  });
  const roots = await gallery.ask(`{ ${many(20, (i) => `a${i}: artwork(tokenId: ${i}) { name }`)} }`);
  expect(Object.keys(roots as object)).toHaveLength(20);
});

it("opens fragments that spread each other twice only once", async () => {
  // Opened each time they would be 2^40.
  const chain = (type: string, end: string, levels = 40) =>
    many(levels, (i) =>
      i === levels - 1
        ? `fragment f${i} on ${type} { ${end} }`
        : `fragment f${i} on ${type} { ...f${i + 1} ...f${i + 1} }`,
    );
  const found = await gallery.ask(`{ artworks(first: 1) { nodes { ...f0 } } } ${chain("Artwork", "tokenId")}`);
  expect(found).toEqual({ artworks: { nodes: [{ tokenId: expect.any(String) }] } });
  const told = await gallery.ask(`{ __schema { ...f0 } } ${chain("__Schema", "queryType { name }")}`);
  expect(told).toEqual({ __schema: { queryType: { name: "Query" } } });
});

it("shows nothing of what goes wrong inside, and tells the log", async () => {
  const { pool } = gallery;
  await pool.close();
  const { result } = await gallery.answerer.answer({ query: "{ artworks(first: 7) { nodes { name } } }" });
  expect(result.errors).toMatchObject([
    { message: "Something went wrong on our side.", extensions: { code: "INTERNAL" }, path: ["artworks"] },
  ]);
  expect(gallery.errors.map(String)).toEqual([expect.stringContaining("pool")]);
});

/** Questions that integrators ask beyond lists: each answer is compared with a plain recomputation over a catalogue of made-up artworks. */
import { getNamedType, isObjectType } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { idOf, readId } from "../../indexer/src/api/graphql/ids.ts";
import { CHAIN_ID } from "./catalogue.ts";
import { type Gallery, startGallery } from "./gallery.ts";
import { listFields, gallery as schema } from "./questions.ts";

let gallery: Gallery;

beforeAll(async () => {
  gallery = await startGallery(1_500);
}, 300_000);
afterAll(() => gallery?.stop());

interface Named {
  readonly __typename: string;
  readonly id: string;
}

/** The errors of a question that is refused. */
async function refusalOf(query: string, variables: Record<string, unknown> = {}) {
  const { result } = await gallery.answerer.answer({ query, variables });
  return result.errors?.map(({ message, extensions }) => ({ message, code: extensions?.code }));
}

describe("global ids", () => {
  /** Objects without an identity: pages, facets, and what is true of an answer alone. */
  const values = /^(Query|PageInfo|Block|CollectionStatistics|\w+(Connection|Edge|Facets?))$/;

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
        // What the answer shows of one id is always one thing.
        expect(found.get(id)?.__typename ?? __typename).toBe(__typename);
        found.set(id, { __typename, id });
      }
      for (const inner of Object.values(value)) take(inner);
    };
    for (const { name, needed } of listFields()) {
      take(await gallery.ask(`{ ${name}(${needed ? `${needed}, ` : ""}first: 3) { nodes { __typename id } } }`));
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
      gallery.answerer.answerJson({ query, variables }),
      gallery.answerer.answerByReference({ query, variables }),
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

import { readFileSync } from "node:fs";
import { InfiniteQueryObserver, QueryClient } from "@tanstack/query-core";
import {
  buildSchema,
  type GraphQLInputObjectType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  parse,
  validate,
} from "graphql";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import {
  artworkQuery,
  artworksPages,
  artworksQuery,
  createGalleryClient,
  documents,
  filters,
  GalleryError,
  orders,
  waitForBlock,
  watchQuery,
} from "../src/queries/index.js";
import { type Answer, json, type ScriptedServer, serve } from "./server.ts";

const sdl = readFileSync(new URL("../../indexer/src/api/graphql/schema.graphql", import.meta.url), "utf8");
const schema: GraphQLSchema = buildSchema(sdl);

/** Whether a reader takes what a GraphQL type can be: nulls, lists, objects, and every field asked for. */
function faults(reader: z.ZodType, type: GraphQLOutputType, path: string): string[] {
  if (reader instanceof z.ZodPipe) return faults(reader.in as z.ZodType, type, path);
  const nullable = !isNonNullType(type);
  if (nullable && !(reader instanceof z.ZodNullable)) return [`${path} may be null`];
  if (!nullable && reader instanceof z.ZodNullable) return [`${path} is never null`];
  const inner = isNonNullType(type) ? (type.ofType as GraphQLOutputType) : type;
  const read = reader instanceof z.ZodNullable ? (reader.unwrap() as z.ZodType) : reader;
  if (isListType(inner)) {
    if (!(read instanceof z.ZodArray)) return [`${path} is a list`];
    return faults(read.element as z.ZodType, inner.ofType as GraphQLOutputType, `${path}[]`);
  }
  if (!isObjectType(inner)) return [];
  if (!(read instanceof z.ZodObject)) return [`${path} is an object`];
  const fields = (inner as GraphQLObjectType).getFields();
  return Object.entries(read.shape).flatMap(([name, field]) => {
    const known = fields[name];
    return known ? faults(field as z.ZodType, known.type, `${path}.${name}`) : [`${path}.${name} is unknown`];
  });
}

describe("documents", () => {
  it.each(Object.entries(documents))("%s is valid, and its answer is read as the schema types it", (_, document) => {
    expect(validate(schema, parse(document.text))).toEqual([]);
    const reader = document.schema instanceof z.ZodPipe ? (document.schema.in as z.ZodType) : document.schema;
    const query = schema.getQueryType();
    if (!query || !(reader instanceof z.ZodObject)) throw new Error("no query");
    expect(
      Object.entries(reader.shape).flatMap(([name, field]) => {
        const root = query.getFields()[name];
        return root ? faults(field as z.ZodType, root.type, name) : [`${name} is unknown`];
      }),
    ).toEqual([]);
  });

  it.each(Object.entries(filters))("%s has the fields of the schema's", (name, filter) => {
    const input = schema.getType(name);
    expect(isInputObjectType(input)).toBe(true);
    expect(Object.keys(filter.shape).sort()).toEqual(Object.keys((input as GraphQLInputObjectType).getFields()).sort());
  });

  it.each(Object.entries(orders))("%s has the values of the schema's", (name, values) => {
    const type = schema.getType(name);
    expect(isEnumType(type) && type.getValues().map(({ value }) => value)).toEqual(values);
  });
});

let server: ScriptedServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});
async function galleryOf(answer: Answer) {
  server = await serve(answer);
  return createGalleryClient({ url: `${server.url}/graphql` });
}
const block = { chainId: 31_337, number: 5, timestamp: 1_763_164_800 };
const card = (tokenId: number) => ({
  tokenId: `${tokenId}`,
  seriesId: "1",
  number: 1,
  name: "Lighthouse",
  image: "ipfs://bafy",
  cid: "bafy",
  prompt: "a lighthouse",
  artist: { address: `0x${"aa".repeat(20)}` },
  owner: null,
  model: null,
  versionCount: 1,
  mintedAt: 1_763_164_800,
});
const page = (tokenIds: number[], endCursor: string | null) => ({
  data: {
    block,
    artworks: { totalCount: 3, pageInfo: { hasNextPage: endCursor !== null, endCursor }, nodes: tokenIds.map(card) },
  },
});

describe("asking", () => {
  it("gives typed answers through a query cache, and asks once", async () => {
    const gallery = await galleryOf((_, response) => json(response, 200, page([1001, 1002], null)));
    const queryClient = new QueryClient();
    const options = artworksQuery(gallery, { filter: { tokenIds: [1001n, 2n ** 70n] }, search: "light" });
    const first = await queryClient.fetchQuery({ ...options, staleTime: 60_000 });
    expect(await queryClient.fetchQuery({ ...options, staleTime: 60_000 })).toBe(first);
    expect(first.page.nodes.map(({ tokenId }) => tokenId)).toEqual([1001n, 1002n]);
    expect(first.block).toEqual(block);
    expect(server?.seen).toHaveLength(1);
    expect(server?.seen[0]?.body).toMatchObject({
      operationName: "Artworks",
      variables: { filter: { tokenIds: ["1001", "1180591620717411303424"] }, search: "light" },
    });
    queryClient.clear();
  });

  it("goes through pages by cursor", async () => {
    const gallery = await galleryOf(({ body }, response) => {
      const { after } = (body as { variables: { after?: string } }).variables;
      json(response, 200, after === undefined ? page([1001, 1002], "c2") : page([1003], null));
    });
    const queryClient = new QueryClient();
    const observer = new InfiniteQueryObserver(queryClient, {
      ...artworksPages(gallery, { first: 2 }),
    });
    await observer.refetch();
    const { data, hasNextPage } = await observer.fetchNextPage();
    expect(hasNextPage).toBe(false);
    expect(data?.pages.flatMap(({ page: { nodes } }) => nodes.map(({ tokenId }) => tokenId))).toEqual([
      1001n,
      1002n,
      1003n,
    ]);
    observer.destroy();
    queryClient.clear();
  });

  it("calls back when an answer has changed", async () => {
    let asked = 0;
    // Every answer comes twice.
    const gallery = await galleryOf((_, response) => json(response, 200, page([1001 + Math.floor(asked++ / 2)], null)));
    const queryClient = new QueryClient();
    const seen: unknown[] = [];
    await new Promise<void>((resolve) => {
      const stop = watchQuery(
        queryClient,
        artworksQuery(gallery),
        (now) => {
          seen.push("data" in now ? now.data.page.nodes[0]?.tokenId : now.error);
          if (seen.length < 3) return;
          stop();
          resolve();
        },
        { interval: 5 },
      );
    });
    expect(seen).toEqual([1001n, 1002n, 1003n]);
    queryClient.clear();
  });

  it("waits for a block", async () => {
    let number = 5;
    const gallery = await galleryOf((_, response) =>
      json(response, 200, { data: { block: { ...block, number: number++ } } }),
    );
    expect(await waitForBlock(gallery, 8n, { interval: 1 })).toMatchObject({ number: 8 });
    await expect(waitForBlock(gallery, 1_000n, { interval: 1, timeout: 10 })).rejects.toBeInstanceOf(GalleryError);
  });

  it("is null for what there is not", async () => {
    const gallery = await galleryOf((_, response) => json(response, 200, { data: { block, artwork: null } }));
    expect(await artworkQuery(gallery, 7n).queryFn({})).toEqual({ block, artwork: null });
  });

  it.each<[string, string, Answer]>([
    [
      "a refusal",
      "REFUSED",
      (_, response) => json(response, 400, { errors: [{ message: "Too deep.", extensions: { code: "DEPTH" } }] }),
    ],
    ["an answer beside GraphQL", "ANSWER_INVALID", (_, response) => json(response, 502, "bad gateway")],
    ["an answer that is not JSON", "ANSWER_INVALID", (_, response) => void response.end("<html>")],
    [
      "an answer of another shape",
      "ANSWER_INVALID",
      (_, response) => json(response, 200, { data: { block: { number: "5" } } }),
    ],
    ["no answer", "UNREACHABLE", (_, response) => void response.destroy()],
  ])("names %s", async (_, code, answer) => {
    const gallery = await galleryOf(answer);
    const error = await gallery.query(documents.block, {}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(GalleryError);
    expect(error).toMatchObject({ code });
  });
});

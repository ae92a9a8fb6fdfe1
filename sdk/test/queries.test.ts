import { readFileSync } from "node:fs";
import { InfiniteQueryObserver, QueryClient } from "@tanstack/query-core";
import {
  buildSchema,
  type FragmentDefinitionNode,
  GraphQLNonNull,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isListType,
  isNonNullType,
  isObjectType,
  parse,
  type SelectionSetNode,
  validate,
} from "graphql";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { type Answer, json, type ScriptedServer, serve } from "../../test/fixtures/scriptedServer.ts";
import {
  artworkQuery,
  artworksPages,
  artworksQuery,
  createGalleryClient,
  documents,
  GalleryError,
  galleryDocument,
  modelStatisticsQuery,
  waitForBlock,
  watchBlocks,
  watchQuery,
} from "../src/gallery/index.js";
import { sleep } from "../src/node/index.ts";

const sdl = readFileSync(new URL("../../indexer/src/api/graphql/schema.graphql", import.meta.url), "utf8");
const schema: GraphQLSchema = buildSchema(sdl);

/** Where a reader does not take what a query's selection can be answered with: nulls, lists, objects, and each field. */
function faultsOf(text: string, reader: z.core.$ZodType): string[] {
  const document = parse(text);
  const fragments = new Map<string, FragmentDefinitionNode>();
  let root: SelectionSetNode | undefined;
  for (const definition of document.definitions) {
    if (definition.kind === "FragmentDefinition") fragments.set(definition.name.value, definition);
    if (definition.kind === "OperationDefinition") root = definition.selectionSet;
  }

  function object(one: z.core.$ZodType, set: SelectionSetNode, type: GraphQLObjectType, path: string): string[] {
    if (!(one instanceof z.ZodMiniObject)) return [`${path} is an object`];
    const asked = new Set<string>();
    const faults = fields(one, set, type, path, asked);
    return [
      ...faults,
      ...Object.keys(one.shape)
        .filter((name) => !asked.has(name))
        .map((name) => `${path}.${name} is not asked`),
    ];
  }

  function fields(
    one: z.ZodMiniObject,
    set: SelectionSetNode,
    type: GraphQLObjectType,
    path: string,
    asked: Set<string>,
  ): string[] {
    return set.selections.flatMap((node): string[] => {
      if (node.kind === "FragmentSpread") {
        const fragment = fragments.get(node.name.value);
        return fragment ? fields(one, fragment.selectionSet, type, path, asked) : [`${node.name.value} is unknown`];
      }
      if (node.kind !== "Field" || node.name.value === "__typename") return [];
      const name = node.alias?.value ?? node.name.value;
      asked.add(name);
      const field = type.getFields()[node.name.value];
      const read = one.shape[name] as z.core.$ZodType | undefined;
      if (!field || !read) return [`${path}.${name} is not read`];
      const isConditional = (node.directives ?? []).length > 0;
      if (isConditional !== read instanceof z.ZodMiniOptional) return [`${path}.${name} may be left out`];
      const inner = read instanceof z.ZodMiniOptional ? (read.def.innerType as z.core.$ZodType) : read;
      // A root field that finds more than one thing is null beside an error alone, which the client throws.
      const isPresent = path === "" && !/null when/.test(field.description ?? "");
      const of = isPresent && !isNonNullType(field.type) ? new GraphQLNonNull(field.type) : field.type;
      return value(inner, of, node.selectionSet, `${path}.${name}`);
    });
  }

  function value(
    one: z.core.$ZodType,
    type: GraphQLOutputType,
    set: SelectionSetNode | undefined,
    path: string,
  ): string[] {
    const isNullable = !isNonNullType(type);
    if (isNullable !== one instanceof z.ZodMiniNullable) return [`${path} ${isNullable ? "may be" : "is never"} null`];
    const inner = isNonNullType(type) ? (type.ofType as GraphQLOutputType) : type;
    const read = one instanceof z.ZodMiniNullable ? (one.def.innerType as z.core.$ZodType) : one;
    if (isListType(inner)) {
      if (!(read instanceof z.ZodMiniArray)) return [`${path} is a list`];
      return value(read.def.element as z.core.$ZodType, inner.ofType as GraphQLOutputType, set, `${path}[]`);
    }
    return isObjectType(inner) && set ? object(read, set, inner, path) : [];
  }

  const query = schema.getQueryType();
  return root && query ? object(reader, root, query, "") : ["no query"];
}

describe("documents", () => {
  it.each(Object.entries(documents))("%s is valid, and its answer is read as the schema types it", (_, document) => {
    expect(validate(schema, parse(document.text))).toEqual([]);
    expect(faultsOf(document.text, document.schema)).toEqual([]);
  });

  it("would not be taken if they were read wrongly", () => {
    const text = "query Q { protocol { supply } artwork(tokenId: 1) { name } }";
    const reader = (protocol: z.core.$ZodType, artwork: z.core.$ZodType) => z.object({ protocol, artwork });
    const named = z.object({ name: z.string() });
    const supply = z.object({ supply: z.int() });
    expect(faultsOf(text, reader(supply, z.nullable(named)))).toEqual([]);
    expect(faultsOf(text, reader(supply, named))).toEqual([".artwork may be null"]);
    expect(faultsOf(text, reader(z.nullable(supply), z.nullable(named)))).toEqual([".protocol is never null"]);
    expect(faultsOf(text, reader(z.object({ supply: z.int(), more: z.int() }), z.nullable(named)))).toEqual([
      ".protocol.more is not asked",
    ]);
    expect(faultsOf(text, reader(z.object({}), z.nullable(named)))).toEqual([".protocol.supply is not read"]);
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
const extensions = { block };
const card = (tokenId: number) => ({
  tokenId: `${tokenId}`,
  seriesId: "1",
  number: 1,
  name: "Lighthouse",
  image: "ipfs://bafy",
  cid: "bafy",
  prompt: "a lighthouse",
  tags: ["sea"],
  artist: { address: `0x${"aa".repeat(20)}` },
  owner: null,
  model: null,
  worker: null,
  width: 512,
  height: 768,
  versionCount: 1,
  remixOfId: null,
  remixCount: 0,
  transferCount: 0,
  listed: false,
  listPrice: null,
  mintedAt: 1_763_164_800,
  updatedAt: 1_763_164_800,
  updatedBlock: 100,
});
const page = (tokenIds: number[], endCursor: string | null) => ({
  data: { page: { pageInfo: { hasNextPage: endCursor !== null, endCursor }, nodes: tokenIds.map(card) } },
  extensions,
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

  it("waits for a block by the gallery's own patience, and asks again", async () => {
    let asked = 0;
    const late = { errors: [{ message: "Block 5 is the last one.", extensions: { code: "BLOCK_NOT_REACHED" } }] };
    const gallery = await galleryOf((_, response) =>
      asked++ < 2
        ? json(response, 200, late)
        : json(response, 200, { data: {}, extensions: { block: { ...block, number: 8 } } }),
    );
    expect(await waitForBlock(gallery, 8n, { interval: 1 })).toMatchObject({ number: 8 });
    expect(asked).toBe(3);
    expect(server?.seen[0]?.body).toMatchObject({ extensions: { minBlock: 8 } });
    asked = -1_000_000;
    await expect(waitForBlock(gallery, 1_000n, { interval: 1, timeout: 10 })).rejects.toMatchObject({
      code: "REFUSED",
      reason: "BLOCK_NOT_REACHED",
    });
  });

  it("reads one's own writes", async () => {
    const gallery = await galleryOf((_, response) => json(response, 200, { data: { artwork: null }, extensions }));
    await artworkQuery(gallery, 7n, { minBlock: 123n }).queryFn({});
    await artworkQuery(gallery, 7n).queryFn({});
    expect(server?.seen.map(({ body }) => (body as { extensions?: object }).extensions)).toEqual([
      { minBlock: 123 },
      undefined,
    ]);
    // Both are one entry of a cache.
    expect(artworkQuery(gallery, 7n, { minBlock: 123n }).queryKey).toEqual(artworkQuery(gallery, 7n).queryKey);
    expect(modelStatisticsQuery(gallery, 1n, { days: 7 }).queryKey).not.toEqual(
      modelStatisticsQuery(gallery, 1n).queryKey,
    );
  });

  it("is null for what there is not", async () => {
    const gallery = await galleryOf((_, response) => json(response, 200, { data: { artwork: null }, extensions }));
    expect(await artworkQuery(gallery, 7n).queryFn({})).toEqual({ block, artwork: null });
  });

  it("takes a query of one's own", async () => {
    const gallery = await galleryOf((_, response) =>
      json(response, 200, { data: { protocol: { supply: 3 } }, extensions }),
    );
    const supply = galleryDocument<Record<never, never>>()(
      "Supply",
      "query Supply { protocol { supply } }",
      z.object({ protocol: z.object({ supply: z.int() }) }),
    );
    expect(await gallery.query(supply, {})).toEqual({ protocol: { supply: 3 }, block });
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
      (_, response) => json(response, 200, { data: { artwork: { tokenId: 5 } }, extensions }),
    ],
    [
      "an answer without its block",
      "ANSWER_INVALID",
      (_, response) => json(response, 200, { data: { artwork: null } }),
    ],
    ["no answer", "UNREACHABLE", (_, response) => void response.destroy()],
  ])("names %s", async (_, code, answer) => {
    const gallery = await galleryOf(answer);
    const error = await gallery.query(documents.artwork, { tokenId: 1 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(GalleryError);
    expect(error).toMatchObject({ code });
  });

  it("says when a gallery that refuses may be asked again", async () => {
    const gallery = await galleryOf((_, response) =>
      json(
        response,
        429,
        { errors: [{ message: "Too many.", extensions: { code: "TOO_MANY_REQUESTS" } }] },
        { "retry-after": "7" },
      ),
    );
    await expect(gallery.query(documents.block, {})).rejects.toMatchObject({
      code: "REFUSED",
      reason: "TOO_MANY_REQUESTS",
      retryAfter: 7,
    });
  });
});

describe("live", () => {
  /** A gallery at a block, whose one artwork is what the test says. */
  async function liveGallery() {
    const state = { number: 5, tokenId: 1001, isDown: false };
    const asked: string[] = [];
    const gallery = await galleryOf(({ body }, response) => {
      const { operationName } = body as { operationName: string };
      asked.push(operationName);
      if (state.isDown) return void response.destroy();
      const { number, tokenId } = state;
      const answer = operationName === "Block" ? { data: {} } : page([tokenId], null);
      json(response, 200, { ...answer, extensions: { block: { ...block, number } } });
    });
    const countOf = (name: string) => asked.filter((one) => one === name).length;
    /** Until the block has been looked at so many times more. */
    const looks = async (times: number) => {
      const from = countOf("Block");
      while (countOf("Block") < from + times) await sleep(1);
    };
    return { gallery, state, countOf, looks };
  }

  it("looks at the block once for all, and asks again only when it is another", async () => {
    const { gallery, state, countOf, looks } = await liveGallery();
    const queryClient = new QueryClient();
    const seen: unknown[][] = [[], []];
    const stops = [0, 1].map((i) =>
      watchQuery(
        queryClient,
        artworksQuery(gallery, { first: i + 1 }),
        (now) => seen[i]?.push("data" in now ? now.data.page.nodes[0]?.tokenId : now.error),
        { interval: 5 },
      ),
    );
    await looks(5);
    expect(seen).toEqual([[1001n], [1001n]]);
    expect(countOf("Artworks")).toBe(2);
    state.number++; // a block in which nothing happened
    await looks(5);
    expect(countOf("Artworks")).toBe(4);
    expect(seen).toEqual([[1001n], [1001n]]);
    Object.assign(state, { number: 7, tokenId: 1002 });
    await looks(5);
    expect(countOf("Artworks")).toBe(6);
    expect(seen).toEqual([
      [1001n, 1002n],
      [1001n, 1002n],
    ]);
    for (const stop of stops) stop();
    const looked = countOf("Block");
    await sleep(50);
    expect(countOf("Block") - looked).toBeLessThan(2); // one may have been under way
    queryClient.clear();
  });

  it("says once that a gallery does not answer, and goes on when it does", async () => {
    const { gallery, state, looks } = await liveGallery();
    const queryClient = new QueryClient();
    const seen: unknown[] = [];
    const stop = watchQuery(
      queryClient,
      artworksQuery(gallery),
      (now) => seen.push("data" in now ? now.data.page.nodes[0]?.tokenId : (now.error as GalleryError).code),
      { interval: 5 },
    );
    await looks(3);
    state.isDown = true;
    await looks(5);
    Object.assign(state, { isDown: false, tokenId: 1002 });
    await looks(5);
    stop();
    expect(seen).toEqual([1001n, "UNREACHABLE", 1002n]);
    queryClient.clear();
  });

  it("tells whoever comes later what the others know", async () => {
    const { gallery, countOf, looks } = await liveGallery();
    const watch = watchBlocks(gallery, { interval: 5 });
    expect(watchBlocks(gallery)).toBe(watch);
    const stop = watch.subscribe(() => undefined);
    await looks(2);
    expect(watch.current()).toEqual(block);
    const told = await new Promise((resolve) => {
      const stopToo = watch.subscribe((now) => {
        stopToo();
        resolve(now);
      });
    });
    expect(told).toEqual({ data: block });
    stop();
    expect(countOf("Artworks")).toBe(0);
  });
});

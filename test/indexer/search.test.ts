/** Search: what is found, in which order, and what is shown of it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { snippetOf } from "../../indexer/src/api/sql/snippet.ts";
import { tsqueryOf } from "../../indexer/src/words.ts";
import { type Gallery, startGallery } from "./gallery.ts";
import { filtered, ordered, withWord } from "./naive.ts";

let gallery: Gallery;

beforeAll(async () => {
  gallery = await startGallery(3_000);
}, 300_000);
afterAll(() => gallery?.stop());

interface Found {
  readonly totalCount: number;
  readonly edges: readonly {
    readonly cursor: string;
    readonly rank: number | null;
    readonly node: { readonly tokenId: string };
  }[];
  readonly pageInfo: { readonly hasNextPage: boolean };
}

async function search(words: string, more: Record<string, unknown> = {}): Promise<Found> {
  const { artworks } = await gallery.ask<{ artworks: Found }>(
    `query ($search: String, $filter: ArtworkFilter, $orderBy: ArtworkOrder, $after: String, $last: Int, $first: Int) {
      artworks(first: $first, after: $after, last: $last, search: $search, filter: $filter, orderBy: $orderBy) {
        totalCount pageInfo { hasNextPage } edges { cursor rank node { tokenId } }
      }
    }`,
    { search: words, first: more.last === undefined ? 100 : undefined, ...more },
  );
  return artworks;
}

const idsOf = ({ edges }: Found): string[] => edges.map(({ node }) => node.tokenId);
const ids = (artworks: readonly { tokenId: bigint }[]): string[] => artworks.map(({ tokenId }) => `${tokenId}`);

/** A word that between 20 and 90 artworks have, and one of them. */
function middling(): { word: string; having: ReturnType<typeof withWord> } {
  for (const word of gallery.catalogue.words.slice(300)) {
    const having = withWord(gallery.catalogue, word);
    if (having.length > 20 && having.length < 90) return { word, having };
  }
  throw new Error("No word is in so many.");
}

describe("finds", () => {
  it("all that have a word, best first, and the same in other orders", async () => {
    const { word, having } = middling();
    const ranked = await search(`${word} `);
    expect(idsOf(ranked).sort()).toEqual(ids(having).sort());
    expect(ranked.totalCount).toBe(having.length);
    const ranks = ranked.edges.map(({ rank }) => rank ?? 0);
    expect(ranks).toEqual([...ranks].sort((a, b) => b - a));
    expect(ranks.at(-1)).toBeGreaterThan(0);
    for (const orderBy of ["NEWEST", "OLDEST", "TRENDING", "TITLE", "MOST_REMIXED"]) {
      const found = await search(`${word} `, { orderBy });
      expect([orderBy, idsOf(found)]).toEqual([orderBy, ids(ordered(having, orderBy))]);
      expect(found.edges.every(({ rank }) => rank === null)).toBe(true);
    }
  });

  it("together with filters of few and of many", async () => {
    const { catalogue } = gallery;
    const common = withWord(catalogue, "study");
    for (const filter of [
      { modelIds: "1" },
      { tags: "fox", samplers: ["euler_a"] },
      { tags: "rare" },
      { owner: common[3]?.owner },
    ]) {
      const passed = new Set(filtered(catalogue, filter).map(({ tokenId }) => tokenId));
      const expected = common.filter(({ tokenId }) => passed.has(tokenId));
      const newest = await search("study ", { filter, orderBy: "NEWEST" });
      expect(idsOf(newest)).toEqual(ids(ordered(expected, "NEWEST")).slice(0, 100));
      expect(newest.totalCount).toBe(expected.length);
      const ranked = new Set<string>();
      for (let after: string | undefined; ; ) {
        const page: Found = await search("study ", { filter, after });
        for (const id of idsOf(page)) ranked.add(id);
        after = page.edges.at(-1)?.cursor;
        if (!page.pageInfo.hasNextPage) break;
      }
      // Ranked is what is newest: all of it, up to 200.
      expect([...ranked].sort()).toEqual(ids(ordered(expected, "NEWEST")).slice(0, 200).sort());
    }
    expect(await search("study ", { filter: { burned: true } })).toMatchObject({ totalCount: 0, edges: [] });
  });

  it("pages of a ranked search, none of it twice, from both ends", async () => {
    const first = await search("study ", { first: 30 });
    const second = await search("study ", { first: 30, after: first.edges.at(-1)?.cursor });
    const both = await search("study ", { first: 60 });
    expect([...idsOf(first), ...idsOf(second)]).toEqual(idsOf(both));
    const last = await search("study ", { last: 20 });
    const all = [
      ...idsOf(await search("study ")),
      ...idsOf(await search("study ", { after: (await search("study ")).edges.at(-1)?.cursor })),
    ];
    expect(all).toHaveLength(200);
    expect(idsOf(last)).toEqual(all.slice(-20));
  });

  it("phrases, alternatives, beginnings, and without what must not be there", async () => {
    const { catalogue } = gallery;
    const { word, having } = middling();
    const [one] = having.filter(({ prompt }) => prompt.split(" ").includes(word));
    const words = one?.prompt.split(" ") ?? [];
    const phrase = words.slice(-3).join(" ");
    expect(idsOf(await search(`"${phrase}"`))).toEqual(
      ids(catalogue.artworks.filter(({ prompt, burned }) => !burned && ` ${prompt} `.includes(` ${phrase} `))),
    );
    const study = new Set(ids(withWord(catalogue, "study")));
    const without = idsOf(await search(`${word} -study`, { orderBy: "NEWEST" }));
    expect(without).toEqual(ids(ordered(having, "NEWEST")).filter((id) => !study.has(id)));
    const rare = catalogue.words.find((each) => [1, 2, 3, 4, 5].includes(withWord(catalogue, each).length)) ?? "";
    const either = idsOf(await search(`${word} or ${rare} `, { orderBy: "NEWEST" }));
    const expected = [...new Set([...having, ...withWord(catalogue, rare)])];
    expect(either).toEqual(ids(ordered(expected, "NEWEST")));
    // The last word may be unfinished.
    expect(idsOf(await search(word.slice(0, 4), { orderBy: "NEWEST" }))).toEqual(
      expect.arrayContaining(ids(having).slice(-1)),
    );
  });

  it("what stands in the name before what stands in the prompt", async () => {
    const { catalogue } = gallery;
    const { word, having } = middling();
    const named = having.filter(({ name, prompt }) => name.split(" ").includes(word) && !prompt.includes(word));
    const prompted = having.filter(
      ({ name, prompt }) => !name.includes(word) && prompt.split(" ").filter((each) => each === word).length === 1,
    );
    expect([named.length > 0, prompted.length > 0, catalogue.artworks.length]).toEqual([true, true, 3_000]);
    const order = idsOf(await search(`${word} `));
    const places = (of: typeof having) => ids(of).map((id) => order.indexOf(id));
    expect(Math.max(...places(named))).toBeLessThan(Math.min(...places(prompted)));
  });
});

describe("snippets", () => {
  const snippet = (text: string, words: string): string | undefined => snippetOf(text, tsqueryOf(words) ?? "");

  it.each([
    ["a word", "a Red fox in the snow", "fox ", "a Red <mark>fox</mark> in the snow"],
    [
      "a beginning",
      "foxes & <b>foxgloves</b>",
      "fox",
      "<mark>foxes</mark> &amp; &lt;b&gt;<mark>foxgloves</mark>&lt;/b&gt;",
    ],
    [
      "what is typed as markup",
      'x <mark>y</mark> "z"',
      "z ",
      "x &lt;mark&gt;y&lt;/mark&gt; &quot;<mark>z</mark>&quot;",
    ],
    ["not what must not be there", "fox and snow", "fox -snow", "<mark>fox</mark> and snow"],
    ["other scripts", "Ein ÜBER-Fuchs", "über fuchs ", "Ein <mark>ÜBER</mark>-<mark>Fuchs</mark>"],
  ])("mark %s", (_, text, words, expected) => {
    expect(snippet(text, words)).toBe(expected);
  });

  it("are the best piece of a long text", () => {
    const text = [...Array.from({ length: 100 }, (_, i) => `a${i}`), "fox", "b", "fox", ...Array(50).fill("c")].join(
      " ",
    );
    const found = snippet(text, "fox ") ?? "";
    expect(found).toMatch(/^… a73 .*<mark>fox<\/mark> b <mark>fox<\/mark> …$/);
    expect(found.split(" ")).toHaveLength(32);
    expect(snippet(text, "wolf ")).toBeUndefined();
  });

  it("come with the edges of a search", async () => {
    const { artworks } = await gallery.ask<{
      artworks: { edges: { snippet: string | null; node: { prompt: string } }[] };
    }>('{ artworks(search: "study of ", first: 5) { edges { snippet node { prompt } } } }');
    expect(artworks.edges.map(({ snippet: html }) => html?.startsWith("a <mark>study</mark> <mark>of</mark>"))).toEqual(
      Array(5).fill(true),
    );
  });
});

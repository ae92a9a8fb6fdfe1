/** Search: what is found, in which order, and what is shown of it. */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeVocabulary } from "../../indexer/ops/vocabulary.ts";
import { snippetOf } from "../../indexer/src/api/query/snippet.ts";
import { deletionsOf, isOneEdit } from "../../indexer/src/lib/fullText/edits.ts";
import { parseSearch, type Search } from "../../indexer/src/lib/fullText/searchQuery.ts";
import { textOf } from "../../indexer/src/lib/fullText/tsvector.ts";
import { type Gallery, PLACE, startGallery } from "./gallery.ts";
import { filtered, ordered, withWord } from "./referenceQueries.ts";

let gallery: Gallery;

beforeAll(async () => {
  gallery = await startGallery(3_000);
  await addWritten();
}, 600_000);
afterAll(() => gallery?.stop());

/** Artworks with words that the catalogue doesn't have: newer than its own, of the same series' other fields. */
const written = {
  castle: { name: "Evening", prompt: "a ruined castle above the storm, oil painting" },
  castles: { name: "Three castles", prompt: "sea and sky" },
  cafe: { name: "Nuit", prompt: "un café à Straßburg" },
  plainCafe: { name: "Night", prompt: "a cafe in strassburg" },
  cats: { name: "Кошки", prompt: "рыжие кошки ночью" },
  cat: { name: "Одна", prompt: "рыжая кошка" },
  fire: { name: "火", prompt: "火の狐火 at night" },
  slip: { name: "Slip", prompt: "a ligthhouse painted from memory" },
  lighthouse: { name: "Lighthouse", prompt: "lighthouse" },
  farLighthouse: { name: "Coast", prompt: "the lighthouse far away among rocks" },
  horse: { name: "Paddock", prompt: "one horse" },
  mouse: { name: "Cheese", prompt: "one mouse" },
  numbered: { name: "Number", prompt: "the year 2084 in neon" },
} as const;

type Written = keyof typeof written;

const CID = "bafybeicg2rebjoofv4kbyovkw7af3rpiitvnl6i7ckcywaq6xjcxnc2mby";
const ARTIST = "0x14dc79964da2c08b23698b3d3cc7ca32193d9955";
const FIRST = 900_001_001n;

const idOf = (name: Written): string => `${FIRST + BigInt(Object.keys(written).indexOf(name))}`;

/** Runs statements in the gallery's schema, as its indexer would. */
async function withWriter<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: gallery.url });
  await client.connect();
  await client.query(`set search_path to "${PLACE}"`);
  return work(client).finally(() => client.end());
}

async function addWritten(): Promise<void> {
  await withWriter(async (client) => {
    for (const [name, { name: title, prompt }] of Object.entries(written)) {
      const tokenId = BigInt(idOf(name as Written));
      await client.query(
        `insert into artwork select (json_populate_record(a, $1)).* from artwork a where not burned order by token_id limit 1`,
        [{ token_id: `${tokenId}`, name: title, prompt, cid: CID, artist: ARTIST, attributes: [] }],
      );
      const words = textOf({ name: title, tags: [], models: [], prompt, tokenId, cid: CID, artist: ARTIST });
      await client.query("insert into artwork_text select chain_id, $1, $2 from artwork_text limit 1", [
        `${tokenId}`,
        words,
      ]);
    }
  });
}

/** The next block: nothing is remembered of the one before. */
function nextBlock(): void {
  const block = gallery.indexingStatus.current();
  if (block) gallery.indexingStatus.move({ ...block, number: block.number + 1 });
}

/** Names of the written artworks that a search finds, in its order; others under their ids. */
async function named(words: string, more: Record<string, unknown> = {}): Promise<string[]> {
  const names = new Map(Object.keys(written).map((name) => [idOf(name as Written), name]));
  return idsOf(await search(words, more)).map((id) => names.get(id) ?? id);
}

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

describe("finds what is written otherwise", () => {
  it.each<[string, Written[]]>([
    ["cafe ", ["cafe", "plainCafe"]],
    ["CAFÉ ", ["cafe", "plainCafe"]],
    ["strasburg", []],
    ["Straßburg", ["cafe", "plainCafe"]],
    ["castle ", ["castle", "castles"]],
    ["castles ", ["castle", "castles"]],
    ["castles", ["castle", "castles"]],
    ["castl", ["castle", "castles"]],
    ['"castles"', ["castles"]],
    ["castle -castles", ["castle"]],
    ["кошка ", ["cat", "cats"]],
    ["рыжий кошкой ", ["cat", "cats"]],
    ["рыжие кошка ", ["cats", "cat"]],
    ["a castle in the storm ", ["castle"]],
    ["castle above the the storm", ["castle"]],
    ['"castle storm"', []],
    ['"castle above the storm"', ["castle"]],
  ])("%s", async (words, expected) => {
    expect((await named(words)).sort()).toEqual([...expected].sort());
  });

  it("only words that say nothing, when there is no other: all of them", async () => {
    const found = await named("in the ", { orderBy: "NEWEST" });
    expect(found).toEqual(["numbered"]);
  });

  it("nothing, without an error, for what has no word that must be there", async () => {
    for (const words of ["🦊", "%", "% _", "'", "\\", "...", "-storm", "or", '""', "👩\u200d👩\u200d👧 %"]) {
      for (const more of [
        {},
        { orderBy: "RELEVANCE" },
        { orderBy: "TRENDING", last: 5 },
        { filter: { tags: "fox" } },
      ]) {
        expect([words, await search(words, more)]).toMatchObject([words, { totalCount: 0, edges: [] }]);
      }
      const { artworkFacets } = await gallery.ask<{ artworkFacets: unknown }>(
        "query ($words: String) { artworkFacets(search: $words) { total models { count } tags { count } verified { count } } }",
        { words },
      );
      expect(artworkFacets).toEqual({ total: 0, models: [], tags: [], verified: [] });
    }
  });

  it("at most 200 characters, counted by code points", async () => {
    expect(await search(`castle ${"🦊".repeat(193)}`)).toMatchObject({ totalCount: 2 });
    await expect(search(`castle ${"🦊".repeat(194)}`)).rejects.toThrow("search has at most 200 characters.");
    await expect(search("a".repeat(100_000))).rejects.toThrow("search has at most 200 characters.");
  });
});

describe("finds by identifier", () => {
  it.each<[string, number]>([
    [`#${idOf("castle")}`, 1],
    [idOf("castle"), 1],
    [`#${idOf("castle")} storm`, 1],
    [`#${idOf("castle")} sea`, 0],
    [idOf("castle").slice(0, 8), 0],
    ["#2084", 0],
    ["2084 ", 1],
    [CID, 13],
    [CID.slice(0, 20), 13],
    [`ipfs://${CID}`, 13],
    [CID.slice(0, 7), 0],
    ["QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o", 13],
    [ARTIST.toUpperCase().replace("0X", "0x"), 13],
    ["0x14dc79 castle ", 2],
    ["0x14d", 0],
    [`castle -#${idOf("castle")}`, 1],
  ])("%s: %s", async (words, count) => {
    expect((await search(words)).totalCount).toBe(count);
  });

  it("the artwork itself before those that have its number as a word", async () => {
    const first = `${gallery.catalogue.artworks.find(({ burned }) => !burned)?.tokenId}`;
    await withWriter(async (client) => {
      const words = textOf({
        name: "",
        tags: [],
        models: [],
        prompt: `${first} in neon`,
        tokenId: 1n,
        cid: CID,
        artist: ARTIST,
      });
      await client.query("update artwork_text set words = $1 where token_id = $2", [words, idOf("numbered")]);
    });
    expect(await named(`${first} `)).toEqual([first, "numbered"]);
    await withWriter(async (client) => {
      const words = textOf({ tags: [], models: [], tokenId: 1n, cid: CID, artist: ARTIST, ...written.numbered });
      await client.query("update artwork_text set words = $1 where token_id = $2", [words, idOf("numbered")]);
    });
  });
});

describe("slips", () => {
  const lighthouses = ["lighthouse", "farLighthouse"];

  it("find nothing while there is no vocabulary, alone and beside other questions", async () => {
    expect(await named("lighthosue ")).toEqual([]);
    const both = await gallery.ask<{ one: Found; two: Found }>(
      `{ one: artworks(search: "lighthosue ") { totalCount } two: artworks(search: "castle ") { totalCount } }`,
    );
    expect(both).toEqual({ one: { totalCount: 0 }, two: { totalCount: 2 } });
    expect(gallery.errors).toEqual([]);
  });

  it("of one letter find what was meant, from five letters on, once there is one", async () => {
    await withWriter((client) => makeVocabulary(client, PLACE));
    await withWriter((client) => makeVocabulary(client, PLACE)); // in place of the one that is there
    nextBlock();
    for (const slip of ["lighthosue ", "lihthouse", "lightthouse ", "lighthouxe "]) {
      expect([slip, (await named(slip)).sort()]).toEqual([slip, [...lighthouses].sort()]);
    }
    for (const other of ["lihgthosue ", "hrse ", "hors ", '"lighthosue"', "castle -lighthosue ", "ligh7house "]) {
      const found = await named(other);
      expect([other, found.filter((name) => lighthouses.includes(name) || name === "horse")]).toEqual([other, []]);
    }
    expect(await named("lighthosue rocks")).toEqual(["farLighthouse"]);
    expect(await named("castl3 ")).toEqual([]);
  });

  it("stand below what is found as it was written, whatever counts for them", async () => {
    const found = await search("ligthhouse ");
    expect(await named("ligthhouse ")).toEqual(["slip", "lighthouse", "farLighthouse"]);
    const ranks = found.edges.map(({ rank }) => rank ?? 0);
    expect([ranks[0], ranks[1]].map((rank) => Math.floor(rank ?? 0))).toEqual([1, 0]);
    // Page by page, from both ends, and in other orders.
    const pages: string[] = [];
    for (let after: string | undefined; ; ) {
      const page: Found = await search("ligthhouse ", { first: 1, after });
      pages.push(...idsOf(page));
      after = page.edges.at(-1)?.cursor;
      if (!page.pageInfo.hasNextPage) break;
    }
    expect(pages).toEqual(idsOf(found));
    expect(idsOf(await search("ligthhouse ", { last: 2 }))).toEqual(idsOf(found).slice(1));
    expect([...(await named("ligthhouse ", { orderBy: "OLDEST" }))]).toEqual(["slip", "lighthouse", "farLighthouse"]);
    expect(found.totalCount).toBe(3);
  });

  it("are not looked for where many have the word", async () => {
    const { catalogue } = gallery;
    const frequent = catalogue.words.filter((word) => word.length >= 5 && withWord(catalogue, word).length >= 5);
    for (const word of frequent.slice(0, 40)) {
      expect([word, (await search(`${word} `)).totalCount]).toEqual([word, withWord(catalogue, word).length]);
    }
  });

  it("are looked for in the first four words of a search alone: each takes statements of its own", async () => {
    const unknown = Array.from({ length: 20 }, (_, i) => `qxqxq${String.fromCharCode(97 + i)}`);
    gallery.statements.length = 0;
    await search(`${unknown.join(" ")} `);
    expect(gallery.statements.filter(({ text }) => text.includes("deletions &&"))).toHaveLength(4);
  });

  it("are no slips of words that a single one of many artworks has", async () => {
    const lexemes = () =>
      withWriter(async (client) => {
        const { rows } = await client.query<{ word: string; artworks: number }>(
          `select word, artworks from ${PLACE}._vocabulary order by word`,
        );
        return rows;
      });
    await withWriter((client) => makeVocabulary(client, PLACE));
    const all = await lexemes();
    await withWriter((client) => makeVocabulary(client, PLACE, 1));
    expect(await lexemes()).toEqual(all.filter(({ artworks }) => artworks > 1));
    expect(all.some(({ artworks }) => artworks === 1)).toBe(true);
    await withWriter((client) => makeVocabulary(client, PLACE));
    nextBlock();
  });

  it("are marked in snippets", async () => {
    const { artworks } = await gallery.ask<{ artworks: { edges: { snippet: string | null }[] } }>(
      '{ artworks(search: "lighthosue ", orderBy: OLDEST) { edges { snippet } } }',
    );
    expect(artworks.edges.map(({ snippet }) => snippet)).toEqual([
      "<mark>lighthouse</mark>",
      "the <mark>lighthouse</mark> far away among rocks",
    ]);
  });

  it("are those that one edit makes", () => {
    const near = ["castle", "castel", "casle", "casttle", "cxstle", "acstle", "castlee", "astle"];
    const far = ["castl", "castles", "castel", "caslte", "castlex", "c", "", "elsatc", "castlexx", "acstel"];
    const plain = (a: string, b: string): boolean => distance(a, b) === 1;
    for (const a of [...near, ...far]) {
      for (const b of [...near, ...far]) {
        expect([a, b, isOneEdit(a, b)]).toEqual([a, b, plain(a, b)]);
        // The keys by which the vocabulary is looked through miss none.
        if (plain(a, b)) expect(deletionsOf(a).some((part) => deletionsOf(b).includes(part))).toBe(true);
      }
    }
  });
});

/** Edits between two words: letters more, less or other, and neighbours that changed places. The textbook's table. */
function distance(a: string, b: string): number {
  const table = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array<number>(b.length).fill(0)]);
  const at = (i: number, j: number): number => table[i]?.[j] ?? 0;
  for (let j = 0; j <= b.length; j++) (table[0] as number[])[j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      let least = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, at(i - 2, j - 2) + 1);
      (table[i] as number[])[j] = least;
    }
  }
  return at(a.length, b.length);
}

describe("snippets", () => {
  const snippet = (text: string, words: string): string | undefined => snippetOf(text, parseSearch(words) as Search);

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
    ["the match alone, where no space parts words", "火の狐火、夜の火", "狐火", "火の<mark>狐火</mark>、夜の火"],
    ["one of them", "富士山と狐", "狐 ", "富士山と<mark>狐</mark>"],
    [
      "words of a phrase where they stand together",
      "oil, an oil painting",
      '"oil painting"',
      "oil, an <mark>oil</mark> <mark>painting</mark>",
    ],
    ["what has accents", "un cafe\u0301 là", "cafe ", "un <mark>cafe\u0301</mark> là"],
    ["letters that are several", "Die Straße", "strasse ", "Die <mark>Straße</mark>"],
    ["other forms", "castles and a castle", "castles ", "<mark>castles</mark> and a <mark>castle</mark>"],
    ["stems", "рыжие кошки", "кошка ", "рыжие <mark>кошки</mark>"],
    ["half-width letters", "ﾃﾞｻﾞｲﾝ", "デザ", "<mark>ﾃﾞｻﾞ</mark>ｲﾝ"],
    [
      "what is written in pieces",
      "\u1112\u1161\u11ab\u1100\u1173\u11af 바다",
      "한글 ",
      "<mark>\u1112\u1161\u11ab\u1100\u1173\u11af</mark> 바다",
    ],
    ["characters as they are read", "ดื่มน้ำ", "น้ำ ", "ดื่ม<mark>น้ำ</mark>"],
    ["not what stands for an artwork", "castle 1001", "castle #1001", "<mark>castle</mark> 1001"],
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

  it("cut nothing that is read as one character, and show what is written", () => {
    const pieces = [
      "狐",
      "e\u0301",
      "1\ufe0f\u20e3",
      "น้ำ",
      "क्षि",
      "👩\u200d👩\u200d👧",
      "fox",
      "ﾃﾞ",
      " ",
      "각",
      "ﬃ",
      "<",
    ];
    const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
    const boundaries = (text: string) =>
      new Set([...segmenter.segment(text)].map(({ index }) => index).concat(text.length));
    for (let round = 0; round < 300; round++) {
      const text = Array.from({ length: 60 }, (_, i) => pieces[(i * 7 + round * (i + 3)) % pieces.length]).join("");
      const found = snippet(text, "fox or 狐 or e or น or テ") ?? "";
      const shown = found.replace(/^… | …$/g, "").replace(/<\/?mark>/g, "\u0001");
      const html = (piece: string) => piece.replaceAll("&lt;", "<");
      const whole = html(shown.replaceAll("\u0001", ""));
      const begin = text.indexOf(whole);
      expect([text, begin >= 0]).toEqual([text, true]);
      const whereOf = boundaries(text);
      let place = begin;
      for (const part of shown.split("\u0001")) {
        expect([text, place, whereOf.has(place)]).toEqual([text, place, true]);
        place += html(part).length;
      }
      expect(whereOf.has(place)).toBe(true);
    }
  });

  it("come with the edges of a search", async () => {
    const { artworks } = await gallery.ask<{
      artworks: { edges: { snippet: string | null; node: { prompt: string } }[] };
    }>('{ artworks(search: "study of ", first: 5) { edges { snippet node { prompt } } } }');
    expect(artworks.edges.map(({ snippet: html }) => html?.startsWith("a <mark>study</mark> of"))).toEqual(
      Array(5).fill(true),
    );
  });
});

/** The tokenizer, and that Postgres takes what it makes, whatever people write. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Document, MAX_QUERY_WORDS, MAX_WORDS, textOf, tokensOf, tsqueryOf } from "../../indexer/src/words.ts";
import { startPostgres, type TestPostgres } from "../utils/postgres.ts";
import { createDice } from "./world.ts";

const seed = Number(process.env.GRID_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

let postgres: TestPostgres;
let client: pg.Client;

beforeAll(async () => {
  console.log(`GRID_TEST_SEED=${seed}`);
  postgres = await startPostgres();
  client = await postgres.connect();
  await client.query("create table words (id serial primary key, words tsvector not null)");
  await client.query("create index on words using gin (words) with (fastupdate = false)");
});

afterAll(async () => {
  await postgres?.stop();
});

const nothing: Document = { name: "", tags: [], models: [], artist: "", prompt: "" };

/** Whether the question finds the document. */
async function finds(query: string, document: Partial<Document>): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>("select $1::tsvector @@ $2::tsquery as found", [
    textOf({ ...nothing, ...document }),
    tsqueryOf(query),
  ]);
  return rows[0]?.found === true;
}

const hostile = [
  "it's 'quoted' \\ back\\\\slashed",
  "a:b:1A *:* & | ! <-> (x) <2> :",
  "🦊 fox 🦊🦊 \ufe0f 1\ufe0f\u20e3 👩\u200d👩\u200d👧",
  "北斎の波、富士山 kanagawa冲浪裏",
  "กินข้าวหรือยัง",
  "a\u0000b \ud83e half \udd8a pairs",
  "e\u0301 \ufdfa Ω ΟΔΟΣ ŒUVRE İI ıi ß ẞ ǆ ﬃ",
  "\u202e right to left \u202c \u0600 \u070f",
  "constructor __proto__ toString",
  "x".repeat(24_000),
  "🦊a".repeat(6_000),
  "狐".repeat(8_000),
  `a${"\u0301".repeat(12_000)}`,
  `ก${"\u0e31".repeat(8_000)}`,
  "same ".repeat(4_800),
  Array.from({ length: 5_000 }, (_, i) => `w${i}`).join(" "),
  "\ufdfa ".repeat(6_000),
  "",
];

describe("tokens", () => {
  it.each([
    ["Sci-Fi, c++ & <b>x</b>", ["sci", "fi", "c", "b", "x", "b"]],
    ["don't euler_a 2.5", ["don", "t", "euler", "a", "2", "5"]],
    ["ＡＢＣ ﬃ ①", ["abc", "ffi", "1"]],
    ["Straße CAFÉ cafe\u0301", ["straße", "café", "café"]],
    ["iPhone狐火x2", ["iphone", "狐", "火", "x2"]],
    ["ひらがなー々", ["ひ", "ら", "が", "な", "ー", "々"]],
    ["ﾃｽﾄ", ["テ", "ス", "ト"]],
    ["กิน", ["กิ", "น"]],
    ["바다 여우", ["바다", "여우"]],
    ["na\u00adive می\u200cخواهم", ["naive", "میخواهم"]],
    ["ΟΔΟΣ οδός", ["οδοσ", "οδόσ"]],
    ["🦊\ufe0f !", []],
  ])("of %s", (text, tokens) => {
    expect(tokensOf(text)).toEqual(tokens);
  });

  it("are short, however long a word is", () => {
    expect(tokensOf("A".repeat(10_000))).toEqual(["a".repeat(64)]);
    for (const text of hostile) {
      for (const token of tokensOf(text)) expect(new TextEncoder().encode(token).length).toBeLessThanOrEqual(200);
    }
  });
});

describe("a document", () => {
  it("has weights by field, and no phrase across fields", () => {
    const document = { name: "Red fox", tags: ["at sea", "red"], models: ["Tiny"], artist: "Ann", prompt: "a fox" };
    expect(textOf(document)).toBe("'red':1A,9B 'fox':2A,19 'at':5B 'sea':6B 'tiny':12C 'ann':15C 'a':18");
  });

  it("is empty without words", () => {
    expect(textOf({ ...nothing, prompt: "🦊 ... !" })).toBe("");
  });

  it("keeps its first 2,000 words, the name's first", async () => {
    const prompt = Array.from({ length: 5_000 }, (_, i) => `w${i}`).join(" ");
    const words = textOf({ ...nothing, name: "title", prompt });
    const { rows } = await client.query<{ length: number }>("select length($1::tsvector)", [words]);
    expect(rows[0]?.length).toBe(MAX_WORDS);
    expect(await finds("title ", { name: "title", prompt })).toBe(true);
    expect(await finds("w1998 ", { name: "title", prompt })).toBe(true);
    expect(await finds("w1999 ", { name: "title", prompt })).toBe(false);
  });
});

describe("Postgres takes", () => {
  it.each(hostile.map((text) => [text.slice(0, 30), text]))("%s", async (_, text) => {
    const documents = [
      { ...nothing, prompt: text },
      { name: text, tags: [text, text], models: [text], artist: text, prompt: text },
    ];
    for (const document of documents) {
      const words = textOf(document);
      const { rows } = await client.query<{ words: string }>(
        "insert into words (words) values ($1::tsvector) returning words::text",
        [words],
      );
      // As it was meant: what Postgres has understood it understands again, and it has every word that there is.
      const { rows: again } = await client.query("select $1::tsvector = $2::tsvector as same, length($1::tsvector)", [
        words,
        rows[0]?.words,
      ]);
      const distinct = new Set([...words.matchAll(/'([^']+)':/g)].map(([, word]) => word));
      expect(again[0]).toEqual({ same: true, length: distinct.size });
    }
  });

  it.each(hostile.map((text) => [text.slice(0, 30), text]))("a question of %s", async (_, text) => {
    for (const query of [text, `x -"${text}"`, `x or "${text}`, `x ${text}*`, `x -${text}`]) {
      const asked = tsqueryOf(query);
      if (asked === undefined) expect([query, tokensOf(query)]).toEqual([text, []]);
      else await client.query("select id from words where words @@ $1::tsquery", [asked]);
    }
  });

  it("whatever chance writes", async () => {
    const dice = createDice(seed);
    const characters = [..."ab'\\:*&|!()<->\" -or\u0000\t狐กิ🦊é\u0301\ud83e\ufe0f'%$1::,A9"];
    for (let round = 0; round < 300; round++) {
      const text = Array.from({ length: dice.below(40) }, () => dice.pick(characters)).join("");
      const words = textOf({ name: text, tags: [text], models: [text], artist: "", prompt: text });
      const asked = tsqueryOf(text);
      const { rows } = await client.query<{ found: boolean | null }>("select $1::tsvector @@ $2::tsquery as found", [
        words,
        asked ?? null,
      ]);
      expect([text, rows[0]?.found === null]).toEqual([text, asked === undefined]);
    }
  });
});

describe("a question", () => {
  const fox = {
    name: "Red fox",
    tags: ["snow"],
    models: ["Tiny Diffusion"],
    prompt: "a sci-fi 狐火 at the lighthouse",
  };

  it.each([
    ["fox", true],
    ["FOX ", true],
    ["fox snow tiny", true],
    ["fox wolf", false],
    ["fox or wolf ", true],
    ["wolf OR bear ", false],
    ["wolf or fox snow ", true],
    ["wolf fox or bear ", false],
    ["fox -wolf", true],
    ["fox -snow ", false],
    ['fox -"red fox"', false],
    ['fox -"fox red"', true],
    ['"red fox"', true],
    ['"fox red"', false],
    ['"fox snow"', false],
    ['"at the lighthouse', true],
    ["light", true],
    ["light ", false],
    ['"light"', false],
    ["light* fox ", true],
    ["li* ", true],
    ["l* ", false],
    ["li", false],
    ["fox -light", true],
    ["fox -light* ", false],
    ["sci-fi ", true],
    ["fi-sci ", false],
    ["狐火 ", true],
    ["火狐 ", false],
    ["狐 火 ", true],
    ["red-fox ", true],
    ["or fox or ", true],
  ])("%s finds it: %s", async (query, found) => {
    expect(await finds(query, fox)).toBe(found);
  });

  it.each([
    "",
    "   ",
    "or",
    "-fox",
    '-"red fox" -snow',
    "fox or -snow",
    '""',
    "🦊",
    "'; drop table words; --".slice(0, 1),
  ])("%s asks for nothing", (query) => {
    expect(tsqueryOf(query)).toBeUndefined();
  });

  it("finds a word of any length by the same word", async () => {
    const word = "x".repeat(10_000);
    expect(await finds(`${word} `, { prompt: `a ${word} b` })).toBe(true);
  });

  it("has a limit", () => {
    const asked = tsqueryOf(Array.from({ length: 500 }, (_, i) => `w${i}`).join(" ")) ?? "";
    expect(asked.split(" & ")).toHaveLength(MAX_QUERY_WORDS);
    expect(tsqueryOf("狐".repeat(500))?.split(" <-> ")).toHaveLength(MAX_QUERY_WORDS);
  });
});

/** The tokenizer, and that Postgres takes what it makes, whatever people write. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_QUERY_WORDS, tsqueryOf } from "../../indexer/src/lib/fullText/searchQuery.ts";
import { formOf } from "../../indexer/src/lib/fullText/stems.ts";
import { stopWords } from "../../indexer/src/lib/fullText/stopWords.ts";
import { tokensOf } from "../../indexer/src/lib/fullText/tokenizer.ts";
import { type Document, MAX_WORDS, textOf } from "../../indexer/src/lib/fullText/tsvector.ts";
import { startPostgres, type TestPostgres } from "../fixtures/postgres.ts";
import { createDice } from "./historyState.ts";

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

const cid = "bafybeicg2rebjoofv4kbyovkw7af3rpiitvnl6i7ckcywaq6xjcxnc2mby";
const artist = "0x14dc79964da2c08b23698b3d3cc7ca32193d9955";
const nothing: Document = { name: "", tags: [], models: [], prompt: "", tokenId: 1_042_007n, cid, artist };
const identifiers =
  "'#1042007':16383A '#bafybeicg2rebjoofv4kbyovkw7af3rp':16383A '#0x14dc79964da2c08b23698b3d3cc7ca32193d9955':16383A";

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
    ["Straße CAFÉ cafe\u0301 Łódź Ærøskøbing đêm", ["strasse", "cafe", "cafe", "lodz", "aeroskobing", "dem"]],
    ["Ёлка й ἀρχή مُحَمَّد שָׁלוֹם", ["елка", "й", "αρχη", "محمد", "שלום"]],
    ["ガ ｶﾞ कि का กิ 각", ["ガ", "ガ", "कि", "का", "กิ", "각"]],
    ["iPhone狐火x2", ["iphone", "狐", "火", "x2"]],
    ["ひらがなー々", ["ひ", "ら", "が", "な", "ー", "々"]],
    ["ﾃｽﾄ", ["テ", "ス", "ト"]],
    ["กิน", ["กิ", "น"]],
    ["바다 여우", ["바다", "여우"]],
    ["na\u00adive می\u200cخواهم", ["naive", "میخواهم"]],
    ["ΟΔΟΣ οδός", ["οδοσ", "οδοσ"]],
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
    const document = { ...nothing, name: "Red fox", tags: ["at sea", "red"], models: ["Tiny"], prompt: "two foxes" };
    const words = "'red':1A,9B 'fox':2A,16 'at':5B 'sea':6B 'tiny':12C 'two':15 'foxes':16";
    expect(textOf(document)).toBe(`${words} ${identifiers}`);
  });

  it("has its identifiers alone without words", () => {
    expect(textOf({ ...nothing, prompt: "🦊 ... !" })).toBe(identifiers);
  });

  it("keeps its first 2,000 words, the name's first", async () => {
    const prompt = Array.from({ length: 5_000 }, (_, i) => `w${i}`).join(" ");
    const words = textOf({ ...nothing, name: "title", prompt });
    const { rows } = await client.query<{ length: number }>("select length($1::tsvector)", [words]);
    expect(rows[0]?.length).toBe(MAX_WORDS + 3);
    expect(await finds("title ", { name: "title", prompt })).toBe(true);
    expect(await finds("w1998 ", { name: "title", prompt })).toBe(true);
    expect(await finds("w1999 ", { name: "title", prompt })).toBe(false);
  });
});

describe("Postgres takes", () => {
  it.each(hostile.map((text) => [text.slice(0, 30), text]))("%s", async (_, text) => {
    const documents = [
      { ...nothing, prompt: text },
      { ...nothing, name: text, tags: [text, text], models: [text], prompt: text },
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
      const words = textOf({ ...nothing, name: text, tags: [text], models: [text], prompt: text });
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
    ["a red fox in the snow ", true],
    ["a red wolf in the snow ", false],
    ["the", true],
    ["the a ", true],
    ["to ", false],
    ['"fox at"', false],
    ["foxes ", true],
    ['"foxes"', false],
    ["lighthouses ", true],
    ["lighthous", true],
    ["snow -foxes", true],
    ["snow -fox ", false],
    ["fóx ", true],
    ["#1042007", true],
    ["1042007 ", true],
    ["#01042007 fox ", true],
    ["#1042", false],
    ["1042 ", false],
    ["-#1042007 fox ", false],
    ["0x14DC79", true],
    ["0x14dc79964da2c08b23698b3d3cc7ca32193d9955 fox ", true],
    ["0x14dc7", false],
    ["0x14dc80 ", false],
    ["bafybeicg2rebj ", true],
    [cid, true],
    [`ipfs://${cid}/1.png`, true],
    ["bafybei", false],
    ["bafybeicg2rebk ", false],
    ["QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o", true],
    ["ipfs://QmT78zSuBmuS", true],
    ["QmT79zSuBmuS", false],
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
    "%",
    "% _ \\",
    "-the",
  ])("%s asks for nothing", (query) => {
    expect(tsqueryOf(query)).toBeUndefined();
  });

  it("finds a word of any length by the same word", async () => {
    const word = "x".repeat(10_000);
    expect(await finds(`${word} `, { prompt: `a ${word} b` })).toBe(true);
  });

  it("takes any word of any prompt, which is found by itself", async () => {
    const dice = createDice(seed);
    const alphabets = [
      ..."abcdefghijklmnopqrstuvwxyz",
      ..."ssssßéÅøİıœ",
      ..."абйёвгдежзиклмнопрст",
      ..."αάβγδεζηθικλμνξοπρςστυφχψω",
      ..."ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
      ..."狐火北斎の波ガが각바다กิน",
      ..."कितनेमलர்मலர்கள்",
      ..."0123456789#-_'.:\\%🦊\u0301\u200d\ufe0f",
      "0x",
      "bafkrei",
      "Qm",
      "es",
      "ies",
    ];
    const prompts = Array.from({ length: 150 }, () =>
      Array.from({ length: 1 + dice.below(8) }, () =>
        Array.from({ length: 1 + dice.below(14) }, () => dice.pick(alphabets)).join(""),
      ),
    );
    const asked = prompts.flatMap((words) => {
      const text = textOf({ ...nothing, prompt: words.join(" ") });
      return words
        .filter((word) => tokensOf(word).length > 0 && !/^[-#]|^or$/i.test(word))
        .flatMap((word) =>
          [`${word} `, word, `"${word}"`, `${word.toUpperCase()} `].map((query) => ({
            text,
            query,
            asks: tsqueryOf(query),
          })),
        );
    });
    const { rows } = await client.query<{ query: string }>(
      `select query from unnest($1::text[], $2::text[], $3::text[]) as asked (text, query, asks)
       where (text::tsvector @@ asks::tsquery) is not true`,
      [asked.map(({ text }) => text), asked.map(({ query }) => query), asked.map(({ asks }) => asks)],
    );
    expect([asked.length > 1_000, rows.map(({ query }) => query)]).toEqual([true, []]);
  });

  it("has a limit", () => {
    const asked = tsqueryOf(Array.from({ length: 500 }, (_, i) => `w${i}`).join(" ")) ?? "";
    expect(asked.split(" & ")).toHaveLength(MAX_QUERY_WORDS);
    expect(tsqueryOf("狐".repeat(500))?.split(" <-> ")).toHaveLength(MAX_QUERY_WORDS);
  });
});

describe("other forms of words", () => {
  it.each([
    ["castles", "castle"],
    ["foxes", "fox"],
    ["cities", "city"],
    ["wolves", "wolf"],
    ["women", "woman"],
    ["glasses", "glass"],
    ["кошки", "кошк"],
    ["красивая", "красив"],
    ["θαλασσεσ", "θαλασσ"],
    ["الكتاب", "كتاب"],
  ])("%s: %s", (word, form) => {
    expect(formOf(word)).toBe(form);
  });

  it.each(["castle", "news", "glass", "series", "his", "us", "media", "data", "running", "狐", "바다", "1980s", "x"])(
    "%s has none",
    (word) => {
      expect(formOf(word)).toBeUndefined();
    },
  );

  it.each([
    ["russian", "замок замки кошка кошки красивый красивая летающий дракона ночью городов"],
    ["greek", "θαλασσα θαλασσεσ καστρο καστρα ουρανοσ μεγαλοι"],
    ["arabic", "كتاب الكتاب قلعه القلاع بحر"],
    ["armenian", "ծով ծովեր քաղաքներ"],
    ["tamil", "மலர் மலர்கள் கடல்"],
  ])("are those of Postgres: %s", async (language, words) => {
    for (const word of words.split(" ")) {
      const { rows } = await client.query<{ stems: string[] }>("select ts_lexize($1, $2) as stems", [
        `${language}_stem`,
        word,
      ]);
      const stem = rows[0]?.stems[0] ?? word; // none: a stop word of that language
      expect([word, formOf(word) ?? word]).toEqual([word, [...stem].length < 3 ? word : stem]);
    }
  });

  it("and words that say nothing are some of Postgres's", async () => {
    const languages = ["english", "french", "german", "spanish", "italian", "portuguese"];
    const { rows } = await client.query<{ word: string }>(
      `select word from unnest($1::text[]) word where not exists (
         select from unnest($2::text[]) language where ts_lexize((language || '_stem')::regdictionary, word) = '{}')`,
      [[...stopWords], languages],
    );
    expect(rows.map(({ word }) => word).sort()).toEqual(["ll", "re", "ve"]);
  });
});

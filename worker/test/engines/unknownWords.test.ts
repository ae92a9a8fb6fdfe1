import * as schemas from "@gridnft/sdk/schemas";
import { describe, expect, it } from "vitest";
import { MAX_UNKNOWN_WORDS } from "../../../sdk/src/schemas/index.ts";
import { unknownWords } from "../../src/engines/index.ts";

const vocabulary = new Set(["castle", "photo", "realistic", "a", "the", "in", "8bit", "k", "caf\u00e9", "don", "sea"]);
const unknown = (...texts: string[]) => unknownWords(texts, (word) => vocabulary.has(word));

describe("words that a model was not made for", () => {
  it("are named as typed, each once, in order, from prompt and negative prompt", () => {
    expect(unknown("A Castle in the Zeppelin, zeppelin SEA", "blurry, castle")).toEqual(["Zeppelin", "blurry"]);
    expect(unknown("a castle in the sea", "")).toEqual([]);
  });

  it("are whole words: compounds of known parts, contractions and numbers are none", () => {
    expect(unknown("photo-realistic castle's sea, don't, 4k 8bit 1234 v")).toEqual(["v"]);
    expect(unknown("hyper-realistic")).toEqual(["hyper-realistic"]);
    expect(unknown("s castle")).toEqual(["s"]);
  });

  it("may be of any script, and accents of any form", () => {
    expect(unknown("CAFE\u0301 \u591c\u306e\u57ce, \u043c\u043e\u0440\u0435 \u{1f680} & ;")).toEqual([
      "\u591c\u306e\u57ce",
      "\u043c\u043e\u0440\u0435",
    ]);
  });

  it("are bounded, however long the prompt", () => {
    const words = Array.from({ length: 5_000 }, (_, i) => `w${"abcdefghij"[i % 10]}${"x".repeat(i % 97)}y`);
    expect(unknown(words.join(" "))).toEqual(words.slice(0, MAX_UNKNOWN_WORDS));
    expect(unknown(`${"x".repeat(59)}\u{20000}y`)).toEqual([`${"x".repeat(59)}\u2026`]);
    expect(unknown("\u0301'-".repeat(300_000))).toEqual(expect.any(Array));
  });

  it("are such as a delivery may name: letters, marks and digits", () => {
    expect(MAX_UNKNOWN_WORDS).toBe(schemas.MAX_UNKNOWN_WORDS);
    const named = unknown(`caf\u0301 d'\u00e9t\u00e9 \u591c\u306e\u57ce x-ray ${"z".repeat(90)}`);
    expect(named).toHaveLength(5);
    for (const word of named) expect(schemas.promptWord.safeParse(word).success, word).toBe(true);
    for (const word of ["", "https://evil.example", "two words", "a\u202eb", "a\nb", "z".repeat(61)]) {
      expect(schemas.promptWord.safeParse(word).success, word).toBe(false);
    }
  });
});

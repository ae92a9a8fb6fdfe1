import { describe, expect, it } from "vitest";
import { createRandom } from "../../test/fixtures/random.ts";
import { drawPrompt, PROMPT_BYTES, uniqueWord, VOCABULARY, vocabulary, wordAt } from "./words.ts";

const PROMPTS = 4_000;
const random = createRandom(1);
const prompts = Array.from({ length: PROMPTS }, (_, i) => drawPrompt(random, i));
const sets = prompts.map((prompt) => new Set(prompt.split(" ")));
const share = (word: string): number => sets.filter((words) => words.has(word)).length / PROMPTS;

describe("the made-up language", () => {
  it("has 20,000 different words, short ones first", () => {
    expect(new Set(vocabulary).size).toBe(VOCABULARY);
    expect(wordAt(0).length).toBeLessThan(wordAt(VOCABULARY - 1).length);
    expect(() => wordAt(VOCABULARY)).toThrow("There is no word of rank 20000.");
  });

  it("makes prompts of at most 300 bytes, few of them much shorter", () => {
    const lengths = prompts.map((prompt) => prompt.length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(PROMPT_BYTES);
    expect(lengths.reduce((sum, length) => sum + length, 0) / PROMPTS).toBeGreaterThan(PROMPT_BYTES - 10);
  });

  it("has words as unevenly common as the classes of the API bench assume", () => {
    expect(share(wordAt(0))).toBeGreaterThan(0.65);
    expect(share(wordAt(10))).toBeGreaterThan(0.29);
    for (const rank of [52, 360]) {
      expect(share(wordAt(rank))).toBeGreaterThan(0.009);
      expect(share(wordAt(rank))).toBeLessThan(0.11);
    }
    expect(share(wordAt(1_400))).toBeLessThan(0.01);
    expect(prompts.filter((prompt) => prompt.split(" ").includes(uniqueWord(77)))).toEqual([prompts[77]]);
  });
});

import { unknownWords } from "@gridnft/worker/engine";
import { describe, expect, it } from "vitest";
import type { Content } from "../src/axes.ts";
import { devModels } from "../src/models.ts";
import { loadTable } from "../src/table.ts";

/** Prompts that newcomers type first: things that must be in the picture, and words that must be named as unknown. */
const prompts: [prompt: string, things: readonly Content[], unknown?: readonly string[]][] = [
  ["a cat", ["cat"]],
  ["a cute kitten in a cozy living room", ["cat", "room"]],
  ["a dog on the beach", ["dog", "water"]],
  ["a wolf howling at the moon", ["dog", "moon"]],
  ["a majestic horse running through a field", ["horse", "hills"]],
  ["a deer in the forest", ["horse", "antlers", "trees"]],
  ["a unicorn under a rainbow", ["horse", "horn"]],
  ["a dragon", ["dragon"]],
  ["a dragon flying over a castle", ["dragon", "castle"]],
  ["an elephant at sunset", ["elephant", "sun"]],
  ["a white rabbit", ["rabbit"]],
  ["an owl at night", ["owl", "stars"]],
  ["a colorful butterfly", ["butterfly"]],
  ["a bird on a tree", ["birds", "tree"]],
  ["koi fish", ["fish"]],
  ["a whale jumping out of the ocean", ["water"], ["whale"]],
  ["a lion", [], ["lion"]],
  ["a tiger in the jungle", ["trees"], ["tiger"]],
  ["a panda eating bamboo", [], ["panda", "bamboo"]],
  ["a dinosaur", [], ["dinosaur"]],
  ["a bowl of fruit", ["fruit"]],
  ["a bowl of soup", [], ["soup"]],
  ["a red apple on a wooden table", ["fruit"]],
  ["a cup of coffee", ["cup"]],
  ["a pizza", ["pizza"]],
  ["a hamburger with fries", [], ["hamburger", "fries"]],
  ["a birthday cake", [], ["birthday", "cake"]],
  ["a red sports car", ["car"]],
  ["a vintage car in Paris", ["car", "city"]],
  ["a steam train in the mountains", ["train", "mountain"], ["steam"]],
  ["an airplane above the clouds", ["plane", "clouds"]],
  ["a spaceship", ["rocket"]],
  ["a rocket launch", ["rocket"], ["launch"]],
  ["a bicycle", [], ["bicycle"]],
  ["a sailing boat on a lake", ["boat", "water"]],
  ["a pirate ship in a storm", ["ship", "clouds"]],
  ["a hot air balloon", ["balloon"], ["air"]],
  ["an astronaut riding a horse", ["portrait", "helmet", "horse"]],
  ["a robot", ["robot"]],
  ["a portrait of a beautiful woman", ["portrait"]],
  ["a king with a golden crown", ["portrait", "crown"]],
  ["a wizard casting a spell", [], ["wizard", "casting", "spell"]],
  ["a cozy living room with a sofa", ["room"]],
  ["a modern kitchen", [], ["modern", "kitchen"]],
  ["a bouquet of roses", ["flower", "rose"]],
  ["a sunflower field", ["flower", "daisy"]],
  ["a cyberpunk city in the rain", ["city", "rain"]],
  ["a small house in the snow", ["house", "snow"]],
  ["a castle on a hill", ["castle", "hills"]],
  ["a waterfall", [], ["waterfall"]],
  ["a japanese temple", [], ["temple"]],
  ["a lighthouse in a storm, oil painting", ["lighthouse", "clouds"]],
  ["starry night by van gogh", ["stars"], ["van"]],
  ["a galaxy far away", ["galaxy"], ["away"]],
  ["an iceberg in the arctic ocean", ["water"], ["iceberg"]],
  ["a volcano erupting at night", ["volcano"]],
  ["abstract art", ["abstract"]],
  ["a skull", [], ["skull"]],
  ["the Eiffel Tower", ["castle"], ["Eiffel"]],
];

describe.each(devModels)("$folder", ({ table: name }) => {
  const table = loadTable(name);
  const knows = (word: string) => table.words.has(word) || table.stopWords.includes(word);

  it.each<(typeof prompts)[number]>(prompts)("%s", (prompt, things, unknown = []) => {
    const own = name === "ink" ? unknown.filter((word) => word !== "bamboo") : unknown;
    expect(unknownWords([prompt], knows)).toEqual(own);
    const words = prompt.toLowerCase().match(/[a-z]+/g) ?? [];
    const said = (thing: Content) => {
      const index = table.axes.find((axis) => axis.name === thing)?.index as number;
      return words.reduce((sum, word) => sum + (table.words.get(word)?.[index] ?? 0), 0);
    };
    for (const thing of things) expect([thing, said(thing)]).toEqual([thing, expect.toSatisfy((sum) => sum >= 0.4)]);
    // No creature, vehicle, food or building that nobody asked for.
    const subjects = table.axes.filter(({ kind, name }) => kind === "content" && !SCENERY.includes(name as Content));
    const shown = subjects.map(({ name }) => name as Content).filter((each) => said(each) > 0.2);
    expect(shown.filter((each) => !things.includes(each))).toEqual([]);
  });
});

/** Things that may stand beside what was asked for. */
const SCENERY: readonly Content[] = [
  ...(["mountain", "hills", "city", "trees", "water", "sun", "moon", "stars", "clouds", "waves", "rain"] as const),
  ...(["snow", "fog", "lightning", "birds", "road", "galaxy", "aurora"] as const),
];

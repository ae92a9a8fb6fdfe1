import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { modelCard } from "@gridnft/sdk";
import { hashModelFolder, readModelCard } from "@gridnft/worker/modelFolder";
import type * as ort from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONTENTS, type Content, FIRM, placeOf, STYLES } from "../src/axes.ts";
import { logSnr } from "../src/denoiser.ts";
import { type MadeModel, makeDevModels } from "../src/index.ts";
import { goldenOf, readGolden } from "../src/make.ts";
import { devModels, modelFiles } from "../src/models.ts";
import { loadTable } from "../src/table.ts";
import { type Picture, Pipeline } from "./pipeline.ts";

const out = mkdtempSync(join(tmpdir(), "gridnft-models-"));
let models: MadeModel[];
let gridscape: Pipeline;

beforeAll(async () => {
  models = await makeDevModels({ out });
  gridscape = await Pipeline.load((models[0] as MadeModel).folder);
});
afterAll(async () => {
  await gridscape?.close();
  rmSync(out, { recursive: true, force: true });
});

describe("folders", () => {
  // A change of words, palettes, scenes or of the generator changes a model, and so its token's weightsHash.
  // After one that is meant: npm run make:dev-model -- --update-golden
  it.each(devModels)("$folder has the files that are kept in golden.json", (model) => {
    expect(goldenOf(modelFiles(model))).toEqual(readGolden()[model.folder]);
  });

  it("are complete, and differ", async () => {
    expect(models.map(({ card }) => card.access)).toEqual(["OPEN", "LICENSED"]);
    expect(new Set(models.map(({ manifestHash }) => manifestHash)).size).toBe(2);
    for (const { folder, card, manifestHash } of models) {
      expect((await hashModelFolder(folder)).hash).toBe(manifestHash);
      expect(await readModelCard(folder)).toEqual(modelCard.parse(card));
      expect(card.name).toContain("authored, not trained");
    }
    expect((await readdir(out)).sort()).toEqual(["gridscape-dev", "gridscape-ink"]);
  });

  it("are left alone when they are right, and replaced when they are not", async () => {
    const { folder, manifestHash } = models[0] as MadeModel;
    const unet = join(folder, "unet/model.onnx");
    const before = (await stat(unet)).ino;
    await makeDevModels({ out });
    expect((await stat(unet)).ino).toBe(before);
    writeFileSync(join(folder, "unet/config.json"), "{}");
    writeFileSync(join(folder, "stray.bin"), "x");
    await makeDevModels({ out });
    expect((await hashModelFolder(folder)).hash).toBe(manifestHash);
    expect(await readdir(folder)).not.toContain("stray.bin");
  });
});

describe("words", () => {
  const tables = devModels.map(({ table }) => loadTable(table));

  it.each(devModels)("every word of $folder is one token of its tokenizer", async ({ folder, table }) => {
    const pipeline = await Pipeline.load(join(out, folder), { decoder: false });
    const words = [...loadTable(table).words.keys()].filter((word) => /^[a-z]+$/.test(word));
    expect(words.length).toBeGreaterThan(500);
    // start, the word, and the end that pads
    for (const word of words) expect([word, new Set(pipeline.ids(word)).size]).toEqual([word, 3]);
    await pipeline.close();
  });

  it("reads any script, and cuts what is too long", () => {
    for (const text of ["", "夜の城", "🚀🚀", "x".repeat(3_000), "sea ".repeat(500)]) {
      expect(gridscape.ids(text)).toHaveLength(77);
    }
  });

  it("each content that a word asks for passes its gate at guidance 7.5, whatever the seed", async () => {
    const table = tables[0] as (typeof tables)[number];
    // One word for each content: the first that asks for it with all its weight.
    for (const { name, index } of table.axes.filter(({ kind }) => kind === "content")) {
      const word = [...table.words].find(([each, row]) => /^[a-z]+$/.test(each) && row[index] === 1)?.[0];
      expect([name, word]).toEqual([name, expect.any(String)]);
      for (const seed of [1, 2, 3]) {
        const axes = await axisValues(gridscape, { prompt: word as string, seed });
        expect([name, (axes[index] as number) > (FIRM[name as Content] ?? 1.35) + 0.3]).toEqual([name, true]);
      }
    }
  });

  it("a negative word takes away what it names", async () => {
    const table = tables[0] as (typeof tables)[number];
    for (const name of ["clouds", "sun", "trees", "mountain"]) {
      const index = table.axes.find((axis) => axis.name === name)?.index as number;
      const word = [...table.words].find(([, row]) => row[index] === 1)?.[0] as string;
      const plain = await axisValues(gridscape, { prompt: "castle", seed: 5 });
      const without = await axisValues(gridscape, { prompt: "castle", negative: word, seed: 5 });
      expect((plain[index] as number) - (without[index] as number)).toBeGreaterThan(3);
    }
  });
});

describe("denoiser", () => {
  it("is the posterior mean: DDIM of 8 and of 50 steps end at the same mean", async () => {
    const [few, many] = [
      await axisValues(gridscape, { prompt: "castle", seed: 3, steps: 8 }),
      await axisValues(gridscape, { prompt: "castle", seed: 3, steps: 50 }),
    ];
    const castle = CONTENTS.indexOf("castle");
    // 7.5 tanh(1) = 5.71 from the word, and what the seed adds.
    expect(Math.abs((few[castle] as number) - 5.71)).toBeLessThan(1);
    expect(Math.abs((few[castle] as number) - (many[castle] as number))).toBeLessThan(0.2);
  });

  it("starts from Stable Diffusion's schedule", () => {
    const snr = logSnr();
    const alphaBar = (i: number) => 1 / (1 + Math.exp(-(snr[i] as number)));
    expect(alphaBar(0)).toBeCloseTo(0.99915, 6);
    expect(alphaBar(999)).toBeCloseTo(0.00466, 5);
  });
});

describe("pictures", () => {
  const small = { width: 128, height: 128, steps: 8 };

  it("follow the prompt and the seed", async () => {
    const prompts = ["a lighthouse in a storm, oil painting", "sunset over the ocean", "geometric pattern", "red rose"];
    const pictures: Picture[] = [];
    for (const prompt of prompts) pictures.push(await gridscape.picture({ prompt, seed: 1, ...small }));
    for (const [i, one] of pictures.entries()) {
      for (const other of pictures.slice(i + 1)) expect(meanDifference(one, other)).toBeGreaterThan(25);
      const again = await gridscape.picture({ prompt: prompts[i] as string, seed: 2, ...small });
      expect(meanDifference(one, again)).toBeGreaterThan(8);
    }
  });

  it("are the same bytes again, by one thread and by two", async () => {
    const wish = { prompt: "pirate ship, watercolor", seed: 9, ...small };
    const one = await gridscape.picture(wish);
    expect(Buffer.compare(one.rgb, (await gridscape.picture(wish)).rgb)).toBe(0);
    const two = await Pipeline.load((models[0] as MadeModel).folder, { threads: 2 });
    expect(largestDifference(one, await two.picture(wish))).toBeLessThanOrEqual(1);
    await two.close();
  });

  // Every content and style once, so that no branch of the painter is left out: the pipeline throws at a NaN.
  it("have no pixel that is not a number, whatever is in them", async () => {
    for (const prompt of [
      ...CONTENTS.map((name) => wordFor(name)),
      ...STYLES.map((name) => `castle, ${wordFor(name)}`),
    ]) {
      const { rgb } = await gridscape.picture({ prompt, seed: 4, width: 64, height: 64, steps: 4 });
      expect([prompt, new Set(rgb).size > 8]).toEqual([prompt, true]);
    }
  });

  it.each([
    [64, 64],
    [64, 256],
    [1024, 128],
    [512, 320],
    [1024, 1024],
  ])("come in %i x %i", async (width, height) => {
    const picture = await gridscape.picture({ prompt: "a boat in waves", width, height, steps: 2 });
    expect([picture.width, picture.height]).toEqual([width, height]);
  });

  it("of the licensed model are ink on paper", async () => {
    const ink = await Pipeline.load((models[1] as MadeModel).folder);
    const wish = { prompt: "mountain lake", seed: 3, ...small };
    expect(meanDifference(await ink.picture(wish), await gridscape.picture(wish))).toBeGreaterThan(15);
    await ink.close();
  });
});

function wordFor(axis: string): string {
  const table = loadTable("gridscape");
  const index = table.axes.find(({ name }) => name === axis)?.index as number;
  return (
    [...table.words].find(([word, row]) => /^[a-z]+$/.test(word) && Math.abs(row[index] as number) === 1)?.[0] ?? axis
  );
}

/** Axes of the finished latents, by a cosine transform that shares no code with the model. */
async function axisValues(
  pipeline: Pipeline,
  wish: { prompt: string; negative?: string; seed: number; steps?: number },
): Promise<number[]> {
  const latents = await pipeline.latents({ steps: 8, width: 128, height: 128, ...wish });
  return loadTable("gridscape").axes.map(({ index }) => {
    const { channel, coefficient } = placeOf(index);
    return 0.18215 * cosine(latents, channel, Math.floor(coefficient / 8), coefficient % 8);
  });
}

function cosine(latents: ort.Tensor, channel: number, ky: number, kx: number): number {
  const [, , height, width] = latents.dims as [number, number, number, number];
  const values = latents.data as Float32Array;
  let sum = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const wave =
        Math.cos((Math.PI * ky * (2 * y + 1)) / (2 * height)) * Math.cos((Math.PI * kx * (2 * x + 1)) / (2 * width));
      sum += (values[(channel * height + y) * width + x] as number) * wave;
    }
  }
  const norm = (k: number, n: number) => Math.sqrt((k === 0 ? 1 : 2) / n);
  return sum * norm(ky, height) * norm(kx, width);
}

function meanDifference(a: Picture, b: Picture): number {
  let sum = 0;
  a.rgb.forEach((value, i) => {
    sum += Math.abs(value - (b.rgb[i] as number));
  });
  return sum / a.rgb.length;
}

function largestDifference(a: Picture, b: Picture): number {
  return a.rgb.reduce((most, value, i) => Math.max(most, Math.abs(value - (b.rgb[i] as number))), 0);
}

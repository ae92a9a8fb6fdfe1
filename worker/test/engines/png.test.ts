import sharp from "sharp";
import { describe, expect, it } from "vitest";
import {
  DIGITAL_SOURCE_TYPE,
  encodePicture,
  encodePng,
  type PictureInput,
  parseParameters,
  readPictureTexts,
  readPngTexts,
} from "../../src/engines/index.ts";

const hash = `0x${"ab".repeat(32)}` as const;
const origin = {
  modelName: "Gridscape dev: authored, not trained",
  modelHash: hash,
  engine: "an engine 1",
  schedule: "Karras",
};
const input: PictureInput = {
  prompt: "a lighthouse in a storm, oil painting",
  negativePrompt: "blurry, (low quality:1.2)",
  seed: 9_007_199_254_740_993n,
  width: 24,
  height: 16,
  steps: 30,
  guidanceScale: 7.5,
  sampler: "dpmpp_2m",
  scheduler: "karras",
};

/** Something of everything: gradients, noise, edges. */
function pixels(width: number, height: number): { width: number; height: number; rgb: Uint8Array } {
  const rgb = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    if (x < width / 3) return (x * 9 + y * 5) & 255;
    return x < width / 2 ? Math.imul(i + 1, 2_654_435_761) >>> 24 : y % 7 === 0 ? 255 : 0;
  });
  return { width, height, rgb };
}

describe("PNG", () => {
  it.each([
    [1, 1],
    [24, 16],
    [131, 77],
  ])("of %i x %i is read back by libvips pixel for pixel", async (width, height) => {
    const picture = pixels(width, height);
    const { data, info } = await sharp(await encodePng(picture))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([width, height, 3]);
    expect(Buffer.compare(data, picture.rgb)).toBe(0);
  });

  it("is the same file every time", async () => {
    const [first, second] = [
      await encodePicture(pixels(24, 16), input, origin),
      await encodePicture(pixels(24, 16), input, origin),
    ];
    expect(Buffer.compare(first, second)).toBe(0);
  });

  it("keeps texts: Latin-1 in tEXt, everything else in iTXt", async () => {
    const texts = [
      { keyword: "parameters", text: "caf\u00e9\nwith a second line" },
      { keyword: "other", text: "\u706f\u53f0 \u{1f30a} \u2014 storm" },
      { keyword: "empty", text: "" },
    ];
    const png = await encodePng(pixels(2, 2), texts);
    expect(readPngTexts(png)).toEqual(texts);
    const file = Buffer.from(png).toString("latin1");
    expect(file.match(/tEXtparameters/g)).toHaveLength(1);
    expect(file.match(/iTXtother/g)).toHaveLength(1);
  });

  it("refuses what is no picture or no text", async () => {
    const invalid = expect.objectContaining({ code: "PICTURE_INVALID" });
    await expect(encodePng({ width: 2, height: 2, rgb: new Uint8Array(11) })).rejects.toEqual(invalid);
    await expect(encodePng(pixels(1, 1), [{ keyword: "", text: "x" }])).rejects.toEqual(invalid);
    await expect(encodePng(pixels(1, 1), [{ keyword: "a", text: "x\0y" }])).rejects.toEqual(invalid);
  });

  it("is refused by the reader when it is something else, cut or damaged", async () => {
    const png = await encodePng(pixels(8, 8), [{ keyword: "a", text: "b" }]);
    const damaged = png.slice();
    damaged[damaged.length - 20] = (damaged[damaged.length - 20] as number) ^ 1;
    const endless = png.slice();
    endless.set([0xff, 0xff, 0xff, 0xff], 8);
    for (const file of [new Uint8Array(), Uint8Array.of(1, 2, 3), png.slice(0, png.length - 3), damaged, endless]) {
      expect(() => readPngTexts(file)).toThrow(expect.objectContaining({ code: "PICTURE_INVALID" }));
    }
  });
});

describe("what a picture says about itself", () => {
  it("is the text that A1111 writes", async () => {
    const { parameters, digitalSourceType } = readPictureTexts(await encodePicture(pixels(24, 16), input, origin));
    expect(parameters?.text).toBe(
      [
        "a lighthouse in a storm, oil painting",
        "Negative prompt: blurry, (low quality:1.2)",
        "Steps: 30, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: 9007199254740993, Size: 24x16, " +
          "Model hash: ababababab, Model: Gridscape dev authored not trained, RNG: NV, Version: an engine 1",
      ].join("\n"),
    );
    expect(digitalSourceType).toBe(DIGITAL_SOURCE_TYPE);
  });

  it("is XMP that libvips finds", async () => {
    const { xmp } = await sharp(
      await encodePicture(pixels(24, 16), input, { ...origin, engine: '<a & "b">' }),
    ).metadata();
    expect(xmp?.toString()).toContain("trainedAlgorithmicMedia");
    expect(xmp?.toString()).toContain('xmp:CreatorTool="&lt;a &amp; &quot;b&quot;>"');
  });

  it.each([
    ["plain", { prompt: "a cat", negativePrompt: "" }],
    ["Unicode", { prompt: "\u706f\u53f0\u3001\u5d50 \u{1f30a}", negativePrompt: "\u00e9\u00df" }],
    ["quotes and separators", { prompt: 'Steps: 3, Seed: 4, "quoted", Size: 1x1', negativePrompt: "a: b, c: d" }],
  ])("is read back: %s", async (_, prompts) => {
    const { parameters } = readPictureTexts(await encodePicture(pixels(2, 2), { ...input, ...prompts }, origin));
    expect(parameters).toMatchObject(prompts);
    expect(Object.fromEntries(parameters?.settings ?? [])).toMatchObject({
      Steps: "30",
      Sampler: "DPM++ 2M",
      "Schedule type": "Karras",
      Seed: "9007199254740993",
      Model: "Gridscape dev authored not trained",
    });
  });

  it.each([
    ["Gridscape ink: authored, not trained", "Gridscape ink authored not trained"],
    ['a "b", Seed: 7\nSteps: 9', "a b Seed 7 Steps 9"],
    ["Caf\u00e9 \u706f\u53f0 v1.5 (pruned+ema)", "Caf\u00e9 \u706f\u53f0 v1.5 (pruned+ema)"],
    [",:,", "unnamed"],
  ])("names the model %s so that readers which cut at commas and colons read it", async (modelName, plain) => {
    const png = await encodePicture(pixels(2, 2), input, { ...origin, modelName, schedule: "Diffusers leading" });
    const line = readPictureTexts(png).parameters?.text.split("\n").at(-1) ?? "";
    // A reader that knows no quotes.
    const cut = line.split(", ").map((part) => part.split(": "));
    expect(cut.every((pair) => pair.length === 2)).toBe(true);
    expect(Object.fromEntries(cut)).toMatchObject({
      Model: plain,
      "Schedule type": "Diffusers leading",
      Seed: "9007199254740993",
      Steps: "30",
    });
  });

  it("is read from A1111's own files, with prompts of several lines", () => {
    const read = parseParameters(
      'one\ntwo\nNegative prompt: three\nfour\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512, Lora hashes: "a: 1, b: 2"',
    );
    expect(read.prompt).toBe("one\ntwo");
    expect(read.negativePrompt).toBe("three\nfour");
    expect(read.settings.get("Lora hashes")).toBe("a: 1, b: 2");
    expect(parseParameters("only a prompt")).toMatchObject({ prompt: "only a prompt", negativePrompt: "" });
  });

  it("is read in time that grows with its length only", () => {
    // Quadratic, each of these would take longer than a test may.
    for (const part of ["a", "a ", " ", 'x: "', 'x: "\\"', "x: ,", "a: b"]) {
      expect(parseParameters(part.repeat(1_000_000)).negativePrompt).toBe("");
    }
  });
});

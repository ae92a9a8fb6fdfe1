import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeDevModels } from "../../../devmodel/src/index.ts";
import { comparePictures, loadOnnxEngine, type PictureInput } from "../../src/engines/index.ts";

const input: PictureInput = {
  prompt: "a lighthouse in a storm",
  negativePrompt: "",
  seed: 5n,
  width: 128,
  height: 128,
  steps: 8,
  guidanceScale: 7.5,
  sampler: "dpmpp_2m",
  scheduler: "karras",
};

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "dev-model-"));
});
afterAll(() => rm(root, { recursive: true }));

it("runs the development model: the same file twice, another picture for another prompt, negative prompt or seed", async () => {
  const [model] = await makeDevModels({ out: root });
  if (!model) throw new Error("No development model was made.");
  const engine = await loadOnnxEngine({ folder: model.folder });
  try {
    expect(engine.modelHash).toBe(model.manifestHash);
    const { file } = await engine.generate(input);
    expect(await comparePictures(file, (await engine.generate(input)).file)).toMatchObject({ sameBytes: true });
    for (const change of [{ prompt: "a cat in a garden" }, { negativePrompt: "storm, clouds" }, { seed: 6n }]) {
      const other = await engine.generate({ ...input, ...change });
      expect((await comparePictures(file, other.file)).meanDifference).toBeGreaterThan(2);
    }
    // Words of the table and words without a meaning are known, others are named.
    const asked = { prompt: "a lighthouse in the Qwertz, 4k", negativePrompt: "blorf, an ugly storm", steps: 1 };
    expect((await engine.generate({ ...input, ...asked })).unknownWords).toEqual(["Qwertz", "blorf"]);
    // A negative prompt that is not asked has no words.
    const alone = await engine.generate({ ...input, ...asked, guidanceScale: 1 });
    expect(alone.unknownWords).toEqual(["Qwertz"]);
    // Without guidance there is still a prompt.
    const cat = await engine.generate({ ...input, prompt: "a cat in a garden", guidanceScale: 0 });
    const plain = await engine.generate({ ...input, guidanceScale: 0 });
    expect((await comparePictures(cat.file, plain.file)).meanDifference).toBeGreaterThan(2);
  } finally {
    await engine.close();
  }
  // Loading its 12,000 nodes takes seconds of one core, many times that on a busy machine.
}, 360_000);

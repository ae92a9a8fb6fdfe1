import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generationRequest } from "@gridnft/sdk";
import { type Hex, zeroHash } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  comparePictures,
  type Engine,
  hashModelFolder,
  loadOnnxEngine,
  type PictureInput,
  pictureInput,
  readPictureTexts,
  rerun,
} from "../../src/engines/index.ts";
import { writeLinearModel } from "./linearModel.ts";

const input: PictureInput = {
  prompt: "ab a",
  negativePrompt: "",
  seed: 5n,
  width: 64,
  height: 32,
  steps: 6,
  guidanceScale: 4,
  sampler: "euler_a",
  scheduler: "karras",
};

let root: string;
let folder: string;
let engine: Engine;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "engine-"));
  folder = join(root, "linear");
  await writeLinearModel(folder);
  await writeFile(join(folder, "gridnft.json"), JSON.stringify({ name: "Linear" }));
  engine = await loadOnnxEngine({ folder });
});
afterAll(async () => {
  await engine.close();
  await rm(root, { recursive: true });
});

describe("an engine", () => {
  it("names everything that changes bytes, in what the chain can store", () => {
    expect(engine.name).toMatch(/^gridnft-onnx 2 onnxruntime 1\.30\.0 cpu \w+ t1 all philox$/);
    expect(new TextEncoder().encode(engine.name).length).toBeLessThanOrEqual(255);
  });

  it("has the hash of its folder without the card", async () => {
    expect(engine.modelHash).toBe((await hashModelFolder(folder)).hash);
    await writeFile(join(folder, "gridnft.json"), JSON.stringify({ name: "Linear", version: "other" }));
    expect((await hashModelFolder(folder)).hash).toBe(engine.modelHash);
  });

  it("makes the same file for the same input, also when loaded anew, and another one for another seed", async () => {
    const { file, promptCut } = await engine.generate(input);
    expect(promptCut).toBe(false);
    expect(Buffer.compare((await engine.generate(input)).file, file)).toBe(0);
    const other = await loadOnnxEngine({ folder });
    expect(Buffer.compare((await other.generate(input)).file, file)).toBe(0);
    await other.close();
    expect((await comparePictures(file, (await engine.generate({ ...input, seed: 6n })).file)).verdict).toBe(
      "different",
    );
  });

  it("writes into the file what made it", async () => {
    const { file } = await engine.generate(input);
    expect(readPictureTexts(file).parameters?.text).toBe(
      `ab a\nSteps: 6, Sampler: Euler a, Schedule type: Karras, CFG scale: 4, Seed: 5, Size: 64x32, Model hash: ${engine.modelHash.slice(2, 12)}, Model: Linear, RNG: NV, Version: ${engine.name}`,
    );
  });

  it("tells each step, and works off what it is given in order", async () => {
    const told: string[] = [];
    const tell = (name: string) => (step: number, steps: number) => told.push(`${name} ${step}/${steps}`);
    await Promise.all([
      engine.generate({ ...input, steps: 2 }, { onStep: tell("first") }),
      engine.generate({ ...input, steps: 3 }, { onStep: tell("second") }),
    ]);
    expect(told).toEqual(["first 1/2", "first 2/2", "second 1/3", "second 2/3", "second 3/3"]);
  });

  it("gives up between steps when asked, and goes on with the next picture", async () => {
    const control = new AbortController();
    const reason = new Error("not wanted any more");
    const steps: number[] = [];
    const long = engine.generate(
      { ...input, steps: 900 },
      {
        signal: control.signal,
        onStep: (step) => {
          steps.push(step);
          control.abort(reason);
        },
      },
    );
    const next = engine.generate(input);
    await expect(long).rejects.toMatchObject({ code: "ABORTED", cause: reason });
    expect(steps.length).toBeLessThan(900);
    expect((await next).file.length).toBeGreaterThan(100);
  });

  it("hands an error of the caller's own progress function to the caller", async () => {
    const fault = new Error("no terminal");
    const onStep = () => {
      throw fault;
    };
    await expect(engine.generate({ ...input, steps: 900 }, { onStep })).rejects.toBe(fault);
    await expect(engine.generate({ ...input, steps: 1 }, { onStep })).rejects.toBe(fault);
    expect((await engine.generate(input)).file.length).toBeGreaterThan(100);
  });

  it("does not begin what was given up before its turn", async () => {
    const control = new AbortController();
    const first = engine.generate(input);
    const second = engine.generate(input, { signal: control.signal, onStep: () => expect.unreachable() });
    control.abort();
    await expect(second).rejects.toMatchObject({ code: "ABORTED" });
    await first;
  });

  it.each<[Partial<PictureInput>, string]>([
    [{ width: 100 }, "width is a multiple of 8"],
    [{ height: 0 }, "height is a multiple of 8"],
    [{ width: 8_000 }, "up to 4096"],
    [{ steps: 0 }, "Steps are 1 to 1000"],
    [{ steps: -3 }, "Steps are 1 to 1000"],
    [{ steps: 2.5 }, "Steps are 1 to 1000"],
    [{ guidanceScale: Number.NaN }, "guidance scale"],
    [{ guidanceScale: -1 }, "guidance scale"],
    [{ seed: -1n }, "seed"],
    [{ seed: 2n ** 64n }, "seed"],
    [{ sampler: "heun" as "ddim" }, 'sampler "heun" is unknown'],
    [{ scheduler: "" as "normal" }, 'noise schedule "" is unknown'],
  ])("refuses %o", async (change, sentence) => {
    const refused = engine.generate({ ...input, ...change });
    await expect(refused).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(refused).rejects.toThrow(sentence);
  });

  it.each<[Partial<PictureInput>, string]>([
    [{ source: { file: Uint8Array.of(1), mediaType: "image/png" } }, "takes no source image: it makes pictures from"],
    [{ mask: { file: Uint8Array.of(1), mediaType: "image/png" }, extras: "{}" }, "takes no mask, no extras"],
  ])("takes a prompt alone, not %o", async (change, sentence) => {
    const refused = engine.generate({ ...input, ...change });
    await expect(refused).rejects.toMatchObject({ code: "MODEL_UNSUPPORTED" });
    await expect(refused).rejects.toThrow(sentence);
  });

  it("refuses work once closed, and ends what was running", async () => {
    const other = await loadOnnxEngine({ folder });
    const running = other.generate({ ...input, steps: 1_000 });
    const ended = expect(running).rejects.toMatchObject({ name: "EngineError" });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await other.close();
    await ended;
    await expect(other.generate(input)).rejects.toMatchObject({ code: "CLOSED" });
    await other.close();
  });

  it("does not load what is no model", async () => {
    await expect(loadOnnxEngine({ folder: join(root, "absent") })).rejects.toMatchObject({ code: "FOLDER_INVALID" });
    const strange = join(root, "strange");
    await writeLinearModel(strange, { extraInput: "time_ids" });
    await expect(loadOnnxEngine({ folder: strange })).rejects.toMatchObject({ code: "MODEL_UNSUPPORTED" });
    await writeFile(join(strange, "gridnft.json"), Buffer.from('{"name":"caf\xe9"}', "latin1"));
    await expect(loadOnnxEngine({ folder: strange })).rejects.toThrow("gridnft.json");
    await writeFile(join(strange, "gridnft.json"), "{}");
    await expect(loadOnnxEngine({ folder: strange })).rejects.toThrow("gridnft.json");
    await writeFile(join(strange, "gridnft.json"), Buffer.from('{"name":"\u00e9t\u00e9"}', "latin1"));
    await expect(loadOnnxEngine({ folder: strange })).rejects.toThrow("gridnft.json is not JSON in UTF-8");
  });
});

describe("making a picture again", () => {
  const request = () =>
    generationRequest({
      modelId: 1n,
      modelHash: engine.modelHash,
      prompt: input.prompt,
      width: input.width,
      height: input.height,
      steps: input.steps,
      guidanceMilli: 4_000,
      sampler: input.sampler,
      scheduler: input.scheduler,
    });
  const claim = (picture: Uint8Array) => ({
    request: request(),
    seed: 5n,
    engine: engine.name,
    picture,
    model: engine,
  });

  it("finds the honest one identical, with a loaded engine or a folder", async () => {
    const { file } = await engine.generate(input);
    expect(await rerun(claim(file))).toMatchObject({ verdict: "identical", sameBytes: true, sameEngine: true });
    expect(await rerun({ ...claim(file), model: folder })).toMatchObject({ verdict: "identical", sameBytes: true });
  });

  it("finds one of another seed or prompt different", async () => {
    const { file } = await engine.generate({ ...input, seed: 6n });
    expect(await rerun(claim(file))).toMatchObject({ verdict: "different", sameEngine: true });
  });

  it("says when another engine made it", async () => {
    const { file } = await engine.generate(input);
    expect(await rerun({ ...claim(file), engine: "ComfyUI 0.3" })).toMatchObject({ sameEngine: false });
  });

  it("refuses another model, and requests that a prompt alone cannot fulfil", async () => {
    const { file } = await engine.generate(input);
    const foreign = { ...claim(file), request: { ...request(), modelHash: zeroHash } };
    await expect(rerun(foreign)).rejects.toMatchObject({ code: "MODEL_CHANGED" });
    for (const change of [{ extras: '{"lora":"x"}' }, { sourceHash: engine.modelHash }]) {
      expect(() => pictureInput({ ...request(), ...change }, 5n)).toThrow(
        expect.objectContaining({ code: "MODEL_UNSUPPORTED" }),
      );
    }
  });

  it("hands an engine the parts of a request that it takes, and no other source image", () => {
    const source = { file: Uint8Array.of(1, 2, 3), mediaType: "image/png" };
    const sourceHash: Hex = `0x${createHash("sha256").update(source.file).digest("hex")}`;
    const asked = { ...request(), extras: '{"lora":"x"}', sourceHash };
    const takes = ["source", "extras"] as const;
    expect(pictureInput(asked, 5n, { takes, source })).toEqual({ ...input, seed: 5n, source, extras: asked.extras });
    expect(() => pictureInput(asked, 5n, { takes: ["source"], source })).toThrow("takes no extras");
    for (const other of [undefined, { ...source, file: Uint8Array.of(4) }]) {
      expect(() => pictureInput(asked, 5n, { takes, source: other })).toThrow("is not the one that the request names");
    }
  });
});

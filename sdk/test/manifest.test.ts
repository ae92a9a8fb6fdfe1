import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { MODEL_CARD_FILE, type ModelFile, modelCard, modelManifest } from "../src/index.js";

const file = (path: string, text: string): ModelFile => ({
  path,
  sha256: `0x${createHash("sha256").update(text).digest("hex")}`,
  size: text.length,
});
const files = [file("unet/model.onnx", "weights"), file("model_index.json", "{}"), file("tokenizer/vocab.json", "[]")];

describe("manifest of a model folder", () => {
  it("is canonical JSON of the files by path, and its sha256", () => {
    const { json, hash } = modelManifest(files);
    const expected = `{"files":[${["model_index.json", "tokenizer/vocab.json", "unet/model.onnx"]
      .map((path) => files.find((each) => each.path === path))
      .map((each) => `{"path":"${each?.path}","sha256":"${each?.sha256.slice(2)}","size":${each?.size}}`)
      .join(",")}]}`;
    expect(json).toBe(expected);
    expect(hash).toBe(`0x${createHash("sha256").update(expected).digest("hex")}`);
  });

  it("depends on no order and not on the card", () => {
    const card = file(MODEL_CARD_FILE, "anything");
    expect(modelManifest([...files].reverse().concat(card))).toEqual(modelManifest(files));
  });

  it("keeps a card of a deeper folder, which is not the card", () => {
    expect(modelManifest([...files, file(`unet/${MODEL_CARD_FILE}`, "x")]).hash).not.toBe(modelManifest(files).hash);
  });

  it.each([
    ["a byte", [file("unet/model.onnx", "Weights"), ...files.slice(1)]],
    ["a path", [file("unet/model2.onnx", "weights"), ...files.slice(1)]],
    ["a file more", [...files, file("extra", "")]],
  ])("changes with %s", (_name, changed) => expect(modelManifest(changed).hash).not.toBe(modelManifest(files).hash));

  it.each(["/etc/passwd", "../up", "a//b", "a/./b", "", "a\\b", "a\nb", "\ud800"])("refuses the path %j", (path) =>
    expect(() => modelManifest([file(path, "x")])).toThrow(expect.objectContaining({ field: "path" })),
  );

  it("refuses a file twice, no files, a wrong hash and a wrong size", () => {
    const [first] = files as [ModelFile];
    const fault = (field: string) => expect.objectContaining({ code: "FIELD_INVALID", field });
    expect(() => modelManifest([first, first])).toThrow(fault("path"));
    expect(() => modelManifest([])).toThrow(fault("files"));
    expect(() => modelManifest([{ ...first, sha256: "0x12" }])).toThrow(fault("sha256"));
    expect(() => modelManifest([{ ...first, size: -1 }])).toThrow(fault("size"));
  });
});

describe("card", () => {
  const card = {
    name: "A model",
    version: "1",
    family: "sd15",
    kind: "checkpoint",
    license: "MIT",
    usageBps: 500,
    resaleBps: 250,
    access: "OPEN",
    defaults: { width: 512, height: 512, steps: 30, guidance_scale: 7.5, sampler: "ddim", scheduler: "normal" },
  };

  it("reads", () => expect(modelCard.parse(card)).toEqual({ ...card, description: "" }));

  it.each([
    ["usageBps", 2_001],
    ["resaleBps", 1_001],
    ["access", "FREE"],
    ["name", ""],
    ["defaults", { ...card.defaults, width: 500 }],
  ])("refuses %s %j", (field, value) => expect(modelCard.safeParse({ ...card, [field]: value }).success).toBe(false));
});

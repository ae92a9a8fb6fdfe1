import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Message } from "../../../devmodel/src/protobuf.ts";
import { fromHalf, toHalf } from "../../src/engines/onnx/float16.ts";
import { openNetwork } from "../../src/engines/onnx/session.ts";
import { createTokenizer } from "../../src/engines/onnx/tokenizer.ts";

describe("half precision", () => {
  it("reads and writes every number that it has", () => {
    const all = Array.from({ length: 65_536 }, (_, bits) => bits).filter((bits) => !Number.isNaN(fromHalf(bits)));
    expect(all).toHaveLength(65_536 - 2 * 1_023);
    expect(all.filter((bits) => toHalf(fromHalf(bits)) !== bits)).toEqual([]);
  });

  it("rounds to nearest, ties to even, and overflows to infinity", () => {
    // Limits of IEEE 754 binary16.
    expect(fromHalf(toHalf(65_504))).toBe(65_504);
    expect(fromHalf(toHalf(65_519))).toBe(65_504);
    expect(fromHalf(toHalf(65_520))).toBe(Number.POSITIVE_INFINITY);
    expect(fromHalf(toHalf(1 + 2 ** -11))).toBe(1);
    expect(fromHalf(toHalf(1 + 3 * 2 ** -11))).toBe(1 + 2 ** -9);
    expect(fromHalf(toHalf(2 ** -25))).toBe(0);
    expect(fromHalf(toHalf(2 ** -25 * 1.001))).toBe(2 ** -24);
    expect(fromHalf(toHalf(-1e-30))).toBe(-0);
    expect(fromHalf(toHalf(Number.NaN))).toBeNaN();
    for (const value of [0.1, -3.3, 1234.567, 6.2e-5]) {
      expect(Math.abs(fromHalf(toHalf(value)) / value - 1)).toBeLessThan(2 ** -11 * 1.2);
    }
  });
});

/** The small vocabulary with which transformers tests its CLIPTokenizer, and what it finds in "lower newer". */
const words = [
  ...["l", "o", "w", "e", "r", "s", "t", "i", "d", "n", "lo", "l</w>", "w</w>", "r</w>", "t</w>", "low</w>", "er</w>"],
  ...["lowest</w>", "newer</w>", "wider", "<unk>", "<|startoftext|>", "<|endoftext|>"],
];
const files = {
  vocabulary: JSON.stringify(Object.fromEntries(words.map((word, id) => [word, id]))),
  merges: "#version: 0.2\nl o\nlo w</w>\ne r</w>",
};

describe("the tokenizer", () => {
  it("splits as CLIPTokenizer does, from vocab.json and merges.txt", () => {
    const tokenizer = createTokenizer(files, undefined);
    expect(tokenizer.windowLength).toBe(77);
    expect(tokenizer.encode("lower newer")).toEqual([10, 2, 16, 9, 3, 2, 16]);
    expect(tokenizer.encode("  LOWER\n\tnewer ")).toEqual([10, 2, 16, 9, 3, 2, 16]);
    expect(tokenizer.encode("")).toEqual([]);
  });

  it("makes windows of start, tokens, end and padding", () => {
    const tokenizer = createTokenizer(files, 6);
    expect(tokenizer.windows([])).toEqual([[21, 22, 22, 22, 22, 22]]);
    expect(tokenizer.windows([1, 2, 3, 4])).toEqual([[21, 1, 2, 3, 4, 22]]);
    expect(tokenizer.windows([1, 2, 3, 4, 5])).toEqual([
      [21, 1, 2, 3, 4, 22],
      [21, 5, 22, 22, 22, 22],
    ]);
    expect(tokenizer.mask([21, 5, 22, 22, 22, 22])).toEqual([1, 1, 1, 0, 0, 0]);
  });

  it("pads with another token where the files say so, as those of Stable Diffusion 2 do", () => {
    const specialTokens = JSON.stringify({ pad_token: "l", eos_token: { content: "<|endoftext|>", lstrip: false } });
    expect(createTokenizer({ ...files, specialTokens }, 5).windows([1])).toEqual([[21, 1, 22, 0, 0]]);
    // The map wins over the configuration, as in transformers.
    const config = JSON.stringify({ pad_token: { content: "o" }, model_max_length: 4 });
    expect(createTokenizer({ ...files, config, specialTokens }, undefined).windows([])).toEqual([[21, 22, 0, 0]]);
    expect(createTokenizer({ ...files, config }, undefined).windows([])).toEqual([[21, 22, 1, 1]]);
  });

  it("refuses a folder without its files, or with others", () => {
    const invalid = expect.objectContaining({ code: "FOLDER_INVALID" });
    expect(() => createTokenizer({}, 77)).toThrow(invalid);
    expect(() => createTokenizer({ vocabulary: "[]", merges: "" }, 77)).toThrow(invalid);
    expect(() => createTokenizer({ ...files, config: "{" }, 77)).toThrow(invalid);
    expect(() => createTokenizer({ ...files, specialTokens: '{"pad_token":"absent"}' }, 77)).toThrow(invalid);
    expect(() => createTokenizer({ tokenizer: "{}" }, 77)).toThrow(invalid);
  });
});

/** y = x + c, where c lies in a file of its own, as the weights of large models do. */
function networkWithExternalData(): Uint8Array {
  const entry = (key: string, value: string) => new Message().text(1, key).text(2, value);
  const weights = new Message().int(1, 2).int(2, 1).text(8, "c");
  weights.message(13, entry("location", "model.onnx_data")).message(13, entry("length", "8")).int(14, 1);
  const port = (name: string) => {
    const shape = new Message().message(1, new Message().int(1, 2));
    return new Message().text(1, name).message(2, new Message().message(1, new Message().int(1, 1).message(2, shape)));
  };
  const node = new Message().text(1, "x").text(1, "c").text(2, "y").text(4, "Add");
  const graph = new Message()
    .message(1, node)
    .text(2, "g")
    .message(5, weights)
    .message(11, port("x"))
    .message(12, port("y"));
  return new Message().int(1, 8).message(7, graph).message(8, new Message().text(1, "").int(2, 17)).encode();
}

describe("a network", () => {
  it("loads with its weights in a file beside it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "external-data-"));
    try {
      await writeFile(join(folder, "model.onnx"), networkWithExternalData());
      await writeFile(join(folder, "model.onnx_data"), new Uint8Array(Float32Array.of(10, 20).buffer));
      const network = await openNetwork(join(folder, "model.onnx"), "The network", { threads: 1 });
      const { values, shape } = await network.run(new Map([["x", { values: [1, 2], shape: [2] }]]), "y");
      expect([...values]).toEqual([11, 22]);
      expect(shape).toEqual([2]);
      await expect(network.run(new Map(), "y")).rejects.toMatchObject({ code: "MODEL_UNSUPPORTED" });
      await expect(network.run(new Map([["x", { values: [1, 2, 3], shape: [3] }]]), "y")).rejects.toMatchObject({
        code: "RUN_FAILED",
      });
      await network.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

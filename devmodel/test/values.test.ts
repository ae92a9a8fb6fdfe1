import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { GraphBuilder, type Tensor } from "../src/onnx.ts";
import { Picture } from "../src/picture.ts";
import {
  abs,
  add,
  atan,
  clamp,
  div,
  fract,
  gt,
  length,
  max,
  min,
  mix,
  mul,
  pick,
  range,
  smoothstep,
  sub,
  Value,
} from "../src/values.ts";

/** Runs a program over an input `v` and gives its result. */
async function run(program: (v: Value, picture: Picture) => Value, v: readonly number[]): Promise<number[]> {
  const graph = new GraphBuilder();
  graph.rename(program(new Value(graph, { name: "v" }), new Picture(graph)).tensor, "result");
  const bytes = graph.model(
    "test",
    [{ name: "v", type: "float32", shape: ["n"] }],
    [{ name: "result", type: "float32" }],
  );
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const { result } = await session.run({ v: new ort.Tensor("float32", Float32Array.from(v), [v.length]) });
  await session.release();
  return Array.from((result as Tensor & ort.Tensor).data as Float32Array);
}

describe("values", () => {
  it("compute as they read", async () => {
    expect(await run((v) => add(1, mul(2, v)).sub(v.div(4)), [4])).toEqual([8]);
    const compared = (v: Value) => v.pow(2).mul(-1).add(v.gt(2).mul(10)).add(v.lt(2));
    expect(await run(compared, [3, 1])).toEqual([1, 0]);
    expect(await run((v) => v.mod(3), [7, -1])).toEqual([1, 2]);
    expect(await run((v) => v.oneMinus().add(sub(1, v)).add(div(8, v)).add(gt(3, v)), [2])).toEqual([3]);
    expect(await run((v) => max(min(v, 3), 1, 2).add(clamp(v.mul(0.1))), [5, 10])).toEqual([3.5, 4]);
    expect(await run((v) => mix(10, 20, v).add(smoothstep(0, 1, v)), [0.5, 1])).toEqual([15.5, 21]);
    expect(await run((v) => length(v, v.add(1)).add(fract(v.add(0.25))), [3])).toEqual([5.25]);
    expect((await run((v) => atan(v.sub(1), v.mul(0).sub(1)), [1]))[0]).toBeCloseTo(Math.PI, 5);
  });

  it("fold numbers that are known", async () => {
    const folded: (number | undefined)[] = [];
    await run(
      (v) => {
        const two = new Value(v.graph, 2);
        folded.push(
          two.add(1).mul(4).known,
          v.mul(0).known,
          two.pow(3).known,
          max(two, 3).known,
          abs(sub(1, two)).known,
        );
        expect([v.mul(1), v.add(0), v.sub(0)]).toEqual([v, v, v]);
        return v;
      },
      [1],
    );
    expect(folded).toEqual([12, 0, 8, 3, 1]);
  });

  it("are taken from lists by the round", async () => {
    const sum = (v: Value) => range(3).reduce((total, i) => total.add(v.mul(2 * pick(i, 1, 10, 100))), v);
    expect(await run(sum, [1])).toEqual([223]);
    expect(() => pick(4, 1, 2)).toThrow("no item 4");
  });
});

describe("pictures", () => {
  /** Everything that a gate guards at once: the layers, each round of a loop, other values. */
  const program = (v: Value, picture: Picture): Value => {
    const { on, each, fold, when, paint, focusOn } = picture;
    [picture.img, picture.focus] = [v, v];
    on(v.sub(1), () => {
      paint(picture.img.mul(3), 1);
      focusOn(picture.focus.add(1));
    });
    let other = v;
    on(v, () => {
      each([1, 2], (i) => paint(picture.img.add(i), 1));
      other = fold([1, 2], v, (value, i) => value.mul(i));
      on(v.sub(3), () => paint(picture.img.mul(0).add(100), 1));
      paint(picture.img.add(other), 1);
    });
    const [ten] = when(v.sub(2), [v], () => [v.mul(10)]);
    return picture.img.add(picture.focus).add(ten);
  };

  it.each([
    // img: 2 * 3 + 1 + 2, and 2 * 1 * 2; focus 3; not ten times, as 2 - 2 opens no gate
    [2, 9 + 4 + 3 + 2],
    [0, 0],
    [1, 1 + 3 + 2 + 1 + 1],
    [4, 100 + 8 + 5 + 40],
  ])("are repainted only behind an open gate: %d", async (input, result) => {
    expect(await run(program, [input])).toEqual([result]);
  });

  it.each<[string, (v: Value, picture: Picture) => Value, string]>([
    [
      "a block that paints nothing",
      (v, { on }) => {
        on(v, () => {});
        return v;
      },
      "paints nothing",
    ],
    ["a loop without a gate", (v, { fold }) => fold([1], v, (value) => value), "behind no gate"],
    ["numbers alone", (v) => mix(1, 2, 3).add(v), "belongs to no graph"],
  ])("name the fault in %s", async (_, faulty, message) => {
    await expect(run(faulty, [0])).rejects.toThrow(message);
  });
});

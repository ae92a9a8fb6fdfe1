import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { GraphBuilder, type Tensor } from "../src/onnx.ts";
import { Algebra } from "../src/paint/algebra.ts";
import { Painter, type Quantity } from "../src/paint/evaluate.ts";
import { PaintError, parsePaint } from "../src/paint/syntax.ts";

/** Runs a program over an input `v` and gives its `result`. */
async function run(source: string, v: readonly number[]): Promise<number[]> {
  const graph = new GraphBuilder();
  const painter = new Painter(graph, new Algebra(graph));
  painter.define("v", { name: "v" });
  painter.run(parsePaint(source));
  graph.rename(new Algebra(graph).tensor(painter.get("result") as Quantity), "result");
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

describe("the paint language", () => {
  it("computes as it reads", async () => {
    expect(await run("let result = 1 + 2 * v - v / 4;", [4])).toEqual([8]);
    expect(await run("let result = -v ** 2 + (v > 2) * 10 + (v < 2);", [3, 1])).toEqual([1, 0]);
    expect(await run("let result = v % 3;", [7, -1])).toEqual([1, 2]);
    expect(await run("let result = 2 > 1 ? v : 0; # a comment", [5])).toEqual([5]);
  });

  it("knows functions, lists and loops", async () => {
    const source =
      "fn twice(a) = a * 2; let result = v; for i in 0..3 { let k = [1, 10, 100][i]; result += twice(k); }";
    expect(await run(source, [1])).toEqual([223]);
    expect(
      await run("fn f(a) { if a > 1 { return 7; } else { return 8; } } let result = v + f(2) * f(0);", [0]),
    ).toEqual([56]);
  });

  it("repaints only behind an open gate, loops with long bodies too", async () => {
    const source = `let result = v; let other = v;
      on v - 1 { result = result * 3; let own = 1; other = other + own; }
      on v { for i in 0..2 { let a = i; let b = a + 1; let c = b; result += c; } }
      result += other;`;
    expect(await run(source, [2])).toEqual([2 * 3 + 1 + 2 + 3]);
    expect(await run(source, [0])).toEqual([0]);
    expect(await run(source, [1])).toEqual([1 + 1 + 2 + 1]);
  });

  it.each([
    ["let a = ;", "An expression was expected"],
    ["let a = 1", '";" was expected'],
    ["\n\nlet a = b;", 'Line 3: "b" is unknown'],
    ["a = 1;", "never defined"],
    ["let a = [1, 2][4];", "no item 4"],
    ["let a = 1 & 2;", "means nothing"],
    ["let a = 1; on 1 { let b = 2; }", "paints nothing"],
  ])("names the fault in %j", async (source, message) => {
    await expect(run(source, [0])).rejects.toThrow(PaintError);
    await expect(run(source, [0])).rejects.toThrow(message);
  });
});

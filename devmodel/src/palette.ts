import type { Axis } from "./axes.ts";
import type { Canvas } from "./canvas.ts";
import type { GraphBuilder, Tensor } from "./onnx.ts";
import type { Table } from "./table.ts";

/** Roles of a palette's colours, in the order of the table. */
export const ROLES = ["ZE", "HO", "LI", "FA", "NE", "AC"] as const;

/** Oklab of an sRGB colour (Björn Ottosson's matrices). */
export function oklab(hex: string): readonly [number, number, number] {
  const [r, g, b] = [0, 2, 4].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** Colours of this picture: palettes blended as the prompt says, hue and chroma moved a little by the seed. */
export function blendPalettes(
  graph: GraphBuilder,
  canvas: Canvas,
  { palettes }: Table,
  axes: readonly Axis[],
  saturate: Tensor,
): { readonly colors: Map<string, Tensor>; readonly shares: Map<string, Tensor> } {
  const a = canvas.algebra;
  const values = axes
    .filter(({ kind }) => kind === "palette")
    .map(({ index }) => graph.node("Unsqueeze", [canvas.axis(index), graph.integers([0])]));
  const row = graph.node("Concat", values, { axis: 0 });
  const share = graph.node("Softmax", [a.multiply(row, 2) as Tensor], { axis: 0 });
  const table = palettes.flatMap(({ colors }) => colors.flatMap((color) => oklab(color)));
  const blended = graph.node("Reshape", [
    a.node("MatMul", share, graph.floats(table, [palettes.length, 18])),
    graph.integers([6, 3, 1, 1]),
  ]);
  const squares = graph.node("ReduceSum", [a.multiply(share, share) as Tensor], { keepdims: 0 });
  const chroma = a.multiply(
    a.add(1, a.multiply(a.tanh(a.multiply(saturate, 0.25)), 0.45)),
    a.subtract(1.4, a.multiply(squares, 0.4)), // a blend loses colour: give it back
  );
  const hue = a.multiply(a.tanh(canvas.seedNumber(8)), 0.22);
  const [cosine, sine] = [a.multiply(a.cos(hue), chroma), a.multiply(a.sin(hue), chroma)];
  const colors = new Map<string, Tensor>();
  ROLES.forEach((role, i) => {
    const color = canvas.slice(blended, i, i + 1, 0);
    const [l, u, v] = [0, 1, 2].map((k) => canvas.slice(color, k, k + 1)) as [Tensor, Tensor, Tensor];
    const turned = a.subtract(a.multiply(u, cosine), a.multiply(v, sine));
    colors.set(role, canvas.channels(l, turned, a.add(a.multiply(u, sine), a.multiply(v, cosine))));
  });
  const shares = new Map<string, Tensor>();
  palettes.forEach(({ name }, i) => {
    shares.set(name, graph.node("Gather", [share, graph.integers([i], [])], { axis: 0 }));
  });
  return { colors, shares };
}

import { type Canvas, record } from "./canvas.ts";
import type { GraphBuilder } from "./onnx.ts";
import type { Table } from "./table.ts";
import { add, channels, cos, node, sin, sub, tanh, type Value } from "./values.ts";

/** Roles of a palette's colours, in the order of the table. */
const ROLES = ["zenith", "horizon", "light", "far", "near", "accent"] as const;
export type Role = (typeof ROLES)[number];

/** Oklab of an sRGB colour (Björn Ottosson's matrices). */
function oklab(hex: string): readonly [number, number, number] {
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
  { axes, palettes }: Table,
  saturate: Value,
): { readonly colors: Record<Role, Value>; readonly shares: ReadonlyMap<string, Value> } {
  const values = axes
    .filter(({ kind }) => kind === "palette")
    .map(({ index }) => canvas.axisValue(index).node("Unsqueeze", graph.integers([0])));
  const row = node(graph, "Concat", values, { axis: 0 });
  const share = node(graph, "Softmax", [row.mul(2)], { axis: 0 });
  const table = palettes.flatMap(({ colors }) => colors.flatMap((color) => oklab(color)));
  const blended = share
    .node("MatMul", graph.floats(table, [palettes.length, 18]))
    .node("Reshape", graph.integers([6, 3, 1, 1]));
  const squares = node(graph, "ReduceSum", [share.mul(share)], { keepdims: 0 });
  // A blend loses colour: give it back.
  const chroma = add(1, tanh(saturate.mul(0.25)).mul(0.45)).mul(sub(1.4, squares.mul(0.4)));
  const hue = tanh(canvas.seed(8)).mul(0.22);
  const [cosine, sine] = [cos(hue).mul(chroma), sin(hue).mul(chroma)];
  const colors = record(ROLES, (_, i) => {
    const color = blended.slice(i, i + 1, 0);
    const [l, a, b] = [color.channel(0), color.channel(1), color.channel(2)];
    const turned = a.mul(cosine).sub(b.mul(sine));
    return channels(l, turned, a.mul(sine).add(b.mul(cosine)));
  });
  const shares = palettes.map(({ name }, i): [string, Value] => [
    name,
    node(graph, "Gather", [share, graph.integers([i], [])], { axis: 0 }),
  ]);
  return { colors, shares: new Map(shares) };
}

import type { GraphBuilder } from "../onnx.ts";
import { clamp, length, min, mix, node, sub, Value } from "../values.ts";

type Numbers<N extends number, Found extends readonly number[] = readonly []> = Found["length"] extends N
  ? Found
  : Numbers<N, readonly [...Found, number]>;
type Columns<Row> = { readonly [Index in keyof Row]: Value };

/** Constants with a row each, computed as one value of so many channels: the values of the rows' columns. */
export function columns<const Row extends readonly number[]>(graph: GraphBuilder, rows: readonly Row[]): Columns<Row> {
  return (rows[0] as readonly number[]).map((_, i) => {
    const values = rows.map((row) => row[i] as number);
    const [only = 0] = values;
    return new Value(graph, values.length === 1 ? only : graph.floats(values, [1, values.length, 1, 1]));
  }) as readonly Value[] as Columns<Row>;
}

/** Largest of a value's channels. */
export function union(values: Value): Value {
  return node(values.graph, "ReduceMax", [values], { axes: [1], keepdims: 1 });
}

/**
 * Signed distances, positive inside, in a subject's own units: `u` across, `v` down. Several shapes of a kind are computed as one, a
 * channel each: loading a model takes its time by node. Six or seven at once, for the memory of large pictures.
 */
export function shapes(u: Value, v: Value) {
  const { graph } = u;
  const joined = (values: Value, count: number) => (count === 1 ? values : union(values));

  /** Union of ellipses: middle, radii. */
  const ellipses = (...rows: readonly Numbers<4>[]) => {
    const [ox, oy, rx, ry, least] = columns(graph, rows.map((row): Numbers<5> => [...row, Math.min(row[2], row[3])]));
    const inside = length(u.sub(ox).div(rx), v.sub(oy).div(ry)).oneMinus().mul(least);
    return joined(inside, rows.length);
  };
  /** Union of limbs: from (ax, ay) to (bx, by), of width wa at one end and wb at the other. */
  const limbs = (...rows: readonly Numbers<6>[]) => {
    const [ax, ay, ex, ey, wa, wb, square] = columns(graph, rows.map(([x, y, bx, by, wx, wy]): Numbers<7> =>
      [x, y, bx - x, by - y, wx, wy, (bx - x) ** 2 + (by - y) ** 2]));
    const [du, dv] = [u.sub(ax), v.sub(ay)];
    const t = clamp(du.mul(ex).add(dv.mul(ey)).div(square));
    return joined(mix(wa, wb, t).sub(length(du.sub(t.mul(ex)), dv.sub(t.mul(ey)))), rows.length);
  };
  /** Limbs from point to point: place, width. */
  const chain = (...points: readonly Numbers<3>[]) =>
    limbs(...points.slice(1).map(([bx, by, wb], i): Numbers<6> => {
      const [ax, ay, wa] = points[i] as Numbers<3>;
      return [ax, ay, bx, by, wa, wb];
    }));
  /** Convex polygon, its corners clockwise as one sees them. */
  const polygon = (...corners: readonly Numbers<2>[]) => {
    const edges = corners.map(([ax, ay], i): Numbers<3> => {
      const [bx, by] = corners[(i + 1) % corners.length] as Numbers<2>;
      const edge = Math.hypot(bx - ax, by - ay);
      const [nx, ny] = [(ay - by) / edge, (bx - ax) / edge];
      return [nx, ny, ax * nx + ay * ny];
    });
    const [nx, ny, offset] = columns(graph, edges);
    return node(graph, "ReduceMin", [u.mul(nx).add(v.mul(ny)).sub(offset)], { axes: [1], keepdims: 1 });
  };
  /** Rectangle around (ox, oy), by half its sides. */
  const box = (ox: number, oy: number, w: number, h: number) =>
    min(sub(w, u.sub(ox).node("Abs")), sub(h, v.sub(oy).node("Abs")));
  return {
    ellipses,
    ellipse: (...row: Numbers<4>) => ellipses(row),
    limbs,
    limb: (...row: Numbers<6>) => limbs(row),
    chain,
    polygon,
    box,
  };
}

import { readFileSync } from "node:fs";
import { Canvas, contentGates } from "./canvas.ts";
import { GraphBuilder, type Tensor } from "./onnx.ts";
import { isTensor, Painter, type PaintFunction, type PaintValue, type Quantity } from "./paint/evaluate.ts";
import { parsePaint } from "./paint/syntax.ts";
import { blendPalettes } from "./palette.ts";
import { uniform } from "./random.ts";
import type { Table } from "./table.ts";

/** Scenes in painting order: what stands later covers what stands earlier. */
const SCENES = ["sky", "land", "water", "places", "creatures", "frames", "weather", "styles", "finish"];

/**
 * The "VAE decoder": a painter that reads from the latents which things, styles and colours the picture has, and the seed's own
 * numbers and noises for everything else. The scenes are programs of the paint language beside this file.
 */
export function decoder(table: Table): Uint8Array {
  const graph = new GraphBuilder();
  const canvas = new Canvas(graph, { name: "latent_sample" });
  const painter = new Painter(graph, canvas.algebra);
  definePicture(painter, graph, canvas, table);
  defineFunctions(painter, graph, canvas);
  for (const scene of SCENES) {
    const source = readFileSync(new URL(`./scenes/${scene}.paint`, import.meta.url), "utf8");
    try {
      painter.run(parsePaint(source));
    } catch (error) {
      throw new Error(`scenes/${scene}.paint: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }
  graph.rename(painter.get("result") as Tensor, "sample");
  return graph.model(
    "vae_decoder",
    [{ name: "latent_sample", type: "float32", shape: [1, 4, "height", "width"] }],
    [{ name: "sample", type: "float32", shape: [1, 3, "8 height", "8 width"] }],
  );
}

/** Values: coordinates, gates, styles, colours, and the picture so far. */
function definePicture(painter: Painter, graph: GraphBuilder, canvas: Canvas, table: Table): void {
  const a = canvas.algebra;
  const gates = contentGates(canvas, table.axes);
  const styles = new Map(
    table.axes.filter(({ kind }) => kind === "style").map(({ name, index }) => [name, canvas.axis(index)]),
  );
  const strokes = new Map(
    [...styles].map(([name, axis]) => [name, a.sigmoid(a.multiply(a.subtract(axis, 1.3), 5)) as Tensor]),
  );
  const { colors, shares } = blendPalettes(graph, canvas, table, table.axes, styles.get("saturate") as Tensor);
  for (const [role, color] of colors) painter.define(role, color);
  const lab = (l: number, u: number, v: number) => graph.floats([l, u, v], [1, 3, 1, 1]);
  const values: Record<string, PaintValue> = {
    N: { record: gates },
    st: { record: styles },
    style: { record: strokes },
    H: canvas.pixels,
    asp: canvas.aspect,
    hw: a.multiply(canvas.aspect, 0.5),
    x: canvas.x,
    y: canvas.y,
    X: canvas.spread(canvas.x),
    Y: canvas.spread(canvas.y),
    xs: a.add(canvas.x, 0.5),
    O: canvas.zeros,
    pi: Math.PI,
    black: lab(0.12, 0, 0),
    white: lab(0.97, 0, 0.01),
    stars: starAtlas(graph),
  };
  for (const [name, value] of Object.entries(values)) painter.define(name, value);
  painter.define("pal", (...names) => {
    // A palette that this table doesn't have has no share.
    return names.reduce<Quantity>((sum, name) => a.add(sum, shares.get(String(name)) ?? 0), 0);
  });
}

/** Functions of the paint language. */
function defineFunctions(painter: Painter, graph: GraphBuilder, canvas: Canvas): void {
  const a = canvas.algebra;
  const q = (value: PaintValue | undefined): Quantity => {
    if (typeof value === "number" || (value !== undefined && isTensor(value))) return value;
    throw new TypeError("A number or a tensor was expected.");
  };
  const numeric =
    (fn: (...inputs: Quantity[]) => PaintValue): PaintFunction =>
    (...inputs) =>
      fn(...inputs.map(q));
  const lightness = graph.floats([1, 0, 0], [1, 3, 1, 1]);
  const functions: Record<string, PaintFunction> = {
    sin: numeric((v) => a.sin(q(v))),
    cos: numeric((v) => a.cos(q(v))),
    exp: numeric((v) => a.exp(q(v))),
    ln: numeric((v) => a.ln(q(v))),
    sqrt: numeric((v) => a.sqrt(q(v))),
    abs: numeric((v) => a.abs(q(v))),
    floor: numeric((v) => a.floor(q(v))),
    frac: numeric((v) => a.fraction(q(v))),
    tanh: numeric((v) => a.tanh(q(v))),
    sign: numeric((v) => a.sign(q(v))),
    sig: numeric((v) => a.sigmoid(q(v))),
    atan2: numeric((v, u) => a.angle(q(v), q(u))),
    len: numeric((u, v) => a.length(q(u), q(v))),
    min: numeric((...values) => a.min(...values)),
    max: numeric((...values) => a.max(...values)),
    clamp: numeric((v, low, high) => a.clamp(q(v), low ?? 0, high ?? 1)),
    sm: numeric((low, high, v) => a.smooth(q(low), q(high), q(v))),
    mix: numeric((from, to, part) => a.mix(q(from), q(to), q(part))),
    // Coverage of a signed distance (in heights, positive inside), one pixel soft.
    aa: numeric((s) => a.clamp(a.add(a.multiply(q(s), a.multiply(canvas.pixels, 0.8)), 0.5))),
    // Colours.
    lab: numeric((l, u, v) => graph.floats([l, u, v].map(Number), [1, 3, 1, 1])),
    L: numeric((v) => a.multiply(q(v), lightness)),
    lum: numeric((color) => canvas.slice(a.tensor(q(color)), 0, 1)),
    channel: numeric((color, i) => canvas.slice(a.tensor(q(color)), Number(i), Number(i) + 1)),
    join: numeric((...parts) => canvas.channels(...parts.map((part) => a.tensor(part)))),
    spread: numeric((v) => canvas.spread(q(v))),
    // The seed.
    q: numeric((i) => canvas.seedNumber(Number(i))),
    tq: numeric((i) => a.tanh(canvas.seedNumber(Number(i)))),
    fbm: numeric((u, v, octaves) => canvas.noise(q(u), q(v), Number(octaves ?? 4))),
    noise: numeric((u, v) => canvas.noise(q(u), q(v), 1)),
    prof: numeric((i, u) => canvas.profile(Number(i) % 8, q(u))),
    rnd: numeric((u, v) => canvas.random(q(u), q(v))),
    cell: numeric((channel, u, v) =>
      canvas.sample(canvas.cells(Number(channel)), canvas.spread(q(u)), canvas.spread(q(v)), "nearest"),
    ),
    samp: numeric((texture, u, v) => canvas.sample(a.tensor(q(texture)), canvas.spread(q(u)), canvas.spread(q(v)))),
    // The picture itself at (u, v): heights from the middle, heights from the top.
    take: numeric((picture, u, v) => {
      const across = a.divide(a.add(q(u), a.multiply(canvas.aspect, 0.5)), canvas.aspect);
      return canvas.sample(a.tensor(q(picture)), canvas.spread(across), canvas.spread(q(v)), "bilinear", "border");
    }),
  };
  for (const [name, fn] of Object.entries(functions)) painter.define(name, fn);
}

const ATLAS = 256;

/** 420 stars of several sizes: [1, 1, 256, 256]. */
function starAtlas(graph: GraphBuilder): Tensor {
  const next = uniform(5);
  const light = new Float64Array(ATLAS * ATLAS);
  for (let i = 0; i < 420; i++) {
    const [px, py] = [next() * ATLAS, next() * ATLAS];
    const brightness = next() ** 3 * 0.85 + 0.15;
    const size = 0.55 + brightness * 0.55;
    for (let row = Math.floor(py) - 4; row <= Math.floor(py) + 4; row++) {
      for (let column = Math.floor(px) - 4; column <= Math.floor(px) + 4; column++) {
        if (row < 0 || column < 0 || row >= ATLAS || column >= ATLAS) continue;
        const distance2 = (column + 0.5 - px) ** 2 + (row + 0.5 - py) ** 2;
        const at = row * ATLAS + column;
        light[at] = Math.min(1, (light[at] as number) + brightness * Math.exp(-distance2 / size ** 2));
      }
    }
  }
  const bytes = Uint8Array.from(light, (value) => Math.floor(value * 255));
  const texture = graph.bytes(bytes, [1, 1, ATLAS, ATLAS]);
  return graph.node("Mul", [graph.node("Cast", [texture], { to: 1 }), graph.floats([1 / 255])]);
}

import { seededRandom } from "@gridnft/sdk/node";
import { type Content, STYLES, type Style } from "./axes.ts";
import { Canvas, contentGates, record } from "./canvas.ts";
import type { GraphBuilder, Tensor } from "./onnx.ts";
import { blendPalettes, type Role } from "./palette.ts";
import type { Table } from "./table.ts";
import { node, type Operand, sigmoid, Value } from "./values.ts";

/** Canvas with everything that a scene reads: gates, styles, colours. Its functions may be taken out of it. */
export class Scene extends Canvas {
  /** Amount of each thing, 0 to 1. */
  readonly gates: Readonly<Record<Content, Value>>;
  /** Axes of the ways of painting, as the latents have them. */
  readonly axis: Readonly<Record<Style, Value>>;
  /** Amount of each way of painting, 0 to 1. */
  readonly styles: Readonly<Record<Style, Value>>;
  readonly colors: Readonly<Record<Role | "black" | "white", Value>>;
  readonly halfWidth: Value;
  /** `x` and `y` over the whole picture: [1, 1, H, W]. */
  readonly spreadX: Value;
  readonly spreadY: Value;
  /** `x` for profiles, which are mirrored at 0. */
  readonly xs: Value;
  readonly starAtlas: Value;
  private readonly shares: ReadonlyMap<string, Value>;

  constructor(graph: GraphBuilder, latents: Tensor, table: Table) {
    super(graph, latents);
    this.gates = contentGates(this, table.axes);
    const styles = table.axes.filter(({ kind }) => kind === "style");
    this.axis = record(STYLES, (_, i) => this.axisValue((styles[i] as { readonly index: number }).index));
    this.styles = record(STYLES, (name) => sigmoid(this.axis[name].sub(1.3).mul(5)));
    const { colors, shares } = blendPalettes(graph, this, table, this.axis.saturate);
    this.shares = shares;
    this.halfWidth = this.aspect.mul(0.5);
    this.spreadX = this.spread(this.x);
    this.spreadY = this.spread(this.y);
    this.xs = this.x.add(0.5);
    this.colors = { ...colors, black: this.lab(0.12, 0, 0), white: this.lab(0.97, 0, 0.01) };
    this.starAtlas = makeStarAtlas(graph);
  }

  /** Share of some palettes in the picture's colours; one that the model doesn't have has no share. */
  readonly palette = (...names: readonly string[]): Value =>
    names.reduce((sum, name) => sum.add(this.shares.get(name) ?? 0), new Value(this.graph, 0));

  /** Fills a shape, a signed distance in heights, with a colour. */
  readonly fill = (color: Value, shape: Value, amount: Operand): void => {
    this.paint(color, this.coverage(shape).mul(amount));
  };
}

const ATLAS = 256;

/** 420 stars of several sizes: [1, 1, 256, 256]. */
function makeStarAtlas(graph: GraphBuilder): Value {
  const next = seededRandom(5);
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
  return node(graph, "Mul", [node(graph, "Cast", [texture], { to: 1 }), 1 / 255]);
}

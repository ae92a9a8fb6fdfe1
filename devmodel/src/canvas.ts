import { seededRandom } from "@gridnft/sdk/node";
import { type Axis, CONTENTS, type Content, FIRM, FRAMES, placeOf } from "./axes.ts";
import { SCALING_FACTOR } from "./denoiser.ts";
import type { GraphBuilder, Tensor } from "./onnx.ts";
import { Picture } from "./picture.ts";
import {
  abs,
  clamp,
  cos,
  exp,
  floor,
  fract,
  type Input,
  max,
  mix,
  node,
  type Operand,
  range,
  sigmoid,
  smoothstep,
  sqrt,
  tanh,
  Value,
} from "./values.ts";

const BASIS = 16;
const NOISE_SIZE = 128;
const PROFILE_SIZE = 1_024;
const LATTICE = 64;

/** Picture on what the latents say, as values of the decoder's graph: coordinates, axes, seed numbers and noises made of them. */
export class Canvas extends Picture {
  /** Height in pixels. */
  readonly pixels: Value;
  /** Width over height. */
  readonly aspect: Value;
  /** Distance from the top, 0 to 1: [1, 1, H, 1]. */
  readonly y: Value;
  /** Distance from the middle, in heights: [1, 1, 1, W]. */
  readonly x: Value;
  /** Zeros: [1, 1, H, W]. */
  readonly zeros: Value;
  private readonly sizes: Value;
  /** Lowest 16 x 16 frequencies of the four channels: [4, 16, 16]. */
  private readonly low: Value;
  /** Of these the 8 x 8 lowest, in one row. */
  private readonly blocks: Value;
  private readonly noiseTexture: Value;
  private readonly profiles: Value;
  private readonly lattice: Tensor;

  constructor(graph: GraphBuilder, latents: Tensor) {
    super(graph);
    const z = new Value(graph, latents).mul(SCALING_FACTOR);
    const shape = z.node("Shape");
    const size = (axis: number) => this.gather(shape, axis);
    const float = (value: Value) => this.op("Cast", [value], { to: 1 });
    const [rows, columns] = [float(size(2)), float(size(3))];
    this.pixels = rows.mul(8);
    const width = columns.mul(8);
    this.aspect = columns.div(rows);
    const count = (length: Value) => this.op("Range", [0, length, 1]);
    const line = (length: Value, axes: readonly number[]) => count(length).node("Unsqueeze", graph.integers(axes));
    this.y = line(this.pixels, [0, 1, 3]).add(0.5).div(this.pixels);
    this.x = line(width, [0, 1, 2]).add(0.5).sub(width.mul(0.5)).div(this.pixels);
    this.zeros = this.x.add(this.y).node("Mul", 0);
    this.sizes = this.zeros.node("Shape");
    const basis = (length: Value) => {
      const k = this.constant(range(BASIS), [BASIS, 1]);
      const m = line(length, [0]).add(0.5);
      const angle = k.mul(m).mul(new Value(graph, Math.PI).div(length));
      const power = this.constant([1, ...new Array<number>(BASIS - 1).fill(2)], [BASIS, 1]);
      return cos(angle).mul(sqrt(power.div(length)));
    };
    const across = this.op("Transpose", [basis(columns)], { perm: [1, 0] });
    const low = basis(rows).node("MatMul", z).node("MatMul", across);
    this.low = low.node("Reshape", graph.integers([4, BASIS, BASIS]));
    this.blocks = this.low
      .slice(0, 8, 1)
      .slice(0, 8, 2)
      .node("Reshape", graph.integers([256]));
    this.noiseTexture = this.makeNoise();
    this.profiles = this.makeProfiles();
    const next = seededRandom(99);
    this.lattice = graph.floats(
      Array.from({ length: LATTICE * LATTICE }, () => Math.floor(256 * next()) / 255),
      [LATTICE * LATTICE],
    );
  }

  /** Value of an axis. */
  axisValue(index: number): Value {
    const { channel, coefficient } = placeOf(index);
    return this.gather(this.blocks, channel * 64 + coefficient);
  }

  /** One of the seed's own numbers, normal with deviation about 1: `index` below 32. */
  readonly seed = (index: number): Value => this.gather(this.blocks, 3 * 64 + index).mul(0.25);

  /** The same number squeezed into -1 to 1. */
  readonly snorm = (index: number): Value => tanh(this.seed(index));

  /** Colour of these Oklab numbers. */
  readonly lab = (l: number, a: number, b: number): Value => this.constant([l, a, b], [1, 3, 1, 1]);

  /** Coverage of a signed distance (in heights, positive inside), one pixel soft. */
  readonly coverage = (distance: Value): Value => clamp(distance.mul(this.pixels.mul(0.8)).add(0.5));

  /** Value spread over the whole picture. */
  readonly spread = (value: Value): Value => value.node("Add", this.zeros);

  /** Texture at (u, v), each 0 to 1 across it; mirrored outside. */
  readonly texture = (texture: Value, u: Value, v: Value): Value =>
    this.sampleAt(texture, this.grid(this.spread(u), this.spread(v)));

  /** Picture at (u, v): heights from the middle, heights from the top. Its border is repeated outside. */
  readonly sample = (picture: Value, u: Value, v: Value): Value => {
    const across = u.add(this.aspect.mul(0.5)).div(this.aspect);
    return this.sampleAt(picture, this.grid(this.spread(across), this.spread(v)), "bilinear", "border");
  };

  /** The seed's low frequencies of one channel as a mosaic of 16 x 16 tiles. */
  readonly mosaic = (channel: number, u: Value, v: Value): Value => {
    const tiles = this.low.slice(channel, channel + 1, 0).node("Unsqueeze", this.graph.integers([0]));
    return this.sampleAt(tiles, this.grid(this.spread(u), this.spread(v)), "nearest");
  };

  /** Noise of the seed, about -2 to 2. */
  readonly noise = (u: Value, v: Value): Value => this.fbm(u, v, 1);

  /** Fractal noise of the seed, about -2 to 2. Made at half the resolution: sampling is what costs. */
  readonly fbm = (u: Value, v: Value, octaves: number): Value => {
    const { graph } = this;
    const half = (value: Value) =>
      this.spread(value).node(
        "Slice",
        ...[
          [0, 0],
          [1_000_000, 1_000_000],
          [2, 3],
          [2, 2],
        ].map((each) => graph.integers(each)),
      );
    let grid = this.grid(half(u), half(v));
    let sum = new Value(graph, 0);
    let power = 0;
    for (const octave of range(octaves)) {
      if (octave > 0) {
        // p -> (1.62 x - 1.18 y + .37 o, 1.18 x + 1.62 y + .21 o), in the sampler's coordinates 2 p - 1.
        const turned = grid.node("MatMul", this.constant([1.62, 1.18, -1.18, 1.62], [2, 2]));
        const shift = [1.62 - 1.18 + 0.74 * octave - 1, 1.18 + 1.62 + 0.42 * octave - 1];
        grid = turned.add(this.constant(shift, [2]));
      }
      sum = sum.add(this.sampleAt(this.noiseTexture, grid).mul(0.5 ** octave));
      power += 0.25 ** octave;
    }
    return this.op("Resize", [sum.div(Math.sqrt(power)), undefined, undefined, this.sizes], { mode: "linear" });
  };

  /** One of eight outlines of the seed (ridges, coasts): noise along a line, about -2 to 2. */
  readonly profile = (index: number, u: Value): Value => {
    const turn = abs(u).mul(0.5);
    const mirrored = abs(fract(turn).mul(2).sub(1)).oneMinus();
    const at = clamp(mirrored.mul(PROFILE_SIZE - 1), 0, PROFILE_SIZE - 1.001);
    const low = floor(at);
    const row = this.gather(this.profiles, index % 8);
    const read = (place: Value) => this.op("Gather", [row, this.op("Cast", [place], { to: 6 })], { axis: 0 });
    return mix(read(low), read(low.add(1)), at.sub(low));
  };

  /** Fixed random number, 0 to 1, for each whole (ix, iy). A table, so that rounding can't change it. */
  readonly hash = (ix: Value, iy: Operand): Value => {
    const wrap = (value: Operand) => {
      const whole = value instanceof Value ? value : new Value(this.graph, value);
      return whole.sub(floor(whole.mul(1 / LATTICE)).mul(LATTICE));
    };
    const place = wrap(ix).add(wrap(iy).mul(LATTICE));
    return this.op("Gather", [this.lattice, this.op("Cast", [place], { to: 6 })], { axis: 0 });
  };

  private op(operator: string, inputs: readonly Input[], attributes: Parameters<typeof node>[3] = {}): Value {
    return node(this.graph, operator, inputs, attributes);
  }

  private gather(list: Value, index: number): Value {
    return this.op("Gather", [list, this.graph.integers([index], [])], { axis: 0 });
  }

  protected constant(values: ArrayLike<number>, shape: readonly number[]): Value {
    return new Value(this.graph, this.graph.floats(values, shape));
  }

  /** Places as GridSample wants them: [1, H, W, 2], -1 to 1. */
  private grid(u: Value, v: Value): Value {
    const last = (value: Value) => value.node("Unsqueeze", this.graph.integers([4]));
    const places = this.op("Concat", [last(u), last(v)], { axis: 4 });
    return places
      .node("Squeeze", this.graph.integers([1]))
      .mul(2)
      .sub(1);
  }

  private sampleAt(texture: Value, grid: Value, mode = "bilinear", padding = "reflection"): Value {
    return this.op("GridSample", [texture, grid], { mode, padding_mode: padding, align_corners: 0 });
  }

  private makeNoise(): Value {
    const basis = new Float32Array(NOISE_SIZE * BASIS);
    const fall = new Float32Array(BASIS * BASIS);
    for (let i = 0; i < NOISE_SIZE; i++) {
      for (let k = 0; k < BASIS; k++) basis[i * BASIS + k] = Math.cos((Math.PI * k * (i + 0.5)) / NOISE_SIZE);
    }
    for (let i = 0; i < BASIS; i++) {
      for (let j = 0; j < BASIS; j++) fall[i * BASIS + j] = i + j === 0 ? 0 : (1 + Math.hypot(i, j)) ** -0.75;
    }
    const b = this.constant(basis, [NOISE_SIZE, BASIS]);
    const shaped = this.low.slice(2, 3, 0).mul(this.constant(fall, [BASIS, BASIS]));
    const waves = b.node("MatMul", shaped).node("MatMul", this.op("Transpose", [b], { perm: [1, 0] }));
    return this.standard(waves).node("Unsqueeze", this.graph.integers([0]));
  }

  private makeProfiles(): Value {
    const { graph } = this;
    const cosines = new Float32Array(BASIS * PROFILE_SIZE);
    const sines = new Float32Array(BASIS * PROFILE_SIZE);
    for (let k = 1; k < BASIS; k++) {
      for (let j = 0; j < PROFILE_SIZE; j++) {
        const angle = (Math.PI * k * j) / (PROFILE_SIZE - 1);
        cosines[k * PROFILE_SIZE + j] = k ** -0.9 * Math.cos(angle);
        sines[k * PROFILE_SIZE + j] = k ** -0.9 * Math.sin(angle);
      }
    }
    const channel = this.low.slice(1, 2, 0).node("Squeeze", graph.integers([0]));
    const rows = (first: number) =>
      this.op("Gather", [channel, graph.integers(range(8).map((i) => 2 * i + first))], { axis: 0 });
    const waves = (first: number, table: Float32Array) =>
      rows(first).node("MatMul", this.constant(table, [BASIS, PROFILE_SIZE]));
    return this.standard(waves(0, cosines).add(waves(1, sines)));
  }

  /** Mean 0, deviation 1. */
  private standard(values: Value): Value {
    const mean = (value: Value) => this.op("ReduceMean", [value], { keepdims: 0 });
    const centred = values.sub(mean(values));
    return centred.div(sqrt(mean(centred.mul(centred)).add(1e-4)));
  }
}

/** Gates: how much of each content is in the picture, 0 to 1. */
export function contentGates(canvas: Canvas, axes: readonly Axis[]): Record<Content, Value> {
  const contents = axes.filter(({ kind }) => kind === "content");
  const values = record(CONTENTS, (_, i) => canvas.axisValue((contents[i] as Axis).index));
  // A prompt that names nothing (or little guidance) asks less loudly, so one listens more closely.
  const loudest = max(...Object.values(values));
  const hearing = clamp(loudest.mul(0.25), 0.35, 1);
  const gates = record(CONTENTS, (name) => {
    const threshold = hearing.mul(FIRM[name] ?? 1.35);
    const rise = new Value(hearing.graph, 9).div(hearing);
    return smoothstep(0.3, 0.7, sigmoid(rise.mul(values[name].sub(threshold))));
  });
  // Of those that fill the picture one wins.
  const shares = FRAMES.map((name) => exp(clamp(values[name], -4, 9).mul(4)));
  const total = shares.reduce((sum, share) => sum.add(share));
  FRAMES.forEach((name, i) => {
    const part = gates[name].mul((shares[i] as Value).div(total));
    gates[name] = smoothstep(0.3, 0.6, part); // a winner wins wholly
  });
  return gates;
}

/** Record of one value for each name. */
export function record<Name extends string, T>(
  names: readonly Name[],
  make: (name: Name, index: number) => T,
): Record<Name, T> {
  return Object.fromEntries(names.map((name, i) => [name, make(name, i)])) as Record<Name, T>;
}

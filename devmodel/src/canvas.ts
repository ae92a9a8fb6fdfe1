import { type Axis, authored, placeOf } from "./axes.ts";
import { SCALING_FACTOR } from "./denoiser.ts";
import type { GraphBuilder, Tensor } from "./onnx.ts";
import { Algebra } from "./paint/algebra.ts";
import type { Quantity } from "./paint/evaluate.ts";
import { uniform } from "./random.ts";

const BASIS = 16;
const NOISE_SIZE = 128;
const PROFILE_SIZE = 1_024;
const LATTICE = 64;

/** What the latents say, as values of the decoder's graph: coordinates, axes, seed numbers and noises made of them. */
export class Canvas {
  readonly algebra: Algebra;
  /** Height in pixels. */
  readonly pixels: Tensor;
  /** Width over height. */
  readonly aspect: Tensor;
  /** Distance from the top, 0 to 1: [1, 1, H, 1]. */
  readonly y: Tensor;
  /** Distance from the middle, in heights: [1, 1, 1, W]. */
  readonly x: Tensor;
  /** Zeros: [1, 1, H, W]. */
  readonly zeros: Tensor;
  private readonly sizes: Tensor;
  /** Lowest 16 x 16 frequencies of the four channels: [4, 16, 16]. */
  private readonly low: Tensor;
  /** Of these the 8 x 8 lowest, in one row. */
  private readonly blocks: Tensor;
  private readonly noiseTexture: Tensor;
  private readonly profiles: Tensor;
  private readonly lattice: Tensor;

  constructor(
    private readonly graph: GraphBuilder,
    latents: Tensor,
  ) {
    const a = new Algebra(graph);
    this.algebra = a;
    const z = a.multiply(latents, SCALING_FACTOR) as Tensor;
    const shape = graph.node("Shape", [z]);
    const size = (axis: number) => graph.node("Gather", [shape, graph.integers([axis], [])], { axis: 0 });
    const float = (value: Tensor) => graph.node("Cast", [value], { to: 1 });
    const [rows, columns] = [float(size(2)), float(size(3))];
    this.pixels = a.multiply(rows, 8) as Tensor;
    const width = a.multiply(columns, 8) as Tensor;
    this.aspect = a.divide(columns, rows) as Tensor;
    const line = (count: Tensor, axes: readonly number[]) =>
      graph.node("Unsqueeze", [a.node("Range", 0, count, 1), graph.integers(axes)]);
    this.y = a.divide(a.add(line(this.pixels, [0, 1, 3]), 0.5), this.pixels) as Tensor;
    this.x = a.divide(a.subtract(a.add(line(width, [0, 1, 2]), 0.5), a.multiply(width, 0.5)), this.pixels) as Tensor;
    this.zeros = a.multiply(a.multiply(a.add(this.x, this.y), 1), a.tensor(0)) as Tensor;
    this.sizes = graph.node("Shape", [this.zeros]);
    const basis = (count: Tensor) => {
      const k = graph.floats(range(BASIS), [BASIS, 1]);
      const m = a.add(graph.node("Unsqueeze", [a.node("Range", 0, count, 1), graph.integers([0])]), 0.5);
      const angle = a.multiply(a.multiply(k, m), a.divide(Math.PI, count));
      const power = graph.floats([1, ...new Array<number>(BASIS - 1).fill(2)], [BASIS, 1]);
      return a.multiply(a.cos(angle), a.sqrt(a.divide(power, count))) as Tensor;
    };
    const across = graph.node("Transpose", [basis(columns)], { perm: [1, 0] });
    const low = a.node("MatMul", a.node("MatMul", basis(rows), z), across);
    this.low = graph.node("Reshape", [low, graph.integers([4, BASIS, BASIS])]);
    const corner = this.slice(this.slice(this.low, 0, 8, 1), 0, 8, 2);
    this.blocks = graph.node("Reshape", [corner, graph.integers([256])]);
    this.noiseTexture = this.makeNoise();
    this.profiles = this.makeProfiles();
    const next = uniform(99);
    this.lattice = graph.floats(
      Array.from({ length: LATTICE * LATTICE }, () => Math.floor(256 * next()) / 255),
      [LATTICE * LATTICE],
    );
  }

  /** Value of an axis. */
  axis(index: number): Tensor {
    const { channel, coefficient } = placeOf(index);
    return this.coefficient(channel * 64 + coefficient);
  }

  /** One of the seed's own numbers, normal with deviation about 1: `index` below 32. */
  seedNumber(index: number): Tensor {
    return this.algebra.multiply(this.coefficient(3 * 64 + index), 0.25) as Tensor;
  }

  /** The seed's low frequencies of one channel as a 16 x 16 picture. */
  cells(channel: number): Tensor {
    const one = this.slice(this.low, channel, channel + 1, 0);
    return this.graph.node("Unsqueeze", [one, this.graph.integers([0])]);
  }

  slice(tensor: Tensor, from: number, to: number, axis = 1): Tensor {
    const { graph } = this;
    return graph.node("Slice", [tensor, graph.integers([from]), graph.integers([to]), graph.integers([axis])]);
  }

  channels(...parts: readonly Quantity[]): Tensor {
    const all = parts.map((part) => this.algebra.tensor(part));
    return this.graph.node("Concat", all, { axis: 1 });
  }

  /** Spreads a value over the whole picture. */
  spread(value: Quantity): Tensor {
    return this.algebra.node("Add", value, this.zeros);
  }

  /** Reads a texture at (px, py), each 0 to 1 across it. Outside it is mirrored, or its border repeated. */
  sample(texture: Tensor, px: Tensor, py: Tensor, mode = "bilinear", padding = "reflection"): Tensor {
    return this.sampleAt(texture, this.grid(px, py), mode, padding);
  }

  /** Fractal noise of the seed, about -2 to 2. Made at half the resolution: sampling is what costs. */
  noise(px: Quantity, py: Quantity, octaves: number): Tensor {
    const { graph, algebra: a } = this;
    const half = (value: Quantity) =>
      graph.node("Slice", [
        this.spread(value),
        graph.integers([0, 0]),
        graph.integers([1_000_000, 1_000_000]),
        graph.integers([2, 3]),
        graph.integers([2, 2]),
      ]);
    let grid: Tensor = this.grid(half(px), half(py));
    let sum: Quantity = 0;
    let power = 0;
    for (let octave = 0; octave < octaves; octave++) {
      if (octave > 0) {
        // p -> (1.62 x - 1.18 y + .37 o, 1.18 x + 1.62 y + .21 o), in the sampler's coordinates 2 p - 1.
        const turned = a.node("MatMul", grid, graph.floats([1.62, 1.18, -1.18, 1.62], [2, 2]));
        const shift = [1.62 - 1.18 + 0.74 * octave - 1, 1.18 + 1.62 + 0.42 * octave - 1];
        grid = a.add(turned, graph.floats(shift, [2])) as Tensor;
      }
      sum = a.add(sum, a.multiply(this.sampleAt(this.noiseTexture, grid), 0.5 ** octave));
      power += 0.25 ** octave;
    }
    return graph.node("Resize", [a.divide(sum, Math.sqrt(power)) as Tensor, undefined, undefined, this.sizes], {
      mode: "linear",
    });
  }

  /** One of eight outlines of the seed (ridges, coasts): noise along a line, about -2 to 2. */
  profile(index: number, px: Quantity): Tensor {
    const { graph, algebra: a } = this;
    const turn = a.multiply(a.abs(px), 0.5);
    const mirrored = a.subtract(1, a.abs(a.subtract(a.multiply(a.fraction(turn), 2), 1)));
    const at = a.clamp(a.multiply(mirrored, PROFILE_SIZE - 1), 0, PROFILE_SIZE - 1.001);
    const low = a.floor(at);
    const row = graph.node("Gather", [this.profiles, graph.integers([index], [])], { axis: 0 });
    const read = (place: Quantity) =>
      graph.node("Gather", [row, graph.node("Cast", [a.tensor(place)], { to: 6 })], { axis: 0 });
    return a.mix(read(low), read(a.add(low, 1)), a.subtract(at, low)) as Tensor;
  }

  /** A fixed random number, 0 to 1, for each whole (ix, iy). A table, so that rounding can't change it. */
  random(ix: Quantity, iy: Quantity): Tensor {
    const a = this.algebra;
    const wrap = (value: Quantity) => a.subtract(value, a.multiply(a.floor(a.multiply(value, 1 / LATTICE)), LATTICE));
    const place = a.add(wrap(ix), a.multiply(wrap(iy), LATTICE));
    return this.graph.node("Gather", [this.lattice, this.graph.node("Cast", [a.tensor(place)], { to: 6 })], {
      axis: 0,
    });
  }

  /** Places as GridSample wants them: [1, H, W, 2], -1 to 1. */
  private grid(px: Tensor, py: Tensor): Tensor {
    const { graph, algebra: a } = this;
    const last = (value: Tensor) => graph.node("Unsqueeze", [value, graph.integers([4])]);
    const places = graph.node("Concat", [last(px), last(py)], { axis: 4 });
    const flat = graph.node("Squeeze", [places, graph.integers([1])]);
    return a.subtract(a.multiply(flat, 2), 1) as Tensor;
  }

  private sampleAt(texture: Tensor, grid: Tensor, mode = "bilinear", padding = "reflection"): Tensor {
    return this.graph.node("GridSample", [texture, grid], { mode, padding_mode: padding, align_corners: 0 });
  }

  private coefficient(index: number): Tensor {
    return this.graph.node("Gather", [this.blocks, this.graph.integers([index], [])], { axis: 0 });
  }

  private makeNoise(): Tensor {
    const { graph, algebra: a } = this;
    const basis = new Float32Array(NOISE_SIZE * BASIS);
    const fall = new Float32Array(BASIS * BASIS);
    for (let i = 0; i < NOISE_SIZE; i++) {
      for (let k = 0; k < BASIS; k++) basis[i * BASIS + k] = Math.cos((Math.PI * k * (i + 0.5)) / NOISE_SIZE);
    }
    for (let i = 0; i < BASIS; i++) {
      for (let j = 0; j < BASIS; j++) fall[i * BASIS + j] = i + j === 0 ? 0 : (1 + Math.hypot(i, j)) ** -0.75;
    }
    const b = graph.floats(basis, [NOISE_SIZE, BASIS]);
    const shaped = a.multiply(this.slice(this.low, 2, 3, 0), graph.floats(fall, [BASIS, BASIS]));
    const waves = a.node("MatMul", a.node("MatMul", b, shaped), graph.node("Transpose", [b], { perm: [1, 0] }));
    return graph.node("Unsqueeze", [this.standard(waves), graph.integers([0])]);
  }

  private makeProfiles(): Tensor {
    const { graph, algebra: a } = this;
    const cosines = new Float32Array(BASIS * PROFILE_SIZE);
    const sines = new Float32Array(BASIS * PROFILE_SIZE);
    for (let k = 1; k < BASIS; k++) {
      for (let j = 0; j < PROFILE_SIZE; j++) {
        const angle = (Math.PI * k * j) / (PROFILE_SIZE - 1);
        cosines[k * PROFILE_SIZE + j] = k ** -0.9 * Math.cos(angle);
        sines[k * PROFILE_SIZE + j] = k ** -0.9 * Math.sin(angle);
      }
    }
    const channel = graph.node("Squeeze", [this.slice(this.low, 1, 2, 0), graph.integers([0])]);
    const rows = (first: number) =>
      graph.node("Gather", [channel, graph.integers(range(8).map((i) => 2 * i + first))], { axis: 0 });
    const shape = [BASIS, PROFILE_SIZE];
    return this.standard(
      a.add(
        a.node("MatMul", rows(0), graph.floats(cosines, shape)),
        a.node("MatMul", rows(1), graph.floats(sines, shape)),
      ) as Tensor,
    );
  }

  /** Mean 0, deviation 1. */
  private standard(values: Tensor): Tensor {
    const { graph, algebra: a } = this;
    const mean = (tensor: Tensor) => graph.node("ReduceMean", [tensor], { keepdims: 0 });
    const centred = a.subtract(values, mean(values)) as Tensor;
    return a.divide(centred, a.sqrt(a.add(mean(a.multiply(centred, centred) as Tensor), 1e-4))) as Tensor;
  }
}

/** Gates: how much of each content is in the picture, 0 to 1. */
export function contentGates(canvas: Canvas, axes: readonly Axis[]): Map<string, Tensor> {
  const a = canvas.algebra;
  const contents = axes.filter(({ kind }) => kind === "content");
  const value = new Map(contents.map(({ name, index }) => [name, canvas.axis(index)]));
  // A prompt that names nothing (or little guidance) asks less loudly, so one listens more closely.
  const loudest = a.max(...value.values());
  const hearing = a.clamp(a.multiply(loudest, 0.25), 0.35, 1);
  const gates = new Map<string, Tensor>();
  for (const [name, axis] of value) {
    const threshold = a.multiply(hearing, authored.firm[name] ?? 1.35);
    const rise = a.divide(9, hearing);
    const open = a.sigmoid(a.multiply(rise, a.subtract(axis, threshold)));
    gates.set(name, a.smooth(0.3, 0.7, open) as Tensor);
  }
  // Of those that fill the picture one wins.
  const shares = authored.frames.map((name) => a.exp(a.multiply(a.clamp(value.get(name) ?? 0, -4, 9), 4)));
  const total = shares.reduce((sum, share) => a.add(sum, share));
  authored.frames.forEach((name, i) => {
    const part = a.multiply(gates.get(name) as Tensor, a.divide(shares[i] as Quantity, total));
    gates.set(name, a.smooth(0.3, 0.6, part) as Tensor); // a winner wins wholly
  });
  return gates;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

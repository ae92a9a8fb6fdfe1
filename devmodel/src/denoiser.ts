import { type Axis, EMBEDDING, FRAMES, placeOf, SPELLING, SPELLING_PLACES, WANDER } from "./axes.ts";
import { GraphBuilder, type Tensor } from "./onnx.ts";
import type { Table } from "./table.ts";

/** Stable Diffusion 1.5's noise schedule. */
export const SCHEDULE = { steps: 1_000, betaStart: 0.00085, betaEnd: 0.012 } as const;
/** Latents are stored divided by this. */
export const SCALING_FACTOR = 0.18215;
const CHANNELS = 4;
const BLOCK = 8;

/** log(alphaBar / (1 - alphaBar)) of each training step, "scaled_linear". */
export function logSnr(): Float64Array {
  const { steps, betaStart, betaEnd } = SCHEDULE;
  const table = new Float64Array(steps);
  let alphaBar = 1;
  for (let i = 0; i < steps; i++) {
    const root = Math.sqrt(betaStart) + ((Math.sqrt(betaEnd) - Math.sqrt(betaStart)) * i) / (steps - 1);
    alphaBar *= 1 - root * root;
    table[i] = Math.log(alphaBar / (1 - alphaBar));
  }
  return table;
}

/** Spread of each axis by the seed, where the prompt says nothing about it. */
function spreadOf({ name, kind }: Axis): number {
  if (kind === "palette") return name === "p_mono" ? 0.35 : 0.7;
  if (kind === "style") return 0.2;
  if (WANDER.includes(name)) return 0.5;
  return (FRAMES as readonly string[]).includes(name) ? 0.15 : 0.25;
}

/**
 * The "UNet": the exact denoiser of a Gaussian, so that any sampler with any number of steps lands where it should.
 *
 * Latents are independent normal numbers in the cosine basis. Their means come from the prompt (axes in the 8x8 lowest
 * frequencies of channels 0 and 3), their widths are fixed; the posterior mean of such a variable under Gaussian noise is
 * closed-form: x0 = M + a S^2 / (a^2 S^2 + s^2) (X - a M), and the noise is what remains. Guidance then scales M by its factor.
 */
export function denoiser({ axes, lean }: Pick<Table, "axes" | "lean">): Uint8Array {
  const graph = new GraphBuilder();
  const op = (operator: string, ...inputs: Tensor[]) => graph.node(operator, inputs);
  const sample = { name: "sample" };

  const shape = op("Shape", sample);
  const height = op("Gather", shape, graph.integers([2], []));
  const width = op("Gather", shape, graph.integers([3], []));
  const rows = cosineBasis(graph, height);
  const columns = cosineBasis(graph, width);
  const noisy = op("MatMul", op("MatMul", rows, sample), op("Transpose", columns));

  const levels = op("Reshape", { name: "timestep" }, graph.integers([-1, 1, 1, 1]));
  const snr = interpolate(graph, logSnr(), levels);
  const signal2 = op("Sigmoid", snr);
  const noise2 = op("Sigmoid", op("Neg", snr));
  const signal = op("Sqrt", signal2);

  const said = op("ReduceSum", { name: "encoder_hidden_states" }, graph.integers([1]));
  const code = op("Tanh", op("Squeeze", said, graph.integers([1])));
  const beyond = op(
    "Sub",
    op("Slice", shape, graph.integers([2]), graph.integers([4])),
    graph.integers([BLOCK, BLOCK]),
  );
  const pads = graph.node("Concat", [graph.integers([0, 0, 0, 0, 0, 0]), beyond], { axis: 0 });
  const widen = (block: Tensor) => op("Pad", block, pads);
  const { weights, bias } = meanWeights(axes, lean);
  const flat = op(
    "Add",
    op("MatMul", code, graph.floats(weights, [EMBEDDING, CHANNELS * BLOCK * BLOCK])),
    graph.floats(bias, [CHANNELS * BLOCK * BLOCK]),
  );
  const mean = widen(op("Reshape", flat, graph.integers([-1, CHANNELS, BLOCK, BLOCK])));
  const spread2 = spreads(graph, axes, height, width, widen);

  const gain = op("Div", op("Mul", signal, spread2), op("Add", op("Mul", signal2, spread2), noise2));
  const clean = op("Add", mean, op("Mul", gain, op("Sub", noisy, op("Mul", signal, mean))));
  const noise = op("Div", op("Sub", noisy, op("Mul", signal, clean)), op("Sqrt", noise2));
  graph.rename(op("MatMul", op("MatMul", op("Transpose", rows), noise), columns), "out_sample");
  return graph.model(
    "unet",
    [
      { name: "sample", type: "float32", shape: ["batch", CHANNELS, "height", "width"] },
      { name: "timestep", type: "float32", shape: ["steps"] },
      // Any number of tokens: a long prompt is read in several windows.
      { name: "encoder_hidden_states", type: "float32", shape: ["batch", "tokens", EMBEDDING] },
    ],
    [{ name: "out_sample", type: "float32", shape: ["batch", CHANNELS, "height", "width"] }],
  );
}

/** The orthonormal DCT-II matrix of a size known only when the graph runs. */
function cosineBasis(graph: GraphBuilder, size: Tensor): Tensor {
  const op = (operator: string, ...inputs: Tensor[]) => graph.node(operator, inputs);
  const count = graph.node("Cast", [size], { to: 1 });
  const index = op("Range", graph.floats([0]), count, graph.floats([1]));
  const k = op("Unsqueeze", index, graph.integers([1]));
  const m = op("Unsqueeze", op("Add", index, graph.floats([0.5])), graph.integers([0]));
  const angle = op("Mul", op("Mul", k, m), op("Div", graph.floats([Math.PI]), count));
  const first = graph.node("Cast", [op("Less", k, graph.floats([0.5]))], { to: 1 });
  const power = op("Sub", graph.floats([2]), first);
  return op("Mul", op("Cos", angle), op("Sqrt", op("Div", power, count)));
}

/** Reads a table at a fractional index, linearly, clamped to its ends. */
function interpolate(graph: GraphBuilder, table: Float64Array, at: Tensor): Tensor {
  const op = (operator: string, ...inputs: Tensor[]) => graph.node(operator, inputs);
  const last = table.length - 1;
  const inside = op("Clip", at, graph.floats([0]), graph.floats([last]));
  const low = op("Min", op("Floor", inside), graph.floats([last - 1]));
  const index = graph.node("Cast", [low], { to: 7 });
  const below = op("Gather", graph.floats(table, [table.length]), index);
  const above = op("Gather", graph.floats(table, [table.length]), op("Add", index, graph.integers([1], [])));
  return op("Add", below, op("Mul", op("Sub", above, below), op("Sub", inside, low)));
}

/** Map from the prompt's code to the means of the lowest frequencies. */
function meanWeights(
  axes: readonly Axis[],
  lean: readonly number[],
): { readonly weights: Float32Array; readonly bias: Float32Array } {
  const cells = CHANNELS * BLOCK * BLOCK;
  const weights = new Float32Array(EMBEDDING * cells);
  const bias = new Float32Array(cells);
  for (const { index } of axes) {
    const { channel, coefficient } = placeOf(index);
    weights[index * cells + channel * BLOCK * BLOCK + coefficient] = 1;
    bias[channel * BLOCK * BLOCK + coefficient] = lean[index] ?? 0;
  }
  SPELLING_PLACES.forEach((place, i) => {
    weights[(EMBEDDING - SPELLING + i) * cells + 3 * BLOCK * BLOCK + place] = 0.45;
  });
  return { weights, bias };
}

/** Variances of all coefficients: per axis where axes live, falling with frequency elsewhere (none elsewhere in channel 0). */
function spreads(
  graph: GraphBuilder,
  axes: readonly Axis[],
  height: Tensor,
  width: Tensor,
  widen: (block: Tensor) => Tensor,
): Tensor {
  const op = (operator: string, ...inputs: Tensor[]) => graph.node(operator, inputs);
  const squares = (size: Tensor, axis: number) => {
    const count = graph.node("Cast", [size], { to: 1 });
    const index = op("Range", graph.floats([0]), count, graph.floats([1]));
    return op("Unsqueeze", op("Mul", index, index), graph.integers([axis]));
  };
  const radius2 = op("Add", squares(height, 1), squares(width, 0));
  const relative = op("Div", radius2, graph.floats([1, 196, 196, 25], [1, CHANNELS, 1, 1]));
  const falling = op(
    "Div",
    graph.floats([0, 4, 4, 4], [1, CHANNELS, 1, 1]),
    op("Add", graph.floats([1]), op("Mul", relative, relative)),
  );
  const size = [1, CHANNELS, BLOCK, BLOCK];
  const own = new Float32Array(CHANNELS * BLOCK * BLOCK);
  const rest = new Float32Array(CHANNELS * BLOCK * BLOCK).fill(0);
  for (const axis of axes) {
    const { channel, coefficient } = placeOf(axis.index);
    own[channel * BLOCK * BLOCK + coefficient] = spreadOf(axis);
    rest[channel * BLOCK * BLOCK + coefficient] = 1;
  }
  const others = op("Sub", graph.floats([1]), widen(graph.floats(rest, size)));
  const spread = op("Add", op("Mul", falling, others), widen(graph.floats(own, size)));
  return op("Mul", spread, spread);
}

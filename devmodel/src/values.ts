import type { Attribute, GraphBuilder, Tensor } from "./onnx.ts";

/** Value, or a plain number. */
export type Operand = Value | number;

type Term = number | Tensor;

/**
 * Term of the shader DSL that scenes are written in, with the words of GLSL: a number that is known while the model is made, or a
 * tensor that is known when the decoder runs. Each operation adds its node to the graph at once; numbers are folded. A colour is a
 * value of three channels, Oklab.
 */
export class Value {
  constructor(
    readonly graph: GraphBuilder,
    private readonly term: Term,
  ) {}

  get tensor(): Tensor {
    return typeof this.term === "number" ? this.graph.floats([this.term]) : this.term;
  }

  add(other: Operand): Value {
    const [a, b] = [this.term, termOf(other)];
    if (typeof a === "number" && typeof b === "number") return this.value(a + b);
    if (a === 0) return this.value(b);
    return b === 0 ? this : this.node("Add", b);
  }

  sub(other: Operand): Value {
    const [a, b] = [this.term, termOf(other)];
    if (typeof a === "number" && typeof b === "number") return this.value(a - b);
    return b === 0 ? this : this.node("Sub", b);
  }

  mul(other: Operand): Value {
    const [a, b] = [this.term, termOf(other)];
    if (typeof a === "number" && typeof b === "number") return this.value(a * b);
    if (a === 0 || b === 0) return this.value(0);
    if (a === 1) return this.value(b);
    if (b === 1) return this;
    if (a === -1) return this.value(b).node("Neg");
    return b === -1 ? this.node("Neg") : this.node("Mul", b);
  }

  div(other: Operand): Value {
    const [a, b] = [this.term, termOf(other)];
    if (typeof a === "number" && typeof b === "number") return this.value(a / b);
    return typeof b === "number" ? this.mul(1 / b) : this.node("Div", b);
  }

  /** Remainder with the sign of `other`. */
  mod(other: Operand): Value {
    return this.sub(this.value(termOf(other)).mul(floor(this.div(other))));
  }

  pow(exponent: number): Value {
    if (typeof this.term === "number") return this.value(this.term ** exponent);
    if (exponent === 2) return this.mul(this);
    if (exponent === 3) return this.mul(this.mul(this));
    return exponent === 0.5 ? this.node("Sqrt") : this.node("Pow", exponent);
  }

  oneMinus(): Value {
    return this.value(1).sub(this);
  }

  /** 1 where this is less, else 0. */
  lt(other: Operand): Value {
    return this.compare("Less", termOf(other), (a, b) => a < b);
  }

  /** 1 where this is greater, else 0. */
  gt(other: Operand): Value {
    return this.compare("Greater", termOf(other), (a, b) => a > b);
  }

  /** Colour with more lightness. */
  lighten(amount: Operand): Value {
    return this.add(this.value(termOf(amount)).mul(this.lightness()));
  }

  /** Colour with less lightness. */
  darken(amount: Operand): Value {
    return this.sub(this.value(termOf(amount)).mul(this.lightness()));
  }

  /** One channel. */
  channel(index: number): Value {
    return this.slice(index, index + 1);
  }

  slice(from: number, to: number, axis = 1): Value {
    const [start, end, along] = [from, to, axis].map((each) => this.graph.integers([each])) as [Tensor, Tensor, Tensor];
    return node(this.graph, "Slice", [this, start, end, along]);
  }

  /** Node whose first input is this. */
  node(operator: string, ...others: readonly Input[]): Value {
    return node(this.graph, operator, [this, ...others]);
  }

  private value(term: Term): Value {
    return new Value(this.graph, term);
  }

  private lightness(): Value {
    return this.value(this.graph.floats([1, 0, 0], [1, 3, 1, 1]));
  }

  private compare(operator: string, b: Term, holds: (a: number, b: number) => boolean): Value {
    const a = this.term;
    if (typeof a === "number" && typeof b === "number") return this.value(Number(holds(a, b)));
    return node(this.graph, "Cast", [this.node(operator, b)], { to: 1 });
  }

  /** Number, or undefined if it is known only when the decoder runs. */
  get known(): number | undefined {
    return typeof this.term === "number" ? this.term : undefined;
  }
}

/** Input of a node; undefined leaves an optional one out. */
export type Input = Operand | Tensor | undefined;

/** Adds a node with one output to a graph. */
export function node(
  graph: GraphBuilder,
  operator: string,
  inputs: readonly Input[],
  attributes: Record<string, Attribute> = {},
): Value {
  const tensors = inputs.map((input) => {
    if (typeof input === "number") return graph.floats([input]);
    return input instanceof Value ? input.tensor : input;
  });
  return new Value(graph, graph.node(operator, tensors, attributes));
}

function termOf(operand: Operand): Term {
  return operand instanceof Value ? (operand.known ?? operand.tensor) : operand;
}

/** Operands as values of the graph that one of them belongs to. */
function lift(...operands: readonly Operand[]): Value[] {
  const graph = operands.find((each) => each instanceof Value)?.graph;
  if (!graph) throw new TypeError("An operation on numbers alone belongs to no graph.");
  return operands.map((each) => (each instanceof Value ? each : new Value(graph, each)));
}

export const add = (a: number, b: Value): Value => new Value(b.graph, a).add(b);
export const sub = (a: number, b: Value): Value => new Value(b.graph, a).sub(b);
export const mul = (a: number, b: Value): Value => new Value(b.graph, a).mul(b);
export const div = (a: number, b: Value): Value => new Value(b.graph, a).div(b);
/** 1 where `a` is greater, else 0. */
export const gt = (a: number, b: Value): Value => new Value(b.graph, a).gt(b);

export const sin = unary("Sin", Math.sin);
export const cos = unary("Cos", Math.cos);
export const exp = unary("Exp", Math.exp);
export const log = unary("Log", Math.log);
export const sqrt = unary("Sqrt", Math.sqrt);
export const abs = unary("Abs", Math.abs);
export const floor = unary("Floor", Math.floor);
export const tanh = unary("Tanh", Math.tanh);
export const sign = unary("Sign", Math.sign);
export const sigmoid = unary("Sigmoid", (value) => 1 / (1 + Math.exp(-value)));

function unary(operator: string, fold: (value: number) => number): (value: Value) => Value {
  return (value) => (value.known === undefined ? value.node(operator) : new Value(value.graph, fold(value.known)));
}

export function fract(value: Value): Value {
  return value.sub(floor(value));
}

export function min(...operands: readonly Operand[]): Value {
  return extreme("Min", Math.min, operands);
}

export function max(...operands: readonly Operand[]): Value {
  return extreme("Max", Math.max, operands);
}

function extreme(operator: string, fold: (...values: number[]) => number, operands: readonly Operand[]): Value {
  const values = lift(...operands);
  const known = values.map((value) => value.known);
  if (known.every((value) => value !== undefined)) return new Value((values[0] as Value).graph, fold(...known));
  return values.reduce((a, b) => a.node(operator, b));
}

export function clamp(value: Value, low = 0, high = 1): Value {
  return value.known === undefined ? value.node("Clip", low, high) : min(max(value, low), high);
}

/** `from` where `part` is 0, `to` where it is 1. */
export function mix(from: Operand, to: Operand, part: Operand): Value {
  const [a, b, t] = lift(from, to, part) as [Value, Value, Value];
  return a.add(b.sub(a).mul(t));
}

/** Smooth step from 0 at `low` to 1 at `high`. */
export function smoothstep(low: Operand, high: Operand, value: Value): Value {
  const [a, b] = lift(low, high, value) as [Value, Value];
  const t = clamp(value.sub(a).div(b.sub(a)));
  return t.mul(t).mul(sub(3, t.mul(2)));
}

export function length(x: Value, y: Value): Value {
  return sqrt(x.mul(x).add(y.mul(y)));
}

/** Angle of (x, y), from -pi to pi. */
export function atan(y: Value, x: Value): Value {
  const acute = abs(y).div(abs(x).add(1e-6)).node("Atan");
  const mirrored = mix(acute, sub(Math.PI, acute), x.lt(0));
  return mirrored.mul(mul(2, y.lt(0)).oneMinus());
}

/** Value of several channels. */
export function channels(...parts: readonly Value[]): Value {
  return node((parts[0] as Value).graph, "Concat", parts, { axis: 1 });
}

/** Lightness of a colour. */
export function lightness(color: Value): Value {
  return color.channel(0);
}

/** 0, 1, ... below `count`. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Item of a list, for a loop that has one for each round. */
export function pick(index: number, ...items: readonly number[]): number {
  const item = items[index];
  if (item === undefined) throw new RangeError(`There is no item ${index} of ${items.length}.`);
  return item;
}

import type { GraphBuilder, Tensor } from "../onnx.ts";
import type { Quantity } from "./evaluate.ts";

type Unary = (value: Quantity) => Quantity;

/** Arithmetic over numbers and tensors: numbers are folded when the model is made. Colours are Oklab, three channels. */
export class Algebra {
  constructor(private readonly graph: GraphBuilder) {}

  tensor(value: Quantity): Tensor {
    return typeof value === "number" ? this.graph.floats([value]) : value;
  }

  node(operator: string, ...inputs: readonly Quantity[]): Tensor {
    return this.graph.node(
      operator,
      inputs.map((input) => this.tensor(input)),
    );
  }

  binary(operator: string, left: Quantity, right: Quantity): Quantity {
    switch (operator) {
      case "+":
        return this.add(left, right);
      case "-":
        return this.subtract(left, right);
      case "*":
        return this.multiply(left, right);
      case "/":
        return this.divide(left, right);
      case "%":
        return this.subtract(left, this.multiply(right, this.floor(this.divide(left, right))));
      case "**":
        return this.power(left, right);
      default:
        return this.compare(operator, left, right);
    }
  }

  add(a: Quantity, b: Quantity): Quantity {
    if (typeof a === "number" && typeof b === "number") return a + b;
    if (a === 0) return b;
    if (b === 0) return a;
    return this.node("Add", a, b);
  }

  subtract(a: Quantity, b: Quantity): Quantity {
    if (typeof a === "number" && typeof b === "number") return a - b;
    return b === 0 ? a : this.node("Sub", a, b);
  }

  multiply(a: Quantity, b: Quantity): Quantity {
    if (typeof a === "number" && typeof b === "number") return a * b;
    if (a === 0 || b === 0) return 0;
    if (a === 1) return b;
    if (b === 1) return a;
    if (a === -1) return this.node("Neg", b);
    if (b === -1) return this.node("Neg", a);
    return this.node("Mul", a, b);
  }

  divide(a: Quantity, b: Quantity): Quantity {
    if (typeof a === "number" && typeof b === "number") return a / b;
    if (typeof b === "number") return this.multiply(a, 1 / b);
    return this.node("Div", a, b);
  }

  power(a: Quantity, b: Quantity): Quantity {
    if (typeof a === "number" && typeof b === "number") return a ** b;
    if (b === 2) return this.multiply(a, a);
    if (b === 3) return this.multiply(a, this.multiply(a, a));
    if (b === 0.5) return this.node("Sqrt", a);
    return this.node("Pow", a, b);
  }

  /** 1 where it holds, else 0. */
  compare(operator: string, a: Quantity, b: Quantity): Quantity {
    if (typeof a === "number" && typeof b === "number") return Number(operator === "<" ? a < b : a > b);
    const holds = this.node(operator === "<" ? "Less" : "Greater", a, b);
    return this.graph.node("Cast", [holds], { to: 1 });
  }

  min(...values: readonly Quantity[]): Quantity {
    if (values.every((value) => typeof value === "number")) return Math.min(...(values as number[]));
    return values.reduce((a, b) => this.node("Min", a, b));
  }

  max(...values: readonly Quantity[]): Quantity {
    if (values.every((value) => typeof value === "number")) return Math.max(...(values as number[]));
    return values.reduce((a, b) => this.node("Max", a, b));
  }

  clamp(value: Quantity, low: Quantity = 0, high: Quantity = 1): Quantity {
    if (typeof value === "number" || typeof low !== "number" || typeof high !== "number") {
      return this.min(this.max(value, low), high);
    }
    return this.node("Clip", value, low, high);
  }

  mix(a: Quantity, b: Quantity, part: Quantity): Quantity {
    return this.add(a, this.multiply(this.subtract(b, a), part));
  }

  /** Smooth step from 0 at `low` to 1 at `high`. */
  smooth(low: Quantity, high: Quantity, value: Quantity): Quantity {
    const t = this.clamp(this.divide(this.subtract(value, low), this.subtract(high, low)));
    return this.multiply(this.multiply(t, t), this.subtract(3, this.multiply(t, 2)));
  }

  length(a: Quantity, b: Quantity): Quantity {
    return this.sqrt(this.add(this.multiply(a, a), this.multiply(b, b)));
  }

  readonly sin: Unary = this.unary("Sin", Math.sin);
  readonly cos: Unary = this.unary("Cos", Math.cos);
  readonly exp: Unary = this.unary("Exp", Math.exp);
  readonly ln: Unary = this.unary("Log", Math.log);
  readonly sqrt: Unary = this.unary("Sqrt", Math.sqrt);
  readonly abs: Unary = this.unary("Abs", Math.abs);
  readonly floor: Unary = this.unary("Floor", Math.floor);
  readonly tanh: Unary = this.unary("Tanh", Math.tanh);
  readonly sign: Unary = this.unary("Sign", Math.sign);
  readonly sigmoid: Unary = this.unary("Sigmoid", (value) => 1 / (1 + Math.exp(-value)));

  fraction(value: Quantity): Quantity {
    return this.subtract(value, this.floor(value));
  }

  /** Angle of (x, y), from -pi to pi. */
  angle(y: Quantity, x: Quantity): Quantity {
    const base = this.node("Atan", this.divide(this.abs(y), this.add(this.abs(x), 1e-6)));
    const mirrored = this.mix(base, this.subtract(Math.PI, base), this.compare("<", x, 0));
    return this.multiply(mirrored, this.subtract(1, this.multiply(2, this.compare("<", y, 0))));
  }

  private unary(operator: string, fold: (value: number) => number): Unary {
    return (value) => (typeof value === "number" ? fold(value) : this.node(operator, value));
  }
}

import type { GraphBuilder, Tensor } from "./onnx.ts";
import { max, mix, type Operand, Value } from "./values.ts";

/** A gate below this is closed, and what it guards isn't computed. */
const CLOSED = 0.004;

/** Picture that is being painted, and what is painted only behind a gate. Its functions may be taken out of it. */
export class Picture {
  private readonly layers = new Map<"focus" | "img", Value>();
  /** Names of layers that were painted on since the block began. */
  private changed = new Set<"focus" | "img">();
  /** Condition of the gate whose block is being run. */
  private condition: Tensor | undefined;

  constructor(protected readonly graph: GraphBuilder) {}

  /** Picture so far. */
  get img(): Value {
    return this.layers.get("img") as Value;
  }

  set img(value: Value) {
    this.layers.set("img", value);
    this.changed.add("img");
  }

  /** Mask of small things, which broad strokes spare. */
  get focus(): Value {
    return this.layers.get("focus") as Value;
  }

  set focus(value: Value) {
    this.layers.set("focus", value);
    this.changed.add("focus");
  }

  /** Covers the picture with a colour. */
  readonly paint = (color: Value, amount: Operand): void => {
    this.img = mix(this.img, color, amount);
  };

  readonly focusOn = (amount: Value): void => {
    this.focus = max(this.focus, amount);
  };

  /** Paints behind a gate: what the block computes costs no time while the gate is closed. */
  readonly on = (gate: Value, paint: () => void): void => {
    this.guarded(this.opened(gate), paint);
  };

  /** Paints behind the gate of the block around once for each item, in graphs of their own: loading a long graph takes ever longer. */
  readonly each = <T>(items: readonly T[], paint: (item: T) => void): void => {
    for (const item of items) this.guarded(this.innermost(), () => paint(item));
  };

  /** Other values behind a gate; while it is closed they are what they were. */
  readonly when = <const T extends readonly Value[]>(gate: Value, otherwise: T, compute: () => T): T =>
    this.branch(this.opened(gate), otherwise, compute);

  /** Value that is carried through the items, each in a graph of its own like those of `each`. */
  readonly fold = <T>(items: readonly T[], start: Value, compute: (value: Value, item: T) => Value): Value =>
    items.reduce((value, item) => {
      const [next] = this.branch(this.innermost(), [value], () => [compute(value, item)]);
      return next as Value;
    }, start);

  private opened(gate: Value): Tensor {
    return gate.node("Greater", CLOSED).node("Reshape", this.graph.integers([1])).tensor;
  }

  private innermost(): Tensor {
    if (!this.condition) throw new TypeError("This loop stands behind no gate.");
    return this.condition;
  }

  private guarded(condition: Tensor, paint: () => void): void {
    const [before, outer] = [new Map(this.layers), this.changed];
    this.changed = new Set();
    let names: ("focus" | "img")[] = [];
    const results = this.graph.when(
      condition,
      () => {
        this.inside(condition, paint);
        names = [...this.changed].sort();
        return names.map((name) => (this.layers.get(name) as Value).tensor);
      },
      () => names.map((name) => (before.get(name) as Value).tensor),
    );
    if (names.length === 0) throw new TypeError("This block paints nothing.");
    names.forEach((name, i) => {
      this.layers.set(name, new Value(this.graph, results[i] as Tensor));
      outer.add(name);
    });
    this.changed = outer;
  }

  private branch<const T extends readonly Value[]>(condition: Tensor, otherwise: T, compute: () => T): T {
    const results = this.graph.when(
      condition,
      () => this.inside(condition, compute).map(({ tensor }) => tensor),
      () => otherwise.map(({ tensor }) => tensor),
    );
    return results.map((result) => new Value(this.graph, result)) as readonly Value[] as T;
  }

  private inside<T>(condition: Tensor, run: () => T): T {
    const outer = this.condition;
    this.condition = condition;
    const result = run();
    this.condition = outer;
    return result;
  }
}

import type { GraphBuilder, Tensor } from "../onnx.ts";
import type { Algebra } from "./algebra.ts";
import { type Expression, PaintError, type Statement } from "./syntax.ts";

/** What a name of the paint language may stand for: a number known now, or a tensor known when the decoder runs. */
export type PaintValue = number | string | Tensor | PaintFunction | readonly PaintValue[] | PaintRecord;
export type PaintFunction = (...inputs: PaintValue[]) => PaintValue;
/** Named values, read as `record.name`. */
export interface PaintRecord {
  readonly record: ReadonlyMap<string, PaintValue>;
}

/** A thing that arithmetic works on. */
export type Quantity = number | Tensor;

export function isTensor(value: PaintValue): value is Tensor {
  return typeof value === "object" && "name" in value;
}

/** A gate below this is closed, and what it guards isn't computed. */
const CLOSED = 0.004;
/** From this many statements on, each round of a loop gets a graph of its own: loading a long graph takes ever longer. */
const LONG_BODY = 4;

class Scope {
  private readonly values = new Map<string, PaintValue>();
  /** Names of outer scopes that were assigned from here, for `on`. */
  readonly changed = new Set<string>();

  constructor(
    private readonly outer: Scope | undefined,
    /** Whether the block of an open gate, which collects what it assigns outside. */
    private readonly watching = false,
    /** The condition that this block runs under, when it is directly a gate's. */
    readonly condition?: Tensor,
  ) {}

  define(name: string, value: PaintValue): void {
    this.values.set(name, value);
  }

  get(name: string): PaintValue | undefined {
    return this.values.get(name) ?? this.outer?.get(name);
  }

  /** Assigns where the name was defined, or in the watching scope on the way there. */
  set(name: string, value: PaintValue): boolean {
    if (this.values.has(name)) {
      this.values.set(name, value);
      return true;
    }
    if (this.watching && this.outer?.get(name) !== undefined) {
      this.values.set(name, value);
      this.changed.add(name);
      return true;
    }
    return this.outer?.set(name, value) ?? false;
  }
}

/** Runs programs, writing nodes into a graph. */
export class Painter {
  private readonly globals = new Scope(undefined);

  constructor(
    private readonly graph: GraphBuilder,
    private readonly algebra: Algebra,
  ) {}

  define(name: string, value: PaintValue): void {
    this.globals.define(name, value);
  }

  get(name: string): PaintValue | undefined {
    return this.globals.get(name);
  }

  run(program: readonly Statement[]): void {
    this.block(program, this.globals);
  }

  /** The value of a `return`, if one was met. */
  private block(body: readonly Statement[], scope: Scope): PaintValue | undefined {
    for (const statement of body) {
      const returned = this.statement(statement, scope);
      if (returned !== undefined) return returned;
    }
    return undefined;
  }

  private statement(statement: Statement, scope: Scope): PaintValue | undefined {
    switch (statement.kind) {
      case "let":
        scope.define(statement.name, this.value(statement.value, scope));
        return undefined;
      case "set":
        if (!scope.set(statement.name, this.value(statement.value, scope))) {
          throw new PaintError(`"${statement.name}" was never defined; use let.`, statement.line);
        }
        return undefined;
      case "fn": {
        const { parameters, body } = statement;
        scope.define(statement.name, (...inputs) => {
          const inner = new Scope(scope);
          parameters.forEach((parameter, i) => {
            inner.define(parameter, inputs[i] ?? 0);
          });
          return this.block(body, inner) ?? 0;
        });
        return undefined;
      }
      case "return":
        return this.value(statement.value, scope);
      case "for": {
        const items = this.value(statement.over, scope);
        if (!Array.isArray(items)) throw new TypeError("A for goes over a list.");
        for (const item of items as readonly PaintValue[]) {
          if (scope.condition && statement.body.length >= LONG_BODY) {
            this.guarded(scope.condition, statement.body, scope, (inner) => inner.define(statement.name, item));
            continue;
          }
          const inner = new Scope(scope);
          inner.define(statement.name, item);
          const returned = this.block(statement.body, inner);
          if (returned !== undefined) return returned;
        }
        return undefined;
      }
      case "if":
        return this.block(this.value(statement.test, scope) ? statement.yes : statement.no, new Scope(scope));
      case "on":
        this.on(this.quantity(statement.gate, scope), statement.body, scope, statement.line);
        return undefined;
      case "expression":
        this.value(statement.value, scope);
        return undefined;
    }
  }

  /** Runs a block only when its gate is open. */
  private on(gate: Quantity, body: readonly Statement[], scope: Scope, line: number): void {
    const open = this.graph.node("Greater", [this.algebra.tensor(gate), this.graph.floats([CLOSED])]);
    const condition = this.graph.node("Reshape", [open, this.graph.integers([1])]);
    if (!this.guarded(condition, body, scope)) throw new PaintError("This block paints nothing.", line);
  }

  /**
   * Runs a block in a branch of its own; outer names that it assigns keep their values when the condition fails.
   * @returns Whether it assigned any.
   */
  private guarded(
    condition: Tensor,
    body: readonly Statement[],
    scope: Scope,
    prepare: (inner: Scope) => void = () => {},
  ): boolean {
    const inner = new Scope(scope, true, condition);
    prepare(inner);
    const names: string[] = [];
    const results = this.graph.when(
      condition,
      () => {
        this.block(body, inner);
        names.push(...[...inner.changed].sort());
        return names.map((name) => this.algebra.tensor(inner.get(name) as Quantity));
      },
      () => names.map((name) => this.algebra.tensor(scope.get(name) as Quantity)),
    );
    names.forEach((name, i) => {
      scope.set(name, results[i] as Tensor);
    });
    return names.length > 0;
  }

  private quantity(expression: Expression, scope: Scope): Quantity {
    const value = this.value(expression, scope);
    if (typeof value === "number" || isTensor(value)) return value;
    throw new TypeError(`A number or a tensor was expected, not ${JSON.stringify(expression)}.`);
  }

  private value(expression: Expression, scope: Scope): PaintValue {
    switch (expression.kind) {
      case "number":
      case "string":
        return expression.value;
      case "name": {
        const value = scope.get(expression.name);
        if (value === undefined) throw new PaintError(`"${expression.name}" is unknown.`, expression.line);
        return value;
      }
      case "list":
        return expression.items.map((item) => this.value(item, scope));
      case "unary":
        return this.algebra.multiply(this.quantity(expression.operand, scope), -1);
      case "binary":
        return this.algebra.binary(
          expression.operator,
          this.quantity(expression.left, scope),
          this.quantity(expression.right, scope),
        );
      case "choice":
        return this.value(this.value(expression.test, scope) ? expression.yes : expression.no, scope);
      case "call": {
        const callee = this.value(expression.callee, scope);
        if (typeof callee !== "function") throw new PaintError("This is no function.", expression.line);
        try {
          return callee(...expression.inputs.map((input) => this.value(input, scope)));
        } catch (error) {
          if (error instanceof PaintError || !(error instanceof TypeError)) throw error;
          throw new PaintError(error.message, expression.line);
        }
      }
      case "index": {
        const list = this.value(expression.list, scope);
        const at = this.value(expression.at, scope);
        const item = Array.isArray(list) ? (list as readonly PaintValue[])[Number(at)] : undefined;
        if (item === undefined) throw new PaintError(`There is no item ${String(at)}.`, expression.line);
        return item;
      }
      case "member": {
        const record = this.value(expression.record, scope);
        const value = typeof record === "object" && "record" in record ? record.record.get(expression.name) : undefined;
        if (value === undefined) throw new PaintError(`"${expression.name}" is unknown.`, expression.line);
        return value;
      }
    }
  }
}

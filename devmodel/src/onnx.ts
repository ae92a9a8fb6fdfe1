import { Message } from "./protobuf.ts";

/** Element types of ONNX, with their numbers in TensorProto.DataType. */
export const ELEMENT_TYPES = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11 } as const;
export type ElementType = keyof typeof ELEMENT_TYPES;

/** A value of a graph: the output of a node, an input or a constant. */
export interface Tensor {
  readonly name: string;
}

/** An input or output of a model; names stand for dimensions that vary. */
export interface Port {
  readonly name: string;
  readonly type: ElementType;
  /** Left out where nothing is promised about it. */
  readonly shape?: readonly (number | string)[];
}

/** An attribute of a node. Numbers without a kind are integers. */
export type Attribute = number | readonly number[] | string | { readonly float: number } | { readonly graph: Message };

/** Nodes of one graph: the model's own, or a branch of an `If`. */
interface Scope {
  readonly nodes: Message[];
  /** Name by the text of the node that made it: the same computation is written once. */
  readonly made: Map<string, string>;
}

const IR_VERSION = 8;
const OPSET = 17;

/**
 * Builds an ONNX model node by node. A value made outside may be read inside a branch; equal nodes and equal constants are
 * written once.
 */
export class GraphBuilder {
  private readonly scopes: Scope[] = [{ nodes: [], made: new Map() }];
  private readonly constants = new Map<string, Tensor>();
  private readonly initializers: Message[] = [];
  private count = 0;

  /** Adds a node with one output. */
  node(operator: string, inputs: readonly (Tensor | undefined)[], attributes: Record<string, Attribute> = {}): Tensor {
    const key = `${operator}(${inputs.map((input) => input?.name ?? "").join()})${JSON.stringify(attributes)}`;
    for (const { made } of this.scopes) {
      const name = made.get(key);
      if (name !== undefined) return { name };
    }
    const tensor = this.emit(operator, inputs, attributes);
    this.scope.made.set(key, tensor.name);
    return tensor;
  }

  /**
   * `condition ? whenTrue() : whenFalse()`, several values at once: only the branch that is taken costs time. The branches are
   * built in this order and give the same number of values.
   */
  when(condition: Tensor, whenTrue: () => readonly Tensor[], whenFalse: () => readonly Tensor[]): Tensor[] {
    const yes = this.branch(whenTrue);
    const no = this.branch(whenFalse);
    const outputs = yes.outputs.map(() => ({ name: `v${this.count++}` }));
    const message = nodeMessage("If", [condition.name], outputs, {
      then_branch: { graph: yes.graph },
      else_branch: { graph: no.graph },
    });
    this.scope.nodes.push(message);
    return outputs;
  }

  /** A constant of 32-bit floats; without a shape, one number. */
  floats(values: ArrayLike<number>, shape: readonly number[] = []): Tensor {
    return this.constant("float32", shape, new Uint8Array(Float32Array.from(values).buffer));
  }

  /** A constant of 64-bit integers: ids, shapes, indices. */
  integers(values: readonly number[], shape: readonly number[] = [values.length]): Tensor {
    return this.constant("int64", shape, new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer));
  }

  /** A constant of bytes. */
  bytes(values: Uint8Array, shape: readonly number[]): Tensor {
    return this.constant("uint8", shape, values);
  }

  /** Gives a value its public name. */
  rename(tensor: Tensor, name: string): void {
    this.scope.nodes.push(nodeMessage("Identity", [tensor.name], [{ name }], {}));
  }

  /** The finished file. */
  model(name: string, inputs: readonly Port[], outputs: readonly Port[], description = ""): Uint8Array {
    const graph = new Message();
    for (const node of this.scope.nodes) graph.message(1, node);
    graph.text(2, name);
    for (const initializer of this.initializers) graph.message(5, initializer);
    for (const port of inputs) graph.message(11, portMessage(port));
    for (const port of outputs) graph.message(12, portMessage(port));
    return new Message()
      .int(1, IR_VERSION)
      .text(2, "gridnft make:dev-model")
      .text(6, description)
      .message(7, graph)
      .message(8, new Message().text(1, "").int(2, OPSET))
      .encode();
  }

  private get scope(): Scope {
    return this.scopes[this.scopes.length - 1] as Scope;
  }

  private emit(
    operator: string,
    inputs: readonly (Tensor | undefined)[],
    attributes: Record<string, Attribute>,
  ): Tensor {
    const name = `v${this.count++}`;
    const names = inputs.map((input) => input?.name ?? "");
    this.scope.nodes.push(nodeMessage(operator, names, [{ name }], attributes));
    return { name };
  }

  private branch(make: () => readonly Tensor[]): { readonly graph: Message; readonly outputs: readonly string[] } {
    this.scopes.push({ nodes: [], made: new Map() });
    try {
      // A branch returns values of its own graph, so one from outside passes through a node.
      const outputs = make().map((result) => {
        const name = `v${this.count++}`;
        this.rename(result, name);
        return name;
      });
      const graph = new Message();
      for (const node of this.scope.nodes) graph.message(1, node);
      graph.text(2, `b${this.count++}`);
      for (const name of outputs) graph.message(12, portMessage({ name, type: "float32" }));
      return { graph, outputs };
    } finally {
      this.scopes.pop();
    }
  }

  private constant(type: ElementType, shape: readonly number[], raw: Uint8Array): Tensor {
    const key = `${type}[${shape.join()}]${Buffer.from(raw).toString("latin1")}`;
    const known = this.constants.get(key);
    if (known) return known;
    const tensor = { name: `c${this.constants.size}` };
    this.constants.set(key, tensor);
    const message = new Message();
    for (const dimension of shape) message.int(1, dimension);
    this.initializers.push(message.int(2, ELEMENT_TYPES[type]).text(8, tensor.name).bytes(9, raw));
    return tensor;
  }
}

function nodeMessage(
  operator: string,
  inputs: readonly string[],
  outputs: readonly Tensor[],
  attributes: Record<string, Attribute>,
): Message {
  const message = new Message();
  for (const input of inputs) message.text(1, input);
  for (const { name } of outputs) message.text(2, name);
  message.text(4, operator);
  for (const [name, value] of Object.entries(attributes)) message.message(5, attributeMessage(name, value));
  return message;
}

function attributeMessage(name: string, value: Attribute): Message {
  const message = new Message().text(1, name);
  if (typeof value === "number") return message.int(3, value).int(20, 2);
  if (typeof value === "string") return message.text(4, value).int(20, 3);
  if (Array.isArray(value)) {
    for (const each of value as readonly number[]) message.int(8, each);
    return message.int(20, 7);
  }
  if ("float" in value) return message.float(2, value.float).int(20, 1);
  return message.message(6, (value as { readonly graph: Message }).graph).int(20, 5);
}

function portMessage({ name, type, shape }: Port): Message {
  const tensor = new Message().int(1, ELEMENT_TYPES[type]);
  if (shape) {
    const dimensions = new Message();
    for (const size of shape) {
      dimensions.message(1, typeof size === "number" ? new Message().int(1, size) : new Message().text(2, size));
    }
    tensor.message(2, dimensions);
  }
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}

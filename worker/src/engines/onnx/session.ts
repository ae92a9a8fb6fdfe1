import * as ort from "onnxruntime-node";
import { EngineError } from "../types.ts";
import { fromHalf, toHalf } from "./float16.ts";

/** Settings of sessions. Each of them can change bytes of a picture, so the engine string names them all. */
export interface SessionSettings {
  /** Threads inside one operator. From 3 on, results differ in the last place. */
  readonly threads: number;
}

/** Graph optimisation level; another one changes results in the last place. */
export const OPTIMISATION = "all";

/** Name, type and shape of an input or output; a dimension by name is free. */
export interface Port {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/** Tensor on our side: always single precision, whatever the network wants. */
export interface Values {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

/** Returns numbers one after the other. */
export function joinFloats(parts: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Numbers of an input. They are converted to its type. */
export interface Feed {
  readonly values: ArrayLike<number>;
  readonly shape: readonly number[];
}

/** Network of a model. */
export interface Network {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  run(feeds: ReadonlyMap<string, Feed>, output: string): Promise<Values>;
  close(): Promise<void>;
}

/**
 * Loads an ONNX file, with external data beside it if it has any.
 * @throws {@link EngineError} `FOLDER_INVALID` when it does not load.
 */
export async function openNetwork(file: string, title: string, settings: SessionSettings): Promise<Network> {
  const session = await ort.InferenceSession.create(file, {
    executionProviders: ["cpu"],
    executionMode: "sequential",
    intraOpNumThreads: settings.threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: OPTIMISATION,
    // Sizes change from job to job; the pattern of the last one only holds memory.
    enableMemPattern: false,
    logSeverityLevel: 3,
  }).catch((cause: unknown) => {
    throw new EngineError("FOLDER_INVALID", `${title} does not load: ${messageOf(cause)}`, { cause });
  });
  const inputs = session.inputMetadata.map((port) => portOf(port, title));
  const outputs = session.outputMetadata.map((port) => portOf(port, title));
  return {
    inputs,
    outputs,
    async run(feeds, output) {
      const tensors = Object.fromEntries(
        inputs.map((port) => [port.name, tensorFor(port, feeds.get(port.name), title)]),
      );
      const results = await session.run(tensors, [output]).catch((cause: unknown) => {
        throw new EngineError("RUN_FAILED", `${title} failed: ${messageOf(cause)}`, { cause });
      });
      const result = results[output];
      if (!result) throw new EngineError("RUN_FAILED", `${title} gave no ${output}.`);
      const values = { values: toFloat32(result, title), shape: result.dims };
      result.dispose();
      return values;
    },
    close: () => session.release(),
  };
}

function portOf(port: ort.InferenceSession.ValueMetadata, title: string): Port {
  if (!port.isTensor) throw new EngineError("MODEL_UNSUPPORTED", `${title} has ${port.name}, which is not a tensor.`);
  return { name: port.name, type: port.type, shape: port.shape };
}

function tensorFor(port: Port, feed: Feed | undefined, title: string): ort.Tensor {
  if (!feed)
    throw new EngineError("MODEL_UNSUPPORTED", `${title} wants the input ${port.name}, which is unknown here.`);
  const { values, shape } = feed;
  switch (port.type) {
    case "float32":
      return new ort.Tensor("float32", values instanceof Float32Array ? values : Float32Array.from(values), shape);
    case "float64":
      return new ort.Tensor("float64", Float64Array.from(values), shape);
    case "float16":
      return new ort.Tensor("float16", Uint16Array.from(values, toHalf), shape);
    case "int64":
      return new ort.Tensor(
        "int64",
        BigInt64Array.from({ length: values.length }, (_, i) => whole(values[i])),
        shape,
      );
    case "int32":
      return new ort.Tensor("int32", Int32Array.from(values, Math.round), shape);
    case "bool":
      return new ort.Tensor(
        "bool",
        Uint8Array.from(values, (value) => (value ? 1 : 0)),
        shape,
      );
    default:
      throw new EngineError("MODEL_UNSUPPORTED", `${title} takes ${port.name} as ${port.type}, which is unknown here.`);
  }
}

function whole(value: number | undefined): bigint {
  return BigInt(Math.round(value ?? 0));
}

function toFloat32(tensor: ort.Tensor, title: string): Float32Array {
  switch (tensor.type) {
    case "float32":
      // Copied: the runtime may reuse its own memory.
      return (tensor.data as Float32Array).slice();
    case "float64":
      return Float32Array.from(tensor.data as Float64Array);
    case "float16": {
      // Node 20 hands out the bits, a later one a Float16Array over them.
      const { buffer, byteOffset } = tensor.data as Uint16Array;
      return Float32Array.from(new Uint16Array(buffer, byteOffset, tensor.size), fromHalf);
    }
    default:
      throw new EngineError("MODEL_UNSUPPORTED", `${title} answers in ${tensor.type}, which is unknown here.`);
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

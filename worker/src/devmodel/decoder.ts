import { SCALING_FACTOR } from "./denoiser.ts";
import { GraphBuilder } from "./onnx.ts";
import type { Table } from "./table.ts";

/** Trivial decoder. */
export function decoder(_table: Table): Uint8Array {
  const graph = new GraphBuilder();
  const z = graph.node("Mul", [{ name: "latent_sample" }, graph.floats([SCALING_FACTOR])]);
  const three = graph.node("Slice", [z, graph.integers([1]), graph.integers([4]), graph.integers([1])]);
  const large = graph.node("Resize", [three, undefined, graph.floats([1, 1, 8, 8], [4])], { mode: "linear" });
  graph.rename(graph.node("Tanh", [graph.node("Mul", [large, graph.floats([0.5])])]), "sample");
  return graph.model(
    "vae_decoder",
    [{ name: "latent_sample", type: "float32", shape: ["batch", 4, "height", "width"] }],
    [{ name: "sample", type: "float32", shape: ["batch", 3, "8 height", "8 width"] }],
  );
}

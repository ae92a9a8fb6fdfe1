import type { Content } from "./axes.ts";
import { GraphBuilder } from "./onnx.ts";
import { Scene } from "./scene.ts";
import { paintScene } from "./scenes/index.ts";
import type { Table } from "./table.ts";

/**
 * The "VAE decoder": a painter that reads from the latents which things, styles and colours the picture has, and the seed's own
 * numbers and noises for everything else.
 */
export function decoder(table: Table, things?: readonly Content[]): Uint8Array {
  const graph = new GraphBuilder();
  const scene = new Scene(graph, { name: "latent_sample" }, table);
  graph.rename(paintScene(scene, things).tensor, "sample");
  return graph.model(
    "vae_decoder",
    [{ name: "latent_sample", type: "float32", shape: [1, 4, "height", "width"] }],
    [{ name: "sample", type: "float32", shape: [1, 3, "8 height", "8 width"] }],
  );
}

import { openPipeline } from "./src/engines/onnx/pipeline.ts";
const p = await openPipeline("/tmp/et/models/gridscape-dev", { threads: 1 });
const input = { prompt: "a lighthouse in a storm, oil painting", negativePrompt: "", seed: 42n, width: 512, height: 512, steps: 30, guidanceScale: 7.5, sampler: "ddim", scheduler: "normal" } as const;
const rss = () => Math.round(process.memoryUsage().rss / 1e6);
console.log("loaded", rss());
const ts: number[] = [];
for (let i = 0; i < 8; i++) { const t = performance.now(); await p.paint({ ...input, seed: BigInt(i) }, () => true); ts.push(Math.round(performance.now() - t)); }
console.log(ts.sort((a, b) => a - b).join(" "), "rss", rss());
for (let i = 0; i < 2; i++) await p.paint({ ...input, width: 1024, height: 1024 }, () => true); console.log("after 1024", rss());
await p.paint(input, () => true); console.log("after 512 again", rss());

// Sheet of what a model paints:
//   tsx devmodel/scripts/contactSheet.ts <model folder> <sheet.png> [--seeds 1,2,3] [--columns 2] ... <prompt>...
import { parseArgs } from "node:util";
import { loadOnnxEngine } from "@gridnft/worker/engine";
import { readModelCard } from "@gridnft/worker/modelFolder";
import sharp, { type OverlayOptions } from "sharp";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string", default: "1,2,3" },
    columns: { type: "string", default: "2" },
    /** Side of a picture on the sheet, in pixels. */
    shown: { type: "string", default: "300" },
    negative: { type: "string", default: "" },
    guidance: { type: "string" },
    steps: { type: "string" },
  },
});
const [folder, sheet, ...prompts] = positionals;
if (!folder || !sheet || prompts.length === 0)
  throw new Error("contactSheet.ts <model folder> <sheet.png> <prompt>...");
const seeds = values.seeds.split(",").map(BigInt);
const [shown, columns] = [Number(values.shown), Number(values.columns)];
const gap = 4;
const caption = 22;

const { defaults } = await readModelCard(folder);
const started = performance.now();
const engine = await loadOnnxEngine({ folder });
console.log(`loaded in ${Math.round(performance.now() - started)} ms`);

const tiles: OverlayOptions[] = [];
const times: number[] = [];
for (const [i, prompt] of prompts.entries()) {
  const left = (i % columns) * (seeds.length * (shown + gap) + gap);
  const top = Math.floor(i / columns) * (shown + caption + gap);
  const escaped = prompt.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const label = `<svg width="${seeds.length * shown}" height="${caption}"><text x="2" y="16" font-family="sans-serif" font-size="14" fill="#ddd">${escaped}</text></svg>`;
  tiles.push({ input: Buffer.from(label), left, top });
  for (const [k, seed] of seeds.entries()) {
    const from = performance.now();
    const { file } = await engine.generate({
      prompt,
      negativePrompt: values.negative,
      seed,
      width: defaults.width,
      height: defaults.height,
      steps: Number(values.steps ?? defaults.steps),
      guidanceScale: Number(values.guidance ?? defaults.guidance_scale),
      sampler: defaults.sampler,
      scheduler: defaults.scheduler,
    });
    times.push(performance.now() - from);
    const input = await sharp(file).resize(shown, shown, { fit: "inside" }).png().toBuffer();
    tiles.push({ input, left: left + k * (shown + gap), top: top + caption });
  }
}
await engine.close();
await sharp({
  create: {
    width: columns * (seeds.length * (shown + gap) + gap),
    height: Math.ceil(prompts.length / columns) * (shown + caption + gap),
    channels: 3,
    background: "#101010",
  },
})
  .composite(tiles)
  .png()
  .toFile(sheet);
times.sort((a, b) => a - b);
console.log(
  `median ${Math.round(times[times.length >> 1] ?? 0)} ms, slowest ${Math.round(times.at(-1) ?? 0)} ms a picture`,
);

// tsx worker/scripts/contactSheet.ts <model folder> <out.png> [--seeds 1,2,3] [--size 352] [--columns 2] <prompt>...
import { parseArgs } from "node:util";
import sharp, { type OverlayOptions } from "sharp";
import { Pipeline } from "../test/devmodel/pipeline.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string", default: "1,2,3" },
    size: { type: "string", default: "512" },
    shown: { type: "string", default: "300" },
    columns: { type: "string", default: "2" },
    guidance: { type: "string", default: "7.5" },
    negative: { type: "string", default: "" },
    steps: { type: "string", default: "30" },
  },
});
const [folder, out, ...prompts] = positionals;
if (!folder || !out || prompts.length === 0) throw new Error("contactSheet.ts <model folder> <out.png> <prompt>...");
const seeds = values.seeds.split(",").map(Number);
const [shown, columns, size] = [Number(values.shown), Number(values.columns), Number(values.size)];
const caption = 22;
const started = performance.now();
const pipeline = await Pipeline.load(folder);
console.log(`loaded in ${Math.round(performance.now() - started)} ms`);
const tiles: OverlayOptions[] = [];
const times: number[] = [];
for (const [i, prompt] of prompts.entries()) {
  const left = (i % columns) * (seeds.length * (shown + 4) + 4);
  const top = Math.floor(i / columns) * (shown + caption + 4);
  const escaped = prompt.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const label = `<svg width="${seeds.length * shown}" height="${caption}"><text x="2" y="16" font-family="sans-serif" font-size="14" fill="#ddd">${escaped}</text></svg>`;
  tiles.push({ input: Buffer.from(label), left, top });
  for (const [k, seed] of seeds.entries()) {
    const from = performance.now();
    const { rgb, width, height } = await pipeline.picture({
      prompt,
      negative: values.negative,
      seed,
      width: size,
      height: size,
      steps: Number(values.steps),
      guidance: Number(values.guidance),
    });
    times.push(performance.now() - from);
    const input = await sharp(rgb, { raw: { width, height, channels: 3 } })
      .resize(shown, shown)
      .png()
      .toBuffer();
    tiles.push({ input, left: left + k * (shown + 4), top: top + caption });
  }
}
await pipeline.close();
await sharp({
  create: {
    width: columns * (seeds.length * (shown + 4) + 4) - 8,
    height: Math.ceil(prompts.length / columns) * (shown + caption + 4),
    channels: 3,
    background: "#101010",
  },
})
  .composite(tiles)
  .png()
  .toFile(out);
times.sort((a, b) => a - b);
console.log(`median ${Math.round(times[times.length >> 1] ?? 0)} ms, max ${Math.round(times.at(-1) ?? 0)} ms`);

/** Cards of model folders as people and Python write them. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readModelCard } from "../../src/engines/modelFolder.ts";
import { loadModels } from "../../src/jobs/models.ts";
import { tinyEngine } from "./tinyEngine.ts";
import { quiet } from "./workerGrid.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gridnft-card-"));
});
afterAll(() => rm(folder, { recursive: true }));

const defaults = { width: 64, height: 64, steps: 4, guidance_scale: 5, sampler: "ddim", scheduler: "normal" };
const card = {
  ...{ name: "Sea", version: "1", family: "sd15", kind: "checkpoint", license: "CC0-1.0" },
  ...{ usageBps: 0, resaleBps: 0, access: "OPEN", defaults },
};
const keep = (content: string | Uint8Array) => writeFile(join(folder, "gridnft.json"), content);

async function load() {
  const engine = tinyEngine();
  const weightsHash = async () => engine.modelHash;
  const chain = { grid: { aigc: { read: { weightsHash } } } } as unknown as Parameters<typeof loadModels>[1];
  const [model] = await loadModels(
    [{ modelId: 1n, engine: "onnx", locator: folder }],
    chain,
    async () => engine,
    quiet,
  );
  await model?.engine.close();
  return model?.card;
}

it("are read with a byte order mark, and are not needed", async () => {
  await keep(`\ufeff${JSON.stringify(card)}`);
  expect(await load()).toMatchObject({ name: "Sea" });
  expect(await readModelCard(folder)).toMatchObject({ name: "Sea" });
  await rm(join(folder, "gridnft.json"));
  expect(await load()).toBeUndefined();
  await expect(readModelCard(folder)).rejects.toThrow("gridnft.json");
});

it("are refused when they are not UTF-8", async () => {
  await keep(Buffer.from(JSON.stringify({ ...card, name: "Mer d'été" }), "latin1"));
  await expect(load()).rejects.toMatchObject({ code: "MODEL_MISMATCH", message: expect.stringContaining("UTF-8") });
  await expect(readModelCard(folder)).rejects.toThrow("UTF-8");
});

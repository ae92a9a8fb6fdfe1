/** The offer that a worker makes of its models. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { GridChain } from "../../src/chain/connect.ts";
import { loadModels, offerOf } from "../../src/jobs/models.ts";
import { MODEL_HASH, tinyEngine } from "./tinyEngine.ts";
import { quiet } from "./workerGrid.ts";

const folder = mkdtempSync(join(tmpdir(), "gridnft-offer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const chain = { grid: { aigc: { read: { weightsHash: async () => MODEL_HASH } } } } as unknown as GridChain;
const limits = { maxPixels: 512 * 512, maxSteps: 30, maxCount: 2 };
const defaults = { width: 512, height: 512, steps: 30, guidance_scale: 7.5, sampler: "euler", scheduler: "normal" };

/** The offer of one model, whose card recommends these values. */
async function offered(recommended: object) {
  const card = {
    ...{ name: "Tiny", version: "1", family: "sd15", kind: "checkpoint", license: "MIT", access: "OPEN" },
    ...{ usageBps: 0, resaleBps: 0, defaults: recommended },
  };
  writeFileSync(join(folder, "gridnft.json"), JSON.stringify(card));
  const load = async () => ({ ...tinyEngine(), sideStep: 64 });
  const models = await loadModels([{ modelId: 7n, engine: "onnx", locator: folder }], chain, load, quiet);
  return offerOf(models, { rate: 5n, limits, parallel: 3, software: "test" }).models[0];
}

describe("an offer", () => {
  it("has the engine's side step, the operator's limits and the card's defaults", async () => {
    expect(await offered(defaults)).toMatchObject({
      ...{ model_id: "7", model_hash: MODEL_HASH, rate: "5", side_step: 64 },
      ...{ max_pixels: 512 * 512, max_steps: 30, max_count: 2, defaults },
    });
  });

  it.each([{ height: 520 }, { width: 576, height: 576 }, { steps: 31 }, { guidance_scale: 7.0005 }])(
    "has no defaults that the worker would not take: %o",
    async (change) => {
      expect(await offered({ ...defaults, ...change })).not.toHaveProperty("defaults");
    },
  );
});

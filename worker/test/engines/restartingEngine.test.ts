/** Engines that die or hang, and are loaded again. */
import { expect, it } from "vitest";
import { restartingEngine } from "../../src/engines/restartingEngine.ts";
import { type Engine, EngineError } from "../../src/engines/types.ts";
import { tinyEngine } from "../program/tinyEngine.ts";
import { quiet } from "../program/workerGrid.ts";

it("loads an engine again after its thread has died, but not another engine", async () => {
  const input = {
    ...{ prompt: "", negativePrompt: "", seed: 1n, width: 8, height: 8, steps: 1, guidanceScale: 1 },
    ...({ sampler: "euler", scheduler: "normal" } as const),
  };
  const dying = (): Engine => ({
    ...tinyEngine(),
    generate: async () => {
      throw new EngineError("CLOSED", "The engine's thread ended.");
    },
  });
  const loads = [dying(), { ...tinyEngine(), name: "another" }, tinyEngine()];
  const engine = restartingEngine(dying(), async () => loads.shift() ?? dying(), quiet);
  await expect(engine.generate(input)).rejects.toMatchObject({ code: "CLOSED" });
  await expect(engine.generate(input)).rejects.toMatchObject({ code: "CLOSED" });
  await expect(engine.generate(input)).rejects.toMatchObject({ code: "MODEL_CHANGED" });
  expect((await engine.generate(input)).file.length).toBeGreaterThan(0);
  await engine.close();
  await expect(engine.generate(input)).rejects.toMatchObject({ code: "CLOSED" });
});

it("loads an engine again that goes on after it was told to stop, for ever", async () => {
  let closed = 0;
  const hanging: Engine = { ...tinyEngine(), generate: () => new Promise(() => {}), close: async () => void closed++ };
  const engine = restartingEngine(hanging, async () => tinyEngine(), quiet, { hangTimeout: 20 });
  const input = {
    ...{ prompt: "", negativePrompt: "", seed: 1n, width: 8, height: 8, steps: 1, guidanceScale: 1 },
    ...({ sampler: "euler", scheduler: "normal" } as const),
  };
  const late = new AbortController();
  const given = engine.generate(input, { signal: late.signal });
  late.abort();
  await expect(given).rejects.toMatchObject({ code: "CLOSED" });
  expect(closed).toBe(1);
  expect((await engine.generate(input)).file.length).toBeGreaterThan(0);
});

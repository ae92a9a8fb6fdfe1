import { createHash } from "node:crypto";
import sharp from "sharp";
import type { Hex } from "viem";
import { samplers, schedulers } from "../../src/engines/onnx/names.ts";
import { type Engine, EngineError } from "../../src/engines/types.ts";

/** Hash of the model that {@link tinyEngine} serves. */
export const MODEL_HASH: Hex = `0x${createHash("sha256").update("tiny").digest("hex")}`;

/** Paints one colour from the seed; enough of an engine for everything but its pictures. */
export function tinyEngine(
  options: {
    readonly stepMilliseconds?: number;
    readonly modelHash?: Hex;
    /** Pictures after which it fails at every further one. */
    readonly failAfter?: number;
  } = {},
): Engine {
  const { stepMilliseconds = 0, modelHash = MODEL_HASH, failAfter = Number.POSITIVE_INFINITY } = options;
  let made = 0;
  return {
    ...{ name: "tiny 1 test", modelHash, samplers, schedulers, sideStep: 8 },
    generate: async ({ prompt, seed, width, height, steps }, { onStep, signal } = {}) => {
      if (made >= failAfter) throw new EngineError("RUN_FAILED", "The engine ran out of memory.");
      made++;
      for (let step = 1; step <= steps; step++) {
        if (signal?.aborted) throw new EngineError("ABORTED", "The picture was given up.");
        if (stepMilliseconds > 0) await new Promise((resolve) => setTimeout(resolve, stepMilliseconds));
        onStep?.(step, steps);
      }
      const [r, g, b] = [Number(seed & 255n), Number((seed >> 8n) & 255n), Number((seed >> 16n) & 255n)];
      const picture = sharp({ create: { width, height, channels: 3, background: { r, g, b } } });
      return {
        file: new Uint8Array(await picture.png().toBuffer()),
        mediaType: "image/png",
        promptCut: false,
        ...(prompt.includes("zyxw") && { unknownWords: ["zyxw", "https://odd.example"] }),
      };
    },
    close: async () => {},
  };
}

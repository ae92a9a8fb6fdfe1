import { parentPort, workerData } from "node:worker_threads";
import { encodePicture } from "../parameters.ts";
import { EngineError, PNG } from "../types.ts";
import type { ThreadAnswer, ThreadData, ThreadOrder } from "./messages.ts";
import { openPipeline } from "./pipeline.ts";

// The runtime computes in the calling thread and lets nothing else run meanwhile: here it may.

const port = parentPort;
if (!port) throw new Error("The engine's thread was started as a program.");
const { folder, settings, origin, words, stop } = workerData as ThreadData;
const stopFlag = new Int32Array(stop);
const say = (answer: ThreadAnswer, transfer: ArrayBuffer[] = []) => port.postMessage(answer, transfer);

function failure(error: unknown): ThreadAnswer {
  const [code, message] =
    error instanceof EngineError
      ? [error.code, error.message]
      : ["RUN_FAILED" as const, error instanceof Error ? error.message : String(error)];
  return { kind: "failed", code, message };
}

try {
  const pipeline = await openPipeline(folder, settings, words);
  say({ kind: "ready", sideStep: pipeline.sideStep });
  port.on("message", async (order: ThreadOrder) => {
    if (order.kind === "close") {
      await pipeline.close();
      port.close();
      return;
    }
    try {
      const { pixels, schedule, ...notes } = await pipeline.paint(order.input, (step) => {
        if (Atomics.load(stopFlag, 0) === order.id) return false;
        say({ kind: "step", step });
        return true;
      });
      const file = await encodePicture(pixels, order.input, { ...origin, schedule });
      say({ kind: "done", picture: { file, mediaType: PNG, ...notes } }, [file.buffer as ArrayBuffer]);
    } catch (error) {
      say(failure(error));
    }
  });
} catch (error) {
  say(failure(error));
  port.close();
}

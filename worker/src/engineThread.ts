/**
 * Code of the thread that an engine runs in. onnxruntime-node computes a step on the thread that calls it, however its API looks:
 * in the main thread it would hold up heartbeats for as long as a step takes.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { PictureInput, SamplerName, SchedulerName } from "./engines/types.ts";

/** To the thread. */
export type EngineCall =
  | { readonly type: "generate"; readonly id: number; readonly input: PictureInput }
  | { readonly type: "abort"; readonly id: number }
  | { readonly type: "close" };

/** From the thread. */
export type EngineReport =
  | {
      readonly type: "ready";
      readonly name: string;
      readonly modelHash: `0x${string}`;
      readonly samplers: readonly SamplerName[];
      readonly schedulers: readonly SchedulerName[];
      readonly sideStep: number;
    }
  | { readonly type: "step"; readonly id: number; readonly step: number; readonly steps: number }
  | { readonly type: "done"; readonly id: number; readonly png: Uint8Array; readonly promptCut: boolean }
  | { readonly type: "failed"; readonly id: number | undefined; readonly code: string; readonly message: string };

/** What the thread is started with. */
export interface EngineThreadData {
  readonly folder: string;
  readonly modelName: string | undefined;
}

async function run(): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error("this file runs in a worker thread");
  const report = (message: EngineReport): void => port.postMessage(message);
  const fail = (id: number | undefined, error: unknown): void => {
    const code = error instanceof Error && "code" in error ? String(error.code) : "RUN_FAILED";
    report({ type: "failed", id, code, message: error instanceof Error ? error.message : String(error) });
  };
  const { folder, modelName } = workerData as EngineThreadData;
  const running = new Map<number, AbortController>();
  try {
    const { loadOnnxEngine } = await import("./engines/index.ts");
    const engine = await loadOnnxEngine({ folder, ...(modelName === undefined ? {} : { modelName }) });
    port.on("message", (call: EngineCall) => {
      if (call.type === "abort") return running.get(call.id)?.abort();
      if (call.type === "close") {
        for (const controller of running.values()) controller.abort();
        return void engine.close().finally(() => port.close());
      }
      const { id, input } = call;
      const controller = new AbortController();
      running.set(id, controller);
      engine
        .generate(input, { signal: controller.signal, onStep: (step, steps) => report({ type: "step", id, step, steps }) })
        .then(({ png, promptCut }) => report({ type: "done", id, png, promptCut }))
        .catch((error: unknown) => fail(id, error))
        .finally(() => running.delete(id));
    });
    const { name, modelHash, samplers, schedulers, sideStep } = engine;
    report({ type: "ready", name, modelHash, samplers, schedulers, sideStep });
  } catch (error) {
    fail(undefined, error);
    port.close();
  }
}

void run();

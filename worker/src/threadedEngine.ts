import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { type Engine, EngineError, type EngineErrorCode, type Picture, type PictureOptions } from "./engines/types.ts";
import type { EngineCall, EngineReport, EngineThreadData } from "./engineThread.ts";

interface Pending {
  readonly resolve: (picture: Picture) => void;
  readonly reject: (error: Error) => void;
  readonly options: PictureOptions;
}

/**
 * Loads the built-in engine on a model folder in a thread of its own, so that this process goes on answering while it computes.
 * @throws {@link EngineError} as `loadOnnxEngine`; `RUN_FAILED` when the thread dies.
 */
export function loadThreadedEngine(folder: string, modelName: string | undefined): Promise<Engine> {
  const workerData: EngineThreadData = { folder, modelName };
  const source = new URL("./engineThread.ts", import.meta.url);
  // Sources run by tsx; the thread needs its loader, too.
  const loader = createRequire(import.meta.url).resolve("tsx");
  const thread = new Worker(source, { workerData, execArgv: ["--import", loader] });
  const pending = new Map<number, Pending>();
  let ids = 0;
  let dead: EngineError | undefined;

  const settle = (id: number): Pending | undefined => {
    const found = pending.get(id);
    pending.delete(id);
    return found;
  };
  const die = (error: EngineError): void => {
    dead ??= error;
    for (const { reject } of pending.values()) reject(dead);
    pending.clear();
  };
  const say = (call: EngineCall): void => thread.postMessage(call);
  const ended = new Promise<void>((resolve) => thread.once("exit", () => resolve()));

  const generate: Engine["generate"] = (input, options = {}) =>
    new Promise((resolve, reject) => {
      if (dead) return reject(dead);
      if (options.signal?.aborted) return reject(new EngineError("ABORTED", "The picture was given up."));
      const id = ids++;
      const abort = (): void => say({ type: "abort", id });
      options.signal?.addEventListener("abort", abort, { once: true });
      const unlisten = (): void => options.signal?.removeEventListener("abort", abort);
      pending.set(id, {
        options,
        resolve: (picture) => {
          unlisten();
          resolve(picture);
        },
        reject: (error) => {
          unlisten();
          reject(error);
        },
      });
      say({ type: "generate", id, input });
    });

  return new Promise<Engine>((resolve, reject) => {
    thread.on("error", (cause) => {
      const error = new EngineError("RUN_FAILED", "The engine's thread failed.", { cause });
      die(error);
      reject(error);
    });
    thread.once("exit", () => {
      const error = new EngineError("CLOSED", "The engine's thread has ended.");
      die(error);
      reject(error);
    });
    thread.on("message", (report: EngineReport) => {
      switch (report.type) {
        case "ready": {
          const { name, modelHash, samplers, schedulers, sideStep } = report;
          const close = async (): Promise<void> => {
            if (!dead) say({ type: "close" });
            await ended;
          };
          return resolve({ name, modelHash, samplers, schedulers, sideStep, generate, close });
        }
        case "step":
          return pending.get(report.id)?.options.onStep?.(report.step, report.steps);
        case "done":
          return settle(report.id)?.resolve({ png: report.png, promptCut: report.promptCut });
        case "failed": {
          const error = new EngineError(report.code as EngineErrorCode, report.message);
          return report.id === undefined ? reject(error) : settle(report.id)?.reject(error);
        }
      }
    });
  });
}

import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { MODEL_CARD_FILE } from "@gridnft/sdk";
import { createMutex } from "@gridnft/sdk/node";
import { z } from "zod";
import { hashModelFolder, readCardJson } from "../modelFolder.ts";
import { requireTaken } from "../pictureInput.ts";
import { type Engine, EngineError, type Picture, type PictureInput, type PictureOptions } from "../types.ts";
import type { ThreadAnswer, ThreadData, ThreadOrder } from "./messages.ts";
import { samplerNamed, samplers, schedulerNamed, schedulers } from "./names.ts";
import { OPTIMISATION } from "./session.ts";

/** Raised whenever the same input gives other pixels. */
const ENGINE_VERSION = 2;

/** Options of an engine. */
export interface OnnxEngineOptions {
  /** Model folder in the layout of diffusers and optimum. */
  readonly folder: string;
  /** Name in the pictures' metadata; default: the card's (`gridnft.json`), else none. */
  readonly modelName?: string;
  /**
   * Threads of the runtime inside one operator, default 1: pictures are then equal on equal hardware, and a busy machine is no
   * slower. It is part of the engine string.
   */
  readonly threads?: number;
}

/**
 * Loads a model folder into an engine with a thread of its own: while it computes, the caller's event loop stays free.
 *
 * @throws {@link EngineError} `FOLDER_INVALID`, `MODEL_UNSUPPORTED`, `RUN_FAILED`.
 * @example
 * const engine = await loadOnnxEngine({ folder: ".grid/models/gridscape-dev" });
 * const { file } = await engine.generate({ prompt: "a lighthouse", negativePrompt: "", seed: 42n, width: 512, height: 512,
 *   steps: 30, guidanceScale: 7.5, sampler: "dpmpp_2m", scheduler: "karras" });
 * await engine.close();
 */
export async function loadOnnxEngine({ folder, modelName, threads = 1 }: OnnxEngineOptions): Promise<Engine> {
  const { hash: modelHash } = await hashModelFolder(folder).catch((cause: unknown) => {
    throw new EngineError("FOLDER_INVALID", `The model folder ${folder} is empty or cannot be read.`, { cause });
  });
  const name = engineName(threads);
  const card = await readCard(folder);
  const stop = new SharedArrayBuffer(4);
  const start: ThreadData = {
    folder,
    settings: { threads },
    origin: { modelName: modelName ?? card?.name ?? "unnamed", modelHash, engine: name },
    ...(card?.words && { words: card.words }),
    stop,
  };
  // The parent's own way of reading TypeScript is not the thread's.
  const thread = new Worker(new URL("./thread.mjs", import.meta.url), { workerData: start, execArgv: [] });
  return openEngine(thread, new Int32Array(stop), { name, modelHash });
}

/** Engine string of these settings on this machine. */
export function engineName(threads: number): string {
  const { version } = z
    .object({ version: z.string() })
    .parse(createRequire(import.meta.url)("onnxruntime-node/package.json"));
  return `gridnft-onnx ${ENGINE_VERSION} onnxruntime ${version} cpu ${process.arch} t${threads} ${OPTIMISATION} philox`;
}

/** Threads that an engine string names, undefined for a string of another engine. */
export function threadsOf(name: string): number | undefined {
  const found = /^gridnft-onnx \d+ .* t([1-9]\d{0,2}) /.exec(name);
  return found ? Number(found[1]) : undefined;
}

const cardNotes = z.object({ name: z.string(), words: z.array(z.string()).optional() });

async function readCard(folder: string): Promise<z.output<typeof cardNotes> | undefined> {
  try {
    const json = await readCardJson(folder);
    return json === undefined ? undefined : cardNotes.parse(json);
  } catch (cause) {
    throw new EngineError(
      "FOLDER_INVALID",
      `${MODEL_CARD_FILE} is not JSON in UTF-8 with a name, and words in a list.`,
      {
        cause,
      },
    );
  }
}

/** Picture that the thread works on. */
interface Task {
  readonly onStep: (step: number) => void;
  readonly resolve: (picture: Picture) => void;
  readonly reject: (error: Error) => void;
}

async function openEngine(
  thread: Worker,
  stopFlag: Int32Array,
  about: Pick<Engine, "name" | "modelHash">,
): Promise<Engine> {
  const sideStep = await ready(thread);
  let task: Task | undefined;
  let closed: EngineError | undefined;
  let lastId = 0;
  const queue = createMutex();

  const finish = (use: (task: Task) => void) => {
    const ended = task;
    task = undefined;
    thread.unref();
    if (ended) use(ended);
  };
  thread.on("message", (answer: ThreadAnswer) => {
    if (answer.kind === "step") task?.onStep(answer.step);
    if (answer.kind === "done") finish(({ resolve }) => resolve(answer.picture));
    if (answer.kind === "failed") finish(({ reject }) => reject(new EngineError(answer.code, answer.message)));
  });
  const die = (cause: unknown) => {
    closed ??= new EngineError("CLOSED", "The engine's thread ended.", { cause });
    const error = closed;
    finish(({ reject }) => reject(error));
  };
  thread.on("error", die);
  thread.on("exit", (code) => die(new Error(`exit code ${code}`)));
  // An idle engine does not keep the program alive.
  thread.unref();

  const paint = (input: PictureInput, { onStep, signal }: PictureOptions): Promise<Picture> => {
    if (closed) throw closed;
    if (signal?.aborted) throw aborted(signal);
    const id = ++lastId;
    const giveUp = () => Atomics.store(stopFlag, 0, id);
    signal?.addEventListener("abort", giveUp, { once: true });
    let fault: { readonly error: unknown } | undefined;
    const tell = (step: number) => {
      if (fault) return;
      try {
        onStep?.(step, input.steps);
      } catch (error) {
        // The caller's own error goes to the caller, not to the thread's event handler.
        fault = { error };
        giveUp();
      }
    };
    return new Promise<Picture>((resolve, reject) => {
      task = { onStep: tell, resolve, reject };
      thread.ref();
      thread.postMessage({ kind: "paint", id, input: plain(input) } satisfies ThreadOrder);
    })
      .then(
        (picture) => {
          if (fault) throw fault.error;
          return picture;
        },
        (error: unknown) => {
          if (fault) throw fault.error;
          throw signal?.aborted && error instanceof EngineError && error.code === "ABORTED" ? aborted(signal) : error;
        },
      )
      .finally(() => signal?.removeEventListener("abort", giveUp));
  };

  return {
    ...about,
    samplers,
    schedulers,
    sideStep,
    generate(input, options = {}) {
      try {
        checkInput(input, sideStep);
      } catch (error) {
        return Promise.reject(error);
      }
      return queue.run(() => paint(input, options));
    },
    async close() {
      closed ??= new EngineError("CLOSED", "The engine is closed.");
      Atomics.store(stopFlag, 0, lastId);
      const ended = new Promise<void>((resolve) => thread.once("exit", () => resolve()));
      if (thread.threadId === -1) return;
      thread.ref();
      thread.postMessage({ kind: "close" } satisfies ThreadOrder);
      await ended;
    },
  };
}

function ready(thread: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    const onMessage = (answer: ThreadAnswer) => {
      forget();
      if (answer.kind === "ready") resolve(answer.sideStep);
      else if (answer.kind === "failed") reject(new EngineError(answer.code, answer.message));
    };
    const onEnd = (cause: unknown) => {
      forget();
      reject(new EngineError("RUN_FAILED", "The engine's thread did not start.", { cause }));
    };
    const forget = () => {
      thread.off("message", onMessage);
      thread.off("error", onEnd);
      thread.off("exit", onEnd);
    };
    thread.on("message", onMessage);
    thread.on("error", onEnd);
    thread.on("exit", onEnd);
  });
}

function aborted(signal: AbortSignal): EngineError {
  return new EngineError("ABORTED", "The picture was given up.", { cause: signal.reason });
}

/** Only what the type says crosses over: callers may pass objects with more. */
function plain(input: PictureInput): PictureInput {
  const { prompt, negativePrompt, seed, width, height, steps, guidanceScale, sampler, scheduler } = input;
  return { prompt, negativePrompt, seed, width, height, steps, guidanceScale, sampler, scheduler };
}

const MAX_SIDE = 4096;
const MAX_STEPS = 1_000;

function checkInput(input: PictureInput, sideStep: number): void {
  const { source, mask, extras = "" } = input;
  requireTaken({ source: source !== undefined, mask: mask !== undefined, extras: extras !== "" }, []);
  const refuse = (message: string): never => {
    throw new EngineError("INPUT_INVALID", message);
  };
  for (const [name, side] of [
    ["width", input.width],
    ["height", input.height],
  ] as const) {
    if (!Number.isInteger(side) || side < sideStep || side > MAX_SIDE || side % sideStep !== 0) {
      refuse(`This model makes pictures whose ${name} is a multiple of ${sideStep} up to ${MAX_SIDE}, not ${side}.`);
    }
  }
  if (!Number.isInteger(input.steps) || input.steps < 1 || input.steps > MAX_STEPS) {
    refuse(`Steps are 1 to ${MAX_STEPS}, not ${input.steps}.`);
  }
  if (!Number.isFinite(input.guidanceScale) || input.guidanceScale < 0 || input.guidanceScale > 1_000) {
    refuse(`The guidance scale is 0 to 1000, not ${input.guidanceScale}.`);
  }
  if (input.seed < 0n || input.seed >= 1n << 64n) refuse("A seed is 0 to 2^64-1.");
  samplerNamed(input.sampler);
  schedulerNamed(input.scheduler);
}

import type { Logger } from "../log.ts";
import { type Engine, EngineError } from "./types.ts";

/** Milliseconds after which an engine that was told to give a picture up counts as hanging: a step of a large one may take minutes. */
const HANG_TIMEOUT = 300_000;

/**
 * Engine that is loaded again when its thread has died (out of memory, a fault in the runtime) or hangs: the job at hand fails, the
 * next one finds a working engine. What is loaded again must be the same engine on the same files.
 */
export function restartingEngine(
  first: Engine,
  load: () => Promise<Engine>,
  log: Logger,
  { hangTimeout = HANG_TIMEOUT }: { readonly hangTimeout?: number } = {},
): Engine {
  let current: Promise<Engine> | undefined = Promise.resolve(first);
  let closed = false;

  const revive = async (): Promise<Engine> => {
    log.warn({ engine: first.name }, "the engine has died or hangs; it is loaded again");
    const again = await load();
    if (again.name === first.name && again.modelHash === first.modelHash) return again;
    await again.close();
    throw new EngineError("MODEL_CHANGED", "The model's files have changed while the worker ran.");
  };

  return {
    ...first,
    generate: async (input, options) => {
      if (closed) throw new EngineError("CLOSED", "The engine is closed.");
      current ??= revive();
      const using = current;
      try {
        const engine = await using;
        return await rejectIfHanging(engine.generate(input, options), options?.signal, hangTimeout, () => {
          // It may only be slow, and then gives its memory back.
          void engine.close().catch(() => {});
        });
      } catch (error) {
        const isDead =
          !(error instanceof EngineError) || ["CLOSED", "MODEL_CHANGED", "FOLDER_INVALID"].includes(error.code);
        if (isDead && current === using) current = undefined;
        throw error;
      }
    },
    close: async () => {
      closed = true;
      await current?.then(
        (engine) => engine.close(),
        () => {},
      );
    },
  };
}

/**
 * Waits for a picture, and for some time after it was given up.
 * @throws {@link EngineError} `CLOSED` when it is not given up by then; `leave` is called before.
 */
async function rejectIfHanging<result>(
  making: Promise<result>,
  signal: AbortSignal | undefined,
  hangTimeout: number,
  leave: () => void,
): Promise<result> {
  let timer: NodeJS.Timeout | undefined;
  let begin = (): void => {};
  const hanging = new Promise<never>((_, reject) => {
    begin = () => {
      timer = setTimeout(() => {
        leave();
        reject(new EngineError("CLOSED", `The engine went on for ${hangTimeout / 1_000} s after it was told to stop.`));
      }, hangTimeout);
    };
  });
  if (signal?.aborted) begin();
  else signal?.addEventListener("abort", begin, { once: true });
  return Promise.race([making, hanging]).finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", begin);
  });
}

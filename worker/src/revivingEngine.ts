import { type Engine, EngineError } from "./engines/types.ts";
import type { Logger } from "./log.ts";

/**
 * An engine that is loaded again when its thread has died (out of memory, a fault in the runtime): the job at hand fails, the
 * next one finds a working engine. What is loaded again must be the same engine on the same files.
 */
export function revivingEngine(first: Engine, load: () => Promise<Engine>, log: Logger): Engine {
  let current: Promise<Engine> | undefined = Promise.resolve(first);
  let closed = false;

  const revive = async (): Promise<Engine> => {
    log.warn({ engine: first.name }, "the engine's thread has died; it is loaded again");
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
        return await (await using).generate(input, options);
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

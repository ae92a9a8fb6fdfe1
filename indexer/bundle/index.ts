// The whole indexer as one bundle, for main.mjs. Ponder by itself compiles some hundred files at each start.
import { type Handler, handlers } from "./registry.ts";

export * from "../ops/index.ts";

/** Parts that Ponder asks for, one after the other. None is evaluated before it is asked for: the API needs the tables. */
export const parts = {
  config: async (): Promise<object> => (await import("../ponder.config.ts")).default,
  schema: async (): Promise<object> => ({ ...(await import("../ponder.schema.ts")) }),
  handlers: async (): Promise<ReadonlyMap<string, Handler>> => {
    await import("../src/handlers.ts");
    return handlers;
  },
  api: async (): Promise<object> => (await import("../src/api/index.ts")).default,
};

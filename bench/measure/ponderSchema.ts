import { register } from "node:module";

/** Lets this process import modules that read Ponder's `ponder:schema`. Modules that do are imported after it. */
export function resolvePonderSchema(): void {
  const schema = new URL("../../indexer/ponder.schema.ts", import.meta.url).href;
  const hooks = `export const resolve = (name, context, next) => next(name === "ponder:schema" ? ${JSON.stringify(schema)} : name, context);`;
  register(`data:text/javascript,${encodeURIComponent(hooks)}`);
}

// Operations that main.mjs needs.
export { pruneSchemas, schemasToRebuild, schemasToStart, viewsToServe } from "./commands.ts";
export { readEnvironment } from "./environment.ts";

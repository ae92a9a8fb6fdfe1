// What main.mjs needs of the configuration.
export { pruneSchemas, schemasToRebuild, schemasToStart, viewsToServe } from "./commands.ts";
export { readEnvironment } from "./environment.ts";

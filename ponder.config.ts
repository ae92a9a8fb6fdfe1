export { default } from "./indexer/ponder.config.ts";

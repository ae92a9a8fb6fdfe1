// Anvil that keeps its chain: see README.md.
export { type AnvilProcess, type DurableAnvil, type DurableAnvilOptions, startDurableAnvil } from "./durableAnvil.ts";
export { WriteAheadLogError, type WriteAheadLogErrorCode } from "./errors.ts";

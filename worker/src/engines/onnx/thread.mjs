// Entry of the engine's thread. Sources are TypeScript, and a thread does not inherit how its parent reads them.
import { register } from "tsx/esm/api";

register();
await import("./thread.ts");

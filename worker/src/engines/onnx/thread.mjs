// Entry of the engine's thread. Sources are TypeScript, and a thread does not inherit how its parent reads them.
import { load } from "../../../../tools/load.mjs";

await load(new URL("./thread.ts", import.meta.url));

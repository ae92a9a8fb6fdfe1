import { createFastDigester, type Digester } from "@gridnft/sdk";

/** keccak256 as WebAssembly: an indexer hashes every receipt that there is. */
export const digester: Digester = await createFastDigester();

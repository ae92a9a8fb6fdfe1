import { createConfig } from "ponder";
import { readEnvironment } from "./ops/environment.ts";
import { indexedContracts } from "./ops/indexedContracts.ts";
import { rowsFingerprint } from "./ops/schemaName.ts";

const { chainId, deployment, rpcUrls, databaseUrl, pollingInterval, local } = await readEnvironment(process.env);

// Ponder derives its build id from this object and from texts of its folder, which main.mjs makes: they say nothing about the code. The
// fingerprint stands here, so that changed code is a changed build and old rows get no new meaning.
const rows = { rows: await rowsFingerprint() };

export default createConfig({
  ordering: "multichain",
  database: { kind: "postgres", connectionString: databaseUrl, poolConfig: { max: 12 } },
  chains: {
    grid: {
      id: chainId,
      rpc: rpcUrls,
      pollingInterval,
      ethGetLogsBlockRange: 10_000,
      // A local chain may begin anew under the same id: what was read from the one before must not be believed.
      disableCache: local,
    },
  },
  contracts: indexedContracts(deployment, rows),
});

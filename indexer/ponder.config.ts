import { createConfig } from "ponder";
import { codecFingerprint } from "./ops/codec.ts";
import { readEnvironment } from "./ops/environment.ts";
import { indexedContracts } from "./ops/indexedContracts.ts";

const { chainId, deployment, rpcUrls, databaseUrl, pollingInterval, local } = await readEnvironment(process.env);

// Ponder derives its build id from this object, the text of `ponder.schema.ts` and that of `src` without `src/api`. The codec lives
// outside of those. Its fingerprint stands here, so that a changed codec is a changed build and old rows get no new meaning.
const codec = { codec: await codecFingerprint() };

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
  contracts: indexedContracts(deployment, codec),
});

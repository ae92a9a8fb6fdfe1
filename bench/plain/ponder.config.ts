// Plain Ponder, as its documentation shows it: a peer of the benches. It hears of the same logs as the indexer.
import { createConfig } from "ponder";
import { indexedContracts } from "../../indexer/ops/indexedContracts.ts";
import { CHAIN_ID, deployment } from "../synthetic/deployment.ts";

export default createConfig({
  database: { kind: "postgres", connectionString: process.env.DATABASE_URL as string, poolConfig: { max: 12 } },
  chains: {
    grid: { id: CHAIN_ID, rpc: process.env.PLAIN_RPC_URL?.split(",") ?? [], ethGetLogsBlockRange: 10_000 },
  },
  contracts: indexedContracts(deployment),
});

// Plain Ponder, as its documentation shows it: a peer of the benches. It hears of the same logs as the indexer.
import { aigcAbi, gridNftAbi, gridSettlementAbi, workerRegistryAbi } from "@gridnft/sdk";
import { createConfig } from "ponder";
import { CHAIN_ID, deployment } from "../synthetic/deployment.ts";

const { AIGC, GridNFT, GridSettlement, WorkerRegistry } = deployment.contracts;

export default createConfig({
  database: { kind: "postgres", connectionString: process.env.DATABASE_URL as string, poolConfig: { max: 12 } },
  chains: {
    grid: { id: CHAIN_ID, rpc: process.env.PLAIN_RPC_URL?.split(",") ?? [], ethGetLogsBlockRange: 10_000 },
  },
  contracts: {
    AIGC: { chain: "grid", abi: aigcAbi, ...AIGC },
    GridNFT: { chain: "grid", abi: gridNftAbi, ...GridNFT },
    GridSettlement: { chain: "grid", abi: gridSettlementAbi, ...GridSettlement },
    WorkerRegistry: { chain: "grid", abi: workerRegistryAbi, ...WorkerRegistry },
  },
});

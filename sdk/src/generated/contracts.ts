// Generated from contracts/manifest.ts by scripts/generate.ts: npm run generate -w sdk
import { aigcAbi, aipgAbi, gridAuthorityAbi, gridNftAbi, gridSettlementAbi, workerRegistryAbi } from "./abis.js";

/** Names of the contracts of a deployment. */
export const contractNames = ["AIGC","AIPG","GridAuthority","GridNFT","GridRenderer","GridSettlement","WorkerRegistry"] as const;

/** Contracts that applications call, by their properties of `gridContracts`. */
export const calledContracts = {
  aigc: { name: "AIGC", abi: aigcAbi },
  aipg: { name: "AIPG", abi: aipgAbi },
  authority: { name: "GridAuthority", abi: gridAuthorityAbi },
  nft: { name: "GridNFT", abi: gridNftAbi },
  settlement: { name: "GridSettlement", abi: gridSettlementAbi },
  registry: { name: "WorkerRegistry", abi: workerRegistryAbi },
} as const;

/** ABIs of the contracts whose events are the protocol's state, by name: what an indexer reads. */
export const indexedAbis = {
  AIGC: aigcAbi,
  GridNFT: gridNftAbi,
  GridSettlement: gridSettlementAbi,
  WorkerRegistry: workerRegistryAbi,
} as const;

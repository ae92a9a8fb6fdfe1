// Contracts of a deployment as viem's actions take them: the address, and what this package uses of the ABI.
import { aigcAbi, aipgAbi, gridNftAbi, gridSettlementAbi, workerRegistryAbi } from "../generated/used.js";
import type { Deployment } from "./deployment.js";

export const aigcAt = ({ contracts }: Deployment) => ({ address: contracts.AIGC.address, abi: aigcAbi }) as const;
export const aipgAt = ({ contracts }: Deployment) => ({ address: contracts.AIPG.address, abi: aipgAbi }) as const;
export const nftAt = ({ contracts }: Deployment) => ({ address: contracts.GridNFT.address, abi: gridNftAbi }) as const;
export const registryAt = ({ contracts }: Deployment) =>
  ({ address: contracts.WorkerRegistry.address, abi: workerRegistryAbi }) as const;
export const settlementAt = ({ contracts }: Deployment) =>
  ({ address: contracts.GridSettlement.address, abi: gridSettlementAbi }) as const;

import { type ContractName, contractNames, type Deployment } from "@gridnft/sdk";
import { type Address, keccak256, slice, stringToHex } from "viem";

/** Id of the synthetic chain: of no real one, and none that the indexer takes for a development chain (whose answers it won't keep). */
export const CHAIN_ID = 745_011;

/** An address that a name stands for. */
export function addressOf(name: string): Address {
  return slice(keccak256(stringToHex(name)), 12);
}

/** Where the contracts of the synthetic chain stand. */
export const deployment: Deployment = {
  chainId: CHAIN_ID,
  startBlock: 1,
  contracts: Object.fromEntries(
    contractNames.map((name) => [name, { address: addressOf(`contract ${name}`), startBlock: 1 }]),
  ) as Record<ContractName, { address: Address; startBlock: number }>,
};

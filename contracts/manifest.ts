// Contracts of a deployment, one line each. Every list of contracts follows from this one: ABIs, names and addresses in the SDK,
// what Ponder reads, the checks of trees and of storage, and the folders that `npm run feature` counts.

/** Contract of a deployment. The names of its flags are those of lists: `contractNames("isIndexed")`. */
export interface ContractEntry {
  /** Property of the SDK's `gridContracts`, for a contract that applications call. The SDK has the ABIs of these. */
  readonly key?: string;
  /** True for a contract behind a UUPS proxy: its storage must not move. */
  readonly isProxy?: true;
  /** True for a contract whose events are the protocol's state. The indexer reads it, and each function that writes has a tree. */
  readonly isIndexed?: true;
  /** Words of a path that stand for the contract: what only this contract is about. */
  readonly nouns?: string;
}

export const contracts: Readonly<Record<string, ContractEntry>> = {
  AIGC: { key: "aigc", isProxy: true, isIndexed: true, nouns: "license licenses" },
  AIPG: { key: "aipg" },
  GridAuthority: { key: "authority", nouns: "authority governance" },
  GridNFT: { key: "nft", isProxy: true, isIndexed: true, nouns: "artwork artworks evolve mint minting remixes series" },
  GridRenderer: { nouns: "renderer" },
  GridSettlement: {
    key: "settlement",
    isIndexed: true,
    nouns: "collecting lane lanes order orders settle settlement settling voucher vouchers",
  },
  WorkerRegistry: { key: "registry", isIndexed: true, nouns: "bond registry slashing" },
};

/** Returns the names of all contracts, or of those that have a flag. */
export function contractNames(flag?: keyof ContractEntry): readonly string[] {
  return Object.keys(contracts).filter((name) => flag === undefined || contracts[name]?.[flag] !== undefined);
}

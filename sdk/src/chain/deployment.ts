import { type Abi, type Address, type Client, type GetContractReturnType, getContract } from "viem";
import { deployments } from "../generated/addresses.js";
import { calledContracts, contractNames } from "../generated/contracts.js";
import { acceptedForm, addressFault } from "../lib/address.js";
import { GridError } from "../lib/errors.js";
import { type NftDomain, nftDomain, type SettlementDomain, settlementDomain } from "../messages/typedData.js";

/** Name of a contract of a deployment. */
export type ContractName = (typeof contractNames)[number];

/** One deployment of the protocol: `deployments/<chainId>.json`. */
export interface Deployment {
  readonly chainId: number;
  /** No log of the protocol is in an older block. */
  readonly startBlock: number;
  readonly contracts: Readonly<Record<ContractName, { readonly address: Address; readonly startBlock: number }>>;
}

/**
 * Reads a deployment file, e.g. `deployments/31337.json` of a local chain.
 * @throws {@link GridError} `DEPLOYMENT_INVALID`, naming what is missing.
 */
export function parseDeployment(json: unknown): Deployment {
  const file = json as Partial<Deployment> | null;
  const refuse = (field: string, fault?: string): never => {
    const message =
      fault === undefined ? `The deployment file lacks ${field}.` : `The deployment file's ${field} ${fault}.`;
    throw new GridError("DEPLOYMENT_INVALID", message, field);
  };
  if (typeof file !== "object" || file === null) return refuse("an object");
  if (!Number.isSafeInteger(file.chainId)) refuse("chainId");
  if (!Number.isSafeInteger(file.startBlock)) refuse("startBlock");
  for (const name of contractNames) {
    const entry = file.contracts?.[name];
    const fault = addressFault(entry?.address);
    if (fault !== undefined) refuse(`contracts.${name}.address`, entry?.address === undefined ? undefined : fault);
    if (!Number.isSafeInteger(entry?.startBlock)) refuse(`contracts.${name}.startBlock`);
  }
  const { contracts } = file as Deployment;
  const accepted = contractNames.map((name) => {
    const address = acceptedForm(contracts[name].address);
    return [name, { ...contracts[name], address }] as const;
  });
  return { ...(file as Deployment), contracts: { ...contracts, ...Object.fromEntries(accepted) } };
}

/**
 * The project's own deployment on a chain.
 * @throws {@link GridError} `DEPLOYMENT_UNKNOWN` when there is none; local chains have a file, see {@link parseDeployment}.
 */
export function deploymentOf(chainId: number): Deployment {
  const known: Readonly<Record<number, unknown>> = deployments;
  if (!known[chainId]) throw new GridError("DEPLOYMENT_UNKNOWN", `GridNFT is not deployed on chain ${chainId}.`);
  return parseDeployment(known[chainId]);
}

/** Domain of orders, receipts, lanes and vouchers of a deployment. */
export function settlementDomainOf(deployment: Deployment): SettlementDomain {
  return settlementDomain(deployment.chainId, deployment.contracts.GridSettlement.address);
}

/** Domain of mint and evolve authorizations of a deployment. */
export function nftDomainOf(deployment: Deployment): NftDomain {
  return nftDomain(deployment.chainId, deployment.contracts.GridNFT.address);
}

/** viem contract instances of a deployment. */
export type GridContracts<client extends Client> = {
  readonly [key in keyof typeof calledContracts]: GetContractReturnType<(typeof calledContracts)[key]["abi"], client>;
};

/**
 * Every contract of a deployment, typed, on one viem client.
 *
 * @example
 * const { settlement, nft } = gridContracts(walletClient.extend(publicActions), { deployment });
 * await settlement.write.deposit([10n ** 18n]);
 * await nft.read.tokenURI([1001n]);
 */
export function gridContracts<client extends Client>(
  client: client,
  { deployment }: { readonly deployment: Deployment },
): GridContracts<client> {
  const instances = Object.entries(calledContracts).map(([key, { name, abi }]) => {
    return [key, getContract({ abi: abi as Abi, address: deployment.contracts[name].address, client })];
  });
  return Object.fromEntries(instances) as GridContracts<client>;
}

import {
  type Deployment,
  type GridContracts,
  GridError,
  gridContracts,
  type SettlementDomain,
  settlementDomainOf,
} from "@gridnft/sdk";
import { readDeployment } from "@gridnft/sdk/node";
import { type Chain, createPublicClient, defineChain, http, type PublicClient, type Transport } from "viem";
import { describe, WorkerError } from "../errors.ts";

/** Viem client that only reads. */
export type Reader = PublicClient<Transport, Chain>;

/** Chain, the protocol on it, and the domain of its messages. */
export interface GridChain {
  readonly chain: Chain;
  readonly isLocal: boolean;
  readonly deployment: Deployment;
  readonly domain: SettlementDomain;
  readonly client: Reader;
  readonly grid: GridContracts<Reader>;
}

/** Chain ids of anvil, hardhat and ganache: time jumps there, and nobody else makes blocks. */
const localChains = [31_337, 1337];

/**
 * Connects to a node and checks that the deployment is that chain's: its settlement must know itself by our domain.
 * @param deploymentPath File of the deployment, or undefined for the SDK's own.
 * @throws {@link WorkerError} `CHAIN_UNREACHABLE`, `DEPLOYMENT_MISMATCH`.
 */
export async function connectChain(rpcUrl: string, deploymentPath: string | undefined): Promise<GridChain> {
  const transport = http(rpcUrl, { retryCount: 2, timeout: 10_000, batch: { wait: 2 } });
  const id = await createPublicClient({ transport })
    .getChainId()
    .catch((cause: unknown) => {
      throw new WorkerError("CHAIN_UNREACHABLE", `No chain answers at ${originOf(rpcUrl)}.`, { cause });
    });
  const chain = defineChain({
    id,
    name: `chain ${id}`,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
  const isLocal = localChains.includes(id);
  const client: Reader = createPublicClient({ chain, transport, pollingInterval: isLocal ? 100 : 1_000, cacheTime: 0 });
  const deployment = deploymentAt(deploymentPath, id);
  const domain = settlementDomainOf(deployment);
  const grid = gridContracts<Reader>(client, { deployment });
  const [, name, version, chainId, verifyingContract] = await grid.settlement.read.eip712Domain().catch((cause) => {
    throw new WorkerError("DEPLOYMENT_MISMATCH", `There is no GridSettlement at ${domain.verifyingContract}.`, {
      cause,
    });
  });
  const same =
    name === domain.name &&
    version === domain.version &&
    Number(chainId) === domain.chainId &&
    verifyingContract.toLowerCase() === domain.verifyingContract.toLowerCase();
  if (!same) throw new WorkerError("DEPLOYMENT_MISMATCH", `The deployment is not that of chain ${id}.`);
  return { chain, isLocal, deployment, domain, client, grid };
}

function deploymentAt(path: string | undefined, chainId: number): Deployment {
  try {
    const deployment = readDeployment(path, chainId);
    if (deployment.chainId === chainId) return deployment;
    throw new WorkerError(
      "DEPLOYMENT_MISMATCH",
      `The deployment is for chain ${deployment.chainId}, the node is on chain ${chainId}.`,
    );
  } catch (cause) {
    if (cause instanceof WorkerError) throw cause;
    const hint = cause instanceof GridError && path === undefined ? " Name its file in GRID_DEPLOYMENT." : "";
    throw new WorkerError("DEPLOYMENT_MISMATCH", `${describe(cause)}${hint}`, { cause });
  }
}

/** Scheme and host only: paths and queries of RPC URLs often are keys. */
function originOf(url: string): string {
  return new URL(url).origin;
}

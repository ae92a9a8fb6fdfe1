import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Deployment, GridError } from "@gridnft/sdk";
import { readDeployment, readTextFile } from "@gridnft/sdk/node";
import { createPublicClient, http, type PublicClient } from "viem";
import { z } from "zod";
import type { Config } from "./config.ts";
import { CliError, usageError } from "./failure.ts";
import { readUrl } from "./values.ts";

/** `grid.json`, which a running local grid writes. */
const gridFile = z.object({
  version: z.literal(1),
  chain_id: z.int(),
  rpc_url: z.string(),
  cloud_url: z.string().optional(),
  graphql_url: z.string().optional(),
  gallery_url: z.string().optional(),
  /** Path of a deployment file, relative to grid.json. */
  deployment: z.string(),
  models_folder: z.string().optional(),
  accounts: z.array(z.object({ name: z.string(), address: z.string(), private_key: z.string() })).default([]),
});

/** An account that this machine holds the key of. */
export interface NamedAccount {
  readonly name: string;
  readonly address: string;
  readonly privateKey: string;
}

/** Places of a grid: from `grid.json`, the user's settings on top, environment variables on top of both. */
export interface GridPlaces {
  readonly rpcUrl: string;
  readonly cloudUrl: string | undefined;
  readonly graphqlUrl: string | undefined;
  /** Web gallery. */
  readonly galleryUrl: string | undefined;
  /** Path of a deployment file; undefined for the project's own deployment on the chain. */
  readonly deployment: string | undefined;
  readonly modelsFolder: string | undefined;
  readonly accounts: readonly NamedAccount[];
  /** The grid.json that was read. */
  readonly file: string | undefined;
}

/** A chain with the protocol on it. */
export interface Grid extends GridPlaces {
  readonly client: PublicClient;
  readonly chainId: number;
  readonly contracts: Deployment;
}

const START = "Start one with npm start, or set GRID_RPC_URL to a node of a chain with GridNFT.";
const checkout = fileURLToPath(new URL("../../", import.meta.url));

/** The first grid.json of GRID_HOME, the working directory and the folders above it, and this checkout. */
function findGridFile(cwd: string, environment: NodeJS.ProcessEnv): string | undefined {
  if (environment.GRID_HOME) {
    const path = join(resolve(cwd, environment.GRID_HOME), "grid.json");
    return existsSync(path) ? path : undefined;
  }
  for (let folder = cwd; ; folder = dirname(folder)) {
    const path = join(folder, ".grid", "grid.json");
    if (existsSync(path)) return path;
    if (dirname(folder) === folder) break;
  }
  const own = join(checkout, ".grid", "grid.json");
  return existsSync(own) ? own : undefined;
}

/**
 * Addresses of the grid's services.
 * @throws {@link CliError} usage: no grid.json and no GRID_RPC_URL, or either is broken.
 */
export function readPlaces(cwd: string, environment: NodeJS.ProcessEnv, config: Config = {}): GridPlaces {
  const path = findGridFile(cwd, environment);
  const chosen = environment.GRID_RPC_URL || config["rpc-url"];
  const file = path === undefined ? undefined : parseGridFile(path);
  const rpcUrl = chosen || file?.rpc_url;
  if (!rpcUrl) throw usageError(`No grid is running here. ${START}`, "NO_GRID");
  // A node of the user's own choice is another chain: nothing of the local grid goes with it.
  const local = chosen && chosen !== file?.rpc_url ? undefined : file;
  const beside = (at: string): string => (isAbsolute(at) || !path ? at : join(dirname(path), at));
  const deployment = environment.GRID_DEPLOYMENT || config.deployment;
  return {
    rpcUrl: readUrl("GRID_RPC_URL", rpcUrl),
    cloudUrl: optionalUrl("GRID_CLOUD_URL", environment.GRID_CLOUD_URL || config["cloud-url"] || local?.cloud_url),
    graphqlUrl: optionalUrl(
      "GRID_GRAPHQL_URL",
      environment.GRID_GRAPHQL_URL || config["graphql-url"] || local?.graphql_url,
    ),
    galleryUrl: optionalUrl("GRID_GALLERY_URL", environment.GRID_GALLERY_URL || local?.gallery_url),
    deployment: deployment ? resolve(cwd, deployment) : local && beside(local.deployment),
    modelsFolder: local?.models_folder === undefined ? undefined : beside(local.models_folder),
    accounts: (local?.accounts ?? []).map(({ name, address, private_key }) => ({
      ...{ name, address, privateKey: private_key },
    })),
    file: local && path,
  };
}

/**
 * Asks the node which chain it is, and reads the deployment on it.
 * @throws {@link CliError} when no node answers, or the deployment is of another chain.
 */
export async function openGrid(places: GridPlaces): Promise<Grid> {
  const client = createPublicClient({
    transport: http(places.rpcUrl, { retryCount: 1, timeout: 20_000 }),
    cacheTime: 0,
    batch: { multicall: false },
    pollingInterval: 100,
  });
  const chainId = await client.getChainId().catch((cause: unknown) => {
    const text = places.file
      ? `No grid is running: nothing answers at ${places.rpcUrl}, which ${places.file} names. Start it with npm start.`
      : `No node answers at ${places.rpcUrl}. ${START}`;
    throw new CliError("CHAIN_UNREACHABLE", text, undefined, { cause });
  });
  const contracts = deploymentAt(places.deployment, chainId);
  if (contracts.chainId !== chainId) {
    throw usageError(
      `${places.deployment} is of chain ${contracts.chainId}, but the node at ${places.rpcUrl} is of chain ${chainId}.`,
      "DEPLOYMENT_OTHER_CHAIN",
    );
  }
  return { ...places, client, chainId, contracts };
}

function deploymentAt(path: string | undefined, chainId: number): Deployment {
  try {
    return readDeployment(path, chainId);
  } catch (cause) {
    if (cause instanceof GridError && path === undefined) {
      throw usageError(`${cause.message} Set GRID_DEPLOYMENT to a deployment file.`, cause.code, { cause });
    }
    const reason = cause instanceof GridError ? cause.message : `${path} can't be read as JSON.`;
    throw usageError(`The deployment file is no use: ${reason}`, "DEPLOYMENT_INVALID", { cause });
  }
}

function parseGridFile(path: string): z.output<typeof gridFile> {
  try {
    return gridFile.parse(JSON.parse(readTextFile(path)));
  } catch (cause) {
    throw usageError(`${path} is broken; npm start writes it anew.`, "GRID_FILE_INVALID", { cause });
  }
}

function optionalUrl(name: string, url: string | undefined): string | undefined {
  return url === undefined ? undefined : readUrl(name, url);
}

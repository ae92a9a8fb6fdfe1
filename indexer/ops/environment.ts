import type { Deployment } from "@gridnft/sdk";
import { readDeployment } from "@gridnft/sdk/node";
import { z } from "zod";
import { callNode } from "./chainReader.ts";
import { messageOf } from "./log.ts";

/** Environment of the indexer: what it indexes, and where it keeps it. */
export interface IndexerEnvironment {
  readonly chainId: number;
  readonly deployment: Deployment;
  /** One entry for each URL given; more of them share the load of a backfill. */
  readonly rpcUrls: string[];
  readonly databaseUrl: string;
  /** Schema for the tables, if it is not to be named after what they depend on. */
  readonly schema: string | undefined;
  /** Schema for views of the tables in use. */
  readonly viewsSchema: string | undefined;
  /** Milliseconds between looks at the chain's head. */
  readonly pollingInterval: number;
  readonly host: string;
  readonly port: number;
  /** Hash of the chain's block 0: tells a chain from another one of the same id. */
  readonly firstBlockHash: () => Promise<string>;
  /** Blocks that the index may be behind the chain before `/v1/health` says so. */
  readonly maxLag: number;
  /** Address at which others reach the API, if not this machine's. */
  readonly publicUrl: string | undefined;
  /** Limits of what anybody may ask. */
  readonly rateLimit: RateLimitEnvironment;
  /** True when Ponder's `/metrics` and `/status` are answered, to anybody. */
  readonly opensMetrics: boolean;
  /** True when `/sql` is answered: reading statements of `@ponder/client`. */
  readonly opensSql: boolean;
  /** True for a development chain, which may be thrown away and begun anew. */
  readonly local: boolean;
}

/** Settings by which the API tells its clients apart, and limits each of them. */
export interface RateLimitEnvironment {
  /** Cost that a client may spend each minute. 0: any. */
  readonly requestsPerMinute: number;
  /** Reverse proxies in front, whose X-Forwarded-For entries are believed. */
  readonly proxies: number;
}

/** Something in the environment that has to be put right before the indexer can start. */
export class IndexerEnvironmentError extends Error {
  override readonly name = "IndexerEnvironmentError";

  constructor(
    readonly code:
      | "ENVIRONMENT_INVALID"
      | "RPC_UNREACHABLE"
      | "CHAIN_MISMATCH"
      | "DEPLOYMENT_INVALID"
      | "DATABASE_UNREACHABLE"
      | "REBUILD_RUNS",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Milliseconds that the chain's node gets for an answer. */
const RPC_TIMEOUT = 10_000;

const hexJson = z.string().regex(/^0x[0-9a-fA-F]+$/);

/** Hosts at which only programs of this machine reach the API. */
const loopback = /^(127\.|::1$|localhost$)/;
/** Limit of a client each minute where others reach the API, by cost: fifty lists a second. */
const PUBLIC_RATE = 3_000;

const localChains = [1337, 31_337];

const httpUrl = z
  .string({ error: "is missing: the URL of a JSON-RPC endpoint, or several with commas between" })
  .transform((text) => text.split(",").map((url) => url.trim()))
  .refine((urls) => urls.every((url) => /^https?:\/\//.test(url) && URL.canParse(url)), {
    error: "is not a URL such as http://127.0.0.1:8545 (or several with commas between)",
  });

const wholeNumber = (from: number, to: number) =>
  z
    .string()
    .refine((text) => /^\d+$/.test(text) && Number(text) >= from && Number(text) <= to, {
      error: `is not a whole number from ${from} to ${to}`,
    })
    .transform(Number)
    .optional();

/** Ponder takes at most 45 characters; a number may come behind it. */
const schemaText = z
  .string()
  .regex(/^[a-z_][a-z0-9_]{0,39}$/, "is not a name such as grid_1: small letters, digits and _, at most 40")
  .optional();

const variables = z.object({
  GRID_RPC_URL: httpUrl,
  GRID_DEPLOYMENT: z.string().min(1).optional(),
  DATABASE_URL: z
    .string({ error: "is missing: the URL of a Postgres database, e.g. postgres://user@127.0.0.1:5432/grid" })
    .regex(/^postgres(ql)?:\/\//, "is not a URL of a Postgres database, e.g. postgres://user@127.0.0.1:5432/grid"),
  DATABASE_SCHEMA: schemaText,
  DATABASE_VIEWS_SCHEMA: schemaText,
  GRID_INDEXER_HOST: z.string().min(1).optional(),
  GRID_INDEXER_PORT: wholeNumber(1, 65_535),
  GRID_POLL_MILLISECONDS: wholeNumber(100, 600_000),
  GRID_INDEXER_MAX_LAG: wholeNumber(0, 1_000_000),
  GRID_INDEXER_REQUESTS_PER_MINUTE: wholeNumber(0, 10_000_000),
  GRID_INDEXER_PROXIES: wholeNumber(0, 10),
  GRID_INDEXER_METRICS: z.enum(["0", "1"], { error: "is not 0 or 1" }).optional(),
  GRID_INDEXER_SQL: z.enum(["0", "1"], { error: "is not 0 or 1" }).optional(),
  GRID_INDEXER_URL: z
    .string()
    .refine((url) => /^https?:\/\//.test(url) && URL.canParse(url), { error: "is not a URL" })
    .optional(),
});

/**
 * Reads and checks the indexer's environment.
 * @throws {@link IndexerEnvironmentError} with one sentence for each fault.
 */
export async function readEnvironment(environment: NodeJS.ProcessEnv): Promise<IndexerEnvironment> {
  const parsed = variables.safeParse(environment);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join(".")} ${message}.`);
    throw new IndexerEnvironmentError("ENVIRONMENT_INVALID", faults.join("\n"));
  }
  const { data } = parsed;
  const [rpcUrl = ""] = data.GRID_RPC_URL;
  const host = data.GRID_INDEXER_HOST ?? "127.0.0.1";
  const chainId = await chainIdOf(rpcUrl);
  const local = localChains.includes(chainId);
  return {
    chainId,
    deployment: deploymentAt(chainId, data.GRID_DEPLOYMENT),
    rpcUrls: data.GRID_RPC_URL,
    databaseUrl: data.DATABASE_URL,
    schema: data.DATABASE_SCHEMA,
    viewsSchema: data.DATABASE_VIEWS_SCHEMA,
    pollingInterval: data.GRID_POLL_MILLISECONDS ?? (local ? 200 : 1_000),
    host,
    port: data.GRID_INDEXER_PORT ?? 42_069,
    firstBlockHash: async () => {
      const block = await ask(rpcUrl, "eth_getBlockByNumber", ["0x0", false]);
      return z.object({ hash: hexJson }).parse(block).hash;
    },
    maxLag: data.GRID_INDEXER_MAX_LAG ?? 10,
    publicUrl: data.GRID_INDEXER_URL,
    rateLimit: {
      requestsPerMinute: data.GRID_INDEXER_REQUESTS_PER_MINUTE ?? (loopback.test(host) ? 0 : PUBLIC_RATE),
      proxies: data.GRID_INDEXER_PROXIES ?? 0,
    },
    opensMetrics: data.GRID_INDEXER_METRICS === "1",
    opensSql: data.GRID_INDEXER_SQL === "1",
    local,
  };
}

function deploymentAt(chainId: number, path: string | undefined): Deployment {
  let deployment: Deployment;
  try {
    deployment = readDeployment(path, chainId);
  } catch (cause) {
    const subject = path === undefined ? "GRID_DEPLOYMENT is missing" : `GRID_DEPLOYMENT ${path} can't be used`;
    throw new IndexerEnvironmentError("DEPLOYMENT_INVALID", `${subject}: ${messageOf(cause)}`, { cause });
  }
  if (deployment.chainId !== chainId) {
    throw new IndexerEnvironmentError(
      "CHAIN_MISMATCH",
      `GRID_DEPLOYMENT is of chain ${deployment.chainId}, but the chain at GRID_RPC_URL has id ${chainId}.`,
    );
  }
  return deployment;
}

/** Asks the chain who it is: better to stop here with a sentence than after a minute of retries. */
async function chainIdOf(rpcUrl: string): Promise<number> {
  return Number(hexJson.parse(await ask(rpcUrl, "eth_chainId", [])));
}

async function ask(rpcUrl: string, method: string, params: readonly unknown[]): Promise<unknown> {
  try {
    return z.object({ result: z.unknown() }).parse(await callNode(rpcUrl, method, params, RPC_TIMEOUT)).result;
  } catch (cause) {
    // The URL may hold a key: name its host alone.
    const { host } = new URL(rpcUrl);
    throw new IndexerEnvironmentError("RPC_UNREACHABLE", `No chain answers at ${host} (GRID_RPC_URL).`, { cause });
  }
}

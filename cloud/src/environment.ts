import { readFileSync } from "node:fs";
import { type Deployment, GridError, parseDeployment } from "@gridnft/sdk";
import { addressJson, bytes32Json } from "@gridnft/sdk/wire";
import type { Address } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { z } from "zod";

/** The environment is not what this program needs. The message has one line a fault. */
export class EnvironmentError extends Error {
  override readonly name = "EnvironmentError";
  readonly code = "ENVIRONMENT_INVALID";
}

/** The cloud as a payer: its cold account, the key that signs vouchers, and what it pays at most. */
export interface GatewayTerms {
  readonly account: Address;
  readonly signer: PrivateKeyAccount;
  /** The cold account's own key, where this process may open and fund lanes. */
  readonly owner: PrivateKeyAccount | undefined;
  /** Images a signed-in account gets paid per UTC day. */
  readonly dailyImages: number;
  /** Images that all accounts together get paid per UTC day. */
  readonly dailyTotal: number;
  /** AIPG wei put into a new lane, and into one that has less than half of it left. */
  readonly laneFunding: bigint;
  /** Highest rate that the gateway pays, AIPG wei per megapixel and step. */
  readonly maxRate: bigint;
}

/** What a cloud process is started with. */
export interface Settings {
  readonly rpcUrl: string;
  /** Read from a file; else the project's own for the chain. */
  readonly deployment: Deployment | undefined;
  readonly databaseUrl: string;
  readonly host: string;
  readonly port: number;
  /** Base URL under which users reach it, without a slash at the end. */
  readonly publicUrl: string | undefined;
  /** Folder of the pictures' blocks. */
  readonly blocks: string;
  readonly gateway: GatewayTerms | undefined;
  /** Milliseconds between looks at the chain. */
  readonly chainPoll: number;
  /** Seconds that `POST /v1/generate-image` waits for the picture before it answers 202. */
  readonly waitSeconds: number;
  /** Seconds for which a lease is good without a heartbeat. */
  readonly leaseSeconds: number;
  /** Seconds that a worker of the direct rail gets for an order. */
  readonly orderSeconds: number;
  /** Seconds for which a gateway job may stay without a worker. */
  readonly queueSeconds: number;
  /** Requests per minute that one IP address, or one account, may make. */
  readonly requestsPerMinute: number;
  /** Jobs per minute that one IP address, or one account, may post. */
  readonly jobsPerMinute: number;
  /** Reverse proxies in front, whose X-Forwarded-For entries are believed. */
  readonly proxies: number;
  readonly logLevel: "fatal" | "error" | "warn" | "info" | "debug" | "silent";
}

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, "is not a whole number")
    .transform(Number)
    .refine((value) => value >= least && value <= most, `is not between ${least} and ${most}`);
const wei = z
  .string()
  .regex(/^\d{1,38}$/, "is not a whole number of AIPG wei")
  .transform(BigInt);
const httpUrl = z
  .string()
  .refine((url) => /^https?:\/\/[^\s/]/.test(url) && URL.canParse(url), "is not an http(s) URL");
const key = z.pipe(
  bytes32Json,
  z.transform((secret) => privateKeyToAccount(secret)),
);

const environment = z.object({
  GRID_RPC_URL: httpUrl,
  GRID_DEPLOYMENT: z.string().optional(),
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\/./, "is not a postgres:// URL"),
  GRID_CLOUD_HOST: z.string().default("127.0.0.1"),
  GRID_CLOUD_PORT: wholeNumber(0, 65_535).default(3_300),
  GRID_CLOUD_URL: httpUrl.transform((url) => url.replace(/\/+$/, "")).optional(),
  GRID_BLOCKS: z.string(),
  GRID_GATEWAY_ACCOUNT: z.optional(addressJson),
  GRID_GATEWAY_ACCOUNT_KEY: key.optional(),
  GRID_GATEWAY_SIGNER_KEY: key.optional(),
  GRID_GATEWAY_DAILY_IMAGES: wholeNumber(0, 1_000_000).default(50),
  GRID_GATEWAY_DAILY_TOTAL: wholeNumber(0, 1_000_000_000).default(5_000),
  GRID_GATEWAY_MAX_RATE: wei.default(5n * 10n ** 16n),
  GRID_LANE_FUNDING: wei.default(100n * 10n ** 18n),
  GRID_CHAIN_POLL_MS: wholeNumber(20, 60_000).default(1_000),
  GRID_CLOUD_WAIT_SECONDS: wholeNumber(0, 600).default(60),
  GRID_CLOUD_LEASE_SECONDS: wholeNumber(1, 600).default(30),
  GRID_CLOUD_ORDER_SECONDS: wholeNumber(30, 86_400).default(600),
  GRID_CLOUD_QUEUE_SECONDS: wholeNumber(1, 86_400).default(600),
  GRID_CLOUD_REQUESTS_PER_MINUTE: wholeNumber(1, 10_000_000).default(1_200),
  GRID_CLOUD_JOBS_PER_MINUTE: wholeNumber(1, 10_000_000).default(60),
  GRID_CLOUD_PROXIES: wholeNumber(0, 10).default(0),
  GRID_LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "silent"]).default("info"),
});

/**
 * Reads the settings from environment variables; empty ones count as absent.
 * @throws {@link EnvironmentError} with one sentence for each fault.
 */
export function readSettings(variables: Readonly<Record<string, string | undefined>>): Settings {
  const given = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    throw new EnvironmentError(
      parsed.error.issues
        .map((issue) => {
          const name = issue.path.join(".");
          return given[name] === undefined ? `${name} is missing.` : `${name} ${issue.message}.`;
        })
        .join("\n"),
    );
  }
  const read = parsed.data;
  return {
    rpcUrl: read.GRID_RPC_URL,
    deployment: read.GRID_DEPLOYMENT === undefined ? undefined : deploymentAt(read.GRID_DEPLOYMENT),
    databaseUrl: read.DATABASE_URL,
    host: read.GRID_CLOUD_HOST,
    port: read.GRID_CLOUD_PORT,
    publicUrl: read.GRID_CLOUD_URL,
    blocks: read.GRID_BLOCKS,
    gateway: gatewayTerms(read),
    chainPoll: read.GRID_CHAIN_POLL_MS,
    waitSeconds: read.GRID_CLOUD_WAIT_SECONDS,
    leaseSeconds: read.GRID_CLOUD_LEASE_SECONDS,
    orderSeconds: read.GRID_CLOUD_ORDER_SECONDS,
    queueSeconds: read.GRID_CLOUD_QUEUE_SECONDS,
    requestsPerMinute: read.GRID_CLOUD_REQUESTS_PER_MINUTE,
    jobsPerMinute: read.GRID_CLOUD_JOBS_PER_MINUTE,
    proxies: read.GRID_CLOUD_PROXIES,
    logLevel: read.GRID_LOG_LEVEL,
  };
}

function gatewayTerms(read: z.output<typeof environment>): GatewayTerms | undefined {
  const owner = read.GRID_GATEWAY_ACCOUNT_KEY;
  const account = read.GRID_GATEWAY_ACCOUNT ?? owner?.address;
  const signer = read.GRID_GATEWAY_SIGNER_KEY ?? owner;
  if (!account && !signer) return undefined;
  if (!account) throw new EnvironmentError("GRID_GATEWAY_ACCOUNT is missing: GRID_GATEWAY_SIGNER_KEY signs for it.");
  if (!signer) throw new EnvironmentError("GRID_GATEWAY_SIGNER_KEY is missing: it signs for GRID_GATEWAY_ACCOUNT.");
  if (owner && owner.address.toLowerCase() !== account.toLowerCase()) {
    throw new EnvironmentError("GRID_GATEWAY_ACCOUNT_KEY is not the key of GRID_GATEWAY_ACCOUNT.");
  }
  return {
    account,
    signer,
    owner,
    dailyImages: read.GRID_GATEWAY_DAILY_IMAGES,
    dailyTotal: read.GRID_GATEWAY_DAILY_TOTAL,
    laneFunding: read.GRID_LANE_FUNDING,
    maxRate: read.GRID_GATEWAY_MAX_RATE,
  };
}

function deploymentAt(path: string): Deployment {
  try {
    return parseDeployment(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    const reason = cause instanceof GridError ? cause.message : "It can't be read as JSON.";
    throw new EnvironmentError(`GRID_DEPLOYMENT: ${path} is not a deployment file. ${reason}`, { cause });
  }
}

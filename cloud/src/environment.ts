import { readFileSync } from "node:fs";
import { addressFault, type Deployment, GridError } from "@gridnft/sdk";
import { isHttpUrl, readDeploymentFile, readSettingTables, type SettingsOf, type Variables } from "@gridnft/sdk/node";
import { addressJson, bytes32Json } from "@gridnft/sdk/schemas";
import type { Address } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { z } from "zod";
import { fastAccount } from "./fastAccount.ts";

/** Error of an environment that this program cannot use. The message has one line per error. */
export class EnvironmentError extends Error {
  override readonly name = "EnvironmentError";
  readonly code = "ENVIRONMENT_INVALID";
}

/** Spending limits of the gateway. Amounts are AIPG wei, days are UTC days. */
export interface GatewayCaps {
  /** Cap of one job. */
  readonly job: bigint;
  /** Cap of an account per day. */
  readonly account: bigint;
  /** Cap per day of an address that requests come from: an IPv4 address, or the /64 of an IPv6 address. */
  readonly address: bigint;
  /** Cap per day of all accounts together. Accounts and addresses are cheap to make, so this cap bounds the loss. */
  readonly all: bigint;
  /** Images of an account per day. */
  readonly images: number;
}

/** Gateway: the cloud as a payer, with its account, its hot keys and its caps. The treasury has the account's own key. */
export interface GatewayTerms {
  readonly account: Address;
  /** Key that signs vouchers: the account's PAYER_SIGNER. */
  readonly signer: PrivateKeyAccount;
  /** Key that fills open lanes: the account's TREASURER, within its cap on chain. Without it lanes are filled by hand. */
  readonly treasurer: PrivateKeyAccount | undefined;
  readonly caps: GatewayCaps;
  /** AIPG wei of one top-up of a lane, when a job needs it. */
  readonly laneFunding: bigint;
  /** Highest rate that the gateway pays, AIPG wei per megapixel and step. */
  readonly maxRate: bigint;
  /** Seconds that a job is held for the cheapest worker when it is busy; six times as long when it is not. */
  readonly cheapestHoldSeconds: number;
  /** Accounts that the gateway pays for. */
  readonly sponsored: SponsoredAccounts;
}

/** Accounts that a gateway pays for: all, those that hold so much AIPG, or those of a list (lower case). */
export type SponsoredAccounts =
  | { readonly kind: "everybody" }
  | { readonly kind: "holders"; readonly least: bigint }
  | { readonly kind: "listed"; readonly accounts: ReadonlySet<string> };

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
const httpUrl = z.string().refine(isHttpUrl, "is not an http(s) URL");
const key = z.pipe(
  bytes32Json,
  z.transform((secret) => privateKeyToAccount(secret)),
);

/** Key of vouchers, of which each job needs a signature. */
const voucherKey = z.pipe(bytes32Json, z.transform(fastAccount));

const AIPG = 10n ** 18n;

/** Settings of both programs. */
const sharedTable = {
  rpcUrl: { GRID_RPC_URL: httpUrl },
  /** Deployment of a file; else the project's own for the chain. */
  deployment: { GRID_DEPLOYMENT: z.string().transform(deploymentAt).optional() },
  databaseUrl: { DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\/./, "is not a postgres:// URL") },
  logLevel: { GRID_LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "silent"]).default("info") },
};

const cloudTable = {
  ...sharedTable,
  host: { GRID_CLOUD_HOST: z.string().default("127.0.0.1") },
  port: { GRID_CLOUD_PORT: wholeNumber(0, 65_535).default(3_300) },
  /** Base URL under which users reach it, without a slash at the end. */
  publicUrl: { GRID_CLOUD_URL: httpUrl.transform((url) => url.replace(/\/+$/, "")).optional() },
  /** Folder of the pictures' blocks. */
  blocks: { GRID_BLOCKS: z.string() },
  /** Milliseconds between polls of the chain. */
  chainPoll: { GRID_CHAIN_POLL_MS: wholeNumber(20, 60_000).default(1_000) },
  /** Seconds that `POST /v1/generate-image` waits for the picture before it answers 202. */
  waitSeconds: { GRID_CLOUD_WAIT_SECONDS: wholeNumber(0, 600).default(60) },
  /** Seconds for which a lease is valid without a heartbeat. */
  leaseSeconds: { GRID_CLOUD_LEASE_SECONDS: wholeNumber(1, 600).default(30) },
  /** Seconds for which heartbeats keep a lease without progress, for each job that the worker has. */
  stallSeconds: { GRID_CLOUD_STALL_SECONDS: wholeNumber(1, 86_400).default(120) },
  /** Seconds that a worker of the direct rail gets for an order. */
  orderSeconds: { GRID_CLOUD_ORDER_SECONDS: wholeNumber(30, 86_400).default(600) },
  /** Seconds for which a gateway job may stay without a worker. */
  queueSeconds: { GRID_CLOUD_QUEUE_SECONDS: wholeNumber(1, 86_400).default(600) },
  /** Requests per minute that one IP address, or one account, may make. */
  requestsPerMinute: { GRID_CLOUD_REQUESTS_PER_MINUTE: wholeNumber(1, 10_000_000).default(1_200) },
  /** Jobs per minute that one IP address, or one account, may post. */
  jobsPerMinute: { GRID_CLOUD_JOBS_PER_MINUTE: wholeNumber(1, 10_000_000).default(60) },
  /** Number of trusted reverse proxies, whose X-Forwarded-For entries count. */
  proxies: { GRID_CLOUD_PROXIES: wholeNumber(0, 10).default(0) },
  /** Base URLs of gateways that are asked for public blocks which are missing here, without a slash at the end. */
  mirrors: {
    GRID_BLOCKS_MIRRORS: z
      .string()
      .transform((list): readonly string[] => list.split(",").map((url) => url.trim().replace(/\/+$/, "")))
      .refine((urls) => urls.every((url) => httpUrl.safeParse(url).success), "is not a list of http(s) URLs, by commas")
      .default([]),
  },
  /** File with the CIDs that are not served. */
  takedowns: { GRID_TAKEDOWNS: z.string().optional() },
  /** Days for which pictures of ended jobs are kept that are neither anchored nor minted; 0 for ever. */
  keepPicturesDays: {
    // A receipt can be anchored for 30 days.
    GRID_CLOUD_KEEP_PICTURES_DAYS: wholeNumber(0, 36_500)
      .refine((days) => days === 0 || days > 30, "is neither 0 nor above 30: until then a receipt can be anchored")
      .default(45),
  },
  /** Days for which jobs without a result, and what ended jobs need no more, are kept; 0 for ever. */
  keepJobsDays: { GRID_CLOUD_KEEP_JOBS_DAYS: wholeNumber(0, 36_500).default(45) },
};

/** Terms of the gateway, as {@link GatewayTerms} has them. */
const gatewayTable = {
  account: { GRID_GATEWAY_ACCOUNT: z.optional(addressJson) },
  signer: { GRID_GATEWAY_SIGNER_KEY: voucherKey.optional() },
  treasurer: { GRID_GATEWAY_TREASURER_KEY: key.optional() },
  sponsored: { GRID_GATEWAY_ACCOUNTS: z.string().default("everybody") },
  jobCap: { GRID_GATEWAY_JOB_CAP: wei.default(2n * AIPG) },
  accountCap: { GRID_GATEWAY_ACCOUNT_CAP: wei.default(5n * AIPG) },
  addressCap: { GRID_GATEWAY_ADDRESS_CAP: wei.default(20n * AIPG) },
  dailyCap: { GRID_GATEWAY_DAILY_CAP: wei.default(200n * AIPG) },
  dailyImages: { GRID_GATEWAY_DAILY_IMAGES: wholeNumber(0, 1_000_000).default(50) },
  maxRate: { GRID_GATEWAY_MAX_RATE: wei.default(AIPG / 50n) },
  cheapestHoldSeconds: { GRID_GATEWAY_PATIENCE_SECONDS: wholeNumber(0, 600).default(5) },
  laneFunding: { GRID_LANE_FUNDING: wei.refine((amount) => amount > 0n, "is not above 0").default(5n * AIPG) },
};

const treasuryTable = {
  ...sharedTable,
  /** Account that pays; by default that of its key. */
  account: { GRID_GATEWAY_ACCOUNT: z.optional(addressJson) },
  /** Key of the account; undefined where transactions are printed only. */
  owner: { GRID_GATEWAY_ACCOUNT_KEY: key.optional() },
  /** Address of the PAYER_SIGNER that may be registered, and that lanes may name. */
  signer: { GRID_GATEWAY_SIGNER: addressJson },
  /** Address of the TREASURER that may be registered. */
  treasurer: { GRID_GATEWAY_TREASURER: addressJson },
  /** AIPG wei that the TREASURER may move into lanes a day. */
  cap: { GRID_TREASURY_CAP: wei.default(400n * AIPG) },
  /** AIPG wei that the account's balance in GridSettlement is filled up to, out of its own AIPG, when less than half of it is left. */
  balance: { GRID_TREASURY_BALANCE: wei.default(400n * AIPG) },
  /** Seconds without a job after which a lane's funds are withdrawn. */
  idleSeconds: {
    GRID_TREASURY_IDLE_HOURS: wholeNumber(1, 10_000)
      .default(24)
      .transform((hours) => hours * 3_600),
  },
  /** Most lanes that are opened in a day. It bounds the gas that a broken database can cost the account. */
  dailyLanes: { GRID_TREASURY_DAILY_LANES: wholeNumber(0, 1_000_000).default(200) },
  /** Milliseconds between checks. */
  poll: { GRID_TREASURY_POLL_MS: wholeNumber(50, 600_000).default(2_000) },
};

/** Settings of a cloud process. */
export type Settings = SettingsOf<typeof cloudTable> & { readonly gateway: GatewayTerms | undefined };
/** Settings of a treasury process: the account that pays, and its keys by address. */
export type TreasurySettings = SettingsOf<typeof treasuryTable> & { readonly account: Address };

/** Variables of earlier versions, and of the other program. They are refused, because their meaning changed. */
const misplaced: Readonly<Record<string, string>> = {
  GRID_GATEWAY_ACCOUNT_KEY:
    "has no place in this process: give it to the treasury (npm run treasury -w cloud), and this process GRID_GATEWAY_ACCOUNT.",
  GRID_GATEWAY_DAILY_TOTAL:
    "is not read any more: set GRID_GATEWAY_DAILY_CAP, AIPG wei a day for all accounts together.",
};

/**
 * Reads the settings from environment variables; empty ones count as absent.
 * @throws {@link EnvironmentError} with one sentence for each fault.
 */
export function readSettings(variables: Variables): Settings {
  const errors = Object.entries(misplaced).flatMap(([name, message]) =>
    variables[name] ? [`${name} ${message}`] : [],
  );
  const { values, faults } = readSettingTables({ cloud: cloudTable, gateway: gatewayTable }, variables);
  if (!values || errors.length > 0) throw new EnvironmentError([...errors, ...faults].join("\n"));
  return { ...values.cloud, gateway: gatewayTerms(values.gateway) };
}

/**
 * Reads the treasury's settings.
 * @param printsOnly Transactions are printed for somebody else to sign, so that the account's key is not needed.
 * @throws {@link EnvironmentError} with one sentence for each fault.
 */
export function readTreasurySettings(variables: Variables, printsOnly = false): TreasurySettings {
  const { values, faults } = readSettingTables({ settings: treasuryTable }, variables);
  if (!values) throw new EnvironmentError(faults.join("\n"));
  const { settings } = values;
  const owner = printsOnly ? undefined : settings.owner;
  const account = settings.account ?? owner?.address;
  if (!printsOnly && !owner) {
    throw new EnvironmentError(
      "GRID_GATEWAY_ACCOUNT_KEY is missing. With --plan transactions are printed instead of sent, and it is not needed.",
    );
  }
  if (!account) throw new EnvironmentError("GRID_GATEWAY_ACCOUNT is missing.");
  if (owner && owner.address.toLowerCase() !== account.toLowerCase()) {
    throw new EnvironmentError("GRID_GATEWAY_ACCOUNT_KEY is not the key of GRID_GATEWAY_ACCOUNT.");
  }
  requireDistinct([
    ["GRID_GATEWAY_ACCOUNT", account],
    ["GRID_GATEWAY_SIGNER", settings.signer],
    ["GRID_GATEWAY_TREASURER", settings.treasurer],
  ]);
  return { ...settings, account, owner };
}

function gatewayTerms(read: SettingsOf<typeof gatewayTable>): GatewayTerms | undefined {
  const { account, signer, treasurer, sponsored, jobCap, accountCap, addressCap, dailyCap, dailyImages, ...terms } =
    read;
  if (!account && !signer && !treasurer) return undefined;
  if (!account) throw new EnvironmentError("GRID_GATEWAY_ACCOUNT is missing: the gateway's keys sign for it.");
  if (!signer) throw new EnvironmentError("GRID_GATEWAY_SIGNER_KEY is missing: it signs for GRID_GATEWAY_ACCOUNT.");
  requireDistinct([
    ["GRID_GATEWAY_ACCOUNT", account],
    ["GRID_GATEWAY_SIGNER_KEY", signer.address],
    ...(treasurer ? [["GRID_GATEWAY_TREASURER_KEY", treasurer.address] as const] : []),
  ]);
  const caps = { job: jobCap, account: accountCap, address: addressCap, all: dailyCap, images: dailyImages };
  return { ...terms, account, signer, treasurer, caps, sponsored: sponsoredAccounts(sponsored) };
}

/** Requires that each name has a key of its own. The account's key in a hot process would not be cold. */
function requireDistinct(roles: readonly (readonly [name: string, address: Address])[]): void {
  for (const [i, [name, address]] of roles.entries()) {
    const same = roles.slice(0, i).find(([, other]) => other.toLowerCase() === address.toLowerCase());
    if (same) throw new EnvironmentError(`${name} is the key of ${same[0]}: each needs one of its own.`);
  }
}

function sponsoredAccounts(text: string): SponsoredAccounts {
  if (text === "everybody") return { kind: "everybody" };
  const least = /^holders:(\d{1,38})$/.exec(text)?.[1];
  if (least !== undefined) return { kind: "holders", least: BigInt(least) };
  const wanted =
    "GRID_GATEWAY_ACCOUNTS is everybody, holders:<AIPG wei>, or file:<path> of a list with an address a line";
  const path = /^file:(.+)$/s.exec(text)?.[1];
  if (path === undefined) throw new EnvironmentError(`${wanted}.`);
  let list: string;
  try {
    list = readFileSync(path, "utf8");
  } catch (cause) {
    throw new EnvironmentError(`${wanted}: ${path} can't be read.`, { cause });
  }
  const accounts = list.split(/\r?\n/).flatMap((line, i) => {
    const entry = line.replace(/#.*/, "").trim();
    if (entry === "") return [];
    const address = addressJson.safeParse(entry);
    if (!address.success) {
      throw new EnvironmentError(`GRID_GATEWAY_ACCOUNTS: line ${i + 1} of ${path} ${addressFault(entry)}.`);
    }
    return [address.data.toLowerCase()];
  });
  return { kind: "listed", accounts: new Set(accounts) };
}

function deploymentAt(path: string): Deployment {
  try {
    return readDeploymentFile(path);
  } catch (cause) {
    const reason = cause instanceof GridError ? cause.message : "It can't be read as JSON.";
    throw new EnvironmentError(`GRID_DEPLOYMENT: ${path} is not a deployment file. ${reason}`, { cause });
  }
}

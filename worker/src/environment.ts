import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { isHttpUrl, readVariables } from "@gridnft/sdk/node";
import { addressJson } from "@gridnft/sdk/schemas";
import { type Address, type Hex, parseEther } from "viem";
import { z } from "zod";
import { engineKinds, type ModelSource } from "./engines/kinds.ts";
import { WorkerError } from "./errors.ts";
import type { WorkLimits } from "./jobs/checkRequest.ts";
import type { ModelEntry } from "./jobs/models.ts";
import type { MetricsAddress } from "./metrics.ts";
import type { PayoutTerms } from "./payouts/profitability.ts";
import type { KeepTerms } from "./state/pictures.ts";

/** Environment of the worker program. Amounts are AIPG wei, times seconds. */
export interface WorkerEnvironment {
  readonly rpcUrl: string;
  /** Path of a deployment file; the SDK's own for the chain when absent. */
  readonly deployment: string | undefined;
  readonly cloudUrl: string;
  /** Host that the cloud's sign-in messages name, where that is not the URL's. */
  readonly cloudDomain: string | undefined;
  /** Cold account: bonded, named in orders and lanes, owner of what is earned. */
  readonly account: Address;
  /** Hot key: signs receipts and counter-signs vouchers, signs in, pays gas. */
  readonly signerKey: Hex;
  readonly models: readonly ModelEntry[];
  /** Folder of journal, pictures and lock. */
  readonly state: string;
  /** Least price, AIPG wei per megapixel and step. */
  readonly rate: bigint;
  readonly limits: WorkLimits;
  readonly payouts: PayoutTerms;
  /** Jobs at a time. */
  readonly parallel: number;
  /** Undelivered or unvouchered work that one lane may owe, AIPG wei. */
  readonly exposure: bigint;
  /** Seconds that a running job may take to finish after a signal to stop. */
  readonly stopGrace: number;
  /** Oldest age of the chain's head before the worker pauses; by default 120 s, on local chains 0, which turns it off. */
  readonly maxHeadAge: number | undefined;
  readonly logLevel: string;
  /** Address of the metrics; undefined for none. */
  readonly metrics: MetricsAddress | undefined;
  /** Time for which copies of delivered pictures are kept. */
  readonly keep: KeepTerms;
}

const key = z.string().regex(/^0x[0-9a-fA-F]{64}$/, "is not 32 bytes of hex");
const url = z.string().refine(isHttpUrl, "is not a URL such as http://127.0.0.1:8545");
const wei = z.string().regex(/^\d{1,38}$/, "is not a whole number of AIPG wei");
const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, "is not a whole number")
    .transform(Number)
    .refine((value) => value >= min && value <= max, `is not between ${min} and ${max}`);
const decimal = z.string().regex(/^\d{1,20}(\.\d{1,18})?$/, "is not an amount of AIPG such as 25000 or 0.5");
const flag = z.enum(["true", "false"], "is neither true nor false").transform((text) => text === "true");
const models = z.string().transform((text, context) => {
  const entries = text.split(",").map((entry) => /^\s*([1-9]\d{0,77})\s*=\s*(\S.*?)\s*$/.exec(entry));
  const found: ModelEntry[] = [];
  for (const entry of entries) {
    if (entry?.[1] === undefined || entry[2] === undefined) {
      context.addIssue({ code: "custom", message: "is not a list such as 7=onnx:/models/sd15,8=onnx:/models/other" });
      return z.NEVER;
    }
    const source = readSource(entry[2]);
    if ("fault" in source) {
      context.addIssue({ code: "custom", message: source.fault });
      return z.NEVER;
    }
    found.push({ modelId: BigInt(entry[1]), ...source });
  }
  if (new Set(found.map(({ modelId }) => modelId)).size !== found.length) {
    context.addIssue({ code: "custom", message: "names a model twice" });
    return z.NEVER;
  }
  return found;
});

/** Reads `engine:locator`. A folder alone is one of the built-in engine. */
function readSource(text: string): ModelSource | { readonly fault: string } {
  const [, name, rest] = /^([a-z]\w*):(.+)$/.exec(text) ?? [];
  const engine = engineKinds.find((kind) => kind === name);
  const locator = engine === undefined ? text : (rest as string);
  const folder = resolve(locator);
  if (existsSync(folder)) return { engine: engine ?? "onnx", locator: folder };
  if (engine === undefined && name !== undefined) {
    return { fault: `names the engine ${name}, which does not exist; there is ${engineKinds.join(", ")}` };
  }
  return { fault: `names the folder ${locator}, which does not exist` };
}

const variables = z.object({
  GRID_RPC_URL: url,
  GRID_DEPLOYMENT: z.string().optional(),
  GRID_CLOUD_URL: url,
  GRID_CLOUD_DOMAIN: z
    .string()
    .regex(/^[^\s/@]+$/, "is not a host such as cloud.example")
    .optional(),
  GRID_WORKER_ACCOUNT: addressJson,
  GRID_WORKER_SIGNER_KEY: key,
  GRID_WORKER_MODELS: models,
  GRID_WORKER_STATE: z.string().min(1),
  GRID_WORKER_RATE: wei,
  GRID_WORKER_MAX_PIXELS: whole(64 * 64, 16_777_216).default(1_048_576),
  GRID_WORKER_MAX_STEPS: whole(1, 1_000).default(150),
  GRID_WORKER_MAX_COUNT: whole(1, 256).default(16),
  GRID_WORKER_PARALLEL: whole(1, 64).default(1),
  GRID_WORKER_EXPOSURE: decimal.default("100"),
  GRID_WORKER_AIPG_PER_ETH: decimal.default("0"),
  GRID_WORKER_GAS_FACTOR: whole(1, 1_000).default(10),
  GRID_WORKER_MIN_COLLECT: decimal.default("0"),
  GRID_WORKER_SETTLE_AFTER: whole(0, 3_600).default(60),
  GRID_WORKER_COLLECT_AFTER: whole(0, 25 * 86_400).default(86_400),
  GRID_WORKER_COLLECT_AT_STOP: flag.default(false),
  GRID_WORKER_CONFIRMATIONS: whole(0, 1_000).optional(),
  GRID_WORKER_PURSE_INTERVAL: whole(1, 3_600).default(15),
  GRID_WORKER_STOP_GRACE: whole(0, 3_600).default(30),
  GRID_WORKER_MAX_HEAD_AGE: whole(0, 86_400).optional(),
  GRID_WORKER_METRICS_HOST: z.string().min(1).default("127.0.0.1"),
  GRID_WORKER_METRICS_PORT: whole(0, 65_535).optional(),
  GRID_WORKER_KEEP_HOURS: whole(0, 24 * 3_650).default(72),
  GRID_WORKER_KEEP_MEGABYTES: whole(0, 100_000_000).default(4_096),
  GRID_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
});

/**
 * Reads the environment once, at the door. Empty variables count as absent.
 * @throws {@link WorkerError} `ENVIRONMENT_INVALID` with one sentence for each fault; no value of a secret is repeated.
 */
export function readEnvironment(environment: NodeJS.ProcessEnv): WorkerEnvironment {
  const { values: read, faults } = readVariables(variables, environment);
  if (!read) throw new WorkerError("ENVIRONMENT_INVALID", faults.join("\n"));
  return {
    rpcUrl: read.GRID_RPC_URL,
    deployment: read.GRID_DEPLOYMENT,
    cloudUrl: read.GRID_CLOUD_URL.replace(/\/+$/, ""),
    cloudDomain: read.GRID_CLOUD_DOMAIN,
    account: read.GRID_WORKER_ACCOUNT,
    signerKey: read.GRID_WORKER_SIGNER_KEY as Hex,
    models: read.GRID_WORKER_MODELS,
    state: resolve(read.GRID_WORKER_STATE),
    rate: BigInt(read.GRID_WORKER_RATE),
    limits: {
      maxPixels: read.GRID_WORKER_MAX_PIXELS,
      maxSteps: read.GRID_WORKER_MAX_STEPS,
      maxCount: read.GRID_WORKER_MAX_COUNT,
    },
    payouts: {
      aipgPerEth: parseEther(read.GRID_WORKER_AIPG_PER_ETH),
      gasFactor: BigInt(read.GRID_WORKER_GAS_FACTOR),
      minimum: parseEther(read.GRID_WORKER_MIN_COLLECT),
      settleAfter: read.GRID_WORKER_SETTLE_AFTER,
      collectAfter: read.GRID_WORKER_COLLECT_AFTER,
      atStop: read.GRID_WORKER_COLLECT_AT_STOP,
      confirmations: read.GRID_WORKER_CONFIRMATIONS,
      interval: read.GRID_WORKER_PURSE_INTERVAL,
    },
    parallel: read.GRID_WORKER_PARALLEL,
    exposure: parseEther(read.GRID_WORKER_EXPOSURE),
    stopGrace: read.GRID_WORKER_STOP_GRACE,
    maxHeadAge: read.GRID_WORKER_MAX_HEAD_AGE,
    logLevel: read.GRID_LOG_LEVEL,
    metrics:
      read.GRID_WORKER_METRICS_PORT === undefined
        ? undefined
        : { host: read.GRID_WORKER_METRICS_HOST, port: read.GRID_WORKER_METRICS_PORT },
    keep: { seconds: read.GRID_WORKER_KEEP_HOURS * 3_600, bytes: read.GRID_WORKER_KEEP_MEGABYTES * 1_000_000 },
  };
}

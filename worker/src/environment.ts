import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { isHttpUrl, readSettingTables, type SettingsOf } from "@gridnft/sdk/node";
import { addressJson } from "@gridnft/sdk/schemas";
import { type Hex, parseEther } from "viem";
import { z } from "zod";
import { engineKinds, type ModelSource } from "./engines/kinds.ts";
import { WorkerError } from "./errors.ts";
import type { WorkLimits } from "./jobs/checkRequest.ts";
import type { ModelEntry } from "./jobs/models.ts";
import type { MetricsAddress } from "./metrics.ts";
import type { PayoutTerms } from "./payouts/profitability.ts";
import type { KeepTerms } from "./state/pictures.ts";

/** Private key as a variable has it. */
export const privateKey = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, "is not 32 bytes of hex")
  .transform((text) => text as Hex);
const url = z.string().refine(isHttpUrl, "is not a URL such as http://127.0.0.1:8545");
const wei = z
  .string()
  .regex(/^\d{1,38}$/, "is not a whole number of AIPG wei")
  .transform(BigInt);
const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, "is not a whole number")
    .transform(Number)
    .refine((value) => value >= min && value <= max, `is not between ${min} and ${max}`);
const amount = (usual: string) =>
  z
    .string()
    .regex(/^\d{1,20}(\.\d{1,18})?$/, "is not an amount of AIPG such as 25000 or 0.5")
    .default(usual)
    .transform((text) => parseEther(text));
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

/** Settings of the worker program. Amounts are AIPG wei, times seconds. */
const table = {
  rpcUrl: { GRID_RPC_URL: url },
  /** Path of a deployment file; the SDK's own for the chain when absent. */
  deployment: { GRID_DEPLOYMENT: z.string().optional() },
  cloudUrl: { GRID_CLOUD_URL: url.transform((text) => text.replace(/\/+$/, "")) },
  /** Host that the cloud's sign-in messages name, where that is not the URL's. */
  cloudDomain: {
    GRID_CLOUD_DOMAIN: z
      .string()
      .regex(/^[^\s/@]+$/, "is not a host such as cloud.example")
      .optional(),
  },
  /** Cold account: bonded, named in orders and lanes, owner of what is earned. */
  account: { GRID_WORKER_ACCOUNT: addressJson },
  /** Hot key: signs receipts and counter-signs vouchers, signs in, pays gas. */
  signerKey: { GRID_WORKER_SIGNER_KEY: privateKey },
  models: { GRID_WORKER_MODELS: models },
  /** Folder of journal, pictures and lock. */
  state: {
    GRID_WORKER_STATE: z
      .string()
      .min(1)
      .transform((path) => resolve(path)),
  },
  /** Least price, AIPG wei per megapixel and step. */
  rate: { GRID_WORKER_RATE: wei },
  /** Jobs at a time. */
  parallel: { GRID_WORKER_PARALLEL: whole(1, 64).default(1) },
  /** Undelivered or unvouchered work that one lane may owe, AIPG wei. */
  exposure: { GRID_WORKER_EXPOSURE: amount("100") },
  /** Seconds that a running job may take to finish after a signal to stop. */
  stopGrace: { GRID_WORKER_STOP_GRACE: whole(0, 3_600).default(30) },
  /** Oldest age of the chain's head before the worker pauses; by default 120 s, on local chains 0, which turns it off. */
  maxHeadAge: { GRID_WORKER_MAX_HEAD_AGE: whole(0, 86_400).optional() },
  logLevel: { GRID_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info") },
};

/** As {@link WorkLimits}. */
const limitsTable = {
  maxPixels: { GRID_WORKER_MAX_PIXELS: whole(64 * 64, 16_777_216).default(1_048_576) },
  maxSteps: { GRID_WORKER_MAX_STEPS: whole(1, 1_000).default(150) },
  maxCount: { GRID_WORKER_MAX_COUNT: whole(1, 256).default(16) },
};

/** As {@link PayoutTerms}. */
const payoutsTable = {
  aipgPerEth: { GRID_WORKER_AIPG_PER_ETH: amount("0") },
  gasFactor: { GRID_WORKER_GAS_FACTOR: whole(1, 1_000).default(10).transform(BigInt) },
  minimum: { GRID_WORKER_MIN_COLLECT: amount("0") },
  settleAfter: { GRID_WORKER_SETTLE_AFTER: whole(0, 3_600).default(60) },
  collectAfter: { GRID_WORKER_COLLECT_AFTER: whole(0, 25 * 86_400).default(86_400) },
  atStop: { GRID_WORKER_COLLECT_AT_STOP: flag.default(false) },
  confirmations: { GRID_WORKER_CONFIRMATIONS: whole(0, 1_000).optional() },
  interval: { GRID_WORKER_PURSE_INTERVAL: whole(1, 3_600).default(15) },
};

const metricsTable = {
  host: { GRID_WORKER_METRICS_HOST: z.string().min(1).default("127.0.0.1") },
  port: { GRID_WORKER_METRICS_PORT: whole(0, 65_535).optional() },
};

/** As {@link KeepTerms}. */
const keepTable = {
  seconds: {
    GRID_WORKER_KEEP_HOURS: whole(0, 24 * 3_650)
      .default(72)
      .transform((hours) => hours * 3_600),
  },
  bytes: {
    GRID_WORKER_KEEP_MEGABYTES: whole(0, 100_000_000)
      .default(4_096)
      .transform((megabytes) => megabytes * 1_000_000),
  },
};

/** Environment of the worker program. */
export interface WorkerEnvironment extends SettingsOf<typeof table> {
  readonly limits: WorkLimits;
  readonly payouts: PayoutTerms;
  /** Address of the metrics; undefined for none. */
  readonly metrics: MetricsAddress | undefined;
  /** Time for which copies of delivered pictures are kept. */
  readonly keep: KeepTerms;
}

/**
 * Reads the environment once, at the door. Empty variables count as absent.
 * @throws {@link WorkerError} `ENVIRONMENT_INVALID` with one sentence for each fault; no value of a secret is repeated.
 */
export function readEnvironment(environment: NodeJS.ProcessEnv): WorkerEnvironment {
  const tables = { main: table, limits: limitsTable, payouts: payoutsTable, metrics: metricsTable, keep: keepTable };
  const { values, faults } = readSettingTables(tables, environment);
  if (!values) throw new WorkerError("ENVIRONMENT_INVALID", faults.join("\n"));
  const { main, limits, payouts, keep } = values;
  const { host, port } = values.metrics;
  return { ...main, limits, payouts, keep, metrics: port === undefined ? undefined : { host, port } };
}

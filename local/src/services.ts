// Services of a local grid: the command, environment and readiness of each program.
import pg from "pg";
import { privateKeyToAccount } from "viem/accounts";
import { projectRoot } from "../../tools/check.ts";
import { testAccount } from "./accounts.ts";
import { packageFile, programArguments } from "./packages.ts";
import { type ProcessSpec, readyLine } from "./processes.ts";
import type { HotKeys, SeededModel } from "./seed.ts";
import type { StateDir } from "./stateDir.ts";

/** Settings that all services share. */
export interface ServiceContext {
  readonly state: StateDir;
  readonly rpcUrl: string;
  readonly databaseUrl: string;
  readonly keys: HotKeys;
  readonly cloudPort: number;
  readonly indexerPort: number;
  /** More variables, by service. */
  readonly environment: Partial<Record<string, Record<string, string>>>;
}

/** AIPG wei per megapixel and step that the local workers ask: 0.05 AIPG for a picture of 512 x 512 in 20 steps. */
const WORKER_RATE = 10n ** 16n;

/** Returns the indexer. `schema` holds its tables; the views that readers use are in `gallery`. */
export function indexerProcess(context: ServiceContext, schema: string): ProcessSpec {
  const ponder = packageFile("ponder", "dist/esm/bin/ponder.js");
  const { indexerPort, databaseUrl } = context;
  return {
    name: "indexer",
    command: process.execPath,
    args: [
      ...[ponder, "--root", "indexer", "start", "--schema", schema, "--views-schema", "gallery"],
      ...["--port", `${indexerPort}`, "--hostname", "127.0.0.1", "--log-format", "json"],
    ],
    cwd: projectRoot,
    environment: environmentOf(context, "indexer", {
      DATABASE_URL: databaseUrl,
      DATABASE_SCHEMA: schema,
      GRID_INDEXER_PORT: `${indexerPort}`,
      NODE_ENV: "production",
      PONDER_TELEMETRY_DISABLED: "1",
    }),
    isReady: async () => ((await isFound(`http://127.0.0.1:${indexerPort}/ready`)) ? true : undefined),
    patience: 120_000,
    signal: "SIGINT",
  };
}

/** Returns the AI Cloud API. */
export function cloudProcess(context: ServiceContext): ProcessSpec {
  const { cloudPort, databaseUrl, state, keys } = context;
  const gateway = testAccount("gateway");
  return {
    name: "cloud",
    ...program("cloud/src/main.ts"),
    environment: environmentOf(context, "cloud", {
      DATABASE_URL: databaseUrl,
      GRID_CLOUD_PORT: `${cloudPort}`,
      GRID_CLOUD_URL: `http://127.0.0.1:${cloudPort}`,
      GRID_BLOCKS: state.blocks,
      GRID_CHAIN_POLL_MS: "250",
      GRID_GATEWAY_ACCOUNT: gateway.address,
      GRID_GATEWAY_SIGNER_KEY: keys.gateway,
      GRID_GATEWAY_TREASURER_KEY: keys.treasurer,
    }),
    isReady: readyLine,
    patience: 120_000,
  };
}

/** Returns the gateway's treasury: the only service that has the key of the account that pays. */
export function treasuryProcess(context: ServiceContext): ProcessSpec {
  const { databaseUrl, keys } = context;
  return {
    name: "treasury",
    ...program("cloud/src/treasury.ts"),
    environment: environmentOf(context, "treasury", {
      DATABASE_URL: databaseUrl,
      GRID_GATEWAY_ACCOUNT_KEY: privateKeyOf(testAccount("gateway")),
      GRID_GATEWAY_SIGNER: privateKeyToAccount(keys.gateway).address,
      GRID_GATEWAY_TREASURER: privateKeyToAccount(keys.treasurer).address,
      GRID_TREASURY_POLL_MS: "500",
    }),
    isReady: readyLine,
    patience: 120_000,
  };
}

/** Returns worker number `n`, from 1. */
export function workerProcess(context: ServiceContext, n: 1 | 2, models: readonly SeededModel[]): ProcessSpec {
  const { cloudPort, state, keys } = context;
  return {
    name: `worker-${n}`,
    ...program("worker/src/main.ts"),
    environment: environmentOf(context, `worker-${n}`, {
      GRID_CLOUD_URL: `http://127.0.0.1:${cloudPort}`,
      GRID_WORKER_ACCOUNT: testAccount(n === 1 ? "worker1" : "worker2").address,
      GRID_WORKER_SIGNER_KEY: n === 1 ? keys.worker1 : keys.worker2,
      GRID_WORKER_MODELS: models.map(({ modelId, folder }) => `${modelId}=${folder}`).join(","),
      GRID_WORKER_STATE: state.worker(n),
      GRID_WORKER_RATE: `${WORKER_RATE}`,
    }),
    isReady: readyLine,
    patience: 600_000, // real weights are gigabytes
    grace: 30_000, // it finishes its picture
  };
}

/**
 * Prepares the database for the indexer: an indexer that was killed leaves its lock, which the next one would wait out for 20 s,
 * though nobody but us can hold it; and tables of earlier versions are rebuilt from the chain when they are wanted, so they go.
 */
export async function prepareIndexerSchema(databaseUrl: string, schema: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on("error", () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      String.raw`select schema_name as name from information_schema.schemata where schema_name like 'indexer\_%'`,
    );
    for (const { name } of rows) {
      if (name !== schema) {
        await client.query(`drop schema ${client.escapeIdentifier(name)} cascade`);
        continue;
      }
      const meta = `${client.escapeIdentifier(name)}._ponder_meta`;
      const { rows: tables } = await client.query<{ table: string | null }>("select to_regclass($1)::text as table", [
        meta,
      ]);
      if (!tables[0]?.table) continue;
      await client.query(`update ${meta} set value = jsonb_set(value, '{is_locked}', '0') where key = 'app'`);
    }
  } finally {
    await client.end();
  }
}

/** Returns the command of a TypeScript program of this project, run from its sources. */
export function program(path: string): Pick<ProcessSpec, "command" | "args" | "cwd"> {
  return { command: process.execPath, args: programArguments(path), cwd: projectRoot };
}

function environmentOf(context: ServiceContext, name: string, more: Record<string, string>): NodeJS.ProcessEnv {
  // The caller's own settings for another grid must not leak into this one.
  const inherited = Object.entries(process.env).filter(([variable]) => !/^(GRID_|DATABASE_|PONDER_)/.test(variable));
  return {
    ...Object.fromEntries(inherited),
    GRID_RPC_URL: context.rpcUrl,
    GRID_DEPLOYMENT: context.state.deployment,
    ...more,
    ...context.environment[name],
  };
}

async function isFound(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

function privateKeyOf(account: ReturnType<typeof testAccount>): string {
  const key = account.getHdKey().privateKey;
  if (!key) throw new Error("The mnemonic's account has no key.");
  return `0x${Buffer.from(key).toString("hex")}`;
}

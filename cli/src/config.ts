import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readTextFile } from "@gridnft/sdk/node";
import { usageError } from "./failure.ts";
import { reasonOf } from "./output.ts";
import { readAipg, readKeptAccount, readRail, readUrl } from "./values.ts";

/** Settings that a user keeps. Private keys are none of them. */
export const settings = {
  "rpc-url": { variable: "GRID_RPC_URL", meaning: "node of the chain", check: readUrl },
  "cloud-url": { variable: "GRID_CLOUD_URL", meaning: "AI Cloud API", check: readUrl },
  "graphql-url": { variable: "GRID_GRAPHQL_URL", meaning: "gallery", check: readUrl },
  deployment: { variable: "GRID_DEPLOYMENT", meaning: "deployment file", check: readPath },
  "ipfs-gateway": { variable: "GRID_IPFS_GATEWAY", meaning: "where verify fetches pictures", check: readUrl },
  account: { variable: undefined, meaning: "who signs: see --account", check: readKeptAccount },
  rail: { variable: undefined, meaning: "who pays: direct or gateway", check: readRail },
  "max-price": { variable: undefined, meaning: "most that generate may pay, AIPG", check: readAipg },
} as const satisfies Record<string, { variable: string | undefined; meaning: string; check: SettingCheck }>;
export type SettingName = keyof typeof settings;
/** Refuses a value by the name that it was given under. */
type SettingCheck = (name: string, text: string) => unknown;
export type Config = Readonly<Partial<Record<SettingName, string>>>;

/** Values where nothing is set. */
export const defaults = {
  rail: "direct",
  "max-price": "10",
  "ipfs-gateway": "https://ipfs.io",
} as const satisfies Config;

/** Settings that name a grid. GRID_HOME and GRID_RPC_URL name another one: then none of these counts. */
const places: readonly SettingName[] = ["rpc-url", "cloud-url", "graphql-url", "deployment"];

/** A setting's name as typed: dashes and underscores are the same. */
export function readSettingName(text: string): SettingName {
  const name = text.replaceAll("_", "-").toLowerCase();
  if (Object.hasOwn(settings, name)) return name as SettingName;
  throw usageError(`There is no setting "${text}"; there are ${Object.keys(settings).join(", ")}.`, "SETTING_UNKNOWN");
}

/** Path of the file that keeps settings; undefined where there is no home folder. */
export function configPath(environment: NodeJS.ProcessEnv): string | undefined {
  if (environment.GRIDNFT_CONFIG) return environment.GRIDNFT_CONFIG;
  const { XDG_CONFIG_HOME, APPDATA, HOME } = environment;
  const folder = XDG_CONFIG_HOME || APPDATA || (HOME && join(HOME, ".config"));
  return folder ? join(folder, "gridnft", "config.json") : undefined;
}

/**
 * Settings that are kept.
 * @throws usage error that names the file when it is broken.
 */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const path = configPath(environment);
  if (path === undefined) return {};
  let text: string;
  try {
    text = readTextFile(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return {};
    throw usageError(`${path} can't be read: ${reasonOf(error)}.`, "CONFIG_INVALID", { cause: error });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw usageError(`${path} is not JSON. Mend it, or remove it.`, "CONFIG_INVALID", { cause });
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw usageError(`${path} is no object of settings. Mend it, or remove it.`, "CONFIG_INVALID");
  }
  for (const [name, value] of Object.entries(json)) {
    if (typeof value !== "string") throw usageError(`${path}: "${name}" is not a text.`, "CONFIG_INVALID");
    settings[readSettingName(name)].check(`${path}: ${name}`, value);
  }
  return json as Config;
}

/** Settings as a command sees them: those of a grid count only where nothing else names one. */
export function effectiveConfig(environment: NodeJS.ProcessEnv): Config {
  const config = readConfig(environment);
  if (!environment.GRID_HOME && !environment.GRID_RPC_URL) return config;
  return Object.fromEntries(Object.entries(config).filter(([name]) => !places.includes(name as SettingName)));
}

/** Writes settings, whole or not at all. */
export function writeConfig(environment: NodeJS.ProcessEnv, config: Config): string {
  const path = configPath(environment);
  if (path === undefined) throw usageError("There is no home folder: set GRIDNFT_CONFIG to a file.", "NO_CONFIG");
  const beside = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(beside, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(beside, path);
  } catch (cause) {
    rmSync(beside, { force: true });
    throw usageError(`${path} can't be written: ${reasonOf(cause)}.`, "CONFIG_NOT_WRITTEN", { cause });
  }
  return path;
}

function readPath(name: string, text: string): void {
  if (text.trim() === "") throw usageError(`${name} is empty.`);
}

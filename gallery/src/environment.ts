import { GridError, parseDeployment } from "@gridnft/sdk";
import { isHttpUrl, readSettingTables, readTextFile, type SettingsOf, type Variables } from "@gridnft/sdk/node";
import { z } from "zod";

/** Error of an environment that this program cannot use. The message has one line per error. */
export class EnvironmentError extends Error {
  override readonly name = "EnvironmentError";
  readonly code = "ENVIRONMENT_INVALID";
}

const httpUrl = z
  .string()
  .refine(isHttpUrl, "is not an http(s) URL")
  .transform((url) => url.replace(/\/+$/, ""));

/** Reads a deployment file that browsers get, as it stands. */
function deploymentText(path: string): string {
  try {
    const deployment = readTextFile(path);
    parseDeployment(JSON.parse(deployment));
    return deployment;
  } catch (cause) {
    const reason = cause instanceof GridError ? cause.message : "It can't be read as JSON.";
    throw new EnvironmentError(`GRID_DEPLOYMENT: ${path} is not a deployment file. ${reason}`);
  }
}

const table = {
  host: { GRID_GALLERY_HOST: z.string().default("127.0.0.1") },
  port: {
    GRID_GALLERY_PORT: z
      .string()
      .regex(/^\d{1,5}$/, "is not a whole number")
      .transform(Number)
      .refine((port) => port <= 65_535, "is not between 0 and 65535")
      .default(3_400),
  },
  /** Reverse proxies in front, whose X-Forwarded-For entries are believed. */
  proxies: {
    GRID_GALLERY_PROXIES: z
      .string()
      .regex(/^(\d|10)$/, "is not between 0 and 10")
      .transform(Number)
      .default(0),
  },
  /** Base URL under which visitors reach it, without a slash at the end. */
  publicUrl: { GRID_GALLERY_URL: httpUrl.optional() },
  /** URL of the indexer's GraphQL, as this program reaches it. */
  graphqlUrl: { GRID_GRAPHQL_URL: httpUrl },
  /** Base URL of the AI Cloud API, as browsers reach it: pictures come from there. */
  cloudUrl: { GRID_CLOUD_URL: httpUrl },
  /** URL of a node of the chain, as browsers reach it: they check artworks against it. */
  rpcUrl: { GRID_RPC_URL: httpUrl.optional() },
  /** Text of the deployment file. */
  deployment: { GRID_DEPLOYMENT: z.string().transform(deploymentText).optional() },
  logLevel: { GRID_LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "silent"]).default("info") },
};

/** Settings of the gallery. */
export type Settings = SettingsOf<typeof table>;

/**
 * Reads the settings from environment variables; empty ones count as absent.
 * @throws {@link EnvironmentError} with one sentence for each fault.
 */
export function readSettings(variables: Variables): Settings {
  const { values, faults } = readSettingTables({ settings: table }, variables);
  if (!values) throw new EnvironmentError(faults.join("\n"));
  return values.settings;
}

import { readFileSync } from "node:fs";
import type * as z from "zod/mini";
import { type Deployment, deploymentOf, parseDeployment } from "../chain/deployment.js";
import { readAs } from "../lib/readAs.js";

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Outcome of reading variables: what they say, or one sentence for each fault. No sentence repeats a value. */
export type VariablesReading<values> =
  | { readonly values: values; readonly faults: readonly [] }
  | { readonly values?: undefined; readonly faults: readonly string[] };

/** Reads environment variables by a schema of zod or zod/mini. Empty variables count as absent. */
export function readVariables<schema extends z.core.$ZodType>(
  schema: schema,
  variables: Variables,
): VariablesReading<z.output<schema>> {
  const given = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = readAs(schema, given);
  if (parsed.success) return { values: parsed.data, faults: [] };
  const faults = parsed.error.issues.map(({ path, message }) => {
    const name = path.join(".");
    return given[name] === undefined ? `${name} is missing.` : `${name} ${message}.`;
  });
  return { faults };
}

/** Returns true for a text that is the URL of a server. */
export function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^\s/]/.test(text) && URL.canParse(text);
}

/**
 * Reads a deployment file; without a path, returns the project's own deployment on the chain.
 * @throws GridError for what is not a deployment, or none is known of; whatever reading the file and JSON throw.
 */
export function readDeployment(path: string | undefined, chainId: number): Deployment {
  return path === undefined ? deploymentOf(chainId) : readDeploymentFile(path);
}

/** Reads a deployment file, as {@link readDeployment}. */
export function readDeploymentFile(path: string): Deployment {
  return parseDeployment(JSON.parse(readFileSync(path, "utf8")));
}

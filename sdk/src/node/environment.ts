import * as z from "zod/mini";
import { type Deployment, deploymentOf, parseDeployment } from "../chain/deployment.js";
import { readAs } from "../lib/readAs.js";
import { readTextFile } from "./unicode.js";

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

/** Settings of a program, each by the one variable that has it. */
export type SettingTable = Readonly<Record<string, Readonly<Record<string, z.core.$ZodType>>>>;

/** Values of a {@link SettingTable}. */
export type SettingsOf<table extends SettingTable> = {
  readonly [name in keyof table]: z.output<table[name][keyof table[name]]>;
};

/** Reads the settings of tables, by the names of the tables, as {@link readVariables}. */
export function readSettingTables<tables extends Readonly<Record<string, SettingTable>>>(
  tables: tables,
  variables: Variables,
): VariablesReading<{ readonly [name in keyof tables]: SettingsOf<tables[name]> }> {
  const schemas = Object.values(tables).flatMap((table) => Object.values(table));
  const { values, faults } = readVariables(z.object(Object.assign({}, ...schemas)), variables);
  if (!values) return { faults };
  const settingsIn = (table: SettingTable) =>
    mapValues(table, (schema) => values[Object.keys(schema)[0] as keyof typeof values]);
  return { values: mapValues(tables, settingsIn) as never, faults: [] };
}

function mapValues<from, to>(record: Readonly<Record<string, from>>, map: (value: from) => to): Record<string, to> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
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
  return parseDeployment(JSON.parse(readTextFile(path)));
}

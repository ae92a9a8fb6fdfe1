import { resolve } from "node:path";
import {
  type Config,
  configPath,
  defaults,
  effectiveConfig,
  readConfig,
  readSettingName,
  type SettingName,
  settings,
  writeConfig,
} from "../config.ts";
import { ExitCode } from "../failure.ts";
import { type GridPlaces, readPlaces } from "../grid.ts";
import { type CommonOptions, openSession, type Session } from "../program.ts";
import { defaultAccount } from "../signer.ts";
import { padded, printable, table } from "../text.ts";

/** A setting and its source. */
interface SettingRow {
  readonly name: SettingName;
  /** Absent when nothing sets it. */
  readonly value?: string;
  readonly source: "variable" | "config" | "grid.json" | "default" | "none";
}

/** `gridnft config`. */
export async function listCommand(options: CommonOptions): Promise<ExitCode> {
  const session = openSession(options);
  const { terminal, environment } = session;
  const rows = rowsOf(session);
  const path = configPath(environment);
  const cells = rows.map(({ name, value, source }) => [name, printable(value ?? "-"), source, settings[name].meaning]);
  for (const line of table(["setting", "value", "from", "meaning"], cells)) terminal.line(line);
  terminal.line();
  terminal.line(terminal.colors.dim(`${padded("kept in", 8)} ${path ?? "nowhere: there is no home folder"}`));
  for (const { name, value } of rows) if (value !== undefined) terminal.value(`${name}=${value}`);
  terminal.result({ file: path ?? null, settings: rows.map((row) => ({ ...row, value: row.value ?? null })) });
  return ExitCode.OK;
}

/** `gridnft config get <name>`. */
export async function getCommand(name: string, options: CommonOptions): Promise<ExitCode> {
  const setting = readSettingName(name);
  const session = openSession(options);
  const row = rowsOf(session).find((one) => one.name === setting) as SettingRow;
  if (row.value !== undefined) session.terminal.line(printable(row.value));
  if (row.value !== undefined) session.terminal.value(printable(row.value));
  session.terminal.result({ ...row, value: row.value ?? null });
  return ExitCode.OK;
}

/** `gridnft config set <name> <value>`. */
export async function setCommand(name: string, value: string, options: CommonOptions): Promise<ExitCode> {
  const setting = readSettingName(name);
  settings[setting].check(setting, value);
  const { cwd, environment } = options.surroundings;
  // Commands run in any folder later.
  const kept = setting === "deployment" ? resolve(cwd, value) : value;
  return keep(options, { ...readConfig(environment), [setting]: kept }, setting);
}

/** `gridnft config unset <name>`. */
export async function unsetCommand(name: string, options: CommonOptions): Promise<ExitCode> {
  const setting = readSettingName(name);
  const { [setting]: _, ...rest } = readConfig(options.surroundings.environment);
  return keep(options, rest, setting);
}

function keep(options: CommonOptions, config: Config, name: SettingName): ExitCode {
  const { terminal, environment } = openSession(options);
  const path = writeConfig(environment, config);
  const value = config[name];
  const { green } = terminal.colors;
  terminal.line(`${green("✓")} ${name} ${value === undefined ? "is forgotten" : `is ${printable(value)}`}, in ${path}`);
  terminal.result({ name, value: value ?? null, file: path });
  return ExitCode.OK;
}

function rowsOf(session: Session): SettingRow[] {
  const { environment, cwd } = session;
  const config = effectiveConfig(environment);
  const fromFile = ofGridFile(cwd, environment, config);
  return (Object.keys(settings) as SettingName[]).map((name): SettingRow => {
    const { variable } = settings[name];
    const ofVariable = variable && environment[variable];
    if (ofVariable) return { name, value: ofVariable, source: "variable" };
    if (name === "account" && environment.GRID_PRIVATE_KEY) {
      return { name, value: "GRID_PRIVATE_KEY", source: "variable" };
    }
    const kept = config[name];
    if (kept !== undefined) return { name, value: kept, source: "config" };
    const found = fromFile[name];
    if (found !== undefined) return { name, value: found, source: "grid.json" };
    const value = (defaults as Config)[name];
    return value === undefined ? { name, source: "none" } : { name, value, source: "default" };
  });
}

/** Settings that the nearest grid.json names. */
function ofGridFile(cwd: string, environment: NodeJS.ProcessEnv, config: Config): Config {
  let places: GridPlaces;
  try {
    places = readPlaces(cwd, environment, config);
  } catch {
    return {};
  }
  if (places.file === undefined) return {};
  const found = {
    ...{ "rpc-url": places.rpcUrl, "cloud-url": places.cloudUrl, "graphql-url": places.graphqlUrl },
    ...{ deployment: places.deployment, account: defaultAccount(places)?.name, "ipfs-gateway": places.cloudUrl },
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

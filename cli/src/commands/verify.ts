import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type FetchFile, ipfsGateway, type Verification, verifyToken } from "@gridnft/sdk";
import { defaults } from "../config.ts";
import { CliError, ExitCode, usageError } from "../failure.ts";
import type { Grid } from "../grid.ts";
import { reasonOf } from "../output.ts";
import { type CommonOptions, openSession, readTokenId, type Session } from "../program.ts";
import { printReport } from "../report.ts";
import { type Rerun, rerunVersion } from "../rerun.ts";
import type { Terminal } from "../terminal.ts";
import { readUrl } from "../values.ts";

export interface VerifyCommandOptions extends CommonOptions {
  readonly ipfs?: string;
  readonly image?: string;
  readonly rerun?: boolean;
  readonly models?: string;
  readonly verbose?: boolean;
}

/** `gridnft verify <token>`. */
export async function verifyCommand(token: string, options: VerifyCommandOptions): Promise<ExitCode> {
  const tokenId = readTokenId(token);
  if (options.models !== undefined && !options.rerun) throw usageError("--models does nothing without --rerun.");
  const session = openSession(options);
  const image = options.image === undefined ? undefined : await readImage(resolve(session.cwd, options.image));
  const { terminal } = session;
  const grid = await session.grid();
  let done = 0;
  terminal.progress(`Checking token ${tokenId}`, 0);
  const result = await verifyToken(grid.client, {
    deployment: grid.contracts,
    tokenId,
    fetchFile: gatewayOf(session, grid, options.ipfs),
    ...(image && { image }),
    onCheck: ({ title }) => {
      done++;
      if (terminal.live) terminal.progress(title, Math.min(done / 18, 0.97));
    },
  });
  terminal.settle();
  if (!result.checks.some(({ id, status }) => id === "event" && status !== "fail") && result.versions.length === 0) {
    throw new CliError("TOKEN_UNKNOWN", `There is no token ${tokenId} on chain ${grid.chainId}.`);
  }
  const reruns = options.rerun
    ? await rerunAll(result, modelsFolderOf(session, grid, options.models), terminal)
    : undefined;
  printReport(terminal, result, reruns, options.verbose ?? false);
  const exitCode = exitCodeOf(result, reruns ?? []);
  terminal.value(result.verdict);
  terminal.result({ ...result, ...(reruns && { reruns }), exitCode });
  return exitCode;
}

/** A picture that comes out differently under the receipt's own engine contradicts the receipt. */
function exitCodeOf({ verdict }: Verification, reruns: readonly Rerun[]): ExitCode {
  if (verdict === "broken") return ExitCode.BROKEN;
  if (reruns.some(({ outcome, sameEngine }) => outcome === "different" && sameEngine)) return ExitCode.BROKEN;
  const open = reruns.some(({ outcome }) => outcome === "impossible" || outcome === "different");
  return verdict === "incomplete" || open ? ExitCode.INCOMPLETE : ExitCode.OK;
}

async function rerunAll(
  { versions }: Verification,
  modelsFolder: string,
  terminal: Terminal,
): Promise<readonly Rerun[]> {
  const reruns: Rerun[] = [];
  for (const version of versions) {
    const name = `Running version ${version.version} again`;
    terminal.progress(name, 0);
    const onStep = (step: number, steps: number): void => {
      if (terminal.live) terminal.progress(`${name}: step ${step} of ${steps}`, step / steps);
    };
    reruns.push(await rerunVersion(version, { modelsFolder, onStep }));
  }
  terminal.settle();
  return reruns;
}

function modelsFolderOf({ cwd }: Session, grid: Grid, option: string | undefined): string {
  const folder = option === undefined ? grid.modelsFolder : resolve(cwd, option);
  if (folder === undefined) {
    throw usageError("--rerun needs the model: say --models <folder>, where a folder with the weights is.");
  }
  return folder;
}

/** The cloud of a local grid is a gateway, too. Whichever it is: what it serves is hashed. */
function gatewayOf({ environment, config }: Session, grid: Grid, option: string | undefined): FetchFile {
  const kept = environment.GRID_IPFS_GATEWAY || config["ipfs-gateway"];
  const gateway = option ?? kept ?? grid.cloudUrl ?? defaults["ipfs-gateway"];
  return ipfsGateway(readUrl(option === undefined ? "GRID_IPFS_GATEWAY" : "--ipfs", gateway));
}

async function readImage(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const problem = isMissing ? `there is no file ${path}` : `${path} can't be read: ${reasonOf(cause)}`;
    throw usageError(`--image: ${problem}.`, "NO_FILE", { cause });
  }
}

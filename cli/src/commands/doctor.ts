import { accountState, createCloudClient } from "@gridnft/sdk";
import { formatEther } from "viem";
import { getBlock, getCode } from "viem/actions";
import { explain } from "../explain.ts";
import { ExitCode } from "../failure.ts";
import type { Grid } from "../grid.ts";
import { type CommonOptions, openSession, type Session } from "../program.ts";
import { openSigner } from "../signer.ts";
import { counted, printable, wrap } from "../text.ts";
import { aipg } from "../values.ts";

export interface DoctorCommandOptions extends CommonOptions {
  readonly account?: string;
}

/** One thing that other commands need. */
interface Finding {
  /** Stable. */
  readonly id: string;
  readonly status: "pass" | "warn" | "fail";
  readonly detail: string;
  /** Sentence, where something is to be done. */
  readonly fix?: string;
}

/** Seconds after which a chain's newest block is old. */
const OLD_BLOCK = 3_600;
/** Milliseconds to wait for an answer. */
const PATIENCE = 5_000;

/** `gridnft doctor`: looks at everything that other commands need, and changes nothing. Fails when something is broken. */
export async function doctorCommand(options: DoctorCommandOptions): Promise<ExitCode> {
  const session = openSession(options);
  const { terminal } = session;
  const findings: Finding[] = [];
  const marks = {
    pass: terminal.colors.green("✓"),
    warn: terminal.colors.yellow("!"),
    fail: terminal.colors.red("✗"),
  };
  const report = (finding: Finding): void => {
    findings.push(finding);
    terminal.settle();
    terminal.line(`${marks[finding.status]} ${finding.id.padEnd(10)} ${printable(finding.detail)}`);
    if (finding.fix) terminal.line(terminal.colors.dim(wrap(printable(finding.fix), terminal.width, " ".repeat(13))));
    if (finding.status === "fail") terminal.value(finding.id);
  };
  await examine(session, options.account, report);
  const failed = findings.filter(({ status }) => status === "fail").length;
  terminal.result({ healthy: failed === 0, checks: findings });
  terminal.line();
  terminal.line(failed === 0 ? "Everything is there." : `${failed} of ${findings.length} checks failed.`);
  return failed === 0 ? ExitCode.OK : ExitCode.FAILED;
}

async function examine(
  session: Session,
  account: string | undefined,
  report: (finding: Finding) => void,
): Promise<void> {
  report({ id: "node", status: "pass", detail: `Node ${process.versions.node} on ${process.platform}` });
  const grid = await session.grid().catch((error: unknown) => {
    report(failure("grid", error));
    return undefined;
  });
  if (!grid) return;
  report({
    id: "grid",
    status: "pass",
    detail: `chain ${grid.chainId} at ${grid.rpcUrl}${grid.file ? `, by ${grid.file}` : ""}`,
  });
  for (const check of [chain, contracts, cloud, gallery]) {
    session.terminal.progress("Looking");
    report(await check(grid).catch((error: unknown) => failure(check.name, error)));
  }
  report(await wallet(session, grid, account).catch((error: unknown) => failure("account", error)));
}

function failure(id: string, error: unknown): Finding {
  return { id, status: "fail", detail: explain(error).message };
}

async function chain({ client }: Grid): Promise<Finding> {
  const { number, timestamp } = await getBlock(client);
  const age = Math.max(Math.floor(Date.now() / 1_000) - Number(timestamp), 0);
  const detail = `block ${number}, ${age} s old`;
  if (age <= OLD_BLOCK) return { id: "chain", status: "pass", detail };
  return {
    id: "chain",
    status: "warn",
    detail,
    fix: "The node has no new blocks: it may be behind. A local chain makes one when it is used.",
  };
}

async function contracts({ client, contracts: { contracts: all } }: Grid): Promise<Finding> {
  const codes = await Promise.all(
    Object.entries(all).map(async ([name, { address }]) => ({ name, code: await getCode(client, { address }) })),
  );
  const missing = codes.filter(({ code }) => code === undefined || code === "0x").map(({ name }) => name);
  if (missing.length === 0) return { id: "contracts", status: "pass", detail: `${codes.length} contracts have code` };
  return {
    ...{ id: "contracts", status: "fail", detail: `no code at the address of ${missing.join(", ")}` },
    fix: "The deployment file is of another chain, or of one that began anew. Set GRID_DEPLOYMENT.",
  };
}

async function cloud({ cloudUrl }: Grid): Promise<Finding> {
  if (cloudUrl === undefined) {
    const fix = "generate, models and workers need one: set GRID_CLOUD_URL. show, verify and mint do without.";
    return { id: "cloud", status: "warn", detail: "none is known", fix };
  }
  const client = createCloudClient({ url: cloudUrl, timeout: PATIENCE });
  await client.health();
  const [models, workers] = await Promise.all([client.models(), client.workers()]);
  const detail = `${cloudUrl}: ${counted(models.length, "model")}, ${counted(workers.length, "worker")}`;
  if (models.some(({ workers: live }) => live > 0)) return { id: "cloud", status: "pass", detail };
  return { id: "cloud", status: "warn", detail, fix: "No worker serves a model now: generate has to wait for one." };
}

async function gallery({ graphqlUrl }: Grid): Promise<Finding> {
  if (graphqlUrl === undefined) {
    return { id: "gallery", status: "warn", detail: "none is known", fix: "show reads the chain instead." };
  }
  const body = JSON.stringify({ query: "{ __typename }" });
  const headers = { "content-type": "application/json" };
  const fix = "show reads the chain instead.";
  try {
    const response = await fetch(graphqlUrl, { method: "POST", headers, body, signal: AbortSignal.timeout(PATIENCE) });
    await response.body?.cancel();
    if (response.ok) return { id: "gallery", status: "pass", detail: graphqlUrl };
    return { id: "gallery", status: "warn", detail: `${graphqlUrl} answers ${response.status}`, fix };
  } catch {
    return { id: "gallery", status: "warn", detail: `${graphqlUrl} does not answer`, fix };
  }
}

async function wallet(session: Session, grid: Grid, option: string | undefined): Promise<Finding> {
  const { name, account } = openSigner(grid, option, session);
  const state = await accountState(grid.client, { deployment: grid.contracts, account: account.address });
  const inWallet = `${aipg(state.aipg)} and ${formatEther(state.eth)} ETH in the wallet`;
  const detail = `${name} ${account.address}: ${aipg(state.free)} for jobs, ${inWallet}`;
  const lacks = [
    state.eth === 0n && "It has no ETH for gas: it can't deposit, mint or evolve.",
    state.free + state.aipg === 0n && "It has no AIPG: only --rail gateway can pay for pictures.",
  ].filter((text) => text !== false);
  if (lacks.length === 0) return { id: "account", status: "pass", detail };
  return { id: "account", status: "warn", detail, fix: lacks.join(" ") };
}

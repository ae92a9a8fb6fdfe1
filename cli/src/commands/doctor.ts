import { accountState, createCloudClient } from "@gridnft/sdk";
import { formatEther } from "viem";
import { getBlock, getCode } from "viem/actions";
import { explain } from "../explain.ts";
import { ExitCode } from "../failure.ts";
import type { Grid } from "../grid.ts";
import { openSession, type Session } from "../program.ts";
import { openSigner, type SigningOptions } from "../signer.ts";
import { counted, printable, wrap } from "../text.ts";
import { aipg } from "../values.ts";

/** State of one thing that other commands need. */
interface Finding {
  readonly status: "pass" | "warn" | "fail";
  readonly detail: string;
  /** Sentence, where something is to be done. */
  readonly fix?: string;
}

const pass = (detail: string): Finding => ({ status: "pass", detail });
const warn = (detail: string, fix: string): Finding => ({ status: "warn", detail, fix });
const failure = (error: unknown): Finding => ({ status: "fail", detail: explain(error).message });

/** Takes a finding by its id, which is stable. */
type Report = (id: string, finding: Finding) => void;

/** Seconds after which a chain's newest block is old. */
const MAX_BLOCK_AGE_SECONDS = 3_600;
/** Milliseconds to wait for an answer. */
const ANSWER_TIMEOUT = 5_000;

/** `gridnft doctor`: looks at everything that other commands need, and changes nothing. Fails when something is broken. */
export async function doctorCommand(options: SigningOptions): Promise<ExitCode> {
  const session = openSession(options);
  const { terminal } = session;
  const findings: (Finding & { readonly id: string })[] = [];
  const marks = {
    pass: terminal.colors.green("✓"),
    warn: terminal.colors.yellow("!"),
    fail: terminal.colors.red("✗"),
  };
  const report: Report = (id, finding) => {
    findings.push({ id, ...finding });
    terminal.settle();
    terminal.line(`${marks[finding.status]} ${id.padEnd(10)} ${printable(finding.detail)}`);
    if (finding.fix) terminal.line(terminal.colors.dim(wrap(printable(finding.fix), terminal.width, " ".repeat(13))));
    if (finding.status === "fail") terminal.value(id);
  };
  await examine(session, options.account, report);
  const failed = findings.filter(({ status }) => status === "fail").length;
  terminal.result({ healthy: failed === 0, checks: findings });
  terminal.line();
  terminal.line(failed === 0 ? "Everything is there." : `${failed} of ${findings.length} checks failed.`);
  return failed === 0 ? ExitCode.OK : ExitCode.FAILED;
}

async function examine(session: Session, account: string | undefined, report: Report): Promise<void> {
  report("node", pass(`Node ${process.versions.node} on ${process.platform}`));
  const grid = await session.grid().catch((error: unknown) => report("grid", failure(error)));
  if (!grid) return;
  report("grid", pass(`chain ${grid.chainId} at ${grid.rpcUrl}${grid.file ? `, by ${grid.file}` : ""}`));
  for (const check of [chain, contracts, cloud, gallery]) {
    session.terminal.progress("Looking");
    report(check.name, await check(grid).catch(failure));
  }
  report("account", await wallet(session, grid, account).catch(failure));
}

async function chain({ client }: Grid): Promise<Finding> {
  const { number, timestamp } = await getBlock(client);
  const age = Math.max(Math.floor(Date.now() / 1_000) - Number(timestamp), 0);
  const detail = `block ${number}, ${age} s old`;
  if (age <= MAX_BLOCK_AGE_SECONDS) return pass(detail);
  return warn(detail, "The node has no new blocks: it may be behind. A local chain makes one when it is used.");
}

async function contracts({ client, contracts: { contracts: all } }: Grid): Promise<Finding> {
  const codes = await Promise.all(
    Object.entries(all).map(async ([name, { address }]) => ({ name, code: await getCode(client, { address }) })),
  );
  const missing = codes.filter(({ code }) => code === undefined || code === "0x").map(({ name }) => name);
  if (missing.length === 0) return pass(`${codes.length} contracts have code`);
  return {
    ...{ status: "fail", detail: `no code at the address of ${missing.join(", ")}` },
    fix: "The deployment file is of another chain, or of one that began anew. Set GRID_DEPLOYMENT.",
  };
}

async function cloud({ cloudUrl }: Grid): Promise<Finding> {
  if (cloudUrl === undefined) {
    const fix = "generate, models and workers need one: set GRID_CLOUD_URL. show, verify and mint do without.";
    return warn("none is known", fix);
  }
  const client = createCloudClient({ url: cloudUrl, timeout: ANSWER_TIMEOUT });
  await client.health();
  const [models, workers] = await Promise.all([client.models(), client.workers()]);
  const detail = `${cloudUrl}: ${counted(models.length, "model")}, ${counted(workers.length, "worker")}`;
  if (models.some(({ workers: live }) => live > 0)) return pass(detail);
  return warn(detail, "No worker serves a model now: generate has to wait for one.");
}

async function gallery({ graphqlUrl }: Grid): Promise<Finding> {
  const fix = "show reads the chain instead.";
  if (graphqlUrl === undefined) return warn("none is known", fix);
  const body = JSON.stringify({ query: "{ __typename }" });
  const headers = { "content-type": "application/json" };
  try {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT);
    const response = await fetch(graphqlUrl, { method: "POST", headers, body, signal });
    await response.body?.cancel();
    return response.ok ? pass(graphqlUrl) : warn(`${graphqlUrl} answers ${response.status}`, fix);
  } catch {
    return warn(`${graphqlUrl} does not answer`, fix);
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
  return lacks.length === 0 ? pass(detail) : warn(detail, lacks.join(" "));
}

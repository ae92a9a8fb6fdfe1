/** A run: a grid under load, faults by a plan, rest, and the reckoning. */
import { readFileSync } from "node:fs";
import { SETTLE_GRACE } from "../../../sdk/src/index.ts";
import { sleep } from "../../../sdk/src/node/index.ts";
import { type KillableGrid, startKillableGrid } from "./killableGrid.ts";
import { type Load, startLoad } from "./load.ts";
import { tryOldLease } from "./oldLease.ts";
import { type Fault, nameOf, planFaults } from "./plan.ts";
import { type Figures, reckon } from "./reckoning.ts";

/** Plan and load of a run. */
export interface KillOptions {
  readonly seed: number;
  readonly kills: number;
  /** Clients whose pictures the gateway pays, and those of each payer. */
  readonly guests?: number;
  readonly clientsOfPayer?: number;
  /** Longest wait between two faults, milliseconds. */
  readonly longestGap?: number;
  /** Milliseconds that everything may take to come to rest. */
  readonly patience?: number;
  /** Workers that owe something are killed once more at the end: what they would do within a minute they do when they start. */
  readonly isShort?: boolean;
  readonly killable?: () => Promise<KillableGrid>;
  /** Hears of each fault. */
  readonly log?: (line: string) => void;
}

/** Outcome of a run. */
export interface KillOutcome {
  readonly seed: number;
  /** By kind: how many faults were done, and how many processes or connections they hit. */
  readonly faults: Readonly<Record<string, { readonly times: number; readonly hit: number }>>;
  readonly failedStarts: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly figures: Figures;
  /** Seconds. */
  readonly seconds: { readonly faults: number; readonly rest: number };
  readonly complaints: Readonly<Record<string, number>>;
  readonly findings: readonly string[];
}

/** Runs it. Does not throw for what it finds. */
export async function runKills(options: KillOptions): Promise<KillOutcome> {
  const {
    seed,
    kills,
    guests = 3,
    clientsOfPayer = 2,
    patience = 180_000,
    isShort = false,
    log = () => undefined,
  } = options;
  const killable = await (options.killable ?? startKillableGrid)();
  let load: Load | undefined;
  try {
    const mix = options.longestGap === undefined ? killable.mix : { ...killable.mix, longestGap: options.longestGap };
    const plan = planFaults(seed, kills, mix);
    const clients = startLoad({
      ...{ cloudUrl: killable.cloudUrl, deployment: killable.deployment, model: `${killable.modelId}`, guests },
      clientsOfPayer,
      parameters: killable.parameters,
      payers: killable.payers.map(({ wallet }) => wallet),
    });
    load = clients;
    await until(() => clients.notes.some(({ end }) => end !== undefined), 60_000);
    log(`the first picture is there; ${kills} kills follow, by seed ${seed}`);
    const begun = performance.now();
    const faults: Record<string, { times: number; hit: number }> = {};
    for (const [n, { after, fault }] of plan.entries()) {
      await sleep(after);
      const hit = await inflict(killable, fault);
      const kind = fault.kind === "kill" || fault.kind === "stall" ? `${fault.kind} ${fault.part}` : fault.kind;
      faults[kind] = { times: (faults[kind]?.times ?? 0) + 1, hit: (faults[kind]?.hit ?? 0) + hit };
      const ended = clients.notes.filter(({ end }) => end !== undefined).length;
      log(`${n + 1} of ${plan.length}: ${nameOf(fault)} (${hit} hit), ${ended} jobs ended`);
    }
    const inflicted = performance.now();
    await killable.whole();
    const findings: string[] = [];
    if (killable.workers.every(({ key }) => key !== undefined)) {
      log("a worker that comes back with an old lease");
      findings.push(...(await tryOldLease(killable, clients)));
    }
    log("rest");
    const impatience = AbortSignal.timeout(patience);
    const ending = clients.end(impatience);
    const waitsFor = await rest(killable, impatience, ending);
    if (waitsFor === undefined && isShort && (await payment(killable, AbortSignal.timeout(2_000))) !== undefined) {
      for (const { name } of killable.mix.parts.filter((part) => part.name.startsWith("worker"))) {
        await killable.inflict({ kind: "kill", part: name, down: 0 });
      }
      await killable.whole();
    }
    const unpaid = waitsFor ?? (await payment(killable, impatience));
    if (unpaid !== undefined) findings.push(`It did not come to rest in ${patience / 1_000} s: ${unpaid}`);
    const rested = performance.now();
    for (const [kind, times] of Object.entries(killable.steadyFaults?.() ?? {})) faults[kind] = { times, hit: times };
    findings.push(...(await killable.check()));
    await killable.stopWorkers();
    const reckoning = await reckon(killable, clients.notes);
    const { done, failed } = reckoning.figures;
    // A job may fail with a reason: of many faults some hit it three times. Not one in ten, though.
    if (failed * 10 > done) findings.push(`${failed} jobs failed, and ${done} are done.`);
    findings.push(
      ...reckoning.findings,
      ...clients.faults.map((fault) => `A client was answered: ${fault}`),
      ...killable.crashes,
    );
    return {
      seed,
      faults,
      failedStarts: killable.failedStarts,
      refusals: Object.fromEntries(clients.refusals),
      figures: reckoning.figures,
      seconds: { faults: secondsOf(inflicted - begun), rest: secondsOf(rested - inflicted) },
      complaints: complaintsOf(killable.logs()),
      findings,
    };
  } finally {
    await load?.end(AbortSignal.abort());
    await killable.stop();
  }
}

const secondsOf = (milliseconds: number): number => Number((milliseconds / 1_000).toFixed(1));

/** Milliseconds that a part may take to be up, so that a fault can hit it. */
const UP = 240_000;

/** Does a fault as soon as there is something that it can hit. */
async function inflict(killable: KillableGrid, fault: Fault): Promise<number> {
  const end = Date.now() + UP;
  while (Date.now() < end) {
    const hit = await killable.inflict(fault);
    if (hit > 0) return hit;
    await sleep(30);
  }
  throw new Error(`There was nothing for: ${nameOf(fault)}.`);
}

async function until(isSo: () => boolean, patience: number): Promise<void> {
  const end = Date.now() + patience;
  while (!isSo()) {
    if (Date.now() > end) throw new Error("No job ended before the first fault.");
    await sleep(50);
  }
}

/** Waits until every job ended and every client knows it. @returns The jobs that still wait when the time is over. */
async function rest(
  killable: KillableGrid,
  impatience: AbortSignal,
  clients: Promise<void>,
): Promise<string | undefined> {
  let areTold = false;
  void clients.then(() => {
    areTold = true;
  });
  for (;;) {
    const open = await killable.sql<{
      id: string;
      status: string;
      rail: string;
      wanted: string | null;
      deadline: string | null;
    }>(
      `SELECT j.id, j.status, j.rail, j.wanted, c.deadline FROM cloud.job j
       LEFT JOIN cloud.candidate c ON c.job_id = j.id AND c.position = j.candidate
       WHERE j.status NOT IN ('done', 'failed', 'cancelled')`,
    );
    if (open.length === 0 && areTold && !impatience.aborted) return undefined;
    if (impatience.aborted) {
      const jobs = open.map(({ id, status, rail }) => `job ${id} (${rail}) is ${status}`);
      return jobs.join(", ") || "not every client was told how its job ended.";
    }
    // A direct job whose worker gave it up, or was not done before its order's deadline, waits until that worker can't settle the order any
    // more: in a test not for so long.
    const isOver = (deadline: string | null): boolean => Number(deadline ?? 0) < Date.now() / 1_000;
    const isStill =
      open.length > 0 &&
      open.every(
        ({ status, rail, wanted, deadline }) =>
          status === "queued" && rail === "direct" && (wanted === null || isOver(deadline)),
      );
    if (isStill && (await unsettled(killable)).length === 0) {
      const { timestamp } = await killable.reader.wallet.getBlock();
      const latest = Math.max(...open.map(({ deadline }) => Number(deadline ?? 0)));
      await killable.pass(Math.max(1, latest + SETTLE_GRACE + 1 - Number(timestamp)));
    }
    await sleep(200);
  }
}

/** Direct jobs that are done and not settled. */
async function unsettled(killable: KillableGrid): Promise<string[]> {
  const rows = await killable.sql<{ id: string; payer: `0x${string}`; nonce: string }>(
    `SELECT j.id, n.payer, n.nonce FROM cloud.job j JOIN cloud.order_nonce n ON n.job_id = j.id WHERE j.status = 'done'`,
  );
  const { settlement } = killable.reader.grid;
  const used = await Promise.all(rows.map(({ payer, nonce }) => settlement.read.isNonceUsed([payer, BigInt(nonce)])));
  return rows.flatMap(({ id }, i) => (used[i] ? [] : [id]));
}

/** Waits until all that is done is paid and anchored. @returns The jobs and lanes that are not, when the time is over. */
async function payment(killable: KillableGrid, impatience: AbortSignal): Promise<string | undefined> {
  const { settlement } = killable.reader.grid;
  for (;;) {
    const orders = await unsettled(killable);
    const totals = await killable.sql<{ lane_id: `0x${string}`; model_id: string; promised: string }>(
      "SELECT lane_id, model_id, promised FROM cloud.lane_total",
    );
    const paid = await Promise.all(
      totals.map(({ lane_id, model_id }) => settlement.read.laneTotalOf([lane_id, BigInt(model_id)])),
    );
    const owing = totals.filter(({ promised }, i) => paid[i]?.cumulative !== BigInt(promised));
    if (orders.length === 0 && owing.length === 0) return undefined;
    if (impatience.aborted) {
      return [
        ...orders.map((id) => `job ${id} is done and not settled`),
        ...owing.map(({ lane_id, promised }) => `lane ${lane_id} promised ${promised} and did not pay it`),
      ].join(", ");
    }
    await sleep(200);
  }
}

/** Warnings and errors of the programs' logs, by their words: what to look at when something is wrong. */
function complaintsOf(logs: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const path of logs) {
    for (const line of readFileSync(path, "utf8").split("\n")) {
      if (!/"level":"?(40|50|60|warn|error|fatal)/.test(line)) continue;
      try {
        const {
          msg,
          part = "worker",
          reason = "",
        } = JSON.parse(line) as { msg?: string; part?: string; reason?: string };
        const why = reason.replace(/0x[0-9a-f]+|[0-9]+/gi, "#").slice(0, 120);
        const key = `${part}: ${msg}${why && ` (${why})`}`;
        counts[key] = (counts[key] ?? 0) + 1;
      } catch {
        // Half a line of a process that was killed.
      }
    }
  }
  return counts;
}

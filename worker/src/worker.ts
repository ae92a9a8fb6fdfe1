import { createWorkerClient, isBonded, SignerRole } from "@gridnft/sdk";
import { createMutex, createNamedMutex, retry, trySleep } from "@gridnft/sdk/node";
import { type Address, formatEther } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { backoff } from "./backoff.ts";
import { chainClock } from "./chain/clock.ts";
import { connectChain, type GridChain } from "./chain/connect.ts";
import { isGoodSigner } from "./chain/facts.ts";
import { createSigning } from "./chain/signing.ts";
import { createTransactions } from "./chain/transactions.ts";
import type { WorkerEnvironment } from "./environment.ts";
import { describe, isTransient, WorkerError } from "./errors.ts";
import { reconcile } from "./jobs/deliver.ts";
import { type LoadEngine, type LoadedModel, loadModels, offerOf } from "./jobs/models.ts";
import { type JobOutcome, runJob } from "./jobs/run.ts";
import type { JobServices } from "./jobs/services.ts";
import { createThroughput } from "./jobs/throughput.ts";
import { uploadWantedImages } from "./jobs/wantedImages.ts";
import type { Logger } from "./log.ts";
import { createMetrics, type Metrics, serveMetrics } from "./metrics.ts";
import { createVoucherAcceptor, type VoucherAcceptor } from "./payouts/acceptVoucher.ts";
import { createPayouts, type Payouts } from "./payouts/index.ts";
import type { PayoutServices } from "./payouts/services.ts";
import { openState, type State } from "./state/index.ts";
import { type KeepTerms, tidyPictures } from "./state/pictures.ts";

/** Running worker. */
export interface RunningWorker {
  /** Resolves when the worker ends; rejects with the reason when it ends by itself. */
  readonly ended: Promise<void>;
  /** Claims nothing more, lets the running job finish within the grace time or gives it back, and closes everything. */
  stop(): Promise<void>;
  /** URL of the metrics, where they are shown. */
  readonly metricsUrl: string | undefined;
}

/** Parts of the program beside its environment. */
export interface WorkerParts {
  readonly loadEngine: LoadEngine;
  readonly log: Logger;
  /** Version that the cloud shows. */
  readonly software: string;
}

/** Seconds of a long poll for a job. */
const CLAIM_SECONDS = 20;
/** Milliseconds that taking pay may last when the worker stops. */
const LAST_PAYOUT_TIMEOUT = 60_000;
/** Milliseconds that engines get to close. */
const ENGINE_CLOSE_TIMEOUT = 10_000;
/** Milliseconds between two requests for vouchers and deliveries whose answer got lost. */
const CATCH_UP_INTERVAL = 60_000;

/**
 * Starts a worker: locks its state, checks its standing on the chain, loads its models, signs in, offers them, and works.
 * Resolves when the cloud has the offer.
 *
 * @throws {@link WorkerError} with what its operator has to put right.
 */
export async function startWorker(
  environment: WorkerEnvironment,
  { loadEngine, log, software }: WorkerParts,
  stopSignal: AbortSignal = new AbortController().signal,
): Promise<RunningWorker> {
  const undo: (() => Promise<unknown> | unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const step of undo.reverse().splice(0)) await step();
  };
  try {
    const signer = privateKeyToAccount(environment.signerKey);
    const { account } = environment;
    const metrics = createMetrics();
    const shown = environment.metrics && (await serveMetrics(metrics, environment.metrics));
    if (shown) undo.push(shown.close);
    const chain = await retryWhileAway(() => connectChain(environment.rpcUrl, environment.deployment), log, stopSignal);
    const onWait = (sentence: string): void => log.warn(sentence);
    const state = await openState(environment.state, chain.domain, { signal: stopSignal, onWait });
    undo.push(state.close);
    await requireStanding(chain, account, signer.address, log);
    const models = await loadModels(environment.models, chain, loadEngine, log);
    undo.push(() => closeEngines(models));
    for (const { modelId, card, engine } of models) {
      log.info({ model: `${modelId}`, name: card?.name, engine: engine.name }, "a model is loaded");
    }

    const stopping = new AbortController();
    const closing = new AbortController();
    const clock = chainClock(chain, environment.maxHeadAge ?? (chain.isLocal ? 0 : 120));
    const { ledger, pictures } = state;
    const sign = createSigning(signer, chain.domain);
    const transactions = createTransactions({ chain, signer, ledger, log, now: clock.now });
    const payoutServices: PayoutServices = {
      ...{ chain, clock, ledger, transactions, sign, account, log },
      terms: environment.payouts,
      confirmations: environment.payouts.confirmations ?? (chain.isLocal ? 0 : 12),
      signal: closing.signal,
    };
    const { cloudUrl: url, cloudDomain: domain } = environment;
    const cloud = createWorkerClient({
      ...{ url, domain, chainId: chain.chain.id, account, signer },
      fetch: metrics.counted(fetch),
    });
    const vouchers = createVoucherAcceptor({ ...payoutServices, cloud });
    const throughput = createThroughput();
    const services: JobServices = {
      ...{ chain, clock, ledger, account, cloud, pictures, vouchers, sign, throughput, log },
      terms: { models, limits: environment.limits, rate: environment.rate },
      exposure: environment.exposure,
      estimate: throughput.estimate,
      accepting: createMutex(),
      orders: createNamedMutex(),
    };
    const offer = async (): Promise<void> => {
      await cloud.putOffer(offerOf(models, { ...environment, software }));
    };
    const payouts = createPayouts(payoutServices);
    await retryWhileAway(() => clock.sync(), log, stopSignal);
    // Pay that waits from before a restart does not wait for the cloud.
    void payouts.runOnce().catch((error: unknown) => log.warn({ reason: describe(error) }, "payouts wait"));
    await retryWhileAway(offer, log, stopSignal);
    await catchUp(services, vouchers, log);

    const tasks: Tasks = { offer, vouchers, payouts, metrics, state, closing, stopping: stopping.signal };
    const working = work(environment, services, tasks);
    const ended = working.finally(close);
    ended.catch(() => {});
    return {
      ended,
      metricsUrl: shown?.url,
      stop: async () => {
        stopping.abort();
        await ended.catch(() => {});
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Tasks {
  readonly offer: () => Promise<void>;
  readonly vouchers: VoucherAcceptor;
  readonly payouts: Payouts;
  readonly metrics: Metrics;
  readonly state: State;
  /** Aborted when nothing is waited for any more. */
  readonly closing: AbortController;
  /** Aborted when the worker shall stop. */
  readonly stopping: AbortSignal;
}

/** Claims and runs jobs until it is stopped. Rejects when it can't go on. */
async function work(environment: WorkerEnvironment, services: JobServices, tasks: Tasks): Promise<void> {
  const { stopping, payouts, closing } = tasks;
  const { log } = services;
  // Ends claiming: on a signal, or when one of the lanes of work can't go on.
  const fatal = new AbortController();
  const noMore = AbortSignal.any([stopping, fatal.signal]);
  // Ends the jobs that run: some time later.
  const hard = new AbortController();
  let failure: unknown;
  const give = (error: unknown): void => {
    failure ??= error;
    fatal.abort();
  };
  const side = [payouts.run(noMore), repeatCatchUp(environment, services, tasks, noMore).catch(give)];
  const claiming = Array.from({ length: environment.parallel }, () =>
    claimJobs(services, tasks, noMore, hard.signal).catch(give),
  );
  const timer = setTimeoutAfter(noMore, environment.stopGrace * 1_000, () => hard.abort());
  await Promise.all(claiming);
  timer.cancel();
  fatal.abort();
  const limit = setTimeout(() => closing.abort(), LAST_PAYOUT_TIMEOUT);
  if (environment.payouts.atStop && failure === undefined) {
    await payouts
      .runOnce(true)
      .catch((error: unknown) => log.warn({ reason: describe(error) }, "not all pay was taken"));
  }
  clearTimeout(limit);
  closing.abort();
  await Promise.race([Promise.allSettled(side), trySleep(10_000)]);
  if (failure !== undefined) throw failure;
}

/** Claims and runs jobs, one at a time. */
async function claimJobs(services: JobServices, tasks: Tasks, noMore: AbortSignal, hard: AbortSignal): Promise<void> {
  const { cloud, log, clock } = services;
  const failed = new Map<string, number>();
  let attempt = 0;
  while (!noMore.aborted) {
    try {
      // Without the chain no job can be judged, so none is claimed.
      await clock.sync();
      if (attempt > 0) {
        // It may be another cloud than before.
        await tasks.offer();
        log.info("work can be had again");
        attempt = 0;
      }
      const job = await cloud.claim(CLAIM_SECONDS, noMore);
      if (job === undefined) continue;
      log.info({ job: job.id, model: `${job.order.modelId}`, images: job.order.count }, "a job is claimed");
      const outcome = await counted(tasks.metrics, () => runJob(job, services, hard));
      // The same job may come straight back: not in a tight loop.
      const again = outcome === "delivered" ? 0 : (failed.get(job.id) ?? 0) + 1;
      if (again > 1) await trySleep(backoff(again), noMore);
      if (failed.size > 1_000) failed.clear();
      if (again > 0) failed.set(job.id, again);
    } catch (error) {
      if (noMore.aborted) return;
      if (isFatal(error)) throw error;
      log.warn(
        { reason: describe(error) },
        attempt === 0 ? "no work can be had now; it is tried again" : "still no work",
      );
      await trySleep(backoff(attempt++), noMore);
    }
  }
}

/** Runs a job, and counts its end. */
async function counted(metrics: Metrics, job: () => Promise<JobOutcome>): Promise<JobOutcome> {
  const end = metrics.jobBegun();
  try {
    const outcome = await job();
    end(outcome);
    return outcome;
  } catch (error) {
    end("failed");
    throw error;
  }
}

/** Returns true for an error that no retry mends. */
function isFatal(error: unknown): boolean {
  const codes = ["STATE_UNWRITABLE", "STATE_DAMAGED", "EQUIVOCATION", "ORDER_CLOSED", "NOT_SIGNER", "MODEL_MISMATCH"];
  return error instanceof WorkerError && codes.includes(error.code);
}

/** Repeats some work at intervals: asks for vouchers that got lost, checks key and lock, keeps the folder small. */
async function repeatCatchUp(
  { account, signerKey, keep }: WorkerEnvironment,
  services: JobServices,
  { vouchers, state }: Tasks,
  noMore: AbortSignal,
): Promise<void> {
  const { chain, log } = services;
  const { address } = privateKeyToAccount(signerKey);
  while (await trySleep(CATCH_UP_INTERVAL, noMore)) {
    state.requireLock();
    await catchUp(services, vouchers, log);
    await uploadWantedImages(services).catch((error: unknown) =>
      log.warn({ reason: describe(error) }, "the cloud was not asked for pictures that it lost"),
    );
    await keepSmall(services, keep, log);
    const good = await isGoodSigner(chain.grid, account, SignerRole.WORKER_SIGNER, address).catch(() => undefined);
    if (good === false) {
      throw new WorkerError("NOT_SIGNER", `${address} was revoked as WORKER_SIGNER of ${account}: the worker stops.`);
    }
  }
}

/** Compacts the journal, and removes pictures that were kept long enough. A failure of the disk is tried again later. */
async function keepSmall(services: JobServices, keep: KeepTerms, log: Logger): Promise<void> {
  try {
    await services.ledger.compact(services.clock.now());
    await tidyPictures(services, keep);
  } catch (error) {
    log.warn({ reason: describe(error) }, "the state folder could not be tidied");
  }
}

async function catchUp(services: JobServices, vouchers: VoucherAcceptor, log: Logger): Promise<void> {
  try {
    await reconcile(services);
    await vouchers.catchUp();
  } catch (error) {
    if (isFatal(error)) throw error;
    log.warn({ reason: describe(error) }, "the cloud was not asked for vouchers");
  }
}

/** Checks that the key signs for the account, and that the account is bonded: else nothing that is made here can be minted. */
async function requireStanding(chain: GridChain, account: Address, signer: Address, log: Logger): Promise<void> {
  const { grid, client, deployment } = chain;
  if (!(await isGoodSigner(grid, account, SignerRole.WORKER_SIGNER, signer))) {
    throw new WorkerError(
      "NOT_SIGNER",
      `${signer} is no WORKER_SIGNER of ${account}: register it with GridSettlement.addSigner (see docs/worker.md).`,
    );
  }
  const [bonded, balance] = await Promise.all([
    isBonded(client, { deployment, worker: account }),
    client.getBalance({ address: signer }),
  ]);
  if (!bonded) log.warn({ account }, "the account has no sufficient bond; the cloud will give it no work");
  if (balance === 0n) log.warn({ signer }, "the key has no ETH: it can neither settle nor collect");
  else log.info({ account, signer, gas: formatEther(balance) }, "the worker's standing is good");
}

/** Closes engines. One that hangs does not keep the others from being closed. */
async function closeEngines(models: readonly Pick<LoadedModel, "engine">[]): Promise<void> {
  const closed = new AbortController();
  const closing = Promise.allSettled(models.map(({ engine }) => engine.close())).finally(() => closed.abort());
  await Promise.race([closing, trySleep(ENGINE_CLOSE_TIMEOUT, closed.signal)]);
}

/** Repeats a task that fails while cloud or chain are away. */
async function retryWhileAway<result>(task: () => Promise<result>, log: Logger, signal: AbortSignal): Promise<result> {
  return retry(task, async (error, attempt) => {
    const passing =
      isTransient(error) ||
      (error instanceof WorkerError && ["CHAIN_UNREACHABLE", "CHAIN_BEHIND"].includes(error.code));
    if (!passing) return false;
    log.warn({ reason: describe(error) }, "waiting");
    if (await trySleep(backoff(attempt), signal)) return true;
    throw new WorkerError("STOPPED", "The worker was stopped.", { cause: error });
  });
}

function setTimeoutAfter(signal: AbortSignal, milliseconds: number, act: () => void): { cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    timer = setTimeout(act, milliseconds);
  };
  if (signal.aborted) begin();
  else signal.addEventListener("abort", begin, { once: true });
  return {
    cancel: () => {
      signal.removeEventListener("abort", begin);
      clearTimeout(timer);
    },
  };
}

import { type LaneConfig, laneId as laneIdOf, orderClosing, orderHash, SETTLE_GRACE } from "@gridnft/sdk";
import type { WorkerJob } from "@gridnft/sdk/schemas";
import { type Address, type Hex, isAddressEqual, zeroHash } from "viem";
import type { ChainClock } from "../chain/clock.ts";
import type { GridChain } from "../chain/connect.ts";
import { readLaneFacts, readOrderFacts } from "../chain/facts.ts";
import { dueOf } from "../payouts/collect.ts";
import { isMade, type Ledger, type LedgerJob, payOf, receiptsOf } from "../state/ledger.ts";
import { checkLane } from "./checkLane.ts";
import { checkOrder, type OrderContext } from "./checkOrder.ts";
import { checkRequest, type RequestTerms } from "./checkRequest.ts";
import type { LoadedModel } from "./models.ts";
import { type Refusal, refusal } from "./refusal.ts";

/** Services of the decision about a job. */
export interface AcceptServices {
  readonly chain: GridChain;
  readonly clock: ChainClock;
  readonly ledger: Ledger;
  readonly account: Address;
  readonly terms: Omit<RequestTerms, "models"> & { readonly models: readonly LoadedModel[] };
  /** AIPG wei. */
  readonly exposure: bigint;
  /** Seconds that so many images of a job take. */
  readonly estimate: (job: WorkerJob, images: number) => number;
}

/** Seconds for which work that was delivered and not acknowledged counts as owed. */
const UNACKNOWLEDGED_WINDOW = 3_600;

/**
 * Decides about a job, and journals it when it is accepted. One decision at a time: two must not count on the same money.
 * @returns The journal's job, or why not.
 */
export async function acceptJob(job: WorkerJob, services: AcceptServices): Promise<LedgerJob | Refusal> {
  const { ledger, terms, clock, chain } = services;
  const block = await clock.sync();
  const hash = orderHash(job.order);
  const before = ledger.job(hash);
  const wrong = checkRequest(job, terms);
  if (wrong) return wrong;
  const engine = terms.models.find(({ modelId }) => modelId === job.order.modelId)?.engine.name ?? "";
  if (before !== undefined && before.receipts.size > 0) {
    // All is made and signed, and remains to be delivered.
    if (isMade(before)) return before;
    if (before.engine !== engine)
      return endEarly(
        before,
        services,
        refusal("ENGINE_CHANGED", "Part of this order was made by another engine version."),
      );
  }
  const context: OrderContext = {
    account: services.account,
    now: clock.now(),
    // Images that are made already take no time, when the job comes back.
    needed: services.estimate(job, job.order.count - (before?.receipts.size ?? 0)),
    owed: owedBy(job.order.payer, hash, services),
  };
  const refused = await checkMoney(job, hash, context, services);
  // Too late for the rest: the images that are made are delivered all the same.
  if (refused?.code === "DEADLINE_TOO_NEAR" && before !== undefined) return endEarly(before, services, refused);
  if (refused) return refused;
  if (job.lane && ledger.lane(job.order.laneId)?.earned.has(job.order.modelId) !== true) {
    const { totals } = await readLaneFacts(chain, job.order.laneId, job.lane, [job.order.modelId]);
    await ledger.recordLane(job.lane, totals);
  }
  const { order, request, price, order_signature: orderSignature } = job;
  await ledger.recordJob({ order, orderSignature, request, engine, price, at: clock.now(), block });
  const accepted = ledger.job(hash);
  if (accepted === undefined) throw new Error("a journalled job is known");
  return accepted;
}

/**
 * Ends a direct order with the receipts that it has, which is journalled before the closing is signed.
 * @returns The job, to be delivered; or the refusal, when there is nothing to deliver.
 */
export async function endEarly<otherwise>(
  job: LedgerJob,
  { ledger, chain }: Pick<AcceptServices, "ledger" | "chain">,
  otherwise: otherwise,
): Promise<LedgerJob | otherwise> {
  if (job.order.laneId !== zeroHash || job.receipts.size === 0) return otherwise;
  await ledger.recordClosing(orderClosing({ ...job, receipts: receiptsOf(job), domain: chain.domain }));
  return job;
}

async function checkMoney(
  job: WorkerJob,
  hash: Hex,
  context: OrderContext,
  services: AcceptServices,
): Promise<Refusal | undefined> {
  const { chain } = services;
  const { order, lane } = job;
  if (order.laneId === zeroHash) {
    return checkOrder(order, await readOrderFacts(chain, order, job.order_signature), context);
  }
  if (lane === undefined || laneIdOf(lane, chain.domain) !== order.laneId) {
    return refusal("LANE_MISMATCH", "The order names a lane that did not come with it.");
  }
  return checkLaneMoney(job, lane, hash, context, services);
}

async function checkLaneMoney(
  { order, price }: WorkerJob,
  lane: LaneConfig,
  hash: Hex,
  context: OrderContext,
  { chain, ledger, exposure }: AcceptServices,
): Promise<Refusal | undefined> {
  const book = ledger.lane(order.laneId);
  const voucher = book?.voucher?.voucher;
  const models = new Set([
    order.modelId,
    ...(book?.earned.keys() ?? []),
    ...(voucher?.totals ?? []).map((row) => row.modelId),
  ]);
  const facts = await readLaneFacts(chain, order.laneId, lane, [...models]);
  const vouched = new Map(facts.totals.map((row) => [row.modelId, row.cumulative]));
  for (const { modelId, cumulative } of voucher?.totals ?? []) {
    if (cumulative > (vouched.get(modelId) ?? 0n)) vouched.set(modelId, cumulative);
  }
  let uncovered = 0n;
  for (const [modelId, earned] of book?.earned ?? []) {
    const covered = vouched.get(modelId) ?? 0n;
    if (earned > covered) uncovered += earned - covered;
  }
  const onLane = (other: LedgerJob): boolean => other.order.laneId === order.laneId && other.orderHash !== hash;
  for (const state of ["open", "rejected", "expired"] as const) {
    for (const other of ledger.jobsIn(state)) {
      if (!onLane(other)) continue;
      const isInProgress = state === "open" && Number(other.order.deadline) > context.now;
      // Its pictures may be with the router, which need not say so. Its deadline is the router's choice.
      const isUnacknowledged = other.receipts.size > 0 && other.at > context.now - UNACKNOWLEDGED_WINDOW;
      if (isInProgress || isUnacknowledged) uncovered += other.price;
    }
  }
  return checkLane(order, price, lane, facts, {
    ...context,
    domain: chain.domain,
    uncovered,
    promised: dueOf(voucher, facts),
    exposure,
  });
}

/** Sum of a payer's other direct orders that are in progress or not settled yet, AIPG wei. */
function owedBy(payer: Address, except: Hex, { ledger, clock }: AcceptServices): bigint {
  return [...ledger.jobsIn("open"), ...ledger.jobsIn("delivered")]
    .filter(
      ({ order, orderHash: hash }) =>
        order.laneId === zeroHash && hash !== except && isAddressEqual(order.payer, payer),
    )
    .filter(({ order }) => Number(order.deadline) + SETTLE_GRACE > clock.now())
    .reduce((sum, job) => sum + payOf(job), 0n);
}

import { jobPrice, workOf } from "@gridnft/sdk";
import type { Address } from "viem";
import type { Cloud } from "../cloud.ts";
import type { GatewayTerms } from "../environment.ts";
import type { LaneDemand, NeededJob, WaitingReason, WorkerDemand } from "../payment/laneFunding.ts";
import type { JobRow } from "./job.ts";
import { covers, isCovered, type LiveOffer, liveOffers } from "./offers.ts";
import { IDLE_HOLD_FACTOR, SAME_WORKER_SECONDS } from "./ranking.ts";

/** Oldest queued jobs of an offer that are read: more than its worker has at a time. */
const MAX_JOBS = 128;

/** Creates the lane demand of a gateway's queued jobs. */
export function laneDemand(cloud: Pick<Cloud, "database">, gateway: GatewayTerms): LaneDemand {
  return {
    find: () => findDemand(cloud, gateway),
    explain: (reasons) => storeWaitingReasons(cloud, reasons),
  };
}

type QueuedJobRow = Pick<JobRow, "id" | "model_id" | "model_hash" | "steps" | "count" | "sampler" | "scheduler"> & {
  readonly width: number;
  readonly height: number;
  readonly max_price: string;
  /** Seconds in the queue. */
  readonly age: number;
};

/**
 * Returns the queued jobs by the worker that could begin with them now: the cheapest one with a free slot, or the next one after its hold
 * time. An offer alone opens no lane.
 */
async function findDemand({ database }: Pick<Cloud, "database">, gateway: GatewayTerms): Promise<WorkerDemand[]> {
  const waits = await database.one(
    "SELECT 1 FROM cloud.job WHERE status = 'queued' AND rail = 'gateway' AND payer = $1 LIMIT 1",
    [gateway.account.toLowerCase()],
  );
  if (!waits) return [];
  const paused = await database.all<{ worker: Address }>(
    "SELECT worker FROM cloud.worker WHERE paused_until > now() OR lane_paused_until > now()",
  );
  const pausedWorkers = new Set(paused.map(({ worker }) => worker));
  const offers = (await liveOffers(database))
    .filter(({ rate, worker }) => rate <= gateway.maxRate && !pausedWorkers.has(worker))
    .sort((a, b) => (a.rate < b.rate ? -1 : a.rate > b.rate ? 1 : a.worker < b.worker ? -1 : 1));
  // Of each offer its own: no crowd of jobs that only one worker can do stands in the way of the others'.
  const jobs = await database.all<QueuedJobRow>(
    `SELECT DISTINCT ON (found.place) found.* FROM unnest($3::text[], $4::numeric[]) AS live (worker, model_id)
     JOIN cloud.offer o USING (worker, model_id) CROSS JOIN LATERAL (
       SELECT j.place, j.id, j.model_id, j.model_hash, (j.request->>'width')::int AS width,
         (j.request->>'height')::int AS height, j.steps, j.count, j.sampler, j.scheduler, j.max_price,
         extract(epoch FROM now() - j.queued_at)::float8 AS age
       FROM cloud.job j WHERE j.status = 'queued' AND j.rail = 'gateway' AND j.model_id = o.model_id
         AND CASE WHEN j.payer = $1 AND ${isCovered("o")} THEN true ELSE false END
       ORDER BY j.place LIMIT $2) found
     ORDER BY found.place`,
    [
      gateway.account.toLowerCase(),
      MAX_JOBS,
      offers.map(({ worker }) => worker),
      offers.map(({ modelId }) => modelId.toString()),
    ],
  );
  const barred = await database.all<{ key: string }>(
    `SELECT job_id || ' ' || worker AS key FROM cloud.job_failure
     WHERE job_id = ANY ($1) AND CASE kind WHEN 'stopping' THEN false WHEN 'passing' THEN until > now()
       WHEN 'expired' THEN at > now() - $2 * interval '1 second' ELSE true END`,
    [jobs.map(({ id }) => id), SAME_WORKER_SECONDS],
  );
  const isExcluded = new Set(barred.map(({ key }) => key));
  const needs = new Map<Address, NeededJob[]>();
  const holdSeconds = Math.max(1, gateway.cheapestHoldSeconds) * IDLE_HOLD_FACTOR;
  for (const job of jobs) {
    const eligible = offers.filter(
      (offer) =>
        offer.modelId === BigInt(job.model_id) &&
        covers(offer, { ...job, modelHash: job.model_hash }) &&
        !isExcluded.has(`${job.id} ${offer.worker}`) &&
        (offer.pausedWork === undefined || workOf(job) < offer.pausedWork) &&
        jobPrice(job, offer.rate) <= BigInt(job.max_price) &&
        (needs.get(offer.worker)?.length ?? 0) + offer.busy < offer.parallel,
    );
    const chosen: LiveOffer | undefined = eligible.findLast(
      ({ rateAge }, i) => Math.min(job.age, rateAge) >= i * holdSeconds,
    );
    if (!chosen) continue;
    const price = jobPrice(job, chosen.rate);
    needs.set(chosen.worker, [...(needs.get(chosen.worker) ?? []), { id: job.id, price }]);
  }
  return [...needs].map(([worker, jobs]) => ({ worker, jobs }));
}

/** Stores why jobs wait, and removes the reasons of all others. */
async function storeWaitingReasons(
  { database }: Pick<Cloud, "database">,
  reasons: ReadonlyMap<string, WaitingReason>,
): Promise<void> {
  const ids = [...reasons.keys()];
  const told =
    ids.length === 0
      ? []
      : await database.all<{ id: string }>(
          `UPDATE cloud.job j SET waiting_code = given.code, waiting_message = given.message, version = version + 1
           FROM unnest($1::uuid[], $2::text[], $3::text[]) AS given (id, code, message)
           WHERE j.id = given.id AND j.status = 'queued' AND j.waiting_message IS DISTINCT FROM given.message RETURNING j.id`,
          [ids, ids.map((id) => reasons.get(id)?.code), ids.map((id) => reasons.get(id)?.message)],
        );
  for (const { id } of told) database.notify("cloud_job", id);
  const cleared = await database.all<{ id: string }>(
    `UPDATE cloud.job SET waiting_code = NULL, waiting_message = NULL, version = version + 1
     WHERE status = 'queued' AND waiting_code IS NOT NULL AND NOT id = ANY ($1::uuid[]) RETURNING id`,
    [ids],
  );
  for (const { id } of cleared) database.notify("cloud_job", id);
}

import { randomBytes } from "node:crypto";
import { jobOrder, jobPrice, messageFromJson, messageToJson } from "@gridnft/sdk";
import type { workerJob } from "@gridnft/sdk/wire";
import { type Address, getAddress, type Hex } from "viem";
import type { z } from "zod";
import type { Cloud } from "../cloud.ts";
import type { Queries } from "../database/database.ts";
import { lesser } from "../payment/amounts.ts";
import { hasRowLeft, type LaneRoom, laneConfigOf, lockLaneTo, roomOf } from "../payment/lanes.ts";
import { type JobRow, jobColumns, requestOf } from "./jobs.ts";
import { cheaperOffers, isKeptForCheaper, SECOND_CHANCE } from "./ranking.ts";
import { endTurn } from "./turns.ts";

export type WorkerJobJson = z.input<typeof workerJob>;

/** Seconds that a direct order must still have for its job to be handed out. */
const LEAST_TIME = 5n;

/** Oldest jobs, of a model or for a worker, of which a claim takes the first that no other claim has. */
const AT_ONCE = 32;

/** A job, and what its worker asks for its model; null when it does not serve it any more. */
type ClaimedJob = JobRow & { readonly offered_rate: string | null };

/** What a job is handed out under. */
interface Terms {
  readonly order: ReturnType<typeof jobOrder>;
  readonly orderHash: Hex;
  readonly signature: Hex | undefined;
  readonly price: bigint;
  readonly room: LaneRoom | undefined;
}

/**
 * Hands the oldest job that this worker may do to it, under a lease. Several processes and requests can do this at once: rows
 * that others look at are skipped.
 */
export async function claimJob(cloud: Cloud, worker: Address): Promise<WorkerJobJson | undefined> {
  const takesDirect = await cloud.chain.staysBonded(worker);
  // One claim of a worker at a time, so that its number of jobs holds.
  return cloud.database.transaction(async (queries) => {
    if (!takesDirect) await passOn(queries, worker);
    const row = await queries.one<{ parallel: number; isOff: boolean; busy: number; lanePausedPrice: string | null }>(
      `SELECT parallel, coalesce(blocked_until > now(), false) OR coalesce(paused_until > now(), false) AS "isOff",
         CASE WHEN lane_paused_until > now() THEN lane_paused_price END AS "lanePausedPrice",
         (SELECT count(*)::int FROM cloud.job WHERE worker = $1 AND status IN ('claimed', 'running')) AS busy
       FROM cloud.worker WHERE worker = $1 FOR UPDATE`,
      [worker],
    );
    if (!row || row.isOff || row.busy >= row.parallel) return undefined;
    const { gateway } = cloud;
    const lane = gateway && (await lockLaneTo(queries, gateway, worker));
    const room = lane && (await roomOf(queries, lane));
    // The worker said that the lane has no room for what costs as much as this.
    const paused = row.lanePausedPrice === null ? undefined : BigInt(row.lanePausedPrice) - 1n;
    const most = room && (paused === undefined ? room.available : lesser(room.available, paused));
    const job = await nextJob(cloud, queries, worker, { room, most });
    if (!job) return undefined;
    const terms = await termsFor(cloud, queries, job, room);
    return handOut(cloud, queries, job, worker, terms);
  }, workerTurn(worker));
}

/** Name of the turns that the calls take which lock a worker's row or its lane. */
export const workerTurn = (worker: Address): string => `worker ${worker.toLowerCase()}`;

/** Takes direct jobs that wait for a worker which takes its bond back out of its turn: what it made could be paid and never be minted. */
async function passOn(queries: Queries, worker: Address): Promise<void> {
  const jobs = await queries.all<JobRow>(
    `SELECT ${jobColumns} FROM cloud.job j WHERE status = 'queued' AND rail = 'direct' AND wanted = $1
     FOR UPDATE SKIP LOCKED`,
    [worker],
  );
  const message = `Worker ${getAddress(worker)} takes its bond back, so the order was not given to it, and there is no other order.`;
  for (const job of jobs) await endTurn(queries, job, message);
}

/**
 * The oldest job for a worker, locked. Only orders for this worker and jobs of its models are looked at, along their indexes; the lock is
 * taken on one alone, so that others don't pass over jobs which this claim does not take.
 *
 * @param most AIPG wei that a job on the lane may cost.
 */
async function nextJob(
  { chain, gateway }: Cloud,
  queries: Queries,
  worker: Address,
  { room, most }: { readonly room: LaneRoom | undefined; readonly most: bigint | undefined },
): Promise<ClaimedJob | undefined> {
  const isBarred = `EXISTS (
    SELECT FROM cloud.job_failure f WHERE f.job_id = j.id AND f.worker = $1 AND CASE f.kind
      WHEN 'stopping' THEN false
      WHEN 'passing' THEN f.until > now()
      WHEN 'expired' THEN j.rail = 'gateway' AND f.at > now() - $8 * interval '1 second'
      ELSE true END)`;
  const isKept = isKeptForCheaper(isBarred.replaceAll("f.worker = $1", "f.worker = c.worker"));
  return queries.one<ClaimedJob>(
    `WITH ${cheaperOffers("$1", "$9")}, direct AS MATERIALIZED (
       SELECT j.id, j.place FROM cloud.job j JOIN cloud.candidate c ON c.job_id = j.id AND c.position = j.candidate
       WHERE j.status = 'queued' AND j.rail = 'direct' AND j.wanted = $1 AND c.deadline > $2 AND NOT ${isBarred}
       ORDER BY j.place LIMIT ${AT_ONCE}
     ), lane AS MATERIALIZED (
       SELECT fitting.* FROM cloud.offer o CROSS JOIN LATERAL (
         SELECT j.id, j.place FROM cloud.job j
         WHERE j.status = 'queued' AND j.rail = 'gateway' AND j.model_id = o.model_id
           AND j.payer = $7 AND j.model_hash = o.model_hash
           AND j.pixels <= o.max_pixels AND j.steps <= o.max_steps AND j.count <= o.max_count
           AND j.sampler = ANY (o.samplers) AND j.scheduler = ANY (o.schedulers)
           AND div(j.pixels::numeric * j.steps * j.count * o.rate + 999999, 1000000) <= least($3, j.max_price)
           AND NOT ${isKept}
           AND NOT ${isBarred}
         ORDER BY j.place LIMIT ${AT_ONCE}) fitting
       WHERE o.worker = $1 AND $3::numeric > 0 AND o.rate <= $4 AND ($5 OR o.model_id = ANY ($6::numeric[]))
     )
     SELECT ${jobColumns}, (
       SELECT rate FROM cloud.offer o WHERE o.worker = $1 AND o.model_id = j.model_id) AS offered_rate
     FROM (SELECT * FROM direct UNION ALL SELECT * FROM lane) found JOIN cloud.job j USING (id)
     WHERE j.status = 'queued' AND (j.rail = 'gateway' OR j.wanted = $1)
     ORDER BY found.place LIMIT 1
     FOR UPDATE OF j SKIP LOCKED`,
    [
      worker,
      (chain.now() + LEAST_TIME).toString(),
      most?.toString() ?? null,
      (gateway?.maxRate ?? 0n).toString(),
      room ? hasRowLeft(room.openModels) : false,
      room?.openModels ?? [],
      room?.lane.payer ?? "",
      SECOND_CHANCE,
      gateway?.patience ?? 0,
    ],
  );
}

/** Direct: the candidate's order as it was signed. Gateway: an order of our own on the lane, which needs no signature. */
async function termsFor(
  { chain, checker, settings }: Cloud,
  queries: Queries,
  job: ClaimedJob,
  room: LaneRoom | undefined,
): Promise<Terms> {
  if (job.rail === "direct") {
    const candidate = await queries.one<{ order_message: unknown; order_hash: Hex; signature: Hex; price: string }>(
      `UPDATE cloud.candidate SET handed_at = coalesce(handed_at, now()) WHERE job_id = $1 AND position = $2
       RETURNING order_message, order_hash, signature, price`,
      [job.id, job.candidate],
    );
    if (!candidate) throw new Error(`Job ${job.id} has no candidate ${job.candidate}.`);
    return {
      order: messageFromJson("JobOrder", candidate.order_message),
      orderHash: candidate.order_hash,
      signature: candidate.signature,
      price: BigInt(candidate.price),
      room: undefined,
    };
  }
  if (!room) throw new Error("A gateway job needs a lane.");
  const request = requestOf(job);
  const { width, height, steps } = request;
  const price = jobPrice({ width, height, steps, count: job.count }, BigInt(job.offered_rate ?? "0"));
  const { payer, feeConfigId } = laneConfigOf(room.lane);
  const order = jobOrder(request, {
    requester: job.requester,
    payer,
    worker: room.lane.worker,
    laneId: room.lane.lane_id,
    feeConfigId,
    count: job.count,
    maxPrice: price,
    deadline: chain.now() + BigInt(settings.orderSeconds),
    // Never the same order twice, even after this database was lost: two pictures for one order would cost the worker its bond.
    nonce: BigInt(`0x${randomBytes(16).toString("hex")}`),
  });
  return { order, orderHash: checker.digester.orderHash(order), signature: undefined, price, room };
}

async function handOut(
  { settings }: Cloud,
  queries: Queries,
  job: JobRow,
  worker: Address,
  { order, orderHash, signature, price, room }: Terms,
): Promise<WorkerJobJson> {
  const token = randomBytes(16).toString("hex");
  const orderJson = messageToJson("JobOrder", order);
  const leased = await queries.one<{ expires: string }>(
    `WITH leased AS (
       UPDATE cloud.job SET status = 'claimed', worker = $2, lease_token = $3,
         lease_expires_at = now() + $4 * interval '1 second', claimed_at = now(), attempts = attempts + 1,
         version = version + 1, order_message = $5, order_hash = $6, order_signature = $7, lane_id = $8, price = $9
       WHERE id = $1 RETURNING lease_expires_at)
     SELECT floor(extract(epoch FROM lease_expires_at))::text AS expires, pg_notify('cloud_job', $1::text) FROM leased`,
    [
      job.id,
      worker,
      token,
      settings.leaseSeconds,
      JSON.stringify(orderJson),
      orderHash,
      signature ?? null,
      room?.lane.lane_id ?? null,
      price.toString(),
    ],
  );
  return {
    id: job.id,
    lease: { token, expires_at: Number(leased?.expires ?? 0) },
    request: job.request,
    order: orderJson,
    ...(signature && { order_signature: signature }),
    ...(room && { lane: room.lane.config }),
    price: price.toString(),
  };
}

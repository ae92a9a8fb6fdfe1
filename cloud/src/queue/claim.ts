import { randomBytes } from "node:crypto";
import { jobOrder, jobPrice, messageFromJson, messageToJson } from "@gridnft/sdk";
import type { workerJob } from "@gridnft/sdk/wire";
import { type Address, getAddress, type Hex } from "viem";
import type { z } from "zod";
import type { Cloud } from "../cloud.ts";
import type { Queries } from "../database/database.ts";
import { tell } from "../database/notices.ts";
import { hasRowLeft, type LaneRoom, laneConfigOf, lockLaneTo, roomOf } from "../payment/lanes.ts";
import { type JobRow, jobColumns, requestOf } from "./jobs.ts";
import { endTurn } from "./turns.ts";

export type WorkerJobJson = z.input<typeof workerJob>;

/** Seconds that a direct order must still have for its job to be handed out. */
const LEAST_TIME = 5n;
/** Seconds after which a worker that was lost with a job may have it again, if no other took it. */
const SECOND_CHANCE = 10;

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
  return cloud.database.transaction(async (queries) => {
    if (!takesDirect) await passOn(queries, worker);
    // One claim of a worker at a time, so that its number of jobs holds.
    const row = await queries.one<{ parallel: number; blocked: boolean; busy: number }>(
      `SELECT parallel, coalesce(blocked_until > now(), false) AS blocked,
         (SELECT count(*)::int FROM cloud.job WHERE worker = $1 AND status IN ('claimed', 'running')) AS busy
       FROM cloud.worker WHERE worker = $1 FOR UPDATE`,
      [worker],
    );
    if (!row || row.blocked || row.busy >= row.parallel) return undefined;
    const { gateway } = cloud;
    const lane = gateway && (await lockLaneTo(queries, gateway, worker));
    const room = lane && (await roomOf(queries, lane));
    const job = await nextJob(cloud, queries, worker, room);
    if (!job) return undefined;
    const terms = await termsFor(cloud, queries, job, worker, room);
    return handOut(cloud, queries, job, worker, terms);
  });
}

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

async function nextJob(
  { chain, gateway }: Cloud,
  queries: Queries,
  worker: Address,
  room: LaneRoom | undefined,
): Promise<JobRow | undefined> {
  return queries.one<JobRow>(
    `SELECT ${jobColumns} FROM cloud.job j
     LEFT JOIN cloud.offer o ON o.worker = $1 AND o.model_id = j.model_id
     WHERE j.status = 'queued'
       AND (
         (j.rail = 'direct' AND j.wanted = $1 AND EXISTS (
           SELECT FROM cloud.candidate c WHERE c.job_id = j.id AND c.position = j.candidate AND c.deadline > $2))
         OR (j.rail = 'gateway' AND $3::numeric IS NOT NULL
           AND j.payer = $7 AND o.model_hash = j.model_hash AND o.rate <= $4
           AND j.pixels <= o.max_pixels AND j.steps <= o.max_steps AND j.count <= o.max_count
           AND j.sampler = ANY (o.samplers) AND j.scheduler = ANY (o.schedulers)
           AND div(j.pixels::numeric * j.steps * j.count * o.rate + 999999, 1000000) <= $3
           AND ($5 OR j.model_id = ANY ($6::numeric[]))))
       AND NOT EXISTS (
         SELECT FROM cloud.job_failure f WHERE f.job_id = j.id AND f.worker = $1
           AND f.kind <> 'stopping'
           AND (f.kind <> 'expired' OR (j.rail = 'gateway' AND f.at > now() - $8 * interval '1 second')))
     ORDER BY j.place LIMIT 1
     FOR UPDATE OF j SKIP LOCKED`,
    [
      worker,
      (chain.now() + LEAST_TIME).toString(),
      room ? room.available.toString() : null,
      (gateway?.maxRate ?? 0n).toString(),
      room ? hasRowLeft(room.openModels) : false,
      room?.openModels ?? [],
      room?.lane.payer ?? "",
      SECOND_CHANCE,
    ],
  );
}

/** Direct: the candidate's order as it was signed. Gateway: an order of our own on the lane, which needs no signature. */
async function termsFor(
  { chain, checker, settings }: Cloud,
  queries: Queries,
  job: JobRow,
  worker: Address,
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
  const offer = await queries.one<{ rate: string }>(
    "SELECT rate FROM cloud.offer WHERE worker = $1 AND model_id = $2",
    [worker, job.model_id],
  );
  const request = requestOf(job);
  const { width, height, steps } = request;
  const price = jobPrice({ width, height, steps, count: job.count }, BigInt(offer?.rate ?? "0"));
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
    `UPDATE cloud.job SET status = 'claimed', worker = $2, lease_token = $3,
       lease_expires_at = now() + $4 * interval '1 second', claimed_at = now(), attempts = attempts + 1,
       version = version + 1, order_message = $5, order_hash = $6, order_signature = $7, lane_id = $8, price = $9
     WHERE id = $1 RETURNING floor(extract(epoch FROM lease_expires_at))::text AS expires`,
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
  await tell(queries, "cloud_job", job.id);
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

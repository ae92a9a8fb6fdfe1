import { randomBytes } from "node:crypto";
import { MAX_TOTALS, type MessageJson } from "@gridnft/sdk";
import type { workerJob } from "@gridnft/sdk/schemas";
import { type Address, getAddress, type Hex } from "viem";
import type { z } from "zod";
import type { Cloud } from "../cloud.ts";
import { prepared, type Queries } from "../database/database.ts";
import { dropCandidate } from "./candidateRotation.ts";
import { type JobRow, jobColumns } from "./job.ts";
import { workerMutex } from "./mutexes.ts";
import { isCovered, isPaused } from "./offers.ts";
import { cheaperOffers, isReservedForCheaper, SAME_WORKER_SECONDS } from "./ranking.ts";

export type WorkerJobJson = z.input<typeof workerJob>;

/** Seconds that must be left of a direct order for its job to be claimed. */
const MIN_SECONDS_LEFT = 5n;

/**
 * Oldest jobs, per model or worker, of which a claim takes the first that no other claim has locked: at first, and after others had locked
 * them all.
 */
const BATCH_SIZES = { first: 12, raced: 32 };

/** Times that a claim is retried because others were faster. */
const MAX_RETRIES = 10;

/** Result of a claim. */
interface Claim {
  /** Set if others were faster: another claim of the worker, or claims that took all candidates of a longer queue. */
  readonly raced: boolean;
  /** Null without a job. */
  readonly id: string | null;
  readonly expires: string;
  readonly request: MessageJson<"GenerationRequest">;
  readonly order: MessageJson<"JobOrder">;
  readonly signature: Hex | null;
  readonly lane: MessageJson<"LaneConfig"> | null;
  readonly price: string;
}

/**
 * Claims the oldest job that a worker may do, under a lease, by one statement. Any number of processes and requests can do this at once:
 * rows that others have locked are skipped.
 */
export async function claimJob(cloud: Cloud, worker: Address): Promise<WorkerJobJson | undefined> {
  const { database, chain, gateway, settings } = cloud;
  if (!(await chain.staysBonded(worker))) await database.transaction((queries) => skipUnbonded(queries, worker));
  const orderTerms = {
    deadline: (chain.now() + BigInt(settings.orderSeconds)).toString(),
    // Never the same order twice, even after this database was lost: two pictures for one order would cost the worker its bond.
    nonce: BigInt(`0x${randomBytes(16).toString("hex")}`).toString(),
  };
  const token = randomBytes(16).toString("hex");
  const findClaimed = () => database.one<Claim>(CLAIMED, [worker, token]);
  const attempt = (statement: string) =>
    database.runOnce<Claim>(
      statement,
      [
        worker,
        (chain.now() + MIN_SECONDS_LEFT).toString(),
        token,
        (gateway?.maxRate ?? 0n).toString(),
        gateway?.signer.address.toLowerCase() ?? null,
        settings.leaseSeconds,
        gateway?.account.toLowerCase() ?? null,
        SAME_WORKER_SECONDS,
        JSON.stringify(orderTerms),
        gateway?.cheapestHoldSeconds ?? 0,
      ],
      findClaimed,
    );
  return database.serialized(workerMutex(worker), async () => {
    for (let races = 0; races < MAX_RETRIES; races++) {
      // The faster one may have been this one, whose answer was lost.
      const claim = (races > 0 && (await findClaimed())) || (await attempt(races > 0 ? CLAIM_RACED : CLAIM));
      if (claim && claim.id !== null) {
        database.notify("cloud_job", claim.id);
        return jobJson(claim, claim.id, token);
      }
      if (!claim?.raced) return undefined;
    }
    return undefined;
  });
}

function jobJson({ expires, request, order, signature, lane, price }: Claim, id: string, token: string): WorkerJobJson {
  return {
    id,
    lease: { token, expires_at: Number(expires) },
    request,
    order,
    ...(signature && { order_signature: signature }),
    ...(lane && { lane }),
    price,
  };
}

/** Drops a worker that unbonds as the candidate of direct jobs. Its pictures could be paid and never be minted. */
async function skipUnbonded(queries: Queries, worker: Address): Promise<void> {
  const jobs = await queries.all<JobRow>(
    `SELECT ${jobColumns} FROM cloud.job j WHERE status = 'queued' AND rail = 'direct' AND wanted = $1
     FOR UPDATE SKIP LOCKED`,
    [worker],
  );
  const message = `Worker ${getAddress(worker)} takes its bond back, so the order was not given to it, and there is no other order.`;
  for (const job of jobs) await dropCandidate(queries, job, message);
}

/** Condition that a job `j` is not for a worker now, because it released the job or lost it. */
const isExcluded = `EXISTS (
    SELECT FROM cloud.job_failure f WHERE f.job_id = j.id AND f.worker = $1 AND CASE f.kind
      WHEN 'stopping' THEN false
      WHEN 'passing' THEN f.until > now()
      WHEN 'expired' THEN j.rail = 'gateway' AND f.at > now() - $8 * interval '1 second'
      ELSE true END)`;

const isReserved = isReservedForCheaper(isExcluded.replaceAll("f.worker = $1", "f.worker = c.worker"));

/**
 * Claims the oldest job for a worker. Only orders for this worker and jobs of its models are read, along their indexes. The lock is taken
 * on one alone, so that other claims do not skip jobs which this claim does not take.
 *
 * The worker's row is locked first, then its lane's. All else is read as of the statement's beginning, when another claim may have been
 * under way: the number of claims tells, and then nothing is taken. What a lane has left only shrinks by claims of its worker, and by what
 * the chain says of it, after which its block is another.
 *
 * The conditions of a lane job stand in a CASE, of which the planner expects that half of the jobs fulfil it: it reads a model's jobs in
 * their order until there are enough. Of the conditions themselves it expects that next to none does, and reads and sorts all that waits.
 *
 * The order of a lane job is written here, as `jobOrder` writes it, and needs no signature.
 */
const claimOf = (batchSize: number): string =>
  prepared(
    `WITH known AS MATERIALIZED (SELECT claims FROM cloud.worker WHERE worker = $1),
     locked AS MATERIALIZED (
       SELECT parallel, claims, CASE WHEN lane_paused_until > now() THEN lane_paused_price END AS lane_paused_price
       FROM cloud.worker
       WHERE worker = $1 AND NOT coalesce(blocked_until > now(), false) AND NOT coalesce(paused_until > now(), false)
       FOR UPDATE
     ), active AS MATERIALIZED (
       SELECT lane_id, price, lease_token FROM cloud.job WHERE worker = $1 AND status IN ('claimed', 'running')
     ), held AS MATERIALIZED (
       SELECT count(*) AS jobs, coalesce(bool_or(lease_token = $3), false) AS has_token FROM active
     ), free AS MATERIALIZED (
       SELECT lane_paused_price FROM locked JOIN known USING (claims) CROSS JOIN held
       WHERE held.jobs < parallel AND NOT held.has_token
     ), purse AS MATERIALIZED (
       SELECT lane_id, config, payer, worker, free, synced_block FROM cloud.lane
       WHERE worker = $1 AND payer = $7 AND payer_signer = $5 AND state = 'open' AND NOT thawing AND NOT resting
         AND EXISTS (SELECT FROM free)
       ORDER BY created_at DESC, lane_id LIMIT 1 FOR UPDATE
     ), room AS MATERIALIZED (
       -- The worker may have said that the lane has no room for what costs as much as a certain job.
       SELECT purse.*, coalesce(promised.models, '{}') AS models,
         least(purse.free - promised.due - reserved.due, free.lane_paused_price - 1) AS most
       FROM purse JOIN cloud.lane l ON l.lane_id = purse.lane_id AND l.synced_block = purse.synced_block CROSS JOIN free
       CROSS JOIN LATERAL (
         SELECT coalesce(sum(greatest(promised - collected, 0)), 0) AS due,
           array_agg(model_id) FILTER (WHERE promised > collected) AS models
         FROM cloud.lane_total t WHERE t.lane_id = purse.lane_id) promised
       CROSS JOIN LATERAL (
         SELECT coalesce(sum(price), 0) AS due FROM active WHERE active.lane_id = purse.lane_id) reserved
     ), ${cheaperOffers("$1", "$10")}, direct AS MATERIALIZED (
       SELECT j.id, j.place FROM cloud.job j JOIN cloud.candidate c ON c.job_id = j.id AND c.position = j.candidate
       WHERE j.status = 'queued' AND j.rail = 'direct' AND j.wanted = $1 AND c.deadline > $2 AND NOT ${isExcluded}
         AND EXISTS (SELECT FROM free)
       ORDER BY j.place LIMIT ${batchSize}
     ), lane AS MATERIALIZED (
       SELECT fitting.* FROM room CROSS JOIN cloud.offer o CROSS JOIN LATERAL (
         SELECT j.id, j.place FROM cloud.job j
         WHERE j.status = 'queued' AND j.rail = 'gateway' AND j.model_id = o.model_id AND CASE WHEN
           j.payer = $7 AND ${isCovered("o")}
           AND div(j.pixels::numeric * j.steps * j.count * o.rate + 999999, 1000000) <= least(room.most, j.max_price)
           AND NOT ${isPaused("o")} AND NOT ${isReserved} AND NOT ${isExcluded} THEN true ELSE false END
         ORDER BY j.place LIMIT ${batchSize}) fitting
       WHERE o.worker = $1 AND room.most >= 0 AND o.rate <= $4
         AND (cardinality(room.models) < ${MAX_TOTALS} OR o.model_id = ANY (room.models))
     ), next AS MATERIALIZED (
       SELECT j.id, j.rail, j.candidate, j.requester, j.model_id, j.request_hash, j.pixels, j.steps, j.count, (
         SELECT rate FROM cloud.offer o WHERE o.worker = $1 AND o.model_id = j.model_id) AS offered_rate
       FROM (SELECT * FROM direct UNION ALL SELECT * FROM lane) found JOIN cloud.job j USING (id)
       WHERE j.status = 'queued' AND (j.rail = 'gateway' OR j.wanted = $1)
       ORDER BY found.place LIMIT 1
       FOR UPDATE OF j SKIP LOCKED
     ), handed AS (
       UPDATE cloud.candidate c SET handed_at = coalesce(c.handed_at, now()) FROM next
       WHERE next.rail = 'direct' AND c.job_id = next.id AND c.position = next.candidate
       RETURNING c.order_message, c.order_hash, c.signature, c.price
     ), priced AS (
       SELECT next.*, div(pixels::numeric * steps * count * offered_rate + 999999, 1000000) AS lane_price FROM next
     ), terms AS (
       SELECT handed.order_message, handed.order_hash, handed.signature, handed.price, NULL AS lane_id, NULL::jsonb AS config
       FROM handed
       UNION ALL
       SELECT jsonb_build_object('requester', p.requester, 'payer', room.config->'payer', 'worker', room.worker,
           'laneId', room.lane_id, 'feeConfigId', room.config->'feeConfigId', 'modelId', p.model_id::text,
           'requestHash', p.request_hash, 'count', p.count, 'maxPrice', p.lane_price::text) || $9::jsonb,
         NULL, NULL, p.lane_price, room.lane_id, room.config
       FROM priced p CROSS JOIN room WHERE p.rail = 'gateway'
     ), counted AS (
       UPDATE cloud.worker SET claims = claims + 1 WHERE worker = $1 AND EXISTS (SELECT FROM next)
     ), leased AS (
       UPDATE cloud.job j SET status = 'claimed', worker = $1, lease_token = $3,
         lease_expires_at = now() + $6 * interval '1 second', claimed_at = now(), progressed_at = now(), furthest = 0,
         attempts = attempts + 1, version = version + 1, order_message = t.order_message, order_hash = t.order_hash,
         order_signature = t.signature, lane_id = t.lane_id, price = t.price
       FROM terms t WHERE j.id = (SELECT id FROM next)
       RETURNING j.id, j.lease_expires_at, j.request, j.order_message, j.order_signature, j.price, t.config)
   SELECT (EXISTS (SELECT FROM locked) AND NOT EXISTS (SELECT FROM locked JOIN known USING (claims)))
       OR (SELECT has_token FROM held)
       OR (NOT EXISTS (SELECT FROM next)
         AND (SELECT count(*) FROM (SELECT id FROM direct UNION ALL SELECT id FROM lane) seen) >= ${batchSize}) AS raced,
     leased.id, floor(extract(epoch FROM leased.lease_expires_at))::text AS expires, leased.request,
     leased.order_message AS order, leased.order_signature AS signature, leased.config AS lane, leased.price
   FROM (SELECT) always LEFT JOIN leased ON true`,
  );

const CLAIM = claimOf(BATCH_SIZES.first);
const CLAIM_RACED = claimOf(BATCH_SIZES.raced);

/** Reads a claim that was made, by its token. */
const CLAIMED = `SELECT false AS raced, j.id, floor(extract(epoch FROM j.lease_expires_at))::text AS expires, j.request,
    j.order_message AS order, j.order_signature AS signature, l.config AS lane, j.price
  FROM cloud.job j LEFT JOIN cloud.lane l USING (lane_id)
  WHERE j.worker = $1 AND j.lease_token = $2 AND j.status IN ('claimed', 'running')`;

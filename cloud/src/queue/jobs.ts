import {
  type GenerationRequest,
  type JobOrder,
  jobPrice,
  type MessageJson,
  messageFromJson,
  messageToJson,
} from "@gridnft/sdk";
import type { Address, Hex } from "viem";
import type { Cloud } from "../cloud.ts";
import type { Queries } from "../database/database.ts";
import { tell } from "../database/notices.ts";
import type { GatewayTerms } from "../environment.ts";
import { CloudError } from "../error.ts";
import { type CheckedOrders, requireFresh, requireFunds } from "../payment/orders.ts";
import type { Wish } from "../payment/parameters.ts";
import { QUOTA_TURN, requireQuota, takeQuota } from "../payment/quota.ts";
import { jobOf } from "../payment/quote.ts";

export type JobStatus = "queued" | "claimed" | "running" | "done" | "failed" | "cancelled";

/** A row of `cloud.job`. */
export interface JobRow {
  readonly id: string;
  readonly place: string;
  readonly version: number;
  readonly status: JobStatus;
  readonly rail: "direct" | "gateway";
  readonly model_id: string;
  readonly model_hash: Hex;
  readonly requester: Address;
  readonly payer: Address;
  readonly private: boolean;
  readonly request: MessageJson<"GenerationRequest">;
  readonly request_hash: Hex;
  readonly pixels: string;
  readonly steps: number;
  readonly count: number;
  readonly sampler: string;
  readonly scheduler: string;
  readonly attempts: number;
  readonly candidate: number | null;
  readonly wanted: Address | null;
  readonly order_message: MessageJson<"JobOrder"> | null;
  readonly order_hash: Hex | null;
  readonly order_signature: Hex | null;
  /** Of a direct order that its worker ended early. */
  readonly closing_signature: Hex | null;
  readonly lane_id: Hex | null;
  readonly price: string | null;
  /** Of a gateway job: AIPG wei that it may cost at most. */
  readonly max_price: string | null;
  readonly worker: Address | null;
  readonly lease_token: string | null;
  readonly lease_expires_at: Date | null;
  /** When its worker came a step further. */
  readonly progressed_at: Date | null;
  readonly progress_image: number | null;
  readonly progress_step: number | null;
  readonly progress_steps: number | null;
  readonly engine: string | null;
  readonly prompt_cut: boolean | null;
  readonly unknown_words: readonly string[] | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
  /** Why the last worker that had it gave it back. */
  readonly given_back_code: string | null;
  readonly given_back_message: string | null;
  /** Why it can't be handed out to the worker whose turn it is. */
  readonly waiting_code: string | null;
  readonly waiting_message: string | null;
  readonly quota_day: string | null;
  readonly created_at: Date;
  readonly queued_at: Date;
  readonly claimed_at: Date | null;
  readonly finished_at: Date | null;
}

/** Request that makes a job, named by its sender: a repetition finds the job, and makes no other one. */
export interface Submission {
  /** Account of the session, lower case. */
  readonly submitter: Address;
  readonly key: string;
  /** sha256 of the body. */
  readonly bodyHash: Buffer;
}

/** Columns of {@link JobRow}; dates without a time as text. */
export const jobColumns = "j.*, j.quota_day::text AS quota_day";

/** Whether nothing will change any more. */
export function isFinal({ status }: Pick<JobRow, "status">): boolean {
  return status === "done" || status === "failed" || status === "cancelled";
}

export const requestOf = (job: JobRow): GenerationRequest => messageFromJson("GenerationRequest", job.request);

/** The order that is being worked on. */
export function orderOf(job: JobRow): JobOrder {
  if (!job.order_message) throw new Error(`Job ${job.id} has no order yet.`);
  return messageFromJson("JobOrder", job.order_message);
}

/** Returns whether a text can be a job's id. */
export function isJobId(id: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);
}

/** A job by id; undefined for what is not an id, too. */
export async function findJob(queries: Queries, id: string): Promise<JobRow | undefined> {
  if (!isJobId(id)) return undefined;
  return queries.one<JobRow>(`SELECT ${jobColumns} FROM cloud.job j WHERE id = $1`, [id]);
}

/** A job by id. @throws {@link CloudError} `JOB_UNKNOWN`. */
export async function getJob(queries: Queries, id: string): Promise<JobRow> {
  const job = await findJob(queries, id);
  if (!job) throw new CloudError("JOB_UNKNOWN", "There is no job with this id.", { field: "id" });
  return job;
}

/**
 * Queues a job that its payer ordered. Nonce and funds are looked at again, one request of a payer at a time over all processes:
 * many at once must not all count on the same money.
 *
 * @throws {@link CloudError} `ORDER_REPLAYED` or `BALANCE_TOO_LOW` when another request was faster.
 */
export async function queueDirectJob(
  cloud: Cloud,
  wish: Wish,
  orders: CheckedOrders,
  submission: Submission | undefined,
): Promise<JobRow> {
  return cloud.database.transaction(async (queries) => {
    await queries.run("SELECT pg_advisory_xact_lock(hashtextextended($1, 2))", [`payer ${orders.payer.toLowerCase()}`]);
    await requireFresh(queries, orders);
    await requireFunds(cloud, queries, orders);
    const first = orders.candidates[0];
    const job = await insertJob(queries, wish, {
      rail: "direct",
      requester: orders.requester,
      payer: orders.payer,
      wanted: first?.order.worker,
      submission,
    });
    await queries.run("INSERT INTO cloud.order_nonce (payer, nonce, job_id) VALUES ($1, $2, $3)", [
      orders.payer.toLowerCase(),
      orders.nonce.toString(),
      job.id,
    ]);
    for (const [position, { order, orderHash, signature, price }] of orders.candidates.entries()) {
      await queries.run(
        `INSERT INTO cloud.candidate (job_id, position, worker, order_message, order_hash, signature, price, deadline)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [
          job.id,
          position,
          order.worker.toLowerCase(),
          JSON.stringify(messageToJson("JobOrder", order)),
          orderHash,
          signature,
          price.toString(),
          order.deadline.toString(),
        ],
      );
    }
    if (first) await tell(queries, "cloud_queue", `worker ${first.order.worker.toLowerCase()}`);
    return job;
  }, `payer ${orders.payer.toLowerCase()}`);
}

/**
 * Queues a job that the gateway pays. It is charged by the dearest rate under which it may be handed out.
 * @param address Where the request comes from.
 * @throws {@link CloudError} `QUOTA_USED`.
 */
export async function queueGatewayJob(
  { database }: Pick<Cloud, "database">,
  wish: Wish,
  {
    requester,
    address,
    gateway,
    submission,
  }: {
    readonly requester: Address;
    readonly address: string;
    readonly gateway: GatewayTerms;
    readonly submission: Submission | undefined;
  },
): Promise<JobRow> {
  const price = jobPrice(jobOf(wish), gateway.maxRate);
  const charge = { account: requester, address, images: wish.count, price };
  await requireQuota(database, gateway.caps, charge);
  return database.transaction(async (queries) => {
    const { day, chargedTo } = await takeQuota(queries, gateway.caps, charge);
    const job = await insertJob(queries, wish, {
      rail: "gateway",
      requester,
      payer: gateway.account,
      charge: { day, chargedTo, price },
      submission,
    });
    await tell(queries, "cloud_queue", `model ${wish.request.modelId}`);
    return job;
    // All of them count in one row.
  }, QUOTA_TURN);
}

async function insertJob(
  queries: Queries,
  wish: Wish,
  terms: {
    readonly rail: "direct" | "gateway";
    readonly requester: Address;
    readonly payer: Address;
    readonly wanted?: Address | undefined;
    readonly charge?: { readonly day: string; readonly chargedTo: readonly string[]; readonly price: bigint };
    readonly submission: Submission | undefined;
  },
): Promise<JobRow> {
  const { request } = wish;
  const row = await queries.one<JobRow>(
    `INSERT INTO cloud.job AS j (rail, model_id, model_hash, requester, payer, private, request, request_hash, pixels,
       steps, count, sampler, scheduler, candidate, wanted, quota_day, charged_to, max_price,
       submitter, idempotency_key, body_hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
     ON CONFLICT (submitter, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
     RETURNING ${jobColumns}`,
    [
      terms.rail,
      request.modelId.toString(),
      request.modelHash.toLowerCase(),
      terms.requester.toLowerCase(),
      terms.payer.toLowerCase(),
      wish.isPrivate,
      JSON.stringify(messageToJson("GenerationRequest", request)),
      wish.requestHash,
      request.width * request.height,
      request.steps,
      wish.count,
      request.sampler,
      request.scheduler,
      terms.rail === "direct" ? 0 : null,
      terms.wanted?.toLowerCase() ?? null,
      terms.charge?.day ?? null,
      terms.charge?.chargedTo ?? null,
      terms.charge?.price.toString() ?? null,
      terms.submission?.submitter ?? null,
      terms.submission?.key ?? null,
      terms.submission?.bodyHash ?? null,
    ],
  );
  if (!row) throw new Error("The job was not stored: the same request was faster.");
  return row;
}

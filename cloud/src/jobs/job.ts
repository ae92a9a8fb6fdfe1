import { type GenerationRequest, type JobOrder, type MessageJson, messageFromJson } from "@gridnft/sdk";
import type { Address, Hex } from "viem";
import type { Queries } from "../database/database.ts";
import { ApiError } from "../error.ts";

export type JobStatus = "queued" | "claimed" | "running" | "done" | "failed" | "cancelled";

/** Row of `cloud.job`. */
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
  /** Worker's signature of the closing of a direct order. */
  readonly closing_signature: Hex | null;
  readonly lane_id: Hex | null;
  readonly price: string | null;
  /** Highest price of a gateway job, AIPG wei. */
  readonly max_price: string | null;
  readonly worker: Address | null;
  readonly lease_token: string | null;
  readonly lease_expires_at: Date | null;
  /** Time of the last progress of its worker. */
  readonly progressed_at: Date | null;
  readonly progress_image: number | null;
  readonly progress_step: number | null;
  readonly progress_steps: number | null;
  readonly engine: string | null;
  readonly prompt_cut: boolean | null;
  readonly unknown_words: readonly string[] | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
  /** Reason why the last worker released it. */
  readonly given_back_code: string | null;
  readonly given_back_message: string | null;
  /** Reason why its worker does not get it yet. */
  readonly waiting_code: string | null;
  readonly waiting_message: string | null;
  readonly quota_day: string | null;
  readonly created_at: Date;
  readonly queued_at: Date;
  readonly claimed_at: Date | null;
  readonly finished_at: Date | null;
}

/** Columns of {@link JobRow}; dates without a time as text. */
export const jobColumns = "j.*, j.quota_day::text AS quota_day";

/** Returns true if the job will not change any more. */
export function isFinal({ status }: Pick<JobRow, "status">): boolean {
  return status === "done" || status === "failed" || status === "cancelled";
}

export const requestOf = (job: Pick<JobRow, "request">): GenerationRequest =>
  messageFromJson("GenerationRequest", job.request);

/** Returns the order of the current lease. */
export function orderOf(job: Pick<JobRow, "id" | "order_message">): JobOrder {
  if (!job.order_message) throw new Error(`Job ${job.id} has no order yet.`);
  return messageFromJson("JobOrder", job.order_message);
}

/**
 * Condition that a job found by its id is claimed. It is a CASE so that the planner reads the primary key: the index of a worker's claimed
 * jobs has an entry of each that it ended since the last vacuum.
 */
export const isActive = "CASE status WHEN 'claimed' THEN true ELSE status = 'running' END";

/** Returns true if a text can be a job's id. */
export function isJobId(id: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);
}

/** Returns a job by id; undefined also for a text that is no id. */
export async function findJob(queries: Queries, id: string): Promise<JobRow | undefined> {
  if (!isJobId(id)) return undefined;
  return queries.one<JobRow>(`SELECT ${jobColumns} FROM cloud.job j WHERE id = $1`, [id]);
}

/**
 * Returns a job by id.
 * @throws {@link ApiError} `JOB_UNKNOWN`.
 */
export async function getJob(queries: Queries, id: string): Promise<JobRow> {
  const job = await findJob(queries, id);
  if (!job) throw new ApiError("JOB_UNKNOWN", "There is no job with this id.", { field: "id" });
  return job;
}

/** Returns the position of a queued job in the queue, from 1. */
export async function queuePositionOf(queries: Queries, job: JobRow): Promise<number> {
  const row = await queries.one<{ ahead: number }>(
    `SELECT (SELECT count(*) FROM cloud.job WHERE status = 'queued' AND rail = 'gateway' AND place < $1)::int
       + (SELECT count(*) FROM cloud.job WHERE status = 'queued' AND rail = 'direct' AND place < $1)::int AS ahead`,
    [job.place],
  );
  return (row?.ahead ?? 0) + 1;
}

import { createHash } from "node:crypto";
import { canonicalJson, type Json } from "@gridnft/sdk";
import type { Address } from "viem";
import type { Queries } from "../database/database.ts";
import { ApiError } from "../error.ts";
import { type JobRow, jobColumns } from "./job.ts";

/** Request with a name by its sender. A repetition finds its job, and makes no other one. */
export interface Submission {
  /** Account of the session, lower case. */
  readonly submitter: Address;
  readonly key: string;
  /** sha256 of the body. */
  readonly bodyHash: Buffer;
}

/** Returns the name of a request by its account, key and body. Equal JSON values are equal bodies. */
export function submissionOf(account: Address, key: string, body: unknown): Submission {
  const bodyHash = createHash("sha256")
    .update(canonicalJson(body as Json))
    .digest();
  return { submitter: account.toLowerCase() as Address, key, bodyHash };
}

/**
 * Queues a job once for each submission. A repetition gets the same job, whatever has changed since then.
 * @throws {@link ApiError} `KEY_REUSED` when the key was sent with another body.
 */
export async function queueOnce(
  queries: Queries,
  submission: Submission | undefined,
  queue: () => Promise<JobRow>,
): Promise<{ readonly job: JobRow; readonly isNew: boolean }> {
  if (!submission) return { job: await queue(), isNew: true };
  const before = await findSubmitted(queries, submission);
  if (before) return { job: before, isNew: false };
  try {
    return { job: await queue(), isNew: true };
  } catch (error) {
    // The same request may have been faster: what stands in the way of this one does not undo its job.
    const faster = await findSubmitted(queries, submission);
    if (!faster) throw error;
    return { job: faster, isNew: false };
  }
}

async function findSubmitted(queries: Queries, { submitter, key, bodyHash }: Submission): Promise<JobRow | undefined> {
  const job = await queries.one<JobRow & { readonly body_hash: Buffer }>(
    `SELECT ${jobColumns} FROM cloud.job j WHERE submitter = $1 AND idempotency_key = $2`,
    [submitter, key],
  );
  if (!job || bodyHash.equals(job.body_hash)) return job;
  throw new ApiError("KEY_REUSED", `This Idempotency-Key was sent before, with another body: it made job ${job.id}.`, {
    field: "Idempotency-Key",
    job: job.id,
  });
}

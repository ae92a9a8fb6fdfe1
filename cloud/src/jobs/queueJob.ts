import { jobPrice, messageToJson } from "@gridnft/sdk";
import type { Address } from "viem";
import type { Cloud } from "../cloud.ts";
import type { Queries } from "../database/database.ts";
import type { GatewayTerms } from "../environment.ts";
import { type CheckedOrders, requireFunds, requireUnusedNonce } from "../payment/orders.ts";
import { chargeQuota, QUOTA_MUTEX, requireQuota } from "../payment/quota.ts";
import { notifyQueued } from "./candidateRotation.ts";
import type { Submission } from "./idempotency.ts";
import { type JobRow, jobColumns } from "./job.ts";
import { type ResolvedRequest, workloadOf } from "./resolve.ts";

/**
 * Queues a job that its payer ordered. Nonce and funds are checked again, one request of a payer at a time over all processes, because
 * concurrent requests must not count on the same money.
 *
 * @throws {@link ApiError} `ORDER_REPLAYED` or `BALANCE_TOO_LOW` when another request was faster.
 */
export async function queueDirectJob(
  cloud: Cloud,
  resolved: ResolvedRequest,
  orders: CheckedOrders,
  submission: Submission | undefined,
): Promise<JobRow> {
  return cloud.database.transaction(async (queries) => {
    await queries.run("SELECT pg_advisory_xact_lock(hashtextextended($1, 2))", [`payer ${orders.payer.toLowerCase()}`]);
    await requireUnusedNonce(queries, orders);
    await requireFunds(cloud, queries, orders);
    const first = orders.candidates[0];
    const job = await insertJob(queries, resolved, {
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
    notifyQueued(queries, job);
    return job;
  }, `payer ${orders.payer.toLowerCase()}`);
}

/**
 * Queues a job that the gateway pays for. It is charged at the gateway's highest rate.
 * @param address Where the request comes from.
 * @throws {@link ApiError} `QUOTA_USED`.
 */
export async function queueGatewayJob(
  { database }: Pick<Cloud, "database">,
  resolved: ResolvedRequest,
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
  const price = jobPrice(workloadOf(resolved), gateway.maxRate);
  const charge = { account: requester, address, images: resolved.count, price };
  await requireQuota(database, gateway.caps, charge);
  return database.transaction(async (queries) => {
    const { day, chargedTo } = await chargeQuota(queries, gateway.caps, charge);
    const job = await insertJob(queries, resolved, {
      rail: "gateway",
      requester,
      payer: gateway.account,
      charge: { day, chargedTo, price },
      submission,
    });
    notifyQueued(queries, job);
    return job;
    // All of them count in one row.
  }, QUOTA_MUTEX);
}

async function insertJob(
  queries: Queries,
  resolved: ResolvedRequest,
  terms: {
    readonly rail: "direct" | "gateway";
    readonly requester: Address;
    readonly payer: Address;
    readonly wanted?: Address | undefined;
    readonly charge?: { readonly day: string; readonly chargedTo: readonly string[]; readonly price: bigint };
    readonly submission: Submission | undefined;
  },
): Promise<JobRow> {
  const { request } = resolved;
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
      resolved.isPrivate,
      JSON.stringify(messageToJson("GenerationRequest", request)),
      resolved.requestHash,
      request.width * request.height,
      request.steps,
      resolved.count,
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

import { type Address, formatEther, isAddressEqual } from "viem";
import type { SessionRecord } from "../auth/sessions.ts";
import type { Cloud } from "../cloud.ts";
import type { GatewayTerms } from "../environment.ts";
import { ApiError } from "../error.ts";
import { checkOrders, type SignedOrder } from "../payment/orders.ts";
import { requireModelAccess } from "./access.ts";
import { noWorkerError, priceOrders, rankOffers } from "./candidates.ts";
import { queueOnce, type Submission } from "./idempotency.ts";
import type { JobRow } from "./job.ts";
import { liveOffers } from "./offers.ts";
import { queueDirectJob, queueGatewayJob } from "./queueJob.ts";
import { type RequestParameters, type ResolvedRequest, resolveRequest } from "./resolve.ts";

/** Payment of a job: orders that its payer signed, or the gateway. */
export type JobPayment =
  | { readonly rail: "direct"; readonly orders: readonly SignedOrder[] }
  | { readonly rail: "gateway" };

/** Request for a job, of whatever API, and its sender. */
export interface JobRequest {
  readonly parameters: RequestParameters;
  /** Account that the request names as requester, if any. */
  readonly requester: Address | undefined;
  readonly payment: JobPayment;
  readonly session: SessionRecord | undefined;
  /** Address that the request comes from. */
  readonly address: string;
  /** Name of the request, by which a repetition is known. */
  readonly submission: Submission | undefined;
}

/** Returns the payment of a request that names none: the gateway pays for signed-in accounts. */
export function defaultPayment(
  { gateway }: Pick<Cloud, "gateway">,
  session: SessionRecord | undefined,
): JobPayment | undefined {
  return session && gateway ? { rail: "gateway" } : undefined;
}

/**
 * Queues a job, once for each submission.
 * @throws {@link ApiError} as `resolveRequest`, `checkOrders`, `requireModelAccess` and `queueOnce`; `SESSION_INVALID`, `NOT_YOURS`,
 * `PAYMENT_REQUIRED`, `NO_WORKER` or `QUOTA_USED` where the gateway is to pay.
 */
export async function submitJob(
  cloud: Cloud,
  request: JobRequest,
): Promise<{ readonly job: JobRow; readonly isNew: boolean }> {
  const { parameters, payment, submission } = request;
  const queued = await queueOnce(cloud.database, submission, async () => {
    const resolved = await resolveRequest(cloud, parameters);
    return payment.rail === "direct"
      ? submitDirect(cloud, resolved, payment.orders, request)
      : submitSponsored(cloud, resolved, request);
  });
  if (queued.isNew) {
    const { id, model_id: model } = queued.job;
    cloud.metrics.jobPosted(payment.rail);
    cloud.log.info({ job: id, rail: payment.rail, model }, "job queued");
  }
  return queued;
}

/** Queues a job that its payer's orders pay for. */
async function submitDirect(
  cloud: Cloud,
  resolved: ResolvedRequest,
  orders: readonly SignedOrder[],
  { requester, session, submission }: JobRequest,
): Promise<JobRow> {
  const { requestHash, count, model } = resolved;
  const ordered = { requestHash, modelId: model.modelId, count };
  const checked = await checkOrders(cloud, ordered, orders, (given) => priceOrders(cloud, resolved, given));
  if (requester && !isAddressEqual(requester, checked.requester)) {
    throw new ApiError("ORDER_INVALID", "requester is not the orders' requester.", { field: "requester" });
  }
  // A licensed model is for its licensee: naming one as requester proves nothing, so it must have signed something.
  const isProven = checked.provesRequester || session?.account === checked.requester.toLowerCase();
  if (resolved.model.access !== "open" && !isProven) {
    throw new ApiError(
      "MODEL_NOT_LICENSED",
      `The model "${resolved.model.name}" needs its licensee's word: sign in with ${checked.requester}, or let it sign the order itself.`,
      { field: "payment" },
    );
  }
  await requireModelAccess(cloud, resolved, checked.requester);
  return queueDirectJob(cloud, resolved, checked, submission);
}

/** Queues a job that the gateway pays for. */
async function submitSponsored(
  cloud: Cloud,
  resolved: ResolvedRequest,
  { requester, session, submission, address }: JobRequest,
): Promise<JobRow> {
  const { gateway, database } = cloud;
  if (!gateway) {
    throw new ApiError("PAYMENT_REQUIRED", "There is no gateway here that pays. Ask for a quote and sign an order.", {
      field: "payment.rail",
    });
  }
  if (!session) {
    throw new ApiError("SESSION_INVALID", "The gateway pays for signed-in accounts only. Sign in first.");
  }
  if (requester && !isAddressEqual(requester, session.account)) {
    throw new ApiError("NOT_YOURS", "The gateway pays for the account that is signed in, not for another requester.", {
      field: "requester",
    });
  }
  await requireSponsored(cloud, gateway, session.account);
  await requireModelAccess(cloud, resolved, session.account);
  const offers = await liveOffers(database, resolved.model.modelId);
  const affordable = rankOffers(resolved, offers).filter(({ rate }) => rate <= gateway.maxRate);
  if (affordable.length === 0) throw noWorkerError(resolved, offers);
  return queueGatewayJob(cloud, resolved, { requester: session.account, address, gateway, submission });
}

/** @throws {@link ApiError} `PAYMENT_REQUIRED` for an account that the gateway does not pay for. */
async function requireSponsored({ chain }: Cloud, { sponsored }: GatewayTerms, account: Address): Promise<void> {
  if (sponsored.kind === "everybody") return;
  if (sponsored.kind === "listed") {
    if (sponsored.accounts.has(account.toLowerCase())) return;
    throw new ApiError(
      "PAYMENT_REQUIRED",
      `The gateway pays for accounts of its list only, and ${account} is not one. Ask for a quote and sign an order.`,
    );
  }
  if ((await chain.aipgOf(account)) >= sponsored.least) return;
  throw new ApiError(
    "PAYMENT_REQUIRED",
    `The gateway pays for accounts that hold at least ${formatEther(sponsored.least)} AIPG. Ask for a quote and sign an order.`,
  );
}

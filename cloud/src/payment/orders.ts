import { GridError, type JobOrder, SETTLE_GRACE, SignerRole } from "@gridnft/sdk";
import { type Address, type Hex, isAddressEqual, zeroHash } from "viem";
import { MAX_ORDER_SECONDS } from "../chain/chain.ts";
import type { Cloud } from "../cloud.ts";
import type { Queries } from "../database/database.ts";
import { ApiError } from "../error.ts";

/** Signed order of the direct rail. */
export interface SignedOrder {
  readonly order: JobOrder;
  readonly signature: Hex;
}

/** Checked order with its worker's price. */
export interface Candidate extends SignedOrder {
  readonly orderHash: Hex;
  readonly price: bigint;
}

/** Request that orders must be for. */
export interface OrderedRequest {
  readonly requestHash: Hex;
  readonly modelId: bigint;
  /** Images. */
  readonly count: number;
}

/** Orders of one job after all checks. */
export interface CheckedOrders {
  readonly requester: Address;
  readonly payer: Address;
  readonly nonce: bigint;
  readonly orderHashes: readonly Hex[];
  /** AIPG wei that the payer had, and the maximum of the dearest order. Only one order can be settled. */
  readonly spendable: bigint;
  readonly maxCost: bigint;
  readonly candidates: readonly Candidate[];
  /** Set if the requester ordered itself, by its own signature or its ORDER_SIGNER's. */
  readonly provesRequester: boolean;
}

/** Seconds that must be left to the first order's deadline. */
const MIN_SECONDS_LEFT = 20n;

/**
 * Checks everything about posted orders that could make them worthless to their workers, or the job worthless to its payer.
 *
 * @param price Returns the orders that live workers take, with their prices.
 * @throws {@link ApiError} `ORDER_INVALID`, `ORDER_EXPIRED`, `SIGNATURE_INVALID`, `ORDER_REPLAYED`, `BALANCE_TOO_LOW` or `NO_WORKER`.
 */
export async function checkOrders(
  cloud: Cloud,
  request: OrderedRequest,
  orders: readonly SignedOrder[],
  price: (orders: readonly SignedOrder[]) => Promise<readonly Candidate[]>,
): Promise<CheckedOrders> {
  const { chain, database } = cloud;
  const first = orders[0]?.order;
  if (!first) throw new ApiError("ORDER_INVALID", "There is no order.", { field: "payment.orders" });

  orders.forEach(({ order }, i) => {
    const refuse = (field: string, reason: string): never => {
      throw new ApiError("ORDER_INVALID", `payment.orders.${i}.order.${field} ${reason}.`, {
        field: `payment.orders.${i}.order.${field}`,
      });
    };
    if (order.laneId !== zeroHash) refuse("laneId", "is not 0, which the direct rail needs");
    if (order.requestHash !== request.requestHash) {
      refuse("requestHash", "is not the hash of this request; send the quote's parameters unchanged");
    }
    if (order.modelId !== request.modelId) refuse("modelId", "is another model");
    if (order.count !== request.count) refuse("count", `is not the number of images, ${request.count}`);
    if (!isAddressEqual(order.requester, first.requester)) refuse("requester", "is not that of the first order");
    if (!isAddressEqual(order.payer, first.payer)) refuse("payer", "is not that of the first order");
    if (order.nonce !== first.nonce)
      refuse("nonce", "is not that of the first order, so that several could be settled");
    if (BigInt(order.requester) === 0n) refuse("requester", "names nobody");
    if (orders.findIndex((other) => isAddressEqual(other.order.worker, order.worker)) !== i) {
      refuse("worker", "has an order already");
    }
    const before = orders[i - 1]?.order;
    if (before && order.deadline < before.deadline + BigInt(SETTLE_GRACE)) {
      refuse("deadline", `is less than ${SETTLE_GRACE} s after that of the order before, which could still be settled`);
    }
    if (order.deadline > chain.now() + MAX_ORDER_SECONDS) refuse("deadline", "is more than a day ahead");
  });
  const signers = await Promise.all(orders.map((signed, i) => orderSigner(cloud, signed, i)));
  const { payer, requester, nonce } = first;
  const orderHashes = orders.map(({ order }) => cloud.checker.digester.orderHash(order));
  // Before all that changes with time: who lost the answer asks again later.
  await requireUnusedNonce(database, { payer, nonce, orderHashes });
  if (first.deadline < chain.now() + MIN_SECONDS_LEFT) {
    throw new ApiError("ORDER_EXPIRED", "The order's deadline is over, or too near. Ask for a new quote.", {
      field: "payment.orders.0.order.deadline",
    });
  }
  const candidates = await price(orders);
  for (const id of new Set(orders.map(({ order }) => order.feeConfigId))) {
    if (await chain.isFeeConfigAccepted(id)) continue;
    throw new ApiError("ORDER_INVALID", "feeConfigId is not accepted any more. Ask for a new quote.", {
      field: "payment.orders.0.order.feeConfigId",
    });
  }

  if (!(await chain.isNonceFree(payer, nonce))) throw orderReplayedError();

  const maxCost = candidates.map(({ order }) => order.maxPrice).sort((a, b) => (a < b ? 1 : -1))[0] ?? 0n;
  const spendable = await chain.spendableOf(payer);
  await requireFunds(cloud, database, { payer, spendable, maxCost });
  return {
    requester,
    payer,
    nonce,
    orderHashes,
    spendable,
    maxCost,
    candidates,
    provesRequester: isAddressEqual(requester, payer) && signers.length > 0,
  };
}

/**
 * Requires that a nonce was not posted here before. The signatures are checked by then, so the sender of the same order is told its job:
 * the first answer may have been lost.
 *
 * @throws {@link ApiError} `ORDER_REPLAYED`.
 */
export async function requireUnusedNonce(
  queries: Queries,
  { payer, nonce, orderHashes }: Pick<CheckedOrders, "payer" | "nonce" | "orderHashes">,
): Promise<void> {
  const posted = await queries.one<{ job_id: string; same: boolean }>(
    `SELECT n.job_id, EXISTS (
       SELECT FROM cloud.candidate c WHERE c.job_id = n.job_id AND c.order_hash = ANY ($3)) AS same
     FROM cloud.order_nonce n WHERE n.payer = $1 AND n.nonce = $2`,
    [payer.toLowerCase(), nonce.toString(), orderHashes],
  );
  if (posted) throw orderReplayedError(posted.same ? posted.job_id : undefined);
}

/** Creates the error of an order whose nonce was used before. */
function orderReplayedError(job?: string): ApiError {
  const message = job
    ? `This order was posted before: it made job ${job}.`
    : "An order with this nonce was used before. Ask for a new quote.";
  return new ApiError("ORDER_REPLAYED", message, { field: "payment.orders.0.order.nonce", job });
}

/**
 * Requires that a payer can pay for one more job beside those under way.
 * @throws {@link ApiError} `BALANCE_TOO_LOW`.
 */
export async function requireFunds(
  { chain }: Pick<Cloud, "chain">,
  queries: Queries,
  { payer, spendable, maxCost }: Pick<CheckedOrders, "payer" | "spendable" | "maxCost">,
): Promise<void> {
  const owed = await owedBy(chain, queries, payer);
  if (spendable >= owed + maxCost) return;
  throw new ApiError(
    "BALANCE_TOO_LOW",
    `${payer} has ${spendable} AIPG wei in GridSettlement, of which ${owed} are for orders under way; this one may cost ${maxCost}. Deposit first.`,
  );
}

/** Returns the key that signed: the payer's own, or its live ORDER_SIGNER. */
async function orderSigner({ chain, checker }: Cloud, { order, signature }: SignedOrder, i: number): Promise<Address> {
  const field = `payment.orders.${i}.signature`;
  let signer: Address;
  try {
    signer = checker.recoverSigner(checker.digester.orderDigest(order, chain.domain), signature);
  } catch (error) {
    if (!(error instanceof GridError)) throw error;
    throw new ApiError("SIGNATURE_INVALID", error.message, { field, cause: error });
  }
  if (await chain.isSigner(order.payer, SignerRole.ORDER_SIGNER, signer)) return signer;
  throw new ApiError("SIGNATURE_INVALID", `The order is signed by ${signer}, who does not order for ${order.payer}.`, {
    field,
  });
}

/** Returns the AIPG wei that a payer's other direct jobs may still take. */
async function owedBy(chain: Cloud["chain"], queries: Queries, payer: Address): Promise<bigint> {
  const row = await queries.one<{ owed: string }>(
    `SELECT coalesce(sum(most), 0)::text AS owed FROM (
       SELECT max((c.order_message->>'maxPrice')::numeric) AS most, max(c.deadline) AS deadline
       FROM cloud.job j JOIN cloud.candidate c ON c.job_id = j.id
       WHERE j.rail = 'direct' AND j.payer = $1 AND j.settled_at IS NULL
         AND (j.status NOT IN ('failed', 'cancelled') OR c.handed_at IS NOT NULL)
       GROUP BY j.id
     ) open WHERE deadline + $2 >= $3`,
    [payer.toLowerCase(), SETTLE_GRACE, chain.certainTime().toString()],
  );
  return BigInt(row?.owed ?? "0");
}

import { zeroHash } from "viem";
import { GridError } from "../lib/errors.js";
import { requestHash } from "./digest.js";
import type { GenerationRequest, JobOrder } from "./typedData.js";

/** Most images that one order can ask for. */
export const MAX_COUNT = 256;

/** Seconds after an order's deadline within which its receipts may still be settled on the direct rail. */
export const SETTLE_GRACE = 15 * 60;

/** Fields of an order beyond its request. */
export type OrderTerms = Omit<JobOrder, "modelId" | "requestHash" | "laneId"> & Partial<Pick<JobOrder, "laneId">>;

/**
 * An order for a request: direct rail unless `laneId` is given.
 * @param terms `maxPrice` in AIPG wei caps the sum of all receipts; `deadline` in Unix seconds.
 * @throws {@link GridError} `FIELD_INVALID` for a count outside of 1 to 256.
 */
export function jobOrder(request: GenerationRequest, terms: OrderTerms): JobOrder {
  const order = { laneId: zeroHash, ...terms, modelId: request.modelId, requestHash: requestHash(request) };
  if (!Number.isInteger(order.count) || order.count < 1 || order.count > MAX_COUNT) {
    throw new GridError("FIELD_INVALID", `An order asks for 1 to ${MAX_COUNT} images.`, "count");
  }
  return order;
}

import type { LaneConfig } from "./typedData.js";

/** Lane from a payer to a worker. Mirrors `GridMessages.LANE_WORK`. */
export const LANE_WORK = 0;

/** Lane from a requester to a gateway: no fees, no royalty, never an anchor. Mirrors `GridMessages.LANE_HOP`. */
export const LANE_HOP = 1;

/** Shortest thaw delay of a lane, seconds. */
export const MIN_THAW_DELAY = 24 * 60 * 60;

/** Terms of a work lane. `feeConfigId` is the one that `GridSettlement` accepts now; the rest is the payer's choice. */
export function workLane(terms: Omit<LaneConfig, "kind">): LaneConfig {
  return { kind: LANE_WORK, ...terms };
}

/** Terms of a hop lane from a requester (`payer`) to a gateway (`worker`). */
export function hopLane(terms: Omit<LaneConfig, "kind" | "feeConfigId">): LaneConfig {
  return { kind: LANE_HOP, feeConfigId: 0, ...terms };
}

import { type LaneConfig, type MessageJson, messageFromJson } from "@gridnft/sdk";
import type { Address, Hex } from "viem";
import type { Queries } from "../database/database.ts";

/** Row of `cloud.lane`. */
export interface LaneRow {
  readonly lane_id: Hex;
  readonly config: MessageJson<"LaneConfig">;
  readonly payer: Address;
  readonly payer_signer: Address;
  readonly worker: Address;
  readonly state: "opening" | "open" | "closed";
  readonly free: string;
  readonly thawing: boolean;
  /** Set while its funds return to the account because it was idle. It gets no jobs until one needs it. */
  readonly resting: boolean;
  /** Time when a job last needed it. */
  readonly wanted_at: Date | null;
  readonly synced_block: string;
  readonly receipts: number;
  readonly anchored_through: number;
}

/** Totals of a model on a lane, AIPG wei. */
export interface LaneTotalRow {
  readonly model_id: string;
  readonly promised: string;
  readonly collected: string;
}

export const laneConfigOf = (lane: Pick<LaneRow, "config">): LaneConfig => messageFromJson("LaneConfig", lane.config);

/** Returns one lane, without a lock. */
export async function getLane(queries: Queries, laneId: Hex): Promise<LaneRow> {
  const lane = await queries.one<LaneRow>("SELECT * FROM cloud.lane WHERE lane_id = $1", [laneId]);
  if (!lane) throw new Error(`Lane ${laneId} is unknown.`);
  return lane;
}

/** Locks one lane. */
export async function lockLane(queries: Queries, laneId: Hex): Promise<LaneRow> {
  const lane = await queries.one<LaneRow>("SELECT * FROM cloud.lane WHERE lane_id = $1 FOR UPDATE", [laneId]);
  if (!lane) throw new Error(`Lane ${laneId} is unknown.`);
  return lane;
}

/** Returns the AIPG wei that are promised on a lane and not collected as of its last reading. */
export function outstanding(totals: readonly LaneTotalRow[]): bigint {
  return totals.reduce((sum, { promised, collected }) => {
    const due = BigInt(promised) - BigInt(collected);
    return due > 0n ? sum + due : sum;
  }, 0n);
}

/** Returns the AIPG wei in a lane, less what is promised and not collected, less what claimed jobs will cost. */
export async function availableOn(queries: Queries, lane: LaneRow): Promise<bigint> {
  const totals = await queries.all<LaneTotalRow>(
    "SELECT model_id, promised, collected FROM cloud.lane_total WHERE lane_id = $1",
    [lane.lane_id],
  );
  const row = await queries.one<{ reserved: string }>(
    `SELECT coalesce(sum(price), 0)::text AS reserved FROM cloud.job
     WHERE worker = $1 AND lane_id = $2 AND status IN ('claimed', 'running')`,
    [lane.worker, lane.lane_id],
  );
  return BigInt(lane.free) - outstanding(totals) - BigInt(row?.reserved ?? "0");
}

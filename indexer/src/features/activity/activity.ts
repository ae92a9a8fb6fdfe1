import { activity } from "ponder:schema";
import type { Address, Hex } from "viem";
import { type EventContext, lower, type Store } from "../../lib/eventContext.ts";

/** Everything the history knows, by the side it happens on. The GraphQL schema has the same list. */
export type ActivityKind =
  | "MODEL_REGISTERED"
  | "MODEL_TRANSFERRED"
  | "MODEL_CHANGED"
  | "LICENSE_BOUGHT"
  | "SERIES_MINTED"
  | "SERIES_CHANGED"
  | "ARTWORK_MINTED"
  | "ARTWORK_TRANSFERRED"
  | "ARTWORK_BURNED"
  | "EVOLUTION_ANNOUNCED"
  | "ARTWORK_EVOLVED"
  | "DISPLAY_EDITED"
  | "DISPLAY_FROZEN"
  | "DEPOSITED"
  | "WITHDRAWAL_ANNOUNCED"
  | "WITHDRAWAL_CANCELLED"
  | "WITHDRAWN"
  | "SIGNER_ADDED"
  | "SIGNER_REVOKED"
  | "TREASURER_CAP_SET"
  | "LANE_OPENED"
  | "LANE_TOPPED_UP"
  | "LANE_THAW_STARTED"
  | "LANE_THAW_CANCELLED"
  | "LANE_THAWED"
  | "LANE_COLLECTED"
  | "RECEIPTS_ANCHORED"
  | "ORDER_SETTLED"
  | "ORDER_CANCEL_ANNOUNCED"
  | "ORDER_CANCELLED"
  | "EARNINGS_CLAIMED"
  | "EARNINGS_MOVED"
  | "ROYALTY_CLAIMED"
  | "PROTOCOL_SWEPT"
  | "WORKER_REGISTERED"
  | "WORKER_PROFILE_SET"
  | "BOND_ADDED"
  | "UNBOND_ANNOUNCED"
  | "UNBOND_CANCELLED"
  | "BOND_WITHDRAWN"
  | "BOND_SLASHED"
  | "WORKER_EQUIVOCATED"
  | "REWARD_CLAIMED";

/** Entry of history beside its kind and position. */
export interface ActivityEntry {
  readonly actor: Address;
  readonly counterparty?: Address;
  readonly tokenId?: bigint;
  readonly seriesId?: bigint;
  readonly modelId?: bigint;
  readonly worker?: Address;
  readonly laneId?: Hex;
  readonly orderHash?: Hex;
  /** AIPG wei. */
  readonly amount?: bigint;
  /** Anything else; integers of any size become decimal strings. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Writes one line of history. */
export async function record(
  db: Store,
  context: EventContext,
  kind: ActivityKind,
  entry: ActivityEntry,
): Promise<void> {
  const { actor, counterparty, worker, detail, ...rest } = entry;
  await db.insert(activity).values({
    chainId: context.chainId,
    seq: context.seq,
    kind,
    ...rest,
    actor: lower(actor),
    ...(counterparty && { counterparty: lower(counterparty) }),
    ...(worker && { worker: lower(worker) }),
    ...(detail && { detail: toJson(detail) }),
    time: context.time,
    block: context.block,
    logIndex: context.logIndex,
    tx: context.tx,
  });
}

/** A value of a log as JSON. */
export function toJson(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "string") return /^0x[0-9a-fA-F]*$/.test(value) ? value.toLowerCase() : value;
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, toJson(field)]));
  }
  return value;
}

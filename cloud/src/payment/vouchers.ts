import { MAX_TOTALS, type MessageJson, messageFromJson, messageToJson, nextVoucher, SignerRole } from "@gridnft/sdk";
import type { voucherOffer } from "@gridnft/sdk/schemas";
import { type Address, type Hex, isAddressEqual } from "viem";
import type { z } from "zod";
import type { Cloud } from "../cloud.ts";
import type { Queries } from "../database/database.ts";
import type { GatewayTerms } from "../environment.ts";
import { ApiError } from "../error.ts";
import { type LaneRow, type LaneTotalRow, outstanding } from "./lanes.ts";

export type VoucherOfferJson = z.input<typeof voucherOffer>;

/** Row of `cloud.voucher`. */
export interface VoucherRow {
  readonly lane_id: Hex;
  readonly number: number;
  readonly digest: Hex;
  readonly message: MessageJson<"Voucher">;
  readonly root: Hex;
  readonly payer_signature: Hex;
  readonly worker_signature: Hex | null;
  readonly first: number;
  readonly last: number;
  readonly anchored_block: string | null;
}

/** Lane as a completion reads it with its job, for its next voucher. */
export interface LaneState
  extends Pick<
    LaneRow,
    "lane_id" | "config" | "payer_signer" | "free" | "synced_block" | "receipts" | "anchored_through"
  > {
  readonly totals: readonly LaneTotalRow[];
  readonly newest: Pick<VoucherRow, "number" | "first" | "last" | "root"> | null;
  /** Voucher that the worker has, with its receipts. */
  readonly known: Pick<VoucherRow, "digest" | "first" | "last"> | null;
}

/**
 * SQL of a {@link LaneState}; null without a lane. It is read without a lock: the statement that stores a voucher checks that the lane is
 * unchanged.
 * @param lane SQL of the lane's id.
 * @param known SQL of the digest of a voucher that the worker has, with its receipts.
 */
export const laneStateOf = (lane: string, known: string): string =>
  `(SELECT json_build_object('lane_id', l.lane_id, 'config', l.config, 'payer_signer', l.payer_signer, 'free', l.free::text,
     'synced_block', l.synced_block::text, 'receipts', l.receipts, 'anchored_through', l.anchored_through,
     'totals', (SELECT coalesce(json_agg(json_build_object('model_id', t.model_id::text, 'promised', t.promised::text,
         'collected', t.collected::text) ORDER BY t.model_id), '[]') FROM cloud.lane_total t WHERE t.lane_id = l.lane_id),
     'newest', (SELECT json_build_object('number', v.number, 'first', v.first, 'last', v.last, 'root', v.root)
       FROM cloud.voucher v WHERE v.lane_id = l.lane_id ORDER BY v.number DESC LIMIT 1),
     'known', (SELECT json_build_object('digest', v.digest, 'first', v.first, 'last', v.last)
       FROM cloud.voucher v WHERE v.lane_id = l.lane_id AND v.digest = ${known}))
   FROM cloud.lane l WHERE l.lane_id = ${lane})`;

/** Voucher that is signed and not stored. */
export interface VoucherDraft {
  readonly lane: LaneState;
  readonly modelId: string;
  readonly amount: bigint;
  /** Total that is promised on the lane for the model, with `amount`. */
  readonly promised: bigint;
  readonly number: number;
  readonly digest: Hex;
  readonly root: Hex;
  readonly first: number;
  /** AIPG wei of the lane that are not promised. */
  readonly left: bigint;
  /** Voucher as its worker gets it. */
  readonly offer: VoucherOfferJson;
}

/**
 * Signs a lane's next voucher, which adds `amount` for a model. Its tree has all receipts of the lane that are not anchored, and those of
 * `receiptIds`. It may leave this process only once it is stored together with them, with the lane as it was read.
 *
 * @throws {@link ApiError} `INTERNAL` rather than promise more than is in the lane.
 */
export async function draftVoucher(
  { chain, checker, laneTrees }: Pick<Cloud, "chain" | "checker" | "laneTrees">,
  gateway: GatewayTerms,
  queries: Queries,
  lane: LaneState,
  {
    modelId,
    amount,
    receiptIds,
  }: { readonly modelId: string; readonly amount: bigint; readonly receiptIds: readonly Hex[] },
): Promise<VoucherDraft> {
  const laneId = lane.lane_id;
  if (!isAddressEqual(lane.payer_signer, gateway.signer.address)) {
    throw new ApiError("INTERNAL", "The key of this lane is not here any more, so it cannot pay.");
  }
  if ((lane.newest?.last ?? 0) !== lane.receipts) throw new Error(`Lane ${laneId} has receipts without a voucher.`);
  const before = lane.totals.find((row) => row.model_id === modelId);
  const promised = BigInt(before?.promised ?? 0) + amount;
  const row = { model_id: modelId, promised: promised.toString(), collected: before?.collected ?? "0" };
  const totals = [...lane.totals.filter((other) => other !== before), row];
  const left = BigInt(lane.free) - outstanding(totals);
  if (left < 0n) {
    throw new ApiError("INTERNAL", "The lane has less in it than is owed. It has to be topped up first.");
  }
  // All models, so that the newest voucher says everything; if they are more than rows, those with something to collect.
  const open = totals.filter((total) => total === row || BigInt(total.promised) > BigInt(total.collected));
  const rows = totals.length <= MAX_TOTALS ? totals : open;
  const first = lane.anchored_through + 1;
  const tree = await laneTrees.treeOf(queries, laneId, { first, newest: lane.newest ?? undefined, added: receiptIds });
  const voucher = nextVoucher(
    laneId,
    [],
    new Map(rows.map((total) => [BigInt(total.model_id), BigInt(total.promised)])),
    {
      root: tree.root,
      size: tree.receiptIds.length,
    },
  );
  const digest = checker.digester.voucherDigest(voucher, chain.domain);
  const signature = await gateway.signer.sign({ hash: digest });
  const base = lane.known?.first === first ? lane.known : undefined;
  return {
    ...{ lane, modelId, amount, promised, digest, first, left },
    number: (lane.newest?.number ?? 0) + 1,
    root: tree.root,
    offer: {
      lane: lane.config,
      voucher: messageToJson("Voucher", voucher),
      payer_signature: signature,
      ...(base && { after: base.digest }),
      receipt_ids: tree.receiptIds.slice(base ? base.last - first + 1 : 0),
    },
  };
}

/** Returns the newest voucher of a lane. */
export function newestVoucher(queries: Queries, laneId: Hex): Promise<VoucherRow | undefined> {
  return queries.one<VoucherRow>("SELECT * FROM cloud.voucher WHERE lane_id = $1 ORDER BY number DESC LIMIT 1", [
    laneId,
  ]);
}

/** Returns the best voucher whose tree has the receipt: one that is on chain, else the newest that can be collected, else the newest. */
export function bestVoucherFor(
  queries: Queries,
  { lane_id, lane_position }: { readonly lane_id: Hex | null; readonly lane_position: number | null },
): Promise<VoucherRow | undefined> {
  return queries.one<VoucherRow>(
    `SELECT * FROM cloud.voucher WHERE lane_id = $1 AND $2 BETWEEN first AND last
     ORDER BY (anchored_block IS NULL), anchored_block, (worker_signature IS NULL), number DESC LIMIT 1`,
    [lane_id, lane_position],
  );
}

/** Returns the ids of the receipts in a voucher's tree, in leaf order, from a position on. */
export async function receiptsUnder(queries: Queries, voucher: VoucherRow, from = voucher.first): Promise<Hex[]> {
  const rows = await queries.all<{ receipt_id: Hex }>(
    "SELECT receipt_id FROM cloud.receipt WHERE lane_id = $1 AND lane_position BETWEEN $2 AND $3 ORDER BY lane_position",
    [voucher.lane_id, from, voucher.last],
  );
  return rows.map(({ receipt_id }) => receipt_id);
}

/** Returns a voucher as its worker gets it. The worker has the vouchers of the digests `known`, with their receipts. */
export async function offerOf(
  queries: Queries,
  voucher: VoucherRow,
  known: readonly Hex[] = [],
): Promise<VoucherOfferJson> {
  const lane = await queries.one<Pick<LaneRow, "config"> & { after: Hex | null; through: number | null }>(
    `SELECT l.config, v.digest AS after, v.last AS through FROM cloud.lane l
     LEFT JOIN cloud.voucher v ON v.lane_id = l.lane_id AND v.first = $2 AND v.digest = ANY ($3)
     WHERE l.lane_id = $1 ORDER BY v.number DESC NULLS LAST LIMIT 1`,
    [voucher.lane_id, voucher.first, known],
  );
  if (!lane) throw new Error(`Lane ${voucher.lane_id} is unknown.`);
  return {
    lane: lane.config,
    voucher: voucher.message,
    payer_signature: voucher.payer_signature,
    ...(lane.after && { after: lane.after }),
    receipt_ids: await receiptsUnder(queries, voucher, lane.through === null ? voucher.first : lane.through + 1),
  };
}

/** Returns the newest voucher of each lane to a worker. */
export async function vouchersFor(
  queries: Queries,
  worker: Address,
  known: readonly Hex[],
): Promise<VoucherOfferJson[]> {
  const vouchers = await queries.all<VoucherRow>(
    `SELECT newest.* FROM cloud.lane l CROSS JOIN LATERAL (
       SELECT * FROM cloud.voucher v WHERE v.lane_id = l.lane_id ORDER BY v.number DESC LIMIT 1) newest
     WHERE l.worker = $1 ORDER BY l.lane_id`,
    [worker],
  );
  return Promise.all(vouchers.map((voucher) => offerOf(queries, voucher, known)));
}

/**
 * Stores a worker's counter-signature of a voucher. With it anyone can collect, and so anchor.
 * @throws {@link ApiError} `VOUCHER_INVALID` for a voucher that is not the worker's; `SIGNATURE_INVALID`.
 */
export async function counterSign(
  { database, chain, checker }: Cloud,
  worker: Address,
  given: { readonly lane_id: Hex; readonly digest: Hex; readonly signature: Hex },
): Promise<void> {
  const voucher = await database.one<VoucherRow>(
    `SELECT v.* FROM cloud.voucher v JOIN cloud.lane l USING (lane_id)
     WHERE v.lane_id = $1 AND v.digest = $2 AND l.worker = $3`,
    [given.lane_id, given.digest, worker],
  );
  if (!voucher) throw new ApiError("VOUCHER_INVALID", "There is no such voucher for this worker.", { field: "digest" });
  const digest = checker.digester.voucherDigest(messageFromJson("Voucher", voucher.message), chain.domain);
  let signer: Address;
  try {
    signer = checker.recoverSigner(digest, given.signature);
  } catch (cause) {
    throw new ApiError("SIGNATURE_INVALID", "The counter-signature is not one that the contracts take.", {
      field: "signature",
      cause,
    });
  }
  if (!(await chain.isSigner(worker, SignerRole.WORKER_SIGNER, signer))) {
    throw new ApiError("SIGNATURE_INVALID", `${signer} does not sign for worker ${worker}.`, { field: "signature" });
  }
  await database.run(
    `UPDATE cloud.voucher SET worker_signature = $3
     WHERE lane_id = $1 AND digest = $2 AND worker_signature IS NULL`,
    [given.lane_id, given.digest, given.signature],
  );
  // Work with an accepted voucher is not at the worker's risk any more, so there is room for more. A lane that can't be used at all stays so.
  const resumed = await database.run(
    "UPDATE cloud.worker SET lane_paused_until = NULL WHERE worker = $1 AND lane_paused_until > now() AND lane_paused_price > 0",
    [worker],
  );
  if (resumed > 0) database.notify("cloud_queue", `worker ${worker}`);
}

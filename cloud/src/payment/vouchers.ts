import {
  MAX_TOTALS,
  type MessageJson,
  messageFromJson,
  messageToJson,
  nextVoucher,
  settlementTypes,
} from "@gridnft/sdk";
import type { voucherOffer } from "@gridnft/sdk/wire";
import { type Address, type Hex, isAddressEqual } from "viem";
import type { z } from "zod";
import type { Cloud } from "../cloud.ts";
import type { Queries } from "../database/database.ts";
import { tell } from "../database/notices.ts";
import type { GatewayTerms } from "../environment.ts";
import { CloudError } from "../error.ts";
import { type LaneRow, type LaneTotalRow, outstanding } from "./lanes.ts";

export type VoucherOfferJson = z.input<typeof voucherOffer>;

/** A row of `cloud.voucher`. */
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

/** Locks a lane and gives its next receipts their places, in the order of completion: they end with the lane's `receipts`. */
export async function appendToLane(queries: Queries, laneId: Hex, count: number): Promise<LaneRow> {
  const lane = await queries.one<LaneRow>(
    "UPDATE cloud.lane SET receipts = receipts + $2 WHERE lane_id = $1 RETURNING *",
    [laneId, count],
  );
  if (!lane) throw new Error(`Lane ${laneId} is unknown.`);
  return lane;
}

/**
 * Signs a lane's next voucher, which adds `amount` for a model and whose tree are all receipts of the lane that are not anchored.
 * The lane is locked, the receipts are in their places; the signature leaves only after the transaction.
 *
 * @param known Digest of a voucher that the worker has, with its receipts.
 * @returns The voucher as its worker gets it.
 * @throws {@link CloudError} `INTERNAL` rather than promise more than is in the lane.
 */
export async function signNextVoucher(
  { chain, checker, laneTrees }: Cloud,
  gateway: GatewayTerms,
  queries: Queries,
  lane: LaneRow,
  { modelId, amount, known }: { readonly modelId: bigint; readonly amount: bigint; readonly known: Hex | undefined },
): Promise<VoucherOfferJson> {
  const laneId = lane.lane_id;
  if (!isAddressEqual(lane.payer_signer, gateway.signer.address)) {
    throw new CloudError("INTERNAL", "The key of this lane is not here any more, so it cannot pay.");
  }
  const totals = await queries.all<LaneTotalRow>(
    `WITH promise AS (
       INSERT INTO cloud.lane_total (lane_id, model_id, promised) VALUES ($1, $2, $3)
       ON CONFLICT (lane_id, model_id) DO UPDATE SET promised = lane_total.promised + excluded.promised
       RETURNING model_id, promised, collected)
     SELECT * FROM promise UNION ALL
     SELECT model_id, promised, collected FROM cloud.lane_total WHERE lane_id = $1 AND model_id <> $2
     ORDER BY model_id`,
    [laneId, modelId.toString(), amount.toString()],
  );
  if (outstanding(totals) > BigInt(lane.free)) {
    throw new CloudError("INTERNAL", "The lane has less in it than is owed. It has to be topped up first.");
  }
  // All models, so that the newest voucher says everything; if they are more than rows, those with something to collect.
  const open = totals.filter((row) => BigInt(row.promised) > BigInt(row.collected) || BigInt(row.model_id) === modelId);
  const rows = totals.length <= MAX_TOTALS ? totals : open;

  const stored = await queries.all<Pick<VoucherRow, "number" | "digest" | "first" | "last" | "root">>(
    `SELECT number, digest, first, last, root FROM cloud.voucher
     WHERE lane_id = $1 AND (digest = $2 OR number = (SELECT max(number) FROM cloud.voucher WHERE lane_id = $1))
     ORDER BY number DESC`,
    [laneId, known ?? null],
  );
  const [newest] = stored;
  const first = lane.anchored_through + 1;
  const tree = await laneTrees.treeOf(queries, laneId, { first, last: lane.receipts, newest });
  const { digester } = checker;
  const voucher = nextVoucher(laneId, [], new Map(rows.map((row) => [BigInt(row.model_id), BigInt(row.promised)])), {
    root: tree.root,
    size: tree.receiptIds.length,
  });
  const signature = await gateway.signer.signTypedData({
    domain: { ...chain.domain },
    types: settlementTypes,
    primaryType: "Voucher",
    message: voucher,
  });
  const message = messageToJson("Voucher", voucher);
  await queries.run(
    `INSERT INTO cloud.voucher (lane_id, number, digest, message, root, payer_signature, first, last)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      laneId,
      (newest?.number ?? 0) + 1,
      digester.voucherDigest(voucher, chain.domain),
      JSON.stringify(message),
      tree.root,
      signature,
      first,
      lane.receipts,
    ],
  );
  const base = stored.find(({ digest }) => digest === known);
  const isBase = base !== undefined && base.first === first;
  return {
    lane: lane.config,
    voucher: message,
    payer_signature: signature,
    ...(isBase && { after: base.digest }),
    receipt_ids: tree.receiptIds.slice(isBase ? base.last - first + 1 : 0),
  };
}

/** The newest voucher of a lane. */
export function newestVoucher(queries: Queries, laneId: Hex): Promise<VoucherRow | undefined> {
  return queries.one<VoucherRow>("SELECT * FROM cloud.voucher WHERE lane_id = $1 ORDER BY number DESC LIMIT 1", [
    laneId,
  ]);
}

/** Ids of the receipts in a voucher's tree, in leaf order, from a place on. */
export async function receiptsUnder(queries: Queries, voucher: VoucherRow, from = voucher.first): Promise<Hex[]> {
  const rows = await queries.all<{ receipt_id: Hex }>(
    "SELECT receipt_id FROM cloud.receipt WHERE lane_id = $1 AND lane_position BETWEEN $2 AND $3 ORDER BY lane_position",
    [voucher.lane_id, from, voucher.last],
  );
  return rows.map(({ receipt_id }) => receipt_id);
}

/** A voucher as its worker gets it, which has those of the digests `known`, with their receipts. */
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

/** The newest voucher of each lane to a worker. */
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
 * Keeps a worker's counter-signature of a voucher: with it anyone can collect, and so anchor.
 * @throws {@link CloudError} `VOUCHER_INVALID` for a voucher that is not the worker's; `SIGNATURE_INVALID`.
 */
export async function counterSign(
  { database, chain, checker }: Cloud,
  worker: Address,
  given: { readonly lane_id: Hex; readonly digest: Hex; readonly signature: Hex },
  isWorkersKey: (signer: Address) => Promise<boolean>,
): Promise<void> {
  const voucher = await database.one<VoucherRow>(
    `SELECT v.* FROM cloud.voucher v JOIN cloud.lane l USING (lane_id)
     WHERE v.lane_id = $1 AND v.digest = $2 AND l.worker = $3`,
    [given.lane_id, given.digest, worker],
  );
  if (!voucher)
    throw new CloudError("VOUCHER_INVALID", "There is no such voucher for this worker.", { field: "digest" });
  const digest = checker.digester.voucherDigest(messageFromJson("Voucher", voucher.message), chain.domain);
  let signer: Address;
  try {
    signer = checker.recoverSigner(digest, given.signature);
  } catch (cause) {
    throw new CloudError("SIGNATURE_INVALID", "The counter-signature is not one that the contracts take.", {
      field: "signature",
      cause,
    });
  }
  if (!(await isWorkersKey(signer))) {
    throw new CloudError("SIGNATURE_INVALID", `${signer} does not sign for worker ${worker}.`, { field: "signature" });
  }
  await database.run(
    `UPDATE cloud.voucher SET worker_signature = $3
     WHERE lane_id = $1 AND digest = $2 AND worker_signature IS NULL`,
    [given.lane_id, given.digest, given.signature],
  );
  // What it accepted is not at its risk any more, so there is room for more. A lane that can't be used at all stays so.
  const resumed = await database.run(
    "UPDATE cloud.worker SET lane_paused_until = NULL WHERE worker = $1 AND lane_paused_until > now() AND lane_paused_price > 0",
    [worker],
  );
  if (resumed > 0) await tell(database, "cloud_queue", `worker ${worker}`);
}

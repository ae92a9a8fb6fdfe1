import {
  MAX_TOTALS,
  type MessageJson,
  merkleTree,
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
import type { GatewayTerms } from "../environment.ts";
import { CloudError } from "../error.ts";
import { type LaneRow, lockLane, outstanding, totalsOf } from "./lanes.ts";

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

/** A receipt that is to be paid by the next voucher. */
export interface Payable {
  readonly receiptId: Hex;
  readonly price: bigint;
}

/** Gives a lane's next receipts their places, in the order of completion. Returns the first one's. The lane is locked. */
export async function appendToLane(queries: Queries, lane: LaneRow, count: number): Promise<number> {
  await queries.run("UPDATE cloud.lane SET receipts = receipts + $2 WHERE lane_id = $1", [lane.lane_id, count]);
  return lane.receipts + 1;
}

/**
 * Signs the lane's next voucher, which adds `amount` for a model and whose tree are all receipts of the lane that are not
 * anchored. The lane is locked, the receipts are in their places; the signature leaves only after the transaction.
 *
 * @throws {@link CloudError} `INTERNAL` rather than promise more than is in the lane.
 */
export async function signNextVoucher(
  { chain, checker }: Cloud,
  gateway: GatewayTerms,
  queries: Queries,
  laneId: Hex,
  modelId: bigint,
  amount: bigint,
): Promise<void> {
  const lane = await lockLane(queries, laneId);
  if (!isAddressEqual(lane.payer_signer, gateway.signer.address)) {
    throw new CloudError("INTERNAL", "The key of this lane is not here any more, so it cannot pay.");
  }
  await queries.run(
    `INSERT INTO cloud.lane_total (lane_id, model_id, promised) VALUES ($1, $2, $3)
     ON CONFLICT (lane_id, model_id) DO UPDATE SET promised = lane_total.promised + excluded.promised`,
    [laneId, modelId.toString(), amount.toString()],
  );
  const totals = await totalsOf(queries, laneId);
  if (outstanding(totals) > BigInt(lane.free)) {
    throw new CloudError("INTERNAL", "The lane has less in it than is owed. It has to be topped up first.");
  }
  // All models, so that the newest voucher says everything; if they are more than rows, those with something to collect.
  const open = totals.filter((row) => BigInt(row.promised) > BigInt(row.collected) || BigInt(row.model_id) === modelId);
  const rows = totals.length <= MAX_TOTALS ? totals : open;

  const { digester } = checker;
  const receipts = await queries.all<{ receipt_id: Hex }>(
    "SELECT receipt_id FROM cloud.receipt WHERE lane_id = $1 AND lane_position > $2 ORDER BY lane_position",
    [laneId, lane.anchored_through],
  );
  const tree = merkleTree(
    receipts.map(({ receipt_id }) => digester.leafOf(receipt_id)),
    digester.keccak,
  );
  const voucher = nextVoucher(
    laneId,
    [],
    new Map(rows.map((row) => [BigInt(row.model_id), BigInt(row.promised)])),
    tree,
  );
  const signature = await gateway.signer.signTypedData({
    domain: { ...chain.domain },
    types: settlementTypes,
    primaryType: "Voucher",
    message: voucher,
  });
  await queries.run(
    `INSERT INTO cloud.voucher (lane_id, number, digest, message, root, payer_signature, first, last)
     SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6, $7 FROM cloud.voucher WHERE lane_id = $1`,
    [
      laneId,
      digester.voucherDigest(voucher, chain.domain),
      JSON.stringify(messageToJson("Voucher", voucher)),
      tree.root,
      signature,
      lane.anchored_through + 1,
      lane.receipts,
    ],
  );
}

/** The newest voucher of a lane. */
export function newestVoucher(queries: Queries, laneId: Hex): Promise<VoucherRow | undefined> {
  return queries.one<VoucherRow>("SELECT * FROM cloud.voucher WHERE lane_id = $1 ORDER BY number DESC LIMIT 1", [
    laneId,
  ]);
}

/** Ids of the receipts in a voucher's tree, in leaf order. */
export async function receiptsUnder(queries: Queries, voucher: VoucherRow): Promise<Hex[]> {
  const rows = await queries.all<{ receipt_id: Hex }>(
    "SELECT receipt_id FROM cloud.receipt WHERE lane_id = $1 AND lane_position BETWEEN $2 AND $3 ORDER BY lane_position",
    [voucher.lane_id, voucher.first, voucher.last],
  );
  return rows.map(({ receipt_id }) => receipt_id);
}

/** A voucher as its worker gets it. */
export async function offerOf(queries: Queries, voucher: VoucherRow): Promise<VoucherOfferJson> {
  const lane = await queries.one<Pick<LaneRow, "config">>("SELECT config FROM cloud.lane WHERE lane_id = $1", [
    voucher.lane_id,
  ]);
  if (!lane) throw new Error(`Lane ${voucher.lane_id} is unknown.`);
  return {
    lane: lane.config,
    voucher: voucher.message,
    payer_signature: voucher.payer_signature,
    receipt_ids: await receiptsUnder(queries, voucher),
  };
}

/** The newest voucher of each lane to a worker. */
export async function vouchersFor(queries: Queries, worker: Address): Promise<VoucherOfferJson[]> {
  const vouchers = await queries.all<VoucherRow>(
    `SELECT DISTINCT ON (v.lane_id) v.* FROM cloud.voucher v JOIN cloud.lane l USING (lane_id)
     WHERE l.worker = $1 ORDER BY v.lane_id, v.number DESC`,
    [worker],
  );
  return Promise.all(vouchers.map((voucher) => offerOf(queries, voucher)));
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
    "UPDATE cloud.voucher SET worker_signature = coalesce(worker_signature, $3) WHERE lane_id = $1 AND digest = $2",
    [given.lane_id, given.digest, given.signature],
  );
}

import { bytes32Json, integerJson, messageSchema, signatureJson, unixSeconds } from "@gridnft/sdk/schemas";
import { z } from "zod";

const modelTotals = z.array(messageSchema("ModelTotal"));
const signedVoucher = {
  at: unixSeconds,
  voucher: messageSchema("Voucher"),
  payer_signature: signatureJson,
  worker_signature: signatureJson,
};
const nonce = z.int().nonnegative();

/** Line of the journal. */
export const record = z.discriminatedUnion("type", [
  /** Job taken: written before its first receipt. `block` is the chain's head then. */
  z.strictObject({
    type: z.literal("job"),
    at: unixSeconds,
    block: integerJson,
    order: messageSchema("JobOrder"),
    order_signature: z.optional(signatureJson),
    request: messageSchema("GenerationRequest"),
    engine: z.string(),
    price: integerJson,
  }),
  /** Receipt, written before its signature exists. */
  z.strictObject({ type: z.literal("receipt"), receipt: messageSchema("JobReceipt") }),
  /** Closing of a direct order, written before its signature exists: no receipt of the order comes after it. */
  z.strictObject({ type: z.literal("closing"), closing: messageSchema("OrderClosing") }),
  /** Acknowledgement of all receipts of an order by the cloud. */
  z.strictObject({ type: z.literal("delivered"), at: unixSeconds, order_hash: bytes32Json }),
  /**
   * Nothing more will come of an order. `settled`: by whomever, the worker was paid. `short`: it was paid less than its receipts say.
   * `waiting`: it was paid while its bond was too small, and its anchor waits to be confirmed; another of these records follows.
   */
  z.strictObject({
    type: z.literal("closed"),
    at: unixSeconds,
    order_hash: bytes32Json,
    outcome: z.enum(["settled", "waiting", "short", "lost", "expired", "rejected"]),
  }),
  /** Lane met for the first time, and what it had paid by then. */
  z.strictObject({ type: z.literal("lane"), config: messageSchema("LaneConfig"), base: modelTotals }),
  /** Voucher accepted, with both signatures: written before the worker's leaves. */
  z.strictObject({ type: z.literal("voucher"), ...signedVoucher }),
  /** Collect of a lane, by this worker or another account. */
  z.strictObject({ type: z.literal("collected"), at: unixSeconds, lane_id: bytes32Json }),
  /** Receipt that this worker's key had signed, found at the cloud after its journal was lost. */
  z.strictObject({ type: z.literal("adopted"), lane_id: bytes32Json, receipt: messageSchema("JobReceipt") }),
  /**
   * Lane as it stood when the journal was compacted. It replaces what the lines before it say of the lane; receipts that were completed
   * before `forgotten_before` and are not known any more are in `earned`.
   */
  z.strictObject({
    type: z.literal("lane_book"),
    lane_id: bytes32Json,
    earned: modelTotals,
    voucher: z.optional(z.strictObject(signedVoucher)),
    waiting_since: z.optional(unixSeconds),
    vouched_through: unixSeconds,
    anchored_through: unixSeconds,
    forgotten_before: unixSeconds,
  }),
  /** Receipts of a lane whose jobs are forgotten: id, completion, delivery. */
  z.strictObject({
    type: z.literal("lane_receipts"),
    lane_id: bytes32Json,
    receipts: z.array(z.tuple([bytes32Json, unixSeconds, z.nullable(unixSeconds)])),
  }),
  /** Transaction signed, written before it is sent; `raw` is sent again after a crash. */
  z.strictObject({
    type: z.literal("transaction"),
    at: unixSeconds,
    purpose: z.string(),
    nonce,
    hash: bytes32Json,
    raw: z.string().regex(/^0x[0-9a-f]+$/),
  }),
  /** Nonce of a transaction that is on the chain. */
  z.strictObject({ type: z.literal("mined"), nonce }),
]);
export type Record = z.output<typeof record>;
/** Line as it stands in the file. */
export type RecordJson = z.input<typeof record>;

import {
  type GenerationRequest,
  GridError,
  type JobOrder,
  type JobReceipt,
  type LaneConfig,
  laneId as laneIdOf,
  type ModelTotal,
  messageToJson,
  type OrderClosing,
  orderClosing,
  orderClosingDigest,
  orderHash,
  receiptId,
  SETTLE_GRACE,
  type SettlementDomain,
  type Voucher,
} from "@gridnft/sdk";
import { type Hex, zeroHash } from "viem";
import { WorkerError } from "../errors.ts";
import type { Journal } from "./journal.ts";
import { type Record, type RecordJson, record } from "./records.ts";

/**
 * State of an order. `open`: being made, or not acknowledged yet. `delivered`: to be settled on the direct rail; a lane's
 * jobs are `settled` with their delivery, since their pay is in the lane's book. `waiting`: paid, but the anchor waits for the bond.
 * `short`: settled with other receipts, for less than is due.
 */
export type JobState = "open" | "delivered" | Outcome;
/** End of an order. */
export type Outcome = Extract<Record, { readonly type: "closed" }>["outcome"];

/** Job as the journal knows it. */
export interface LedgerJob {
  readonly orderHash: Hex;
  readonly order: JobOrder;
  readonly orderSignature: Hex | undefined;
  readonly request: GenerationRequest;
  readonly engine: string;
  /** AIPG wei for all images. */
  readonly price: bigint;
  /** Unix seconds, and head of the chain, when it was taken. */
  readonly at: number;
  readonly block: bigint;
  /** Receipts by index. */
  readonly receipts: ReadonlyMap<number, JobReceipt>;
  /** Closing of a direct order that ended early; it names the receipts. */
  readonly closing: OrderClosing | undefined;
  readonly state: JobState;
  /** Unix seconds of its delivery. */
  readonly deliveredAt: number | undefined;
}

/** Voucher with both signatures. */
export interface SignedVoucher {
  readonly voucher: Voucher;
  readonly payerSignature: Hex;
  readonly workerSignature: Hex;
}

/** Lane as the journal knows it. Amounts are AIPG wei. */
export interface LaneBook {
  readonly laneId: Hex;
  readonly config: LaneConfig;
  /** Totals that must be promised by now: what it had paid when first met, and every receipt delivered since. */
  readonly earned: ReadonlyMap<bigint, bigint>;
  /** Newest voucher accepted. */
  readonly voucher: SignedVoucher | undefined;
  /** Unix seconds of the first voucher since the last collect. */
  readonly waitingSince: number | undefined;
  /** Unix seconds of the newest voucher. */
  readonly vouchedAt: number | undefined;
  /** Unix seconds of the newest voucher at the last collect: receipts delivered before it are anchored by the next one at the latest. */
  readonly vouchedThrough: number;
  /** Unix seconds: receipts delivered before are anchored. */
  readonly anchoredThrough: number;
  /** Unix seconds: receipts completed before, and not known any more, are in `earned`. */
  readonly forgottenBefore: number;
}

/** Transaction that may still be on its way. */
export interface SentTransaction {
  readonly purpose: string;
  readonly nonce: number;
  readonly hash: Hex;
  readonly raw: Hex;
}

/** Receipt on a lane, by its id. */
export interface LaneReceipt {
  readonly laneId: Hex;
  /** Unix seconds of its completion, and of its delivery, if that is known. */
  readonly completedAt: number;
  readonly deliveredAt: number | undefined;
}

/** Ledger: the journal's lines, and what follows from them. Every `record...` is on disk when it resolves. */
export interface Ledger {
  job(orderHash: Hex): LedgerJob | undefined;
  /** Jobs in a state, oldest first. */
  jobsIn(state: JobState): readonly LedgerJob[];
  lane(laneId: Hex): LaneBook | undefined;
  lanes(): readonly LaneBook[];
  laneReceipt(receiptId: Hex): LaneReceipt | undefined;
  /** Returns every version sent of the transactions that are not known to be mined, by nonce. */
  sent(): readonly SentTransaction[];
  recordJob(
    job: Pick<LedgerJob, "order" | "orderSignature" | "request" | "engine" | "price" | "at" | "block">,
  ): Promise<void>;
  /**
   * Writes a receipt before it is signed. The same one again is nothing new.
   * @throws {@link WorkerError} `EQUIVOCATION` when another receipt of this order and index is there: signing both costs the bond.
   * `ORDER_CLOSED` when the order was closed without it.
   */
  recordReceipt(receipt: JobReceipt): Promise<void>;
  /**
   * Writes the closing of an order with all its receipts before it is signed. The same one again is nothing new.
   * @throws {@link WorkerError} `ORDER_CLOSED` when another closing of this order is there, or it is not of its receipts.
   */
  recordClosing(closing: OrderClosing): Promise<void>;
  recordDelivered(orderHash: Hex, at: number): Promise<void>;
  recordClosed(orderHash: Hex, outcome: Outcome, at: number): Promise<void>;
  /** Records what a lane had paid for models that are new to it. */
  recordLane(config: LaneConfig, base: readonly ModelTotal[]): Promise<void>;
  recordVoucher(signed: SignedVoucher, at: number): Promise<void>;
  recordCollected(laneId: Hex, at: number): Promise<void>;
  recordAdopted(laneId: Hex, receipt: JobReceipt): Promise<void>;
  recordTransaction(transaction: SentTransaction, at: number): Promise<void>;
  recordMined(nonce: number): Promise<void>;
  /**
   * Forgets what can't matter any more, in memory and in the journal, when that is the greater part of it: jobs that ended a day after
   * their orders' last moment, receipts of lanes that were anchored an hour before, transactions that were mined.
   * @param now Unix seconds.
   * @throws {@link WorkerError} `STATE_UNWRITABLE`.
   */
  compact(now: number, options?: { readonly isForced?: boolean }): Promise<void>;
}

/** Seconds after the grace of its order for which a job that ended is known. */
const JOB_KEPT_SECONDS = 86_400;
/** Seconds by which a receipt has to be older than what anchored it: clocks differ. */
const ANCHOR_MARGIN_SECONDS = 3_600;
/** Lines that a journal may have without being compacted. */
const FEW_LINES = 1_000;
/** Receipts in one line. */
const MAX_LINE_RECEIPTS = 500;

/** Receipts of a job by index: what it is settled with. */
export function receiptsOf({ receipts }: Pick<LedgerJob, "receipts">): JobReceipt[] {
  return [...receipts.values()].sort((a, b) => a.index - b.index);
}

/** Returns true if nothing more is made of a job: every image has its receipt, or it ended early. */
export function isMade({ receipts, order, closing }: Pick<LedgerJob, "receipts" | "order" | "closing">): boolean {
  return closing === undefined ? receipts.size === order.count : receipts.size === closing.receiptCount;
}

/** Price of a job, AIPG wei: an order that ended early just its receipts. */
export function payOf({ closing, receipts, price }: Pick<LedgerJob, "closing" | "receipts" | "price">): bigint {
  if (closing === undefined) return price;
  return [...receipts.values()].reduce((sum, receipt) => sum + receipt.price, 0n);
}

function unlessRefused<value>(make: () => value): value | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof GridError) return undefined;
    throw error;
  }
}

type Mutable<type> = { -readonly [key in keyof type]: type[key] };
type JobEntry = Mutable<Omit<LedgerJob, "receipts">> & { receipts: Map<number, JobReceipt> };
type LaneEntry = Mutable<Omit<LaneBook, "earned">> & { earned: Map<bigint, bigint> };

/**
 * Builds the ledger from a journal's lines and appends to it from then on.
 * @throws {@link WorkerError} `STATE_DAMAGED` for a line that is none of the records, or that contradicts an earlier one.
 */
export function openLedger(
  journal: Journal,
  lines: readonly unknown[],
  domain: SettlementDomain,
  head: object,
): Ledger {
  const jobs = new Map<Hex, JobEntry>();
  const open = new Map<JobState, Set<Hex>>();
  const lanes = new Map<Hex, LaneEntry>();
  const laneReceipts = new Map<Hex, LaneReceipt>();
  const sent = new Map<Hex, SentTransaction>();

  const move = (job: JobEntry, state: JobState): void => {
    open.get(job.state)?.delete(job.orderHash);
    job.state = state;
    open.set(state, (open.get(state) ?? new Set()).add(job.orderHash));
  };
  const known = <value>(found: value | undefined, what: string): value => {
    if (found === undefined) throw new WorkerError("STATE_DAMAGED", `The journal speaks of ${what} before naming it.`);
    return found;
  };
  const damaged = (what: string): never => {
    throw new WorkerError("STATE_DAMAGED", `The journal has ${what}.`);
  };
  const jobOf = (hash: Hex): JobEntry => known(jobs.get(hash), `order ${hash}`);
  const noteReceipt = (laneId: Hex, receipt: JobReceipt, deliveredAt: number | undefined): void => {
    const completedAt = Number(receipt.completedAt);
    laneReceipts.set(receiptId(receipt, domain), { laneId, completedAt, deliveredAt });
  };
  const earn = (lane: LaneEntry, receipt: JobReceipt): void => {
    lane.earned.set(receipt.modelId, (lane.earned.get(receipt.modelId) ?? 0n) + receipt.price);
  };

  const apply = (line: Record): void => {
    switch (line.type) {
      case "job": {
        const hash = orderHash(line.order);
        if (jobs.has(hash)) return;
        const { at, block, order, request, engine, price } = line;
        const entry: JobEntry = {
          ...{ orderHash: hash, order, request, engine, price, at, block },
          orderSignature: line.order_signature,
          receipts: new Map(),
          closing: undefined,
          state: "open",
          deliveredAt: undefined,
        };
        jobs.set(hash, entry);
        move(entry, "open");
        return;
      }
      case "receipt": {
        const { receipt } = line;
        const { order, receipts, closing } = jobOf(receipt.orderHash);
        if (closing !== undefined) damaged(`a receipt of order ${receipt.orderHash} after its closing`);
        receipts.set(receipt.index, receipt);
        if (order.laneId !== zeroHash) noteReceipt(order.laneId, receipt, undefined);
        return;
      }
      case "closing": {
        const { closing } = line;
        const job = jobOf(closing.orderHash);
        if (job.closing !== undefined) damaged(`a second closing of order ${closing.orderHash}`);
        if (closing.receiptCount !== job.receipts.size) damaged(`a closing of other receipts of ${closing.orderHash}`);
        job.closing = closing;
        return;
      }
      case "delivered": {
        const job = jobOf(line.order_hash);
        if (job.deliveredAt !== undefined) return;
        job.deliveredAt = line.at;
        move(job, job.order.laneId === zeroHash ? "delivered" : "settled");
        if (job.order.laneId === zeroHash) return;
        const lane = known(lanes.get(job.order.laneId), `lane ${job.order.laneId}`);
        for (const receipt of job.receipts.values()) {
          earn(lane, receipt);
          noteReceipt(job.order.laneId, receipt, line.at);
        }
        return;
      }
      case "closed":
        move(jobOf(line.order_hash), line.outcome);
        return;
      case "lane": {
        const laneId = laneIdOf(line.config, domain);
        const lane: LaneEntry = lanes.get(laneId) ?? {
          ...{ laneId, config: line.config, earned: new Map() },
          ...{ voucher: undefined, waitingSince: undefined, vouchedAt: undefined },
          ...{ vouchedThrough: 0, anchoredThrough: 0, forgottenBefore: 0 },
        };
        for (const { modelId, cumulative } of line.base) {
          if (!lane.earned.has(modelId)) lane.earned.set(modelId, cumulative);
        }
        lanes.set(laneId, lane);
        return;
      }
      case "voucher": {
        const lane = known(lanes.get(line.voucher.laneId), `lane ${line.voucher.laneId}`);
        const { voucher, payer_signature, worker_signature } = line;
        lane.voucher = { voucher, payerSignature: payer_signature, workerSignature: worker_signature };
        lane.waitingSince ??= line.at;
        lane.vouchedAt = line.at;
        return;
      }
      case "collected": {
        const lane = known(lanes.get(line.lane_id), `lane ${line.lane_id}`);
        lane.waitingSince = undefined;
        // The voucher that was collected may be one before the newest, but none before the last collect.
        lane.anchoredThrough = lane.vouchedThrough;
        lane.vouchedThrough = lane.vouchedAt ?? 0;
        return;
      }
      case "adopted": {
        const id = receiptId(line.receipt, domain);
        if (laneReceipts.has(id)) return;
        noteReceipt(line.lane_id, line.receipt, undefined);
        const lane = known(lanes.get(line.lane_id), `lane ${line.lane_id}`);
        // One that was forgotten comes again when the cloud has not seen its anchor yet. It is counted already.
        if (line.receipt.completedAt >= lane.forgottenBefore) earn(lane, line.receipt);
        return;
      }
      case "lane_book": {
        const lane = known(lanes.get(line.lane_id), `lane ${line.lane_id}`);
        lane.earned = new Map(line.earned.map(({ modelId, cumulative }) => [modelId, cumulative]));
        lane.voucher = line.voucher && {
          voucher: line.voucher.voucher,
          payerSignature: line.voucher.payer_signature,
          workerSignature: line.voucher.worker_signature,
        };
        lane.vouchedAt = line.voucher?.at;
        lane.waitingSince = line.waiting_since;
        lane.vouchedThrough = line.vouched_through;
        lane.anchoredThrough = line.anchored_through;
        lane.forgottenBefore = line.forgotten_before;
        return;
      }
      case "lane_receipts":
        for (const [id, completedAt, deliveredAt] of line.receipts) {
          laneReceipts.set(id, { laneId: line.lane_id, completedAt, deliveredAt: deliveredAt ?? undefined });
        }
        return;
      case "transaction": {
        const { purpose, nonce, hash, raw } = line;
        sent.set(hash, { purpose, nonce, hash, raw: raw as Hex });
        return;
      }
      case "mined":
        for (const { hash, nonce } of sent.values()) if (nonce <= line.nonce) sent.delete(hash);
    }
  };

  lines.forEach((line, i) => {
    const parsed = record.safeParse(line);
    if (!parsed.success) {
      throw new WorkerError("STATE_DAMAGED", `Line ${i + 1} of the journal is none of its records.`, {
        cause: parsed.error,
      });
    }
    apply(parsed.data);
  });

  // Memory and file change in the same order: a compacted journal has every line before it.
  const write = (line: RecordJson): Promise<void> => journal.append(line, () => apply(record.parse(line)));
  /** Writes a line about a job, unless it was forgotten by then: it ended long ago, and nothing more is to be said. */
  const writeOf = async (hash: Hex, line: RecordJson): Promise<boolean> => {
    let isKnown = true;
    const late = (): RecordJson | undefined => {
      isKnown = jobs.has(hash);
      return isKnown ? line : undefined;
    };
    await journal.append(late, () => apply(record.parse(line)));
    return isKnown;
  };

  // Receipts of one order that are being written right now: two writers must not pass the check together.
  const writing = new Map<string, Hex>();
  // Closings that are being written right now, by order.
  const closings = new Map<Hex, Hex>();
  const orderClosed = (hash: Hex, what: string): WorkerError =>
    new WorkerError("ORDER_CLOSED", `Order ${hash} was closed: ${what}.`);

  return {
    job: (hash) => jobs.get(hash),
    jobsIn: (state) => [...(open.get(state) ?? [])].map(jobOf),
    lane: (laneId) => lanes.get(laneId),
    lanes: () => [...lanes.values()],
    laneReceipt: (id) => laneReceipts.get(id),
    sent: () => [...sent.values()].sort((a, b) => a.nonce - b.nonce),
    recordJob: async (job) => {
      if (jobs.has(orderHash(job.order))) return;
      await write(jobLine(job));
    },
    recordReceipt: async (receipt) => {
      const id = receiptId(receipt, domain);
      const place = `${receipt.orderHash}/${receipt.index}`;
      if (!jobs.has(receipt.orderHash)) throw orderClosed(receipt.orderHash, "it ended long ago, or never began");
      const before = jobOf(receipt.orderHash).receipts.get(receipt.index);
      const other = before === undefined ? writing.get(place) : receiptId(before, domain);
      if (other !== undefined && other !== id) {
        throw new WorkerError(
          "EQUIVOCATION",
          `Image ${receipt.index} of order ${receipt.orderHash} has another receipt.`,
        );
      }
      if (before !== undefined) return;
      if (jobOf(receipt.orderHash).closing !== undefined || closings.has(receipt.orderHash)) {
        throw orderClosed(receipt.orderHash, `image ${receipt.index} was left out, and no receipt of it is signed`);
      }
      writing.set(place, id);
      const line = { type: "receipt", receipt: messageToJson("JobReceipt", receipt) } as const;
      const isKnown = await writeOf(receipt.orderHash, line);
      writing.delete(place);
      if (!isKnown) throw orderClosed(receipt.orderHash, "it ended long ago");
    },
    recordClosing: async (closing) => {
      const { orderHash: hash } = closing;
      const job = jobOf(hash);
      const id = orderClosingDigest(closing, domain);
      const other = job.closing === undefined ? closings.get(hash) : orderClosingDigest(job.closing, domain);
      if (other !== undefined && other !== id)
        throw orderClosed(hash, "it is closed once, and not with other receipts");
      if (job.closing !== undefined) return;
      const isBusy = [...writing.keys()].some((place) => place.startsWith(`${hash}/`));
      const own = isBusy ? undefined : unlessRefused(() => orderClosing({ ...job, receipts: receiptsOf(job), domain }));
      if (own === undefined || orderClosingDigest(own, domain) !== id) {
        throw orderClosed(hash, "its closing has to name exactly the receipts that are signed");
      }
      closings.set(hash, id);
      const isKnown = await writeOf(hash, { type: "closing", closing: messageToJson("OrderClosing", closing) });
      closings.delete(hash);
      if (!isKnown) throw orderClosed(hash, "it ended long ago");
    },
    recordDelivered: async (hash, at) => {
      await writeOf(hash, { type: "delivered", at, order_hash: hash });
    },
    recordClosed: async (hash, outcome, at) => {
      await writeOf(hash, { type: "closed", at, order_hash: hash, outcome });
    },
    recordLane: (config, base) =>
      write({
        type: "lane",
        config: messageToJson("LaneConfig", config),
        base: base.map((row) => messageToJson("ModelTotal", row)),
      }),
    recordVoucher: ({ voucher, payerSignature, workerSignature }, at) =>
      write({
        type: "voucher",
        at,
        voucher: messageToJson("Voucher", voucher),
        payer_signature: payerSignature,
        worker_signature: workerSignature,
      }),
    recordCollected: (laneId, at) => write({ type: "collected", at, lane_id: laneId }),
    recordAdopted: (laneId, receipt) =>
      write({ type: "adopted", lane_id: laneId, receipt: messageToJson("JobReceipt", receipt) }),
    recordTransaction: (transaction, at) => write({ type: "transaction", at, ...transaction }),
    recordMined: (nonce) => write({ type: "mined", nonce }),
    compact: async (now, { isForced = false } = {}) => {
      if (!isForced && journal.length <= 2 * keptLines(now) + FEW_LINES) return;
      await journal.rewrite(() => {
        forget(now);
        return snapshot();
      });
    },
  };

  /** Returns true if nothing can come of a job: no receipt of it is made or settled any more. */
  function isOver({ state, order }: JobEntry, now: number): boolean {
    return isOutcome(state) && state !== "waiting" && now > Number(order.deadline) + SETTLE_GRACE + JOB_KEPT_SECONDS;
  }

  /** Returns about as many lines as a compacted journal would have. */
  function keptLines(now: number): number {
    let lines = 3 * lanes.size + Math.ceil(laneReceipts.size / MAX_LINE_RECEIPTS) + sent.size;
    for (const job of jobs.values()) if (!isOver(job, now)) lines += 4 + job.receipts.size;
    return lines;
  }

  function forget(now: number): void {
    for (const job of jobs.values()) {
      if (!isOver(job, now)) continue;
      jobs.delete(job.orderHash);
      open.get(job.state)?.delete(job.orderHash);
    }
    const held = new Set<Hex>();
    for (const { order, receipts } of jobs.values()) {
      if (order.laneId !== zeroHash) for (const receipt of receipts.values()) held.add(receiptId(receipt, domain));
    }
    for (const [id, { laneId, completedAt, deliveredAt }] of laneReceipts) {
      const lane = lanes.get(laneId);
      if (lane === undefined || held.has(id)) continue;
      if ((deliveredAt ?? completedAt) + ANCHOR_MARGIN_SECONDS >= lane.anchoredThrough) continue;
      laneReceipts.delete(id);
      lane.forgottenBefore = Math.max(lane.forgottenBefore, completedAt + 1);
    }
  }

  /** Yields all that is known as lines from which it is known again. */
  function* snapshot(): Iterable<object> {
    yield head;
    const line = (made: RecordJson): RecordJson => made;
    for (const { config } of lanes.values()) {
      yield line({ type: "lane", config: messageToJson("LaneConfig", config), base: [] });
    }
    for (const job of jobs.values()) yield* jobLines(job);
    for (const lane of lanes.values()) yield line(laneBookOf(lane));
    const rows = new Map<Hex, [Hex, number, number | null][]>();
    for (const [id, { laneId, completedAt, deliveredAt }] of laneReceipts) {
      const row = rows.get(laneId) ?? [];
      rows.set(laneId, row);
      row.push([id, completedAt, deliveredAt ?? null]);
    }
    for (const [laneId, all] of rows) {
      for (let i = 0; i < all.length; i += MAX_LINE_RECEIPTS) {
        yield line({ type: "lane_receipts", lane_id: laneId, receipts: all.slice(i, i + MAX_LINE_RECEIPTS) });
      }
    }
    for (const transaction of sent.values()) yield line({ type: "transaction", at: 0, ...transaction });
  }
}

function isOutcome(state: JobState): state is Outcome {
  return state !== "open" && state !== "delivered";
}

function jobLine(job: Omit<LedgerJob, "orderHash" | "receipts" | "closing" | "state" | "deliveredAt">): RecordJson {
  return {
    type: "job",
    at: job.at,
    block: job.block.toString(),
    order: messageToJson("JobOrder", job.order),
    ...(job.orderSignature === undefined ? {} : { order_signature: job.orderSignature }),
    request: messageToJson("GenerationRequest", job.request),
    engine: job.engine,
    price: job.price.toString(),
  };
}

/** Yields the lines of one job. */
function* jobLines(job: LedgerJob): Iterable<RecordJson> {
  const { orderHash: hash, order, state, closing, deliveredAt } = job;
  yield jobLine(job);
  for (const receipt of job.receipts.values()) {
    yield { type: "receipt", receipt: messageToJson("JobReceipt", receipt) };
  }
  if (closing !== undefined) yield { type: "closing", closing: messageToJson("OrderClosing", closing) };
  if (deliveredAt !== undefined) yield { type: "delivered", at: deliveredAt, order_hash: hash };
  // A lane's job is settled by its delivery.
  const isSaid = deliveredAt !== undefined && order.laneId !== zeroHash && state === "settled";
  if (isOutcome(state) && !isSaid) {
    yield { type: "closed", at: deliveredAt ?? job.at, order_hash: hash, outcome: state };
  }
}

function laneBookOf(lane: LaneBook): RecordJson {
  const { voucher, waitingSince, vouchedAt } = lane;
  return {
    type: "lane_book",
    lane_id: lane.laneId,
    earned: [...lane.earned].map(([modelId, cumulative]) => messageToJson("ModelTotal", { modelId, cumulative })),
    ...(voucher && {
      voucher: {
        at: vouchedAt ?? 0,
        voucher: messageToJson("Voucher", voucher.voucher),
        payer_signature: voucher.payerSignature,
        worker_signature: voucher.workerSignature,
      },
    }),
    ...(waitingSince !== undefined && { waiting_since: waitingSince }),
    vouched_through: lane.vouchedThrough,
    anchored_through: lane.anchoredThrough,
    forgotten_before: lane.forgottenBefore,
  };
}

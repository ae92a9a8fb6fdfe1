import { type Address, type Hex, isAddressEqual, zeroHash } from "viem";
import { getBlock, readContract } from "viem/actions";
import { receiptsOf } from "../body/body.js";
import type { ReceiptProof } from "../body/composeBody.js";
import { gridNftAbi, gridSettlementAbi } from "../generated/used.js";
import { GridError } from "../lib/errors.js";
import { laneId as laneIdOf, leafOf, receiptId } from "../messages/digest.js";
import { type MultiProof, merkleTree, processMultiProof } from "../messages/merkle.js";
import { jobReceipt } from "../messages/receipt.js";
import type { JobOrder, LaneConfig, Voucher } from "../messages/typedData.js";
import { findCalls } from "./calls.js";
import { type Evidence, eventsOf, isBefore, type LogPlace, transactionOf } from "./chain.js";
import { dateOf, type Finding, fail, pass, unknown } from "./check.js";
import type { VersionRecord } from "./record.js";

/** Lane and root under which the receipt is anchored. */
export interface ProvenAnchor {
  /** Zero hash on the direct rail. */
  readonly laneId: Hex;
  readonly root: Hex;
}

/** `absent`: nothing that the worker anchored in that block holds the receipt. `unreadable`: something there might. */
export type AnchorSearch = ProvenAnchor | "absent" | "unreadable";

/** The event by which the settlement contract anchored. */
export interface AnchorEvent extends LogPlace {
  readonly root: Hex;
  readonly worker: Address;
  readonly laneId: Hex;
  readonly receipts: number;
  /** Direct rail: the order that was paid. */
  readonly orderHash?: Hex;
  /** Log of the payment: this event, or, of an anchor that waited for its worker's bond, the settlement before it. */
  readonly paid: LogPlace;
}

/** Payment of the receipt, as the transaction that anchored it has it. */
export type Paper = {
  /**
   * The transaction called the settlement contract, or GridNFT, with just this. What is found inside of a call to another contract
   * may be anything that its sender put there.
   */
  readonly isCall: boolean;
} & (
  | { readonly rail: "direct"; readonly order: JobOrder; readonly orderSignature: Hex; readonly workerSignature: Hex }
  | {
      readonly rail: "lane";
      readonly config: LaneConfig;
      readonly voucher: Voucher;
      readonly payerSignature: Hex;
      /** "0x" when the worker called itself. */
      readonly workerSignature: Hex;
      readonly sender: Address;
    }
);

/** Arguments by which mints, evolutions and their relayed forms take body and proofs. */
const mintFunctions = ["mint", "mintFor", "settleAndMint", "settleAndMintFor", "evolve", "evolveFor"] as const;

/**
 * Finds the root of a receipt, from the Merkle proof in the calldata of its mint. Where that can't be read, from the anchoring
 * transaction. Neither is believed: the settlement contract must know the root.
 */
export async function findAnchor(evidence: Evidence, record: VersionRecord): Promise<AnchorSearch> {
  const { input } = await transactionOf(evidence.client, record.mint.transactionHash);
  const found: ProvenAnchor[] = [];
  for (const { args } of findCalls(gridNftAbi, mintFunctions, input)) {
    const list = args as readonly unknown[];
    const body = list.findIndex((value) => typeof value === "string" && value.toLowerCase() === record.blob.packed);
    const proof = body < 0 ? undefined : (list[body + 1] as readonly ReceiptProof[])[record.anchorIndex];
    const root = proof && rootBy(record, proof);
    if (root) found.push({ laneId: proof.laneId, root });
  }
  // A relayer of a mint can put other calls beside it: that one counts which leads to an anchor.
  for (const one of found) {
    const [attested] = await anchorOf(evidence, record, one);
    if (BigInt(attested) !== 0n) return one;
  }
  return findInBlock(evidence, record);
}

/** Reads the entry of a root in the settlement contract: worker, time, block. */
function anchorOf(evidence: Evidence, { domain, payer }: VersionRecord, { laneId, root }: ProvenAnchor) {
  return readContract(evidence.client, {
    abi: gridSettlementAbi,
    address: domain.verifyingContract,
    functionName: "anchorOf",
    args: [laneId, payer, root],
    blockNumber: evidence.head,
  });
}

/** Root that the mint's proof leads to from the receipts of this record's anchor; undefined when it fits none. */
function rootBy(record: VersionRecord, { proof, flags }: ReceiptProof): Hex | undefined {
  const { body, requester } = record.blob;
  const leaves = receiptsOf(body, requester)
    .filter((_, i) => body.orders[body.artworks[i]?.order ?? -1]?.anchor === record.anchorIndex)
    .map((receipt) => leafOf(receiptId(receipt, record.domain)));
  const steps = Math.max(leaves.length + proof.length - 1, 0);
  const bits = flags.slice(2);
  const proofFlags = Array.from({ length: steps }, (_, i) => {
    const digit = Number.parseInt(bits[i >> 2] ?? "0", 16);
    return ((digit >> (3 - (i % 4))) & 1) === 1;
  });
  return unlessRefused(() => processMultiProof({ leaves, proof, proofFlags } satisfies MultiProof));
}

/** Undefined for what the SDK refuses: calldata that stands somewhere in a transaction is anybody's. */
function unlessRefused<Value>(compute: () => Value): Value | undefined {
  try {
    return compute();
  } catch (error) {
    if (error instanceof GridError) return undefined;
    throw error;
  }
}

/** Looks for an anchor in the record's block which its receipt is under by itself, or together with its whole order. */
async function findInBlock(evidence: Evidence, record: VersionRecord): Promise<AnchorSearch> {
  const leaf = leafOf(record.receiptId);
  let hidden = false;
  for (const { root, laneId, receipts, paid } of await anchorEvents(evidence, record)) {
    if (root === leaf) return { laneId, root };
    if (receipts === 1) continue;
    const { input } = await transactionOf(evidence.client, paid.transactionHash);
    const leaves = settlementsIn(input)
      .map(({ leavesIn }) => leavesIn(record))
      .find((list) => unlessRefused(() => merkleTree(list).root) === root);
    if (leaves?.includes(leaf)) return { laneId, root };
    hidden ||= leaves === undefined;
  }
  return hidden ? "unreadable" : "absent";
}

/** Everything that was anchored for the record's worker in the block that the record names. */
async function anchorEvents(evidence: Evidence, record: VersionRecord): Promise<readonly AnchorEvent[]> {
  const settlement = { abi: gridSettlementAbi, address: record.domain.verifyingContract } as const;
  const block = BigInt(record.anchorBlock);
  const range = { fromBlock: block, toBlock: block };
  const { worker } = record.receipt;
  const [lanes, orders] = await Promise.all([
    eventsOf(evidence, { ...settlement, ...range, eventName: "ReceiptsAnchored", args: { worker } }),
    eventsOf(evidence, { ...settlement, ...range, eventName: "OrderSettled", args: { worker } }),
  ]);
  const confirmations = lanes.filter(({ args }) => args.laneId === zeroHash);
  // A payment in a bond dip stands in an earlier log, of the same payer and root.
  const unanchored =
    confirmations.length === 0
      ? []
      : await eventsOf(evidence, {
          ...{ ...settlement, toBlock: block, eventName: "OrderSettled" },
          args: { worker, payer: record.payer },
        });
  return [
    ...lanes
      .filter(({ args }) => args.laneId !== zeroHash)
      .map(({ args, ...log }) => ({
        ...{ laneId: args.laneId, root: args.root, worker: args.worker, receipts: args.receiptCount },
        ...{ ...placeOf(log), paid: placeOf(log) },
      })),
    ...confirmations.flatMap(({ args, ...log }): AnchorEvent[] => {
      const settled = unanchored.find((one) => !one.args.anchored && one.args.root === args.root && isBefore(one, log));
      if (!settled) return [];
      const { orderHash, receiptCount: receipts } = settled.args;
      const anchor = { laneId: zeroHash, root: args.root, worker: args.worker, receipts, orderHash };
      return [{ ...anchor, ...placeOf(log), paid: placeOf(settled) }];
    }),
    ...orders
      .filter(({ args }) => args.anchored)
      .map(({ args, ...log }) => ({
        ...{ laneId: zeroHash, root: args.root, worker: args.worker, receipts: args.receiptCount },
        ...{ orderHash: args.orderHash, ...placeOf(log), paid: placeOf(log) },
      })),
  ];
}

function placeOf({ blockNumber, logIndex, transactionHash }: LogPlace): LogPlace {
  return { blockNumber, logIndex, transactionHash };
}

/** Checks the receipt's root by the settlement contract, which nobody can change. */
export async function checkAnchor(
  evidence: Evidence,
  record: VersionRecord,
  proven: AnchorSearch,
): Promise<{ readonly finding: Finding; readonly event?: AnchorEvent }> {
  const settlement = record.domain.verifyingContract;
  const { worker } = record.receipt;
  const shown = {
    "settlement contract": settlement,
    payer: record.payer,
    worker,
    "anchor block": `${record.anchorBlock}`,
    "anchor time": dateOf(record.anchorTime),
  };
  if (!isAddressEqual(settlement, evidence.deployment.contracts.GridSettlement.address)) {
    const text = `It is anchored by ${settlement}, a settlement contract that this deployment file does not know. Ask who made it.`;
    return { finding: unknown(text, shown) };
  }
  if (proven === "absent") {
    const text = `Nothing that the worker anchored in block ${record.anchorBlock} holds this receipt.`;
    return { finding: fail(text, shown) };
  }
  if (proven === "unreadable") {
    const text =
      "The mint's transaction shows no readable proof, and what was anchored then holds more than one receipt.";
    return { finding: unknown(text, shown) };
  }
  const { laneId, root } = proven;
  const found = { ...shown, rail: laneId === zeroHash ? "direct" : `lane ${laneId}`, root };
  const [attested, time, block] = await anchorOf(evidence, record, proven);
  if (BigInt(attested) === 0n) {
    return { finding: fail("The settlement contract never anchored this receipt.", found) };
  }
  if (!isAddressEqual(attested, worker) || time !== record.anchorTime || block !== record.anchorBlock) {
    const text = `The settlement contract anchored it for worker ${attested} in block ${block}; the record says otherwise.`;
    return { finding: fail(text, found) };
  }
  const event = (await anchorEvents(evidence, record)).find((one) => one.root === root && one.laneId === laneId);
  const { timestamp } = await getBlock(evidence.client, { blockNumber: BigInt(block) });
  if (!event || timestamp !== BigInt(time)) {
    return { finding: fail("The settlement contract's logs do not show the anchor that its storage names.", found) };
  }
  const count = event.receipts === 1 ? "alone" : `together with ${event.receipts - 1} more`;
  return {
    finding: pass(
      `The payer acknowledged and the worker attested the receipt, ${count}, in block ${block} on ${dateOf(time)}.`,
      { ...found, transaction: event.transactionHash },
    ),
    event,
  };
}

/** An order settled in a transaction, with the leaves of all its receipts. */
interface FoundSettlement {
  readonly order: JobOrder;
  readonly orderSignature: Hex;
  readonly isWhole: boolean;
  /** By receipt index. */
  readonly signatures: ReadonlyMap<number, Hex>;
  leavesIn(record: VersionRecord): readonly Hex[];
}

type SettlementItem = {
  readonly order: JobOrder;
  readonly orderSignature: Hex;
  readonly receipts: readonly (Parameters<typeof jobReceipt>[1] & { readonly signature: Hex })[];
};

function settlementsIn(input: Hex): readonly FoundSettlement[] {
  const items: readonly (readonly [SettlementItem, boolean])[] = [
    ...findCalls(gridSettlementAbi, ["settle", "settleClosed", "settleInGrace"], input).map(
      ({ args, isWhole }) => [args[0] as SettlementItem, isWhole] as const,
    ),
    ...findCalls(gridSettlementAbi, ["settleBatch"], input).flatMap(({ args, isWhole }) =>
      (args[0] as readonly SettlementItem[]).map((item) => [item, isWhole] as const),
    ),
    ...findCalls(gridNftAbi, ["settleAndMint", "settleAndMintFor"], input).flatMap(({ args, isWhole }) =>
      (args[1] as readonly SettlementItem[]).map((item) => [item, isWhole] as const),
    ),
  ];
  return items.map(([{ order, orderSignature, receipts }, isWhole]) => ({
    ...{ order, orderSignature, isWhole },
    signatures: new Map(receipts.map((receipt) => [receipt.index, receipt.signature])),
    leavesIn: ({ domain }) => receipts.map((receipt) => leafOf(receiptId(jobReceipt(order, receipt), domain))),
  }));
}

/**
 * Orders or vouchers of the anchor, with their signatures, as the transaction that paid shows them. A wrapped one, or a batch,
 * can show several of which one was taken.
 */
export async function findPapers(
  evidence: Evidence,
  record: VersionRecord,
  event: AnchorEvent,
): Promise<readonly Paper[]> {
  const { from, to, input } = await transactionOf(evidence.client, event.paid.transactionHash);
  const { GridNFT } = evidence.deployment.contracts;
  const isOurs =
    to !== null && [record.domain.verifyingContract, GridNFT.address].some((one) => isAddressEqual(one, to));
  if (event.laneId === zeroHash) {
    const leaf = leafOf(record.receiptId);
    return settlementsIn(input).flatMap((item): Paper[] => {
      const workerSignature = item.signatures.get(record.receipt.index);
      if (workerSignature === undefined || !item.leavesIn(record).includes(leaf)) return [];
      const { order, orderSignature, isWhole } = item;
      return [{ rail: "direct", order, orderSignature, workerSignature, isCall: isWhole && isOurs }];
    });
  }
  return findCalls(gridSettlementAbi, ["collect", "collectUpTo"], input).flatMap(({ args, isWhole }): Paper[] => {
    const [config, voucher, payerSignature, workerSignature] = args;
    if (voucher.receiptsRoot.toLowerCase() !== event.root.toLowerCase()) return [];
    if (laneIdOf(config, record.domain) !== event.laneId.toLowerCase()) return [];
    const isCall = isWhole && isOurs;
    return [{ rail: "lane", config, voucher, payerSignature, workerSignature, sender: from, isCall }];
  });
}

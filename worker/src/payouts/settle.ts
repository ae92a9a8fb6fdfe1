import { gridSettlementAbi, isBonded, receiptTree, SETTLE_GRACE } from "@gridnft/sdk";
import { encodeFunctionData, formatEther, type Hex, isAddressEqual, parseEventLogs, zeroAddress, zeroHash } from "viem";
import { describe } from "../errors.ts";
import { isMade, type LedgerJob, payOf, receiptsOf } from "../state/ledger.ts";
import { errorName } from "./errorNames.ts";
import { gasCost, isProfitable, type Occasion } from "./profitability.ts";
import type { PayoutServices } from "./services.ts";

/** Limit of receipts in one transaction: keeps it well below Base's 16,777,216 gas. */
const MAX_RECEIPTS = 150;
/** Gas above which a batch is halved. */
const MAX_GAS = 12_000_000n;
/** Seconds after its receipts for which a mint takes an anchor: GridNFT's 30 days. */
const MINT_SECONDS = 30 * 86_400;
/** Seconds before the end of its grace from which an order is settled even when it is not profitable. */
const GRACE_MARGIN_SECONDS = 8 * 60;

/**
 * Settles the delivered orders of the direct rail that are due, and writes off those that somebody has settled. An order is due when it is
 * profitable and has waited `settleAfter` (its artist may settle it while minting, at their own cost); at once when its payer leaves, or when
 * its time runs out.
 *
 * @param urgent Settle everything that covers its gas now.
 */
export async function settleOrders(services: PayoutServices, urgent = false): Promise<void> {
  const { ledger, clock, log, terms } = services;
  const waiting: LedgerJob[] = [];
  for (const job of ledger.jobsIn("delivered")) {
    if (job.order.laneId !== zeroHash) continue;
    try {
      if (await isDone(job, services)) continue;
    } catch (error) {
      // A node need not answer about old blocks. The others are not to wait for that.
      log.error({ order: job.orderHash, reason: describe(error) }, "the chain does not say what became of an order");
      continue;
    }
    if (!isMade(job)) {
      // Fewer receipts than were signed would be settled: an image left out can never be paid.
      log.error(
        { order: job.orderHash },
        "an order was delivered with other receipts than the journal has; not settled",
      );
      continue;
    }
    if (clock.now() > Number(job.order.deadline) + SETTLE_GRACE) {
      await ledger.recordClosed(job.orderHash, "expired", clock.now());
      log.error(
        { order: job.orderHash, aipg: formatEther(payOf(job)) },
        "an order was not settled in time; its pay is lost",
      );
      continue;
    }
    waiting.push(job);
  }
  if (waiting.length === 0) return;
  const atRisk = await ordersAtRisk(waiting, services);
  const urgentJobs: LedgerJob[] = [];
  const waitedJobs: LedgerJob[] = [];
  for (const job of waiting) {
    const end = Number(job.order.deadline) + SETTLE_GRACE;
    const isUrgent = urgent || atRisk.has(nonceKey(job)) || clock.now() >= end - GRACE_MARGIN_SECONDS;
    if (isUrgent) urgentJobs.push(job);
    else if (clock.now() >= (job.deliveredAt ?? job.at) + terms.settleAfter) waitedJobs.push(job);
  }
  // A settlement now takes those that waited long enough along: together they share the fixed costs.
  const due = [...urgentJobs, ...waitedJobs];
  for (let i = 0; i < due.length; ) {
    const batch: LedgerJob[] = [];
    let receipts = 0;
    for (; i < due.length; i++) {
      const job = due[i] as LedgerJob;
      if (batch.length > 0 && receipts + job.receipts.size > MAX_RECEIPTS) break;
      batch.push(job);
      receipts += job.receipts.size;
    }
    await settleBatch(batch, urgentJobs.includes(batch[0] as LedgerJob) ? "urgent" : "profitable", services);
  }
}

/** Block whose state is deep enough to stay. */
async function confirmedBlock({
  chain,
  confirmations,
}: Pick<PayoutServices, "chain" | "confirmations">): Promise<{ readonly blockNumber?: bigint }> {
  if (confirmations === 0) return {};
  const head = await chain.client.getBlockNumber();
  return { blockNumber: head > BigInt(confirmations) ? head - BigInt(confirmations) : 0n };
}

/** Returns true if the nonce is used. When it is so deep that it stays used, writes down by what. */
async function isDone(
  job: LedgerJob,
  { chain, ledger, clock, log, confirmations, account }: PayoutServices,
): Promise<boolean> {
  const { settlement } = chain.grid;
  const { order, orderHash } = job;
  const nonce = [order.payer, order.nonce] as const;
  if (!(await settlement.read.isNonceUsed(nonce))) return false;
  const at = await confirmedBlock({ chain, confirmations });
  // Used, but a reorganisation could take it back: neither settled again nor forgotten.
  if (!(await settlement.read.isNonceUsed(nonce, at))) return true;
  const end = await settlementOf(job, at, { chain, account });
  await ledger.recordClosed(orderHash, end.outcome, clock.now());
  const line = { order: orderHash, aipg: formatEther(payOf(job)), ...end.line };
  if (end.outcome === "settled" && end.line === undefined) log.info(line, end.sentence);
  else if (end.outcome === "settled" || end.outcome === "waiting") log.warn(line, end.sentence);
  else log.error(line, end.sentence);
  return true;
}

/** End of an order whose nonce is used. */
interface End {
  readonly outcome: "settled" | "waiting" | "short" | "lost";
  readonly sentence: string;
  /** Fields of the log line beside the order and what was due. */
  readonly line?: { readonly [name: string]: string | number };
}

/**
 * Reads from the chain how an order had ended at a block in which its nonce is used. A settlement need not be one of the receipts
 * of the journal: root and amount tell.
 */
async function settlementOf(
  job: LedgerJob,
  at: { readonly blockNumber?: bigint },
  { chain: { client, grid, domain }, account }: Pick<PayoutServices, "chain" | "account">,
): Promise<End> {
  const { order, orderHash, block } = job;
  const { root } = receiptTree(receiptsOf(job), domain);
  const [anchored] = await grid.settlement.read.anchorOf([zeroHash, order.payer, root], at);
  if (isAddressEqual(anchored, account)) return { outcome: "settled", sentence: "an order is settled" };
  const [waiting] = await grid.settlement.read.waitingAnchorOf([order.payer, root], at);
  if (isAddressEqual(waiting, account)) {
    return {
      outcome: "waiting",
      sentence: "an order is settled, but the bond is too small: its receipts are anchored once it is enough",
    };
  }
  const [settled] = await client.getContractEvents({
    ...{ address: grid.settlement.address, abi: gridSettlementAbi, eventName: "OrderSettled" },
    ...{ args: { orderHash }, fromBlock: block, strict: true },
  });
  if (settled === undefined) {
    return { outcome: "lost", sentence: "an order's nonce went to another order; its pay is lost" };
  }
  const { args, transactionHash: transaction } = settled;
  const paid = args.toWorker + args.royalty + args.protocolFee;
  const line = { paid: formatEther(paid), receipts: args.receiptCount, signed: job.receipts.size, transaction };
  if (paid >= payOf(job)) {
    // The payer's grace: some receipts for the whole price.
    return { outcome: "settled", sentence: "an order is paid in full, with other receipts than were delivered", line };
  }
  return { outcome: "short", sentence: "an order was settled with other receipts, for less than is due", line };
}

/**
 * Confirms the anchors of orders that were paid in a bond dip, once the bond is enough: then their receipts can be minted. They are
 * written off when they are confirmed deep enough to stay so, by anybody, or when no mint would take them any more.
 */
export async function confirmAnchors(services: PayoutServices): Promise<void> {
  const { ledger, chain, clock, log, account, transactions, signal, confirmations } = services;
  const { settlement } = chain.grid;
  const waiting = ledger.jobsIn("waiting");
  if (waiting.length === 0) return;
  const bonded = await isBonded(chain.client, { deployment: chain.deployment, worker: account });
  const at = await confirmedBlock({ chain, confirmations });
  for (const job of waiting) {
    const { order, orderHash } = job;
    const { root } = receiptTree(receiptsOf(job), chain.domain);
    const args = [order.payer, root] as const;
    const [anchored] = await settlement.read.anchorOf([zeroHash, ...args], at);
    const isOld = clock.now() > (job.deliveredAt ?? job.at) + MINT_SECONDS;
    if (anchored !== zeroAddress || isOld) {
      await ledger.recordClosed(orderHash, "settled", clock.now());
      log[isOld ? "warn" : "info"](
        { order: orderHash },
        isOld ? "an anchor was never confirmed" : "an anchor is confirmed",
      );
      continue;
    }
    const [waits] = await settlement.read.waitingAnchorOf(args);
    // Confirmed, and not deep enough yet, or not settled any more.
    if (!bonded || waits === zeroAddress) continue;
    try {
      const { address } = settlement;
      const call = { address, abi: gridSettlementAbi, functionName: "confirmAnchor", args } as const;
      const estimate = await chain.client.estimateContractGas({ ...call, account: transactions.sender });
      const data = encodeFunctionData(call);
      const purpose = `confirm the anchor of order ${orderHash}`;
      await transactions.send({ purpose, to: address, data, gas: (estimate * 12n) / 10n }, signal);
    } catch (error) {
      log.error({ order: orderHash, reason: describe(error) }, "an anchor could not be confirmed");
    }
  }
}

/** Orders whose money may go elsewhere: the payer withdraws, cancels, or has less than it owes here. */
async function ordersAtRisk(jobs: readonly LedgerJob[], { chain }: PayoutServices): Promise<ReadonlySet<string>> {
  const { settlement } = chain.grid;
  const atRisk = new Set<string>();
  const payers = new Set(jobs.map(({ order }) => order.payer));
  for (const payer of payers) {
    const theirs = jobs.filter(({ order }) => order.payer === payer);
    const { balance, thawing } = await settlement.read.accountOf([payer]);
    const owed = theirs.reduce((sum, job) => sum + payOf(job), 0n);
    const leaves = balance < owed + thawing;
    for (const job of theirs) {
      const cancels = (await settlement.read.cancelReadyAt([payer, job.order.nonce])) !== 0;
      if (leaves || cancels) atRisk.add(nonceKey(job));
    }
  }
  return atRisk;
}

async function settleBatch(jobs: readonly LedgerJob[], occasion: Occasion, services: PayoutServices): Promise<void> {
  const { chain, transactions, log, terms, signal } = services;
  const { client, deployment } = chain;
  const address = deployment.contracts.GridSettlement.address;
  const items = await Promise.all(jobs.map((job) => itemOf(job, services)));
  const call = { address, abi: gridSettlementAbi, functionName: "settleBatch", account: transactions.sender } as const;
  const { result: failures } = await client.simulateContract({ ...call, args: [items] });
  const good = jobs.filter((_, i) => isNoError(failures[i]));
  jobs.forEach((job, i) => {
    if (!isNoError(failures[i])) {
      log.warn({ order: job.orderHash, reason: errorName(failures[i] as Hex) }, "an order cannot be settled now");
    }
  });
  if (good.length === 0) return;
  const sending = items.filter((_, i) => isNoError(failures[i]));
  const gas = ((await client.estimateContractGas({ ...call, args: [sending] })) * 12n) / 10n;
  if (gas > MAX_GAS && good.length > 1) {
    const half = Math.ceil(good.length / 2);
    await settleBatch(good.slice(0, half), occasion, services);
    return settleBatch(good.slice(half), occasion, services);
  }
  const amount = good.reduce((sum, job) => sum + payOf(job), 0n);
  const cost = gasCost(gas, await client.getGasPrice(), terms);
  if (!isProfitable(amount, cost, occasion, terms)) {
    log.debug({ aipg: formatEther(amount), cost: formatEther(cost) }, "orders wait until they are worth their gas");
    return;
  }
  const data = encodeFunctionData({ abi: gridSettlementAbi, functionName: "settleBatch", args: [sending] });
  const receipt = await transactions.send({ purpose: `settle ${good.length} orders`, to: address, data, gas }, signal);
  const settled = parseEventLogs({ abi: gridSettlementAbi, logs: receipt.logs, eventName: "OrderSettled" });
  const line = { orders: good.length, settled: settled.length, transaction: receipt.transactionHash };
  if (settled.length < good.length) log.warn(line, "not all orders of a batch were settled");
  else log.info({ ...line, aipg: formatEther(amount) }, "orders are settled");
  // Written off from what the chain says, now or by the next run: `isDone`.
  for (const job of good) await isDone(job, services);
}

/**
 * Returns the settlement of an order with all of its receipts. The worker itself may settle an order that it ended early. Each receipt
 * is signed again: signatures are deterministic, and the journal holds none.
 */
async function itemOf(job: LedgerJob, { sign }: PayoutServices) {
  const receipts = await Promise.all(
    receiptsOf(job).map(async (receipt) => ({ ...receipt, signature: await sign.receipt(receipt) })),
  );
  return { order: job.order, orderSignature: job.orderSignature ?? "0x", receipts } as const;
}

function nonceKey({ order }: LedgerJob): string {
  return `${order.payer.toLowerCase()}/${order.nonce}`;
}

function isNoError(selector: Hex | undefined): boolean {
  return selector === "0x00000000";
}

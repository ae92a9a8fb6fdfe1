import { gridSettlementAbi, type JobReceipt, receiptTree, SETTLE_GRACE } from "@gridnft/sdk";
import { encodeFunctionData, formatEther, type Hex, parseEventLogs, zeroHash } from "viem";
import type { LedgerJob } from "../state/ledger.ts";
import { errorName } from "./errorNames.ts";
import type { PurseServices } from "./services.ts";
import { gasCost, isWorth, type Occasion } from "./worth.ts";

/** Most receipts of one transaction: keeps it well below Base's 16,777,216 gas. */
const MOST_RECEIPTS = 150;
/** Gas above which a batch is halved. */
const MOST_GAS = 12_000_000n;
/** Seconds before the end of its grace from which an order is settled whatever it is worth. */
const MARGIN = 8 * 60;

/**
 * One look at all orders of the direct rail that were delivered: writes off those that somebody settled, and settles what is
 * due. An order is due when it is worth its share of gas and has waited `settleAfter` (its artist may settle it while minting, at
 * their own cost); at once when its payer leaves, or when its time runs out.
 *
 * @param pressing Settle everything that covers its gas now.
 */
export async function settleOrders(services: PurseServices, pressing = false): Promise<void> {
  const { ledger, clock, log, terms } = services;
  const waiting: LedgerJob[] = [];
  for (const job of ledger.jobsIn("delivered")) {
    if (job.order.laneId !== zeroHash) continue;
    if (await isDone(job, services)) continue;
    if (clock.now() > Number(job.order.deadline) + SETTLE_GRACE) {
      await ledger.recordClosed(job.orderHash, "expired", clock.now());
      log.error(
        { order: job.orderHash, aipg: formatEther(job.price) },
        "an order was not settled in time; its pay is lost",
      );
      continue;
    }
    waiting.push(job);
  }
  if (waiting.length === 0) return;
  const pressed = await pressedPayers(waiting, services);
  const urgent: LedgerJob[] = [];
  const patient: LedgerJob[] = [];
  for (const job of waiting) {
    const end = Number(job.order.deadline) + SETTLE_GRACE;
    const hasToGo = pressing || pressed.has(nonceKey(job)) || clock.now() >= end - MARGIN;
    if (hasToGo) urgent.push(job);
    else if (clock.now() >= (job.deliveredAt ?? job.at) + terms.settleAfter) patient.push(job);
  }
  // Whatever goes now takes the patient ones along: together they share the fixed costs.
  const due = [...urgent, ...patient];
  for (let i = 0; i < due.length; ) {
    const batch: LedgerJob[] = [];
    let receipts = 0;
    for (; i < due.length; i++) {
      const job = due[i] as LedgerJob;
      if (batch.length > 0 && receipts + job.receipts.size > MOST_RECEIPTS) break;
      batch.push(job);
      receipts += job.receipts.size;
    }
    await settleBatch(batch, urgent.includes(batch[0] as LedgerJob) ? "pressing" : "worth", services);
  }
}

/** Whether the nonce is used, deep enough to stay so; then says by what. */
async function isDone(
  job: LedgerJob,
  { chain, ledger, clock, log, confirmations, account }: PurseServices,
): Promise<boolean> {
  const { settlement } = chain.grid;
  const { order, orderHash } = job;
  const nonce = [order.payer, order.nonce] as const;
  if (!(await settlement.read.isNonceUsed(nonce))) return false;
  if (confirmations > 0) {
    const head = await chain.client.getBlockNumber();
    const blockNumber = head > BigInt(confirmations) ? head - BigInt(confirmations) : 0n;
    // Used, but a reorganisation could take it back: neither settled again nor forgotten.
    if (!(await settlement.read.isNonceUsed(nonce, { blockNumber }))) return true;
  }
  const { root } = receiptTree(orderedReceipts(job), chain.domain);
  const [worker] = await settlement.read.anchorOf([zeroHash, order.payer, root]);
  const settled = worker.toLowerCase() === account.toLowerCase() || (await isSettledUnanchored(job, chain));
  await ledger.recordClosed(orderHash, settled ? "settled" : "lost", clock.now());
  if (settled) log.info({ order: orderHash, aipg: formatEther(job.price) }, "an order is settled");
  else
    log.error(
      { order: orderHash, aipg: formatEther(job.price) },
      "an order's nonce went to another order; its pay is lost",
    );
  return true;
}

/** Without a bond an order is paid but not anchored; its event tells. */
async function isSettledUnanchored(
  { orderHash, block }: LedgerJob,
  { grid }: PurseServices["chain"],
): Promise<boolean> {
  const logs = await grid.settlement.getEvents.OrderSettled({ orderHash }, { fromBlock: block });
  return logs.length > 0;
}

/** Orders whose money may go elsewhere: the payer withdraws, cancels, or has less than it owes here. */
async function pressedPayers(jobs: readonly LedgerJob[], { chain }: PurseServices): Promise<ReadonlySet<string>> {
  const { settlement } = chain.grid;
  const pressed = new Set<string>();
  const payers = new Set(jobs.map(({ order }) => order.payer));
  for (const payer of payers) {
    const theirs = jobs.filter(({ order }) => order.payer === payer);
    const { balance, thawing } = await settlement.read.accountOf([payer]);
    const owed = theirs.reduce((sum, { price }) => sum + price, 0n);
    const leaves = balance < owed + thawing;
    for (const job of theirs) {
      const cancels = (await settlement.read.cancelReadyAt([payer, job.order.nonce])) !== 0;
      if (leaves || cancels) pressed.add(nonceKey(job));
    }
  }
  return pressed;
}

async function settleBatch(jobs: readonly LedgerJob[], occasion: Occasion, services: PurseServices): Promise<void> {
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
  if (gas > MOST_GAS && good.length > 1) {
    const half = Math.ceil(good.length / 2);
    await settleBatch(good.slice(0, half), occasion, services);
    return settleBatch(good.slice(half), occasion, services);
  }
  const amount = good.reduce((sum, { price }) => sum + price, 0n);
  const cost = gasCost(gas, await client.getGasPrice(), terms);
  if (!isWorth(amount, cost, occasion, terms)) {
    log.debug({ aipg: formatEther(amount), cost: formatEther(cost) }, "orders wait until they are worth their gas");
    return;
  }
  const data = encodeFunctionData({ abi: gridSettlementAbi, functionName: "settleBatch", args: [sending] });
  const receipt = await transactions.send({ purpose: `settle ${good.length} orders`, to: address, data, gas }, signal);
  const settled = parseEventLogs({ abi: gridSettlementAbi, logs: receipt.logs, eventName: "OrderSettled" });
  const line = { orders: good.length, settled: settled.length, transaction: receipt.transactionHash };
  if (settled.length < good.length) log.warn(line, "not all orders of a batch were settled");
  else log.info({ ...line, aipg: formatEther(amount) }, "orders are settled");
  // Written off by the next look, from what the chain says: `isDone`.
  for (const job of good) await isDone(job, services);
}

/** A settlement of all receipts, each signed again: signatures are deterministic, and the journal holds none. */
async function itemOf(job: LedgerJob, { sign }: PurseServices) {
  const receipts = await Promise.all(
    orderedReceipts(job).map(async (receipt) => ({ ...receipt, signature: await sign.receipt(receipt) })),
  );
  return { order: job.order, orderSignature: job.orderSignature ?? "0x", receipts } as const;
}

function orderedReceipts({ receipts }: LedgerJob): JobReceipt[] {
  return [...receipts.values()].sort((a, b) => a.index - b.index);
}

function nonceKey({ order }: LedgerJob): string {
  return `${order.payer.toLowerCase()}/${order.nonce}`;
}

function isNoError(selector: Hex | undefined): boolean {
  return selector === "0x00000000";
}

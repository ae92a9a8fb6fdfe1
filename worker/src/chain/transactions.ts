import { createMutex, trySleep } from "@gridnft/sdk/node";
import {
  type Address,
  type Hex,
  keccak256,
  parseTransaction,
  type TransactionReceipt,
  TransactionReceiptNotFoundError,
} from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { describe, WorkerError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Ledger, SentTransaction } from "../state/ledger.ts";
import type { GridChain } from "./connect.ts";

/** Call that changes the chain. `gas` is its limit. */
export interface TransactionCall {
  readonly purpose: string;
  readonly to: Address;
  readonly data: Hex;
  readonly gas: bigint;
}

/** Sends transactions of one key, one at a time, none twice. */
export interface Transactions {
  readonly sender: Address;
  /**
   * Signs, journals, sends, and waits until it is in a block; a stuck one is sent again with the same nonce and a higher fee.
   * @throws {@link WorkerError} `TRANSACTION_FAILED`; a reverted one is not a failure, see its receipt's status.
   */
  send(call: TransactionCall, signal?: AbortSignal): Promise<TransactionReceipt>;
  /** Sends again what was signed before a crash and is not in a block, and waits for it. */
  resume(signal?: AbortSignal): Promise<void>;
}

/** Milliseconds until a transaction counts as stuck. */
const STUCK_TIMEOUT = 45_000;
const MAX_ATTEMPTS = 6;

interface Services {
  readonly chain: GridChain;
  readonly signer: PrivateKeyAccount;
  readonly ledger: Ledger;
  readonly log: Logger;
  readonly now: () => number;
  /** Milliseconds; for tests. */
  readonly stuck?: number;
}

/** {@link Transactions} of the worker's hot key. */
export function createTransactions({ chain, signer, ledger, log, now, stuck = STUCK_TIMEOUT }: Services): Transactions {
  const { client } = chain;
  const mutex = createMutex();

  const receiptOf = async (hash: Hex): Promise<TransactionReceipt | undefined> => {
    try {
      return await client.getTransactionReceipt({ hash });
    } catch (error) {
      if (error instanceof TransactionReceiptNotFoundError) return undefined;
      throw error;
    }
  };

  const countOf = (blockTag: "latest" | "pending"): Promise<number> =>
    client.getTransactionCount({ address: signer.address, blockTag });

  /** Waits for any version of a transaction; undefined when it is stuck, or its nonce went to a transaction not of ours. */
  const wait = async (
    hashes: readonly Hex[],
    nonce: number,
    signal: AbortSignal | undefined,
  ): Promise<TransactionReceipt | undefined> => {
    const end = Date.now() + stuck;
    do {
      const gone = (await countOf("latest")) > nonce;
      for (const hash of hashes) {
        const receipt = await receiptOf(hash);
        if (receipt) return receipt;
      }
      if (gone) return undefined;
    } while (Date.now() < end && (await trySleep(client.pollingInterval, signal)));
    return undefined;
  };

  const broadcast = async (raw: Hex): Promise<void> => {
    try {
      await client.sendRawTransaction({ serializedTransaction: raw as `0x02${string}` });
    } catch (error) {
      // "already known", or its nonce is used up by then: the receipts tell. Anything else shows as stuck.
      log.debug({ reason: describe(error) }, "the node did not take a transaction");
    }
  };

  /** Returns the market's fees, raised so that they replace transactions with these: nodes ask for a tenth more of both. */
  const raise = async (before: readonly Fees[]): Promise<Fees> => {
    const market = await client.estimateFeesPerGas();
    const above = (field: keyof Fees): bigint =>
      before.reduce((most, fees) => max(most, (fees[field] * 5n) / 4n + 1n), market[field]);
    return { maxFeePerGas: above("maxFeePerGas"), maxPriorityFeePerGas: above("maxPriorityFeePerGas") };
  };

  const submit = async (call: TransactionCall, signal: AbortSignal | undefined): Promise<TransactionReceipt> => {
    // A transaction that is stuck from before is replaced; it must not be mined beside its successor.
    const stuckBefore = ledger.sent();
    const nonce = await countOf(stuckBefore.length > 0 ? "latest" : "pending");
    const replaced = stuckBefore.filter((sent) => sent.nonce === nonce);
    const hashes = replaced.map(({ hash }) => hash);
    let fees = await raise(replaced.map(({ raw }) => feesOf(raw)));
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (signal?.aborted) break;
      const raw = await signer.signTransaction({
        ...{ type: "eip1559", chainId: chain.chain.id, nonce, to: call.to, data: call.data, gas: call.gas, value: 0n },
        ...{ maxFeePerGas: fees.maxFeePerGas, maxPriorityFeePerGas: fees.maxPriorityFeePerGas },
      });
      const sent: SentTransaction = { purpose: call.purpose, nonce, hash: keccak256(raw), raw };
      await ledger.recordTransaction(sent, now());
      hashes.push(sent.hash);
      await broadcast(raw);
      const receipt = await wait(hashes, nonce, signal);
      if (receipt) {
        await ledger.recordMined(nonce);
        if (hashes.indexOf(receipt.transactionHash) >= replaced.length) return receipt;
        break;
      }
      if ((await countOf("latest")) > nonce) {
        await ledger.recordMined(nonce);
        break;
      }
      fees = await raise([fees]);
      log.warn({ purpose: call.purpose, nonce }, "a transaction is stuck; it is sent again with a higher fee");
    }
    throw new WorkerError("TRANSACTION_FAILED", `${call.purpose}: the transaction did not get into a block.`);
  };

  const resume = async (signal: AbortSignal | undefined): Promise<void> => {
    const sent = ledger.sent();
    const last = sent.at(-1);
    if (last === undefined) return;
    const count = await countOf("latest");
    if (last.nonce >= count) {
      log.info({ purpose: last.purpose, nonce: last.nonce }, "a transaction from before is still on its way");
      for (const { raw, nonce } of sent) if (nonce >= count) await broadcast(raw);
      const receipt = await wait(
        sent.filter(({ nonce }) => nonce === last.nonce).map(({ hash }) => hash),
        last.nonce,
        signal,
      );
      // Sent so low that nobody takes it: the next transaction has the same nonce and replaces it.
      if (!receipt && (await countOf("latest")) <= last.nonce) return;
    }
    await ledger.recordMined(last.nonce);
  };

  return {
    sender: signer.address,
    send: (call, signal) =>
      mutex.run(async () => {
        await resume(signal);
        return submit(call, signal);
      }),
    resume: (signal) => mutex.run(() => resume(signal)),
  };
}

interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

function feesOf(raw: Hex): Fees {
  const { maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = parseTransaction(raw as `0x02${string}`);
  return { maxFeePerGas, maxPriorityFeePerGas };
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

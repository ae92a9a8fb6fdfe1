/**
 * What the EVM charges (Prague, as on Base), for counting what an operation costs at least.
 * Sources: EIP-2028 and EIP-7623 (calldata), EIP-2929 (cold access), EIP-2200/3529 (storage, refunds), EIP-3860 (initcode),
 * the yellow paper's appendix G for the rest.
 */
import { type Hex, hexToBytes, size } from "viem";

export const gas = {
  transaction: 21_000,
  calldataZero: 4,
  calldataNonZero: 16,
  /** EIP-7623: a transaction pays at least this for each calldata byte beside the 21,000. */
  floorZero: 10,
  floorNonZero: 40,
  coldAccount: 2_600,
  coldRead: 2_100,
  /** A cold slot that was 0: 2,100 + 20,000. */
  freshSlot: 22_100,
  /** A cold slot that was not 0 and gets another value: 2,100 + 2,900. */
  changedSlot: 5_000,
  log: 375,
  logTopic: 375,
  logByte: 8,
  ecrecover: 3_000,
  create: 32_000,
  codeByte: 200,
  initcodeWord: 2,
  keccak: 30,
  keccakWord: 6,
  copyWord: 3,
  /** Forwarding through an ERC-1967 proxy: implementation slot and account cold, copies, delegatecall. */
  proxy: 4_881,
} as const;

/** One line of a floor: what must be paid for, how often, at what price. */
export interface CostItem {
  readonly what: string;
  readonly gas: number;
}

/** Adds up what an operation cannot avoid. Each line names its reason, so that it can be argued with. */
export class Floor {
  readonly items: CostItem[] = [];
  #zero = 0;
  #nonZero = 0;

  readonly #base: number;

  /** @param inside Runs inside another transaction, so the 21,000 and the calldata rule are not its own. */
  constructor(inside = false) {
    this.#base = inside ? 0 : gas.transaction;
    if (!inside) this.add("transaction", gas.transaction);
  }

  add(what: string, each: number, times = 1): this {
    if (times > 0) this.items.push({ what: times === 1 ? what : `${what} x ${times}`, gas: each * times });
    return this;
  }

  /** Bytes that must reach the contract, without any ABI padding. */
  calldata(what: string, bytes: Hex): this {
    const zero = hexToBytes(bytes).filter((byte) => byte === 0).length;
    const nonZero = size(bytes) - zero;
    this.#zero += zero;
    this.#nonZero += nonZero;
    return this.add(`calldata: ${what}`, zero * gas.calldataZero + nonZero * gas.calldataNonZero);
  }

  log(what: string, topics: number, bytes: number): this {
    return this.add(`log: ${what}`, gas.log + topics * gas.logTopic + bytes * gas.logByte);
  }

  keccak(what: string, bytes: number, times = 1): this {
    return this.add(`keccak256: ${what}`, gas.keccak + gas.keccakWord * Math.ceil(bytes / 32), times);
  }

  /** Bytes kept as a contract's code. */
  code(what: string, bytes: number): this {
    return this.add(
      `code: ${what}, ${bytes} bytes`,
      gas.create + gas.codeByte * bytes + gas.initcodeWord * Math.ceil(bytes / 32),
    );
  }

  get total(): number {
    const sum = this.items.reduce((total, item) => total + item.gas, 0);
    const byCalldata = this.#base + this.#zero * gas.floorZero + this.#nonZero * gas.floorNonZero;
    return Math.max(sum, byCalldata);
  }
}

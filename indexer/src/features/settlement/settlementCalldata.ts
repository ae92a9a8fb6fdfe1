// Orders and receipts as they stand in the calldata of a settlement. Read word by word (Contract ABI Specification, "Formal
// Specification of the Encoding"): of the whole call only these are wanted, for every order that is settled.
import { gridNftAbi, gridSettlementAbi, type JobOrder, type JobReceipt } from "@gridnft/sdk";
import { type Hex, toFunctionSelector } from "viem";

/** Output of an order: fields that a receipt has beside it. */
export type Output = Omit<JobReceipt, "orderHash" | "requester" | "worker" | "modelId" | "requestHash">;

/** An order, and what it is said to have brought. */
export interface StatedSettlement {
  readonly order: JobOrder;
  readonly outputs: readonly Output[];
}

/** Characters of a selector with its 0x, and of a word. */
const [SELECTOR, WORD] = [10, 64];
/** Bytes of a word. */
const BYTES = 32;
/** No call is longer. */
const OFFSET_BITS = 32;
/** Words of an order, and those of an output that have a fixed size. */
const [ORDER_WORDS, OUTPUT_WORDS] = [11, 7];

/** Which argument has the settlements, by the function's name. */
const argumentOf: Readonly<Record<string, number>> = {
  settle: 0,
  settleBatch: 0,
  settleClosed: 0,
  settleInGrace: 0,
  settleAndMint: 1,
  settleAndMintFor: 1,
};

/** Calls by their selector, and whether each has one settlement alone. */
const calls = new Map(
  [...gridSettlementAbi, ...gridNftAbi].flatMap((item) => {
    const argument = item.type === "function" ? argumentOf[item.name] : undefined;
    if (item.type !== "function" || argument === undefined) return [];
    return [[toFunctionSelector(item), { argument, isAlone: item.inputs[argument]?.type === "tuple" }] as const];
  }),
);

/**
 * The settlements that a call states; none if it is another call. An item that is no settlement (a number too large, an offset that
 * leads out of the call) is left out: it hides no other.
 */
export function settlementsIn(input: Hex): readonly StatedSettlement[] {
  const call = calls.get(input.slice(0, SELECTOR) as Hex);
  if (!call) return [];
  // As many outputs as the call has room for: offsets may lead to the same words again and again.
  const words = new Words(input, Math.floor((input.length - SELECTOR) / WORD / (OUTPUT_WORDS + 1)));
  return (
    attempt(() => {
      const start = words.follow(0, call.argument);
      if (call.isAlone) return [settlementAt(words, start)];
      return words.elements(start).flatMap((follow) => attempt(() => settlementAt(words, follow())) ?? []);
    }) ?? []
  );
}

function settlementAt(words: Words, at: number): StatedSettlement {
  const order: JobOrder = {
    requester: words.address(at, 0),
    payer: words.address(at, 1),
    worker: words.address(at, 2),
    laneId: words.hex(at, 3),
    feeConfigId: words.small(at, 4, 16),
    modelId: words.big(at, 5, 256),
    requestHash: words.hex(at, 6),
    count: words.small(at, 7, 32),
    maxPrice: words.big(at, 8, 128),
    deadline: words.big(at, 9, 64),
    nonce: words.big(at, 10, 256),
  };
  const outputs = words.take(words.follow(at, ORDER_WORDS + 1)).map((follow) => outputAt(words, follow()));
  return { order, outputs };
}

function outputAt(words: Words, at: number): Output {
  return {
    index: words.small(at, 0, 32),
    seed: words.big(at, 1, 64),
    engineHash: words.hex(at, 2),
    imageHash: words.hex(at, 3),
    cidDigest: words.hex(at, 4),
    completedAt: words.big(at, 5, 64),
    price: words.big(at, 6, 128),
  };
}

/** The words of a call's arguments. Places are bytes from the first argument on. */
class Words {
  readonly #input: Hex;
  #budget: number;

  constructor(input: Hex, budget: number) {
    this.#input = input;
    this.#budget = budget;
  }

  #word(at: number, index: number): string {
    const start = SELECTOR + 2 * (at + BYTES * index);
    if (start + WORD > this.#input.length) throw new RangeError("The call ends before.");
    return this.#input.slice(start, start + WORD);
  }

  hex(at: number, index: number): Hex {
    return `0x${this.#word(at, index)}`;
  }

  address(at: number, index: number): Hex {
    const word = this.#word(at, index);
    if (!word.startsWith("0".repeat(24))) throw new RangeError("An address has 20 bytes.");
    return `0x${word.slice(24)}`;
  }

  big(at: number, index: number, bits: number): bigint {
    const value = BigInt(this.hex(at, index));
    if (value >> BigInt(bits)) throw new RangeError(`The number has more than ${bits} bits.`);
    return value;
  }

  small(at: number, index: number, bits: number): number {
    return Number(this.big(at, index, bits));
  }

  /** Returns the position that the offset in a word leads to. */
  follow(at: number, index: number): number {
    const offset = this.small(at, index, OFFSET_BITS);
    return at + offset;
  }

  /** Returns the positions of the elements of an array, each of which has a size of its own. */
  elements(at: number): (() => number)[] {
    const count = this.small(at, 0, OFFSET_BITS);
    this.#word(at, count); // They are all there.
    return Array.from({ length: count }, (_, i) => () => this.follow(at + BYTES, i));
  }

  /** Returns the positions of an array of outputs, which is counted before it is read. */
  take(at: number): (() => number)[] {
    const count = this.small(at, 0, OFFSET_BITS);
    if (count > this.#budget) throw new RangeError("More is stated than there is room for.");
    const elements = this.elements(at);
    this.#budget -= count;
    return elements;
  }
}

/** Undefined for what can't be read. */
function attempt<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

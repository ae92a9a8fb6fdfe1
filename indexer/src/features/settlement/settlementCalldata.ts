// Orders and receipts as they stand in the calldata of a settlement. Read word by word (Contract ABI Specification, "Formal
// Specification of the Encoding"): of the whole call only these are wanted, for every order that is settled.
import { gridNftAbi, gridSettlementAbi, type JobOrder, type JobReceipt, WORD_BYTES, WordReader } from "@gridnft/sdk";
import { type Hex, toFunctionSelector } from "viem";

/** Output of an order: fields that a receipt has beside it. */
export type Output = Omit<JobReceipt, "orderHash" | "requester" | "worker" | "modelId" | "requestHash">;

/** An order, and what it is said to have brought. */
export interface StatedSettlement {
  readonly order: JobOrder;
  readonly outputs: readonly Output[];
}

/** Bytes of a selector. */
const SELECTOR = 4;
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
  const call = calls.get(input.slice(0, 2 + 2 * SELECTOR) as Hex);
  if (!call) return [];
  const words = new ArgumentReader(input);
  return (
    attempt(() => {
      const start = words.follow(0, call.argument);
      if (call.isAlone) return [settlementAt(words, start)];
      return words.elements(start).flatMap((follow) => attempt(() => settlementAt(words, follow())) ?? []);
    }) ?? []
  );
}

/** Reader of a call's arguments. */
class ArgumentReader extends WordReader {
  /** Outputs that the call has room for beside those read: offsets may lead to the same words again and again. */
  #room: number;

  constructor(input: Hex) {
    super(input, SELECTOR);
    const words = ((input.length - 2) / 2 - SELECTOR) / WORD_BYTES;
    this.#room = Math.floor(words / (OUTPUT_WORDS + 1));
  }

  /** Returns the positions of an array of outputs, which is counted before it is read. */
  outputs(at: number): (() => number)[] {
    const count = this.length(at);
    if (count > this.#room) throw new RangeError("More is stated than there is room for.");
    const elements = this.elements(at);
    this.#room -= count;
    return elements;
  }
}

function settlementAt(words: ArgumentReader, at: number): StatedSettlement {
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
  const outputs = words.outputs(words.follow(at, ORDER_WORDS + 1)).map((follow) => outputAt(words, follow()));
  return { order, outputs };
}

function outputAt(words: WordReader, at: number): Output {
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

/** Undefined for what can't be read. */
function attempt<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

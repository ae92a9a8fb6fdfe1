import { type Hex, keccak256, stringToHex, zeroHash } from "viem";
import { Scenario, type ScenarioTransaction } from "./scenario.ts";

/** Size of a synthetic chain. */
export interface ChainSize {
  /** Logs in all. */
  readonly events: number;
  /** Blocks that have logs. */
  readonly blocks: number;
  /** Blocks without logs after them; TAIL if left out. */
  readonly tail?: number;
}

/** A block of the synthetic chain. */
export interface SyntheticBlock {
  readonly number: number;
  readonly hash: Hex;
  readonly parentHash: Hex;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly transactions: readonly ScenarioTransaction[];
}

/** Blocks without logs at the end: an indexer takes the youngest for not final, and all the logs shall be backfilled. */
export const TAIL = 70;

/** 2026-01-05, 00:00 UTC. */
const GENESIS = 1_767_571_200;

/** Seconds between blocks: the whole is about a week. */
const INTERVAL = 1_200;

/** The chain, block by block from 0. Equal sizes give equal chains. */
export function* makeChain({ events, blocks, tail = TAIL }: ChainSize, seed = 1): Generator<SyntheticBlock> {
  const scenario = new Scenario(seed);
  let written = 0;
  let parentHash: Hex = zeroHash;
  for (let number = 0; number <= blocks + tail; number++) {
    const timestamp = GENESIS + number * INTERVAL;
    const moment = { block: number, time: timestamp };
    const transactions: ScenarioTransaction[] = number === 1 ? scenario.prologue(moment) : [];
    written += countOf(transactions);
    const due = number <= blocks ? Math.floor((events * number) / blocks) : 0;
    while (written < due) {
      const transaction = scenario.next(moment, events - written);
      transactions.push(transaction);
      written += transaction.events.length;
    }
    const hash = keccak256(stringToHex(`block ${number} of ${events} in ${blocks}, ${seed}`));
    yield { number, hash, parentHash, timestamp, transactions };
    parentHash = hash;
  }
}

function countOf(transactions: readonly ScenarioTransaction[]): number {
  return transactions.reduce((sum, { events }) => sum + events.length, 0);
}

import { WorkerError } from "../errors.ts";
import type { GridChain } from "./connect.ts";

/** Clock by which contracts judge deadlines. */
export interface ChainClock {
  /** Unix seconds. */
  now(): number;
  /**
   * Looks at the chain's head again.
   * @returns Number of the head block.
   * @throws {@link WorkerError} `CHAIN_BEHIND` when the node's head is older than allowed: its answers are about the past.
   */
  sync(): Promise<bigint>;
}

/** Differences up to this many seconds are a block's, not a clock's. */
const TOLERANCE_SECONDS = 15;

/**
 * Creates the machine's clock, corrected by the chain's where the two are far apart (a local chain whose time was moved).
 * @param maxHeadAge Seconds; 0 asks nothing of the head's age.
 */
export function chainClock(
  { client }: Pick<GridChain, "client">,
  maxHeadAge: number,
  wall: () => number = () => Math.floor(Date.now() / 1_000),
): ChainClock {
  let offset = 0;
  return {
    now: () => wall() + offset,
    sync: async () => {
      const [head, pending] = await Promise.all([
        client.getBlock({ blockTag: "latest" }),
        // The block to come has the time to come, even where blocks are made on demand only.
        client.getBlock({ blockTag: "pending" }).catch(() => undefined),
      ]);
      const time = Math.max(Number(head.timestamp), Number(pending?.timestamp ?? 0n));
      const difference = time - wall();
      const idle = pending === undefined && difference < 0;
      offset = Math.abs(difference) <= TOLERANCE_SECONDS || idle ? 0 : difference;
      const age = wall() + offset - Number(head.timestamp);
      if (maxHeadAge > 0 && wall() - Number(head.timestamp) > maxHeadAge) {
        throw new WorkerError("CHAIN_BEHIND", `The node's newest block is ${age} s old: it lags behind the chain.`);
      }
      return head.number;
    },
  };
}

// Sequencer of the calls that change the chain: each gets its block's time, is logged, then made. One at a time, so that a replay
// makes the same blocks. Anvil mines only when it is told.
import { execute, headHash, pendingTime } from "./execute.ts";
import { type Rpc, type RpcCall, RpcError } from "./jsonRpc.ts";
import { type MethodKind, methodKind } from "./methods.ts";
import type { WriteAheadLog } from "./writeAheadLog.ts";

/** Executes calls that change the chain. */
export interface Sequencer {
  /**
   * Logs a call, makes it, and returns the node's own answer.
   * @throws {@link RpcError} when the node refuses it.
   */
  execute(call: RpcCall): Promise<unknown>;
}

/** Creates the sequencer of one chain. `now` is the wall's time in seconds. */
export function createSequencer({ rpc, log, now }: { rpc: Rpc; log: WriteAheadLog; now: () => number }): Sequencer {
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <result>(task: () => Promise<result>): Promise<result> => {
    const turn = queue.then(task, task);
    queue = turn.catch(() => undefined);
    return turn;
  };

  // The node's clock is asked once, and again after each call that may have set it.
  let clock: { ahead: number; last: number } | undefined;
  async function nextTime(): Promise<number> {
    if (clock) return Math.max(now() + clock.ahead, clock.last);
    return pendingTime(rpc);
  }

  async function one(method: string, params: unknown[], kind: MethodKind, at?: number): Promise<unknown> {
    const next = await nextTime();
    const time = at ?? next;
    const ahead = steady((kind === "block" ? time : next + aheadBy(method, params, next)) - now());
    const n = await log.append({ method, params, time, ahead });
    clock = undefined;
    try {
      const { result, blocks } = await execute(rpc, { method, params, time }, kind);
      await log.settle(n, await headHash(rpc), blocks);
      if (kind === "block") clock = { ahead, last: time };
      return result;
    } catch (error) {
      if (error instanceof RpcError) await log.settle(n, null);
      throw error;
    }
  }

  return {
    execute: ({ method, params = [] }) =>
      inTurn(async () => {
        const kind = methodKind(method);
        if (kind === "refused") {
          throw new RpcError(method, {
            code: -32_601,
            message: `${method} is not available: this chain is rebuilt from its journal.`,
          });
        }
        if (method.endsWith("Sync")) {
          // One that waits for an earlier nonce must not keep everybody else waiting.
          const hash = await one(method.slice(0, -"Sync".length), params, kind);
          const receipt = await rpc("eth_getTransactionReceipt", [hash]);
          if (receipt) return receipt;
          throw new RpcError(method, { code: 4, message: `Transaction ${hash} waits in the pool.` });
        }
        const mining = miningOf(method, params);
        if (!mining) return one(method, params, kind);
        // Anvil would give these blocks the time of day. Each gets a time of its own, which is logged.
        let time = mining.time ?? (await nextTime());
        for (let i = 0; i < mining.blocks; i++) {
          await one("evm_mine", [], "block", time);
          time += mining.interval;
        }
        return method === "evm_mine" ? "0x0" : null;
      }),
  };
}

/** Returns the seconds by which a call moves the clock. */
function aheadBy(method: string, params: unknown[], clock: number): number {
  if (/_increaseTime$/.test(method)) return quantity(params[0], 0);
  if (/_setTime$/.test(method)) return quantity(params[0], clock) - clock;
  return 0;
}

/** Returns 0 for a difference of up to two seconds: the two clocks tick apart, and that must not add up over restarts. */
function steady(ahead: number): number {
  return Math.abs(ahead) <= 2 ? 0 : ahead;
}

/** Reads the calls that mine: `evm_mine(time | {timestamp, blocks})`, `anvil_mine(blocks, interval)`. */
function miningOf(
  method: string,
  params: unknown[],
): { blocks: number; time?: number | undefined; interval: number } | undefined {
  const [first, second] = params;
  if (/^(anvil|hardhat)_mine$/.test(method)) return { blocks: quantity(first, 1), interval: quantity(second, 0) };
  if (method !== "evm_mine") return undefined;
  const { timestamp, blocks } = (typeof first === "object" && first !== null ? first : { timestamp: first }) as {
    timestamp?: unknown;
    blocks?: unknown;
  };
  const time = timestamp === undefined || timestamp === null ? undefined : quantity(timestamp, 0);
  return { blocks: quantity(blocks, 1), time, interval: 0 };
}

/** Reads a JSON-RPC quantity: a number, or hexadecimal text. */
function quantity(value: unknown, otherwise: number): number {
  if (typeof value === "number") return value;
  if (typeof value === "string" && value !== "") return Number(BigInt(value));
  return otherwise;
}

// The one place where the chain changes: each call gets its block's time here, goes to the journal, then to anvil, which mines
// when it is told and not before. One at a time, so that a replay makes the same blocks.
import { hexToNumber, numberToHex } from "viem";
import { LocalError } from "../errors.ts";
import { type CallKind, callKind } from "./calls.ts";
import type { Journal, JournalLine } from "./journal.ts";
import { type Rpc, type RpcCall, RpcFailure } from "./rpc.ts";

/** Carries out calls that change the chain. */
export interface Writer {
  /** Journals a call and makes it; the node's own answer. @throws {@link RpcFailure} when the node refuses it. */
  write(call: RpcCall): Promise<unknown>;
}

/** Calls come from everywhere; this puts them in a row. */
export function createWriter({ rpc, journal, now }: { rpc: Rpc; journal: Journal; now: () => number }): Writer {
  let row: Promise<unknown> = Promise.resolve();
  const inTurn = <result>(task: () => Promise<result>): Promise<result> => {
    const turn = row.then(task, task);
    row = turn.catch(() => undefined);
    return turn;
  };

  // What the node's clock says is asked once, and again after each call that may have set it.
  let clock: { ahead: number; last: number } | undefined;
  async function nextTime(): Promise<number> {
    if (clock) return Math.max(now() + clock.ahead, clock.last);
    return pendingTime(rpc);
  }

  async function one(method: string, params: unknown[], kind: CallKind, at?: number): Promise<unknown> {
    const next = await nextTime();
    const time = at ?? next;
    const ahead = steady((kind === "block" ? time : next + aheadBy(method, params, next)) - now());
    const n = await journal.append({ method, params, time, ahead });
    clock = undefined;
    try {
      const { result, blocks } = await perform(rpc, { method, params, time }, kind);
      await journal.settle(n, await headHash(rpc), blocks);
      if (kind === "block") clock = { ahead, last: time };
      return result;
    } catch (error) {
      if (error instanceof RpcFailure) await journal.settle(n, null);
      throw error;
    }
  }

  return {
    write: ({ method, params = [] }) =>
      inTurn(async () => {
        const kind = callKind(method);
        if (kind === "refused") {
          throw new RpcFailure(method, {
            code: -32_601,
            message: `${method} is not available: this chain is rebuilt from its journal.`,
          });
        }
        if (method.endsWith("Sync")) {
          // One that waits for an earlier nonce must not keep everybody else waiting.
          const hash = await one(method.slice(0, -"Sync".length), params, kind);
          const receipt = await rpc("eth_getTransactionReceipt", [hash]);
          if (receipt) return receipt;
          throw new RpcFailure(method, { code: 4, message: `Transaction ${hash} waits in the pool.` });
        }
        const mining = miningOf(method, params);
        if (!mining) return one(method, params, kind);
        // anvil would give these blocks whatever time it is: each gets its own, on the record.
        let time = mining.time ?? (await nextTime());
        for (let i = 0; i < mining.blocks; i++) {
          await one("evm_mine", [], "block", time);
          time += mining.interval;
        }
        return method === "evm_mine" ? "0x0" : null;
      }),
  };
}

/** Makes the chain of the journal on an anvil that has nothing but its genesis block. Returns the clock's lead in seconds. */
export async function replay(
  rpc: Rpc,
  lines: readonly JournalLine[],
  onProgress: (done: number, of: number) => void = () => {},
): Promise<number> {
  for (const [i, line] of lines.entries()) {
    if (i % 100 === 0) onProgress(i, lines.length);
    if (line.head === null) continue;
    try {
      await perform(rpc, line, callKind(line.method), line.blocks);
    } catch (error) {
      // We were killed between writing it down and making it, and it was one that the node refuses.
      if (error instanceof RpcFailure && line.head === undefined) continue;
      throw error;
    }
    if (line.head !== undefined && (await headHash(rpc)) !== line.head) {
      throw new LocalError(
        "JOURNAL",
        `Call ${line.n} of the chain's journal makes another block than it did; begin anew with --reset.`,
      );
    }
  }
  return lines.at(-1)?.ahead ?? 0;
}

/** Makes a call and mines what is ready then; as many blocks as it made before, when that is known. */
async function perform(
  rpc: Rpc,
  { method, params, time }: { method: string; params: unknown[]; time: number },
  kind: CallKind,
  known?: number,
): Promise<{ result: unknown; blocks: number }> {
  if (kind !== "block") return { result: await rpc(method, params), blocks: 0 };
  if (method === "evm_mine") return { result: await rpc("evm_mine", [time]), blocks: 1 };
  const result = await rpc(method, params);
  let blocks = 0;
  let ready = known === undefined ? await readyCount(rpc) : 0;
  while (known === undefined ? ready > 0 : blocks < known) {
    await rpc("evm_mine", [time]);
    blocks += 1;
    if (known !== undefined) continue;
    // Several may have waited for this one, more than a block holds even. Those that no block takes stay.
    const left = ready === 1 ? 0 : await readyCount(rpc);
    ready = left < ready ? left : 0;
  }
  return { result, blocks };
}

/** Transactions in the pool that could be mined now; those that miss an earlier nonce don't count. */
async function readyCount(rpc: Rpc): Promise<number> {
  return Number(BigInt((await rpc<{ pending: string }>("txpool_status")).pending));
}

async function headHash(rpc: Rpc): Promise<string> {
  return (await rpc<{ hash: string }>("eth_getBlockByNumber", ["latest", false])).hash;
}

/** What the node would put into a block that it makes now. */
async function pendingTime(rpc: Rpc): Promise<number> {
  return hexToNumber((await rpc<{ timestamp: `0x${string}` }>("eth_getBlockByNumber", ["pending", false])).timestamp);
}

/** By how much a call moves the clock. */
function aheadBy(method: string, params: unknown[], clock: number): number {
  if (/_increaseTime$/.test(method)) return quantity(params[0], 0);
  if (/_setTime$/.test(method)) return quantity(params[0], clock) - clock;
  return 0;
}

/** The two clocks tick apart: a second of difference is none, and must not add up over restarts. */
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

function quantity(value: unknown, otherwise: number): number {
  if (typeof value === "number") return value;
  if (typeof value === "string" && value !== "") return Number(BigInt(value));
  return otherwise;
}

/** Sets the node's clock `ahead` seconds before the wall's, but never before its head. */
export async function setClock(rpc: Rpc, ahead: number, now: number): Promise<void> {
  const head = await rpc<{ timestamp: `0x${string}` }>("eth_getBlockByNumber", ["latest", false]);
  await rpc("evm_setTime", [numberToHex(Math.max(now + ahead, hexToNumber(head.timestamp)))]);
}

// Execution of one call by an anvil that mines only when it is told. The sequencer and the replay do it alike.
import { hexToNumber, numberToHex } from "viem";
import type { Rpc } from "./jsonRpc.ts";
import type { MethodKind } from "./methods.ts";

/** Makes a call and mines what is ready then; as many blocks as it made before, when that is known. */
export async function execute(
  rpc: Rpc,
  { method, params, time }: { method: string; params: unknown[]; time: number },
  kind: MethodKind,
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

/** Returns the number of transactions that could be mined now. Those that miss an earlier nonce don't count. */
async function readyCount(rpc: Rpc): Promise<number> {
  return Number(BigInt((await rpc<{ pending: string }>("txpool_status")).pending));
}

/** Returns the hash of the newest block. */
export async function headHash(rpc: Rpc): Promise<string> {
  return (await rpc<{ hash: string }>("eth_getBlockByNumber", ["latest", false])).hash;
}

/** Returns the time that the node would give to a block that it makes now. */
export async function pendingTime(rpc: Rpc): Promise<number> {
  return hexToNumber((await rpc<{ timestamp: `0x${string}` }>("eth_getBlockByNumber", ["pending", false])).timestamp);
}

/** Sets the node's clock `ahead` seconds before the wall's, but never before its head. */
export async function setClock(rpc: Rpc, ahead: number, now: number): Promise<void> {
  const head = await rpc<{ timestamp: `0x${string}` }>("eth_getBlockByNumber", ["latest", false]);
  await rpc("evm_setTime", [numberToHex(Math.max(now + ahead, hexToNumber(head.timestamp)))]);
}

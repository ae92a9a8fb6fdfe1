import { WriteAheadLogError } from "./errors.ts";
import { execute, headHash } from "./execute.ts";
import { type Rpc, RpcError } from "./jsonRpc.ts";
import { methodKind } from "./methods.ts";
import type { LoggedCall } from "./writeAheadLog.ts";

/**
 * Makes the log's chain again, on an anvil that has nothing but its genesis block. Each block must get the hash that it had.
 * @returns The seconds by which the chain's clock was ahead of the wall's after the last call.
 * @throws {@link WriteAheadLogError} `DIVERGED`.
 */
export async function replay(
  rpc: Rpc,
  calls: readonly LoggedCall[],
  onProgress: (done: number, of: number) => void = () => {},
): Promise<number> {
  for (const [i, call] of calls.entries()) {
    if (i % 100 === 0) onProgress(i, calls.length);
    if (call.head === null) continue;
    try {
      await execute(rpc, call, methodKind(call.method), call.blocks);
    } catch (error) {
      // The process was killed between logging the call and making it, and the node refuses it.
      if (error instanceof RpcError && call.head === undefined) continue;
      throw error;
    }
    if (call.head !== undefined && (await headHash(rpc)) !== call.head) {
      throw new WriteAheadLogError(
        "DIVERGED",
        `Call ${call.n} of the chain's journal makes another block than it did.`,
      );
    }
  }
  return calls.at(-1)?.ahead ?? 0;
}

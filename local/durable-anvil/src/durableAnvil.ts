import type { Server } from "node:http";
import { join } from "node:path";
import { WriteAheadLogError } from "./errors.ts";
import { setClock } from "./execute.ts";
import { createNodeClient } from "./jsonRpc.ts";
import { replay } from "./replay.ts";
import { serveRpcProxy } from "./rpcProxy.ts";
import { createSequencer } from "./sequencer.ts";
import { openWriteAheadLog } from "./writeAheadLog.ts";

/** Process of anvil, as its caller started it. */
export interface AnvilProcess {
  /** Stops it in good order. */
  stop(): Promise<void>;
  /** Kills it at once. */
  kill(): Promise<void>;
}

export interface DurableAnvilOptions<Anvil extends AnvilProcess> {
  /** Folder of the log; made when it isn't there. No other process may write to it. */
  readonly folder: string;
  /** Port of 127.0.0.1 for clients. */
  readonly port: number;
  /** Another port, for anvil itself. */
  readonly anvilPort: number;
  readonly chainId: number;
  /** Version of the anvil that is started. A log of another version is refused. */
  readonly anvilVersion: string;
  /** Starts anvil with these arguments and the caller's own. `isUp` says whether it answers yet. */
  readonly startAnvil: (args: readonly string[], isUp: () => Promise<boolean>) => Promise<Anvil>;
  /** Called during the replay with the number of calls made, and that of all. */
  readonly onReplay?: ((done: number, of: number) => void) | undefined;
}

/** Running chain. */
export interface DurableAnvil<Anvil extends AnvilProcess> {
  readonly rpcUrl: string;
  readonly process: Anvil;
  /** True when the log was empty: the chain has its genesis block alone. */
  readonly isNew: boolean;
  /** Closes the port, then the log, then stops anvil. */
  stop(): Promise<void>;
  /** Kills anvil first, as a crash would. */
  kill(): Promise<void>;
}

/**
 * Starts anvil, replays the log, and opens the port.
 * @throws {@link WriteAheadLogError}
 */
export async function startDurableAnvil<Anvil extends AnvilProcess>({
  folder,
  port,
  anvilPort,
  chainId,
  anvilVersion,
  startAnvil,
  onReplay,
}: DurableAnvilOptions<Anvil>): Promise<DurableAnvil<Anvil>> {
  const header = { version: 1, chain_id: chainId, genesis: wallSeconds(), anvil: anvilVersion } as const;
  const log = await openWriteAheadLog(join(folder, "journal.jsonl"), header);
  const { anvil: writtenBy, chain_id: writtenFor, genesis } = log.header;
  if (writtenBy !== anvilVersion || writtenFor !== chainId) {
    await log.close();
    throw new WriteAheadLogError(
      "OTHER_ANVIL",
      `The chain in ${folder} was made by anvil ${writtenBy}, this is ${anvilVersion}.`,
    );
  }
  const node = createNodeClient(`http://127.0.0.1:${anvilPort}`);
  const { rpc } = node;
  const args = ["--port", `${anvilPort}`, "--no-mining", "--chain-id", `${chainId}`, "--timestamp", `${genesis}`];
  const anvil = await startAnvil(args, () =>
    rpc("eth_chainId").then(
      () => true,
      () => false,
    ),
  );
  let proxy: Server | undefined;
  try {
    const ahead = await replay(rpc, log.calls, onReplay);
    if (log.calls.length > 0) await setClock(rpc, ahead, wallSeconds());
    proxy = await serveRpcProxy({ port, node, sequencer: createSequencer({ rpc, log, now: wallSeconds }) });
  } catch (error) {
    await anvil.stop();
    await log.close();
    throw error;
  }
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => proxy?.close(() => resolve()));
    proxy?.closeAllConnections();
    await closed;
    node.close();
    await log.close();
  };
  return {
    rpcUrl: `http://127.0.0.1:${port}`,
    process: anvil,
    isNew: log.calls.length === 0,
    stop: async () => {
      await close();
      await anvil.stop();
    },
    kill: async () => {
      await anvil.kill();
      await close();
    },
  };
}

function wallSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

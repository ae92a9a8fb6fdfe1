// The chain of a local grid: anvil behind its write-ahead log, with Base's rules and the test accounts' ETH.
import { type DurableAnvil, startDurableAnvil, WriteAheadLogError } from "@gridnft/durable-anvil";
import { foundryBinary } from "../../tools/foundry.mjs";
import { accountCount } from "./accounts.ts";
import { baseLike } from "./deployLocal.ts";
import { LocalError } from "./errors.ts";
import { anyPort } from "./ports.ts";
import type { Processes, RunningProcess } from "./processes.ts";

/** Version that package.json pins. */
const ANVIL_VERSION = "1.7.1";
export const localChainId = 31_337;

/** Running chain of a local grid. */
export type LocalChain = DurableAnvil<RunningProcess>;

export interface ChainOptions {
  /** Folder of the write-ahead log. */
  folder: string;
  port: number;
  processes: Processes;
  /** Called during the replay with the number of calls made, and that of all. */
  onReplay?: (done: number, of: number) => void;
}

/**
 * Starts the chain of the folder, or a new one.
 * @throws {@link LocalError} `JOURNAL` when it can't be made again.
 */
export async function startChain({ folder, port, processes, onReplay }: ChainOptions): Promise<LocalChain> {
  try {
    return await startDurableAnvil({
      ...{ folder, port, onReplay, anvilPort: await anyPort(), chainId: localChainId, anvilVersion: ANVIL_VERSION },
      startAnvil: (args, isUp) =>
        processes.start({
          name: "chain",
          command: foundryBinary("anvil"),
          args: [...args, "--silent", ...baseLike, "--accounts", `${accountCount}`],
          cwd: folder,
          environment: process.env,
          isReady: async () => ((await isUp()) ? true : undefined),
          patience: 20_000,
        }),
    });
  } catch (cause) {
    if (!(cause instanceof WriteAheadLogError)) throw cause;
    throw new LocalError("JOURNAL", cause.message.replace(/\.$/, "; begin anew with --reset."), { cause });
  }
}

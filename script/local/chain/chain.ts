// A chain that keeps: anvil behind the front, its journal in a folder.
import type { Server } from "node:http";
import { join } from "node:path";
import { foundryBinary } from "../../../tools/foundry.mjs";
import { baseLike } from "../../deployLocal.ts";
import { accountCount } from "../accounts.ts";
import { LocalError } from "../errors.ts";
import { anyPort } from "../ports.ts";
import type { Processes, RunningProcess } from "../processes.ts";
import { serveFront } from "./front.ts";
import { type Journal, openJournal } from "./journal.ts";
import { createRpc } from "./rpc.ts";
import { createWriter, replay, setClock } from "./writer.ts";

/** The version that package.json pins. */
const anvilVersion = "1.7.1";
export const localChainId = 31_337;

/** A running chain. */
export interface LocalChain {
  readonly rpcUrl: string;
  readonly process: RunningProcess;
  /** Nothing was in the journal: the protocol is still to be deployed. */
  readonly isNew: boolean;
  stop(): Promise<void>;
  /** kill -9 for anvil; the front goes, too. */
  kill(): Promise<void>;
}

export interface ChainOptions {
  /** Where the journal lives. */
  folder: string;
  port: number;
  processes: Processes;
  /** Calls replayed, of so many. */
  onReplay?: (done: number, of: number) => void;
}

/** Starts anvil, makes the journal's blocks again, and opens the front on `port`. */
export async function startChain({ folder, port, processes, onReplay }: ChainOptions): Promise<LocalChain> {
  const journal = await openJournal(join(folder, "journal.jsonl"), {
    version: 1,
    chain_id: localChainId,
    genesis: wallSeconds(),
    anvil: anvilVersion,
  });
  if (journal.header.anvil !== anvilVersion || journal.header.chain_id !== localChainId) {
    await journal.close();
    throw new LocalError(
      "JOURNAL",
      `The chain in ${folder} was made by anvil ${journal.header.anvil}, this is ${anvilVersion}; begin anew with --reset.`,
    );
  }
  const upstreamPort = await anyPort();
  const upstream = `http://127.0.0.1:${upstreamPort}`;
  const { rpc, close } = createRpc(upstream);
  const anvil = await processes.start({
    name: "chain",
    command: foundryBinary("anvil"),
    args: anvilArguments(journal, upstreamPort),
    cwd: folder,
    environment: process.env,
    isReady: () => rpc("eth_chainId").catch(() => undefined),
    patience: 20_000,
  });
  let front: Server | undefined;
  try {
    const ahead = await replay(rpc, journal.lines, onReplay);
    if (journal.lines.length > 0) await setClock(rpc, ahead, wallSeconds());
    front = await serveFront({ port, upstream, writer: createWriter({ rpc, journal, now: wallSeconds }) });
  } catch (error) {
    await anvil.stop();
    await journal.close();
    throw error;
  }
  const shut = async (): Promise<void> => {
    const ended = new Promise<void>((resolve) => front?.close(() => resolve()));
    front?.closeAllConnections();
    await ended;
    close();
    await journal.close();
  };
  return {
    rpcUrl: `http://127.0.0.1:${port}`,
    process: anvil,
    isNew: journal.lines.length === 0,
    stop: async () => {
      await shut();
      await anvil.stop();
    },
    kill: async () => {
      await anvil.kill();
      await shut();
    },
  };
}

function anvilArguments(journal: Journal, port: number): string[] {
  return [
    ...["--port", `${port}`, "--silent", "--no-mining", ...baseLike],
    ...["--accounts", `${accountCount}`, "--chain-id", `${journal.header.chain_id}`],
    ...["--timestamp", `${journal.header.genesis}`],
  ];
}

function wallSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

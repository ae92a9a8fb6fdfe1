import type { ChainBlock, ChainReader, KnownBlock, Verdict } from "../../../ops/chainReader.ts";
import { type FinalizedCheckpoint, readCheckpoints } from "../../../ops/finalizedCheckpoint.ts";
import type { IndexedBlock } from "../query/queryContext.ts";
import type { Reader } from "../query/readPool.ts";
import { type Progress, readProgress } from "./progress.ts";

/** Body of `GET /v1/health`. */
export interface Health {
  /** `ok` alone comes with status 200. */
  readonly status: "ok" | "starting" | "behind" | "reorganised" | "chain_unreachable" | "database_unreachable";
  /** Fault, and what to do about it. Null when `ok`. */
  readonly reason: string | null;
  readonly chain_id: number;
  /** Last block that was indexed. */
  readonly indexed: { readonly block: number; readonly timestamp: number } | null;
  /** Newest block of the chain. */
  readonly head: { readonly block: number; readonly timestamp: number } | null;
  readonly lag_blocks: number | null;
  readonly lag_seconds: number | null;
  /** True when the chain still has the blocks that rows come from. Null when it can't be told. */
  readonly canonical: boolean | null;
}

export interface HealthDependencies {
  readonly reader: Reader;
  readonly chain: ChainReader;
  /** Schema of the tables that answer now. */
  readonly schema: () => string;
  readonly chainId: number;
  /** Blocks that the index may be behind. */
  readonly maxLag: number;
  /** Milliseconds between the indexer's looks at the chain's head. */
  readonly pollingInterval: number;
  readonly memory: HealthMemory;
  /** Resolves to the block at which this process answers: to one that is asked for, or after a while to the last one before it. */
  readonly answersAt: (block: number) => Promise<IndexedBlock | undefined>;
}

/** Memory of earlier looks. */
export interface HealthMemory {
  /** When the chain last had all blocks that rows come from. */
  confirmedAt: number;
  /** When rows last came, and where the head was then. */
  moved: { readonly version: string; readonly at: number; readonly head: number } | undefined;
  /** Last look, while it is no older than `LIFE`. */
  last: { readonly at: number; readonly look: Promise<Look> } | undefined;
}

/** Findings of a look, and the checkpoints that it is founded on. */
export interface Look {
  readonly health: Health;
  readonly checkpoints: readonly FinalizedCheckpoint[];
}

/** Milliseconds for which whoever asks gets the same answer: asking must not become a load on the chain's node. */
const LIFE = 250;
/** Milliseconds that a node may not have the newest row's block, before we say that nobody has: it may just be late. */
const MISSING = 8_000;
/** Milliseconds without a row's moving, while the chain goes on. */
const STALLED = 8_000;
/** Blocks by which the chain has to go on meanwhile. */
const STALLED_BLOCKS = 3;

const REBUILD = "npm run rebuild -w indexer";

export function newHealthMemory(): HealthMemory {
  return { confirmedAt: Date.now(), moved: undefined, last: undefined };
}

/**
 * Compares the index with the chain itself: how far behind it is, and whether its rows are of the chain as it is now. Ponder's
 * own `/ready` says neither.
 */
export async function readHealth(dependencies: HealthDependencies): Promise<Health> {
  return (await lookAtHealth(dependencies)).health;
}

export function lookAtHealth(dependencies: HealthDependencies): Promise<Look> {
  const { memory } = dependencies;
  const now = Date.now();
  if (!memory.last || now - memory.last.at > LIFE) memory.last = { at: now, look: look(dependencies) };
  return memory.last.look;
}

async function look(dependencies: HealthDependencies): Promise<Look> {
  const { reader, chain, schema, chainId, memory, answersAt } = dependencies;
  const unknown = {
    chain_id: chainId,
    indexed: null,
    head: null,
    lag_blocks: null,
    lag_seconds: null,
    canonical: null,
  };
  let progress: Progress | undefined;
  let checkpoints: FinalizedCheckpoint[] = [];
  try {
    [progress, checkpoints] = await readIndex(reader, schema(), chainId);
    // The database may be ahead of the notification: who reads a block here must find it in the next answer.
    if (progress) progress = answered(progress, await answersAt(progress.number));
  } catch {
    const reason = "The database doesn't answer.";
    return { checkpoints, health: { ...unknown, status: "database_unreachable", reason } };
  }
  let head: ChainBlock | undefined;
  let verdict: Verdict;
  try {
    [head, verdict] = await Promise.all([chain.head(), judge(chain, progress, checkpoints)]);
  } catch {
    const reason = "No node of the chain answers (GRID_RPC_URL).";
    return { checkpoints, health: { ...unknown, status: "chain_unreachable", reason, indexed: blockJson(progress) } };
  }
  if (!progress || !head) {
    const reason = "Nothing is indexed yet.";
    return { checkpoints, health: { ...unknown, status: "starting", reason, head: blockJson(head) } };
  }
  const now = Date.now();
  if (verdict === "yes") memory.confirmedAt = now;
  const canonical = verdict === "yes" || (verdict === "unknown" && now - memory.confirmedAt <= MISSING ? null : false);
  const lag = Math.max(0, head.number - progress.number);
  const [status, reason] = judgement({ ...dependencies, progress, canonical, verdict, lag, head, checkpoints });
  return {
    checkpoints,
    health: {
      status,
      reason,
      chain_id: chainId,
      indexed: blockJson(progress),
      head: blockJson(head),
      lag_blocks: lag,
      lag_seconds: Math.max(0, head.timestamp - progress.timestamp),
      canonical,
    },
  };
}

/** Returns the progress as answers have it: of a process that hears of no new blocks, it ends at the last one that it heard of. */
function answered(progress: Progress, block: IndexedBlock | undefined): Progress | undefined {
  if (block === undefined || block.number >= progress.number) return block && progress;
  return { ...progress, number: block.number, timestamp: block.timestamp };
}

async function readIndex(
  reader: Reader,
  schema: string,
  chainId: number,
): Promise<[Progress | undefined, FinalizedCheckpoint[]]> {
  const progress = await readProgress(reader, schema, chainId);
  return [progress, progress ? await readCheckpoints(reader, schema) : []];
}

/**
 * A block's hash commits to all before it: while the chain has the newest block that a row comes from, every row that was made
 * in one go is of this chain; checkpoints stand for those that were made before the indexer was started again. That none is
 * missing since is told by the time of the last block looked at.
 */
async function judge(
  chain: ChainReader,
  progress: Progress | undefined,
  checkpoints: readonly FinalizedCheckpoint[],
): Promise<Verdict> {
  if (!progress) return "unknown";
  const known: KnownBlock[] = [...checkpoints];
  if (progress.lastEvent) known.push(progress.lastEvent);
  if (progress.number > 0) known.push({ number: progress.number, timestamp: progress.timestamp });
  const verdicts = await Promise.all(known.map((block) => chain.has(block)));
  return verdicts.includes("no") ? "no" : verdicts.includes("unknown") ? "unknown" : "yes";
}

interface Findings extends HealthDependencies {
  readonly progress: Progress;
  readonly canonical: boolean | null;
  readonly verdict: Verdict;
  readonly lag: number;
  readonly head: ChainBlock;
  readonly checkpoints: readonly FinalizedCheckpoint[];
}

function judgement(findings: Findings): [Health["status"], string | null] {
  const { progress, canonical, verdict, lag, head, maxLag } = findings;
  const isStalled = hasStalled(findings);
  if (canonical === false) {
    const what =
      verdict === "unknown"
        ? `The chain has no block ${Math.max(progress.number, progress.lastEvent?.number ?? 0)} any more, from which rows come.`
        : "The chain took blocks back from which rows come.";
    // Ponder goes back by itself as far as it has not called blocks final.
    const advice = isFinal(findings) || isStalled ? "It will not mend by itself" : "If this does not pass in seconds";
    return ["reorganised", `${what} ${advice}: ${REBUILD}.`];
  }
  if (!progress.ready) return ["starting", `The history is indexed up to block ${progress.number} of ${head.number}.`];
  if (lag > maxLag) return ["behind", `The index is ${lag} blocks behind the chain.`];
  if (isStalled) {
    return [
      "behind",
      `Nothing was indexed for a while, and the chain is ${lag} blocks further. See the indexer's log.`,
    ];
  }
  return ["ok", null];
}

/** Returns whether rows are of another branch that the indexer does not take back. */
function isFinal({ progress, verdict, checkpoints }: Findings): boolean {
  if (verdict !== "no") return false;
  return checkpoints.length > 1 || (progress.lastEvent !== undefined && progress.lastEvent.number <= progress.final);
}

function hasStalled({ memory, progress, head, lag, pollingInterval }: Findings): boolean {
  const now = Date.now();
  if (memory.moved?.version !== progress.version) {
    memory.moved = { version: progress.version, at: now, head: head.number };
    return false;
  }
  const { at, head: headThen } = memory.moved;
  const isLong = now - at > Math.max(STALLED, 3 * pollingInterval);
  return isLong && lag >= STALLED_BLOCKS && head.number - headThen >= STALLED_BLOCKS;
}

function blockJson(block: { number: number; timestamp: number } | undefined) {
  return block ? { block: block.number, timestamp: block.timestamp } : null;
}

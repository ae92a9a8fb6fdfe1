// Changes as they are indexed: one computation for each block, told to everybody who listens.
import { type ChangedIds, changedBetween, markAt } from "../query/changedIds.ts";
import type { IndexedBlock, StatementScope } from "../query/queryContext.ts";
import type { ReadPool } from "../query/readPool.ts";
import type { IndexingStatus } from "../status/indexingStatus.ts";

/** Reason for which a listener has to ask anew for whatever it keeps. */
export type ResetReason =
  /** The chain took blocks back that were told. */
  | "reorg"
  /** More happened since than one event holds. */
  | "too_much"
  /** The id that it goes on from is none of this chain's, or of a block that is not indexed any more. */
  | "unknown_id";

/** One event. */
export interface ChangeEvent {
  /** Block number and the mark of the history up to it: where to go on. */
  readonly id: string;
  /** `block`: nothing that history knows happened in it. */
  readonly event: "changes" | "reset" | "block";
  readonly data: object;
}

/** Listener of changes. */
export interface Listener {
  tell(event: ChangeEvent): void;
  /** The database could not say what it has missed: it has to come again. */
  end(): void;
}

export interface Changes {
  /**
   * Tells a listener everything from now on, or from after an id on.
   * @returns How to stop; undefined when too many listen.
   */
  listen(listener: Listener, after: string | undefined): (() => void) | undefined;
  /** Listeners there are. */
  readonly size: number;
}

export interface ChangesDependencies {
  readonly pool: ReadPool;
  readonly indexingStatus: IndexingStatus;
  readonly chainId: number;
  readonly onError: (error: unknown) => void;
  /** Most listeners. */
  readonly max?: number;
}

/** Most listeners of a process: each holds a connection. */
const MAX_LISTENERS = 1_000;

interface Told {
  readonly block: IndexedBlock;
  readonly mark: string;
}

/** Starts to follow the index when the first listener comes. */
export function createChanges({
  pool,
  indexingStatus,
  chainId,
  onError,
  max = MAX_LISTENERS,
}: ChangesDependencies): Changes {
  /** Listeners that know everything up to `told`. */
  const listeners = new Set<Listener>();
  const waiting = new Set<Listener>();
  let told: Told | undefined;
  let unfollow: (() => void) | undefined;
  /** Blocks and newcomers one after the other: nobody misses an event, and nobody gets one twice. */
  let last: Promise<void> = Promise.resolve();
  const enqueue = (step: () => Promise<void>): void => {
    last = last.then(step).catch(onError);
  };

  const scope = (): StatementScope => ({ schema: indexingStatus.schema(), chainId, block: indexingStatus.current() });

  const positionOf = async (block: IndexedBlock): Promise<Told> => ({
    block,
    mark: await markAt(scope(), pool.lists, block.number),
  });

  /** The event for whoever knows everything up to a block: what happened since, up to where everybody shall be. */
  function eventFrom(after: Known, to: Told, lost: ResetReason): Promise<ChangeEvent> {
    return pool.snapshot(async (reader) => {
      const { chainId, number, timestamp } = to.block;
      const id = `${number}-${to.mark}`;
      const block = { chain_id: chainId, number, timestamp };
      const reset = (reason: ResetReason): ChangeEvent => ({ id, event: "reset", data: { block, reason } });
      if (after.number > number) return reset(lost);
      if (after.mark !== undefined && after.mark !== (await markAt(scope(), reader, after.number))) return reset(lost);
      const changed = await changedBetween(scope(), reader, after.number, number);
      if (!changed) return reset("too_much");
      if (isEmpty(changed)) return { id, event: "block", data: { block } };
      return { id, event: "changes", data: { block, from_block: after.number + 1, ...changed } };
    });
  }

  async function follow(): Promise<void> {
    const block = indexingStatus.current();
    const from = told;
    if (!block || !from) return;
    const next = await positionOf(block);
    if (next.block.number === from.block.number && next.mark === from.mark) return;
    const event = await eventFrom({ number: from.block.number, mark: from.mark }, next, "reorg");
    // All may have left meanwhile.
    if (told !== from) return;
    told = next;
    for (const { tell } of listeners) tell(event);
  }

  async function welcome(listener: Listener, after: string | undefined): Promise<void> {
    // Listeners that are there already are brought to the same block first.
    await follow();
    const block = indexingStatus.current();
    if (!told && !block) return listener.end();
    const to = told ?? (await positionOf(block as IndexedBlock));
    const event = await eventFrom(knownOf(after, to), to, "unknown_id");
    // It may have left meanwhile.
    if (!waiting.delete(listener)) return undefined;
    told = to;
    listeners.add(listener);
    return listener.tell(event);
  }

  return {
    get size() {
      return listeners.size + waiting.size;
    },
    listen: (listener, after) => {
      if (listeners.size + waiting.size >= max) return undefined;
      waiting.add(listener);
      enqueue(async () => {
        if (!waiting.has(listener)) return;
        await welcome(listener, after).catch((error: unknown) => {
          listener.end();
          throw error;
        });
      });
      unfollow ??= indexingStatus.onBlock(() => enqueue(follow));
      return () => {
        waiting.delete(listener);
        listeners.delete(listener);
        if (listeners.size + waiting.size > 0) return;
        unfollow?.();
        unfollow = undefined;
        told = undefined;
      };
    },
  };
}

/** Up to where somebody knows everything. `mark`: of which branch, if it says so. */
interface Known {
  readonly number: number;
  readonly mark: string | undefined;
}

/** Reads an id. Without one a listener begins at the block that all know; one that cannot be read is beyond every block. */
function knownOf(id: string | undefined, told: Told): Known {
  if (id === undefined) return { number: told.block.number, mark: told.mark };
  const [, number, mark] = /^(\d{1,15})(?:-([0-9a-f]{12}))?$/.exec(id) ?? [];
  return { number: number === undefined ? Number.POSITIVE_INFINITY : Number(number), mark };
}

function isEmpty(changed: ChangedIds): boolean {
  return Object.values(changed).every((ids: readonly string[]) => ids.length === 0);
}

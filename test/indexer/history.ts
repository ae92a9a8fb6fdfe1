import { NothingToDo } from "./actions/choice.ts";
import { actions } from "./actions.ts";
import type { HistoryState } from "./historyState.ts";

/** How often each action came about, and what stood in the way of the others. */
export interface Tally {
  readonly tried: Map<string, number>;
  readonly done: Map<string, number>;
  readonly refused: Map<string, string>;
}

export function newTally(): Tally {
  return { tried: new Map(), done: new Map(), refused: new Map() };
}

/**
 * Lets `steps` random things happen, half of the time one of those that were tried least. What a contract refuses did not happen: that is part of
 * life, but each action has to come about some time, which the caller checks by the tally.
 */
export async function happen(state: HistoryState, steps: number, tally: Tally): Promise<void> {
  const names = Object.keys(actions);
  for (let step = 0; step < steps; step++) {
    const least = Math.min(...names.map((name) => tally.tried.get(name) ?? 0));
    const rare = names.filter((name) => (tally.tried.get(name) ?? 0) === least);
    await attempt(state, state.dice.pick(state.dice.chance(0.5) ? rare : names) ?? "", tally);
  }
}

/** Tries what never came about, until all of it did or there is no use in it. */
export async function complete(state: HistoryState, tally: Tally): Promise<void> {
  for (let round = 0; round < 40; round++) {
    const missing = Object.keys(actions).filter((name) => !tally.done.has(name));
    for (const name of missing) await attempt(state, name, tally);
    if (missing.length === 0) return;
  }
}

/** Tries one action, and keeps the tally. */
export async function attempt(state: HistoryState, name: string, tally: Tally): Promise<void> {
  tally.tried.set(name, (tally.tried.get(name) ?? 0) + 1);
  try {
    await actions[name]?.(state);
    tally.done.set(name, (tally.done.get(name) ?? 0) + 1);
  } catch (error) {
    if (!(error instanceof NothingToDo)) tally.refused.set(name, reasonOf(error));
  }
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /Error: (\w+\([^)]*\))/.exec(message)?.[1] ?? message.split("\n").slice(0, 3).join(" ");
}

// What an action is, and how it chooses whom and what it is about.
import type { Address } from "viem";
import { gridNftAbi } from "../../../sdk/src/index.ts";
import type { Party } from "../../fixtures/chain.ts";
import type { HistoryState } from "../historyState.ts";

/** Does something, or throws because just now it can't be done. */
export type Action = (state: HistoryState) => Promise<unknown>;

/** Thrown when there is nothing to do something with. */
export class NothingToDo extends Error {}

export function some<Item>(state: HistoryState, items: readonly Item[]): Item {
  const item = state.dice.pick(items);
  if (item === undefined) throw new NothingToDo();
  return item;
}

export function someParty(state: HistoryState): Party {
  return some(state, [...state.artists, state.collector, state.author, state.gateway]);
}

/** A token that exists, with its owner, who takes part in this. */
export async function someToken(
  state: HistoryState,
  collection: "nft" | "aigc",
): Promise<{ tokenId: bigint; owner: Party }> {
  return some(state, await tokens(state, collection));
}

/** Owners of all tokens of a collection, by its logs. */
export async function owners(state: HistoryState, collection: "nft" | "aigc"): Promise<Map<bigint, Address>> {
  const { address } = state.owner.grid[collection];
  const logs = await state.owner.wallet.getContractEvents({
    abi: gridNftAbi,
    address,
    eventName: "Transfer",
    fromBlock: 0n,
    strict: true,
  });
  return new Map(logs.map(({ args }) => [args.tokenId, args.to]));
}

/** All tokens of a collection whose owners take part in this. */
export async function tokens(
  state: HistoryState,
  collection: "nft" | "aigc",
): Promise<{ tokenId: bigint; owner: Party }[]> {
  const parties = [...state.artists, state.collector, state.author, state.gateway, state.owner];
  return [...(await owners(state, collection))].flatMap(([tokenId, address]) => {
    const owner = parties.find((party) => party.address === address);
    return owner ? [{ tokenId, owner }] : [];
  });
}

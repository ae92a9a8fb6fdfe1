// What an action is, and how it chooses whom and what it is about.
import type { Address } from "viem";
import { gridNftAbi } from "../../../sdk/src/index.ts";
import type { Party } from "../../e2e/chain.ts";
import type { World } from "../world.ts";

/** Does something, or throws because just now it can't be done. */
export type Action = (world: World) => Promise<unknown>;

/** Thrown when there is nothing to do something with. */
export class NothingToDo extends Error {}

export function some<Item>(world: World, items: readonly Item[]): Item {
  const item = world.dice.pick(items);
  if (item === undefined) throw new NothingToDo();
  return item;
}

export function someParty(world: World): Party {
  return some(world, [...world.artists, world.collector, world.author, world.gateway]);
}

/** A token that exists, with its owner, who takes part in this. */
export async function someToken(world: World, collection: "nft" | "aigc"): Promise<{ tokenId: bigint; owner: Party }> {
  return some(world, await tokens(world, collection));
}

/** Owners of all tokens of a collection, by its logs. */
export async function owners(world: World, collection: "nft" | "aigc"): Promise<Map<bigint, Address>> {
  const { address } = world.owner.grid[collection];
  const logs = await world.owner.wallet.getContractEvents({
    abi: gridNftAbi,
    address,
    eventName: "Transfer",
    fromBlock: 0n,
    strict: true,
  });
  return new Map(logs.map(({ args }) => [args.tokenId, args.to]));
}

/** All tokens of a collection whose owners take part in this. */
export async function tokens(world: World, collection: "nft" | "aigc"): Promise<{ tokenId: bigint; owner: Party }[]> {
  const parties = [...world.artists, world.collector, world.author, world.gateway, world.owner];
  return [...(await owners(world, collection))].flatMap(([tokenId, address]) => {
    const owner = parties.find((party) => party.address === address);
    return owner ? [{ tokenId, owner }] : [];
  });
}

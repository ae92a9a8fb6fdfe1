import { type Address, toHex } from "viem";
import type { LocalGrid } from "../e2e/chain.ts";

async function ask<Answer>(grid: LocalGrid, method: string, params: readonly unknown[]): Promise<Answer> {
  const { wallet } = grid.party(0);
  return (await wallet.request({ method: method as never, params: params as never })) as Answer;
}

/** Gives an account ETH. */
export async function setBalance(grid: LocalGrid, account: Address, wei: bigint): Promise<void> {
  await ask(grid, "anvil_setBalance", [account, toHex(wei)]);
}

/** Remembers the chain as it is. */
export function snapshot(grid: LocalGrid): Promise<string> {
  return ask(grid, "evm_snapshot", []);
}

/** Goes back to what was remembered: the blocks since then never happened. */
export async function revert(grid: LocalGrid, id: string): Promise<void> {
  if (!(await ask<boolean>(grid, "evm_revert", [id]))) throw new Error(`There is no snapshot ${id}.`);
}

/** Mines empty blocks. */
export async function mine(grid: LocalGrid, blocks: number): Promise<void> {
  await ask(grid, "anvil_mine", [toHex(blocks)]);
}

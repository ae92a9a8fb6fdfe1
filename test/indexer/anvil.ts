import { type Address, type Hex, toHex } from "viem";
import type { LocalGrid } from "../e2e/chain.ts";

async function ask<Answer>(grid: LocalGrid, method: string, params: readonly unknown[]): Promise<Answer> {
  const { wallet } = grid.party(0);
  return (await wallet.request({ method: method as never, params: params as never })) as Answer;
}

/** Gives an account ETH. */
export async function setBalance(grid: LocalGrid, account: Address, wei: bigint): Promise<void> {
  await ask(grid, "anvil_setBalance", [account, toHex(wei)]);
}

/** Puts code at an address. */
export async function setCode(grid: LocalGrid, address: Address, code: Hex): Promise<void> {
  await ask(grid, "anvil_setCode", [address, code]);
}

/** Sends a transaction of an account without a key. */
export async function sendAs(grid: LocalGrid, call: { from: Address; to: Address; data: Hex }): Promise<Hex> {
  await setBalance(grid, call.from, 10n ** 18n);
  await ask(grid, "anvil_impersonateAccount", [call.from]);
  return ask(grid, "eth_sendTransaction", [call]);
}

/** Sets whether each transaction is mined at once, in a block of its own. */
export async function setAutomine(grid: LocalGrid, isOn: boolean): Promise<void> {
  await ask(grid, "evm_setAutomine", [isOn]);
}

/** Remembers the chain as it is. */
export function snapshot(grid: LocalGrid): Promise<string> {
  return ask(grid, "evm_snapshot", []);
}

/** Goes back to what was remembered: the blocks since then never happened. */
export async function revert(grid: LocalGrid, id: string): Promise<void> {
  if (!(await ask<boolean>(grid, "evm_revert", [id]))) throw new Error(`There is no snapshot ${id}.`);
}

/** Mines an empty block of just this time. */
export async function mineAt(grid: LocalGrid, time: number): Promise<void> {
  await ask(grid, "evm_setNextBlockTimestamp", [toHex(time)]);
  await mine(grid, 1);
}

/** Mines empty blocks. */
export async function mine(grid: LocalGrid, blocks: number): Promise<void> {
  await ask(grid, "anvil_mine", [toHex(blocks)]);
}

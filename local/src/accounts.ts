import type { Address, Hex } from "viem";
import { type HDAccount, mnemonicToAccount } from "viem/accounts";

/** Public test mnemonic of anvil. Everybody knows its keys: never send real money to these accounts. */
export const testMnemonic = "test test test test test test test test test test test junk";

/** Number of accounts of the mnemonic that have ETH on a local chain. */
export const accountCount = 20;

/** Index of each named account of the mnemonic. */
export const accountIndex = {
  deployer: 0,
  admin: 1,
  upgrader: 2,
  params: 3,
  curator: 4,
  guardian: 5,
  treasury: 6,
  artist: 7,
  worker1: 8,
  gateway: 9,
  worker2: 10,
  author: 11,
  collector: 12,
} as const;
export type AccountName = keyof typeof accountIndex;

/** Returns the account of that name, which can sign. */
export function testAccount(name: AccountName): HDAccount {
  return mnemonicToAccount(testMnemonic, { addressIndex: accountIndex[name] });
}

/** Test account as `grid.json` lists it. */
export interface ListedAccount {
  name: AccountName;
  address: Address;
  private_key: Hex;
}

/** Returns all named test accounts with their (public) private keys. */
export function listedAccounts(): ListedAccount[] {
  return (Object.keys(accountIndex) as AccountName[]).map((name) => {
    const account = testAccount(name);
    const key = account.getHdKey().privateKey;
    if (!key) throw new Error(`The mnemonic has no key for ${name}.`);
    return { name, address: account.address, private_key: `0x${Buffer.from(key).toString("hex")}` };
  });
}

import { bytesToHex, type Hex } from "viem";
import { mnemonicToAccount } from "viem/accounts";

/** Private key of one of anvil's public test accounts. */
export function accountKey(addressIndex: number): Hex {
  const account = mnemonicToAccount("test test test test test test test test test test test junk", { addressIndex });
  return bytesToHex(account.getHdKey().privateKey ?? new Uint8Array());
}

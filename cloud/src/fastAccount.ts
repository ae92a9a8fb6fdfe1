import { createFastSigner } from "@gridnft/sdk";
import type { Hex } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";

/** Creates the account of a private key as viem does. It signs digests on WebAssembly, which is loaded for the first one. */
export function fastAccount(privateKey: Hex): PrivateKeyAccount {
  let signer: ReturnType<typeof createFastSigner> | undefined;
  return {
    ...privateKeyToAccount(privateKey),
    sign: async ({ hash }) => {
      signer ??= createFastSigner(privateKey);
      return (await signer)(hash);
    },
  };
}

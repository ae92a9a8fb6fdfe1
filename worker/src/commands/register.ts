import { bondState, postBond, SignerRole, settlementTypes } from "@gridnft/sdk";
import { formatEther, type Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { isGoodSigner } from "../chain/facts.ts";
import { WorkerError } from "../errors.ts";
import { type ColdAccount, openColdAccount, readOption, readTable, registerTable } from "./coldAccount.ts";

/** Seconds for which the key's proof of possession is good. */
const PROOF_SECONDS = 3_600n;

/**
 * `main.ts register [--profile <uri>]`: posts the least bond and registers the hot key, as far as either is not done yet. Run
 * again, it does what is missing.
 *
 * @returns What was done, a sentence a line.
 * @throws {@link WorkerError} `ENVIRONMENT_INVALID`, `TRANSACTION_FAILED`, or as `connectChain` and `postBond`.
 */
export async function registerWorker(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<string> {
  const profile = readOption(args, "profile") ?? "";
  const settings = readTable(registerTable, environment);
  const cold = await openColdAccount(settings);
  const done = [await addBond(cold, profile), await addKey(cold, settings.signerKey)];
  return done.join("\n");
}

async function addBond({ account, chain, grid, wallet }: ColdAccount, profile: string): Promise<string> {
  const worker = account.address;
  const { deployment } = chain;
  const [{ bond, minBond }, held] = await Promise.all([
    bondState(chain.client, { deployment, worker }),
    grid.aipg.read.balanceOf([worker]),
  ]);
  if (held < minBond - bond) {
    throw new WorkerError(
      "TRANSACTION_FAILED",
      `The bond needs ${formatEther(minBond - bond)} AIPG more, and ${worker} has ${formatEther(held)} AIPG.`,
    );
  }
  const hash = await postBond(wallet, { deployment, profile });
  return hash === undefined ? `${worker} is bonded.` : `${worker} is bonded with ${formatEther(minBond)} AIPG.`;
}

async function addKey({ account, chain, grid, mined }: ColdAccount, signerKey: Hex): Promise<string> {
  const signer = privateKeyToAccount(signerKey);
  const { WORKER_SIGNER } = SignerRole;
  if (await isGoodSigner(chain.grid, account.address, WORKER_SIGNER, signer.address))
    return `${signer.address} signs for it.`;
  const { timestamp } = await chain.client.getBlock();
  const now = BigInt(Math.floor(Date.now() / 1_000));
  const deadline = (timestamp > now ? timestamp : now) + PROOF_SECONDS;
  const proof = await signer.signTypedData({
    ...{ domain: chain.domain, types: settlementTypes, primaryType: "SignerProof" },
    message: { account: account.address, role: WORKER_SIGNER, deadline },
  });
  await mined(grid.settlement.write.addSigner([signer.address, WORKER_SIGNER, deadline, proof]));
  return `${signer.address} signs for it now. Send it some ETH: it pays for settling and collecting.`;
}

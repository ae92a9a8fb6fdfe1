import { type Address, type Hex, parseSignature } from "viem";
import { getBlock, getChainId, readContract, signTypedData } from "viem/actions";
import { type Call, type ContractCall, contractCall, type Sender, toCalls } from "../chain/call.js";
import type { Deployment } from "../chain/deployment.js";
import { type ReadClient, transact, transactAll, type WalletClient } from "../chain/transact.js";
import { aipgAt, settlementAt } from "../generated/used.js";
import { GridError } from "../lib/errors.js";
import { normaliseSignature } from "../messages/signature.js";
import { accountState } from "./accountState.js";
import { allowanceCalls } from "./allowance.js";

/** A deposit. */
export interface DepositOptions {
  readonly deployment: Deployment;
  /** AIPG wei. */
  readonly amount: bigint;
  /** Account that is credited. Default: the sender's. */
  readonly account?: Address;
  /** Use ERC-2612 where the token has it: one transaction instead of two. Default true. */
  readonly permit?: boolean;
}

/**
 * Pays AIPG into a settlement account: by permit in one transaction where the token has it, else by an approval of exactly the
 * amount and a deposit.
 *
 * @returns Hash of the depositing transaction.
 * @throws {@link GridError} `BALANCE_TOO_LOW` when the wallet has less; ChainError for what the contracts refuse.
 *
 * @example
 * await depositAipg(wallet, { deployment, amount: parseEther("10") });
 */
export async function depositAipg(client: WalletClient, options: DepositOptions): Promise<Hex> {
  const { deployment, amount, account = client.account.address, permit = true } = options;
  const sender = client.account.address;
  const { approvals, deposit } = await planDeposit(client, { deployment, amount, account, sender });
  const spender = deployment.contracts.GridSettlement.address;
  if (permit && approvals.length > 0) {
    const paper = await signPermit(client, deployment, spender, amount);
    if (paper) {
      const { deadline, v, r, s } = paper;
      const call = { functionName: "depositWithPermit", args: [account, amount, deadline, v, r, s] } as const;
      return (await transact(client, { ...settlementAt(deployment), ...call })).transactionHash;
    }
  }
  await transactAll(client, approvals);
  return (await transact(client, deposit)).transactionHash;
}

/** The calls of {@link depositAipg} without a permit, for a smart account (`sender`): an approval where one is needed, and a deposit. */
export async function depositAipgCalls(
  client: ReadClient,
  options: Omit<DepositOptions, "permit"> & Sender,
): Promise<readonly Call[]> {
  const { account = options.sender } = options;
  const { approvals, deposit } = await planDeposit(client, { ...options, account });
  return toCalls([...approvals, deposit]);
}

async function planDeposit(
  client: ReadClient,
  { deployment, amount, account, sender }: Required<Omit<DepositOptions, "permit">> & Sender,
): Promise<{ readonly approvals: readonly ContractCall[]; readonly deposit: ContractCall }> {
  const { aipg } = await accountState(client, { deployment, account: sender });
  if (aipg < amount) {
    throw new GridError("BALANCE_TOO_LOW", "The wallet has less AIPG than is to be deposited.", "amount");
  }
  const spender = deployment.contracts.GridSettlement.address;
  return {
    approvals: await allowanceCalls(client, { deployment, spender, amount, owner: sender }),
    deposit: contractCall({ ...settlementAt(deployment), functionName: "depositFor", args: [account, amount] }),
  };
}

const permitTypes = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
} as const;

/** Seconds that a permit is good for. */
const PERMIT_LIFE = 1_800n;

/** A permit by ERC-2612; undefined when the token does not describe itself by ERC-5267, or the account can't sign one. */
async function signPermit(client: WalletClient, deployment: Deployment, spender: Address, value: bigint) {
  const token = aipgAt(deployment);
  const owner = client.account.address;
  try {
    const [[, name, version, , verifyingContract], nonce, { timestamp }, chainId] = await Promise.all([
      readContract(client, { ...token, functionName: "eip712Domain" }),
      readContract(client, { ...token, functionName: "nonces", args: [owner] }),
      getBlock(client),
      getChainId(client),
    ]);
    const deadline = timestamp + PERMIT_LIFE;
    const signature = await signTypedData(client, {
      account: client.account,
      domain: { name, version, chainId, verifyingContract },
      types: permitTypes,
      primaryType: "Permit",
      message: { owner, spender, value, nonce, deadline },
    });
    const { r, s, yParity } = parseSignature(normaliseSignature(signature));
    return { deadline, r, s, v: 27 + yParity };
  } catch {
    // A token without permit, or a contract wallet: an approval does.
    return undefined;
  }
}

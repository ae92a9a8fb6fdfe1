import { type Address, type Hex, parseSignature } from "viem";
import { getBalance, getBlock, getChainId, readContract, signTypedData } from "viem/actions";
import { type ReadClient, reading, transact, type WalletClient } from "./chain/transact.js";
import type { Deployment } from "./deployment.js";
import { GridError } from "./errors.js";
import { aipgAbi, gridSettlementAbi } from "./generated/used.js";
import { normaliseSignature } from "./signature.js";

/** Money of an account. Amounts in wei of AIPG, but `eth`. */
export interface AccountState {
  readonly account: Address;
  /** In the wallet. */
  readonly aipg: bigint;
  /** In the wallet, for gas. */
  readonly eth: bigint;
  /** In the settlement: what direct orders and lanes can draw on, thawing money included. */
  readonly balance: bigint;
  /** Of it, not announced for withdrawal: what a worker counts on. */
  readonly free: bigint;
  /** Announced for withdrawal. */
  readonly thawing: bigint;
  /** Unix seconds from which it can be withdrawn; 0 when nothing thaws. */
  readonly thawReadyAt: number;
}

/**
 * What an account has, in its wallet and in the settlement.
 *
 * @example
 * const { free, aipg } = await accountState(client, { deployment, account });
 */
export async function accountState(
  client: ReadClient,
  { deployment, account }: { readonly deployment: Deployment; readonly account: Address },
): Promise<AccountState> {
  const { AIPG, GridSettlement } = deployment.contracts;
  const [aipg, eth, inside] = await reading(
    Promise.all([
      readContract(client, { address: AIPG.address, abi: aipgAbi, functionName: "balanceOf", args: [account] }),
      getBalance(client, { address: account }),
      readContract(client, {
        address: GridSettlement.address,
        abi: gridSettlementAbi,
        functionName: "accountOf",
        args: [account],
      }),
    ]),
  );
  const { balance, thawing, thawReadyAt } = inside;
  // An order may have spent what was announced.
  const free = balance > thawing ? balance - thawing : 0n;
  return { account, aipg, eth, balance, free, thawing: balance - free, thawReadyAt };
}

/** A deposit. */
export interface DepositOptions {
  readonly deployment: Deployment;
  /** AIPG wei. */
  readonly amount: bigint;
  /** Whose account is credited. Default: the sender's. */
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
  const settlement = deployment.contracts.GridSettlement.address;
  const { aipg } = await accountState(client, { deployment, account: client.account.address });
  if (aipg < amount) {
    throw new GridError("BALANCE_TOO_LOW", "The wallet has less AIPG than is to be deposited.", "amount");
  }
  if (permit && (await allowanceOf(client, deployment, settlement)) < amount) {
    const paper = await signPermit(client, deployment, settlement, amount);
    if (paper) {
      const { deadline, v, r, s } = paper;
      const { transactionHash } = await transact(client, {
        address: settlement,
        abi: gridSettlementAbi,
        functionName: "depositWithPermit",
        args: [account, amount, deadline, v, r, s],
      });
      return transactionHash;
    }
  }
  await ensureAllowance(client, { deployment, spender: settlement, amount });
  const { transactionHash } = await transact(client, {
    address: settlement,
    abi: gridSettlementAbi,
    functionName: "depositFor",
    args: [account, amount],
  });
  return transactionHash;
}

/**
 * Lets a contract of the protocol draw AIPG from the wallet, if it may not already. Approves exactly the amount.
 * @returns Hash of the approval, or undefined when none was needed.
 */
export async function ensureAllowance(
  client: WalletClient,
  {
    deployment,
    spender,
    amount,
  }: { readonly deployment: Deployment; readonly spender: Address; readonly amount: bigint },
): Promise<Hex | undefined> {
  if ((await allowanceOf(client, deployment, spender)) >= amount) return undefined;
  const { transactionHash } = await transact(client, {
    address: deployment.contracts.AIPG.address,
    abi: aipgAbi,
    functionName: "approve",
    args: [spender, amount],
  });
  return transactionHash;
}

/**
 * Announces a withdrawal from the settlement account; it can be made an hour later. Replaces an earlier announcement.
 * @param amount AIPG wei.
 */
export async function thawAipg(
  client: WalletClient,
  { deployment, amount }: { readonly deployment: Deployment; readonly amount: bigint },
): Promise<Hex> {
  const { transactionHash } = await transact(client, {
    ...settlementOf(deployment),
    functionName: "thaw",
    args: [amount],
  });
  return transactionHash;
}

/** Takes the announcement of a withdrawal back. */
export async function cancelThaw(
  client: WalletClient,
  { deployment }: { readonly deployment: Deployment },
): Promise<Hex> {
  const { transactionHash } = await transact(client, {
    ...settlementOf(deployment),
    functionName: "cancelThaw",
    args: [],
  });
  return transactionHash;
}

/**
 * Withdraws what was announced, or what is left of it.
 * @param to Default: the sender.
 */
export async function withdrawAipg(
  client: WalletClient,
  { deployment, to = client.account.address }: { readonly deployment: Deployment; readonly to?: Address },
): Promise<Hex> {
  const { transactionHash } = await transact(client, {
    ...settlementOf(deployment),
    functionName: "withdraw",
    args: [to],
  });
  return transactionHash;
}

/** Whether an order with this nonce is settled or cancelled. */
export function isNonceUsed(
  client: ReadClient,
  { deployment, payer, nonce }: { readonly deployment: Deployment; readonly payer: Address; readonly nonce: bigint },
): Promise<boolean> {
  return reading(
    readContract(client, { ...settlementOf(deployment), functionName: "isNonceUsed", args: [payer, nonce] }),
  );
}

function settlementOf(deployment: Deployment) {
  return { address: deployment.contracts.GridSettlement.address, abi: gridSettlementAbi } as const;
}

function allowanceOf(client: WalletClient, deployment: Deployment, spender: Address): Promise<bigint> {
  return reading(
    readContract(client, {
      address: deployment.contracts.AIPG.address,
      abi: aipgAbi,
      functionName: "allowance",
      args: [client.account.address, spender],
    }),
  );
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
  const token = { address: deployment.contracts.AIPG.address, abi: aipgAbi } as const;
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

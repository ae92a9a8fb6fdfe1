import { type Address, type Hex, parseSignature } from "viem";
import { getBalance, getBlock, getChainId, readContract, signTypedData } from "viem/actions";
import { type Call, type ContractCall, toCalls } from "./chain/call.js";
import { type ReadClient, reading, transact, transactAll, type WalletClient } from "./chain/transact.js";
import {
  approveCall,
  cancelThawCall,
  depositForCall,
  depositWithPermitCall,
  thawCall,
  withdrawCall,
} from "./contractCalls.js";
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
  const sender = client.account.address;
  const { approvals, deposit } = await planDeposit(client, { deployment, amount, account, sender });
  const spender = deployment.contracts.GridSettlement.address;
  if (permit && approvals.length > 0) {
    const paper = await signPermit(client, deployment, spender, amount);
    if (paper) {
      const call = depositWithPermitCall(deployment, { account, amount, ...paper });
      return (await transact(client, call)).transactionHash;
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

/** Names the account that makes prepared calls. */
export interface Sender {
  /** A smart account, or any other. */
  readonly sender: Address;
}

async function planDeposit(
  client: ReadClient,
  {
    deployment,
    amount,
    account,
    sender,
  }: { readonly deployment: Deployment; readonly amount: bigint; readonly account: Address } & Sender,
): Promise<{ readonly approvals: readonly ContractCall[]; readonly deposit: ContractCall }> {
  const { aipg } = await accountState(client, { deployment, account: sender });
  if (aipg < amount) {
    throw new GridError("BALANCE_TOO_LOW", "The wallet has less AIPG than is to be deposited.", "amount");
  }
  const spender = deployment.contracts.GridSettlement.address;
  return {
    approvals: await allowanceCalls(client, { deployment, spender, amount, owner: sender }),
    deposit: depositForCall(deployment, { account, amount }),
  };
}

/** Allowance: spender and amount, AIPG wei. */
export interface AllowanceOptions {
  readonly deployment: Deployment;
  readonly spender: Address;
  /** AIPG wei. */
  readonly amount: bigint;
}

/**
 * Lets a contract of the protocol draw AIPG from the wallet, if it may not already. Approves exactly the amount.
 * @returns Hash of the approval, or undefined when none was needed.
 */
export async function ensureAllowance(client: WalletClient, options: AllowanceOptions): Promise<Hex | undefined> {
  const [hash] = await transactAll(client, await allowanceCalls(client, { ...options, owner: client.account.address }));
  return hash;
}

/** The call of {@link ensureAllowance}, or none, for a smart account (`sender`). */
export async function ensureAllowanceCalls(
  client: ReadClient,
  options: AllowanceOptions & Sender,
): Promise<readonly Call[]> {
  return toCalls(await allowanceCalls(client, { ...options, owner: options.sender }));
}

/** An approval of exactly the amount, or nothing where that much may be drawn already. */
export async function allowanceCalls(
  client: ReadClient,
  { deployment, spender, amount, owner }: AllowanceOptions & { readonly owner: Address },
): Promise<readonly ContractCall[]> {
  const allowance = await reading(
    readContract(client, {
      address: deployment.contracts.AIPG.address,
      abi: aipgAbi,
      functionName: "allowance",
      args: [owner, spender],
    }),
  );
  return allowance >= amount ? [] : [approveCall(deployment, { spender, amount })];
}

/** A withdrawal to announce. */
export interface ThawOptions {
  readonly deployment: Deployment;
  /** AIPG wei. */
  readonly amount: bigint;
}

/** Announces a withdrawal from the settlement account; it can be made an hour later. Replaces an earlier announcement. */
export async function thawAipg(client: WalletClient, options: ThawOptions): Promise<Hex> {
  return (await transact(client, thawCall(options.deployment, options))).transactionHash;
}

/** The call of {@link thawAipg}, for a smart account. */
export async function thawAipgCalls(_: ReadClient, options: ThawOptions): Promise<readonly Call[]> {
  return toCalls([thawCall(options.deployment, options)]);
}

/** Takes the announcement of a withdrawal back. */
export async function cancelThaw(
  client: WalletClient,
  { deployment }: { readonly deployment: Deployment },
): Promise<Hex> {
  return (await transact(client, cancelThawCall(deployment))).transactionHash;
}

/** The call of {@link cancelThaw}, for a smart account. */
export async function cancelThawCalls(
  _: ReadClient,
  { deployment }: { readonly deployment: Deployment },
): Promise<readonly Call[]> {
  return toCalls([cancelThawCall(deployment)]);
}

/**
 * Withdraws what was announced, or what is left of it.
 * @param to Default: the sender.
 */
export async function withdrawAipg(
  client: WalletClient,
  { deployment, to = client.account.address }: { readonly deployment: Deployment; readonly to?: Address },
): Promise<Hex> {
  return (await transact(client, withdrawCall(deployment, { to }))).transactionHash;
}

/** The call of {@link withdrawAipg}, for a smart account (`sender`). */
export async function withdrawAipgCalls(
  _: ReadClient,
  { deployment, sender, to = sender }: { readonly deployment: Deployment; readonly to?: Address } & Sender,
): Promise<readonly Call[]> {
  return toCalls([withdrawCall(deployment, { to })]);
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

import { type Address, type Hex, zeroAddress } from "viem";
import { readContract } from "viem/actions";
import { type Call, type ContractCall, contractCall, toCalls } from "../chain/call.js";
import type { Deployment } from "../chain/deployment.js";
import { ChainError } from "../chain/errors.js";
import { explainRevert } from "../chain/revert.js";
import { type ReadClient, transact, transactAll, type WalletClient, wrapReadError } from "../chain/transact.js";
import { aigcAt } from "../generated/used.js";
import { GridError } from "../lib/errors.js";
import { allowanceCalls } from "./allowance.js";

/** Access to a model, by the numbers of IAIGC's `Access`. */
export const modelAccess = ["OPEN", "LICENSED", "PRIVATE"] as const;
export type ModelAccess = (typeof modelAccess)[number];

/** Names a model. */
export interface ModelQuery {
  readonly deployment: Deployment;
  readonly modelId: bigint;
}

/** Terms of a model's licenses. */
export interface LicenseTerms {
  readonly modelId: bigint;
  readonly access: ModelAccess;
  /** True when licenses are sold now: the model is LICENSED, and has terms. */
  readonly forSale: boolean;
  /** AIPG wei for one period. */
  readonly price: bigint;
  /** Seconds; 0 when no terms are set. */
  readonly period: number;
  /** Receiver of the price. */
  readonly owner: Address;
}

/** Rights of an account to a model. */
export interface LicenseState {
  /** True when it may use the model now: it is open, or the account is its owner, its user or holds a license. */
  readonly canUse: boolean;
  /** Unix seconds until which its license is good, inclusive; 0 when it never had one. */
  readonly expires: number;
}

/** The account that uses a model by ERC-4907, beside its owner. */
export interface ModelUser {
  /** Undefined when there is none now. */
  readonly user: Address | undefined;
  /** Unix seconds; of the last one that was set. */
  readonly expires: bigint;
}

/**
 * Terms of a model's licenses.
 * @throws ChainError `AIGC_UnknownModel`.
 *
 * @example
 * const { forSale, price, period } = await licenseTerms(client, { deployment, modelId: 7n });
 */
export async function licenseTerms(client: ReadClient, { deployment, modelId }: ModelQuery): Promise<LicenseTerms> {
  const aigc = aigcAt(deployment);
  const [{ spec, licensePrice: price, licensePeriod: period }, owner] = await wrapReadError(
    Promise.all([
      readContract(client, { ...aigc, functionName: "modelOf", args: [modelId] }),
      readContract(client, { ...aigc, functionName: "ownerOf", args: [modelId] }),
    ]),
  );
  const access = modelAccess[spec.access] ?? "PRIVATE";
  return { modelId, access, forSale: access === "LICENSED" && period > 0, price, period, owner };
}

/**
 * Returns the license of an account: `canUse` is true if it may use the model, `expires` is the end of the license.
 *
 * @example
 * const { canUse, expires } = await licenseState(client, { deployment, modelId: 7n, account });
 */
export async function licenseState(
  client: ReadClient,
  { deployment, modelId, account }: ModelQuery & { readonly account: Address },
): Promise<LicenseState> {
  const aigc = aigcAt(deployment);
  const [canUse, expires] = await wrapReadError(
    Promise.all([
      readContract(client, { ...aigc, functionName: "canUse", args: [modelId, account] }),
      readContract(client, { ...aigc, functionName: "licenseExpires", args: [modelId, account] }),
    ]),
  );
  return { canUse, expires };
}

/** The user that a model's owner has named. */
export async function modelUser(client: ReadClient, { deployment, modelId }: ModelQuery): Promise<ModelUser> {
  const aigc = aigcAt(deployment);
  const [user, expires] = await wrapReadError(
    Promise.all([
      readContract(client, { ...aigc, functionName: "userOf", args: [modelId] }),
      readContract(client, { ...aigc, functionName: "userExpires", args: [modelId] }),
    ]),
  );
  return { user: user === zeroAddress ? undefined : user, expires };
}

/** A license to buy. */
export interface BuyLicenseOptions extends ModelQuery {
  /** Number of periods; a license that is held already gets longer by them. */
  readonly periods: number;
  /** Account that may use the model. Default: the sender. */
  readonly account?: Address;
  /** Most that all periods may cost, AIPG wei. Default: what they cost now. */
  readonly maxPrice?: bigint;
}

/** A license, bought or prolonged. */
export interface BoughtLicense {
  /** Unix seconds until which it is good, inclusive. */
  readonly expires: number;
  /** AIPG wei of all periods, at the terms that were read. */
  readonly price: bigint;
  readonly transaction: Hex;
}

/**
 * Buys a license, or makes one longer. Approves exactly the price. Terms that change in between can't make the deal worse.
 *
 * @throws {@link GridError} `NOT_FOR_SALE`, `PRICE_TOO_HIGH`, `FIELD_INVALID`; ChainError for what the contract refuses.
 *
 * @example
 * const { expires } = await buyLicense(wallet, { deployment, modelId: 7n, periods: 1, maxPrice: parseEther("5") });
 */
export async function buyLicense(client: WalletClient, options: BuyLicenseOptions): Promise<BoughtLicense> {
  const sender = client.account.address;
  const { price, account, approvals, purchase } = await planPurchase(client, { ...options, sender });
  await transactAll(client, approvals);
  const { transactionHash } = await transact(client, purchase);
  const { expires } = await licenseState(client, { ...options, account }).catch((error: unknown) => {
    const { code, message } = explainRevert(error);
    const text = `The license is bought, by transaction ${transactionHash}. Its end could not be read: ${message}`;
    throw new ChainError(code, text, undefined, transactionHash, { cause: error });
  });
  return { expires, price, transaction: transactionHash };
}

/** The calls of {@link buyLicense}, for a smart account (`sender`). */
export async function buyLicenseCalls(
  client: ReadClient,
  options: BuyLicenseOptions & { readonly sender: Address },
): Promise<readonly Call[]> {
  const { approvals, purchase } = await planPurchase(client, options);
  return toCalls([...approvals, purchase]);
}

async function planPurchase(
  client: ReadClient,
  options: BuyLicenseOptions & { readonly sender: Address },
): Promise<{
  readonly price: bigint;
  readonly account: Address;
  readonly approvals: readonly ContractCall[];
  readonly purchase: ContractCall;
}> {
  const { deployment, modelId, periods, sender, account = sender } = options;
  if (!Number.isSafeInteger(periods) || periods < 1) {
    throw new GridError("FIELD_INVALID", "A license is bought for 1 period or more.", "periods");
  }
  const { forSale, access, price: each, period } = await licenseTerms(client, options);
  if (!forSale) {
    const reason = access === "OPEN" ? ": anybody may use it" : "";
    throw new GridError("NOT_FOR_SALE", `Model ${modelId} sells no licenses${reason}.`, "modelId");
  }
  const price = each * BigInt(periods);
  const { maxPrice = price } = options;
  if (price > maxPrice) {
    throw new GridError("PRICE_TOO_HIGH", "The license costs more than is allowed.", "maxPrice");
  }
  const spender = deployment.contracts.AIGC.address;
  return {
    price,
    account,
    approvals: await allowanceCalls(client, { deployment, spender, amount: price, owner: sender }),
    purchase: contractCall({
      ...aigcAt(deployment),
      functionName: "buyLicense",
      args: [modelId, account, periods, period, maxPrice],
    }),
  };
}

/** Terms to sell licenses at. */
export interface SetLicenseTermsOptions extends ModelQuery {
  /** AIPG wei for one period; 0 gives licenses away. */
  readonly price: bigint;
  /** Seconds; 0 ends the sale. */
  readonly period: number;
}

/** Sets what a license costs; licenses that were bought keep their time. The wallet owns the model. */
export async function setLicenseTerms(client: WalletClient, options: SetLicenseTermsOptions): Promise<Hex> {
  return (await transact(client, termsCall(options))).transactionHash;
}

/** The call of {@link setLicenseTerms}, for a smart account. */
export async function setLicenseTermsCalls(_: ReadClient, options: SetLicenseTermsOptions): Promise<readonly Call[]> {
  return toCalls([termsCall(options)]);
}

function termsCall({ deployment, modelId, price, period }: SetLicenseTermsOptions): ContractCall {
  return contractCall({ ...aigcAt(deployment), functionName: "setLicenseTerms", args: [modelId, price, period] });
}

/** New access to a model. */
export interface SetModelAccessOptions extends ModelQuery {
  readonly access: ModelAccess;
}

/** Changes who may use a model, at once. Licenses and the user keep their time. The wallet owns the model. */
export async function setModelAccess(client: WalletClient, options: SetModelAccessOptions): Promise<Hex> {
  return (await transact(client, accessCall(options))).transactionHash;
}

/** The call of {@link setModelAccess}, for a smart account. */
export async function setModelAccessCalls(_: ReadClient, options: SetModelAccessOptions): Promise<readonly Call[]> {
  return toCalls([accessCall(options)]);
}

function accessCall({ deployment, modelId, access }: SetModelAccessOptions): ContractCall {
  const args = [modelId, modelAccess.indexOf(access)] as const;
  return contractCall({ ...aigcAt(deployment), functionName: "setAccess", args });
}

/** The user to name. */
export interface SetModelUserOptions extends ModelQuery {
  /** Zero address: nobody. */
  readonly user: Address;
  /** Unix seconds until which it may use the model. */
  readonly expires: bigint;
}

/** Lets one more account use a model for a time (ERC-4907): a rent. It ends when the token is transferred. The wallet owns the model. */
export async function setModelUser(client: WalletClient, options: SetModelUserOptions): Promise<Hex> {
  return (await transact(client, userCall(options))).transactionHash;
}

/** The call of {@link setModelUser}, for a smart account. */
export async function setModelUserCalls(_: ReadClient, options: SetModelUserOptions): Promise<readonly Call[]> {
  return toCalls([userCall(options)]);
}

function userCall({ deployment, modelId, user, expires }: SetModelUserOptions): ContractCall {
  return contractCall({ ...aigcAt(deployment), functionName: "setUser", args: [modelId, user, expires] });
}

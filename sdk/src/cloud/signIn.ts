import {
  type Account,
  type Address,
  type Chain,
  type Client,
  getAddress,
  type LocalAccount,
  type Transport,
} from "viem";
import { signMessage } from "viem/actions";
import { createSiweMessage } from "viem/siwe";
import type { Deployment } from "../chain/deployment.js";
import { GridError } from "../lib/errors.js";
import type { Session } from "../schemas/index.js";
import type { CloudClient } from "./client.js";
import { CloudError } from "./errors.js";
import type { CallOptions } from "./request.js";

/** Fields of a sign-in message. */
export interface SignInMessage {
  /** Host (with port) of the cloud. */
  readonly domain: string;
  readonly uri: string;
  readonly chainId: number;
  /** From `GET /v1/auth/nonce`. */
  readonly nonce: string;
  readonly address: Address;
  /** AIGC contract and the models of it that the session is to unlock. */
  readonly models?: { readonly aigc: Address; readonly ids: readonly bigint[] } | undefined;
  /** Cold account of the worker that the signing hot key works for. */
  readonly worker?: Address | undefined;
  readonly issuedAt: Date;
  /** End of the session, where it is to be sooner than the cloud's own. */
  readonly expiresAt?: Date | undefined;
  /** One line that the wallet shows. */
  readonly statement?: string | undefined;
}

/** CAIP-19 id of a model: `eip155:8453/erc721:0x.../7`. */
export function modelResource(chainId: number, aigc: Address, modelId: bigint): string {
  return `eip155:${chainId}/erc721:${getAddress(aigc)}/${modelId}`;
}

/** CAIP-10 id of an account: `eip155:8453:0x...`. */
export function accountResource(chainId: number, account: Address): string {
  return `eip155:${chainId}:${getAddress(account)}`;
}

/**
 * The EIP-4361 message of a sign-in. Models are named as CAIP-19 resources, a worker as a CAIP-10 one.
 */
export function signInMessage(message: SignInMessage): string {
  const { domain, uri, chainId, nonce, address, models, worker, issuedAt, expiresAt } = message;
  const resources = [
    ...(models?.ids ?? []).map((id) => modelResource(chainId, (models as { aigc: Address }).aigc, id)),
    ...(worker ? [accountResource(chainId, worker)] : []),
  ];
  return createSiweMessage({
    version: "1",
    domain,
    uri,
    chainId,
    nonce,
    address: getAddress(address),
    issuedAt,
    ...(expiresAt && { expirationTime: expiresAt }),
    statement: message.statement ?? "Sign in to the AI Cloud API. This moves no money.",
    ...(resources.length > 0 && { resources }),
  });
}

/** Signer of a sign-in: a viem account that signs by itself, or a client with an account (a browser's wallet). */
export type MessageSigner = LocalAccount | Client<Transport, Chain | undefined, Account>;

/** Terms of a sign-in. `timeout` holds for each of its two calls. */
export interface SignInOptions extends CallOptions {
  readonly signer: MessageSigner;
  readonly deployment: Deployment;
  /** Models that the session is to unlock, where they are not open. */
  readonly models?: readonly bigint[];
  /** Cold account of the worker that the signer is a hot key of. */
  readonly worker?: Address;
  readonly statement?: string;
  /** Seconds after which the session ends, where that is to be sooner than the cloud's own time. */
  readonly life?: number;
  /** Host that the message may be for. Default: the host of the cloud's URL. Say it when the cloud is reached by a detour. */
  readonly domain?: string | undefined;
}

/**
 * Signs in by EIP-4361. The message is refused when it would be for another host or chain than the one that is being called: a
 * cloud could otherwise pass it on to somewhere else, and be us there.
 *
 * @returns The session; `cloud.withToken(session.token)` uses it.
 * @throws CloudError as the cloud says; `SIGN_IN_REFUSED` for a message that we will not sign.
 *
 * @example
 * const { token } = await signIn(cloud, { signer: account, deployment, models: [7n] });
 * const mine = cloud.withToken(token);
 */
export async function signIn(cloud: CloudClient, options: SignInOptions): Promise<Session> {
  const { signer, deployment, models = [], worker, statement, life, signal, timeout } = options;
  const { nonce, domain, uri, chain_id: chainId } = await cloud.nonce({ signal, timeout });
  const expected = options.domain ?? new URL(cloud.url).host;
  const refuse = (field: string, message: string): never => {
    throw new CloudError("SIGN_IN_REFUSED", message, { field });
  };
  if (domain !== expected) {
    refuse("domain", `The cloud at ${expected} wants a message for "${domain}". Not signed.`);
  }
  if (hostOf(uri) !== expected)
    refuse("uri", `The cloud at ${expected} wants a message for another address. Not signed.`);
  if (chainId !== deployment.chainId) {
    refuse("chain_id", `The cloud is on chain ${chainId}, not on ${deployment.chainId}. Not signed.`);
  }
  const issuedAt = new Date();
  const message = signInMessage({
    domain,
    uri,
    chainId,
    nonce,
    address: addressOf(signer),
    models: models.length > 0 ? { aigc: deployment.contracts.AIGC.address, ids: models } : undefined,
    worker,
    statement,
    issuedAt,
    expiresAt: life === undefined ? undefined : new Date(issuedAt.getTime() + life * 1_000),
  });
  const signature = isClient(signer)
    ? await signMessage(signer, { account: signer.account, message })
    : await signer.signMessage({ message });
  const session = await cloud.postSignIn({ message, signature }, { signal, timeout });
  if (getAddress(session.account) !== getAddress(addressOf(signer))) {
    throw new GridError("FIELD_INVALID", "The cloud signed in somebody else.", "account");
  }
  return session;
}

function isClient(signer: MessageSigner): signer is Client<Transport, Chain | undefined, Account> {
  return "transport" in signer;
}

function addressOf(signer: MessageSigner): Address {
  return isClient(signer) ? signer.account.address : signer.address;
}

function hostOf(uri: string): string {
  try {
    return new URL(uri).host;
  } catch {
    return "";
  }
}

import { randomBytes } from "node:crypto";
import { addressFault, parseAddress, SignerRole } from "@gridnft/sdk";
import { type Address, type Hex, hashMessage, isAddressEqual, recoverAddress } from "viem";
import { verifyHash } from "viem/actions";
import type { Chain } from "../chain/chain.ts";
import { chainUnreachable, isChainError, isUnanswered } from "../chain/errors.ts";
import type { Queries } from "../database/database.ts";
import { ApiError } from "../error.ts";
import { instantOf, parseSignInMessage, type SignInFields, SignInMessageError } from "./message.ts";
import { SESSION_SECONDS, type SessionRecord } from "./sessions.ts";

/** Seconds in which a nonce has to be used. */
const NONCE_SECONDS = 10 * 60;
/** Seconds by which a wallet's clock may be off. */
const CLOCK_SKEW_SECONDS = 5 * 60;

/** Latest date of RFC 3339. */
const MAX_DATE = "9999-12-31T23:59:59Z";

/** Domain, URI and chain that a sign-in message must name. */
export interface SignInAudience {
  /** Host and port, as EIP-4361 writes its domain. */
  readonly domain: string;
  readonly uri: string;
  readonly chainId: number;
}

/** Returns what sign-in messages to a cloud must name, by its base URL. */
export function signInAudience(publicUrl: string, chainId: number): SignInAudience {
  return { domain: new URL(publicUrl).host, uri: publicUrl, chainId };
}

/** Creates a nonce for one sign-in. */
export async function newNonce(queries: Queries): Promise<string> {
  const nonce = randomBytes(16).toString("hex");
  await queries.run(
    "INSERT INTO cloud.sign_in_nonce (nonce, expires_at) VALUES ($1, now() + $2 * interval '1 second')",
    [nonce, NONCE_SECONDS],
  );
  return nonce;
}

/**
 * Checks a signed EIP-4361 message. The attempt uses up its nonce, also when it fails.
 *
 * @returns The session that it opens.
 * @throws {@link ApiError} `SIGN_IN_REFUSED` with what is wrong.
 */
export async function checkSignIn(
  { queries, chain, audience }: { queries: Queries; chain: Chain; audience: SignInAudience },
  { message, signature }: { message: string; signature: string },
  now: Date = new Date(),
): Promise<SessionRecord> {
  const fields = readMessage(message);
  const { nonce } = fields;
  const address = parseAddress(fields.address);
  requireAudience(fields, audience);
  requireTime(fields, now);
  if (!/^0x([0-9a-fA-F]{2})+$/.test(signature)) refuse("the signature is not hex.");

  const unused = await queries.run("DELETE FROM cloud.sign_in_nonce WHERE nonce = $1 AND expires_at > now()", [nonce]);
  if (unused !== 1) refuse("the nonce is unknown, expired or used. Ask for a new one.");
  if (!(await isSignedBy(chain, address, message, signature as Hex))) refuse(`the signature is not by ${address}.`);

  return {
    account: address.toLowerCase() as Address,
    worker: await workerOf(chain, address, fields.resources ?? []),
    // An Expiration Time ends the session, too: after it nothing is done in the signer's name.
    expiresAt: new Date(Math.min(now.getTime() + SESSION_SECONDS * 1_000, timeOf(fields.expirationTime ?? MAX_DATE))),
  };
}

function refuse(reason: string, cause?: unknown): never {
  throw new ApiError("SIGN_IN_REFUSED", `The sign-in was refused: ${reason}`, { cause });
}

function readMessage(message: string): SignInFields {
  try {
    return parseSignInMessage(message);
  } catch (error) {
    if (!(error instanceof SignInMessageError)) throw error;
    return refuse(`the message ${error.message}.`, error);
  }
}

function requireAudience({ domain, scheme, uri, chainId }: SignInFields, audience: SignInAudience): void {
  if (domain !== audience.domain) refuse(`the message is for ${domain}, this is ${audience.domain}.`);
  if (scheme !== undefined && !audience.uri.startsWith(`${scheme}://`)) {
    refuse(`the message is for ${scheme}://${domain}, this is ${audience.uri}.`);
  }
  if (uri.replace(/\/+$/, "") !== audience.uri) refuse(`the message's URI is ${uri}, not ${audience.uri}.`);
  if (BigInt(chainId) !== BigInt(audience.chainId)) {
    refuse(`the message is for chain ${chainId}, this is chain ${audience.chainId}.`);
  }
}

function requireTime({ issuedAt, expirationTime, notBefore }: SignInFields, now: Date): void {
  const age = (now.getTime() - timeOf(issuedAt)) / 1_000;
  if (age > NONCE_SECONDS + CLOCK_SKEW_SECONDS) refuse("the message is too old. Ask for a new nonce.");
  if (age < -CLOCK_SKEW_SECONDS) refuse("the message was issued in the future. Check your clock.");
  if (expirationTime !== undefined && timeOf(expirationTime) <= now.getTime()) {
    refuse(`the message has expired at ${expirationTime}.`);
  }
  if (notBefore !== undefined && timeOf(notBefore) > now.getTime()) {
    refuse(`the message is not valid yet: it is from ${notBefore} on.`);
  }
}

/** Returns the milliseconds of a date that the grammar accepted. */
function timeOf(text: string): number {
  return instantOf(text) ?? Number.NaN;
}

/**
 * Returns true if an account signed a message, by its key or as a contract (ERC-1271, ERC-6492).
 * @throws {@link ApiError} `CHAIN_UNREACHABLE` while a contract can't be asked.
 */
async function isSignedBy({ client }: Chain, address: Address, message: string, signature: Hex): Promise<boolean> {
  const hash = hashMessage(message);
  // A key's signature needs no chain. What is no such signature is thrown on.
  const signer = await recoverAddress({ hash, signature }).catch(() => undefined);
  if (signer && isAddressEqual(signer, address)) return true;
  // viem takes a node that does not answer for a contract that says no, so its requests are watched.
  let chainError: unknown;
  const ask = client.request as (...args: readonly unknown[]) => Promise<unknown>;
  const request = (async (...args: readonly unknown[]) => {
    try {
      return await ask(...args);
    } catch (error) {
      if (isUnanswered(error)) chainError = error;
      throw error;
    }
  }) as typeof client.request;
  const isValid = await verifyHash({ ...client, request }, { address, hash, signature }).catch((error: unknown) => {
    if (isChainError(error)) chainError ??= error;
    // Else the signature is malformed: the library threw before it asked.
    return false;
  });
  if (!isValid && chainError !== undefined) throw chainUnreachable(chainError);
  return isValid;
}

/** Returns the worker that a message names as CAIP-10 among its resources, if the signer is its key. */
async function workerOf(chain: Chain, signer: Address, resources: readonly string[]): Promise<Address | undefined> {
  const accounts = resources.filter((resource) => /^eip155:[^/]*$/.test(resource));
  const [account] = accounts;
  if (account === undefined) return undefined;
  if (accounts.length > 1) refuse(`the message names ${accounts.length} accounts to work for. Name one.`);
  const [, chainId = "", text = ""] = /^eip155:(\d{1,32}):(.*)$/.exec(account) ?? [];
  const chainError = chainId === "" ? "is no CAIP-10 account such as eip155:8453:0x..." : addressFault(text);
  if (chainError !== undefined) refuse(`the resource ${account.slice(0, 200)} ${chainError}.`);
  if (BigInt(chainId) !== BigInt(chain.deployment.chainId)) refuse(`the account ${account} is on another chain.`);
  const worker = text.toLowerCase() as Address;
  const itself = isAddressEqual(worker, signer);
  if (!itself && !(await chain.isSigner(worker, SignerRole.WORKER_SIGNER, signer))) {
    refuse(`${signer} is not a WORKER_SIGNER of ${text}.`);
  }
  return worker;
}

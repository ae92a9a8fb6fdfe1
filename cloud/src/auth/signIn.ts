import { randomBytes } from "node:crypto";
import { SignerRole } from "@gridnft/sdk";
import { type Address, isAddressEqual } from "viem";
import { parseSiweMessage, verifySiweMessage } from "viem/siwe";
import type { Chain } from "../chain/chain.ts";
import type { Queries } from "../database/database.ts";
import { CloudError } from "../error.ts";
import { SESSION_SECONDS, type SessionRecord } from "./sessions.ts";

/** Seconds in which a nonce has to be used. */
export const NONCE_SECONDS = 10 * 60;
/** Seconds by which a wallet's clock may be off. */
const CLOCK_SKEW = 5 * 60;

/** What a sign-in message must name. */
export interface SignInPlace {
  /** Host and port, as EIP-4361 writes its domain. */
  readonly domain: string;
  readonly uri: string;
  readonly chainId: number;
}

/** The place of a cloud that is reached under a base URL. */
export function signInPlace(publicUrl: string, chainId: number): SignInPlace {
  return { domain: new URL(publicUrl).host, uri: publicUrl, chainId };
}

/** A nonce for one sign-in. */
export async function newNonce(queries: Queries): Promise<string> {
  const nonce = randomBytes(16).toString("hex");
  await queries.run(
    "INSERT INTO cloud.sign_in_nonce (nonce, expires_at) VALUES ($1, now() + $2 * interval '1 second')",
    [nonce, NONCE_SECONDS],
  );
  return nonce;
}

/**
 * Checks a signed EIP-4361 message. Its nonce is used up by the attempt, whatever comes of it.
 *
 * @returns The session that it opens.
 * @throws {@link CloudError} `SIGN_IN_REFUSED` with what is wrong.
 */
export async function checkSignIn(
  { queries, chain, place }: { queries: Queries; chain: Chain; place: SignInPlace },
  { message, signature }: { message: string; signature: string },
  now: Date = new Date(),
): Promise<SessionRecord> {
  const refuse = (reason: string): never => {
    throw new CloudError("SIGN_IN_REFUSED", `The sign-in was refused: ${reason}`);
  };
  const fields = parseSiweMessage(message);
  const { address, nonce } = fields;
  if (!address || !nonce || fields.version !== "1") return refuse("the message is not an EIP-4361 message.");
  if (["URI", "Version", "Chain ID", "Nonce", "Issued At", "Expiration Time", "Not Before"].some(saidTwice(message))) {
    return refuse("the message says something twice.");
  }
  if (fields.domain !== place.domain || (fields.scheme && !place.uri.startsWith(`${fields.scheme}://`))) {
    return refuse(`the message is for ${fields.domain ?? "no domain"}, this is ${place.domain}.`);
  }
  if (fields.uri?.replace(/\/+$/, "") !== place.uri) {
    return refuse(`the message's URI is ${fields.uri ?? "missing"}, not ${place.uri}.`);
  }
  if (fields.chainId !== place.chainId) {
    return refuse(`the message is for chain ${fields.chainId ?? "(none)"}, this is chain ${place.chainId}.`);
  }
  if (!fields.issuedAt || Number.isNaN(fields.issuedAt.getTime())) return refuse("the message lacks Issued At.");
  const age = (now.getTime() - fields.issuedAt.getTime()) / 1_000;
  if (age > NONCE_SECONDS + CLOCK_SKEW) return refuse("the message is too old. Ask for a new nonce.");
  if (age < -CLOCK_SKEW) return refuse("the message was issued in the future. Check your clock.");
  if (fields.expirationTime && fields.expirationTime <= now) return refuse("the message has expired.");
  if (fields.notBefore && fields.notBefore > now) return refuse("the message is not valid yet.");
  if (!/^0x([0-9a-fA-F]{2})+$/.test(signature)) return refuse("the signature is not hex.");

  const unused = await queries.run("DELETE FROM cloud.sign_in_nonce WHERE nonce = $1 AND expires_at > now()", [nonce]);
  if (unused !== 1) return refuse("the nonce is unknown, expired or used. Ask for a new one.");

  const valid = await verifySiweMessage(chain.client, {
    message,
    signature: signature as `0x${string}`,
    address,
    domain: place.domain,
    nonce,
    time: now,
  }).catch((cause: unknown) => {
    throw new CloudError("CHAIN_UNREACHABLE", "The chain does not answer. Try again in a moment.", { cause });
  });
  if (!valid) return refuse(`the signature is not by ${address}.`);

  return {
    account: address.toLowerCase() as Address,
    worker: await workerOf(chain, address, fields.resources ?? [], refuse),
    // The message's Expiration Time is about the message: until when it opens sessions, not how long these last.
    expiresAt: new Date(now.getTime() + SESSION_SECONDS * 1_000),
  };
}

/** Two lines of one name leave open which of them the signer read. */
const saidTwice =
  (message: string) =>
  (name: string): boolean =>
    message.split("\n").filter((line) => line.startsWith(`${name}: `)).length > 1;

/** The worker that a message names as CAIP-10 among its resources, if the signer is its key. */
async function workerOf(
  chain: Chain,
  signer: Address,
  resources: readonly string[],
  refuse: (reason: string) => never,
): Promise<Address | undefined> {
  const named = resources.map((resource) => /^eip155:(\d+):(0x[0-9a-fA-F]{40})$/.exec(resource)).find(Boolean);
  if (!named) return undefined;
  if (Number(named[1]) !== chain.deployment.chainId) return refuse(`the account ${named[0]} is on another chain.`);
  const worker = named[2] as Address;
  const itself = isAddressEqual(worker, signer);
  if (!itself && !(await chain.isSigner(worker, SignerRole.WORKER_SIGNER, signer))) {
    return refuse(`${signer} is not a WORKER_SIGNER of ${worker}.`);
  }
  return worker.toLowerCase() as Address;
}

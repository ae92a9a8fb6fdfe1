import * as z from "zod/mini";
import { addressJson, integerJson, unixSeconds } from "./common.js";

/** `GET /v1/auth/nonce`: for one sign-in, good for ten minutes. */
export const nonceAnswer = z.object({ nonce: z.string(), domain: z.string(), uri: z.string(), chain_id: z.int() });

/**
 * Body of `POST /v1/auth/sign-in`: an EIP-4361 message and its signature (ERC-1271 and ERC-6492 wallets too). Resources may name
 * models as CAIP-19 (`eip155:8453/erc721:0x.../7`), and a worker's hot key names the account that it works for as CAIP-10
 * (`eip155:8453:0x...`).
 */
export const signInRequest = z.strictObject({
  message: z.string().check(z.maxLength(4_000)),
  signature: z.string().check(z.maxLength(20_000)),
});

/** The token goes into `Authorization: Bearer ...`. */
export const session = z.object({
  token: z.string(),
  account: addressJson,
  /** Cold account of the worker, when its hot key signed in. */
  worker: z.optional(addressJson),
  expires_at: unixSeconds,
});
export type Session = z.output<typeof session>;

/** `GET /v1/auth/session`. */
export const sessionState = z.object({
  account: addressJson,
  worker: z.optional(addressJson),
  expires_at: unixSeconds,
  /** Quota of today that the gateway still pays for: images, and AIPG wei. A job counts with what it can cost at most, until it is over. */
  quota: z.object({
    limit: z.int(),
    used: z.int(),
    cap: z.optional(integerJson),
    spent: z.optional(integerJson),
    resets_at: unixSeconds,
  }),
});

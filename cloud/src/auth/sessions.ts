import { createHash, randomBytes } from "node:crypto";
import type { Address } from "viem";
import type { Queries } from "../database/database.ts";

/** Who is signed in. */
export interface SessionRecord {
  /** The account that signed, lower case. */
  readonly account: Address;
  /** Cold account of the worker that the signer's key works for. */
  readonly worker: Address | undefined;
  readonly expiresAt: Date;
}

/** Longest life of a session, seconds. */
export const SESSION_SECONDS = 24 * 60 * 60;

/**
 * Opens a session.
 * @returns Its token, which is stored nowhere: the database has a hash of it.
 */
export async function openSession(queries: Queries, session: SessionRecord): Promise<string> {
  const token = `grid_${randomBytes(32).toString("base64url")}`;
  await queries.run("INSERT INTO cloud.session (token_hash, account, worker, expires_at) VALUES ($1, $2, $3, $4)", [
    hashOf(token),
    session.account,
    session.worker ?? null,
    session.expiresAt,
  ]);
  return token;
}

/** The live session of a token. */
export async function sessionOf(queries: Queries, token: string): Promise<SessionRecord | undefined> {
  const row = await queries.one<{ account: Address; worker: Address | null; expires_at: Date }>(
    "SELECT account, worker, expires_at FROM cloud.session WHERE token_hash = $1 AND expires_at > now()",
    [hashOf(token)],
  );
  return row && { account: row.account, worker: row.worker ?? undefined, expiresAt: row.expires_at };
}

/** Ends a session. */
export async function closeSession(queries: Queries, token: string): Promise<void> {
  await queries.run("DELETE FROM cloud.session WHERE token_hash = $1", [hashOf(token)]);
}

/** Token of an Authorization header. */
export function bearerToken(header: string | undefined): string | undefined {
  return header === undefined ? undefined : (/^Bearer\s+(\S+)$/i.exec(header)?.[1] ?? "");
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

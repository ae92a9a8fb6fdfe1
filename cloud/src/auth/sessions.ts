import { createHash, randomBytes } from "node:crypto";
import type { Address } from "viem";
import { prepared, type Queries } from "../database/database.ts";
import type { Notifications } from "../database/pgNotify.ts";

/** Session of an account, or of a worker's key. */
export interface SessionRecord {
  /** Account that signed, lower case. */
  readonly account: Address;
  /** Cold account of the worker that the signer's key works for. */
  readonly worker: Address | undefined;
  readonly expiresAt: Date;
}

/** Session of a worker's key. */
export interface WorkerSession extends SessionRecord {
  readonly worker: NonNullable<SessionRecord["worker"]>;
}

/** Longest life of a session, seconds. */
export const SESSION_SECONDS = 24 * 60 * 60;

/** Seconds for which a process caches a session. A sign-out at another process ends it at once, unless its notification is lost. */
const CACHE_SECONDS = 10;
/** Sessions that a process caches. */
const MAX_CACHED = 10_000;

interface CachedSession {
  readonly session: SessionRecord;
  readonly until: number;
  /** Stops listening for the sign-out. */
  readonly stop: () => void;
}

/** Session store in the database. Those in use are cached for some seconds, because each request reads one. */
export class Sessions {
  readonly #cache = new Map<string, CachedSession>();

  constructor(
    private readonly database: Queries,
    private readonly notifications: Pick<Notifications, "on">,
  ) {}

  /**
   * Opens a session.
   * @returns Its token, which is stored nowhere: the database has a hash of it.
   */
  async open(session: SessionRecord): Promise<string> {
    const token = `grid_${randomBytes(32).toString("base64url")}`;
    await this.database.run(
      "INSERT INTO cloud.session (token_hash, account, worker, expires_at) VALUES (decode($1, 'hex'), $2, $3, $4)",
      [hashOf(token), session.account, session.worker ?? null, session.expiresAt],
    );
    return token;
  }

  /** Returns the live session of a token. */
  async find(token: string): Promise<SessionRecord | undefined> {
    const hash = hashOf(token);
    const cached = this.#cache.get(hash);
    if (cached && Date.now() < cached.until) return cached.session;
    this.#drop(hash);
    // Listening begins before the query: a session that ends in between is not cached. Nor is one while notifications were lost.
    let isStale = false;
    const stop = this.notifications.on("cloud_session", hash, () => {
      isStale = true;
      this.#drop(hash);
    });
    const session = await this.#load(hash).catch((error: unknown) => {
      stop();
      throw error;
    });
    if (session && !isStale) this.#store(hash, session, stop);
    else stop();
    return session;
  }

  /** Ends the session of a token, in every process. */
  async close(token: string): Promise<void> {
    const hash = hashOf(token);
    await this.database.run(CLOSE, [hash]);
    this.#drop(hash);
  }

  async #load(hash: string): Promise<SessionRecord | undefined> {
    const row = await this.database.one<{ account: Address; worker: Address | null; expires_at: Date }>(FIND, [hash]);
    return row && { account: row.account, worker: row.worker ?? undefined, expiresAt: row.expires_at };
  }

  #store(hash: string, session: SessionRecord, stop: () => void): void {
    this.#drop(hash);
    if (this.#cache.size >= MAX_CACHED) for (const old of [...this.#cache.keys()]) this.#drop(old);
    const until = Math.min(Date.now() + CACHE_SECONDS * 1_000, session.expiresAt.getTime());
    this.#cache.set(hash, { session, until, stop });
  }

  #drop(hash: string): void {
    this.#cache.get(hash)?.stop();
    this.#cache.delete(hash);
  }
}

const FIND = prepared(
  "SELECT account, worker, expires_at FROM cloud.session WHERE token_hash = decode($1, 'hex') AND expires_at > now()",
);
const CLOSE = `WITH closed AS (DELETE FROM cloud.session WHERE token_hash = decode($1, 'hex'))
  SELECT pg_notify('cloud_session', $1)`;

/** Returns the token of an Authorization header. */
export function bearerToken(header: string | undefined): string | undefined {
  return header === undefined ? undefined : (/^Bearer\s+(\S+)$/i.exec(header)?.[1] ?? "");
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

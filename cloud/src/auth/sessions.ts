import { createHash, randomBytes } from "node:crypto";
import type { Address } from "viem";
import { often, type Queries } from "../database/database.ts";
import type { Notices } from "../database/notices.ts";

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

/** Seconds for which a process answers from its memory; a sign-out at another process ends it at once, unless its notice is lost. */
const REMEMBERED = 10;
/** Sessions that a process remembers. */
const MOST_REMEMBERED = 10_000;

interface Remembered {
  readonly session: SessionRecord;
  readonly until: number;
  /** Stops listening for the sign-out. */
  readonly stop: () => void;
}

/** Sessions, in the database; those in use are remembered for some seconds, since each request asks for one. */
export class Sessions {
  readonly #remembered = new Map<string, Remembered>();

  constructor(
    private readonly database: Queries,
    private readonly notices: Pick<Notices, "on">,
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
    const remembered = this.#remembered.get(hash);
    if (remembered && Date.now() < remembered.until) return remembered.session;
    this.#forget(hash);
    // Listening begins before the look: a session that ends in between is not remembered. Nor is one while notices were lost.
    let isStale = false;
    const stop = this.notices.on("cloud_session", hash, () => {
      isStale = true;
      this.#forget(hash);
    });
    const session = await this.#look(hash).catch((error: unknown) => {
      stop();
      throw error;
    });
    if (session && !isStale) this.#remember(hash, session, stop);
    else stop();
    return session;
  }

  /** Ends the session of a token, at every process. */
  async close(token: string): Promise<void> {
    const hash = hashOf(token);
    await this.database.run(CLOSE, [hash]);
    this.#forget(hash);
  }

  async #look(hash: string): Promise<SessionRecord | undefined> {
    const row = await this.database.one<{ account: Address; worker: Address | null; expires_at: Date }>(FIND, [hash]);
    return row && { account: row.account, worker: row.worker ?? undefined, expiresAt: row.expires_at };
  }

  #remember(hash: string, session: SessionRecord, stop: () => void): void {
    this.#forget(hash);
    if (this.#remembered.size >= MOST_REMEMBERED) for (const old of [...this.#remembered.keys()]) this.#forget(old);
    const until = Math.min(Date.now() + REMEMBERED * 1_000, session.expiresAt.getTime());
    this.#remembered.set(hash, { session, until, stop });
  }

  #forget(hash: string): void {
    this.#remembered.get(hash)?.stop();
    this.#remembered.delete(hash);
  }
}

const FIND = often(
  "SELECT account, worker, expires_at FROM cloud.session WHERE token_hash = decode($1, 'hex') AND expires_at > now()",
);
const CLOSE = `WITH closed AS (DELETE FROM cloud.session WHERE token_hash = decode($1, 'hex'))
  SELECT pg_notify('cloud_session', $1)`;

/** Token of an Authorization header. */
export function bearerToken(header: string | undefined): string | undefined {
  return header === undefined ? undefined : (/^Bearer\s+(\S+)$/i.exec(header)?.[1] ?? "");
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

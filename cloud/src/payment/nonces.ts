import { createHash } from "node:crypto";
import type { Address } from "viem";
import type { Chain } from "../chain/chain.ts";
import type { Database, Queries } from "../database/database.ts";

/** Words of 256 nonces that are searched for a free one. */
const MAX_BITMAP_WORDS = 16n;

/**
 * Returns the lowest nonce of a payer that is neither used on chain, nor in a posted order, nor in a recent quote to the same caller.
 * Anybody may ask for quotes in a payer's name, and must not use up its nonces. Low nonces share a word of the chain's bitmap, which makes
 * settling cheaper than random ones would.
 */
export async function quoteNonce(
  { database, chain }: { readonly database: Database; readonly chain: Chain },
  payer: Address,
  caller: string,
  quoteSeconds: number,
): Promise<bigint> {
  const key = payer.toLowerCase();
  // Two callers may get one nonce. The slower one is refused, and asks again.
  const callerHash = createHash("sha256").update(caller).digest("hex");
  const lock = `nonce ${key} ${callerHash}`;
  for (let word = 0n; word < MAX_BITMAP_WORDS; word++) {
    const onChain = await chain.nonceWordOf(payer, word);
    if (onChain === 2n ** 256n - 1n) continue;
    const nonce = await database.transaction(async (queries) => {
      await queries.run("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", [lock]);
      const taken = await takenNonces(queries, { payer: key, callerHash, word });
      for (let bit = 0n; bit < 256n; bit++) {
        const candidate = 256n * word + bit;
        if ((onChain >> bit) & 1n || taken.has(candidate)) continue;
        await queries.run(
          `INSERT INTO cloud.quoted_nonce (payer, caller, nonce, expires_at)
           VALUES ($1, $2, $3, now() + $4 * interval '1 second')
           ON CONFLICT (payer, caller, nonce) DO UPDATE SET expires_at = excluded.expires_at`,
          [key, callerHash, candidate.toString(), quoteSeconds],
        );
        return candidate;
      }
      return undefined;
    }, lock);
    if (nonce !== undefined) return nonce;
  }
  // A payer with 4,096 open orders or quotes gets a random nonce.
  return BigInt(`0x${crypto.randomUUID().replaceAll("-", "")}`);
}

async function takenNonces(
  queries: Queries,
  { payer, callerHash, word }: { readonly payer: string; readonly callerHash: string; readonly word: bigint },
): Promise<Set<bigint>> {
  const rows = await queries.all<{ nonce: string }>(
    `SELECT nonce FROM cloud.order_nonce WHERE payer = $1 AND nonce >= $2::numeric AND nonce < $2::numeric + 256
     UNION ALL
     SELECT nonce FROM cloud.quoted_nonce
     WHERE payer = $1 AND caller = $3 AND nonce >= $2::numeric AND nonce < $2::numeric + 256 AND expires_at > now()`,
    [payer, (256n * word).toString(), callerHash],
  );
  return new Set(rows.map(({ nonce }) => BigInt(nonce)));
}

import { createHash } from "node:crypto";
import type { Address } from "viem";
import type { Chain } from "../chain/chain.ts";
import type { Database, Queries } from "../database/database.ts";
import { QUOTE_SECONDS } from "../queue/offers.ts";

/** Words of 256 nonces that are looked through for a free one. */
const MOST_WORDS = 16n;

/**
 * The lowest nonce of a payer that is neither used on chain, nor in an order that was posted here, nor named by a quote to
 * the same caller in the last minutes: anybody may ask for quotes in a payer's name, and shall not use up its nonces. Low ones share a word of the chain's bitmap, which makes settling cheaper than random ones would.
 */
export async function quoteNonce(
  { database, chain }: { readonly database: Database; readonly chain: Chain },
  payer: Address,
  caller: string,
): Promise<bigint> {
  const key = payer.toLowerCase();
  // Two callers may be named one nonce: the slower one is told so, and asks again.
  const asker = createHash("sha256").update(caller).digest("hex");
  for (let word = 0n; word < MOST_WORDS; word++) {
    const onChain = await chain.nonceWordOf(payer, word);
    if (onChain === 2n ** 256n - 1n) continue;
    const nonce = await database.transaction(async (queries) => {
      await queries.run("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", [`nonce ${key} ${asker}`]);
      const taken = await takenNonces(queries, { payer: key, asker, word });
      for (let bit = 0n; bit < 256n; bit++) {
        const candidate = 256n * word + bit;
        if ((onChain >> bit) & 1n || taken.has(candidate)) continue;
        await queries.run(
          `INSERT INTO cloud.quoted_nonce (payer, caller, nonce, expires_at)
           VALUES ($1, $2, $3, now() + $4 * interval '1 second')
           ON CONFLICT (payer, caller, nonce) DO UPDATE SET expires_at = excluded.expires_at`,
          [key, asker, candidate.toString(), QUOTE_SECONDS],
        );
        return candidate;
      }
      return undefined;
    });
    if (nonce !== undefined) return nonce;
  }
  // Whoever has 4,096 orders open, or asks for that many quotes, gets a nonce that nobody can foresee.
  return BigInt(`0x${crypto.randomUUID().replaceAll("-", "")}`);
}

async function takenNonces(
  queries: Queries,
  { payer, asker, word }: { readonly payer: string; readonly asker: string; readonly word: bigint },
): Promise<Set<bigint>> {
  const rows = await queries.all<{ nonce: string }>(
    `SELECT nonce FROM cloud.order_nonce WHERE payer = $1 AND nonce >= $2::numeric AND nonce < $2::numeric + 256
     UNION ALL
     SELECT nonce FROM cloud.quoted_nonce
     WHERE payer = $1 AND caller = $3 AND nonce >= $2::numeric AND nonce < $2::numeric + 256 AND expires_at > now()`,
    [payer, (256n * word).toString(), asker],
  );
  return new Set(rows.map(({ nonce }) => BigInt(nonce)));
}

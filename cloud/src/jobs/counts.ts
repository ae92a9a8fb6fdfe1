import type { Cloud } from "../cloud.ts";
import { describeError } from "../error.ts";
import type { Counts } from "../metrics.ts";
import { LIVE_SECONDS } from "./offers.ts";

/** Returns the numbers of live workers, jobs and lanes; undefined when the database does not answer. */
export async function countsOf({
  database,
  gateway,
  log,
}: Pick<Cloud, "database" | "gateway" | "log">): Promise<Counts | undefined> {
  try {
    return await database.one<Counts & { readonly [column: string]: number }>(
      `SELECT (SELECT count(*)::int FROM cloud.worker WHERE last_seen > now() - $1 * interval '1 second') AS workers,
         (SELECT count(*)::int FROM cloud.job WHERE status = 'queued') AS queued,
         (SELECT count(*)::int FROM cloud.job WHERE status IN ('claimed', 'running')) AS running,
         (SELECT count(*)::int FROM cloud.lane WHERE state = 'open' AND payer = $2) AS lanes`,
      [LIVE_SECONDS, gateway?.account.toLowerCase() ?? ""],
    );
  } catch (error) {
    log.error({ error: describeError(error) }, "database does not answer");
    return undefined;
  }
}

// Order in which workers get the gateway's jobs, as SQL: the cheapest first.
import { isCovered, isPaused, LIVE_SECONDS } from "./offers.ts";

/** Factor by which a job is held longer for a cheaper worker with a free slot. */
export const IDLE_HOLD_FACTOR = 6;
/** Seconds until a worker that lost a gateway job may have it again. */
export const SAME_WORKER_SECONDS = 10;

/**
 * Returns the SQL of `cheaper`: offers of other live workers at a lower rate, with the seconds that a job is held for each. Full workers
 * and those with a paused lane have shorter holds. Blocked and paused workers have none.
 */
export function cheaperOffers(worker: string, holdSeconds: string): string {
  return `cheaper AS MATERIALIZED (
    SELECT other.*, room.has_room, $PATIENCE * CASE WHEN room.has_room THEN ${IDLE_HOLD_FACTOR} ELSE 1 END AS seconds
    FROM cloud.offer mine JOIN cloud.offer other ON other.model_id = mine.model_id AND other.rate < mine.rate
    JOIN cloud.worker w ON w.worker = other.worker
    CROSS JOIN LATERAL (
      SELECT NOT coalesce(w.lane_paused_until > now(), false) AND w.parallel > (
        SELECT count(*) FROM cloud.job b WHERE b.worker = w.worker AND b.status IN ('claimed', 'running')) AS has_room) room
    WHERE mine.worker = $WORKER AND other.worker <> $WORKER AND $PATIENCE > 0
      AND w.last_seen > now() - ${LIVE_SECONDS} * interval '1 second'
      AND NOT coalesce(w.blocked_until > now(), false) AND NOT coalesce(w.paused_until > now(), false))`
    .replaceAll("$WORKER", worker)
    .replaceAll("$PATIENCE", `${holdSeconds}::int`);
}

/**
 * Returns a condition on a job `j` and an offer `o`: cheaper workers could do the job, and their hold is not over. The holds of those with
 * a free slot follow one another, so that each has its full time. They begin when both the job and the offer's rate are there: a rate that
 * rises later gets no job for which others had no turn.
 *
 * @param isExcluded Condition on `j` and a worker `c.worker`: it does not get the job.
 */
export function isReservedForCheaper(isExcluded: string): string {
  const begin = "greatest(j.queued_at, o.rate_changed_at)";
  return `(
    ${begin} > now() - coalesce((SELECT sum(seconds) FROM cheaper), 0) * interval '1 second'
    AND ${begin} > now() - interval '1 second' * (
      SELECT coalesce(sum(c.seconds) FILTER (WHERE c.has_room), 0) + coalesce(max(c.seconds) FILTER (WHERE NOT c.has_room), 0)
      FROM cheaper c WHERE c.model_id = o.model_id AND ${isCovered("c")} AND NOT ${isPaused("c")} AND NOT ${isExcluded}))`;
}

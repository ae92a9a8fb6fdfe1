// Order in which workers get the gateway's jobs, as SQL: the cheapest first.
import { isCovered, LIVE_SECONDS } from "./offers.ts";

/** Factor by which a job is kept longer for a cheaper worker that has room for it. */
export const WITH_ROOM = 6;
/** Seconds after which a worker that was lost with a gateway job may have it again. */
export const SECOND_CHANCE = 10;

/**
 * `cheaper`: offers of other live workers for a worker's models at a lower rate, each with the seconds that a job is kept for it. One
 * that is full, or has a pause on its lane, has jobs kept for a shorter time; one that is blocked or has a pause of its own has none.
 */
export function cheaperOffers(worker: string, patience: string): string {
  return `cheaper AS MATERIALIZED (
    SELECT other.*, room.has_room, $PATIENCE * CASE WHEN room.has_room THEN ${WITH_ROOM} ELSE 1 END AS seconds
    FROM cloud.offer mine JOIN cloud.offer other ON other.model_id = mine.model_id AND other.rate < mine.rate
    JOIN cloud.worker w ON w.worker = other.worker
    CROSS JOIN LATERAL (
      SELECT NOT coalesce(w.lane_paused_until > now(), false) AND w.parallel > (
        SELECT count(*) FROM cloud.job b WHERE b.worker = w.worker AND b.status IN ('claimed', 'running')) AS has_room) room
    WHERE mine.worker = $WORKER AND other.worker <> $WORKER AND $PATIENCE > 0
      AND w.last_seen > now() - ${LIVE_SECONDS} * interval '1 second'
      AND NOT coalesce(w.blocked_until > now(), false) AND NOT coalesce(w.paused_until > now(), false))`
    .replaceAll("$WORKER", worker)
    .replaceAll("$PATIENCE", `${patience}::int`);
}

/**
 * Condition on a job `j` and an offer `o` of it: workers that are cheaper could do it, and have not had their time yet. Those with room
 * have it one after the other: one that lets its time pass takes none from the next.
 *
 * @param isBarred Condition on `j` and a worker `c.worker`: it does not get the job.
 */
export function isKeptForCheaper(isBarred: string): string {
  return `(
    j.queued_at > now() - coalesce((SELECT sum(seconds) FROM cheaper), 0) * interval '1 second'
    AND j.queued_at > now() - interval '1 second' * (
      SELECT coalesce(sum(c.seconds) FILTER (WHERE c.has_room), 0) + coalesce(max(c.seconds) FILTER (WHERE NOT c.has_room), 0)
      FROM cheaper c WHERE c.model_id = o.model_id AND ${isCovered("c")} AND NOT ${isBarred}))`;
}

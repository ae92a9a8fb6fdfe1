// Weeks: they begin on Mondays at midnight UTC. Pure: no import of Ponder's.

/** Seconds of a week. */
export const WEEK = 7 * 86_400;

/** 1970 began on a Thursday. */
const OFFSET = 3 * 86_400;

/** Number of the week of a time: weeks since Monday, 1969-12-29. */
export function weekOf(time: number): number {
  return Math.floor((time + OFFSET) / WEEK);
}

/** Unix time at which a week begins. The first one began before 1970. */
export function startOfWeek(week: number): number {
  return Math.max(0, week * WEEK - OFFSET);
}

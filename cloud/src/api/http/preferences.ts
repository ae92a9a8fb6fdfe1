/** Returns the seconds to wait, by RFC 7240: `respond-async` is 0, `wait=10` is 10, at most the limit. */
export function waitSecondsOf(prefer: string | undefined, limit: number): number {
  const preferences = (prefer ?? "")
    .toLowerCase()
    .split(",")
    .map((part) => part.trim());
  if (preferences.includes("respond-async")) return 0;
  const wait = preferences.map((part) => /^wait=(\d{1,6})$/.exec(part)?.[1]).find(Boolean);
  return wait === undefined ? limit : Math.min(Number(wait), limit);
}

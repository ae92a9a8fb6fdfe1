/** A bucket that fills evenly and is emptied by what requests cost. */
interface Bucket {
  level: number;
  at: number;
}

const MINUTE = 60_000;
/** Clients that are remembered at a time. */
const MAX_CLIENTS = 50_000;
/** Share of the capacity by which a bucket may fall below empty, after requests that turned out to cost more than was taken. */
const DEBT = 0.5;

/** A limit of what each client may ask, by cost, kept in this process: several processes behind a balancer each allow as much. */
export interface RateLimit {
  /** Takes `cost` if it is there. Returns 0, or the seconds after which to ask again. */
  take(client: string, cost: number): number;
  /** Takes what a request turned out to cost beyond what was taken before. */
  charge(client: string, cost: number): void;
}

/** @param perMinute What a client may ask each minute, and at once after a minute of silence. */
export function createRateLimit(perMinute: number, now: () => number = Date.now): RateLimit {
  const buckets = new Map<string, Bucket>();

  function bucketOf(client: string): Bucket {
    const at = now();
    let bucket = buckets.get(client);
    if (!bucket) {
      if (buckets.size >= MAX_CLIENTS) forget(at);
      bucket = { level: perMinute, at };
      buckets.set(client, bucket);
    }
    bucket.level = Math.min(perMinute, bucket.level + ((at - bucket.at) * perMinute) / MINUTE);
    bucket.at = at;
    return bucket;
  }

  /** Forgets those that are full again; if too many came within a minute, all. */
  function forget(at: number): void {
    for (const [client, bucket] of buckets) if (at - bucket.at > MINUTE * (1 + DEBT)) buckets.delete(client);
    if (buckets.size >= MAX_CLIENTS) buckets.clear();
  }

  function pay(bucket: Bucket, cost: number): void {
    bucket.level = Math.max(-perMinute * DEBT, bucket.level - cost);
  }

  return {
    take: (client, cost) => {
      const bucket = bucketOf(client);
      // A request that costs more than a bucket holds is let through when it is full: otherwise it never would be.
      const needed = Math.min(cost, perMinute);
      if (bucket.level < needed) return Math.max(1, Math.ceil(((needed - bucket.level) * 60) / perMinute));
      pay(bucket, cost);
      return 0;
    },
    charge: (client, cost) => pay(bucketOf(client), cost),
  };
}

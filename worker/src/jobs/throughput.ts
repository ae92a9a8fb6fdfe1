import { workOf } from "@gridnft/sdk";
import type { WorkerJob } from "@gridnft/sdk/schemas";

/** Throughput of this machine, learnt from the images that it made. */
export interface Throughput {
  /** Seconds that `images` of a job will take, with a margin. */
  estimate(job: Pick<WorkerJob, "request" | "order">, images: number): number;
  /** Learns that one image took `seconds`. */
  learn(job: Pick<WorkerJob, "request" | "order">, seconds: number): void;
  /** Learns that one image was given up after `seconds`: it takes that long at least. */
  learnAtLeast(job: Pick<WorkerJob, "request" | "order">, seconds: number): void;
}

/** Seconds that delivery, journal and network may take beside the engine. */
const MARGIN_SECONDS = 5;
/** Factor of an estimate. */
const CAUTION = 1.5;
/** Weight of what was known, beside a new image's. */
const MEMORY = 0.75;
/** Images say nothing of those that are more than so many times their work. */
const REACH = 8;
/** Seconds after which an estimate is worth half: without it, one that is too high would refuse for ever what would correct it. */
const HALF_LIFE_SECONDS = 600;

/** Part of an image's weight that is left when it is forgotten. */
const FORGOTTEN = 1e-3;

/** Images of about the same work: none has more than twice another's. */
interface Kind {
  /** Sum of the weights; newer images have more. */
  readonly n: number;
  /** Mean work, pixels times steps. */
  readonly work: number;
  /** Mean seconds. */
  readonly seconds: number;
  /** Unix milliseconds of the newest one. */
  readonly at: number;
}

/** Kind with its freshness: 1 for one of now, half for each half-life. */
interface AgedKind extends Kind {
  readonly freshness: number;
}

/**
 * Creates a {@link Throughput} by model: seconds an image (loading, encoding, saving) and seconds per pixel and step, by least squares
 * over the kinds of images. Each kind ages by itself, so that many small images neither push out nor keep up what is known of large ones.
 */
export function createThroughput(now: () => number = Date.now): Throughput {
  const models = new Map<bigint, Map<number, Kind>>();
  const freshnessOf = ({ at }: Kind): number => 0.5 ** (Math.max(0, now() - at) / 1_000 / HALF_LIFE_SECONDS);
  const secondsOf = (job: Pick<WorkerJob, "request" | "order">): number => {
    const kinds = [...(models.get(job.order.modelId)?.values() ?? [])]
      .map((kind) => ({ ...kind, freshness: freshnessOf(kind) }))
      .filter(({ freshness }) => freshness > FORGOTTEN);
    return secondsBy(kinds, workOfImage(job));
  };
  const learn: Throughput["learn"] = (job, seconds) => {
    const work = workOfImage(job);
    const kinds = models.get(job.order.modelId) ?? new Map<number, Kind>();
    models.set(job.order.modelId, kinds);
    const key = Math.floor(Math.log2(work));
    const before = kinds.get(key);
    const weight = before ? before.n * MEMORY * freshnessOf(before) : 0;
    const meanWith = (mean: number, value: number): number => (mean * weight + value) / (weight + 1);
    kinds.set(key, {
      n: weight + 1,
      work: meanWith(before?.work ?? 0, work),
      seconds: meanWith(before?.seconds ?? 0, seconds),
      at: now(),
    });
  };
  return {
    estimate: (job, images) => MARGIN_SECONDS + secondsOf(job) * images * CAUTION,
    learn,
    learnAtLeast: (job, seconds) => {
      learn(job, Math.max(seconds, secondsOf(job)));
    },
  };
}

function workOfImage({ request: { width, height, steps } }: Pick<WorkerJob, "request">): number {
  return Number(workOf({ width, height, steps, count: 1 }));
}

/**
 * Returns the seconds of an image of some work: by the line through the kinds, within the bounds that each of them sets. An image of more
 * work takes as long at least, and no longer by the unit of work. Bounds of old kinds are wider.
 */
function secondsBy(kinds: readonly AgedKind[], work: number): number {
  if (kinds.length === 0) return 0;
  const { overhead, rate } = lineThrough(kinds);
  const reach = REACH * Math.max(...kinds.map((kind) => kind.work * kind.freshness));
  const least = kinds.map((kind) => kind.seconds * kind.freshness * Math.min(1, work / kind.work));
  const most = kinds.map((kind) => kind.seconds * Math.min(1 / kind.freshness, REACH) * Math.max(1, work / kind.work));
  return Math.min(Math.max(overhead + rate * Math.min(work, reach), ...least), ...most);
}

/** Returns the line that fits best to the kinds, each worth less the older it is. Neither part of it is below 0. */
function lineThrough(kinds: readonly AgedKind[]): { readonly overhead: number; readonly rate: number } {
  const sum = (of: (kind: AgedKind) => number): number =>
    kinds.reduce((total, kind) => total + kind.freshness ** 2 * of(kind), 0);
  const n = sum(() => 1);
  const x = sum(({ work }) => work);
  const y = sum(({ seconds, freshness }) => seconds * freshness);
  const xx = sum(({ work }) => work * work);
  const xy = sum(({ work, seconds, freshness }) => work * seconds * freshness);
  const spread = n * xx - x * x;
  // Images of one size don't tell the parts apart: all of their time counts as work then.
  const rate = spread > 1e-6 * x * x ? (n * xy - x * y) / spread : Number.POSITIVE_INFINITY;
  if (rate < 0) return { overhead: y / n, rate: 0 };
  const overhead = (y - rate * x) / n;
  return overhead > 0 ? { overhead, rate } : { overhead: 0, rate: xy / xx };
}

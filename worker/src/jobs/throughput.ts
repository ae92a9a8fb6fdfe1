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

/** Weighted sums over a model's images. x: pixels times steps. y: seconds. */
interface Sums {
  readonly n: number;
  readonly x: number;
  readonly y: number;
  readonly xx: number;
  readonly xy: number;
  /** Most work of an image. */
  readonly most: number;
  /** Unix milliseconds of the newest one. */
  readonly at: number;
}

/**
 * Creates a {@link Throughput} by model: seconds an image (loading, encoding, saving) and seconds per pixel and step, by least squares.
 * Newer images count more.
 */
export function createThroughput(now: () => number = Date.now): Throughput {
  const sums = new Map<bigint, Sums>();
  const workOfImage = ({ request: { width, height, steps } }: Pick<WorkerJob, "request">): number =>
    Number(workOf({ width, height, steps, count: 1 }));
  const secondsOf = (job: Pick<WorkerJob, "request" | "order">): number => {
    const known = sums.get(job.order.modelId);
    if (known === undefined) return 0;
    const { overhead, rate } = lineThrough(known);
    const age = Math.max(0, now() - known.at) / 1_000;
    return (overhead + rate * Math.min(workOfImage(job), REACH * known.most)) * 0.5 ** (age / HALF_LIFE_SECONDS);
  };
  const learn: Throughput["learn"] = (job, seconds) => {
    const work = workOfImage(job);
    const { n, x, y, xx, xy, most } = sums.get(job.order.modelId) ?? { n: 0, x: 0, y: 0, xx: 0, xy: 0, most: 0 };
    sums.set(job.order.modelId, {
      n: n * MEMORY + 1,
      x: x * MEMORY + work,
      y: y * MEMORY + seconds,
      xx: xx * MEMORY + work * work,
      xy: xy * MEMORY + work * seconds,
      most: Math.max(most, work),
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

/** Returns the line that fits best. Neither part of it is below 0. */
function lineThrough({ n, x, y, xx, xy }: Sums): { readonly overhead: number; readonly rate: number } {
  const spread = n * xx - x * x;
  // Images of one size don't tell the parts apart: all of their time counts as work then.
  const rate = spread > 1e-6 * x * x ? (n * xy - x * y) / spread : Number.POSITIVE_INFINITY;
  if (rate < 0) return { overhead: y / n, rate: 0 };
  const overhead = (y - rate * x) / n;
  return overhead > 0 ? { overhead, rate } : { overhead: 0, rate: xy / xx };
}

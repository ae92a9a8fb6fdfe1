import { workOf } from "@gridnft/sdk";
import type { WorkerJob } from "@gridnft/sdk/wire";

/** How fast this machine works, learnt from what it did. */
export interface Pace {
  /** Seconds that `images` of a job will take, with a margin. */
  estimate(job: Pick<WorkerJob, "request" | "order">, images: number): number;
  /** One image took `seconds`. */
  learn(job: Pick<WorkerJob, "request" | "order">, seconds: number): void;
}

/** Seconds that hand-over, journal and network may take beside the engine. */
const MARGIN = 5;

/** A {@link Pace} by model: a running mean of seconds per pixel and step, the newest image counting a quarter. */
export function createPace(): Pace {
  const perWork = new Map<bigint, number>();
  const workOfImage = ({ request: { width, height, steps } }: Pick<WorkerJob, "request">): number =>
    Number(workOf({ width, height, steps, count: 1 }));
  return {
    estimate: (job, images) => {
      const rate = perWork.get(job.order.modelId) ?? 0;
      return MARGIN + rate * workOfImage(job) * images * 1.5;
    },
    learn: (job, seconds) => {
      const rate = seconds / workOfImage(job);
      const before = perWork.get(job.order.modelId) ?? rate;
      perWork.set(job.order.modelId, before * 0.75 + rate * 0.25);
    },
  };
}

import { limits, type modelDefaults, type workerOffer } from "@gridnft/sdk/schemas";
import type { Address, Hex } from "viem";
import type { z } from "zod";
import type { Cloud } from "../cloud.ts";
import type { Database, Queries } from "../database/database.ts";
import { ApiError } from "../error.ts";
import { workerMutex } from "./mutexes.ts";

export type ModelDefaults = z.output<typeof modelDefaults>;
type Offer = z.output<typeof workerOffer>;

/** Seconds after a worker's last request for which it counts as live. */
export const LIVE_SECONDS = 60;
/** Seconds for which a quote's prices hold. */
export const QUOTE_SECONDS = 300;

/** Offer of a model by a live worker. */
export interface LiveOffer {
  readonly worker: Address;
  readonly modelId: bigint;
  readonly modelHash: Hex;
  /** Price, AIPG wei per megapixel and step. */
  readonly rate: bigint;
  /** Lower one of the current rate and the rate in recent quotes. */
  readonly leastRate: bigint;
  /** Seconds since the rate rose, or the offer came. */
  readonly rateAge: number;
  /** Work, pixels times steps times images, from which on the worker has no time for gateway jobs now. */
  readonly pausedWork: bigint | undefined;
  readonly samplers: readonly string[];
  readonly schedulers: readonly string[];
  /** Step of width and height, which must be multiples of it. */
  readonly sideStep: number;
  readonly maxPixels: bigint;
  readonly maxSteps: number;
  readonly maxCount: number;
  readonly defaults: ModelDefaults | undefined;
  readonly busy: number;
  readonly parallel: number;
}

/** Stores a worker's offer, in place of its earlier one. */
export async function putOffer(database: Database, worker: Address, offer: Offer): Promise<void> {
  await database.transaction(async (queries) => {
    await queries.run(
      `INSERT INTO cloud.worker (worker, software, parallel) VALUES ($1, $2, $3)
       ON CONFLICT (worker) DO UPDATE SET software = $2, parallel = $3, last_seen = now()`,
      [worker, offer.software, offer.parallel],
    );
    await queries.run("DELETE FROM cloud.offer WHERE worker = $1 AND NOT model_id = ANY($2::numeric[])", [
      worker,
      offer.models.map(({ model_id }) => model_id.toString()),
    ]);
    for (const model of offer.models) {
      await queries.run(
        `INSERT INTO cloud.offer
           (worker, model_id, model_hash, rate, samplers, schedulers, max_pixels, max_steps, max_count, defaults, side_step,
            rate_changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, now())
         ON CONFLICT (worker, model_id) DO UPDATE SET
           model_hash = excluded.model_hash, samplers = excluded.samplers, schedulers = excluded.schedulers,
           max_pixels = excluded.max_pixels, max_steps = excluded.max_steps, max_count = excluded.max_count,
           defaults = excluded.defaults, side_step = excluded.side_step, rate = excluded.rate,
           previous_rate = CASE WHEN excluded.rate > offer.rate THEN offer.rate ELSE offer.previous_rate END,
           rate_changed_at = CASE WHEN excluded.rate > offer.rate THEN now() ELSE offer.rate_changed_at END`,
        [
          worker,
          model.model_id.toString(),
          model.model_hash,
          model.rate.toString(),
          model.samplers,
          model.schedulers,
          model.max_pixels,
          model.max_steps,
          model.max_count,
          model.defaults ? JSON.stringify(model.defaults) : null,
          model.side_step,
        ],
      );
    }
  }, workerMutex(worker));
}

/** Returns the ids of the models that a worker serves. */
export async function modelsOf(queries: Queries, worker: Address): Promise<string[]> {
  const rows = await queries.all<{ model_id: string }>("SELECT model_id FROM cloud.offer WHERE worker = $1", [worker]);
  return rows.map(({ model_id }) => model_id);
}

/** Columns of an offer that are numerics or bigints, which come as text. */
type BigColumn = "modelId" | "rate" | "leastRate" | "maxPixels";
type OfferRow = Omit<LiveOffer, BigColumn | "defaults" | "pausedWork"> &
  Readonly<Record<BigColumn, string>> & { readonly defaults: ModelDefaults | null; readonly pausedWork: string | null };

/** Returns the offers of workers that are live and not blocked, of one model or of all. */
export async function liveOffers(queries: Queries, modelId?: bigint): Promise<LiveOffer[]> {
  const rows = await queries.all<OfferRow>(
    `SELECT o.worker, o.model_id AS "modelId", o.model_hash AS "modelHash", o.rate, o.samplers, o.schedulers,
       o.side_step AS "sideStep", o.max_pixels AS "maxPixels", o.max_steps AS "maxSteps", o.max_count AS "maxCount",
       o.defaults, w.parallel,
       CASE WHEN o.rate_changed_at > now() - $2 * interval '1 second' THEN least(o.rate, o.previous_rate) ELSE o.rate END
         AS "leastRate",
       coalesce(extract(epoch FROM now() - o.rate_changed_at)::float8, 'Infinity') AS "rateAge",
       CASE WHEN o.paused_until > now() THEN o.paused_work END AS "pausedWork",
       (SELECT count(*)::int FROM cloud.job j WHERE j.worker = o.worker AND j.status IN ('claimed', 'running')) AS busy
     FROM cloud.offer o JOIN cloud.worker w USING (worker)
     WHERE w.last_seen > now() - $1 * interval '1 second'
       AND (w.blocked_until IS NULL OR w.blocked_until < now())
       AND ($3::numeric IS NULL OR o.model_id = $3)
     ORDER BY o.worker, o.model_id`,
    [LIVE_SECONDS, QUOTE_SECONDS, modelId?.toString() ?? null],
  );
  return rows.map((row) => ({
    ...row,
    modelId: BigInt(row.modelId),
    rate: BigInt(row.rate),
    leastRate: BigInt(row.leastRate),
    maxPixels: BigInt(row.maxPixels),
    pausedWork: row.pausedWork === null ? undefined : BigInt(row.pausedWork),
    defaults: row.defaults ?? undefined,
  }));
}

/** Size and kind of a job, for a comparison with offers. */
export interface Workload {
  readonly modelHash: Hex;
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly count: number;
  readonly sampler: string;
  readonly scheduler: string;
}

/** Returns true if an offer covers a job of this size and kind. */
export function covers(offer: LiveOffer, job: Workload): boolean {
  return (
    offer.modelHash === job.modelHash.toLowerCase() &&
    job.width % offer.sideStep === 0 &&
    job.height % offer.sideStep === 0 &&
    BigInt(job.width * job.height) <= offer.maxPixels &&
    job.steps <= offer.maxSteps &&
    job.count <= offer.maxCount &&
    offer.samplers.includes(job.sampler) &&
    offer.schedulers.includes(job.scheduler)
  );
}

/** Returns the SQL of `covers`: a condition on a job `j` and an offer of its model. */
export function isCovered(offer: string): string {
  return `j.model_hash = $offer.model_hash
    AND j.pixels <= $offer.max_pixels AND j.steps <= $offer.max_steps AND j.count <= $offer.max_count
    AND j.sampler = ANY ($offer.samplers) AND j.scheduler = ANY ($offer.schedulers)
    AND gcd((j.request->>'width')::int, (j.request->>'height')::int) % $offer.side_step = 0`.replaceAll(
    "$offer",
    offer,
  );
}

/** Returns the SQL of a condition on a gateway job `j` and an offer of its model: the worker had no time for as much work just now. */
export function isPaused(offer: string): string {
  return `(coalesce($offer.paused_until > now(), false)
    AND j.pixels::numeric * j.steps * j.count >= $offer.paused_work)`.replaceAll("$offer", offer);
}

/**
 * Returns the error for a job that offers would cover if its sides were multiples of their steps; undefined otherwise. It names the
 * smallest step, and the nearest sizes that an offer covers.
 */
export function sideStepError(offers: readonly LiveOffer[], job: Workload): ApiError | undefined {
  // Something else is in the way of what an offer covers: its worker is not asked for, or too dear.
  if (offers.some((offer) => covers(offer, job))) return undefined;
  const [finest, ...others] = offers
    .filter((offer) => sizesNear(job, offer).length > 0)
    .sort((a, b) => a.sideStep - b.sideStep);
  if (!finest) return undefined;
  const { sideStep } = finest;
  const field = job.width % sideStep === 0 ? "height" : "width";
  const sizes = new Set(
    [finest, ...others].filter((one) => one.sideStep === sideStep).flatMap((one) => sizesNear(job, one)),
  );
  const nearest = sizes.size === 1 ? "size is" : "sizes are";
  return new ApiError(
    "FIELD_INVALID",
    `${field} is not a multiple of ${sideStep}, as the model needs it. The nearest ${nearest} ${[...sizes].join(" and ")}.`,
    { field },
  );
}

/** Names in one sentence: each worker chooses its own. */
const MAX_NAMES = 40;

/** The error for a job whose sampler or noise schedule no offer of its model has, by its name; undefined if there are no offers. */
export function samplingError(offers: readonly LiveOffer[], job: Workload): ApiError | undefined {
  if (offers.length === 0) return undefined;
  for (const field of ["sampler", "scheduler"] as const) {
    const names = new Set(offers.flatMap((offer) => offer[`${field}s`]));
    if (names.has(job[field])) continue;
    const some = [...names].sort().slice(0, MAX_NAMES).join(", ");
    return new ApiError("FIELD_INVALID", `${field} is not one of ${some}.`, { field });
  }
  return undefined;
}

/** Returns the sizes nearest to a job's, rounded to an offer's step, that the offer covers. */
function sizesNear(job: Workload, offer: LiveOffer): string[] {
  const { sideStep } = offer;
  return [Math.floor, Math.ceil].flatMap((round) => {
    const [width, height] = [job.width, job.height].map((side) => round(side / sideStep) * sideStep) as [
      number,
      number,
    ];
    const isTaken = Math.min(width, height) >= limits.minSide && Math.max(width, height) <= limits.maxSide;
    return isTaken && covers(offer, { ...job, width, height }) ? [`${width} x ${height}`] : [];
  });
}

/**
 * Requires that an offer names each model once, with AIGC's weights hash and with defaults that it takes itself.
 * @throws {@link ApiError} `MODEL_UNKNOWN`, `FIELD_INVALID`.
 */
export async function requireValidOffer({ chain }: Pick<Cloud, "chain">, offer: Offer): Promise<void> {
  for (const [i, offered] of offer.models.entries()) {
    requireTaken(offered, `models.${i}.defaults`);
    const model = await chain.modelNamed(offered.model_id.toString());
    if (model.modelId === offered.model_id && model.weightsHash.toLowerCase() === offered.model_hash) continue;
    throw new ApiError("FIELD_INVALID", `models.${i}.model_hash is not AIGC's weights hash, ${model.weightsHash}.`, {
      field: `models.${i}.model_hash`,
    });
  }
  if (new Set(offer.models.map(({ model_id }) => model_id)).size !== offer.models.length) {
    throw new ApiError("FIELD_INVALID", "models names a model twice.", { field: "models" });
  }
}

/** @throws {@link ApiError} `FIELD_INVALID` for defaults that the worker itself does not take. */
function requireTaken(
  { side_step: step, max_pixels: maxPixels, max_steps: maxSteps, defaults }: Offer["models"][number],
  name: string,
): void {
  if (!defaults) return;
  const { width, height, steps } = defaults;
  const refuse = (field: keyof ModelDefaults, reason: string): never => {
    throw new ApiError("FIELD_INVALID", `${name}.${field} ${reason}.`, { field: `${name}.${field}` });
  };
  if (width % step !== 0) refuse("width", `is not a multiple of side_step, ${step}`);
  if (height % step !== 0) refuse("height", `is not a multiple of side_step, ${step}`);
  if (width * height > maxPixels) refuse("height", `times width is above max_pixels, ${maxPixels}`);
  if (steps > maxSteps) refuse("steps", `is above max_steps, ${maxSteps}`);
}

import { MODEL_CARD_FILE, type ModelCard, modelCard } from "@gridnft/sdk";
import { modelDefaults, type WorkerOffer } from "@gridnft/sdk/schemas";
import { zeroHash } from "viem";
import type { GridChain } from "../chain/connect.ts";
import type { ModelSource } from "../engines/kinds.ts";
import { readCardJson } from "../engines/modelFolder.ts";
import { restartingEngine } from "../engines/restartingEngine.ts";
import type { Engine } from "../engines/types.ts";
import { describe, WorkerError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { ServedModel, WorkLimits } from "./checkRequest.ts";

/** Model to serve: its AIGC token id, and where its engine finds it. */
export interface ModelEntry extends ModelSource {
  readonly modelId: bigint;
}

/** Loaded model, proven to be the one on the chain. */
export interface LoadedModel extends ServedModel {
  readonly engine: Engine;
  readonly card: ModelCard | undefined;
}

/** Loads the engine of a model. */
export type LoadEngine = (source: ModelSource, modelName: string | undefined) => Promise<Engine>;

/**
 * Loads every model, all at once, and compares its hash with `AIGC.weightsHash`: a receipt for other weights than it names would
 * be a lie.
 * @throws {@link WorkerError} `MODEL_MISMATCH`, `ENGINE_FAILED`, after all engines are closed again.
 */
export async function loadModels(
  entries: readonly ModelEntry[],
  chain: Pick<GridChain, "grid">,
  load: LoadEngine,
  log: Logger,
): Promise<readonly LoadedModel[]> {
  const results = await Promise.allSettled(entries.map((entry) => loadModel(entry, chain, load, log)));
  const loaded = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = results.find((result) => result.status === "rejected");
  if (failed === undefined) return loaded;
  await Promise.allSettled(loaded.map(({ engine }) => engine.close()));
  throw failed.reason;
}

async function loadModel(
  { modelId, engine: kind, locator }: ModelEntry,
  { grid }: Pick<GridChain, "grid">,
  load: LoadEngine,
  log: Logger,
): Promise<LoadedModel> {
  const weightsHash = await grid.aigc.read.weightsHash([modelId]).catch((cause: unknown) => {
    throw new WorkerError("MODEL_MISMATCH", `AIGC names no model ${modelId}: ${describe(cause)}`, { cause });
  });
  if (weightsHash === zeroHash) throw new WorkerError("MODEL_MISMATCH", `AIGC has no model ${modelId}.`);
  const card = await readCard(locator);
  const loadIt = (): Promise<Engine> => load({ engine: kind, locator }, card?.name);
  const first = await loadIt().catch((cause: unknown) => {
    throw new WorkerError("ENGINE_FAILED", `Model ${modelId} in ${locator} does not load: ${describe(cause)}`, {
      cause,
    });
  });
  const engine = restartingEngine(first, loadIt, log);
  const { modelHash, samplers, schedulers, sideStep, inputs } = engine;
  if (modelHash.toLowerCase() !== weightsHash.toLowerCase()) {
    await engine.close();
    throw new WorkerError(
      "MODEL_MISMATCH",
      `The files in ${locator} have the hash ${modelHash}, model ${modelId} on the chain has ${weightsHash}.`,
    );
  }
  return { modelId, modelHash, samplers, schedulers, sideStep, inputs, engine, card };
}

/** Returns the offer that the cloud gets. `rate` is AIPG wei per megapixel and step. */
export function offerOf(
  models: readonly LoadedModel[],
  terms: { readonly rate: bigint; readonly limits: WorkLimits; readonly parallel: number; readonly software: string },
): WorkerOffer {
  const { maxPixels, maxSteps, maxCount } = terms.limits;
  return {
    software: terms.software,
    parallel: terms.parallel,
    models: models.map(({ modelId, modelHash, engine, card }) => ({
      model_id: modelId.toString(),
      model_hash: modelHash,
      rate: terms.rate.toString(),
      samplers: [...engine.samplers],
      schedulers: [...engine.schedulers],
      side_step: engine.sideStep,
      max_pixels: maxPixels,
      max_steps: maxSteps,
      max_count: maxCount,
      ...defaultsOf(card, engine, terms.limits),
    })),
  };
}

/** Defaults that a card recommends. One that recommends what the API or this worker does not take gives none: the cloud's own count then. */
function defaultsOf(
  card: ModelCard | undefined,
  { sideStep, samplers, schedulers }: Engine,
  { maxPixels, maxSteps }: WorkLimits,
): Pick<WorkerOffer["models"][number], "defaults"> {
  const { success, data } = modelDefaults.safeParse(card?.defaults);
  const isTaken =
    success &&
    data.width % sideStep === 0 &&
    data.height % sideStep === 0 &&
    data.width * data.height <= maxPixels &&
    data.steps <= maxSteps &&
    samplers.includes(data.sampler) &&
    schedulers.includes(data.scheduler);
  return isTaken ? { defaults: data } : {};
}

async function readCard(folder: string): Promise<ModelCard | undefined> {
  try {
    const json = await readCardJson(folder);
    return json === undefined ? undefined : modelCard.parse(json);
  } catch (cause) {
    throw new WorkerError(
      "MODEL_MISMATCH",
      `The card ${MODEL_CARD_FILE} in ${folder} is not valid: ${describe(cause)}`,
      { cause },
    );
  }
}

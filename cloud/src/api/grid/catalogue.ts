import { modelList, modelListing, workerList } from "@gridnft/sdk/schemas";
import { getAddress } from "viem";
import { z } from "zod";
import type { ChainModel } from "../../chain/models.ts";
import type { Cloud } from "../../cloud.ts";
import { type LiveOffer, liveOffers } from "../../jobs/offers.ts";
import { defaultsOf } from "../../jobs/resolve.ts";
import { liveWorkers } from "../../jobs/workers.ts";
import { type App, endpoint } from "../http/endpoint.ts";

/** Adds `/v1/models` and `/v1/workers`. */
export function catalogueRoutes(app: App, cloud: Cloud): void {
  const { database, chain } = cloud;

  endpoint(
    app,
    {
      method: "get",
      path: "/v1/models",
      summary: "All models of AIGC, and who serves them now",
      tag: "catalogue",
      answers: { 200: { description: "The models", schema: modelList } },
      errors: ["CHAIN_UNREACHABLE"],
    },
    async ({ context }) => {
      const [models, offers] = await Promise.all([chain.models(), liveOffers(database)]);
      return context.json({ models: models.map((model) => listing(model, offers)) });
    },
  );

  endpoint(
    app,
    {
      method: "get",
      path: "/v1/models/{id}",
      summary: "A model by token id or name",
      tag: "catalogue",
      params: z.object({ id: z.string().min(1).max(200) }),
      answers: { 200: { description: "The model", schema: modelListing } },
      errors: ["MODEL_UNKNOWN", "CHAIN_UNREACHABLE"],
    },
    async ({ context, params }) => {
      const model = await chain.modelNamed(params.id);
      return context.json(listing(model, await liveOffers(database, model.modelId)));
    },
  );

  endpoint(
    app,
    {
      method: "get",
      path: "/v1/workers",
      summary: "The workers that are in touch now",
      tag: "catalogue",
      answers: { 200: { description: "The workers", schema: workerList } },
    },
    async ({ context }) => {
      const workers = await liveWorkers(database);
      return context.json({
        workers: workers.map((row) => ({
          ...row,
          worker: getAddress(row.worker),
          last_seen: Number(row.last_seen),
        })),
      });
    },
  );
}

function listing(model: ChainModel, offers: readonly LiveOffer[]): z.input<typeof modelListing> {
  const served = offers.filter((offer) => offer.modelId === model.modelId);
  const rate = served.reduce<bigint | undefined>(
    (least, offer) => (least === undefined || offer.rate < least ? offer.rate : least),
    undefined,
  );
  return {
    model_id: model.modelId.toString(),
    name: model.name,
    version: model.version,
    access: model.access,
    owner: model.owner,
    weights_hash: model.weightsHash,
    usage_bps: model.usageBps,
    workers: served.length,
    ...(rate !== undefined && { rate: rate.toString() }),
    samplers: [...new Set(served.flatMap((offer) => offer.samplers))],
    schedulers: [...new Set(served.flatMap((offer) => offer.schedulers))],
    ...(served.length > 0 && { side_step: Math.min(...served.map((offer) => offer.sideStep)) }),
    defaults: defaultsOf(model, served),
  };
}

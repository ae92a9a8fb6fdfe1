import type { GridContracts } from "@gridnft/sdk";
import type { Address, Hex, PublicClient } from "viem";
import { ApiError } from "../error.ts";
import { withChainErrors } from "./errors.ts";
import { TtlCache } from "./ttlCache.ts";

/** Model of AIGC. */
export interface ChainModel {
  readonly modelId: bigint;
  readonly name: string;
  readonly version: string;
  /** Number in AIGC's `ModelFamily`. */
  readonly family: number;
  readonly access: "open" | "licensed" | "private";
  readonly owner: Address;
  readonly weightsHash: Hex;
  /** Current usage royalty, basis points. */
  readonly usageBps: number;
  readonly verified: boolean;
  readonly deprecated: boolean;
}

/** Catalogue of AIGC's models. */
export interface ModelCatalogue {
  /** Returns all models, cached for up to 5 s. */
  models(): Promise<readonly ChainModel[]>;
  /**
   * Returns a model by token id or by name. Of several with one name it is the verified, not deprecated, oldest.
   * @throws {@link ApiError} `MODEL_UNKNOWN`.
   */
  modelNamed(idOrName: string): Promise<ChainModel>;
  /** Returns AIGC's current answer. */
  canUse(modelId: bigint, account: Address): Promise<boolean>;
}

const accesses = ["open", "licensed", "private"] as const;
const PAGE_SIZE = 100;

/** Milliseconds for which the number of models is cached to tell that a name is unknown. */
const SUPPLY_TIMEOUT = 250;
/** Names that are cached as unknown. */
const MAX_UNKNOWN = 10_000;

/**
 * Creates the catalogue of AIGC's models. Ids count from 1.
 * @param head Hash of the newest block that is known.
 */
export function modelCatalogue(aigc: GridContracts<PublicClient>["aigc"], head: () => Hex): ModelCatalogue {
  const lists = new TtlCache<readonly ChainModel[]>(5_000);
  const supplies = new TtlCache<number>(SUPPLY_TIMEOUT);
  /** Names that no model had at a block. The chain is asked again at the next one. */
  const unknown = new Map<string, Hex>();

  const page = async (ids: readonly bigint[]): Promise<ChainModel[]> => {
    const [models, owners] = await withChainErrors(
      Promise.all([aigc.read.modelsOf([ids]), Promise.all(ids.map((id) => aigc.read.ownerOf([id])))]),
    );
    const now = Math.floor(Date.now() / 1_000);
    return models.map((model, i) => ({
      modelId: model.modelId,
      name: model.spec.name,
      version: model.spec.version,
      family: model.spec.family,
      access: accesses[model.spec.access] ?? "private",
      owner: owners[i] as Address,
      weightsHash: model.spec.weightsHash,
      usageBps: model.nextUsageFrom !== 0 && now >= model.nextUsageFrom ? model.nextUsageBps : model.spec.usageBps,
      verified: model.verified,
      deprecated: model.deprecated,
    }));
  };
  const all = async (): Promise<readonly ChainModel[]> => {
    const count = await withChainErrors(aigc.read.totalSupply());
    const ids = Array.from({ length: Number(count) }, (_, i) => BigInt(i + 1));
    const pages: ChainModel[][] = [];
    for (let from = 0; from < ids.length; from += PAGE_SIZE) pages.push(await page(ids.slice(from, from + PAGE_SIZE)));
    return pages.flat();
  };
  const models = () => lists.get("all", all);

  return {
    models,
    modelNamed: async (idOrName) => {
      const found = find(await models(), idOrName);
      if (found) return found;
      const name = idOrName.trim().toLowerCase();
      const block = head();
      if (unknown.get(name) !== block) {
        // It may have been registered a moment ago. Names never change, so a new number of models shows it.
        const count = await supplies.get("all", async () => Number(await withChainErrors(aigc.read.totalSupply())));
        if ((await models()).length !== count) lists.clear();
        const fresh = find(await models(), idOrName);
        if (fresh) return fresh;
        if (unknown.size >= MAX_UNKNOWN) unknown.clear();
        unknown.set(name, block);
      }
      throw new ApiError("MODEL_UNKNOWN", `There is no model "${idOrName}". GET /v1/models lists them all.`, {
        field: "model",
      });
    },
    canUse: (modelId, account) => withChainErrors(aigc.read.canUse([modelId, account])),
  };
}

function find(models: readonly ChainModel[], idOrName: string): ChainModel | undefined {
  if (/^\d+$/.test(idOrName)) {
    const byId = models.find(({ modelId }) => modelId.toString() === idOrName.replace(/^0+(?=\d)/, ""));
    if (byId) return byId;
  }
  const wanted = idOrName.trim().toLowerCase();
  const rank = (model: ChainModel) => (model.verified ? 0 : 2) + (model.deprecated ? 1 : 0);
  return models
    .filter(({ name }) => name.toLowerCase() === wanted)
    .sort((a, b) => rank(a) - rank(b) || (a.modelId < b.modelId ? -1 : 1))[0];
}

import type { GridContracts } from "@gridnft/sdk";
import type { Address, Hex, PublicClient } from "viem";
import { CloudError } from "../error.ts";
import { Memory } from "./cache.ts";

/** A model as AIGC has it. */
export interface ChainModel {
  readonly modelId: bigint;
  readonly name: string;
  readonly version: string;
  /** Number in AIGC's `ModelFamily`. */
  readonly family: number;
  readonly access: "open" | "licensed" | "private";
  readonly owner: Address;
  readonly weightsHash: Hex;
  /** Usage royalty now, basis points. */
  readonly usageBps: number;
  readonly verified: boolean;
  readonly deprecated: boolean;
}

/** The models of AIGC. */
export interface ModelCatalogue {
  /** All of them, up to 5 s old. */
  models(): Promise<readonly ChainModel[]>;
  /**
   * One by token id or by name; of several with one name the verified, not deprecated, oldest.
   * @throws {@link CloudError} `MODEL_UNKNOWN`.
   */
  modelNamed(idOrName: string): Promise<ChainModel>;
  /** AIGC's answer in this moment. */
  canUse(modelId: bigint, account: Address): Promise<boolean>;
}

const accesses = ["open", "licensed", "private"] as const;
const PAGE = 100;

/** Milliseconds for which a number of models is good enough to say that a name is none of theirs. */
const SUPPLY_AGE = 250;
/** Names that are remembered as unknown. */
const MOST_UNKNOWN = 10_000;

/**
 * Reads AIGC; ids count from 1.
 * @param head Hash of the newest block that is known.
 */
export function modelCatalogue(
  aigc: GridContracts<PublicClient>["aigc"],
  asked: <Answer>(question: Promise<Answer>) => Promise<Answer>,
  head: () => Hex,
): ModelCatalogue {
  const lists = new Memory<readonly ChainModel[]>(5_000);
  const supplies = new Memory<number>(SUPPLY_AGE);
  /** Names that no model had at a block: nobody asks the chain again before the next one. */
  const unknown = new Map<string, Hex>();

  const page = async (ids: readonly bigint[]): Promise<ChainModel[]> => {
    const [models, owners] = await asked(
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
    const count = await asked(aigc.read.totalSupply());
    const ids = Array.from({ length: Number(count) }, (_, i) => BigInt(i + 1));
    const pages: ChainModel[][] = [];
    for (let from = 0; from < ids.length; from += PAGE) pages.push(await page(ids.slice(from, from + PAGE)));
    return pages.flat();
  };
  const models = () => lists.ask("all", all);

  return {
    models,
    modelNamed: async (idOrName) => {
      const found = find(await models(), idOrName);
      if (found) return found;
      const name = idOrName.trim().toLowerCase();
      const block = head();
      if (unknown.get(name) !== block) {
        // It may have been registered a moment ago. Models have their names for ever, so their number tells.
        const count = await supplies.ask("all", async () => Number(await asked(aigc.read.totalSupply())));
        if ((await models()).length !== count) lists.forget();
        const fresh = find(await models(), idOrName);
        if (fresh) return fresh;
        if (unknown.size >= MOST_UNKNOWN) unknown.clear();
        unknown.set(name, block);
      }
      throw new CloudError("MODEL_UNKNOWN", `There is no model "${idOrName}". GET /v1/models lists them all.`, {
        field: "model",
      });
    },
    canUse: (modelId, account) => asked(aigc.read.canUse([modelId, account])),
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

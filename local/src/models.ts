// Model folders of a local grid: those that this project makes, and any that an operator has put beside them.
import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Content, makeDevModels } from "@gridnft/devmodel";
import { MODEL_CARD_FILE, type ModelCard, modelCard } from "@gridnft/sdk";
import { hashModelFolder, readModelCard } from "@gridnft/worker/modelFolder";
import type { Hex } from "viem";
import { z } from "zod";
import { LocalError } from "./errors.ts";

/** Model folder, ready to be registered and served. */
export interface LocalModel {
  readonly folder: string;
  readonly card: ModelCard;
  /** `weightsHash` of its token. */
  readonly manifestHash: Hex;
}

/** Output of `makeModels.ts`. */
export const localModels = z.array(
  z.object({ folder: z.string(), card: modelCard, manifestHash: z.templateLiteral(["0x", z.string()]) }),
);

/** Makes what is missing below `out`, and reads all that is there. Hashing large weights takes its time. */
export async function prepareModels(out: string, things?: readonly Content[]): Promise<LocalModel[]> {
  await mkdir(out, { recursive: true });
  const models: LocalModel[] = await makeDevModels({ out, things });
  const known = new Set(models.map(({ folder }) => folder));
  for (const name of (await readdir(out)).sort()) {
    const folder = join(out, name);
    if (known.has(folder) || !existsSync(join(folder, MODEL_CARD_FILE))) continue;
    const card = await readModelCard(folder).catch((cause: unknown) => {
      throw new LocalError("MODELS", `${join(folder, MODEL_CARD_FILE)} is not a model card, see docs/models.md.`, {
        cause,
      });
    });
    models.push({ folder, card, manifestHash: (await hashModelFolder(folder)).hash });
  }
  return models;
}

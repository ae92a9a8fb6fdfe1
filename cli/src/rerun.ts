import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { VerifiedVersion } from "@gridnft/sdk";
import type { Rerun as EngineRerun } from "@gridnft/worker/engine";
import type { Hex } from "viem";
import { explain } from "./explain.ts";
import { isFolder } from "./pictures.ts";

/** Result of running a version's job again. */
export interface Rerun {
  readonly version: number;
  /** `impossible`: nothing was compared. */
  readonly outcome: "identical" | "similar" | "different" | "impossible";
  /** A sentence or two for a collector. */
  readonly explanation: string;
  /** Engine that ran it now. */
  readonly engine?: string;
  /** True for the engine of the receipt: only then is a difference a contradiction. */
  readonly sameEngine?: boolean;
  /** Bits of 64 in which the perceptual hashes differ. */
  readonly perceptualDistance?: number;
  /** Greatest difference of a colour channel, of 255. */
  readonly maxDifference?: number;
  readonly modelFolder?: string;
}

export interface RerunOptions {
  /** Folder of model folders, or a model folder. */
  readonly modelsFolder: string;
  readonly onStep?: (step: number, steps: number) => void;
}

/** Runs the job of a version with the built-in engine and compares the pictures. */
export async function rerunVersion(version: VerifiedVersion, options: RerunOptions): Promise<Rerun> {
  const impossible = (explanation: string): Rerun => ({ version: version.version, outcome: "impossible", explanation });
  if (!version.file) return impossible("There is no picture to compare with: its file was not found.");
  const folder = await findModel(options.modelsFolder, version.request.modelHash);
  if (folder === undefined) {
    return impossible(
      `None of the model folders in ${options.modelsFolder} hashes to the model's ${version.request.modelHash}.`,
    );
  }
  try {
    const { rerun } = await import("@gridnft/worker/engine");
    const { request, receipt, engine, file } = version;
    const result = await rerun({
      ...{ request, seed: receipt.seed, engine, picture: file, model: folder },
      ...(options.onStep && { onStep: options.onStep }),
    });
    return {
      version: version.version,
      outcome: result.verdict,
      explanation: explanationOf(result),
      engine: result.engine,
      sameEngine: result.sameEngine,
      perceptualDistance: result.perceptualDistance,
      ...(result.maxDifference !== undefined && { maxDifference: result.maxDifference }),
      modelFolder: folder,
    };
  } catch (error) {
    return impossible(`The built-in engine can't run this job: ${explain(error).message}`);
  }
}

function explanationOf(result: EngineRerun): string {
  const { verdict, sameBytes, sameEngine, engine, perceptualDistance, maxDifference } = result;
  const distance = `${perceptualDistance} of 64 bits of the perceptual hash differ${
    maxDifference === undefined ? "" : `, colours by at most ${maxDifference} of 255`
  }`;
  if (verdict === "identical") {
    return `The model gave the same picture again, ${sameBytes ? "byte for byte" : "pixel for pixel"}, with ${engine}.`;
  }
  if (verdict === "similar") return `The model gave nearly the same picture again with ${engine}: ${distance}.`;
  return sameEngine
    ? `The same engine with the same model gave another picture: ${distance}. The worker did not make it as it says, or its machine computes differently.`
    : `Another engine (${engine}) gave another picture: ${distance}. Engines begin with different noise, so this proves nothing by itself.`;
}

/** The folder below `root` (or itself) whose manifest has a hash. */
export async function findModel(root: string, modelHash: Hex): Promise<string | undefined> {
  if (!(await isFolder(root))) return undefined;
  const below = (await readdir(root, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(root, entry.name));
  for (const folder of [root, ...below]) {
    if (!(await readdir(folder)).includes("model_index.json")) continue;
    if ((await (await import("@gridnft/worker/engine")).hashModelFolder(folder)).hash === modelHash.toLowerCase())
      return folder;
  }
  return undefined;
}

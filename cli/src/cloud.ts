import { type CloudClient, createCloudClient, type ModelListing, signIn } from "@gridnft/sdk";
import { CliError, usageError } from "./failure.ts";
import type { Grid } from "./grid.ts";
import type { Signer } from "./signer.ts";

/** The grid's cloud. */
export function openCloud(grid: Grid): CloudClient {
  if (grid.cloudUrl === undefined) {
    throw usageError(
      "No cloud is known: set GRID_CLOUD_URL to an AI Cloud API, or start one with npm start.",
      "NO_CLOUD",
    );
  }
  return createCloudClient({ url: grid.cloudUrl });
}

/** A session of the signer, for models that have to be unlocked too. */
export async function signedIn(
  cloud: CloudClient,
  grid: Grid,
  signer: Signer,
  models: readonly bigint[] = [],
): Promise<CloudClient> {
  const { token } = await signIn(cloud, { signer: signer.account, deployment: grid.contracts, models });
  return cloud.withToken(token);
}

/** The model that an option names by id or name, or the first that is open and has a worker. */
export async function findModel(cloud: CloudClient, choice: string | undefined): Promise<ModelListing> {
  const models = await cloud.models();
  if (choice === undefined) {
    const usable = models.find(({ access, workers }) => access === "open" && workers > 0) ?? models[0];
    if (usable) return usable;
    throw new CliError("NO_WORKER", "No worker serves a model now. gridnft workers shows who is there.");
  }
  const named = models.find(
    ({ model_id, name }) => `${model_id}` === choice || name.toLowerCase() === choice.toLowerCase(),
  );
  if (named) return named;
  const others = models.map(({ model_id, name }) => `${model_id} (${name})`).join(", ");
  throw new CliError(
    "MODEL_UNKNOWN",
    `No model "${choice}" is served${others ? `; there are ${others}` : ""}. gridnft models lists them.`,
  );
}

import { z } from "zod";

/** Descriptions of parameters in paths and queries, by name. */
const texts: Readonly<Record<string, string>> = {
  id: "Id of the job, receipt or model; a model also by its name.",
  index: "Index of the picture in its job, from 0.",
  cid: "CID of the picture, of either version and in any base.",
  hash: "sha256 of the picture, as its receipt has it.",
  lease: "Token of the worker's lease.",
  known: "Digests of vouchers that the worker has, with their receipts, divided by commas.",
  format: "`raw` for the block, `car` for the picture with all its blocks.",
  requester: "Account that asks for the picture, and may mint it.",
  payer: "Account that pays; the requester when left out.",
  model: "Model by AIGC's token id, or by name.",
  prompt: "Text that the picture is made from.",
  negative_prompt: "Text that the picture is to be unlike.",
  steps: "Steps of the sampler; the model's default when left out.",
  guidance_scale: "Weight of the prompt; the model's default when left out.",
  width: "Pixels across.",
  height: "Pixels down.",
  seed: "Seed of the first picture, below 2^63; any when left out, or -1.",
  n: "Number of pictures.",
  sampler: "Sampler; the model's default when left out.",
  scheduler: "Scheduler; the model's default when left out.",
  salt: "32 bytes that hide the prompt until the mint.",
};

/** Returns a schema of parameters with their descriptions. */
export function withDescriptions(parameters: z.ZodType): z.ZodType {
  if (!(parameters instanceof z.ZodObject)) return parameters;
  const shape = parameters.shape as Readonly<Record<string, z.ZodType>>;
  const described = Object.entries(shape).map(([name, schema]) => {
    const text = texts[name];
    return [name, text === undefined ? schema : schema.describe(text)] as const;
  });
  return z.object(Object.fromEntries(described));
}

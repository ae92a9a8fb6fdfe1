import { type Address, zeroHash } from "viem";
import {
  contractNames,
  type Deployment,
  generationRequest,
  jobOrder,
  messageToJson,
  requestHash,
  settlementDomainOf,
} from "../src/index.js";
import { type GenerationParameters, type Quote, quote } from "../src/schemas/index.js";

const at = (digit: string): Address => `0x${digit.repeat(40)}` as Address;

/** A deployment that exists nowhere. */
export const deployment: Deployment = {
  chainId: 31_337,
  startBlock: 1,
  contracts: Object.fromEntries(
    contractNames.map((name, index) => [name, { address: at(`${index + 1}`), startBlock: 1 }]),
  ) as Deployment["contracts"],
};

export const NOW = 1_763_164_800;
export const requester = at("a");
export const parameters = {
  model: "7",
  prompt: "a lighthouse",
  negative_prompt: "",
  steps: 20,
  guidance_scale: 7.5,
  width: 512,
  height: 512,
  seed: 42,
  sampler: "euler_a",
  scheduler: "karras",
} as const satisfies GenerationParameters;

/** An honest quote for `parameters` with two candidates, as a cloud writes it and as the SDK reads it. */
export function quoteFor(payer: Address = requester) {
  const request = generationRequest({
    modelId: 7n,
    modelHash: `0x${"77".repeat(32)}`,
    prompt: parameters.prompt,
    seed: 42n,
    width: 512,
    height: 512,
    steps: 20,
    guidanceMilli: 7_500,
    sampler: "euler_a",
    scheduler: "karras",
  });
  const candidates = [at("b"), at("c")].map((worker, i) => {
    const price = 1_000n + BigInt(i);
    const order = jobOrder(request, {
      requester,
      payer,
      worker,
      laneId: zeroHash,
      feeConfigId: 1,
      count: 1,
      maxPrice: price,
      deadline: BigInt(NOW + 600 * (i + 1)),
      nonce: 5n,
    });
    return { worker, price: `${price}`, order: messageToJson("JobOrder", order) };
  });
  const json = {
    model_id: "7",
    price: "1000",
    cost_aipg: "0.000000000000001",
    expires_at: NOW + 60,
    parameters: { ...parameters },
    request: messageToJson("GenerationRequest", request),
    request_hash: requestHash(request),
    domain: { ...settlementDomainOf(deployment) },
    candidates,
  };
  return { json, quote: quote.parse(json) as Quote };
}

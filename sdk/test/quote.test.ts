import { createWalletClient, http } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import {
  checkQuote,
  GridError,
  orderDigest,
  recoverSigner,
  requestHash,
  settlementDomainOf,
  signQuote,
  toPayment,
} from "../src/index.js";
import { generateImageRequest, type Quote } from "../src/schemas/index.js";
import { deployment, NOW, parameters, quoteFor, requester } from "./quotes.ts";

const expected = { parameters, deployment, requester, payer: requester, maxPrice: 1_001n, now: NOW };

type Candidate = Quote["candidates"][number];
/** The quote with its candidate number `i` changed. */
function withOrder(quote: Quote, change: (order: Candidate["order"]) => Partial<Candidate["order"]>, i = 1): Quote {
  const candidates = quote.candidates.map((candidate, at) =>
    at === i ? { ...candidate, order: { ...candidate.order, ...change(candidate.order) } } : candidate,
  );
  return { ...quote, candidates };
}
/** The quote with another request, whose hash the cloud states everywhere. */
function withRequest(quote: Quote, change: Partial<Quote["request"]>): Quote {
  const request = { ...quote.request, ...change };
  const request_hash = requestHash(request);
  const candidates = quote.candidates.map((candidate) => ({
    ...candidate,
    order: { ...candidate.order, requestHash: request_hash, modelId: request.modelId },
  }));
  return { ...quote, request, request_hash, model_id: request.modelId, candidates };
}

describe("a quote", () => {
  it("is accepted when it is for what was asked, and fills in only what was left open", () => {
    expect(() => checkQuote(quoteFor().quote, expected)).not.toThrow();
    const { model, prompt, seed } = parameters;
    expect(() => checkQuote(quoteFor().quote, { ...expected, parameters: { model, prompt, seed } })).not.toThrow();
  });

  const other = `0x${"9".repeat(40)}` as const;
  const hash = `0x${"9".repeat(64)}` as const;
  it.each<[string, string, (quote: Quote) => Quote]>([
    ["another chain", "domain", (quote) => ({ ...quote, domain: { ...quote.domain, chainId: 1 } })],
    ["another contract", "domain", (quote) => ({ ...quote, domain: { ...quote.domain, verifyingContract: other } })],
    ["another prompt", "prompt", (quote) => withRequest(quote, { prompt: "a cheaper lighthouse" })],
    ["a negative prompt", "negative_prompt", (quote) => withRequest(quote, { negativePrompt: "light" })],
    ["another model", "model", (quote) => withRequest(quote, { modelId: 8n })],
    ["other steps", "steps", (quote) => withRequest(quote, { steps: 1 })],
    ["another guidance", "guidance_scale", (quote) => withRequest(quote, { guidanceMilli: 7_501 })],
    ["another width", "width", (quote) => withRequest(quote, { width: 64 })],
    ["another height", "height", (quote) => withRequest(quote, { height: 64 })],
    ["another sampler", "sampler", (quote) => withRequest(quote, { sampler: "ddim" })],
    ["another scheduler", "scheduler", (quote) => withRequest(quote, { scheduler: "normal" })],
    ["another seed", "seed", (quote) => withRequest(quote, { seed: 43n })],
    ["a salt", "salt", (quote) => withRequest(quote, { salt: hash })],
    ["an input image", "source image", (quote) => withRequest(quote, { sourceHash: hash })],
    ["extras", "extras", (quote) => withRequest(quote, { extras: '{"lora":1}' })],
    ["another hash than its request's", "request_hash", (quote) => ({ ...quote, request_hash: hash })],
    ["another model beside", "model_id", (quote) => ({ ...quote, model_id: 8n })],
    ["more images", "n", (quote) => ({ ...quote, parameters: { ...quote.parameters, n: 2 } })],
    [
      "parameters for another request",
      "prompt",
      (quote) => ({ ...quote, parameters: { ...quote.parameters, prompt: "x" } }),
    ],
    ["no worker", "candidates", (quote) => ({ ...quote, candidates: [] })],
    ["four workers", "candidates", (quote) => ({ ...quote, candidates: [...quote.candidates, ...quote.candidates] })],
    ["an order of another requester", "requester", (quote) => withOrder(quote, () => ({ requester: other }))],
    ["an order of another payer", "payer", (quote) => withOrder(quote, () => ({ payer: other }))],
    ["an order to another worker", "worker", (quote) => withOrder(quote, () => ({ worker: other }))],
    ["an order on a lane", "laneId", (quote) => withOrder(quote, () => ({ laneId: hash }))],
    ["an order for another model", "modelId", (quote) => withOrder(quote, () => ({ modelId: 8n }))],
    ["an order for another request", "requestHash", (quote) => withOrder(quote, () => ({ requestHash: hash }))],
    ["an order for more images", "count", (quote) => withOrder(quote, () => ({ count: 2 }))],
    ["orders that can both be settled", "nonce", (quote) => withOrder(quote, () => ({ nonce: 6n }))],
    ["an order that has run out", "deadline", (quote) => withOrder(quote, () => ({ deadline: BigInt(NOW) }), 0)],
    ["an order that never runs out", "deadline", (quote) => withOrder(quote, () => ({ deadline: 2n ** 40n }))],
    ["deadlines that do not rise", "deadline", (quote) => withOrder(quote, () => ({ deadline: BigInt(NOW + 600) }))],
    ["a cap below the price", "maxPrice", (quote) => withOrder(quote, () => ({ maxPrice: 1n }))],
    ["a dearer second order", "maxPrice", (quote) => withOrder(quote, () => ({ maxPrice: 1_002n }))],
    [
      "one worker twice",
      "candidates",
      ({ candidates: [first, second], ...quote }) => ({
        ...quote,
        candidates: [
          first as Candidate,
          {
            ...(second as Candidate),
            worker: (first as Candidate).worker,
            order: { ...(second as Candidate).order, worker: (first as Candidate).worker },
          },
        ],
      }),
    ],
  ])("with %s is refused by name, and nothing is signed", async (_, field, change) => {
    const tampered = change(quoteFor().quote);
    let error: unknown;
    try {
      checkQuote(tampered, expected);
    } catch (reason) {
      error = reason;
    }
    expect(error).toBeInstanceOf(GridError);
    expect(error).toMatchObject({ field });
    const account = {
      ...privateKeyToAccount(generatePrivateKey()),
      signTypedData: () => expect.unreachable() as never,
    };
    const wallet = createWalletClient({ account, transport: http("http://127.0.0.1:9") });
    await expect(signQuote(wallet, { quote: tampered, ...expected })).rejects.toBeInstanceOf(GridError);
  });

  it("above the cap says both prices", () => {
    const cap = { ...expected, maxPrice: 1_000n };
    expect(() => checkQuote(quoteFor().quote, cap)).toThrow(
      "It costs up to 0.000000000000001001 AIPG, and 0.000000000000001 AIPG is allowed.",
    );
  });

  it("is signed for each candidate, in the form that the API and the contract take", async () => {
    const account = privateKeyToAccount(generatePrivateKey());
    const wallet = createWalletClient({ account, transport: http("http://127.0.0.1:9") });
    const { quote } = quoteFor();
    const orders = await signQuote(wallet, { quote, ...expected });
    const body = generateImageRequest.parse({ ...quote.parameters, requester, payment: toPayment(orders) });
    expect(body.payment).toMatchObject({ rail: "direct", orders });
    for (const { order, signature } of orders) {
      expect(recoverSigner(orderDigest(order, settlementDomainOf(deployment)), signature)).toBe(account.address);
    }
    expect(orders.map(({ order }) => order)).toEqual(quote.candidates.map(({ order }) => order));
  });
});

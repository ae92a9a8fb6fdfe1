/** `generate` against a scripted cloud on a real chain: honest, and with every lie that a cloud could tell. */
import { zeroHash } from "viem";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { fileOf } from "../../test/fixtures/order.ts";
import { type BundleGrid, PRICE, startBundleGrid } from "../../test/fixtures/receiptBundles.ts";
import { json, type ScriptedServer, serve } from "../../test/fixtures/scriptedServer.ts";
import { addSigner, signMessage } from "../../test/fixtures/seed.ts";
import {
  accountState,
  attestedBundle,
  bundleToJson,
  type CloudError,
  createCloudClient,
  type GenerateDirect,
  type GenerateProgress,
  generate,
  generationRequest,
  isNonceUsed,
  type JobReceipt,
  jobOrder,
  mayHaveArrived,
  messageToJson,
  mintSeries,
  orderClosing,
  orderHash,
  type ReceiptBundleJson,
  receiptId,
  requestHash,
  type SignedOrder,
  SignerRole,
} from "../src/index.js";
import { type GenerationParameters, generateImageRequest, type ReceiptBundle } from "../src/schemas/index.js";

let seeded: BundleGrid;
beforeAll(async () => {
  seeded = await startBundleGrid();
}, 600_000);
afterAll(() => seeded?.grid.stop());
let server: ScriptedServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const parameters = (): GenerationParameters => ({ model: `${seeded.modelId}`, prompt: "a lighthouse", n: 2, seed: 5 });

/** What the scripted cloud does otherwise than an honest one. */
interface Lies {
  bundle?: (bundle: ReceiptBundleJson, index: number) => ReceiptBundleJson | Promise<ReceiptBundleJson>;
  file?: (file: Uint8Array) => Uint8Array;
  images?: (ids: string[]) => string[];
  /** What is delivered instead of what was made. */
  deliver?: (made: readonly ReceiptBundle[]) => Promise<readonly ReceiptBundle[]>;
  modelHash?: `0x${string}`;
  fail?: boolean;
  /** Says that the order ended early. */
  endedEarly?: boolean;
  /** Connections that break before a submission is answered. */
  lost?: number;
  /** Answers that get lost after the job was made; the orders are known from then on. */
  lostAnswers?: number;
  /** Answers that the database was lost, after the job was made. */
  unsure?: number;
  /** Answers of a proxy that the cloud can't be reached, after the job was made. */
  cutOff?: number;
  /** Names the job to whoever posts its orders again. */
  tell?: boolean;
  /** Refuses orders that it has taken already. */
  refuseAgain?: boolean;
}

let nonce = 100n;

/** A cloud of one process and one worker. */
async function cloudWith(lies: Lies = {}) {
  const { grid, modelId, artist, worker, domain } = seeded;
  const bundles = new Map<string, ReceiptBundle>();
  const files = new Map<string, Uint8Array>();
  let { lost = 0, lostAnswers = 0, unsure = 0, cutOff = 0 } = lies;

  const requestOf = ({
    prompt = "",
    seed,
    salt,
  }: {
    prompt?: string | undefined;
    seed?: unknown;
    salt?: `0x${string}` | undefined;
  }) =>
    generationRequest({
      modelId,
      modelHash: lies.modelHash ?? seeded.modelHash,
      prompt,
      ...(seed !== undefined && { seed: BigInt(seed as number) }),
      width: 512,
      height: 512,
      steps: 20,
      guidanceMilli: 7_500,
      sampler: "euler_a",
      scheduler: "karras",
      ...(salt && { salt }),
    });

  const keys = new Set<string>();
  server = await serve(async ({ method, path, body, headers }, response) => {
    if (path.startsWith("/ipfs/")) {
      const file = files.get(path.slice("/ipfs/".length)) ?? new Uint8Array();
      return void response.end(lies.file?.(file) ?? file);
    }
    if (path.startsWith("/v1/receipts/")) {
      const bundle = bundles.get(path.slice("/v1/receipts/".length));
      if (!bundle) return json(response, 404, { error: { code: "RECEIPT_UNKNOWN", message: "No." } });
      const answer = bundleToJson(bundle);
      return json(response, 200, (await lies.bundle?.(answer, bundle.receipt.index)) ?? answer);
    }
    if (path.startsWith("/v1/jobs/")) {
      if (path.endsWith("/events")) return json(response, 404, {});
      return json(response, 200, job());
    }
    if (method !== "POST" || path !== "/v1/generate-image") return json(response, 404, {});
    const wish = generateImageRequest.parse(body);
    const request = requestOf(wish);
    if (!wish.payment) {
      const order = jobOrder(request, {
        requester: wish.requester ?? artist.address,
        payer: wish.requester ?? artist.address,
        worker: worker.address,
        feeConfigId: seeded.feeConfigId,
        count: wish.n ?? 1,
        maxPrice: PRICE * BigInt(wish.n ?? 1),
        deadline: (await grid.now()) + 600n,
        nonce: nonce++,
      });
      const quote = {
        model_id: `${modelId}`,
        price: `${order.maxPrice}`,
        cost_aipg: "2",
        expires_at: Number(order.deadline),
        parameters: { ...wish, requester: undefined, steps: 20, width: 512, height: 512 },
        request: messageToJson("GenerationRequest", request),
        request_hash: requestHash(request),
        domain: { ...domain },
        candidates: [{ worker: worker.address, price: `${order.maxPrice}`, order: messageToJson("JobOrder", order) }],
      };
      return json(response, 402, { error: { code: "PAYMENT_REQUIRED", message: "Sign." }, quote });
    }
    if (lost-- > 0) return void response.destroy();
    if (bundles.size > 0 && lies.refuseAgain) {
      return json(response, 429, { error: { code: "TOO_MANY_REQUESTS", message: "Slower." } });
    }
    const key = headers["idempotency-key"];
    if (typeof key === "string" && keys.has(`${key} ${JSON.stringify(body)}`)) return json(response, 202, job());
    keys.add(`${key} ${JSON.stringify(body)}`);
    if (bundles.size > 0) {
      const error = { code: "ORDER_REPLAYED", message: "Again?", ...(lies.tell !== false && { job: "j1" }) };
      return json(response, 409, { error });
    }
    if (wish.payment.rail === "direct") {
      const [{ order, signature }] = wish.payment.orders as [SignedOrder];
      const made = await seeded.work(request, order);
      const receipts = made.map((one) => ({ receipt: one.receipt, signature: one.signature }));
      const direct = { order_signature: signature, receipts };
      await keep(made.map((one) => ({ ...seeded.bundle(request, order, one.receipt, one.signature), direct })));
    } else await keep(await seeded.onLane([request]));
    if (lostAnswers-- > 0) return void response.destroy();
    if (cutOff-- > 0) return void response.writeHead(502).end("<html>Bad Gateway</html>");
    if (unsure-- > 0) return json(response, 503, { error: { code: "DATABASE_UNAVAILABLE", message: "Who knows?" } });
    json(response, 202, { ...job(), status: "queued", images: undefined });
  });

  async function keep(made: readonly ReceiptBundle[]): Promise<void> {
    for (const bundle of (await lies.deliver?.(made)) ?? made) {
      bundles.set(bundle.receipt_id, bundle);
      files.set(bundle.ipfs_hash, fileOf(bundle.request, bundle.receipt.index));
    }
  }
  function job() {
    const ids = [...bundles.keys()];
    const images = (lies.images?.(ids) ?? ids).map((id, index) => {
      const { ipfs_hash, receipt_id, receipt, signature } = bundleToJson(bundles.get(id) as ReceiptBundle);
      return {
        index,
        image_url: "",
        thumbnail_url: "",
        ipfs_hash,
        image_hash: receipt.imageHash,
        seed: receipt.seed,
        receipt_id,
        receipt,
        signature,
      };
    });
    return {
      id: "j1",
      status: lies.fail ? "failed" : "done",
      rail: "direct",
      model_id: `${modelId}`,
      requester: artist.address,
      attempts: 1,
      created_at: 1,
      ...(lies.endedEarly && { ended_early: true }),
      ...(lies.fail ? { error: { code: "NO_WORKER", message: "Three workers gave up." } } : { images }),
    };
  }
  return createCloudClient({ url: server.url });
}

async function direct(lies: Lies = {}, more: Partial<GenerateDirect> = {}) {
  const cloud = await cloudWith(lies);
  return generate(seeded.artist.wallet, {
    cloud,
    deployment: seeded.grid.deployment,
    rail: "direct",
    maxPrice: 2n * PRICE,
    parameters: parameters(),
    ...more,
  });
}

const settled = () =>
  accountState(seeded.artist.wallet, { deployment: seeded.grid.deployment, account: seeded.artist.address });

/** Delivery of an honest worker when its engine fails after the first image. */
async function closedAfterOne(
  made: readonly ReceiptBundle[],
  by = seeded.workerKey,
): Promise<readonly ReceiptBundle[]> {
  const [first] = made;
  const [one] = first?.direct?.receipts ?? [];
  if (!first?.direct || !one) throw new Error("nothing made");
  const message = orderClosing({ order: first.order, receipts: [one.receipt], domain: seeded.domain });
  const closing_signature = await signMessage(by, seeded.domain, "OrderClosing", message);
  return [{ ...first, direct: { ...first.direct, receipts: [one], closing_signature } }];
}

/** Key of the worker that is revoked at once: what it signs counts for a day. */
async function dyingKey(): Promise<PrivateKeyAccount> {
  const key = privateKeyToAccount(generatePrivateKey());
  await addSigner(seeded.grid, seeded.worker, key, SignerRole.WORKER_SIGNER);
  await seeded.grid.mined(seeded.worker.grid.settlement.write.revokeSigner([key.address]));
  return key;
}

/** The same receipts, signed by another key. */
async function signedBy(made: readonly ReceiptBundle[], key: PrivateKeyAccount): Promise<readonly ReceiptBundle[]> {
  const sign = (receipt: JobReceipt) => key.sign({ hash: receiptId(receipt, seeded.domain) });
  return Promise.all(
    made.map(async ({ direct, ...one }) => ({
      ...one,
      signature: await sign(one.receipt),
      direct: direct && {
        ...direct,
        receipts: await Promise.all(
          direct.receipts.map(async ({ receipt }) => ({ receipt, signature: await sign(receipt) })),
        ),
      },
    })),
  );
}

describe("generating on the direct rail", () => {
  it("does not sign when the account is short, unless it may deposit", async () => {
    const signed: unknown[] = [];
    const onSigned = (orders: readonly SignedOrder[]) => void signed.push(orders);
    await expect(direct({}, { onSigned })).rejects.toMatchObject({ code: "BALANCE_TOO_LOW" });
    expect(signed).toEqual([]);
    expect(server?.seen.map(({ path }) => path)).toEqual(["/v1/generate-image"]);
  });

  it("deposits just what is missing, signs, and gives checked pictures that can be minted", async () => {
    const stages: GenerateProgress[] = [];
    let signed: readonly SignedOrder[] = [];
    const { images, price } = await direct(
      {},
      {
        deposit: true,
        onProgress: (progress) => stages.push(progress),
        onSigned: (orders) => {
          signed = orders;
        },
      },
    );
    expect(stages.map(({ stage }) => stage)).toEqual([
      "quoted",
      "depositing",
      "signing",
      "job",
      "job",
      "checking",
      "checking",
    ]);
    expect((await settled()).free).toBe(2n * PRICE);
    expect(price).toBe(2n * PRICE);
    expect(images.map(({ bundle }) => bundle.receipt.seed)).toEqual([5n, 6n]);
    expect(orderHash(signed[0]?.order as SignedOrder["order"])).toBe(images[0]?.bundle.receipt.orderHash);
    const { deployment } = seeded.grid;
    expect(
      await isNonceUsed(seeded.artist.wallet, { deployment, payer: seeded.artist.address, nonce: nonce - 1n }),
    ).toBe(false);
    const minted = await mintSeries(seeded.artist.wallet, {
      deployment,
      bundles: images.map(({ bundle }) => bundle),
      series: { title: "Lighthouse" },
    });
    expect(minted.tokenIds).toHaveLength(2);
    expect((await settled()).free).toBe(0n);
  });

  it("takes what was made of an order that ended early, and mints it", async () => {
    const { images, missing, price } = await direct({ endedEarly: true, deliver: closedAfterOne }, { deposit: true });
    expect({ made: images.length, missing, price }).toEqual({ made: 1, missing: 1, price: PRICE });
    const before = (await settled()).free;
    const { settled: hashes } = await mintSeries(seeded.artist.wallet, {
      deployment: seeded.grid.deployment,
      bundles: images.map(({ bundle }) => bundle),
      series: { title: "One of two" },
    });
    expect(hashes).toHaveLength(1);
    expect((await settled()).free).toBe(before - PRICE);
  });

  it("finds its job when the answer to its orders is lost, and checks it like any other", async () => {
    const { images } = await direct({ lostAnswers: 1 }, { deposit: true });
    expect(images).toHaveLength(2);
    expect((await direct({ unsure: 1 }, { deposit: true })).images).toHaveLength(2);
    expect((await direct({ cutOff: 1 }, { deposit: true })).images).toHaveLength(2);
    // A job that other orders made is not taken for ours.
    const other = (made: readonly ReceiptBundle[]) =>
      Promise.resolve(made.map((one) => ({ ...one, order: { ...one.order, nonce: one.order.nonce + 1n } })));
    await expect(direct({ lostAnswers: 1, deliver: other }, { deposit: true })).rejects.toBeInstanceOf(Error);
  });

  it("takes no refusal after a lost answer for the end of its job", async () => {
    for (const [lies, refusal] of [
      [{ lostAnswers: 1, tell: false }, "ORDER_REPLAYED"],
      [{ lostAnswers: 1, refuseAgain: true }, "TOO_MANY_REQUESTS"],
    ] as const) {
      const failure = await direct(lies, { deposit: true }).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "UNREACHABLE", cause: { code: refusal } });
      expect(mayHaveArrived(failure as CloudError)).toBe(true);
    }
    const refused = await direct({ fail: true }, { deposit: true }).catch((error: unknown) => error);
    expect(mayHaveArrived(refused as CloudError)).toBe(false);
  });

  it("hands the same orders in again when an answer is lost", async () => {
    const { images } = await direct({ lost: 2 }, { deposit: true });
    expect(images).toHaveLength(2);
    const bodies = server?.seen.filter(
      ({ path, body }) => path === "/v1/generate-image" && (body as { payment?: object }).payment,
    );
    expect(bodies).toHaveLength(3);
    expect(new Set(bodies?.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });

  it("does not sign above the cap", async () => {
    await expect(direct({}, { maxPrice: 2n * PRICE - 1n })).rejects.toMatchObject({ code: "PRICE_TOO_HIGH" });
  });

  it("does not sign for weights that are not the model's", async () => {
    await expect(direct({ modelHash: `0x${"12".repeat(32)}` })).rejects.toMatchObject({ field: "modelHash" });
  });

  it("does not sign for another model than the named one", async () => {
    const other = { ...parameters(), model: "Harbour" };
    await expect(direct({}, { parameters: other })).rejects.toMatchObject({ code: "QUOTE_INVALID", field: "model" });
  });

  it("passes on why a job failed", async () => {
    await expect(direct({ fail: true })).rejects.toMatchObject({
      code: "JOB_FAILED",
      message: "The job ended without a picture: Three workers gave up.",
    });
  });

  it("wants a session for a private job, before anything is sent", async () => {
    const salt = `0x${"34".repeat(32)}` as const;
    await expect(direct({}, { parameters: { ...parameters(), salt } })).rejects.toMatchObject({
      code: "SESSION_INVALID",
    });
    expect(server?.seen).toEqual([]);
  });

  it.each<[string, string, () => Lies]>([
    ["another file", "CID_MISMATCH", () => ({ file: (file) => file.slice(1) })],
    ["fewer pictures", "BUNDLE_INVALID", () => ({ images: (ids) => ids.slice(1) })],
    [
      "fewer pictures that it calls all there are",
      "BUNDLE_INVALID",
      () => ({ endedEarly: true, images: (ids) => ids.slice(1) }),
    ],
    ["an early end that it hides", "BUNDLE_INVALID", () => ({ deliver: closedAfterOne })],
    [
      "an early end without the closing of its worker",
      "BUNDLE_INVALID",
      () => ({
        endedEarly: true,
        deliver: async (made) =>
          (await closedAfterOne(made)).map(({ direct, ...one }) => {
            return { ...one, direct: direct && { ...direct, closing_signature: undefined } };
          }),
      }),
    ],
    [
      "an early end that a stranger signed",
      "SIGNER_MISMATCH",
      () => ({ endedEarly: true, deliver: (made) => closedAfterOne(made, seeded.gatewayKey) }),
    ],
    [
      "a receipt by a key that its worker has revoked",
      "SIGNER_MISMATCH",
      () => ({ deliver: async (made) => signedBy(made, await dyingKey()) }),
    ],
    ["pictures in another order", "BUNDLE_INVALID", () => ({ images: (ids) => [...ids].reverse() })],
    ["another engine", "BUNDLE_INVALID", () => ({ bundle: (bundle) => ({ ...bundle, engine: "gpu" }) })],
    [
      "a request for another prompt",
      "RECEIPT_MISMATCH",
      () => ({ bundle: (bundle) => ({ ...bundle, request: { ...bundle.request, prompt: "a" } }) }),
    ],
    [
      "an order that was never signed here",
      "BUNDLE_INVALID",
      () => ({ deliver: () => seeded.direct(seeded.request("a lighthouse", 5n), { count: 2, nonce: nonce++ }) }),
    ],
    [
      "pictures of another prompt, honestly made and signed for",
      "QUOTE_INVALID",
      () => ({
        deliver: () => seeded.direct(seeded.request("a cheaper lighthouse", 5n), { count: 2, nonce: nonce++ }),
      }),
    ],
    [
      "a receipt that nothing pays for",
      "BUNDLE_INVALID",
      () => ({ bundle: (bundle) => ({ ...bundle, direct: bundle.direct && { ...bundle.direct, receipts: [] } }) }),
    ],
  ])("does not take %s for its picture", async (_, code, lies) => {
    await expect(direct(lies())).rejects.toMatchObject({ code });
  });
});

describe("generating at the gateway's cost", () => {
  const gateway = async (lies: Lies = {}) => {
    const cloud = await cloudWith(lies);
    return generate(seeded.artist.wallet, {
      cloud: cloud.withToken("session"),
      deployment: seeded.grid.deployment,
      rail: "gateway",
      parameters: { ...parameters(), n: 1 },
    });
  };

  it("asks again by its key when the answer is lost, and gets the one job", async () => {
    expect((await gateway({ lostAnswers: 1 })).images).toHaveLength(1);
    const posts = server?.seen.filter(({ path }) => path === "/v1/generate-image") ?? [];
    expect(posts).toHaveLength(2);
    expect(new Set(posts.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
    expect(posts[0]?.headers["idempotency-key"]).toMatch(/^"[0-9a-f]{32}"$/);
  });

  it("gives a picture whose voucher is collected when it is minted", async () => {
    const { images } = await gateway();
    expect(images[0]?.bundle.order.laneId).not.toBe(zeroHash);
    const minted = await mintSeries(seeded.artist.wallet, {
      deployment: seeded.grid.deployment,
      bundles: images.map(({ bundle }) => bundle),
      series: { title: "Lighthouse" },
    });
    expect(minted.collected).toHaveLength(1);
  });

  it("takes a picture whose voucher comes later, and waits for that before a mint", async () => {
    let asked = 0;
    const late: Lies = {
      bundle: ({ lane, ...bundle }) => {
        const stage = asked++;
        if (stage === 0 || !lane) return bundle;
        const { worker_signature, ...unsigned } = lane;
        return { ...bundle, lane: stage === 1 ? unsigned : { ...unsigned, worker_signature } };
      },
    };
    const { images } = await gateway(late);
    const [bundle] = images.map((image) => image.bundle);
    if (!bundle || !server) throw new Error("nothing made");
    expect(bundle.lane).toBeUndefined();
    const series = { title: "Late" };
    await expect(
      mintSeries(seeded.artist.wallet, { deployment: seeded.grid.deployment, bundles: [bundle], series }),
    ).rejects.toMatchObject({ code: "BUNDLE_INVALID" });
    const attested = await attestedBundle(createCloudClient({ url: server.url }), { bundle });
    expect(asked).toBe(3);
    expect(
      (await mintSeries(seeded.artist.wallet, { deployment: seeded.grid.deployment, bundles: [attested], series }))
        .tokenIds,
    ).toHaveLength(1);
  });

  it("does not take a picture that is for somebody else", async () => {
    const deliver = async ([own]: readonly ReceiptBundle[]) => {
      if (!own) throw new Error("nothing made");
      const order = { ...own.order, requester: seeded.owner.address };
      const [made] = await seeded.work(own.request, order);
      return made ? [seeded.bundle(own.request, order, made.receipt, made.signature)] : [];
    };
    await expect(gateway({ deliver })).rejects.toMatchObject({ code: "BUNDLE_INVALID", field: "order.requester" });
  });
});

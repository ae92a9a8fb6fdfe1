/** The SDK's clients with the real cloud, a real chain and database, and workers by script: prompt to token on both rails. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { parseEther } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningCloud } from "../../cloud/src/start.ts";
import { startTestGrid, type TestGrid } from "../../cloud/test/grid.ts";
import { type ScriptedWorker, scriptedWorker } from "../../cloud/test/scriptedWorker.ts";
import {
  artworkState,
  attestedBundle,
  type CloudClient,
  CloudError,
  createCloudClient,
  type GenerateProgress,
  generate,
  mintSeries,
  newSalt,
  PaymentRequiredError,
  signIn,
} from "../src/index.js";

let grid: TestGrid;
let running: RunningCloud;
let worker: ScriptedWorker;
let cloud: CloudClient;
const stopping = new AbortController();
let working: Promise<void>;

beforeAll(async () => {
  grid = await startTestGrid({ dailyImages: 2 });
  running = await grid.cloud();
  worker = await scriptedWorker(grid, running, grid.workers[0]);
  cloud = createCloudClient({ url: running.url });
  working = workOn();
}, 600_000);
afterAll(async () => {
  stopping.abort();
  await working;
  await grid?.stop();
});

/** The worker's loop: claims, reports a step, delivers, counter-signs. */
async function workOn(): Promise<void> {
  while (!stopping.signal.aborted) {
    const job = await worker.claim(1).catch(() => undefined);
    if (!job || stopping.signal.aborted) continue;
    await worker.heartbeat(job, { image: 0, step: 1, steps: job.request.steps });
    const { voucher } = await worker.work(job);
    if (voucher) await worker.counterSign(voucher);
  }
}

const wish = () => ({ prompt: "a lighthouse at dusk", model: `${grid.open}`, width: 128, height: 64, steps: 5 });
const deployment = () => grid.chain.deployment;

async function failure(promise: Promise<unknown>): Promise<CloudError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CloudError);
  return error as CloudError;
}

it("lists what there is", async () => {
  expect(await cloud.health()).toMatchObject({ status: expect.any(String) });
  const models = await cloud.models();
  expect(models.map(({ model_id, access, workers }) => [model_id, access, workers])).toEqual([
    [grid.open, "open", 1],
    [grid.licensed, "licensed", 1],
  ]);
  expect((await cloud.workers()).map((one) => one.worker.toLowerCase())).toEqual([
    grid.workers[0].party.address.toLowerCase(),
  ]);
});

describe("direct rail", () => {
  it("goes from a prompt to tokens", async () => {
    const stages: GenerateProgress[] = [];
    const { images, price, job } = await generate(grid.artist.wallet, {
      cloud,
      deployment: deployment(),
      rail: "direct",
      maxPrice: parseEther("1"),
      parameters: { ...wish(), n: 2, seed: 42, negative_prompt: "fog", guidance_scale: 7.5 },
      onProgress: (progress) => stages.push(progress),
    });
    expect(job.status).toBe("done");
    expect(stages[0]?.stage).toBe("quoted");
    const [quoted] = stages;
    expect(quoted?.stage === "quoted" && quoted.quote.price).toBe(price);
    expect(images.map(({ bundle }) => bundle.receipt.seed)).toEqual([42n, 43n]);
    const { tokenIds } = await mintSeries(grid.artist.wallet, {
      deployment: deployment(),
      bundles: images.map(({ bundle }) => bundle),
      series: { title: "Dusk" },
    });
    const state = await artworkState(grid.artist.wallet, { deployment: deployment(), tokenId: tokenIds[1] ?? 0n });
    expect(state).toMatchObject({
      owner: grid.artist.address,
      verified: true,
      metadata: { name: "Dusk #2", prompt: "a lighthouse at dusk", negative_prompt: "fog", seed: 43n },
    });
    expect(await cloud.image(state.versions[0]?.cid ?? "")).toEqual(images[1]?.file);
  });

  it("takes a model by its name, and a prompt that no address could hold", async () => {
    const prompt = "a lighthouse, ".repeat(500);
    const { images } = await generate(grid.artist.wallet, {
      cloud,
      deployment: deployment(),
      rail: "direct",
      maxPrice: parseEther("1"),
      parameters: { ...wish(), model: "Open Sea", prompt },
    });
    expect(images[0]?.bundle.request.prompt).toBe(prompt);
  });

  it("keeps a private picture to its requester", async () => {
    const session = await signIn(cloud, { signer: grid.artist.account, deployment: deployment() });
    const mine = cloud.withToken(session.token);
    const { images } = await generate(grid.artist.wallet, {
      cloud: mine,
      deployment: deployment(),
      rail: "direct",
      maxPrice: parseEther("1"),
      parameters: { ...wish(), salt: newSalt() },
    });
    const [image] = images;
    if (!image) throw new Error("no image");
    expect((await failure(cloud.image(image.cid))).code).toBe("IMAGE_UNKNOWN");
    expect((await failure(cloud.receiptBundle(image.bundle.receipt_id))).code).toBe("NOT_YOURS");
    expect(await mine.image(image.cid)).toEqual(image.file);
  });
});

describe("gateway", () => {
  it("pays for who is signed in, within the quota, and the picture is minted after a collect", async () => {
    expect((await failure(generate(grid.artist.wallet, gateway(cloud)))).code).toBe("SESSION_INVALID");
    const { token, account } = await signIn(cloud, { signer: grid.artist.wallet, deployment: deployment() });
    expect(account.toLowerCase()).toBe(grid.artist.address.toLowerCase());
    const mine = cloud.withToken(token);
    const [first, second] = [
      await generate(grid.artist.wallet, gateway(mine)),
      await generate(grid.artist.wallet, gateway(mine)),
    ];
    expect((await mine.session()).quota).toMatchObject({ limit: 2, used: 2 });
    expect((await failure(generate(grid.artist.wallet, gateway(mine)))).code).toBe("QUOTA_USED");

    const bundles = await Promise.all(
      [...first.images, ...second.images].map(({ bundle }) => attestedBundle(mine, { bundle })),
    );
    const minted = await mintSeries(grid.artist.wallet, {
      deployment: deployment(),
      bundles,
      series: { title: "Gift" },
    });
    expect(minted.collected.length).toBe(1);
    expect(minted.tokenIds).toHaveLength(2);
    await mine.signOut();
    expect((await failure(mine.session())).code).toBe("SESSION_INVALID");
  });

  const gateway = (as: CloudClient) =>
    ({ cloud: as, deployment: deployment(), rail: "gateway", parameters: wish() }) as const;
});

describe("docs/sdk.md", () => {
  const text = readFileSync(new URL("../../docs/sdk.md", import.meta.url), "utf8");
  const all = [...text.matchAll(/^<!-- run: (\w+) -->\n```ts\n([\s\S]*?)^```/gm)].map(
    ([, name = "", block = ""]) => [name, block] as const,
  );
  const typed = [...text.matchAll(/^<!-- typed: (\w+) -->\n```ts\n([\s\S]*?)^```/gm)].map(
    ([, name = "", block = ""]) => [name, block] as const,
  );
  /** Declares what an example takes as given. */
  const givens = `
import type { Deployment } from "@gridnft/sdk";
import type { ReceiptBundle } from "@gridnft/sdk/schemas";
import { type Account, type Address, type Chain, type PublicClient, parseEther, type Transport, type WalletClient } from "viem";
declare const deployment: Deployment;
declare const client: PublicClient;
declare const wallet: WalletClient<Transport, Chain, Account>;
declare const [bundles, account, chain, sender, tenant]: [ReceiptBundle[], Address, Chain, Address, Address];
export const given = [parseEther, client, wallet, deployment, bundles, account, chain, sender, tenant];
`;
  // That of the gallery is run by test/indexer/docs.test.ts, which has one.
  const blocks = all.filter(([name]) => name !== "gallery");

  it("has no example that is not run", () => {
    expect(all.map(([name]) => name)).toEqual(["story", "gateway", "money", "gallery"]);
    expect(text.match(/^```ts$/gm)).toHaveLength(all.length + typed.length);
  });

  it("types the examples that take accounts and models of one's own", () => {
    const folder = new URL("../../cache/docs/", import.meta.url);
    mkdirSync(folder, { recursive: true });
    const files = typed.map(([name, block]) => {
      const file = fileURLToPath(new URL(`sdk.typed.${name}.ts`, folder));
      writeFileSync(file, `${block}${givens}`);
      return file;
    });
    const root = fileURLToPath(new URL("../../", import.meta.url));
    const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile) as { config: object };
    const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files }, ts.sys, root);
    const program = ts.createProgram(files, { ...options, noEmit: true });
    const faults = ts
      .getPreEmitDiagnostics(program)
      .filter(({ file }) => file && files.includes(file.fileName))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
    expect(faults).toEqual([]);
  });

  it.each(blocks)("%s runs as it stands", async (name, block) => {
    // The gateway's example has its own artist: the quota of the first is used up.
    const { wallet } = name === "gateway" ? grid.workers[1].party : grid.artist;
    const folder = new URL("../../cache/docs/", import.meta.url);
    mkdirSync(folder, { recursive: true });
    const file = new URL(`sdk.${name}.ts`, folder);
    const imports = /^import .*;$/gm;
    writeFileSync(
      file,
      `import { parseEther } from "viem";
${(block.match(imports) ?? []).join("\n")}
export async function run({ wallet, deployment, cloudUrl, console }: Record<string, any>) {
${block.replaceAll(imports, "")}
}
`,
    );
    const { run } = (await import(/* @vite-ignore */ fileURLToPath(file))) as {
      run: (given: object) => Promise<void>;
    };
    const quiet = { log: () => {} };
    await run({ wallet, deployment: deployment(), cloudUrl: running.url, console: quiet });
  });
});

describe("refusals", () => {
  it.each([
    ["an unknown model", { model: "Nothing" }, "MODEL_UNKNOWN", undefined],
    ["a prompt of 20,000 characters", { prompt: "a".repeat(20_000) }, "FIELD_INVALID", "prompt"],
    ["negative steps", { steps: -3 }, "FIELD_INVALID", "steps"],
  ])("names %s, and nothing is signed", async (_, change, code, field) => {
    const error = await failure(
      generate(grid.artist.wallet, {
        cloud,
        deployment: deployment(),
        rail: "direct",
        maxPrice: parseEther("1"),
        parameters: { ...wish(), ...change },
        onSigned: () => expect.unreachable(),
      }),
    );
    expect(error).toMatchObject({ code, ...(field && { field }) });
  });

  it("names a license that is missing", async () => {
    const { party } = grid.workers[1];
    const parameters = { ...wish(), model: `${grid.licensed}` };
    const error = await failure(
      generate(party.wallet, {
        cloud,
        deployment: deployment(),
        rail: "direct",
        maxPrice: parseEther("1"),
        parameters,
      }),
    );
    expect(error.code).toBe("MODEL_NOT_LICENSED");
  });

  it("has the price in its 402", async () => {
    const error = await failure(cloud.generateImage({ ...wish(), requester: grid.artist.address }));
    expect(error).toBeInstanceOf(PaymentRequiredError);
    expect((error as PaymentRequiredError).quote.candidates).toHaveLength(1);
  });
});

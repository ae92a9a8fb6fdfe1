/** kill -9 of each process while a picture is being made, and started again: no job, no payment and no row is lost. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ServiceName } from "../../../local/src/supervisor.ts";
import { attestedBundle, type CloudClient, mintSeries } from "../../../sdk/src/index.ts";
import type { Job } from "../../../sdk/src/schemas/index.ts";
import { small, startSystem, type TestSystem } from "../../fixtures/localSystem.ts";
import { until } from "../../fixtures/until.ts";
import { compareRows } from "./rows.ts";

let local: TestSystem;
let cloud: CloudClient;
let minted = 0;

beforeAll(async () => {
  local = await startSystem({
    workers: 1,
    environment: { cloud: { GRID_GATEWAY_DAILY_IMAGES: "50", GRID_CLOUD_LEASE_SECONDS: "5" } },
  });
  cloud = await local.person("artist").signedIn();
}, 600_000);
afterAll(() => local?.stop());

/** The job, or nothing while the cloud can't say. */
const jobNow = (id: string): Promise<Job | undefined> => cloud.job(id).catch(() => undefined);

/** Starts again what is not there: what was killed, and what did not survive it. */
async function revive(part: ServiceName): Promise<void> {
  await local.system.restart(part);
  for (const name of ["postgres", "chain", "indexer", "cloud", "treasury", "worker-1"] as const) {
    if (!local.system.isRunning(name)) await local.system.restart(name);
  }
}

describe("kill -9", () => {
  it.each(["worker-1", "cloud", "indexer", "chain", "postgres"] as const)(
    "of %s loses nothing",
    async (part) => {
      const { wallet, grid, address } = local.person("artist");
      const { deployment } = local.system;
      const [worker, gateway] = [local.person("worker1").address, local.person("gateway").address];
      const earned = await grid.settlement.read.earnedOf([worker]);
      const submission = await cloud.generateImage({
        ...small(`a picture that outlives its ${part}`, { n: 2, steps: 40, width: 320, height: 320 }),
        payment: { rail: "gateway" },
      });
      const id = submission.finished ? submission.result.job : submission.job.id;
      await until(async () => ["running", "done"].includes((await jobNow(id))?.status ?? ""));
      const before = local.system.process(part).pid;
      await local.system.kill(part);
      await revive(part);
      expect(local.system.process(part).pid).not.toBe(before);

      await until(async () => ["done", "failed", "cancelled"].includes((await jobNow(id))?.status ?? ""));
      const job = await jobNow(id);
      expect(job).toMatchObject({ status: "done", requester: expect.stringMatching(new RegExp(address, "i")) });
      const bundles = await Promise.all(
        (job?.images ?? []).map(async ({ receipt_id }) =>
          attestedBundle(cloud, { bundle: await cloud.receiptBundle(receipt_id), timeout: 60_000 }),
        ),
      );
      expect(bundles).toHaveLength(2);
      for (const { ipfs_hash } of bundles) expect((await cloud.image(ipfs_hash)).length).toBeGreaterThan(1_000);
      const series = await mintSeries(wallet, { deployment, bundles, series: { title: `After ${part}` } });
      minted += series.tokenIds.length;
      expect(bundles.every(({ order }) => order.payer.toLowerCase() === gateway.toLowerCase())).toBe(true);

      // Paid once: what the worker got is its share of exactly these two receipts.
      const price = bundles.reduce((sum, { receipt }) => sum + receipt.price, 0n);
      const paid = (await grid.settlement.read.earnedOf([worker])) - earned;
      expect(paid).toBeGreaterThan((price * 90n) / 100n);
      expect(paid).toBeLessThanOrEqual(price);
      await local.indexed();
      expect((await compareRows(local)).artworks).toBe(minted);
    },
    300_000,
  );
});

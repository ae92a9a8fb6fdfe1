/** What somebody may try against money, disk and privacy of a cloud: each would work if a check were missing. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEther } from "viem";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Cloud } from "../src/cloud.ts";
import { openDatabase } from "../src/database/database.ts";
import { sweepStaging } from "../src/queue/staging.ts";
import type { RunningCloud } from "../src/start.ts";
import { openPictures } from "../src/storage/pictures.ts";
import { call, png, type Refusal, signIn, signOrders, startTestGrid, type TestGrid, until } from "./grid.ts";
import { type JobJson, type ScriptedWorker, scriptedWorker } from "./scriptedWorker.ts";

let grid: TestGrid;
let clouds: readonly [RunningCloud, RunningCloud];
let worker: ScriptedWorker;
const blocks = mkdtempSync(join(tmpdir(), "gridnft-attacks-"));

beforeAll(async () => {
  grid = await startTestGrid();
  const changes = { blocks, proxies: 1, waitSeconds: 5 };
  clouds = await Promise.all([grid.cloud(changes), grid.cloud(changes)]);
  worker = await scriptedWorker(grid, clouds[0], grid.workers[0], { parallel: 16 });
}, 120_000);
afterAll(async () => {
  await grid?.stop();
  rmSync(blocks, { recursive: true, force: true });
});
afterEach(async () => {
  await grid.sql(`UPDATE cloud.job SET status = 'failed', lease_token = NULL, wanted = NULL
    WHERE status IN ('queued', 'claimed', 'running')`);
  await grid.sql("UPDATE cloud.candidate SET handed_at = NULL");
});

const wish = () => ({ prompt: "a vault", model: grid.open.toString(), width: 64, height: 64, steps: 2 });
const SALT = `0x${"5a".repeat(32)}`;

interface Quote {
  readonly parameters: object;
  readonly candidates: readonly { readonly order: { readonly nonce: string } }[];
}
async function quote(changes: object = {}, from = "192.0.2.1"): Promise<Quote> {
  const { body } = await call<{ quote: Quote }>(clouds[0], "POST", "/v1/generate-image", {
    json: { ...wish(), requester: grid.artist.address, ...changes },
    headers: { "x-forwarded-for": from },
  });
  return body.quote;
}
const sign = (orders: readonly object[]) => signOrders(grid, grid.artist.account, orders);
const post = (cloud: RunningCloud, parameters: object, orders: readonly object[], token?: string) =>
  call<Refusal & { id: string; error: { job?: string } }>(cloud, "POST", "/v1/generate-image", {
    json: { ...parameters, payment: { rail: "direct", orders } },
    headers: { prefer: "respond-async" },
    token,
  });
const claimed = (): Promise<JobJson> => until(() => worker.claim(2), "the worker gets the job");

describe("a payer", () => {
  it("cannot order the same money away by many requests at once", async () => {
    const quotes = await Promise.all(Array.from({ length: 8 }, () => quote()));
    const posts = await Promise.all(
      quotes.map(async ({ parameters, candidates }, i) => {
        const maxPrice = parseEther("600").toString();
        const orders = await sign(candidates.slice(0, 1).map(({ order }) => ({ ...order, maxPrice })));
        return () => post(clouds[i % 2] as RunningCloud, parameters, orders);
      }),
    );
    const answers = await Promise.all(posts.map((send) => send()));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, ...Array(7).fill(402)]);
  });

  it("who posts the same signed order again is told its job, and nobody else is", async () => {
    const { parameters, candidates } = await quote();
    const orders = await sign(candidates.map(({ order }) => order));
    const both = await Promise.all(clouds.map((cloud) => post(cloud, parameters, orders)));
    const [first, second] = both.sort((a, b) => a.status - b.status);
    expect([first?.status, second?.status]).toEqual([202, 409]);
    expect(second?.body.error).toMatchObject({ code: "ORDER_REPLAYED", job: first?.body.id });

    const job = await claimed();
    await worker.work(job);
    // Its time is over by now for the clock of the order, too: it is still the order of that job.
    const late = await post(clouds[1], parameters, orders);
    expect(late.status).toBe(409);
    expect(late.body.error.job).toBe(first?.body.id);

    const other = candidates.map(({ order }) => ({ ...order, maxPrice: parseEther("1").toString() }));
    const rival = await post(clouds[0], parameters, await sign(other));
    expect(rival.body.error).toMatchObject({ code: "ORDER_REPLAYED" });
    expect(rival.body.error.job).toBeUndefined();
    const forged = await signOrders(
      grid,
      grid.owner.account,
      candidates.map(({ order }) => order),
    );
    const stranger = await post(clouds[0], parameters, forged);
    expect(stranger.body.error).toMatchObject({ code: "SIGNATURE_INVALID" });
    expect(stranger.body.error.job).toBeUndefined();
  });

  it("and everybody else has a number of streams open, and no more", async () => {
    const { parameters, candidates } = await quote();
    const { body } = await post(clouds[0], parameters, await sign(candidates.slice(0, 1).map(({ order }) => order)));
    const open = () => {
      const end = new AbortController();
      const headers = { "x-forwarded-for": "203.0.113.77" };
      const answer = fetch(`${clouds[0].url}/v1/jobs/${body.id}/events`, { headers, signal: end.signal });
      return answer.then(({ status }) => ({ status, end }));
    };
    const streams = await Promise.all(Array.from({ length: 65 }, open));
    expect(streams.map(({ status }) => status).sort()).toEqual([...Array(64).fill(200), 429]);
    for (const { end } of streams) end.abort();
    const again = await until(async () => {
      const stream = await open();
      return stream.status === 200 && stream;
    }, "places are given back");
    again.end.abort();
  });

  it("gets the nonces that strangers' quotes in its name do not use up", async () => {
    const nonceOf = ({ candidates }: Quote) => BigInt(candidates[0]?.order.nonce ?? -1);
    const before = nonceOf(await quote({}, "198.51.100.7"));
    for (let i = 0; i < 12; i++) await quote({}, "203.0.113.9");
    // The next one that no order has.
    const rows = await grid.sql<{ nonce: string }>("SELECT nonce FROM cloud.order_nonce WHERE payer = $1", [
      grid.artist.address.toLowerCase(),
    ]);
    const ordered = new Set(rows.map(({ nonce }) => BigInt(nonce)));
    let next = before + 1n;
    while (ordered.has(next)) next += 1n;
    expect(nonceOf(await quote({}, "198.51.100.7"))).toBe(next);
  });
});

describe("a worker", () => {
  it("reads the receipts that it made for a private job, which nobody else does", async () => {
    const requester = await signIn(grid, clouds[0], grid.artist.account);
    const { parameters, candidates } = await quote({ salt: SALT });
    const posted = await post(clouds[0], parameters, await sign(candidates.map(({ order }) => order)), requester);
    expect(posted.status).toBe(202);
    const job = await claimed();
    await worker.work(job);
    const [row] = await grid.sql<{ receipt_id: string }>("SELECT receipt_id FROM cloud.receipt WHERE job_id = $1", [
      job.id,
    ]);
    const read = (token?: string) => call<Refusal>(clouds[1], "GET", `/v1/receipts/${row?.receipt_id}`, { token });
    expect((await read(worker.token)).status).toBe(200);
    expect((await read(requester)).status).toBe(200);
    const rival = await scriptedWorker(grid, clouds[1], grid.workers[1]);
    for (const token of [undefined, rival.token]) expect((await read(token)).status).toBe(403);
    await grid.sql("DELETE FROM cloud.worker WHERE worker = $1", [grid.workers[1].party.address.toLowerCase()]);
  });

  it("cannot keep a job from others by giving it back again and again", async () => {
    const { parameters, candidates } = await quote();
    const { body } = await post(clouds[0], parameters, await sign(candidates.slice(0, 1).map(({ order }) => order)));
    for (let i = 0; i < 30; i++) {
      const job = await worker.claim();
      if (!job) break;
      await worker.release(job, "stopping");
    }
    const [job] = await grid.sql<{ status: string }>("SELECT status FROM cloud.job WHERE id = $1", [body.id]);
    expect(job?.status).toBe("failed");
  });

  it("cannot fill the disk with pictures that it never delivers", async () => {
    const { parameters, candidates } = await quote();
    await post(clouds[0], parameters, await sign(candidates.slice(0, 1).map(({ order }) => order)));
    const job = await claimed();
    for (let tint = 0; tint < 4; tint++) {
      expect((await worker.upload(job, 0, await png(64, 64, 7_000 + 31 * tint))).status).toBe(200);
    }
    // Begun, and lost on the way: rows come before files, so that nothing lies there that nobody knows of.
    const roots = async () =>
      (await grid.sql<{ root: string }>("SELECT DISTINCT root FROM cloud.picture_block")).map(({ root }) => root);
    const before = await roots();
    const files = () => readdirSync(blocks, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    const size = files().length;
    await grid.sql("UPDATE cloud.picture_block SET added_at = now() - interval '2 hours'");
    const database = openDatabase(grid.postgres.url, () => {});
    const pictures = await openPictures(blocks);
    try {
      await sweepStaging({ database, pictures } as Cloud);
    } finally {
      await Promise.all([database.close(), pictures.close()]);
    }
    expect(await roots()).toHaveLength(before.length - 3);
    expect(files()).toHaveLength(size - 3);
    // The last upload is still good.
    const upload = await worker.upload(job, 0, await png(64, 64, 7_000 + 31 * 3));
    expect((await worker.complete(job, [worker.receipt(job, 0, upload.body)])).status).toBe(200);
    expect((await fetch(`${clouds[0].url}/ipfs/${upload.body.ipfs_hash}`)).status).toBe(200);
  });
});

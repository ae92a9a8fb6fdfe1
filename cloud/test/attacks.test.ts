/** What somebody may try against money, disk and privacy of a cloud: each would work if a check were missing. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatEther, parseEther } from "viem";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { jobPrice } from "../../sdk/src/index.ts";
import { until } from "../../test/fixtures/until.ts";
import type { Cloud } from "../src/cloud.ts";
import { openDatabase } from "../src/database/database.ts";
import type { GatewayCaps } from "../src/environment.ts";
import { openPictures } from "../src/files/pictures.ts";
import { laneDemand } from "../src/jobs/laneDemand.ts";
import { sweepStaging } from "../src/jobs/staging.ts";
import type { RunningCloud } from "../src/start.ts";
import {
  call,
  png,
  RATE,
  type Refusal,
  signIn,
  signOrders,
  startTestGrid,
  type TestGrid,
  type WorkerIdentity,
} from "./grid.ts";
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
}, 300_000);
afterAll(async () => {
  await grid?.stop();
  rmSync(blocks, { recursive: true, force: true });
});
afterEach(async () => {
  await grid.sql(`UPDATE cloud.job SET status = 'failed', lease_token = NULL, wanted = NULL
    WHERE status IN ('queued', 'claimed', 'running')`);
  await grid.sql("UPDATE cloud.candidate SET handed_at = NULL");
});

const resolved = () => ({ prompt: "a vault", model: grid.open.toString(), width: 64, height: 64, steps: 2 });
const SALT = `0x${"5a".repeat(32)}`;

interface Quote {
  readonly parameters: object;
  readonly candidates: readonly { readonly order: { readonly nonce: string } }[];
}
async function quote(changes: object = {}, from = "192.0.2.1"): Promise<Quote> {
  const { body } = await call<{ quote: Quote }>(clouds[0], "POST", "/v1/generate-image", {
    json: { ...resolved(), requester: grid.artist.address, ...changes },
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
      // The answer is kept: fetch ends the stream of one that is collected as garbage, which gives its place back.
      return answer.then((kept) => ({ status: kept.status, end, kept }));
    };
    // A HEAD asks for no stream, so it takes no place.
    const heads = [`/v1/jobs/${body.id}/events`, `/v1/jobs/${body.id}`].map(async (path) => {
      const headers = { "x-forwarded-for": "203.0.113.77", accept: "text/event-stream" };
      const { status, headers: got } = await call(clouds[0], "HEAD", path, { headers });
      return [status, got.get("content-type")];
    });
    expect(await Promise.all(heads)).toEqual(Array(2).fill([200, "text/event-stream"]));
    const warnings: string[] = [];
    const warned = ({ message }: Error) => warnings.push(message);
    process.on("warning", warned);
    const streams = await Promise.all(Array.from({ length: 65 }, open));
    expect(streams.map(({ status }) => status).sort()).toEqual([...Array(64).fill(200), 429]);
    for (const { end, kept } of streams) {
      expect(kept.bodyUsed).toBe(false);
      end.abort();
    }
    const again = await until(async () => {
      const stream = await open();
      return stream.status === 200 && stream;
    }, "places are given back");
    again.end.abort();
    process.off("warning", warned);
    // As many streams are what the cloud is for, and no leak.
    expect(warnings.filter((message) => message.includes("listeners"))).toEqual([]);
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

  it("cannot fill the memory with pictures that it never sends to the end", async () => {
    const { parameters, candidates } = await quote();
    await post(clouds[0], parameters, await sign(candidates.slice(0, 1).map(({ order }) => order)));
    const job = await claimed();
    const path = `/v1/worker/jobs/${job.id}/images/0?lease=${job.lease.token}`;
    const { hostname, port } = new URL(clouds[0].url);
    const file = await png(64, 64, 1);
    const headers = {
      ...{ authorization: `Bearer ${worker.token}`, "content-type": "image/png", "content-length": file.length },
    };
    const statuses: number[] = [];
    const sending = Array.from({ length: 20 }, () => {
      const sent = request({ hostname, port, path, method: "PUT", headers });
      sent.on("error", () => undefined);
      sent.on("response", ({ statusCode = 0 }) => statuses.push(statusCode));
      sent.write(file.subarray(0, 8));
      return sent;
    });
    // The others wait for the rest of their pictures.
    await until(async () => statuses.length === 4, "four are refused");
    expect(statuses).toEqual([429, 429, 429, 429]);
    for (const sent of sending) sent.destroy();
    await until(async () => (await worker.upload(job, 0, file)).status === 200, "places are given back");
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
      await database.close();
    }
    expect(await roots()).toHaveLength(before.length - 3);
    expect(files()).toHaveLength(size - 3);
    // The last upload is still good.
    const upload = await worker.upload(job, 0, await png(64, 64, 7_000 + 31 * 3));
    expect((await worker.complete(job, [worker.receipt(job, 0, upload.body)])).status).toBe(200);
    expect((await fetch(`${clouds[0].url}/ipfs/${upload.body.ipfs_hash}`)).status).toBe(200);
  });
});

describe("whoever asks the gateway", () => {
  const own = () => grid.workers[1];
  /** AIPG wei per megapixel and step that the gateway pays at most: three times what the honest worker asks. */
  const MOST = 3n * RATE;
  const size = { width: 64, height: 64, steps: 2, count: 1 };
  const [fair, dear] = [jobPrice(size, RATE), jobPrice(size, MOST)];
  const allowing = (caps: Partial<GatewayCaps>) =>
    grid.cloud({
      ...{ blocks, proxies: 1, waitSeconds: 5 },
      gateway: { ...grid.gatewayTerms, maxRate: MOST, caps: { ...grid.gatewayTerms.caps, ...caps } },
    });
  /** Tokens of accounts that were made just now. */
  const freshKeys = async (count: number): Promise<string[]> => {
    const batch = `${Math.random()}`;
    await grid.sql(
      `INSERT INTO cloud.session (token_hash, account, expires_at)
       SELECT sha256(convert_to('grid_' || $2 || '_' || n, 'UTF8')), '0x' || lpad(encode(sha256(convert_to($2 || n, 'UTF8')), 'hex'), 40),
         now() + interval '1 hour' FROM generate_series(1, $1::int) n`,
      [count, batch],
    );
    return Array.from({ length: count }, (_, i) => `grid_${batch}_${i + 1}`);
  };
  const ask = (
    cloud: RunningCloud,
    token: string,
    from: string,
    changes: object = {},
    headers: Readonly<Record<string, string>> = {},
  ) =>
    call<Refusal & { id: string; status: string; job: string; error: { job?: string; field?: string } }>(
      cloud,
      "POST",
      "/v1/generate-image",
      {
        token,
        json: { ...resolved(), ...changes },
        headers: { prefer: "respond-async", "x-forwarded-for": from, ...headers },
      },
    );
  const promised = async () =>
    BigInt(
      (await grid.sql<{ sum: string }>("SELECT coalesce(sum(promised), 0)::text AS sum FROM cloud.lane_total"))[0]
        ?.sum ?? 0,
    );
  const promisedTo = async (party: WorkerIdentity) =>
    BigInt(
      (
        await grid.sql<{ sum: string }>(
          `SELECT coalesce(sum(promised), 0)::text AS sum FROM cloud.lane_total JOIN cloud.lane USING (lane_id) WHERE worker = $1`,
          [party.party.address.toLowerCase()],
        )
      )[0]?.sum ?? 0,
    );
  const spent = async (account = "everybody") =>
    BigInt(
      (await grid.sql<{ spent: string }>("SELECT spent::text FROM cloud.quota WHERE account = $1", [account]))[0]
        ?.spent ?? 0,
    );
  const leave = (party: WorkerIdentity) =>
    grid.sql("UPDATE cloud.worker SET last_seen = now() - interval '1 hour' WHERE worker = $1", [
      party.party.address.toLowerCase(),
    ]);
  beforeEach(() => grid.sql("UPDATE cloud.job SET charged_to = NULL").then(() => grid.sql("TRUNCATE cloud.quota")));

  it("with a thousand fresh keys and an own worker at the highest rate gains the day's cap for all, and no more", async () => {
    const all = 12n * dear + dear / 2n;
    const limited = await allowing({ all });
    await leave(grid.workers[0]);
    const mine = await scriptedWorker(grid, limited, own(), { rate: MOST, parallel: 64 });
    const [before, gained] = [await promised(), await promisedTo(own())];
    const tokens = await freshKeys(1_000);
    const answers: number[] = [];
    let next = 0;
    const attack = async (): Promise<void> => {
      for (let i = next++; i < tokens.length; i = next++) {
        const { status, body } = await ask(limited, tokens[i] ?? "", `10.${i % 200}.${i % 7}.${i % 11}`);
        answers.push(status);
        if (status === 402) expect(body.error.message).toContain("for all accounts together");
      }
    };
    await Promise.all(Array.from({ length: 10 }, attack));
    expect([answers.length, answers.filter((status) => status === 202).length]).toEqual([1_000, 12]);
    for (let i = 0; i < 12; i++) await mine.work(await until(() => mine.claim(2), "the attacker gets its own job"));
    expect(await mine.claim()).toBeUndefined();
    // What it was paid stays counted: there is no more today, for no key.
    const [late] = await freshKeys(1);
    expect((await ask(limited, late ?? "", "192.0.2.77")).status).toBe(402);
    expect((await promisedTo(own())) - gained).toBe(12n * dear);
    expect((await promised()) - before).toBeLessThanOrEqual(all);
  }, 180_000);

  it("or pays itself under one Idempotency-Key is told one job by both of two requests", async () => {
    const { parameters, candidates } = await quote();
    const orders = await sign(candidates.map(({ order }) => order));
    const [token = ""] = await freshKeys(1);
    const paid = { ...parameters, payment: { rail: "direct", orders } };
    const answers = await Promise.all(
      clouds.map((cloud) => ask(cloud, token, "192.0.2.9", paid, { "idempotency-key": '"order"' })),
    );
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    expect(answers[0]?.body.id).toBe(answers[1]?.body.id);
  });

  it("under one Idempotency-Key gets one job, from two processes at once, and again after all that changes", async () => {
    const caps = { account: dear + dear / 2n };
    const both = await Promise.all([allowing(caps), allowing(caps)]);
    const [token = "", other = ""] = await freshKeys(2);
    const under = (key: string, changes: object = {}, who = token, i = 0) =>
      ask(both[i % 2] as RunningCloud, who, "192.0.2.9", changes, { "idempotency-key": key });
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => under('"a-1"', {}, token, i)));
    const ids = new Set(answers.map(({ body }) => body.id));
    expect([answers.map(({ status }) => status), ids.size]).toEqual([Array(8).fill(202), 1]);
    expect(await spent()).toBe(dear);
    const [id = ""] = ids;

    // The day is used up for a new job, not for the one that is there. JSON of another order is the same body.
    expect((await under('"a-2"')).body.error.code).toBe("QUOTA_USED");
    const { prompt, ...rest } = resolved();
    expect((await under("a-1", { ...rest, prompt })).body.id).toBe(id);
    const reused = await under('"a-1"', { prompt: "another vault" });
    expect([reused.status, reused.body.error]).toEqual([
      422,
      expect.objectContaining({ code: "KEY_REUSED", field: "Idempotency-Key", job: id }),
    ]);
    const stranger = await under('"a-1"', { prompt: "another vault" }, other);
    expect([stranger.status, stranger.body.id === id]).toEqual([202, false]);
    for (const key of ["", '""', 'a"b', '"a-1", "a-1"', "x".repeat(256)]) {
      expect([key, (await under(key)).body.error?.field]).toEqual([key, "Idempotency-Key"]);
    }

    const honest = await scriptedWorker(grid, both[0], grid.workers[0], { parallel: 16 });
    for (let i = 0; i < 2; i++) await honest.work(await until(() => honest.claim(2), "the worker gets the job"));
    await leave(grid.workers[0]);
    await leave(own());
    const later = await under('"a-1"');
    expect([later.status, later.body.id, later.body.status]).toEqual([202, id, "done"]);
    const waited = await ask(both[1], token, "192.0.2.9", {}, { "idempotency-key": "a-1", prefer: "wait=1" });
    expect([waited.status, waited.body.job]).toEqual([200, id]);
    // A refusal names no job: the key is free for another try.
    expect((await under('"a-3"')).body.error.code).toBe("NO_WORKER");
  });

  it("gains nothing by an own worker beside a cheaper one that is idle", async () => {
    const open = await allowing({});
    const honest = await scriptedWorker(grid, open, grid.workers[0], { parallel: 16 });
    const mine = await scriptedWorker(grid, open, own(), { rate: MOST, parallel: 64 });
    const gained = await promisedTo(own());
    const tokens = await freshKeys(8);
    let done = 0;
    let stolen = 0;
    const steal = async (): Promise<void> => {
      while (done < tokens.length) if (await mine.claim()) stolen++;
    };
    const serve = async (): Promise<void> => {
      while (done < tokens.length) {
        const job = await honest.claim(1);
        if (job) await honest.work(job);
        if (job) done++;
      }
    };
    const posts = (async () => {
      for (const token of tokens) expect((await ask(open, token, "192.0.2.8")).status).toBe(202);
    })();
    await Promise.all([posts, steal(), steal(), serve()]);
    expect([stolen, (await promisedTo(own())) - gained]).toEqual([0, 0n]);
    // Reserved by the dearest rate, and in the end what it cost: of each account, of the network, of all.
    const { body } = await call<{ quota: { spent: string } }>(open, "GET", "/v1/auth/session", { token: tokens[0] });
    expect(body.quota.spent).toBe(fair.toString());
    expect([await spent(), await spent("from 192.0.2.8")]).toEqual([8n * fair, 8n * fair]);
  }, 180_000);

  it("gets a dearer worker only when the cheaper ones are full or let their time pass", async () => {
    const open = await allowing({});
    await scriptedWorker(grid, open, own(), { rate: 1n, parallel: 1 });
    const honest = await scriptedWorker(grid, open, grid.workers[0], { parallel: 1 });
    const [token] = await freshKeys(1);
    const wait = (id: string, seconds: number) =>
      grid.sql("UPDATE cloud.job SET queued_at = now() - $2 * interval '1 second' WHERE id = $1", [id, seconds]);
    const first = (await ask(open, token ?? "", "192.0.2.9")).body.id;
    for (const seconds of [0, 6, 29]) {
      await wait(first, seconds);
      expect(await honest.claim()).toBeUndefined();
    }
    // A cheaper one that does not come for its job has let its time pass; the next one has its own time before a dearer one.
    await wait(first, 31);
    const bait = await scriptedWorker(grid, open, own(), { rate: MOST, parallel: 1 });
    expect(await bait.claim()).toBeUndefined();
    const job = await until(() => honest.claim(), "the honest worker gets it");
    expect(job.id).toBe(first);
    await grid.sql("UPDATE cloud.offer SET rate_changed_at = now() - interval '1 hour'");
    // It is full now: the next job is kept for it for a moment, and goes to the dearer one then.
    const second = (await ask(open, token ?? "", "192.0.2.9")).body.id;
    expect(await bait.claim()).toBeUndefined();
    await wait(second, 6);
    const other = await until(() => bait.claim(), "the dearer worker gets it");
    expect([other.id, BigInt(other.price)]).toEqual([second, dear]);
    // Dearer than what was reserved is nobody's.
    await grid.sql("UPDATE cloud.worker SET parallel = 64");
    const third = (await ask(open, token ?? "", "192.0.2.9")).body.id;
    await grid.sql("UPDATE cloud.job SET max_price = $2 WHERE id = $1", [third, (fair - 1n).toString()]);
    await wait(third, 300);
    expect([await bait.claim(), await honest.claim()]).toEqual([undefined, undefined]);
  });

  it("gains nothing by a rate that rises, or comes, when the time of a cheaper worker is over", async () => {
    const open = await allowing({});
    const honest = await scriptedWorker(grid, open, grid.workers[0], { parallel: 16 });
    const [token] = await freshKeys(1);
    const age = (column: string, seconds: number) =>
      grid.sql(
        column === "queued_at"
          ? "UPDATE cloud.job SET queued_at = now() - $1 * interval '1 second' WHERE status = 'queued'"
          : "UPDATE cloud.offer SET rate_changed_at = now() - $1 * interval '1 second'",
        [seconds],
      );
    const offers = {
      "a rise": [{ rate: 1n }, { rate: MOST }],
      "a rise, and a fall": [{ rate: 1n }, { rate: MOST }, { rate: MOST - 1n }],
      "an offer that was away": [{ rate: 1n }, { rate: 1n, models: [grid.licensed] }, { rate: MOST }],
    };
    for (const [what, steps] of Object.entries(offers)) {
      const { id } = (await ask(open, token ?? "", "192.0.2.10")).body;
      await age("rate_changed_at", 3_600);
      let mine: ScriptedWorker | undefined;
      for (const step of steps) mine = await scriptedWorker(grid, open, own(), step);
      await age("queued_at", 31);
      expect([what, await mine?.claim()]).toEqual([what, undefined]);
      // A lane that needs money is the cheaper one's meanwhile.
      const database = openDatabase(grid.postgres.url, () => {});
      const demand = await laneDemand({ database }, { ...grid.gatewayTerms, maxRate: MOST }).find();
      await database.close();
      const needing = grid.workers[0].party.address.toLowerCase();
      expect([what, demand.map(({ worker }) => worker)]).toEqual([what, [needing]]);
      // The cheaper one has all of its time from then on, and no more.
      await age("rate_changed_at", 29);
      expect([what, await mine?.claim()]).toEqual([what, undefined]);
      expect([what, (await honest.claim())?.id]).toEqual([what, id]);
      const next = (await ask(open, token ?? "", "192.0.2.10")).body.id;
      await age("queued_at", 31);
      await age("rate_changed_at", 31);
      expect([what, (await mine?.claim())?.id]).toEqual([what, next]);
    }
  });

  it("does not keep a job longer from a worker whose rate falls while others are cheaper still", async () => {
    const open = await allowing({});
    await scriptedWorker(grid, open, grid.workers[0], { parallel: 16 });
    await scriptedWorker(grid, open, own(), { rate: MOST });
    const [token] = await freshKeys(1);
    const { id } = (await ask(open, token ?? "", "192.0.2.12")).body;
    // The cheaper one has had its time.
    await grid.sql("UPDATE cloud.offer SET rate_changed_at = now() - interval '31 seconds'");
    await grid.sql("UPDATE cloud.job SET queued_at = now() - interval '31 seconds' WHERE status = 'queued'");
    const fallen = await scriptedWorker(grid, open, own(), { rate: MOST - 1n });
    expect((await fallen.claim())?.id).toBe(id);
  });

  it("keeps no job from a dearer worker by a cheap one that could not do it", async () => {
    const open = await allowing({});
    const honest = await scriptedWorker(grid, open, grid.workers[0], { parallel: 16 });
    const [token] = await freshKeys(1);
    const getsAtOnce = async () => {
      const { id } = (await ask(open, token ?? "", "192.0.2.11")).body;
      expect((await honest.claim())?.id).toBe(id);
    };
    // 64 is no multiple of its step.
    await scriptedWorker(grid, open, own(), { rate: 1n, sideStep: 48 });
    await getsAtOnce();

    // Its bond leaves, and its offer stays: a sign of life then is none.
    const bait = await scriptedWorker(grid, open, own(), { rate: 1n });
    const { registry } = own().party.grid;
    await grid.chain.mined(registry.write.announceUnbond([await registry.read.minBond()]));
    try {
      await leave(own());
      const later = await allowing({});
      expect((await call(later, "GET", "/v1/worker/vouchers", { token: bait.token })).status).toBe(200);
      await getsAtOnce();
    } finally {
      await grid.chain.mined(registry.write.cancelUnbond());
    }
  });

  it("keeps no job from a dearer worker, nor its lane empty, by a cheap one that has no time for it", async () => {
    const open = await allowing({});
    const cheap = await scriptedWorker(grid, open, own(), { rate: 1n, parallel: 16 });
    const [token] = await freshKeys(1);
    const askFor = async (steps: number) => (await ask(open, token ?? "", "192.0.2.13", { steps })).body.id;
    const [small, large] = [await askFor(20), await askFor(40)];
    const held = [await until(() => cheap.claim(), "the small one"), await until(() => cheap.claim(), "the large one")];
    expect(held.map(({ id }) => id)).toEqual([small, large]);
    // The pause is from the least work on for which there was no time, whichever it hears of last.
    for (const job of held) await cheap.release(job, "refused", "DEADLINE_TOO_NEAR");
    const between = await askFor(30);
    await grid.sql("UPDATE cloud.offer SET paused_until = now() + interval '1 minute' WHERE paused_until > now()");
    await grid.sql("UPDATE cloud.job_failure SET until = now()");
    expect(await cheap.claim()).toBeUndefined();
    const honest = await scriptedWorker(grid, open, grid.workers[0], { parallel: 16 });
    const database = openDatabase(grid.postgres.url, () => {});
    const demand = await laneDemand({ database }, { ...grid.gatewayTerms, maxRate: MOST }).find();
    await database.close();
    expect(demand.map(({ worker }) => worker)).toEqual([grid.workers[0].party.address.toLowerCase()]);
    for (const id of [small, large, between]) expect((await honest.claim())?.id).toBe(id);
  });

  it("keeps no lane empty by a crowd of jobs for which it has the only worker", async () => {
    const open = await allowing({});
    const honest = await scriptedWorker(grid, open, grid.workers[0], { parallel: 16 });
    await scriptedWorker(grid, open, own(), { rate: MOST, parallel: 1 });
    const [token] = await freshKeys(1);
    const first = (await ask(open, token ?? "", "192.0.2.12")).body.id;
    await grid.sql("UPDATE cloud.offer SET max_steps = 500 WHERE worker = $1", [own().party.address.toLowerCase()]);
    await grid.sql(
      `INSERT INTO cloud.job (rail, model_id, model_hash, requester, payer, private, request, request_hash, pixels, steps,
         count, sampler, scheduler, max_price)
       SELECT rail, model_id, model_hash, requester, payer, private, request, request_hash, pixels, 200, count, sampler,
         scheduler, max_price * 100 FROM cloud.job CROSS JOIN generate_series(1, 600) WHERE id = $1`,
      [first],
    );
    expect((await honest.claim())?.id).toBe(first);
    // As if the lane had run dry.
    await grid.sql("UPDATE cloud.lane SET free = 0 WHERE worker = $1", [grid.workers[0].party.address.toLowerCase()]);
    const { id } = (await ask(open, token ?? "", "192.0.2.12")).body;
    const job = await until(() => honest.claim(1), "the lane is filled for the last job");
    expect(job.id).toBe(id);

    // A worker at rate 0 needs nothing in its lane.
    const free = await scriptedWorker(grid, open, own(), { rate: 0n, parallel: 1 });
    await grid.sql("UPDATE cloud.lane SET free = 0 WHERE worker = $1", [own().party.address.toLowerCase()]);
    await grid.sql(
      "UPDATE cloud.job SET status = 'failed', worker = NULL WHERE status IN ('queued', 'claimed', 'running')",
    );
    const gift = (await ask(open, token ?? "", "192.0.2.12")).body.id;
    const taken = await until(() => free.claim(1), "the job is given away");
    expect([taken.id, taken.price]).toEqual([gift, "0"]);
  });

  it("is told which cap it has reached, and what is left of it", async () => {
    const limited = await allowing({ job: dear * 4n, account: dear * 3n, address: dear * 5n });
    await scriptedWorker(grid, limited, grid.workers[0], { parallel: 16 });
    const [first, second, third] = (await freshKeys(3)) as [string, string, string];
    const said = async (token: string, from: string, changes: object = {}) => {
      const { status, body } = await ask(limited, token, from, changes);
      return [status, body.error?.code, body.error?.message ?? ""] as const;
    };
    const refused = (message: string) => [402, "QUOTA_USED", expect.stringContaining(message)];
    const aipg = (wei: bigint) => `${formatEther(wei)} AIPG`;
    expect(await said(first, "2001:db8:1:1::1", { n: 4, steps: 3 })).toEqual(
      refused(`at most ${aipg(dear * 4n)} for a job, and this one can cost up to ${aipg(dear * 6n)}`),
    );
    expect((await said(first, "2001:db8:1:1::1", { n: 3 }))[0]).toBe(202);
    expect(await said(first, "198.51.100.1")).toEqual(
      refused(`${aipg(dear * 3n)} a day for an account. 0 AIPG are left`),
    );
    // All addresses of a /64 are one network.
    expect((await said(second, "2001:db8:1:1:ffff::2"))[0]).toBe(202);
    expect(await said(third, "2001:db8:1:1::3", { n: 2 })).toEqual(
      refused(`${aipg(dear * 5n)} a day for the network that this request comes from. ${aipg(dear)} are left`),
    );
    expect((await said(third, "2001:db8:1:2::3", { n: 2 }))[0]).toBe(202);
    // A refusal counts nowhere.
    expect(await spent()).toBe(6n * dear);
    const jobs = await grid.sql<{ id: string }>("SELECT id FROM cloud.job WHERE status = 'queued' ORDER BY place");
    const cancelled = await call(limited, "DELETE", `/v1/jobs/${jobs[0]?.id}`, { token: first });
    expect(cancelled.status).toBe(200);
    expect((await said(first, "198.51.100.1", { n: 3 }))[0]).toBe(202);
    expect(await spent()).toBe(6n * dear);
  });

  it("is refused where the gateway pays for others only", async () => {
    const token = await signIn(grid, clouds[0], grid.artist.account);
    const [stranger] = await freshKeys(1);
    const holders = await grid.cloud({
      ...{ blocks, proxies: 1 },
      gateway: { ...grid.gatewayTerms, sponsored: { kind: "holders", least: parseEther("1") } },
    });
    const listed = await grid.cloud({
      ...{ blocks, proxies: 1 },
      gateway: {
        ...grid.gatewayTerms,
        sponsored: { kind: "listed", accounts: new Set([grid.artist.address.toLowerCase()]) },
      },
    });
    await scriptedWorker(grid, holders, grid.workers[0]);
    for (const cloud of [holders, listed]) {
      expect((await ask(cloud, token, "192.0.2.10")).status).toBe(202);
      const { status, body } = await ask(cloud, stranger ?? "", "192.0.2.10");
      expect([status, body.error.code]).toEqual([402, "PAYMENT_REQUIRED"]);
    }
  });
});

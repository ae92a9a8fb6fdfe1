/** Questions that many ask and that are answered once: readers of a job, sessions, names of models; calls that take their turn. */
import { createHash } from "node:crypto";
import { createFastChecker } from "@gridnft/sdk";
import { pino } from "pino";
import type { Address, Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { expect, it } from "vitest";
import { until } from "../../test/fixtures/until.ts";
import { createApp } from "../src/api/app.ts";
import { JobStreams } from "../src/api/grid/jobStreams.ts";
import { type SessionRecord, Sessions } from "../src/auth/sessions.ts";
import { openChain } from "../src/chain/chain.ts";
import { modelCatalogue } from "../src/chain/models.ts";
import type { Cloud } from "../src/cloud.ts";
import { type Database, openDatabase } from "../src/database/database.ts";
import { listen, type Notifications } from "../src/database/pgNotify.ts";
import { readSettings } from "../src/environment.ts";
import { ApiError } from "../src/error.ts";
import { cancelJob } from "../src/jobs/cancel.ts";
import type { JobRow } from "../src/jobs/job.ts";
import { penalizeWhenWrong, releaseJob } from "../src/jobs/lease.ts";
import { putOffer } from "../src/jobs/offers.ts";
import { type WatchJob, waitForEnd } from "../src/jobs/wait.ts";
import { createMetrics } from "../src/metrics.ts";
import { quoteNonce } from "../src/payment/nonces.ts";
import { counted, twoClouds } from "./twoClouds.ts";

const two = twoClouds();
const { order, gets } = two;

/** Connection of a request that comes over no network. */
const CALLER = { incoming: { socket: { remoteAddress: "127.0.0.1" } } };

it("the streams of 500 readers read a job once a change, and ask nothing by time but one statement for all", async () => {
  const own = openDatabase(two.grid.postgres.url, () => undefined);
  const { database, statements } = counted(own);
  const heard = new Map<string, Set<() => void>>();
  const notifications = {
    on: (_: string, payload: string, listener: () => void) => {
      heard.set(payload, (heard.get(payload) ?? new Set()).add(listener));
      return () => heard.get(payload)?.delete(listener);
    },
  } as unknown as Notifications;
  const change = (id: string) => {
    for (const listener of heard.get(id) ?? []) listener();
  };
  const log = { warn: () => undefined } as unknown as Cloud["log"];
  const id = await order();
  const job = await gets(two.workers[0]);
  expect(job.id).toBe(id);
  try {
    const read = (streams: JobStreams) => {
      const seen = Array.from({ length: 500 }, () => ({ versions: [] as number[], ticks: 0 }));
      const offs = seen.map((reader) =>
        streams.on(id, {
          state: ({ version }) => reader.versions.push(version),
          tick: () => reader.ticks++,
          gone: () => undefined,
        }),
      );
      return {
        all: (what: string, versions: number) =>
          until(async () => seen.every((reader) => reader.versions.length === versions), what),
        ticks: () => seen[0]?.ticks ?? 0,
        end: () => {
          for (const off of offs) off();
        },
      };
    };
    const told = read(new JobStreams({ database, notifications, publicUrl: "", log }, 3_600_000));
    await told.all("everybody has the state", 1);
    expect(statements()).toBe(1);
    await two.workers[0].heartbeat(job, { image: 0, step: 1, steps: 2 });
    change(id);
    change(id);
    await told.all("everybody has the change", 2);
    // Two notices in a row are one more look at most.
    expect(statements()).toBeLessThanOrEqual(3);
    told.end();
    // A notice that was lost is made up for by a tick, which is one statement for all.
    const streams = new JobStreams({ database, notifications, publicUrl: "", log }, 300);
    const before = statements();
    const ticking = read(streams);
    await ticking.all("everybody has the state", 1);
    await two.workers[0].heartbeat(job, { image: 0, step: 2, steps: 2 });
    await ticking.all("everybody has the change all the same", 2);
    // The first look, that at the change, and a tick that is under way.
    expect(statements() - before - ticking.ticks()).toBeLessThanOrEqual(3);
    ticking.end();
    // Readers of a job that is deleted hear that it is gone, at first and by a tick.
    const [deleted = "", next] = [await order(), await gets(two.workers[0])];
    const gone: string[] = [];
    const listen = (name: string) =>
      streams.on(deleted, {
        state: () => gone.push(`${name} state`),
        tick: () => undefined,
        gone: () => gone.push(name),
      });
    const offDeleted = [listen("early")];
    await until(async () => gone.length > 0, "it has the state");
    expect(next.id).toBe(deleted);
    await two.grid.sql("DELETE FROM cloud.job WHERE id = $1", [deleted]);
    await until(async () => gone.includes("early"), "it hears by a tick");
    offDeleted.pop()?.();
    offDeleted.push(listen("late"));
    await until(async () => gone.includes("late"), "it hears at once");
    for (const off of offDeleted) off();
    expect(gone.filter((word) => word.endsWith("state"))).toEqual(["early state"]);
    expect([...heard.values()].every((listeners) => listeners.size === 0)).toBe(true);
  } finally {
    await own.close();
  }
  await two.workers[0].work(job);
});

it("a model's name that nobody has costs one question a block, and none when it is asked again; a new model is found", async () => {
  const names = ["Open Sea"];
  let asked = 0;
  let head: Hex = "0x01";
  const read = {
    totalSupply: async () => {
      asked++;
      return BigInt(names.length);
    },
    modelsOf: async ([ids]: [bigint[]]) => {
      asked++;
      return ids.map((modelId) => ({
        modelId,
        spec: { name: names[Number(modelId) - 1], version: "1", family: 0, access: 0, weightsHash: "0x", usageBps: 0 },
        nextUsageFrom: 0,
      }));
    },
    ownerOf: async () => {
      asked++;
      return `0x${"11".repeat(20)}`;
    },
  };
  const catalogue = modelCatalogue({ read } as never, () => head);
  expect((await catalogue.modelNamed("open sea")).modelId).toBe(1n);
  const known = asked;
  const unknown = (name: string) => expect(catalogue.modelNamed(name)).rejects.toMatchObject({ code: "MODEL_UNKNOWN" });
  await Promise.all(Array.from({ length: 200 }, (_, i) => unknown(`a name ${i}`)));
  expect(asked - known).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 300));
  for (let i = 0; i < 200; i++) await unknown(`A name ${i} `);
  expect(asked - known).toBe(1);
  names.push("A name 7");
  head = "0x02";
  expect((await catalogue.modelNamed("a name 7")).modelId).toBe(2n);
  expect((await catalogue.modelNamed("2")).modelId).toBe(2n);
});

it("calls that lock the same rows take their turn without a connection each", async () => {
  const own = openDatabase(two.grid.postgres.url, () => undefined, 8);
  let inside = 0;
  let most = 0;
  const database: Database = {
    ...own,
    transaction: (work, ...turns) =>
      own.transaction(
        async (queries) => {
          most = Math.max(most, ++inside);
          return work(queries).finally(() => inside--);
        },
        ...turns,
      ),
  };
  const atOnce = async (what: string, calls: readonly (() => Promise<unknown>)[]): Promise<void> => {
    most = 0;
    await Promise.all(calls.map((one) => one()));
    expect([what, most]).toEqual([what, 1]);
  };
  const times = <Item>(count: number, item: Item): Item[] => Array.from({ length: count }, () => item);
  const worker = two.grid.workers[0].party.address.toLowerCase() as Address;
  try {
    const chain = { nonceWordOf: async () => 0n } as unknown as Cloud["chain"];
    const quoted = () => quoteNonce({ database, chain }, two.grid.artist.address, "one caller", 300);
    await atOnce("quotes", times(16, quoted));

    const other = privateKeyToAccount(generatePrivateKey()).address.toLowerCase() as Address;
    const offered = () => putOffer(database, other, { software: "scripted", parallel: 1, models: [] });
    await atOnce("offers", times(16, offered));
    await two.grid.sql("DELETE FROM cloud.worker WHERE worker = $1", [other]);

    const keys = [];
    for (let i = 0; i < 8; i++) await order();
    for (let i = 0; i < 8; i++) {
      const job = await gets(two.workers[0]);
      keys.push({ worker, jobId: job.id, token: job.lease.token });
    }
    const cloud = { database, settings: { stallSeconds: 120 }, log: { warn: () => undefined } } as unknown as Cloud;
    const released = keys.slice(0, 6).map((key) => () => releaseJob(cloud, key, { reason: "failed" }));
    await atOnce("releases", released);
    const wrong = async (): Promise<void> => {
      throw new ApiError("IMAGE_INVALID", "It is no picture.");
    };
    const penalized = keys.slice(6).map((key) => () => penalizeWhenWrong(cloud, key, wrong).catch(() => undefined));
    await atOnce("strikes", penalized);
    await two.grid.sql("UPDATE cloud.worker SET strikes = 0, blocked_until = NULL");

    for (const { jobId } of keys) {
      const [job] = await two.grid.sql<{ requester: Address }>("SELECT requester FROM cloud.job WHERE id = $1", [
        jobId,
      ]);
      const session = { account: job?.requester } as SessionRecord;
      const ends: (string | undefined)[] = [];
      const cancelled = () =>
        cancelJob(database, jobId, session).then(
          () => ends.push("cancelled"),
          (error: unknown) => ends.push(error instanceof ApiError ? error.code : undefined),
        );
      await atOnce("cancellations", times(4, cancelled));
      expect(ends.sort()).toEqual([...times(3, "JOB_FINISHED"), "cancelled"]);
    }
  } finally {
    await own.close();
  }
});

it("a request that waits has the end of a job at once that others saw before", async () => {
  const done = { status: "done" } as JobRow;
  let isWatched = true;
  const watch: WatchJob = (_, { row }) => {
    row(done);
    return () => {
      isWatched = false;
    };
  };
  const never = new AbortController().signal;
  const cloud = { database: {}, stopping: never } as unknown as Cloud;
  expect(await waitForEnd(cloud, watch, "a job", 60, never)).toBe(done);
  expect(isWatched).toBe(false);
});

it("requests that wait for a job, and its streams, read it once a change for all of them", async () => {
  const own = openDatabase(two.grid.postgres.url, () => undefined);
  const { database, statements } = counted(own);
  const { rpcUrl, deployment } = two.grid.chain;
  const chain = await openChain({ rpcUrl, deployment, pollEvery: 1_000 }, () => undefined);
  const stopping = new AbortController();
  const notifications = await listen(two.grid.postgres.url, () => undefined);
  const { gatewayTerms: gateway } = two.grid;
  const settings = readSettings({ GRID_RPC_URL: rpcUrl, DATABASE_URL: two.grid.postgres.url, GRID_BLOCKS: "unused" });
  const app = createApp(
    {
      ...{
        settings,
        publicUrl: "http://127.0.0.1",
        database,
        notifications,
        chain,
        gateway,
        log: pino({ level: "silent" }),
      },
      ...{ checker: await createFastChecker(), metrics: createMetrics(chain, stopping.signal) },
      stopping: stopping.signal,
    } as unknown as Cloud,
    () => undefined,
  );
  const authorization = `Bearer ${two.token}`;
  const ask = (path: string, init: RequestInit = {}) =>
    app.request(path, { ...init, headers: { authorization, ...init.headers } }, CALLER);
  const body = JSON.stringify({ prompt: "a pier", model: two.grid.open.toString(), width: 64, height: 64, steps: 2 });
  // The same request again waits for the same job.
  const post = () =>
    ask("/v1/generate-image", {
      ...{ method: "POST", body },
      headers: { "content-type": "application/json", "idempotency-key": "piers", prefer: "wait=60" },
    });
  /** Resolves when no more statements are made, or some seconds later. */
  const quiet = async () => {
    for (let [last, looks] = [-1, 0]; last !== statements() && looks < 10; looks++) {
      last = statements();
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };
  try {
    const first = post();
    const job = await gets(two.workers[0]);
    const waiting = [first, ...Array.from({ length: 9 }, post)];
    const streams = await Promise.all(Array.from({ length: 10 }, () => ask(`/v1/jobs/${job.id}/events`)));
    const texts = streams.map((stream) => stream.text());
    await quiet();
    const before = statements();
    await two.workers[0].heartbeat(job, { image: 0, step: 1, steps: 2 });
    await quiet();
    expect(statements() - before).toBe(1);
    await two.workers[0].work(job);
    for (const answer of await Promise.all(waiting)) expect(answer.status).toBe(200);
    for (const text of await Promise.all(texts)) expect(text).toContain("event: done");
  } finally {
    stopping.abort();
    chain.stop();
    await notifications.close();
    await own.close();
  }
});

it("a session is looked up once by each process, and is over at all of them when it is signed out at one", async () => {
  const own = openDatabase(two.grid.postgres.url, () => undefined);
  const { database, statements } = counted(own);
  const [here, there] = await Promise.all([
    listen(two.grid.postgres.url, () => {}),
    listen(two.grid.postgres.url, () => {}),
  ]);
  try {
    const processes = [new Sessions(database, here), new Sessions(database, there)] as const;
    const session = { account: privateKeyToAccount(generatePrivateKey()).address, worker: undefined };
    const expiresAt = new Date(Date.now() + 60_000);
    const token = await processes[0].open({ ...session, expiresAt });
    const opened = statements();
    for (let i = 0; i < 5; i++) for (const one of processes) expect(await one.find(token)).toMatchObject(session);
    expect(statements() - opened).toBe(2);
    // At the other one the notice ends it, not the time.
    const told = there.next("cloud_session", createHash("sha256").update(token).digest("hex"), 5_000);
    await processes[0].close(token);
    await told;
    for (const one of processes) expect(await one.find(token)).toBeUndefined();
    // Nobody's session is not remembered as such.
    const before = statements();
    for (const _ of [1, 2]) expect(await processes[1].find("grid_guessed")).toBeUndefined();
    expect(statements() - before).toBe(2);
    const over = await processes[0].open({ ...session, expiresAt: new Date(Date.now() - 1) });
    expect(await processes[0].find(over)).toBeUndefined();
  } finally {
    await Promise.all([here.close(), there.close(), own.close()]);
  }
});

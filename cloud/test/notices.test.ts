/** Notifications: when they are sent, and how many at a time. */
import { sleep } from "@gridnft/sdk/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type TestPostgres } from "../../test/fixtures/postgres.ts";
import { until } from "../../test/fixtures/until.ts";
import { type Database, openDatabase } from "../src/database/database.ts";
import { createNoticeQueue, type Notice, readPayload } from "../src/database/notices.ts";
import { listen } from "../src/database/pgNotify.ts";
import { WaitingClaims } from "../src/jobs/waitingClaims.ts";

const job = (payload: string): Notice => ({ channel: "cloud_job", payload });

describe("a queue of notices", () => {
  it("sends what comes while it waits together, and equal ones once", async () => {
    const sent: string[][] = [];
    const queue = createNoticeQueue(async (notices) => sent.push(notices.map(({ payload }) => payload)));
    for (const payload of ["a", "b", "a"]) queue.add(job(payload));
    queue.add({ channel: "cloud_queue", payload: "a" });
    await until(() => sent.length > 0, "they are sent");
    queue.add(job("a"));
    await until(() => sent.length > 1, "the next one is sent");
    expect(sent).toEqual([["a", "b", "a"], ["a"]]);
  });

  it("counts equal ones of claims that wait, of which each wakes another claim", async () => {
    const sent: Notice[] = [];
    const queue = createNoticeQueue(async (notices) => sent.push(...notices));
    for (const payload of ["model 1", "model 2", "model 1", "model 1"]) queue.add({ channel: "cloud_queue", payload });
    await queue.flush();
    expect(sent.map(({ payload }) => payload)).toEqual(["model 1 x3", "model 2"]);
    expect(sent.map(({ payload }) => readPayload(payload))).toEqual([
      { payload: "model 1", times: 3 },
      { payload: "model 2", times: 1 },
    ]);
  });

  it("has one statement under way, whatever it takes, and a flush waits for it", async () => {
    const sent: string[][] = [];
    const answers: (() => void)[] = [];
    const queue = createNoticeQueue((notices) => {
      sent.push(notices.map(({ payload }) => payload));
      return new Promise<void>((resolve) => answers.push(resolve));
    });
    queue.add(job("a"));
    await until(() => sent.length > 0, "the first is under way");
    for (const payload of ["b", "c", "d"]) {
      queue.add(job(payload));
      await sleep(40);
    }
    expect(sent).toEqual([["a"]]);
    answers[0]?.();
    await until(() => sent.length > 1, "the others are under way");
    expect(sent[1]).toEqual(["b", "c", "d"]);
    queue.add(job("e"));
    let isFlushed = false;
    const flushed = queue.flush().then(() => {
      isFlushed = true;
    });
    await sleep(60);
    expect([sent.length, isFlushed]).toEqual([2, false]);
    answers[1]?.();
    await until(() => sent.length > 2, "the last one is under way");
    expect([sent[2], isFlushed]).toEqual([["e"], false]);
    answers[2]?.();
    await flushed;
  });

  it("goes on after one that could not be sent, and sends at once when it is flushed", async () => {
    const sent: string[] = [];
    let fails = true;
    const queue = createNoticeQueue(async (notices) => {
      if (fails) throw new Error("away");
      sent.push(...notices.map(({ payload }) => payload));
    });
    queue.add(job("a"));
    await queue.flush();
    fails = false;
    queue.add(job("b"));
    await queue.flush();
    await queue.flush();
    expect(sent).toEqual(["b"]);
  });
});

describe("a transaction's notices", () => {
  let postgres: TestPostgres;
  let database: Database;
  const heard: string[] = [];
  beforeAll(async () => {
    postgres = await startPostgres();
    database = openDatabase(postgres.url, () => undefined);
    const listener = await postgres.connect();
    listener.on("notification", ({ payload }) => heard.push(payload ?? ""));
    await listener.query("LISTEN cloud_job");
  }, 120_000);
  afterAll(() => postgres?.stop());

  it("are sent after its commit, none after a rollback, and what waits is sent at the end", async () => {
    const held = await postgres.connect();
    await database.run("CREATE TABLE thing (id int)");
    await database.transaction(async (queries) => {
      await queries.run("INSERT INTO thing VALUES (1)");
      queries.notify("cloud_job", "committed");
      await sleep(100);
      expect(heard).toEqual([]);
    });
    await until(() => heard.length > 0, "it is heard");
    const failing = database.transaction(async (queries) => {
      queries.notify("cloud_job", "rolled back");
      await queries.run("INSERT INTO nowhere VALUES (1)");
    });
    await expect(failing).rejects.toThrow(/nowhere/);
    database.notify("cloud_job", "last");
    await database.close();
    await held.query("SELECT 1");
    await until(() => heard.length > 1, "the last one is heard");
    expect(heard).toEqual(["committed", "last"]);
  });

  it("wake as many claims of a worker as there are jobs, however many are queued at a time", async () => {
    const own = openDatabase(postgres.url, () => undefined);
    const notifications = await listen(postgres.url, () => undefined);
    const claims = new WaitingClaims(notifications);
    const end = new AbortController();
    let woken = 0;
    const wait = () => claims.next("0x11", ["1"], 60_000, end.signal).then(() => woken++);
    try {
      const waiting = Array.from({ length: 6 }, wait);
      const since = Date.now();
      const queue = () => own.transaction(async (queries) => queries.notify("cloud_queue", "model 1"));
      await Promise.all(Array.from({ length: 5 }, queue));
      await until(() => woken >= 5, "five are awake");
      // Before they look by themselves.
      expect(Date.now() - since).toBeLessThan(1_500);
      expect(woken).toBe(5);
      end.abort();
      await Promise.all(waiting);
    } finally {
      await notifications.close();
      await own.close();
    }
  });

  it("do not keep a process that stops when the database is away", async () => {
    const away = openDatabase("postgresql://grid:test@127.0.0.1:1/grid", () => undefined);
    away.notify("cloud_job", "last");
    const since = Date.now();
    await away.close();
    expect(Date.now() - since).toBeLessThan(1_000);
    away.notify("cloud_job", "too late");
    await sleep(100);
  });
});

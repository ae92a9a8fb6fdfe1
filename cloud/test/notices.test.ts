/** Notifications: when they are sent, and how many at a time. */
import { sleep } from "@gridnft/sdk/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type TestPostgres } from "../../test/fixtures/postgres.ts";
import { until } from "../../test/fixtures/until.ts";
import { type Database, openDatabase } from "../src/database/database.ts";
import { createNoticeQueue, type Notice } from "../src/database/notices.ts";

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
});

/**
 * One indexer and two processes that only answer. They answer alike, and they go on answering while another version indexes
 * beside, takes the views over, and the old one is stopped and its tables are removed.
 */
import { createClient } from "@ponder/client";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import * as tables from "../../indexer/ponder.schema.ts";
import type { RunningProcess } from "../../local/src/processes.ts";
import { sleep } from "../../sdk/src/node/index.ts";
import { mine } from "../fixtures/anvil.ts";
import { type LocalGrid, startGrid } from "../fixtures/chain.ts";
import { createIndexer, type TestHealth, type TestIndexer } from "../fixtures/indexer.ts";
import { startPostgres, type TestPostgres } from "../fixtures/postgres.ts";
import { compareAll } from "./compare.ts";
import { attempt, happen, newTally } from "./history.ts";
import { type HistoryState, startHistory } from "./historyState.ts";

const seed = Number(process.env.GRID_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

const questions = [
  "{ artworks(first: 20) { totalCount nodes { tokenId name owner { address } model { modelId name } } } }",
  "{ activity(first: 50) { nodes { kind actor time tx } } }",
  "{ models(first: 20) { nodes { modelId name } } workers(first: 20) { nodes { address bonded } } }",
];

let grid: LocalGrid;
let postgres: TestPostgres;
let state: HistoryState;
let first: TestIndexer;
let second: TestIndexer;
let readers: TestIndexer[];
let running: (RunningProcess | undefined)[] = [];
const tally = newTally();

beforeAll(async () => {
  console.log(`GRID_TEST_SEED=${seed}`);
  [grid, postgres] = await Promise.all([startGrid(), startPostgres()]);
  state = await startHistory(grid, seed);
  for (const name of ["models.register", "models.register", "bonds.register", "bonds.register", "lanes.open"]) {
    await attempt(state, name, tally);
  }
  await happen(state, 20, tally);
  await mine(grid, 30);
  const create = (options: Parameters<typeof createIndexer>[2]) => createIndexer(grid, postgres, options);
  first = await create({ schema: "grid_a" });
  second = await create({ schema: "grid_b" });
  const opened = { GRID_INDEXER_SQL: "1", GRID_INDEXER_METRICS: "1" };
  readers = [await create({ command: "serve" }), await create({ command: "serve", environment: opened })];
  // Readers wait for an indexer that has something to show.
  const waiting = readers.map((reader) => reader.start());
  running = [await first.start(), ...(await Promise.all(waiting))];
}, 600_000);

afterAll(async () => {
  await Promise.all(running.map((process) => process?.stop()));
  await postgres?.stop();
  await grid?.stop();
  for (const indexer of [first, second, ...(readers ?? [])]) indexer?.cleanUp();
});

it("closes Ponder's routes for operators from its first request on, and /sql, unless they are opened", async () => {
  // Nothing but health was asked of these processes yet.
  const [reader, opened] = readers as [TestIndexer, TestIndexer];
  const statuses = (url: string) =>
    Promise.all(
      ["/metrics", "/status", "/sql/db", "/ready", "/health"].map(
        async (path) => (await fetch(`${url}${path}`)).status,
      ),
    );
  expect(await statuses(first.url)).toEqual([404, 404, 404, 200, 200]);
  expect(await statuses(reader.url)).toEqual([404, 404, 404, 200, 200]);
  // Without a statement, /sql refuses.
  expect(await statuses(opened.url)).toEqual([200, 200, 422, 200, 200]);
});

it("answers the statements of @ponder/client where /sql is opened, and nothing that writes or looks elsewhere", async () => {
  const [, opened] = readers as [TestIndexer, TestIndexer];
  const client = createClient(`${opened.url}/sql`, { schema: tables });
  const rows = await client.db.select({ modelId: tables.model.modelId, name: tables.model.name }).from(tables.model);
  const { models } = await first.ask<{ models: { nodes: { modelId: string; name: string }[] } }>(
    "{ models(first: 100) { nodes { modelId name } } }",
  );
  const sorted = (list: { modelId: unknown; name: string }[]) =>
    list.map(({ modelId, name }) => `${modelId} ${name}`).sort();
  expect(rows.length).toBeGreaterThan(1);
  expect(sorted(rows)).toEqual(sorted(models.nodes));
  const run = async (sql: string) => {
    const statement = encodeURIComponent(JSON.stringify({ json: { sql, params: [], typings: [] } }));
    return (await fetch(`${opened.url}/sql/db?sql=${statement}`)).status;
  };
  expect(await run("select 1 from model limit 1")).toBe(200);
  for (const refused of [
    "delete from model",
    "update model set name = 'x'",
    "select * from grid_a.model",
    "select * from pg_user",
    "select pg_sleep(1)",
    "select 1; select 2",
    "nonsense",
  ]) {
    expect([refused, await run(refused)]).toEqual([refused, 422]);
  }
});

it("answers alike in each process", async () => {
  // Whatever the seed, there shall be artworks.
  const artworks = async () => {
    await first.caughtUp();
    const found = await first.ask<{ artworks: { totalCount: number } }>("{ artworks { totalCount } }");
    return found.artworks.totalCount;
  };
  do await happen(state, 5, tally);
  while ((await artworks()) === 0);
  for (const indexer of readers) await indexer.caughtUp();
  for (const question of questions) {
    const [answer, ...others] = await Promise.all([first, ...readers].map((indexer) => indexer.ask(question)));
    expect(JSON.stringify(answer)).toMatch(/[1-9a-f]{4}/); // there is something in it
    expect(others).toEqual([answer, answer]);
  }
  const tables = { query: "{ models(limit: 5) { items { modelId name } totalCount } }" };
  const answers = await Promise.all(
    [first, ...readers].map(async ({ url }) => {
      const headers = { "content-type": "application/json" };
      const response = await fetch(`${url}/tables`, { method: "POST", headers, body: JSON.stringify(tables) });
      return response.json();
    }),
  );
  expect(answers[0]).toMatchObject({ data: { models: { items: expect.any(Array) } } });
  expect(answers.slice(1)).toEqual([answers[0], answers[0]]);
  const page = await (await fetch(`${first.url}/explorer`)).text();
  const script = await fetch(`${first.url}/${/explorer\/[\w-]+\.js/.exec(page)?.[0]}`);
  expect(await script.text()).toContain("renderYogaGraphiQL");
}, 600_000);

it("answers every question while another version takes over, and then from its tables", async () => {
  let isOver = false;
  const failures: unknown[] = [];
  const asked = readers.map(async (reader) => {
    let count = 0;
    while (!isOver || count <= 50) {
      try {
        await reader.ask(questions[count++ % questions.length] ?? "");
      } catch (error) {
        failures.push(error);
      }
    }
    return count;
  });
  running.push(await second.start());
  await happen(state, 3, tally);
  await second.caughtUp();
  await running[0]?.stop();
  running[0] = undefined;
  // Nobody but the new version can have told them of this.
  await happen(state, 5, tally);
  for (const reader of readers) await reader.caughtUp();
  const old = async () => (await first.prune()) as { reason: string }[];
  let pruned = await old();
  // Questions that were asked before the change may still read them.
  while (pruned[0]?.reason === "a reader answers from it") pruned = await old();
  expect(pruned).toEqual([{ schema: "grid_a", removed: true, reason: "nobody uses it" }]);
  expect(await second.prune()).toEqual([{ schema: "grid_b", removed: false, reason: "gallery shows it" }]);
  await happen(state, 2, tally);
  for (const reader of readers) await reader.caughtUp();
  isOver = true;
  const counts = await Promise.all(asked);
  console.log(`${counts.join(" + ")} questions during the change`);
  expect(failures).toEqual([]);
  await compareAll(grid, postgres.url, "grid_b");
  for (const question of questions) {
    const [answer, ...others] = await Promise.all([second, ...readers].map((indexer) => indexer.ask(question)));
    expect(others).toEqual([answer, answer]);
  }
}, 600_000);

it("tends the tables of an indexer that is ready", async () => {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    const untended = async () =>
      (
        await client.query<{ relname: string }>(
          `select relname from pg_class where relnamespace = 'grid_b'::regnamespace and relkind = 'r' and relname !~ '^_'
             and (reloptions is null or not reloptions @> array['autovacuum_vacuum_scale_factor=0.02'])`,
        )
      ).rows;
    while ((await untended()).length > 0) await sleep(100);
    const { rows } = await client.query<{ vacuumed: boolean }>(
      "select last_vacuum is not null and last_analyze is not null as vacuumed from pg_stat_user_tables where schemaname = 'grid_b' and relname = 'model'",
    );
    expect(rows).toEqual([{ vacuumed: true }]);
  } finally {
    await client.end();
  }
}, 360_000);

it("makes the words by which searches of its readers find what a slip meant", async () => {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    // It is made at the start, when there may be no artworks yet, and anew a minute later.
    const mostFrequent = async () => {
      const { rows } = await client.query<{ is: boolean }>(
        "select to_regclass('grid_b._vocabulary') is not null as is",
      );
      if (!rows[0]?.is) return undefined;
      const found = await client.query<{ word: string }>(
        "select word from grid_b._vocabulary where word ~ '^[a-z]{6,20}$' order by artworks desc, word limit 1",
      );
      return found.rows[0]?.word;
    };
    let word = await mostFrequent();
    while (!word) {
      await sleep(200);
      word = await mostFrequent();
    }
    await happen(state, 1, tally); // nothing is remembered from before
    for (const reader of readers) {
      await reader.caughtUp();
      const slip = `${word.slice(0, 3)}q${word.slice(3)} `;
      expect(await reader.ask(`{ artworks(search: "${slip}", first: 1) { nodes { tokenId } } }`)).toMatchObject({
        artworks: { nodes: [{ tokenId: expect.any(String) }] },
      });
    }
  } finally {
    await client.end();
  }
}, 360_000);

it("ends the statements of /tables in the database when their time is over", async () => {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const [reader] = readers as [TestIndexer];
  try {
    const { rows } = await client.query<{ definition: string }>("select pg_get_viewdef('gallery.model') as definition");
    const definition = rows[0]?.definition.replace(/;\s*$/, "") ?? "";
    const slow = definition.replace(
      /FROM ([\w.]+)/i,
      "FROM (select m.* from $1 m cross join lateral (select pg_sleep(600)) s) as model",
    );
    await client.query(`create or replace view gallery.model as ${slow}`);
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ query: "{ models(limit: 5) { items { modelId } } }" });
    const answer = await fetch(`${reader.url}/tables`, { method: "POST", headers, body });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    const running = async () =>
      (
        await client.query(
          "select 1 from pg_stat_activity where state = 'active' and query ~ 'from \"model\"' and pid <> pg_backend_pid()",
        )
      ).rowCount;
    while ((await running()) !== 0) await sleep(50);
    await client.query(`create or replace view gallery.model as ${definition}`);
  } finally {
    await client.end();
  }
}, 180_000);

it("has readers that survive the loss of their connections under load, whoever made them", async () => {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const end = new AbortController();
  const load = readers.flatMap((reader) =>
    Array.from({ length: 4 }, async (_, lane) => {
      while (!end.signal.aborted) {
        const asked =
          lane === 0
            ? fetch(`${reader.url}/tables`, {
                method: "POST",
                headers: { "content-type": "application/json" },
                body: JSON.stringify({ query: "{ models(limit: 5) { items { modelId } } }" }),
              }).then((answer) => answer.text())
            : reader.ask(questions[lane % questions.length] ?? "");
        // A question whose connection is lost is answered with an error, and the next one is not.
        await asked.catch((error: unknown) => {
          if (/fetch failed/.test(String(error))) throw error;
        });
      }
    }),
  );
  let ended = 0;
  try {
    // On a machine that is busy a round finds few connections, or none yet.
    for (let round = 0; round < 50 || ended <= 50; round++) {
      await sleep(10 + (round % 5) * 10);
      const { rowCount } = await client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where application_name in ('gridnft-api', 'gridnft-fresh', 'gallery_readonly', 'gallery_internal')`,
      );
      ended += rowCount ?? 0;
    }
    end.abort();
    await Promise.all(load);
    for (const reader of readers) await reader.caughtUp();
    const [one, other] = await Promise.all(readers.map((reader) => reader.ask(questions[0] ?? "")));
    expect(one).toMatchObject({ artworks: { nodes: expect.any(Array) } });
    expect(other).toEqual(one);
  } finally {
    end.abort();
    await client.end();
  }
}, 360_000);

it("says that it is behind when the indexer is gone, and stops in good order", async () => {
  await running.at(-1)?.stop();
  await mine(grid, 40);
  const [reader] = readers;
  const { status, body } = await until(reader, "behind");
  expect([status, body.lag_blocks]).toEqual([503, expect.any(Number)]);
  for (const process of running) await process?.stop();
  expect(await Promise.all(running.map((process) => process?.ended))).toEqual([
    undefined,
    ...Array.from({ length: 3 }, () => "exit code 0"),
  ]);
}, 360_000);

async function until(indexer: TestIndexer | undefined, status: string) {
  for (;;) {
    const answer = await indexer?.get<TestHealth>("/v1/health");
    if (answer?.body.status === status) return answer;
    await sleep(50);
  }
}

/** What one question may ask for: each limit, and the sentence that says it. */
import { parse } from "graphql";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_COST } from "../../indexer/src/api/graphql/costs.ts";
import { excessOf } from "../../indexer/src/api/graphql/documentLimits.ts";
import { createDocuments } from "../../indexer/src/api/graphql/documents.ts";
import { createAdmission } from "../../indexer/src/api/query/admissionControl.ts";
import { createBlockCache } from "../../indexer/src/api/query/blockCache.ts";
import { Deadline } from "../../indexer/src/api/query/deadline.ts";
import { LateError } from "../../indexer/src/api/query/errors.ts";
import { oncePerBlock, type QueryContext } from "../../indexer/src/api/query/queryContext.ts";
import type { Reader } from "../../indexer/src/api/query/readPool.ts";
import { createReadPool } from "../../indexer/src/api/query/readPool.ts";
import { sleep } from "../../sdk/src/node/index.ts";
import { type Gallery, startGallery } from "./gallery.ts";
import { hostileQuestions } from "./hostileQueries.ts";

let gallery: Gallery;

beforeAll(async () => {
  gallery = await startGallery(200);
}, 600_000);
afterAll(() => gallery?.stop());

const many = (count: number, of: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => of(i)).join(" ");
const deep = (levels: number): string =>
  `{ artworks(first: 1) { nodes ${"{ series { artworks(first: 1) ".repeat(levels)}{ name }${" } }".repeat(levels)} } }`;

it.each([
  ["a field that is none", "{ artworks { nodes { prise } } }", undefined, "Cannot query field"],
  ["many tokens", `{ ${many(2_000, () => "block { number }")} }`, "TOO_EXPENSIVE", "more than 3000 tokens"],
  ["many aliases", `{ block { ${many(31, (i) => `a${i}: number`)} } }`, "TOO_EXPENSIVE", "more than 30 aliases"],
  [
    "many root fields in a fragment",
    `{ ...f } fragment f on Query { ${many(21, (i) => `a${i}: protocol { artworks }`)} }`,
    "TOO_EXPENSIVE",
    "21 root fields; a question has at most 20 root fields",
  ],
  ["many levels", deep(4), "TOO_EXPENSIVE", "9 levels of types within each other; the limit is 8"],
  ["levels without end", deep(30), "TOO_EXPENSIVE", "deeper than 18"],
  [
    "many rows",
    "{ artworks(first: 100) { nodes { series { artworks(first: 100) { activity(first: 10) { kind } } } } } }",
    "TOO_EXPENSIVE",
    "asks for 110200 rows, which is more than 10000 rows",
  ],
  [
    "many rows in several fields",
    `{ ${many(4, (i) => `a${i}: artworks(first: 100) { nodes { versions(first: 30) { version } } }`)} }`,
    "TOO_EXPENSIVE",
    "more than 10000 rows",
  ],
  ["NUL in a search", '{ artworks(search: "a\\u0000b") { totalCount } }', "BAD_INPUT", "search holds a NUL"],
  ["NUL in a filter", '{ artworks(filter: {tags: "a\\u0000"}) { totalCount } }', "BAD_INPUT", "tags holds a NUL"],
  [
    "a search too long",
    `{ artworks(search: "${"a".repeat(201)}") { totalCount } }`,
    "BAD_INPUT",
    "at most 200 characters",
  ],
  ["RELEVANCE of nothing", "{ artworks(orderBy: RELEVANCE) { nodes { name } } }", "BAD_INPUT", "needs a search"],
  [
    "many values",
    `{ artworks(filter: {tags: [${many(201, (i) => `"t${i}"`)}]}) { totalCount } }`,
    "BAD_INPUT",
    "tags has at most 200 values",
  ],
  ["many days", "{ statistics(days: 1001) { start } }", "BAD_INPUT", "days is a number from 1 to 1000"],
  [
    "holders of a series of models",
    "{ holders(collection: MODEL, seriesId: 1) { totalCount } }",
    "BAD_INPUT",
    "seriesId",
  ],
  [
    "introspection in circles",
    `{ __schema { types { fields { type ${"{ fields { type ".repeat(4)}{ name }${" } }".repeat(4)} } } } }`,
    undefined,
    "Introspection goes at most two lists deep",
  ],
  [
    "two operations without a name",
    "query a { block { number } } query b { block { number } }",
    "BAD_INPUT",
    "Must provide operation name if query contains multiple operations.",
  ],
  [
    "fields without end, by way of fragments",
    `{ artworks(first: 1) { nodes { ...f0 } } } ${[0, 1, 2]
      .map((n) => {
        const places = ["a", "b", "c", "d", "e", "f", "g", "h"].slice(0, 8);
        return `fragment f${n} on Artwork { ${places
          .map((name) => `${name}${n}: series { artworks(first: 1) { ...f${n + 1} } }`)
          .join(" ")} }`;
      })
      .join(" ")} fragment f3 on Artwork { tokenId name title description prompt seed width height steps sampler }`,
    "TOO_EXPENSIVE",
    "more than 5000 fields",
  ],
])("refuses %s with a sentence", async (_, query, code, sentence) => {
  const { result } = await gallery.executor.execute({ query });
  expect(result.errors?.map(({ message }) => message).join("\n")).toContain(sentence);
  if (code !== undefined) expect(result.errors?.[0]?.extensions?.code).toBe(code);
  expect(gallery.errors).toEqual([]);
});

it("takes what is just within the limits", async () => {
  expect(await gallery.ask(deep(3))).toMatchObject({ artworks: { nodes: [{}] } });
  expect(await gallery.ask(`{ block { ${many(30, (i) => `a${i}: number`)} } }`)).toMatchObject({
    block: { a29: 5_000 },
  });
  const roots = await gallery.ask(`{ ${many(20, (i) => `a${i}: artwork(tokenId: ${i}) { name }`)} }`);
  expect(Object.keys(roots as object)).toHaveLength(20);
});

it("opens fragments that spread each other twice only once", async () => {
  // Opened each time they would be 2^40.
  const chain = (type: string, end: string, levels = 40) =>
    many(levels, (i) =>
      i === levels - 1
        ? `fragment f${i} on ${type} { ${end} }`
        : `fragment f${i} on ${type} { ...f${i + 1} ...f${i + 1} }`,
    );
  const found = await gallery.ask(`{ artworks(first: 1) { nodes { ...f0 } } } ${chain("Artwork", "tokenId")}`);
  expect(found).toEqual({ artworks: { nodes: [{ tokenId: expect.any(String) }] } });
  const told = await gallery.ask(`{ __schema { ...f0 } } ${chain("__Schema", "queryType { name }")}`);
  expect(told).toEqual({ __schema: { queryType: { name: "Query" } } });
});

describe("a hostile question", () => {
  it.each(Object.entries(hostileQuestions()))("is refused: %s", async (_, question) => {
    const { json, isRefused, cost } = await gallery.executor.executeJson(question);
    const { errors, data } = JSON.parse(json) as { errors: { extensions: { code: string } }[]; data?: unknown };
    expect([isRefused, data, cost]).toEqual([true, undefined, 1]);
    expect(errors.map(({ extensions }) => extensions.code).filter((code) => code === "INTERNAL")).toEqual([]);
    expect(errors.length).toBeLessThanOrEqual(11);
    // The answer is no multiple of the question.
    expect(json.length).toBeLessThan(150_000);
    expect(gallery.errors.splice(0)).toEqual([]);
  });

  // Before any rule is run that compares by pairs: each of these is refused by the walk over the text alone.
  it.each([
    ["equal fields", "more than 5000 pairs"],
    ["equal children", "more than 5000 pairs"],
    ["equal children of equal children", "more than 5000 pairs"],
    ["fields equal but for an argument", "more than 5000 pairs"],
    ["150 fragments in one place", "more than 5000 pairs"],
    ["a chain of fragments, read by each operation", "more than 5000 pairs"],
    ["inline fragments within each other", "more than 10 inline fragments"],
    ["lists within each other", "nests at most 10 times"],
    ["many operations", "more than 200 operations and fragments"],
  ])("has too much to compare: %s", (name, sentence) => {
    expect(excessOf(parse(hostileQuestions()[name]?.query ?? ""))).toContain(sentence);
  });

  it("is nothing that a large page is", () => {
    // Thirty components that each ask for the key of the same object, and a list in each of them.
    const fragments = many(30, (i) => `fragment c${i} on Artwork { tokenId name ...base image }`);
    const page = `{ artworks { nodes { ${many(30, (i) => `...c${i}`)} } } } fragment base on Artwork { tokenId } ${fragments}`;
    expect(excessOf(parse(page))).toBeUndefined();
  });
});

describe("what is kept of questions", () => {
  it("is nothing of the tree of a question that is refused", () => {
    const documents = createDocuments(gallery.executor.schema);
    const read = documents.operation("query ($n: Int) { artwork(tokenId: 1) { activity(first: $n) { kind } } }", null);
    if (!("selections" in read)) throw new Error("The question does not fit the schema.");
    const made = read.selections({ n: 1 });
    expect(read.selections({ n: 1 })).not.toBe(made);
    read.keep({ n: 1 }, made);
    expect(read.selections({ n: 1 })).toBe(made);
    expect(read.selections({ n: 2 })).not.toBe(made);
  });

  it("is as much as there is room for, by size: the oldest goes first", () => {
    const documents = createDocuments(gallery.executor.schema);
    const read = (name: string) => {
      // About a thousandth of the fields and of the text that are kept in all.
      const found = documents.operation(`query ${name} { artwork(tokenId: 1) { ${"name ".repeat(90)} } }`, null);
      if (!("selections" in found)) throw new Error("The question does not fit the schema.");
      return found;
    };
    const first = read("q0");
    const tree = first.selections({});
    first.keep({}, tree);
    expect([read("q0") === first, first.selections({}) === tree]).toEqual([true, true]);
    for (let i = 1; i < 1_400; i++) {
      const next = read(`q${i}`);
      next.keep({}, next.selections({}));
    }
    expect([read("q0") === first, first.selections({}) === tree]).toEqual([false, false]);
    expect(read("q1399")).toBe(read("q1399"));
  });
});

it("asks the nodes of the chain for a block once", async () => {
  let asked = 0;
  const block = async (number: number) => {
    asked++;
    return { number, hash: `0x${"ab".repeat(32)}`, timestamp: gallery.catalogue.now };
  };
  const executor = gallery.executorWith({ chain: { head: block as never, has: async () => "unknown", block } });
  gallery.move(5_001);
  const { result } = await executor.execute({ query: `{ ${many(20, (i) => `b${i}: block { hash }`)} }` });
  expect(result.errors).toBeUndefined();
  expect(new Set(Object.values(result.data ?? {}).map((one) => (one as { hash: string }).hash)).size).toBe(1);
  expect(asked).toBe(1);
  gallery.move(5_000);
});

describe("costs", () => {
  it.each([
    ["a page", "{ artworks(first: 24) { nodes { name } } }", 1],
    ["attributes of a page", "{ artworks(first: 24) { nodes { attributes { value } } } }", 1.23],
    ["rows of rows", "{ artworks(first: 24) { nodes { activity(first: 10) { kind } } } }", 3.39],
    ["a total that is kept", "{ artworks { totalCount } }", 1],
    ["a total of a filter", "{ artworks(filter: { steps: 20 }) { totalCount } }", 10.25],
    ["a total of a search", '{ artworks(search: "fox ") { totalCount } }', 14.25],
    [
      "a page of 100 of a search and its total",
      '{ artworks(search: "fox ", first: 100) { totalCount nodes { name } } }',
      19.75,
    ],
    ["a page of a search", '{ artworks(search: "fox ", first: 24) { nodes { name } } }', 4.99],
    ["facets of a search", '{ artworkFacets(search: "fox ") { total } }', 25.25],
    ["a leaderboard of rows", "{ leaderboard(of: ARTISTS, first: 10) { entries { rank } } }", 35.27],
    [
      "objects by id, as the dearest kind",
      `{ nodes(ids: [${many(100, () => '"x"')}]) { ... on Artwork { name } ... on Account { activity(first: 99) { kind } } } }`,
      100.25,
    ],
    ["a leaderboard of sums", "{ leaderboard(of: WORKERS, first: 10) { entries { rank } } }", 1],
  ])("of %s are those that were measured", async (_, query, expected) => {
    const { result, cost } = await gallery.executor.execute({ query });
    expect(result.errors?.filter(({ extensions }) => extensions?.code !== "BAD_INPUT") ?? []).toEqual([]);
    expect(Number(cost.toFixed(2))).toBe(expected);
  });
});

describe("many expensive questions at once", () => {
  const facets = (count: number, from = 0): string =>
    `{ ${many(count, (i) => `f${i}: artworkFacets(filter: { mintedAfter: ${from + i}, families: [SD15] }) { total models { count } sizes { count } }`)} }`;

  it("are refused when one asks for twenty facets", async () => {
    gallery.statements.splice(0);
    const { json, isRefused } = await gallery.executor.executeJson({ query: facets(20) });
    expect([isRefused, JSON.parse(json)]).toMatchObject([
      true,
      {
        errors: [
          { message: expect.stringContaining(`more than ${MAX_COST} at once`), extensions: { code: "TOO_EXPENSIVE" } },
        ],
      },
    ]);
    expect(gallery.statements).toEqual([]);
  });

  it("leave connections to the lists and searches of others", async () => {
    // Facets hold their connection until they are let go: the longest that there could be.
    let letGo = (): void => undefined;
    const rateLimiter = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let held = 0;
    const slow = ({ query }: Reader): Reader => ({
      query: async (text, values, deadline) => {
        if (text.includes("chosen as materialized")) {
          held++;
          await rateLimiter;
        }
        return query(text, values, deadline);
      },
    });
    const executor = gallery.executorWith({
      pool: {
        ...gallery.pool,
        snapshot: (run, deadline) => gallery.pool.snapshot((reader) => run(slow(reader)), deadline),
      },
      maxTime: 120_000,
    });
    const expensive = Array.from({ length: 7 }, (_, i) => executor.execute({ query: facets(2, 100 * i) }));
    while (held < 3) await new Promise((resolve) => setImmediate(resolve));
    const others = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        executor.execute({
          query:
            i % 2
              ? `{ artworks(first: ${1 + i}) { nodes { name } } }`
              : `{ artworks(search: "study", first: ${1 + i}) { totalCount nodes { name } } }`,
        }),
      ),
    );
    expect(others.flatMap(({ result }) => result.errors ?? [])).toEqual([]);
    letGo();
    const answers = await Promise.all(expensive);
    expect(answers.flatMap(({ result }) => result.errors ?? [])).toEqual([]);
  });

  it("end together with all that they still ask, when their time is over", async () => {
    const asleep: Reader["query"] = (_text, _values, deadline) =>
      gallery.pool.lists.query("select pg_sleep(60) as slow_statement", [], deadline);
    const executor = gallery.executorWith({
      pool: { ...gallery.pool, lists: { query: asleep }, reader: { query: asleep } },
      maxTime: 200,
    });
    const { result } = await executor.execute({ query: "{ artworks(first: 3) { nodes { name } } }" });
    expect(result).toMatchObject({
      data: { artworks: null },
      errors: [
        {
          message: expect.stringMatching(/^This took more than/),
          path: ["artworks"],
          extensions: { code: "TOO_SLOW" },
        },
      ],
    });
    const client = new pg.Client({ connectionString: gallery.url });
    await client.connect();
    const running =
      "select count(*)::int as count from pg_stat_activity where state = 'active' and query like '%slow_statement%' and pid <> pg_backend_pid()";
    while ((await client.query<{ count: number }>(running)).rows[0]?.count !== 0) {
      await sleep(20);
    }
    await client.end();
    // The connection is as good as before.
    expect(await gallery.pool.lists.query("select 1 as one", [])).toEqual([{ one: 1 }]);
    expect(gallery.errors.splice(0)).toEqual([]);
  });

  it("are told to come again when there is no place", async () => {
    let letGo = (): void => undefined;
    const rateLimiter = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const admission = createAdmission({ running: 1, waiting: 1, expensive: { cost: 10, running: 1, waiting: 1 } });
    const deadline = new Deadline(60_000);
    const first = admission.run({ cost: 1, client: "", deadline }, () => rateLimiter);
    const soon = new Deadline(1);
    await expect(admission.run({ cost: 1, client: "", deadline: soon }, async () => undefined)).rejects.toMatchObject({
      code: "OVERLOADED",
    });
    const second = admission.run({ cost: 1, client: "", deadline }, async () => "second");
    const executor = gallery.executorWith({ admission });
    const refused = await executor.executeJson({ query: "{ artworks(first: 2) { nodes { name } } }" });
    expect([refused.isRefused, refused.retryAfter, JSON.parse(refused.json)]).toMatchObject([
      true,
      1,
      { errors: [{ extensions: { code: "OVERLOADED" } }] },
    ]);
    letGo();
    expect([await first, await second]).toEqual([undefined, "second"]);
    expect((await executor.executeJson({ query: "{ artworks(first: 2) { nodes { name } } }" })).isRefused).toBe(false);
    deadline.end();
  });

  it("never wait for each other in a circle: for a connection, and for what another one is making", async () => {
    const pool = createReadPool(gallery.url, 1);
    let letGo = (): void => undefined;
    const rateLimiter = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let held = 0;
    const executor = gallery.executorWith({
      maxTime: 20_000,
      pool: {
        ...pool,
        snapshot: (run, deadline) =>
          pool.snapshot(
            ({ query }) =>
              run({
                query: async (text, values, until) => {
                  if (held++ === 0) await rateLimiter;
                  return query(text, values, until);
                },
              }),
            deadline,
          ),
      },
    });
    const ask = (query: string) => executor.execute({ query });
    const filter = "filter: { mintedAfter: 77, families: [SD15] }";
    // It holds the only connection for questions of several statements; the next waits for it, and then for what the last one is making.
    const several = [ask("{ artworks(first: 3) { nodes { name } } models(first: 3) { nodes { name } } }")];
    while (held === 0) await new Promise((resolve) => setImmediate(resolve));
    several.push(ask(`{ artworkFacets(${filter}) { total } models(first: 4) { nodes { name } } }`));
    const single = ask(`{ artworkFacets(${filter}) { total } }`);
    letGo();
    for (const { result } of await Promise.all([...several, single])) expect(result.errors).toBeUndefined();
    await pool.close();
  });

  describe("wait", () => {
    let deadline: Deadline;
    beforeAll(() => {
      deadline = new Deadline(60_000);
    });
    afterAll(() => deadline.end());

    /** An admission of one at a time that is busy, with `waiting` places; asked in the name of clients. */
    function busy(waiting: number) {
      const expensive = { cost: 10, running: 1, waiting: 100 };
      const admission = createAdmission({ running: 1, waiting, expensive });
      const done: string[] = [];
      let letGo = (): void => undefined;
      const rateLimiter = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      const running = [admission.run({ cost: 1, client: "first", deadline }, () => rateLimiter)];
      const ask = (client: string, name = client, until = deadline): void => {
        const run = admission.run({ cost: 1, client, deadline: until }, async () => void done.push(name));
        running.push(run.catch((error) => void done.push(`${name}: ${error.code}`)));
      };
      const all = async (): Promise<readonly string[]> => {
        letGo();
        await Promise.all(running);
        return done;
      };
      return { ask, all, done };
    }

    it("behind their own client's, while clients take turns", async () => {
      const { ask, all } = busy(10);
      for (const name of ["many 1", "many 2", "many 3"]) ask("many", name);
      ask("one");
      ask("two", "two 1");
      ask("two", "two 2");
      expect(await all()).toEqual(["many 1", "one", "two 1", "many 2", "two 2", "many 3"]);
    });

    it("in the place of a client's last one that has more of them waiting", async () => {
      const { ask, all } = busy(3);
      for (const name of ["many 1", "many 2", "many 3", "many 4"]) ask("many", name);
      ask("one");
      ask("two");
      ask("one", "one 2");
      const done = await all();
      // A question never sends away another client's when both have as many.
      expect(done.filter((name) => name.includes(":")).sort()).toEqual([
        "many 2: OVERLOADED",
        "many 3: OVERLOADED",
        "many 4: OVERLOADED",
        "one 2: OVERLOADED",
      ]);
      expect(done.filter((name) => !name.includes(":"))).toEqual(["many 1", "one", "two"]);
    });

    it("no longer than their time, and leave no place taken", async () => {
      const { ask, all, done } = busy(1);
      const short = new Deadline(5);
      ask("late", "late", short);
      while (done.length === 0) await sleep(2);
      ask("late", "too late", short);
      ask("next");
      expect(await all()).toEqual(["late: OVERLOADED", "too late: OVERLOADED", "next"]);
    });
  });

  it("go on with what another one was making when its time was over", async () => {
    const cache = createBlockCache<string, unknown>(10);
    const asking = (deadline: Deadline) => ({ shared: { cache }, deadline }) as unknown as QueryContext;
    const [short, long] = [new Deadline(1), new Deadline(60_000)];
    let made = 0;
    const make = (deadline: Deadline) => () =>
      deadline.race(new Promise((resolve) => (++made === 2 ? resolve("made") : undefined)), () => new LateError(1));
    const first = oncePerBlock(asking(short), "key", make(short));
    const second = oncePerBlock(asking(long), "key", make(long));
    await expect(first).rejects.toBeInstanceOf(LateError);
    expect(await second).toBe("made");
    long.end();
  });
});

it("shows nothing of what goes wrong inside, and tells the log", async () => {
  const { pool } = gallery;
  await pool.close();
  const { result } = await gallery.executor.execute({ query: "{ artworks(first: 7) { nodes { name } } }" });
  expect(result.errors).toMatchObject([
    { message: "Something went wrong on our side.", extensions: { code: "INTERNAL" }, path: ["artworks"] },
  ]);
  expect(gallery.errors.map(String)).toEqual([expect.stringContaining("pool")]);
});

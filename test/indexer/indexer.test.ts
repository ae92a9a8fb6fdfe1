/**
 * The indexer, against a random history of everything that the four contracts can do: killed while it backfills, killed while
 * it follows the chain, and with blocks taken away under it. Each time every row must be what the contracts say.
 */
import { createHash } from "node:crypto";
import { getIntrospectionQuery } from "graphql";
import { hashTypedData } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningProcess } from "../../local/src/processes.ts";
import { settlementTypes } from "../../sdk/src/index.ts";
import { mine, revert, snapshot } from "../fixtures/anvil.ts";
import { type LocalGrid, startGrid } from "../fixtures/chain.ts";
import { createIndexer, type TestIndexer } from "../fixtures/indexer.ts";
import { startPostgres, type TestPostgres } from "../fixtures/postgres.ts";
import { someToken } from "./actions/choice.ts";
import { twoAnchorsInOneBlock } from "./actions/work.ts";
import { actions } from "./actions.ts";
import { changingLists, compareAnswers, compareChanges, compareTotals } from "./answers.ts";
import { allRows, compareAll } from "./compare.ts";
import { govern } from "./governance.ts";
import { attempt, complete, happen, newTally } from "./history.ts";
import { type HistoryState, startHistory } from "./historyState.ts";
import { indexesOf } from "./indexes.ts";
import { everything, listFields } from "./questions.ts";
import { missingEvents, stampFaults } from "./stamps.ts";

/** Events that have a handler and that no contract of this version emits. */
const neverHere = [
  "AIGC:BatchMetadataUpdate",
  "GridNFT:BatchMetadataUpdate",
  "GridNFT:EIP712DomainChanged",
  "GridSettlement:EIP712DomainChanged",
];

/** Actions whose dice decide between events: each is done again until the event has happened. */
const decided: Readonly<Record<string, string>> = {
  "AIGC:DeprecatedSet": "models.curate",
  "AIGC:VerifiedSet": "models.curate",
  "GridNFT:VersionAdded": "artworks.evolveByArtist",
  "GridSettlement:AccountThawCancelled": "accounts.thaw",
  "GridSettlement:EarnedClaimed": "earnings.claim",
  "GridSettlement:EarnedMoved": "earnings.claim",
  "GridSettlement:LaneThawCancelled": "lanes.thaw",
  "GridSettlement:LaneThawed": "lanes.thaw",
  "GridSettlement:OrderCancelled": "accounts.cancel",
  "GridSettlement:SignerRevoked": "accounts.key",
  "GridSettlement:TreasurerSpent": "lanes.fund",
  "GridSettlement:Withdrawn": "accounts.thaw",
  "WorkerRegistry:UnbondCancelled": "bonds.unbond",
};

const seed = Number(process.env.GRID_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

let grid: LocalGrid;
let postgres: TestPostgres;
let indexer: TestIndexer;
let state: HistoryState;
let running: RunningProcess | undefined;
const tally = newTally();

beforeAll(async () => {
  console.log(`GRID_TEST_SEED=${seed}`);
  [grid, postgres] = await Promise.all([startGrid(), startPostgres()]);
  indexer = await createIndexer(grid, postgres);
  state = await startHistory(grid, seed);
  for (const name of ["models.register", "models.register", "bonds.register", "bonds.register", "lanes.open"]) {
    await attempt(state, name, tally);
  }
}, 600_000);

afterAll(async () => {
  await running?.stop();
  await postgres?.stop();
  await grid?.stop();
  indexer?.cleanUp();
});

const compare = () => compareAll(grid, postgres.url, indexer.schema, { isLong: true });

describe("after a random history", () => {
  it("has every row as the contracts say, though it was killed in its backfill", async () => {
    await happen(state, 90, tally);
    await govern(state);
    await happen(state, 25, tally);
    await complete(state, tally);
    await mine(grid, 40); // so that most of it is final, and backfilled
    const killed = await indexer.start("Started backfill indexing");
    await killed.kill();
    running = await indexer.start();
    await indexer.caughtUp();
    const sizes = await compare();
    // The comparison meant something.
    for (const [table, size] of Object.entries(sizes)) expect([table, size > 0]).toEqual([table, true]);
    for (const name of Object.keys(actions)) {
      expect([name, tally.done.get(name) ?? tally.refused.get(name)]).toEqual([name, expect.any(Number)]);
    }
  }, 600_000);

  it("follows what happens, though it is killed in the middle of it", async () => {
    await happen(state, 15, tally);
    await running?.kill();
    const indexes = await indexesOf(postgres.url, indexer.schema);
    await happen(state, 15, tally);
    running = await indexer.start();
    // Readers were never without them.
    expect(await indexesOf(postgres.url, indexer.schema)).toEqual(indexes);
    expect(Object.keys(indexes).length).toBeGreaterThan(70);
    await happen(state, 10, tally);
    await indexer.caughtUp();
    await compare();
  }, 600_000);

  it("forgets what a reorganisation took away", async () => {
    const before = await snapshot(grid);
    const { models, lanes, toMint, waiting } = state;
    const known = [models, lanes, toMint, waiting].map((list) => list.length);
    await happen(state, 12, tally);
    await indexer.caughtUp();
    await revert(grid, before);
    [models, lanes, toMint, waiting].forEach((list, i) => {
      list.splice(known[i] ?? 0);
    });
    await happen(state, 25, tally);
    await mine(grid, 12); // longer than what was taken away
    await indexer.caughtUp();
    await compare();
  }, 600_000);
});

describe("what changed", () => {
  it("is stamped, whatever event it is that changes a row", async () => {
    const missing = async () => (await missingEvents(grid)).filter((name) => !neverHere.includes(name));
    for (let round = 0; round < 40; round++) {
      const left = await missing();
      if (left.length === 0) break;
      for (const name of left) {
        const action = decided[name];
        await (action ? attempt(state, action, tally) : happen(state, 5, tally));
      }
    }
    expect(await missingEvents(grid)).toEqual(neverHere);
    expect(await stampFaults(grid)).toEqual([]);
    await indexer.caughtUp();
  }, 600_000);

  it.each(changingLists())("is what $name has since a block", async (list) => {
    await compareChanges(indexer.ask, list);
  });
});

describe("what is computed for an answer", () => {
  it("is as the contracts answer, before a time comes and after it", async () => {
    await twoAnchorsInOneBlock(state);
    const { read } = state.owner.grid.aigc;
    const { tokenId, owner } = await someToken(state, "aigc");
    const bps = await read.usageRoyaltyBps([tokenId]);
    const { write } = owner.grid.aigc;
    await grid.mined(write.announceUsageRoyalty([tokenId, bps === 2_000 ? 1 : bps + 1]));
    await grid.mined(write.setUser([tokenId, state.collector.address, (await grid.now()) + 3_600n]));
    await indexer.caughtUp();
    await compareAnswers(grid, indexer.ask);
    await grid.pass(Number(await read.ROYALTY_NOTICE()) + 1);
    await mine(grid, 1);
    expect(await read.usageRoyaltyBps([tokenId])).not.toBe(bps);
    await indexer.caughtUp();
    await compareAnswers(grid, indexer.ask);
  }, 600_000);

  it("counts what lists list", async () => {
    await compareTotals(indexer.ask);
  }, 300_000);
});

it("has the same rows, to the last bit, when it is built anew beside", async () => {
  const again = await createIndexer(grid, postgres, { schema: "grid_again" });
  const second = await again.start();
  try {
    await again.caughtUp();
    const [first, rebuilt] = [await allRows(postgres.url, indexer.schema), await allRows(postgres.url, again.schema)];
    expect(Object.keys(first)).toContain("artwork");
    expect(rebuilt).toEqual(first);
  } finally {
    await second.stop();
    again.cleanUp();
  }
}, 300_000);

describe("GraphQL", () => {
  /** Arguments that a list can't do without: of a worker that earned something, where one is named. */
  async function argumentsOf(required: string): Promise<string> {
    if (!required.includes("worker")) return required;
    const { workers } = await indexer.ask<{ workers: { nodes: { address: string }[] } }>(
      "{ workers(first: 1, orderBy: MOST_EARNED) { nodes { address } } }",
    );
    return required.replace(/0x[0-9a-f]{40}/, workers.nodes[0]?.address ?? "");
  }

  it.each(listFields())("answers every field of $node, two levels deep", async ({ name, node, required: some }) => {
    const required = await argumentsOf(some);
    const { [name]: list } = await indexer.ask<Record<string, { nodes: unknown[]; totalCount: number }>>(
      `{ ${name}(${required ? `${required}, ` : ""}first: 3) { totalCount nodes ${everything(node, 2)} } }`,
    );
    // A list of nothing would prove nothing.
    expect(list?.nodes.length).toBeGreaterThan(0);
  });

  it("answers one by one what it lists", async () => {
    const { artworks } = await indexer.ask<{ artworks: { nodes: { tokenId: string }[] } }>(
      `{ artworks(first: 100) { nodes ${everything("Artwork", 1)} } }`,
    );
    for (const listed of artworks.nodes.slice(0, 5)) {
      const query = `query ($tokenId: BigInt!) { block { hash } artwork(tokenId: $tokenId) ${everything("Artwork", 1)} }`;
      const { artwork, block } = await indexer.ask<{ artwork: unknown; block: { hash: string } }>(query, listed);
      expect(artwork).toEqual(listed);
      expect(block.hash).toMatch(/^0x[0-9a-f]{64}$/);
    }
    const none =
      '{ artwork(tokenId: 999) { name } account(address: "0x000000000000000000000000000000000000dEaD") { balance } }';
    expect(await indexer.ask(none)).toEqual({ artwork: null, account: null });
  });

  it("gives the attributes that tokenURI gives", async () => {
    type Listed = { tokenId: string; attributes: { traitType: string; value: string; displayType: string | null }[] };
    const { artworks } = await indexer.ask<{ artworks: { nodes: Listed[] } }>(
      "{ artworks(first: 100) { nodes { tokenId attributes { traitType value displayType } } } }",
    );
    for (const { tokenId, attributes } of artworks.nodes) {
      const uri = await state.grid.party(0).grid.nft.read.tokenURI([BigInt(tokenId)]);
      const json = JSON.parse(Buffer.from(uri.slice(uri.indexOf(",") + 1), "base64").toString()) as {
        attributes: { trait_type: string; value: string | number; display_type?: string }[];
      };
      expect(attributes).toEqual(
        json.attributes.map(({ trait_type, value, display_type = null }) => ({
          ...{ traitType: trait_type, value: String(value), displayType: display_type },
        })),
      );
    }
    expect(new Set(artworks.nodes.flatMap(({ attributes }) => attributes.map(({ traitType }) => traitType)))).toContain(
      "Version",
    );
  });

  it.each(listFields())(
    "pages through $name in every order, losing and repeating nothing",
    async ({ name, orders, required: some }) => {
      const required = await argumentsOf(some);
      const of = `edges { cursor node { __typename } } pageInfo { hasNextPage hasPreviousPage endCursor } totalCount`;
      type Page = {
        edges: { cursor: string }[];
        pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; endCursor: string | null };
        totalCount: number;
      };
      for (const order of required ? [""] : orders.filter((each) => each !== "RELEVANCE")) {
        const cursors: string[] = [];
        let after: string | null = null;
        for (;;) {
          const answer: Record<string, Page> = await indexer.ask(
            `query ($after: String) { ${name}(${required || `orderBy: ${order}`}, first: 50, after: $after) { ${of} } }`,
            { after },
          );
          const page = answer[name];
          if (!page) throw new Error(name);
          expect(page.pageInfo.hasPreviousPage).toBe(after !== null);
          cursors.push(...page.edges.map(({ cursor }) => cursor));
          after = page.pageInfo.endCursor;
          if (page.pageInfo.hasNextPage) continue;
          // By price comes what is listed: nothing, as long as no market is indexed.
          const total = order.startsWith("PRICE") ? 0 : page.totalCount;
          expect([order, new Set(cursors).size, cursors.length]).toEqual([order, total, total]);
          break;
        }
      }
    },
  );

  it("filters and searches", async () => {
    type Found = {
      artworks: { totalCount: number; nodes: { name: string; prompt: string; artist: { address: string } }[] };
    };
    const query = `query ($search: String, $filter: ArtworkFilter) {
      artworks(first: 100, search: $search, filter: $filter) { totalCount nodes { name prompt artist { address } } }
    }`;
    const { artworks: all } = await indexer.ask<Found>(query);
    const [one] = all.nodes;
    if (!one) throw new Error("There is no artwork.");
    const word = /study (\d+)/.exec(one.prompt)?.[1] ?? "";
    const { artworks: found } = await indexer.ask<Found>(query, { search: `${word} ` });
    expect(found.nodes.map(({ prompt }) => prompt)).toContain(one.prompt);
    expect(found.nodes.every(({ name, prompt }) => `${name} ${prompt}`.includes(word))).toBe(true);
    const { artworks: its } = await indexer.ask<Found>(query, {
      filter: { artist: one.artist.address.toUpperCase().replace("0X", "0x") },
    });
    expect(its.nodes).toEqual(all.nodes.filter(({ artist }) => artist.address === one.artist.address));
    const { artworks: burnt } = await indexer.ask<Found>(query, { filter: { burned: true } });
    expect(burnt.totalCount).toBeGreaterThan(0);
    const { artworks: odd } = await indexer.ask<Found>(query, { search: `'"); drop table x; -- & | ! :* <->` });
    expect(odd.totalCount).toBe(0);
  });

  it("shows receipts as they were signed", async () => {
    type Signed = { receiptId: string; rawReceipt: { domain: object; message: object } };
    const { artworks, receipts } = await indexer.ask<{
      artworks: { nodes: { versions: Signed[] }[] };
      receipts: { nodes: Signed[] };
    }>(`{
      artworks(first: 50) { nodes { versions { receiptId rawReceipt } } }
      receipts(first: 50) { nodes { receiptId rawReceipt } }
    }`);
    const signed = [...artworks.nodes.flatMap(({ versions }) => versions), ...receipts.nodes];
    expect(signed.length).toBeGreaterThan(3);
    for (const { receiptId, rawReceipt } of signed) {
      const typed = { ...(rawReceipt as object), types: settlementTypes, primaryType: "JobReceipt" };
      expect(hashTypedData(typed as never)).toBe(receiptId);
    }
  });

  it("answers by GET, to be cached, and by the hash of a question alone", async () => {
    const query = "{ block { number } protocol { artworks } }";
    const response = await fetch(`${indexer.url}/graphql?query=${encodeURIComponent(query)}`);
    const answer = (await response.json()) as { data: { block: { number: number } }; extensions: object };
    expect(response.headers.get("cache-control")).toBe("public, max-age=2");
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer).toMatchObject({
      data: { protocol: {} },
      extensions: { block: { number: answer.data.block.number } },
    });
    const hash = createHash("sha256").update(query).digest("hex");
    const extensions = JSON.stringify({ persistedQuery: { version: 1, sha256Hash: hash } });
    const byHash = () => indexer.get(`/graphql?extensions=${encodeURIComponent(extensions)}`);
    expect(await byHash()).toMatchObject({ status: 200, body: { errors: [{ message: "PersistedQueryNotFound" }] } });
    const headers = { "content-type": "application/json" };
    const post = (body: string) => fetch(`${indexer.url}/graphql`, { method: "POST", headers, body });
    await post(JSON.stringify({ query, extensions: JSON.parse(extensions) }));
    expect(await byHash()).toMatchObject({ status: 200, body: { data: answer.data } });
    expect((await post("no JSON")).status).toBe(400);
    expect((await post(JSON.stringify({ query: " ".repeat(100_001) }))).status).toBe(413);
  });

  it("tells tools about itself", async () => {
    const { __schema } = await indexer.ask<{ __schema: { types: { name: string }[] } }>(getIntrospectionQuery());
    expect(__schema.types.map(({ name }) => name)).toContain("Artwork");
  });

  it("serves Ponder's own schema of all tables beside it", async () => {
    const response = await fetch(`${indexer.url}/tables`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        query:
          "{ artworks(limit: 2) { items { tokenId width steps } totalCount } models { items { userExpires } } licenses { items { expires } } }",
      }),
    });
    expect(await response.json()).toMatchObject({ data: { artworks: { items: expect.any(Array) } } });
  });
});

it("serves artworks by GET, to be cached", async () => {
  const { artworks } = await indexer.ask<{ artworks: { nodes: { tokenId: string; name: string }[] } }>(
    "{ artworks(first: 1) { nodes { tokenId name } } }",
  );
  const [listed] = artworks.nodes;
  const url = `${indexer.url}/v1/artworks/${listed?.tokenId}`;
  const response = await fetch(url);
  const { artwork } = (await response.json()) as { artwork: { name: string; token_id: string; versions: object[] } };
  expect(artwork).toMatchObject({ name: listed?.name, token_id: listed?.tokenId });
  const tag = response.headers.get("etag") ?? "";
  expect((await fetch(url, { headers: { "if-none-match": tag } })).status).toBe(304);
  const { body } = await indexer.get<{ artwork: { versions: object[] } }>(`/v1/artworks/${listed?.tokenId}/provenance`);
  expect(body.artwork.versions).toEqual(artwork.versions);
  expect(await indexer.get("/v1/artworks/999")).toMatchObject({
    status: 404,
    body: { error: { code: "NOT_FOUND" } },
  });
  const tooLarge = `/v1/artworks/${"9".repeat(78)}`;
  expect(await indexer.get(tooLarge)).toMatchObject({ status: 422, body: { error: { field: "token_id" } } });
  expect(await indexer.get("/v1/artworks/x")).toMatchObject({ status: 422, body: { error: { field: "token_id" } } });
});

it("says how far it is, and stops in good order", async () => {
  const { status, body } = await indexer.get<{ status: string; lag_blocks: number; canonical: boolean }>("/v1/health");
  expect([status, body]).toMatchObject([200, { status: "ok", lag_blocks: 0, canonical: true }]);
  await running?.stop();
  expect(await running?.ended).toBe("exit code 0");
  running = undefined;
});

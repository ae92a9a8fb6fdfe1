/** `/v1/changes`: what is told of each block, to whom, and where a listener that was away goes on. */
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Changes, createChanges } from "../../indexer/src/api/rest/changeFeed.ts";
import { createChangeStream } from "../../indexer/src/api/rest/changeStream.ts";
import { CHAIN_ID } from "./catalogue.ts";
import { type Gallery, PLACE, startGallery } from "./gallery.ts";

let gallery: Gallery;
let client: pg.Client;
let changes: Changes;
let app: ReturnType<typeof createChangeStream>;
let block: number;
const open: AbortController[] = [];

beforeAll(async () => {
  gallery = await startGallery(200);
  client = new pg.Client({ connectionString: gallery.url });
  await client.connect();
  const { rows } = await client.query(`select max(seq) / 1000000 as block from ${PLACE}.activity`);
  block = Number(rows[0].block);
  gallery.move(block);
  const { pool, indexingStatus, errors } = gallery;
  changes = createChanges({ pool, indexingStatus, chainId: CHAIN_ID, onError: (error) => errors.push(error), max: 3 });
  app = createChangeStream({ changes, indexingStatus, heartbeat: 50 });
}, 600_000);

afterEach(async () => {
  for (const one of open.splice(0)) one.abort();
  await expect.poll(() => changes.size).toBe(0);
  expect(gallery.errors.map(String)).toEqual([]);
});

afterAll(async () => {
  await client?.end();
  await gallery?.stop();
});

/** Writes lines of history into a block. */
async function happen(
  number: number,
  lines: readonly { token?: number; actor?: string; tx?: string }[],
): Promise<void> {
  for (const [i, { token = null, actor = `0x${"a".repeat(40)}`, tx = `0x${"1".repeat(64)}` }] of lines.entries()) {
    await client.query(
      `insert into ${PLACE}.activity (chain_id, seq, kind, actor, token_id, series_id, time, block, log_index, tx)
       values ($1, $2, 'ARTWORK_TRANSFERRED', $3, $4::numeric, floor($4::numeric / 1000), $5, $6, $7, $8)`,
      [CHAIN_ID, number * 1_000_000 + i, actor, token, gallery.catalogue.now, number, i, tx],
    );
  }
}

interface Told {
  readonly id?: string;
  readonly event?: string;
  readonly data?: Record<string, unknown>;
}

/** Listens, and answers one event after the other; comments are left out. */
async function listen(after?: string, path = "/v1/changes") {
  const abort = new AbortController();
  open.push(abort);
  const response = await app.request(path, { headers: after === undefined ? {} : { "last-event-id": after } });
  const reader = response.body?.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  abort.signal.addEventListener("abort", () => void reader.cancel());
  let text = "";
  const comments: string[] = [];
  async function next(): Promise<Told> {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end === -1) {
        const { value, done } = await reader.read();
        if (done) throw new Error("The stream has ended.");
        text += new TextDecoder().decode(value);
        continue;
      }
      const lines = text
        .slice(0, end)
        .split("\n")
        .map((line) => /^(\w*): ?(.*)$/.exec(line)?.slice(1) as [string, string]);
      text = text.slice(end + 2);
      const { data, ...fields } = Object.fromEntries(lines);
      if (lines.some(([name]) => name === "")) comments.push(text);
      if (fields.id !== undefined) return { ...fields, ...(data && { data: JSON.parse(data) }) };
    }
  }
  return { response, next, comments };
}

/** The first event of a listener that leaves. */
async function listenOnce(): Promise<Told> {
  const { next } = await listen();
  const told = await next();
  open.pop()?.abort();
  return told;
}

describe("somebody who listens", () => {
  it("is told of each block in which something happened", async () => {
    const one = await listen();
    expect(one.response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(await one.next()).toEqual({ id: expect.stringMatching(new RegExp(`^${block}-[0-9a-f]{12}$`)) });
    const two = await listen();
    await two.next();
    await happen(block + 1, [{ token: 3001 }, { token: 2001, actor: `0x${"b".repeat(40)}` }, { token: 3001 }]);
    gallery.move(block + 1);
    const told = {
      id: expect.stringMatching(new RegExp(`^${block + 1}-[0-9a-f]{12}$`)),
      event: "changes",
      data: {
        block: { chain_id: CHAIN_ID, number: block + 1, timestamp: gallery.catalogue.now },
        from_block: block + 1,
        artworks: ["2001", "3001"],
        series: ["2", "3"],
        accounts: [`0x${"a".repeat(40)}`, `0x${"b".repeat(40)}`],
        ...{ models: [], workers: [], lanes: [] },
      },
    };
    const event = await one.next();
    expect(event).toEqual(told);
    expect(await two.next()).toEqual(event);
    // Nothing happened: where to go on is all there is to tell.
    gallery.move(block + 2);
    expect(await one.next()).toEqual({ id: `${block + 2}-${event.id?.split("-")[1]}` });
    block += 2;
  });

  it("goes on where it was, without a gap and without anything twice", async () => {
    const one = await listen();
    const { id } = await one.next();
    for (const [i, token] of [4001, 5001].entries()) {
      await happen(block + 1 + i, [{ token, tx: `0x${"2".repeat(64)}` }]);
      gallery.move(block + 1 + i);
    }
    await one.next();
    const latest = await one.next();
    for (const path of ["/v1/changes", `/v1/changes?last_event_id=${id}`]) {
      const again = await listen(path === "/v1/changes" ? id : undefined, path);
      const event = await again.next();
      expect(event).toMatchObject({
        id: latest.id,
        event: "changes",
        data: { from_block: block + 1, artworks: ["4001", "5001"] },
      });
      for (const abort of open.splice(1)) abort.abort();
    }
    // By the number alone, too.
    expect(await (await listen(`${block}`)).next()).toMatchObject({ data: { artworks: ["4001", "5001"] } });
    block += 2;
  });

  it("is told to begin anew when the chain takes blocks back", async () => {
    const one = await listen();
    const { id } = await one.next();
    await client.query(`delete from ${PLACE}.activity where seq >= $1`, [block * 1_000_000]);
    await happen(block, [{ token: 6001, tx: `0x${"3".repeat(64)}` }]);
    gallery.move(block);
    expect(await one.next()).toMatchObject({ event: "reset", data: { reason: "reorg", block: { number: block } } });
    // A listener that was away then knows a branch that is gone.
    const two = await listen(id);
    expect(await two.next()).toMatchObject({ event: "reset", data: { reason: "unknown_id" } });
    await happen(block + 1, [{ token: 7001 }]);
    gallery.move(block + 1);
    for (const { next } of [one, two])
      expect(await next()).toMatchObject({ event: "changes", data: { artworks: ["7001"] } });
    gallery.move(block - 1);
    expect(await one.next()).toMatchObject({ event: "reset", data: { reason: "reorg", block: { number: block - 1 } } });
    gallery.move(block + 1);
    block += 1;
  });

  it.each([
    ["an id of a block to come", () => `${block + 1_000}`, "unknown_id"],
    ["an id that is none", () => "yesterday", "unknown_id"],
    ["an id of another history", () => `${block}-${"0".repeat(12)}`, "unknown_id"],
  ])("is told to begin anew with %s", async (_, id, reason) => {
    expect(await (await listen(id())).next()).toMatchObject({ event: "reset", data: { reason } });
  });

  it("is told to begin anew when it missed too much", async () => {
    await client.query(
      `insert into ${PLACE}.activity (chain_id, seq, kind, actor, time, block, log_index, tx)
       select $1, $2::bigint + i, 'DEPOSITED', '0x' || lpad(to_hex(i), 40, '0'), $3, $4, i, '0x4' from generate_series(0, 10000) i`,
      [CHAIN_ID, (block + 1) * 1_000_000, gallery.catalogue.now, block + 1],
    );
    const before = `${block}`;
    gallery.move(block + 1);
    expect(await (await listen(before)).next()).toMatchObject({ event: "reset", data: { reason: "too_much" } });
    block += 1;
  });

  it("hears that the connection lives", async () => {
    const one = await listen();
    await one.next();
    void one.next().catch(() => undefined);
    await expect.poll(() => one.comments.length).toBeGreaterThan(1);
  });

  it("is let go when it does not read", async () => {
    const slow = createChangeStream({
      changes,
      indexingStatus: gallery.indexingStatus,
      heartbeat: 60_000,
      maxUnread: 400,
    });
    const response = await slow.request("/v1/changes");
    for (let i = 0; i < 3; i++) {
      await happen(block + 1, [{ token: 8_001 + 1_000 * i }]);
      gallery.move(block + 1);
      block += 1;
      await expect.poll(async () => (await listenOnce()).id).toMatch(new RegExp(`^${block}-`));
    }
    await expect.poll(() => changes.size).toBe(0);
    // It can still read what it was sent before, up to a whole event, and goes on from there.
    expect(await response.text()).toMatch(/^retry: 2000\n\nid: /);
  });

  it("is one of a limited number", async () => {
    for (let i = 0; i < 3; i++) await (await listen()).next();
    const response = await app.request("/v1/changes");
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "10"]);
    expect(await response.json()).toMatchObject({ error: { code: "TOO_MANY_REQUESTS" } });
    expect(changes.size).toBe(3);
  });
});

it("says what it does not know", async () => {
  const response = await app.request("/v1/changes?since=5");
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({ error: { code: "FIELD_INVALID", field: "since" } });
});

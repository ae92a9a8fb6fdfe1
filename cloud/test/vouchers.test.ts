/** Vouchers and the trees of lanes: what is read for one and sent with it, however many receipts a lane has. */
import { createFastDigester, type Digester } from "@gridnft/sdk";
import { type Hex, keccak256, toHex } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import type { Queries } from "../src/database/database.ts";
import { LaneTrees } from "../src/payment/laneTrees.ts";
import { call } from "./grid.ts";
import type { VoucherJson } from "./scriptedWorker.ts";
import { rootOf, twoClouds } from "./twoClouds.ts";

const two = twoClouds();
const { order, gets } = two;

describe("a voucher", () => {
  it("comes with the receipts since the one that the worker has, through any process", async () => {
    const ids: Hex[] = [];
    let known: Hex | undefined;
    for (let i = 0; i < 9; i++) {
      await order({ n: 1 + (i % 3) });
      const worker = two.workers[i % 2 === 0 ? 0 : 1];
      const { voucher } = await worker.work(await gets(worker), undefined, known);
      if (!voucher) throw new Error("a voucher");
      expect(voucher.after).toBe(known);
      ids.push(...voucher.receipt_ids);
      expect(voucher.receipt_ids).toHaveLength(1 + (i % 3));
      expect(voucher.voucher).toMatchObject({ receiptCount: ids.length, receiptsRoot: rootOf(ids) });
      known = two.digestOf(voucher);
    }
    const foreign: Hex = `0x${"55".repeat(32)}`;
    await two.grid.sql(
      `INSERT INTO cloud.voucher (lane_id, number, digest, message, root, payer_signature, first, last)
       SELECT other.lane_id, 1, $2, v.message, v.root, v.payer_signature, v.first, v.last
       FROM cloud.voucher v, (SELECT lane_id FROM cloud.lane WHERE worker = $3 LIMIT 1) other WHERE v.digest = $1`,
      [known, foreign, two.grid.workers[1].party.address.toLowerCase()],
    );
    // None, one that there is not, and one of another lane: all of them.
    for (const other of [undefined, `0x${"12".repeat(32)}` as const, foreign]) {
      await order();
      const { voucher } = await two.workers[0].work(await gets(two.workers[0]), undefined, other);
      expect(voucher?.after).toBeUndefined();
      expect(voucher?.receipt_ids.slice(0, ids.length)).toEqual(ids);
      ids.push(...(voucher?.receipt_ids.slice(ids.length) ?? []));
    }
    expect(await two.grid.sql("DELETE FROM cloud.voucher WHERE digest = $1 RETURNING number", [foreign])).toHaveLength(
      1,
    );
    const list = async (query: string) =>
      (
        await call<{ vouchers: VoucherJson[] }>(two.clouds[1], "GET", `/v1/worker/vouchers${query}`, {
          token: two.workers[1].token,
        })
      ).body.vouchers;
    expect((await list(""))[0]?.receipt_ids).toEqual(ids);
    const [since] = await list(`?known=0x${"34".repeat(32)},${known}`);
    expect(since).toMatchObject({ after: known, receipt_ids: ids.slice(-3) });
    const [nothing] = await list(`?known=${two.digestOf(since as VoucherJson)}`);
    expect(nothing).toMatchObject({ after: two.digestOf(since as VoucherJson), receipt_ids: [] });
  }, 180_000);

  it("keeps up when jobs of a lane end together", async () => {
    for (let i = 0; i < 8; i++) await order();
    const jobs = [];
    for (let i = 0; i < 8; i++) jobs.push(await gets(two.workers[0]));
    const done = await Promise.all(jobs.map((job, i) => two.workers[i % 2 === 0 ? 0 : 1].work(job)));
    const counts = done.map(({ voucher }) => voucher?.voucher.receiptCount ?? 0).sort((a, b) => a - b);
    expect(new Set(counts).size).toBe(8);
    for (const { voucher } of done) expect(voucher?.voucher.receiptsRoot).toBe(rootOf(voucher?.receipt_ids ?? []));
  }, 180_000);
});

describe("the trees of lanes", () => {
  const LANE: Hex = `0x${"1a".repeat(32)}`;
  let digester: Digester;
  beforeAll(async () => {
    digester = await createFastDigester();
  });
  const idAt = (place: number): Hex => keccak256(toHex(place));

  /** Receipts of a lane by place, from 1, and the number of those that were read. */
  function table(count: number) {
    const rows = new Map(Array.from({ length: count }, (_, i) => [i + 1, idAt(i + 1)]));
    let read = 0;
    const all = async (_sql: string, [, after, last]: readonly unknown[] = []) => {
      const found = [...rows].filter(([place]) => place > Number(after) && place <= Number(last));
      read += found.length;
      return found.map(([, receipt_id]) => ({ receipt_id }));
    };
    const queries = { all } as unknown as Queries;
    const idsOf = (first: number, last: number): Hex[] =>
      Array.from({ length: last - first + 1 }, (_, i) => rows.get(first + i) as Hex);
    return {
      rows,
      queries,
      read: () => read,
      stored: (first: number, last: number) => ({ first, last, root: rootOf(idsOf(first, last)) }),
      idsOf,
    };
  }

  it("read none of the receipts that this process added, and each of another's once", async () => {
    const { queries, read, stored, idsOf } = table(160);
    const trees = new LaneTrees(digester);
    for (let last = 1; last <= 80; last++) {
      const newest = last === 1 ? undefined : stored(1, last - 1);
      const tree = await trees.treeOf(queries, LANE, { first: 1, newest, added: [idAt(last)] });
      expect(tree).toEqual({ first: 1, receiptIds: idsOf(1, last), root: rootOf(idsOf(1, last)) });
    }
    expect(read()).toBe(0);
    for (let last = 82; last <= 160; last += 2) {
      const tree = await trees.treeOf(queries, LANE, { first: 1, newest: stored(1, last - 1), added: [idAt(last)] });
      expect(tree.root).toBe(rootOf(idsOf(1, last)));
    }
    expect(read()).toBe(40);
  });

  it("forget what was rolled back, and what a database that went back has no more", async () => {
    const { queries, rows, stored, idsOf, read } = table(20);
    const trees = new LaneTrees(digester);
    await trees.treeOf(queries, LANE, { first: 1, newest: stored(1, 9), added: [idAt(10)] });
    await trees.treeOf(queries, LANE, { first: 1, newest: stored(1, 10), added: [idAt(111), idAt(112)] });
    expect(read()).toBe(9);
    // Places 11 and 12 were of a transaction that came to nothing; others have them now.
    const added = idsOf(11, 12);
    expect((await trees.treeOf(queries, LANE, { first: 1, newest: stored(1, 10), added })).root).toBe(
      rootOf(idsOf(1, 12)),
    );
    expect(read()).toBe(9);
    // The same places, committed, with other receipts than this process has seen.
    rows.set(5, idAt(105));
    expect(
      (await trees.treeOf(queries, LANE, { first: 1, newest: stored(1, 12), added: idsOf(13, 14) })).receiptIds,
    ).toEqual(idsOf(1, 14));
    // Anchored through 7: the tree begins anew.
    const anew = await trees.treeOf(queries, LANE, { first: 8, newest: stored(1, 14), added: [idAt(15)] });
    expect([anew.root, anew.receiptIds]).toEqual([rootOf(idsOf(8, 15)), idsOf(8, 15)]);
  });

  it("refuse a lane whose receipts are not those of its newest voucher, or have gaps", async () => {
    const { queries, rows, stored } = table(5);
    const trees = new LaneTrees(digester);
    const newest = { ...stored(1, 4), root: rootOf([idAt(1)]) };
    await expect(trees.treeOf(queries, LANE, { first: 1, newest, added: [] })).rejects.toThrow(/newest voucher/);
    const whole = stored(1, 5);
    rows.delete(3);
    const torn = trees.treeOf(queries, LANE, { first: 1, newest: whole, added: [] });
    await expect(torn).rejects.toThrow(/4 receipts/);
  });
});

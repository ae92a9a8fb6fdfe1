/**
 * Facts that come true later: anchors of the direct rail that wait for their worker's bond, and a least bond that comes into force by time
 * alone. Their logs name little, or there is none, so a mistake would stay unseen.
 */
import { type Address, encodeFunctionData, type Hex, padHex, toEventSelector, toHex, zeroHash } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningProcess } from "../../local/src/processes.ts";
import { workerRegistryAbi } from "../../sdk/src/index.ts";
import { mine, mineAt, revert, sendAs, setAutomine, setCode, snapshot } from "../fixtures/anvil.ts";
import { type LocalGrid, startGrid } from "../fixtures/chain.ts";
import { createIndexer, type TestIndexer } from "../fixtures/indexer.ts";
import { startPostgres, type TestPostgres } from "../fixtures/postgres.ts";
import { orderDone } from "./actions/work.ts";
import { compareAll } from "./compare.ts";
import { afterNotice } from "./governance.ts";
import { attempt, newTally } from "./history.ts";
import { type HistoryState, PRICE, startHistory, type WorkerParty } from "./historyState.ts";

const DAY = 86_400;

let grid: LocalGrid;
let postgres: TestPostgres;
let indexer: TestIndexer;
let state: HistoryState;
let worker: WorkerParty;
let running: RunningProcess | undefined;

beforeAll(async () => {
  [grid, postgres] = await Promise.all([startGrid(), startPostgres()]);
  indexer = await createIndexer(grid, postgres);
  state = await startHistory(grid, 11);
  await attempt(state, "models.register", newTally());
  [worker] = state.workers as [WorkerParty];
  const { read, write } = worker.party.grid.registry;
  await grid.mined(write.register([await read.minBond(), ""]));
  await grid.mined(artist().grid.settlement.write.deposit([PRICE * 100n]));
  running = await indexer.start();
}, 600_000);

afterAll(async () => {
  await running?.stop();
  await postgres?.stop();
  await grid?.stop();
  indexer?.cleanUp();
});

const artist = () => state.artists[0] as HistoryState["artists"][number];
const compare = () => compareAll(grid, postgres.url, indexer.schema);

/** An order settled while its worker isn't bonded. */
async function settledUnbonded(count: number): Promise<{ readonly root: Hex }> {
  const { read, write } = worker.party.grid.registry;
  if (await read.isBonded([worker.party.address])) await grid.mined(write.announceUnbond([1n]));
  const { item, root } = await orderDone(state, artist(), { worker, count });
  await grid.mined(worker.party.grid.settlement.write.settle([item]));
  return { root };
}

const bonded = async (): Promise<void> => {
  const { read, write } = worker.party.grid.registry;
  if (!(await read.isBonded([worker.party.address]))) await grid.mined(write.cancelUnbond());
};

interface Shown {
  readonly settlements: readonly {
    readonly root: Hex;
    readonly anchored: boolean;
    readonly anchorTime: number | null;
    readonly anchorBlock: number | null;
    readonly anchorTx: Hex | null;
    readonly receipts: readonly { readonly anchored: boolean }[];
  }[];
  readonly anchors: readonly {
    readonly root: Hex;
    readonly payer: { readonly address: Address };
    readonly block: number;
  }[];
  /** Of the worker, of the chain, of the worker's days and of all days. */
  readonly counts: readonly number[];
}

async function shown(): Promise<Shown> {
  await indexer.caughtUp();
  const answer = await indexer.ask<{
    settlements: { nodes: Shown["settlements"] };
    anchors: { nodes: Shown["anchors"] };
    worker: { receiptCount: number };
    protocol: { receipts: number };
    workerStatistics: { receipts: number }[];
    statistics: { receipts: number }[];
  }>(
    `query ($worker: Address!) {
      settlements(filter: { rail: DIRECT }, orderBy: OLDEST) {
        nodes { root anchored anchorTime anchorBlock anchorTx receipts { anchored } }
      }
      anchors(orderBy: OLDEST) { nodes { root payer { address } block } }
      worker(address: $worker) { receiptCount }
      protocol { receipts }
      workerStatistics(worker: $worker) { receipts }
      statistics { receipts }
    }`,
    { worker: worker.party.address },
  );
  const sum = (days: readonly { receipts: number }[]) => days.reduce((total, { receipts }) => total + receipts, 0);
  return {
    settlements: answer.settlements.nodes,
    anchors: answer.anchors.nodes,
    counts: [
      answer.worker.receiptCount,
      answer.protocol.receipts,
      sum(answer.workerStatistics),
      sum(answer.statistics),
    ],
  };
}

const found = async (filter: string) =>
  (await indexer.ask<{ list: { totalCount: number } }>(`{ list: ${filter} { totalCount } }`)).list.totalCount;

describe("an order that is settled while its worker isn't bonded", () => {
  let first: { readonly root: Hex };
  let second: { readonly root: Hex };

  it("is paid and shown, its receipts not anchored and not counted", async () => {
    [first, second] = [await settledUnbonded(2), await settledUnbonded(3)];
    const { settlements, anchors, counts } = await shown();
    expect(settlements.map(({ root, anchored, anchorTime }) => [root, anchored, anchorTime])).toEqual([
      [first.root, false, null],
      [second.root, false, null],
    ]);
    expect(settlements.flatMap(({ receipts }) => receipts)).toEqual(Array(5).fill({ anchored: false }));
    expect([anchors, counts]).toEqual([[], [0, 0, 0, 0]]);
    expect(await found("settlements(filter: { anchored: false })")).toBe(2);
    expect(await found("receipts(filter: { anchored: true })")).toBe(0);
    await compare();
  }, 180_000);

  it("is anchored by its confirmation, of which there may be two in one block", async () => {
    await bonded();
    await setAutomine(grid, false);
    const { write } = state.collector.grid.settlement;
    const hashes: Hex[] = [];
    for (const { root } of [first, second]) {
      hashes.push(await write.confirmAnchor([artist().address, root], { gas: 300_000n }));
    }
    await mine(grid, 1);
    await setAutomine(grid, true);
    const logs = await Promise.all(hashes.map((hash) => grid.mined(Promise.resolve(hash))));
    const [block] = logs.map(({ blockNumber }) => Number(blockNumber));
    expect(logs.map(({ blockNumber }) => Number(blockNumber))).toEqual([block, block]);

    const { settlements, anchors, counts } = await shown();
    expect(settlements.map(({ anchored, anchorBlock, anchorTx }) => [anchored, anchorBlock, anchorTx])).toEqual(
      hashes.map((hash) => [true, block, hash]),
    );
    expect(settlements.flatMap(({ receipts }) => receipts)).toEqual(Array(5).fill({ anchored: true }));
    const payer = { address: artist().address.toLowerCase() };
    expect(anchors).toEqual([first, second].map(({ root }) => ({ root, payer, block })));
    expect(counts).toEqual([5, 5, 5, 5]);
    expect(await found("settlements(filter: { anchored: false })")).toBe(0);
    expect(await found("receipts(filter: { anchored: true })")).toBe(5);
    await compare();
  }, 180_000);

  it("waits again when its confirmation is taken back, and is anchored by the next one", async () => {
    const { root } = await settledUnbonded(1);
    await bonded();
    await shown();
    const before = await snapshot(grid);
    const { write } = state.collector.grid.settlement;
    await grid.mined(write.confirmAnchor([artist().address, root]));
    const confirmed = await shown();
    expect([confirmed.settlements.at(-1)?.anchored, confirmed.counts]).toEqual([true, [6, 6, 6, 6]]);

    await revert(grid, before);
    await mine(grid, 3);
    const taken = await shown();
    expect(taken.settlements.at(-1)).toMatchObject({
      root,
      anchored: false,
      anchorBlock: null,
      receipts: [{ anchored: false }],
    });
    expect([taken.anchors.length, taken.counts]).toEqual([2, [5, 5, 5, 5]]);
    await compare();

    const { blockNumber } = await grid.mined(write.confirmAnchor([artist().address, root]));
    const again = await shown();
    expect(again.settlements.at(-1)).toMatchObject({ root, anchored: true, anchorBlock: Number(blockNumber) });
    await compare();
  }, 180_000);
});

describe("a least bond that was raised", () => {
  const asked = async () => {
    await indexer.caughtUp();
    const { protocol, ...rest } = await indexer.ask<{
      protocol: { minBond: string; nextMinBond: string | null; nextMinBondFrom: number | null };
      worker: { bonded: boolean };
      workers: { totalCount: number };
    }>(
      `query ($address: Address!) {
        protocol { minBond nextMinBond nextMinBondFrom }
        worker(address: $address) { bonded }
        workers(filter: { bonded: true }) { totalCount }
      }`,
      { address: worker.party.address },
    );
    return { ...protocol, bonded: rest.worker.bonded, workers: rest.workers.totalCount };
  };
  const route = async () => {
    const response = await fetch(`${indexer.url}/v1/workers/${worker.party.address}`);
    const { worker: row } = (await response.json()) as { worker: { bonded: boolean } };
    return [response.headers.get("etag"), row.bonded] as const;
  };
  const setMinBond = (amount: bigint) =>
    afterNotice(state, state.params, DAY, [
      [
        grid.deployment.contracts.WorkerRegistry.address,
        encodeFunctionData({ abi: workerRegistryAbi, functionName: "setMinBond", args: [amount] }),
      ],
    ]);

  it("holds from its time on, without an event, in every answer", async () => {
    await bonded();
    const { read } = state.owner.grid.registry;
    const now = await read.minBond();
    await setMinBond((now * 3n) / 2n);
    const [next, from] = await read.nextMinBond();
    const announced = { minBond: `${now}`, nextMinBond: `${next}`, nextMinBondFrom: from, bonded: true, workers: 1 };
    expect(await asked()).toEqual(announced);

    // The last second before.
    await mineAt(grid, from - 1);
    expect(await asked()).toEqual(announced);
    const [tag, isBonded] = await route();
    expect(isBonded).toBe(true);

    await mineAt(grid, from);
    const inForce = { minBond: `${next}`, nextMinBond: null, nextMinBondFrom: null, bonded: false, workers: 0 };
    expect(await asked()).toEqual(inForce);
    const [otherTag, stillBonded] = await route();
    expect([stillBonded, otherTag === tag]).toEqual([false, false]);
    await compare();

    // The next change begins from what is in force.
    await grid.pass(7 * DAY);
    await setMinBond((next * 3n) / 2n);
    expect(await asked()).toMatchObject({ minBond: `${next}`, nextMinBond: `${(next * 3n) / 2n}` });
    await compare();
    // The amount in force takes the raise back.
    await setMinBond(next);
    expect(await asked()).toEqual(inForce);
    await compare();
  }, 300_000);

  it("is the same for questions that come again with other filters", async () => {
    const query = (filter: string) => `query ($value: Boolean) {
      workers(filter: { ${filter}: $value }) { nodes { address bonded } }
    }`;
    for (const value of [true, false, true]) {
      for (const filter of ["bonded", "registered", "bonded"]) {
        const { workers } = await indexer.ask<{ workers: { nodes: { bonded: boolean }[] } }>(query(filter), { value });
        expect(workers.nodes.every(({ bonded }) => !bonded)).toBe(true);
        expect(workers.nodes.length).toBe({ bonded: value ? 0 : 1, registered: value ? 1 : 0 }[filter]);
      }
    }
  });
});

/** Lets the settlement say something that its code never would. */
async function sayAnchored(root: Hex): Promise<void> {
  const { address } = grid.deployment.contracts.GridSettlement;
  const code = (await state.owner.wallet.getCode({ address })) as Hex;
  const selector = toEventSelector("ReceiptsAnchored(bytes32,address,bytes32,uint32)");
  const push = (word: Hex) => `7f${padHex(word, { size: 32 }).slice(2)}`;
  const store = (word: Hex, at: string) => `${push(word)}60${at}52`;
  const topics = [worker.party.address, zeroHash, selector].map(push).join("");
  await setCode(grid, address, `0x${store(root, "00")}${store(toHex(1), "20")}${topics}60406000a300`);
  await grid.mined(sendAs(grid, { from: state.collector.address, to: address, data: "0x" }));
  await setCode(grid, address, code);
}

// Last, since these logs are of nothing that the contract keeps.
it("goes on after confirmations that can't be: of an unknown root, and of one that waits no more", async () => {
  const known = (await shown()).settlements.at(0)?.root ?? "0x";
  const before = await shown();
  await sayAnchored(padHex("0xbad", { size: 32 }));
  await sayAnchored(known);
  expect(await shown()).toEqual(before);
  const { activity } = await indexer.ask<{ activity: { nodes: { kind: string; detail: { root: Hex } }[] } }>(
    "{ activity(filter: { kinds: [RECEIPTS_ANCHORED] }, first: 2) { nodes { kind detail } } }",
  );
  expect(activity.nodes.map(({ detail }) => detail.root)).toEqual([known, padHex("0xbad", { size: 32 })]);
  // The next events are read as ever.
  await settledUnbonded(1);
  expect((await shown()).settlements.at(-1)).toMatchObject({ anchored: false });
}, 180_000);

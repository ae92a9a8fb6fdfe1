import { gridSettlementAbi, laneId as laneIdOf, messageToJson } from "@gridnft/sdk";
import type { GetContractEventsReturnType, Hex } from "viem";
import type { Head } from "../chain/chain.ts";
import type { Cloud } from "../cloud.ts";
import { type LaneRow, lockLane } from "./lanes.ts";

/** Blocks that are read again each time, to notice a reorg. */
const REORG_DEPTH = 64n;
/** Blocks per request. */
const PAGE_SIZE = 2_000n;
const CURSOR = "settlement";

type Logs = GetContractEventsReturnType<typeof gridSettlementAbi>;
type LogOf<Name extends Logs[number]["eventName"]> = Extract<Logs[number], { eventName: Name }>;

/** Creates the sync with GridSettlement, which does nothing while there is no new block. */
export function settlementSync(cloud: Cloud): () => Promise<void> {
  let read: Head | undefined;
  return async () => {
    const head = await cloud.chain.refresh();
    if (head === read) return;
    await syncSettlement(cloud, head);
    read = head;
  };
}

/**
 * Reads the events of GridSettlement since the last time: lanes that were opened, topped up, collected or thawed, receipts that were
 * anchored, orders that were settled. Any number of processes can do it at once.
 */
async function syncSettlement(cloud: Cloud, head: Head): Promise<void> {
  const { database, chain } = cloud;
  const start = BigInt(chain.deployment.startBlock);
  const cursor = await database.one<{ block: string; hash: Hex | null }>(
    "SELECT block, hash FROM cloud.chain_cursor WHERE name = $1",
    [CURSOR],
  );
  const last = cursor ? BigInt(cursor.block) : start;
  const behind = (last < head.number ? last : head.number) - REORG_DEPTH;
  if (cursor?.hash && last <= head.number && (await hashAt(cloud, last, head)) !== cursor.hash) {
    // A reorg: an event that is gone leaves no other one behind, so all lanes that had one lately are read.
    const lanes = await database.all<{ lane_id: Hex }>("SELECT lane_id FROM cloud.lane WHERE synced_block >= $1", [
      behind.toString(),
    ]);
    cloud.log.warn({ block: cursor.block, lanes: lanes.length }, "the chain was reorganised");
    await syncLanes(
      cloud,
      lanes.map(({ lane_id }) => lane_id),
      head.number,
      { isReorg: true },
    );
  }
  for (let from = behind > start ? behind : start; from <= head.number; from += PAGE_SIZE) {
    const to = from + PAGE_SIZE - 1n < head.number ? from + PAGE_SIZE - 1n : head.number;
    const logs: Logs = await chain.client.getContractEvents({
      abi: gridSettlementAbi,
      address: chain.deployment.contracts.GridSettlement.address,
      fromBlock: from,
      toBlock: to,
      strict: true,
    });
    await discoverLanes(cloud, logsNamed(logs, "LaneOpened"));
    await storeAnchors(cloud, logsNamed(logs, "ReceiptsAnchored"), from, to);
    await storeSettled(cloud, logsNamed(logs, "OrderSettled"));
    await storeCollected(cloud, logsNamed(logs, "LaneCollected"));
    // State of now, not of then: an RPC need not keep old state.
    await syncLanes(cloud, touchedLanes(logs), head.number);
    // A head that is some blocks behind says nothing of the block that was read last: its hash is kept until then.
    await database.run(
      `INSERT INTO cloud.chain_cursor (name, block, hash) VALUES ($1, $2, $3)
       ON CONFLICT (name) DO UPDATE SET block = excluded.block, hash = excluded.hash
       WHERE excluded.block >= chain_cursor.block OR excluded.block < chain_cursor.block - $4::bigint`,
      [CURSOR, to.toString(), to === head.number ? head.hash : null, REORG_DEPTH.toString()],
    );
  }
}

/** Returns the hash of a block that is not above the head. */
async function hashAt({ chain }: Cloud, number: bigint, head: Head): Promise<Hex> {
  if (number === head.number) return head.hash;
  return (await chain.client.getBlock({ blockNumber: number })).hash;
}

function logsNamed<Name extends Logs[number]["eventName"]>(logs: Logs, name: Name): LogOf<Name>[] {
  return logs.filter((log): log is LogOf<Name> => log.eventName === name);
}

function touchedLanes(logs: Logs): Set<Hex> {
  const ids = new Set<Hex>();
  for (const { args } of logs) {
    if (args && "laneId" in args && typeof args.laneId === "string") ids.add(args.laneId.toLowerCase() as Hex);
  }
  return ids;
}

/**
 * Stores the gateway's lanes that were opened. A lane is stored before it is opened. An unknown one is from a lost database with unknown
 * promises, so nothing new is promised on it.
 */
async function discoverLanes({ database, chain, gateway }: Cloud, opened: LogOf<"LaneOpened">[]): Promise<void> {
  if (!gateway) return;
  for (const { args } of opened) {
    const { config } = args;
    if (config?.kind !== 0 || config.payer.toLowerCase() !== gateway.account.toLowerCase()) continue;
    await database.run(
      `INSERT INTO cloud.lane (lane_id, config, payer, payer_signer, worker, state) VALUES ($1, $2, $3, $4, $5, 'closed')
       ON CONFLICT (lane_id) DO UPDATE SET state = 'open' WHERE lane.state = 'opening'`,
      [
        laneIdOf(config, chain.domain),
        JSON.stringify(messageToJson("LaneConfig", config)),
        config.payer.toLowerCase(),
        config.payerSigner.toLowerCase(),
        config.worker.toLowerCase(),
      ],
    );
  }
}

/** Stores totals that were paid for models without a known promise. */
async function storeCollected({ database }: Cloud, collected: LogOf<"LaneCollected">[]): Promise<void> {
  for (const { args } of collected) {
    await database.run(
      `INSERT INTO cloud.lane_total (lane_id, model_id, promised, collected)
       SELECT $1, $2, $3::numeric, $3::numeric WHERE EXISTS (SELECT FROM cloud.lane WHERE lane_id = $1)
       ON CONFLICT DO NOTHING`,
      [(args.laneId ?? "0x").toLowerCase(), String(args.modelId ?? 0n), String(args.cumulative ?? 0n)],
    );
  }
}

/** Stores which vouchers' roots are on chain. One that a reorg removed counts as not anchored. */
async function storeAnchors(
  { database, log }: Cloud,
  anchored: LogOf<"ReceiptsAnchored">[],
  from: bigint,
  to: bigint,
): Promise<void> {
  const roots = anchored.map(({ args, blockNumber }) => ({
    laneId: (args.laneId ?? "0x").toLowerCase(),
    root: (args.root ?? "0x").toLowerCase(),
    block: blockNumber.toString(),
  }));
  const changed = await database.all<{ lane_id: Hex }>(
    `WITH found AS (
       SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) AS found (lane_id, root, block)
     )
     UPDATE cloud.voucher v SET anchored_block = (
       SELECT min(block) FROM found f WHERE f.lane_id = v.lane_id AND f.root = v.root)
     WHERE (v.anchored_block BETWEEN $4 AND $5 OR (v.lane_id, v.root) IN (SELECT lane_id, root FROM found))
       AND v.anchored_block IS DISTINCT FROM (
         SELECT min(block) FROM found f WHERE f.lane_id = v.lane_id AND f.root = v.root)
     RETURNING v.lane_id`,
    [
      roots.map(({ laneId }) => laneId),
      roots.map(({ root }) => root),
      roots.map(({ block }) => block),
      from.toString(),
      to.toString(),
    ],
  );
  for (const laneId of new Set(changed.map(({ lane_id }) => lane_id))) {
    await database.transaction(async (queries) => {
      const lane = await lockLane(queries, laneId);
      const row = await queries.one<{ through: number }>(
        `UPDATE cloud.lane SET anchored_through = (
           SELECT coalesce(max(last), 0) FROM cloud.voucher WHERE lane_id = $1 AND anchored_block IS NOT NULL)
         WHERE lane_id = $1 RETURNING anchored_through AS through`,
        [laneId],
      );
      log.info({ lane: laneId, before: lane.anchored_through, through: row?.through }, "receipts anchored");
    });
  }
}

async function storeSettled({ database }: Cloud, settled: LogOf<"OrderSettled">[]): Promise<void> {
  if (settled.length === 0) return;
  await database.run(
    `UPDATE cloud.job j SET settled_at = now() FROM cloud.candidate c
     WHERE c.job_id = j.id AND c.order_hash = ANY ($1) AND j.settled_at IS NULL`,
    [settled.map(({ args }) => (args.orderHash ?? "0x").toLowerCase())],
  );
}

/**
 * Reads funds and totals of lanes, all at one block, so that they match. A lane that is not on chain (any more) has to be opened.
 * @param options `isReorg`: the blocks of earlier readings may be gone, so that one of a later block does not count more.
 */
export async function syncLanes(
  { database, chain }: Pick<Cloud, "database" | "chain">,
  laneIds: Iterable<Hex>,
  block: bigint,
  { isReorg = false }: { readonly isReorg?: boolean } = {},
): Promise<void> {
  const { settlement } = chain.contracts;
  for (const laneId of laneIds) {
    const known = await database.one<LaneRow>("SELECT * FROM cloud.lane WHERE lane_id = $1", [laneId]);
    if (!known) continue;
    const models = await database.all<{ model_id: string }>(
      "SELECT model_id FROM cloud.lane_total WHERE lane_id = $1",
      [laneId],
    );
    const at = { blockNumber: block };
    const [lane, totals] = await Promise.all([
      settlement.read.laneOf([laneId], at),
      Promise.all(models.map(({ model_id }) => settlement.read.laneTotalOf([laneId, BigInt(model_id)], at))),
    ]);
    if (!lane.opened && known.state !== "open") continue;
    await database.transaction(async (queries) => {
      await lockLane(queries, laneId);
      // Another process may have read a later block meanwhile.
      const isNewer = await queries.run(
        `UPDATE cloud.lane l SET free = $2, thawing = $3, synced_block = $4, state = CASE
           WHEN $5 AND state = 'opening' THEN 'open'
           WHEN $5 OR state <> 'open' THEN state
           WHEN EXISTS (SELECT FROM cloud.lane o WHERE o.state = 'opening' AND o.worker = l.worker AND o.payer = l.payer
             AND o.payer_signer = l.payer_signer) THEN 'closed'
           ELSE 'opening' END
         WHERE lane_id = $1 AND (synced_block <= $4 OR $6)`,
        [laneId, lane.free.toString(), lane.thawReadyAt !== 0, block.toString(), lane.opened, isReorg],
      );
      if (isNewer === 0) return;
      if (lane.free > BigInt(known.free)) queries.notify("cloud_queue", `worker ${known.worker}`);
      for (const [i, { model_id }] of models.entries()) {
        const collected = totals[i]?.cumulative ?? 0n;
        // Never below what is collected, though: after a lost database, promises begin where the chain is.
        await queries.run(
          `UPDATE cloud.lane_total SET collected = $3, promised = greatest(promised, $3::numeric)
           WHERE lane_id = $1 AND model_id = $2`,
          [laneId, model_id, collected.toString()],
        );
      }
    });
  }
}

/** Comparison of three sources that know nothing of each other: the clients' notes, the chain, the cloud's database and files. */
import { createHash } from "node:crypto";
import { type Hex, isAddressEqual, zeroHash } from "viem";
import {
  gridSettlementAbi,
  type JobReceipt,
  MAX_RAW_BLOCK,
  messageFromJson,
  orderHash,
  receiptId,
  receiptTree,
  recoverSigner,
  type SettlementDomain,
  SignerRole,
  settlementDomainOf,
} from "../../../sdk/src/index.ts";
import { openState } from "../../../worker/src/state/index.ts";
import type { KillableGrid } from "./killableGrid.ts";
import type { Note } from "./load.ts";

/** Figures of a run, for its table. */
export interface Figures {
  readonly posted: number;
  readonly accepted: number;
  readonly done: number;
  readonly failed: number;
  readonly pictures: number;
  readonly lanes: number;
  readonly settlements: number;
  readonly collects: number;
  /** AIPG wei that workers, models and protocol got together. */
  readonly paid: string;
  /** Jobs that were handed out more than once. */
  readonly retried: number;
  readonly failures: Readonly<Record<string, number>>;
}

/** Result of a reckoning. */
export interface Reckoning {
  readonly figures: Figures;
  /** Sentences about what is not as it has to be; none when all is well. */
  readonly findings: readonly string[];
}

interface JobRow {
  readonly id: string;
  readonly status: string;
  readonly rail: "direct" | "gateway";
  readonly requester: string;
  readonly prompt: string;
  readonly count: number;
  readonly attempts: number;
  readonly order_hash: Hex | null;
  readonly lane_id: Hex | null;
  readonly worker: string | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
  /** It failed, and its quota is still to be given back: that may be done when the next job asks. */
  readonly is_charged: boolean;
}

interface ReceiptRow {
  readonly receipt_id: Hex;
  readonly job_id: string;
  readonly index: number;
  readonly order_hash: Hex;
  readonly message: unknown;
  readonly signature: Hex;
  readonly image_hash: Hex;
  readonly cid: string;
  readonly price: string;
  readonly lane_id: Hex | null;
  readonly lane_position: number | null;
}

/** The shares of a gross amount, as `SplitMath` has them. */
export function sharesOf(gross: bigint, protocolBps: bigint, royaltyBps: bigint): Shares {
  const rate = protocolBps + royaltyBps;
  if (rate === 0n) return { toWorker: gross, royalty: 0n, protocolFee: 0n };
  const cut = (gross * rate) / 10_000n;
  const royalty = (cut * royaltyBps) / rate;
  return { toWorker: gross - cut, royalty, protocolFee: cut - royalty };
}

/** Shares of what was paid, AIPG wei. */
export interface Shares {
  readonly toWorker: bigint;
  readonly royalty: bigint;
  readonly protocolFee: bigint;
}

const sumOf = (values: Iterable<bigint>): bigint => [...values].reduce((sum, value) => sum + value, 0n);
const groupBy = <Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> => {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item)) ?? [];
    group.push(item);
    groups.set(keyOf(item), group);
  }
  return groups;
};
const lower = (text: string): string => text.toLowerCase();
const grossOf = ({ toWorker, royalty, protocolFee }: Shares): bigint => toWorker + royalty + protocolFee;

/** Reads jobs, receipts, promises and orders from the cloud's database. */
export async function readDatabase({ sql }: Pick<KillableGrid, "sql">) {
  const jobs = await sql<JobRow>(
    `SELECT id, status, rail, requester, request->>'prompt' AS prompt, count, attempts, order_hash, lane_id, worker, error_code,
       error_message, status <> 'done' AND (to_jsonb(j)->>'charged_to') IS NOT NULL AS is_charged
     FROM cloud.job j ORDER BY place`,
  );
  const receipts = await sql<ReceiptRow>("SELECT * FROM cloud.receipt ORDER BY lane_id, lane_position, job_id, index");
  const totals = await sql<{ lane_id: Hex; model_id: string; promised: string }>("SELECT * FROM cloud.lane_total");
  const candidates = await sql<{ job_id: string; order_hash: Hex }>("SELECT job_id, order_hash FROM cloud.candidate");
  const wrongs = await sql<{ job_id: string; message: string }>(
    "SELECT job_id, message FROM cloud.job_failure WHERE kind = 'wrong'",
  );
  return { jobs, receipts, totals, candidates, wrongs };
}

/** Reads the events of GridSettlement. */
export async function readChain({ reader, deployment }: Pick<KillableGrid, "reader" | "deployment">) {
  const logs = await reader.wallet.getContractEvents({
    ...{ abi: gridSettlementAbi, address: deployment.contracts.GridSettlement.address, fromBlock: 0n, strict: true },
  });
  const argsOf = <name extends (typeof logs)[number]["eventName"]>(name: name) =>
    logs.flatMap((log) =>
      log.eventName === name ? [log.args as Extract<typeof log, { eventName: name }>["args"]] : [],
    );
  return {
    settled: argsOf("OrderSettled"),
    collected: argsOf("LaneCollected"),
    anchored: argsOf("ReceiptsAnchored"),
    deposits: argsOf("Deposited"),
    opened: argsOf("LaneOpened"),
  };
}

type Database = Awaited<ReturnType<typeof readDatabase>>;
type Chain = Awaited<ReturnType<typeof readChain>>;

/** Compares all of it. Everything has come to rest, and the workers have ended. */
export async function reckon(killable: KillableGrid, notes: readonly Note[]): Promise<Reckoning> {
  const findings: string[] = [];
  const expect = (isSo: boolean, otherwise: () => string): void => {
    if (!isSo) findings.push(otherwise());
  };
  const [database, chain] = [await readDatabase(killable), await readChain(killable)];
  const domain = settlementDomainOf(killable.deployment);
  checkNotes(database, notes, expect);
  checkJobs(database, expect);
  checkDirect(database, chain, notes, expect);
  checkLanes(database, chain, domain, expect);
  await checkReceipts(killable, database, domain, expect);
  await checkPictures(killable, database, notes, expect);
  await checkBalances(killable, database, chain, expect);
  await checkJournals(killable, database, domain, expect);
  await checkQuota(killable, database, expect);
  const { jobs, receipts } = database;
  const failures: Record<string, number> = {};
  for (const { error_code } of jobs) if (error_code) failures[error_code] = (failures[error_code] ?? 0) + 1;
  return {
    findings,
    figures: {
      posted: notes.length,
      accepted: notes.filter(({ job }) => job !== undefined).length,
      done: jobs.filter(({ status }) => status === "done").length,
      failed: jobs.filter(({ status }) => status === "failed").length,
      pictures: receipts.length,
      lanes: chain.opened.length,
      settlements: chain.settled.length,
      collects: chain.collected.length,
      paid: sumOf([...chain.settled, ...chain.collected].map(grossOf)).toString(),
      retried: jobs.filter(({ attempts }) => attempts > 1).length,
      failures,
    },
  };
}

type Expect = (isSo: boolean, otherwise: () => string) => void;

/** Every accepted job is there, and ended as its client was told; none was made twice. */
function checkNotes({ jobs, candidates }: Database, notes: readonly Note[], expect: Expect): void {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const byPrompt = groupBy(jobs, ({ prompt }) => prompt);
  const known = new Set(notes.map(({ prompt }) => prompt));
  for (const { prompt, job: id, end, orders, rail, count } of notes) {
    const made = byPrompt.get(prompt) ?? [];
    expect(made.length <= 1, () => `"${prompt}" became ${made.length} jobs: ${made.map((job) => job.id).join(", ")}.`);
    if (id === undefined) {
      expect(
        rail === "gateway" || made.length === 0,
        () => `"${prompt}" made job ${made[0]?.id}, and its payer never heard of it.`,
      );
      continue;
    }
    const job = byId.get(id);
    expect(job !== undefined, () => `Job ${id} ("${prompt}") was accepted, and is lost.`);
    if (!job) continue;
    expect(job.prompt === prompt && job.count === count, () => `Job ${id} is another than "${prompt}".`);
    expect(end !== undefined, () => `The client of job ${id} ("${prompt}", ${job.status}) was never told its end.`);
    expect(
      end === undefined || end.status === job.status,
      () => `Job ${id} was told to be ${end?.status}, and is ${job.status}.`,
    );
    expect(
      end?.status !== "failed" || (end.error?.message ?? "") !== "",
      () => `Job ${id} failed, and its client was not told why.`,
    );
    if (rail === "direct") {
      const mine = new Set(orders.map(({ order }) => orderHash(order)));
      const theirs = candidates.filter(({ job_id }) => job_id === id);
      expect(
        theirs.length > 0 && theirs.every((row) => mine.has(row.order_hash)),
        () => `Job ${id} has other orders than its client signed.`,
      );
    }
  }
  for (const job of jobs) expect(known.has(job.prompt), () => `Job ${job.id} ("${job.prompt}") was posted by nobody.`);
}

/** Every job ended, with a reason or with all its pictures. */
function checkJobs({ jobs, receipts, wrongs }: Database, expect: Expect): void {
  // These workers are honest: only by another one's lease could one deliver what is not wanted of it.
  for (const { job_id, message } of wrongs) expect(false, () => `A delivery of job ${job_id} was wrong: ${message}`);
  const byJob = groupBy(receipts, ({ job_id }) => job_id);
  for (const job of jobs) {
    const made = (byJob.get(job.id) ?? []).map(({ index }) => index).sort((a, b) => a - b);
    const name = `Job ${job.id} (${job.rail}, ${job.status})`;
    expect(["done", "failed"].includes(job.status), () => `${name} did not end.`);
    if (job.status === "failed") {
      expect(Boolean(job.error_code && job.error_message), () => `${name} has no reason.`);
      expect(made.length === 0, () => `${name} has receipts.`);
    }
    if (job.status !== "done") continue;
    // The engine of these workers never gives up, so no order ends early.
    expect(
      made.length === job.count && made.every((index, i) => index === i),
      () => `${name} has the pictures ${made.join(", ")} of ${job.count}.`,
    );
    expect((job.lane_id === null) === (job.rail === "direct"), () => `${name} is on the other rail.`);
  }
}

/** Direct rail: one settlement for each job that is done, of just its receipts, and none for any other. */
function checkDirect({ jobs, receipts }: Database, { settled }: Chain, notes: readonly Note[], expect: Expect): void {
  const done = new Map(
    jobs.filter((job) => job.rail === "direct" && job.status === "done").map((job) => [job.order_hash, job]),
  );
  const signed = new Set(notes.flatMap(({ orders }) => orders.map(({ order }) => orderHash(order))));
  const nonces = new Set<string>();
  for (const event of settled) {
    const key = `${lower(event.payer)}/${event.nonce}`;
    expect(!nonces.has(key), () => `Nonce ${key} was settled twice.`);
    nonces.add(key);
    expect(signed.has(event.orderHash), () => `Order ${event.orderHash} was settled, and signed by no client.`);
    const job = done.get(event.orderHash);
    expect(job !== undefined, () => `Order ${event.orderHash} was settled, and no job that is done had it.`);
    if (!job) continue;
    const own = receipts.filter(({ job_id }) => job_id === job.id);
    const price = sumOf(own.map((row) => BigInt(row.price)));
    expect(
      event.receiptCount === own.length,
      () => `Job ${job.id} was settled with ${event.receiptCount} receipts of ${own.length}.`,
    );
    expect(grossOf(event) === price, () => `Job ${job.id} cost ${grossOf(event)}, and its receipts say ${price}.`);
    expect(event.anchored, () => `Job ${job.id} was settled, and is not anchored.`);
  }
  const hashes = new Set(settled.map((event) => event.orderHash));
  for (const [hash, job] of done)
    expect(hash !== null && hashes.has(hash), () => `Job ${job.id} is done, and was not settled.`);
}

/** Lane rail: places without gaps, all of it promised, all of it collected, each receipt anchored. */
function checkLanes(
  { receipts, totals }: Database,
  { collected, anchored }: Chain,
  domain: SettlementDomain,
  expect: Expect,
): void {
  const byLane = groupBy(
    receipts.filter((row) => row.lane_id !== null),
    (row) => row.lane_id as Hex,
  );
  for (const [lane, rows] of byLane) {
    expect(
      rows.every((row, i) => row.lane_position === i + 1),
      () => `Lane ${lane} has gaps in the places of its receipts.`,
    );
    for (const [model, own] of groupBy(rows, (row) => messageFromJson("JobReceipt", row.message).modelId)) {
      const price = sumOf(own.map((row) => BigInt(row.price)));
      const promised = totals.find((row) => row.lane_id === lane && BigInt(row.model_id) === model)?.promised;
      expect(
        promised === price.toString(),
        () => `Lane ${lane} promises ${promised} for model ${model}, and its receipts cost ${price}.`,
      );
      const events = collected.filter((event) => event.laneId === lane && event.modelId === model);
      expect(
        sumOf(events.map(grossOf)) === price,
        () => `Lane ${lane} paid ${sumOf(events.map(grossOf))} for model ${model}, and its receipts cost ${price}.`,
      );
    }
    // Trees are of receipts in a row: what was anchored before is not in the next one.
    const covered = new Set<number>();
    for (const { root, receiptCount } of anchored.filter((event) => event.laneId === lane)) {
      const first = rows.findIndex((_, i) => treeRoot(rows.slice(i, i + receiptCount), domain) === root);
      expect(
        first >= 0,
        () => `Lane ${lane} anchored the root ${root}, which no ${receiptCount} of its receipts have.`,
      );
      for (let i = 0; first >= 0 && i < receiptCount; i++) covered.add(first + i);
    }
    expect(covered.size === rows.length, () => `Lane ${lane} anchored ${covered.size} of its ${rows.length} receipts.`);
  }
  for (const { laneId } of collected)
    expect(byLane.has(laneId), () => `Lane ${laneId} was collected, and has no receipts.`);
}

function treeRoot(rows: readonly ReceiptRow[], domain: SettlementDomain): Hex {
  if (rows.length === 0) return zeroHash;
  return receiptTree(
    rows.map((row) => messageFromJson("JobReceipt", row.message)),
    domain,
  ).root;
}

/** Every receipt is signed by a key of its worker, and no image has two. */
async function checkReceipts(
  killable: KillableGrid,
  { jobs, receipts }: Database,
  domain: SettlementDomain,
  expect: Expect,
): Promise<void> {
  const { settlement } = killable.reader.grid;
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const keys = new Map<string, boolean>();
  const places = new Set<string>();
  for (const row of receipts) {
    const receipt: JobReceipt = messageFromJson("JobReceipt", row.message);
    const place = `${row.order_hash}/${row.index}`;
    expect(!places.has(place), () => `Image ${place} has two receipts.`);
    places.add(place);
    const id = receiptId(receipt, domain);
    const job = byId.get(row.job_id);
    const same = id === row.receipt_id && receipt.imageHash === row.image_hash && receipt.price === BigInt(row.price);
    expect(
      same && receipt.orderHash === row.order_hash && receipt.index === row.index,
      () => `Receipt ${row.receipt_id} is stored as another.`,
    );
    expect(job?.order_hash === row.order_hash, () => `Receipt ${row.receipt_id} is of another order than its job's.`);
    const signer = recoverSigner(id, row.signature);
    const key = `${lower(receipt.worker)}/${lower(signer)}`;
    if (!keys.has(key))
      keys.set(key, await settlement.read.isSigner([receipt.worker, SignerRole.WORKER_SIGNER, signer]));
    expect(
      keys.get(key) === true && job?.worker === lower(receipt.worker),
      () => `Receipt ${row.receipt_id} is not signed by its worker.`,
    );
  }
}

/** Every receipt's picture is served, byte for byte; what a client was told is what is there. */
async function checkPictures(
  { cloudUrls }: KillableGrid,
  { receipts }: Database,
  notes: readonly Note[],
  expect: Expect,
): Promise<void> {
  const pictures = new Map(receipts.map((row) => [row.cid, row]));
  for (const [n, [cid, row]] of [...pictures].entries()) {
    const url = cloudUrls[n % cloudUrls.length];
    const response = await fetch(`${url}/ipfs/${cid}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const hash = `0x${createHash("sha256").update(bytes).digest("hex")}`;
    expect(
      response.status === 200 && hash === row.image_hash,
      () =>
        `${url}/ipfs/${cid} (${response.status}, ${bytes.length} bytes) is not the picture of receipt ${row.receipt_id}.`,
    );
    expect(bytes.length <= MAX_RAW_BLOCK, () => `The picture ${cid} is larger than this check can judge.`);
  }
  const byId = new Map(receipts.map((row) => [row.receipt_id, row]));
  for (const note of notes) {
    for (const { receiptId: id, cid } of note.pictures) {
      expect(
        byId.get(id as Hex)?.cid === cid && byId.get(id as Hex)?.job_id === note.job,
        () => `The client of job ${note.job} was given receipt ${id}, which is not there.`,
      );
    }
    expect(
      note.end?.status !== "done" || note.pictures.length === note.count,
      () => `The client of job ${note.job} was given ${note.pictures.length} pictures of ${note.count}.`,
    );
  }
}

/** Balances on chain against what the receipts say, to the wei, with fees as `SplitMath` has them. */
async function checkBalances(
  killable: KillableGrid,
  { jobs, receipts }: Database,
  { settled, deposits, opened }: Chain,
  expect: Expect,
): Promise<void> {
  const { settlement, aipg } = killable.reader.grid;
  const expectWei = (what: string, is: bigint, shall: bigint): void =>
    expect(is === shall, () => `${what} is ${is} AIPG wei, and has to be ${shall}.`);
  const { protocolBps } = await settlement.read.feeConfigOf([await settlement.read.currentFeeConfigId()]);
  const [royaltyBps] = await settlement.read.modelRoyaltyOf([killable.modelId]);
  const shares = (gross: bigint): Shares => sharesOf(gross, BigInt(protocolBps), BigInt(royaltyBps));
  const direct = groupBy(
    receipts.filter((row) => row.lane_id === null),
    (row) => row.job_id,
  );
  const onLanes = groupBy(
    receipts.filter((row) => row.lane_id !== null),
    (row) => row.lane_id as Hex,
  );
  const priceOf = (rows: readonly ReceiptRow[]): bigint => sumOf(rows.map((row) => BigInt(row.price)));
  const workerOf = (rows: readonly ReceiptRow[]): string =>
    lower(messageFromJson("JobReceipt", rows[0]?.message).worker);

  const due = [...direct.values(), ...onLanes.values()].map((rows) => ({
    worker: workerOf(rows),
    ...shares(priceOf(rows)),
  }));
  let [earned, accrued] = [0n, 0n];
  for (const { party } of killable.workers) {
    const own = due.filter(({ worker }) => worker === lower(party.address));
    const [is, fee] = [
      await settlement.read.earnedOf([party.address]),
      await settlement.read.protocolAccruedOf([party.address]),
    ];
    expectWei(`What worker ${party.address} earned`, is, sumOf(own.map(({ toWorker }) => toWorker)));
    expectWei(`The protocol's fee from worker ${party.address}`, fee, sumOf(own.map(({ protocolFee }) => protocolFee)));
    earned += is;
    accrued += fee;
  }
  const royalties = await settlement.read.modelEarnedOf([killable.modelId]);
  expectWei(`What model ${killable.modelId} earned`, royalties, sumOf(due.map(({ royalty }) => royalty)));

  let free = 0n;
  const accounts = new Set([...deposits.map((event) => event.account), ...opened.map((event) => event.payer)]);
  for (const address of accounts) {
    const paidIn = sumOf(
      deposits.filter((event) => isAddressEqual(event.account, address)).map(({ amount }) => amount),
    );
    const lanes = await Promise.all(
      opened
        .filter((event) => isAddressEqual(event.payer, address))
        .map(({ laneId }) => settlement.read.laneOf([laneId])),
    );
    const inLanes = sumOf(lanes.map((lane) => lane.free + lane.thawing));
    const byOrders = sumOf(settled.filter((event) => isAddressEqual(event.payer, address)).map(grossOf));
    const byLanes = isAddressEqual(address, killable.gateway.address) ? sumOf([...onLanes.values()].map(priceOf)) : 0n;
    const { balance } = await settlement.read.accountOf([address]);
    expectWei(`The account of ${address}`, balance, paidIn - inLanes - byOrders - byLanes);
    free += balance + inLanes;
  }
  // Orders of jobs that are done, from the database; settlements, from the chain.
  const ordered = sumOf(
    jobs
      .filter(({ rail, status }) => rail === "direct" && status === "done")
      .map(({ id }) => priceOf(direct.get(id) ?? [])),
  );
  expectWei("What was settled", sumOf(settled.map(grossOf)), ordered);
  expectWei(
    "AIPG in GridSettlement",
    await aipg.read.balanceOf([settlement.address]),
    free + earned + accrued + royalties,
  );
}

/** Workers' journals: nothing open or unpaid, each lane's book equal to the lane, every receipt of the cloud in it. */
async function checkJournals(
  killable: KillableGrid,
  { receipts }: Database,
  domain: SettlementDomain,
  expect: Expect,
): Promise<void> {
  const { settlement } = killable.reader.grid;
  for (const { party, state: folder } of killable.workers) {
    const state = await openState(folder, domain);
    try {
      const name = `The journal of worker ${party.address}`;
      for (const job of ["delivered", "waiting", "short", "lost"] as const) {
        expect(
          state.ledger.jobsIn(job).length === 0,
          () => `${name} has ${state.ledger.jobsIn(job).length} orders that are ${job}.`,
        );
      }
      for (const { laneId, earned } of state.ledger.lanes()) {
        for (const [modelId, amount] of earned) {
          const { cumulative } = await settlement.read.laneTotalOf([laneId, modelId]);
          expect(
            amount === cumulative,
            () => `${name} counts ${amount} AIPG wei on lane ${laneId}, which paid ${cumulative}.`,
          );
        }
      }
      const own = receipts.filter(
        (row) => lower(messageFromJson("JobReceipt", row.message).worker) === lower(party.address),
      );
      for (const { receipt_id, order_hash, index } of own) {
        const kept = state.ledger.job(order_hash)?.receipts.get(index);
        expect(
          kept !== undefined && receiptId(kept, domain) === receipt_id,
          () => `${name} has another receipt of image ${order_hash}/${index} than the cloud.`,
        );
      }
    } finally {
      await state.close();
    }
  }
}

/** The quota counts what was delivered, and gave back what was not. */
async function checkQuota({ sql }: KillableGrid, { jobs }: Database, expect: Expect): Promise<void> {
  const rows = await sql<{ account: string; used: number }>(
    "SELECT account, sum(used)::int AS used FROM cloud.quota WHERE account ~ '^(0x|everybody)' GROUP BY account",
  );
  const delivered = jobs.filter((job) => job.rail === "gateway" && (job.status === "done" || job.is_charged));
  const imagesOf = (own: readonly JobRow[]): number => own.reduce((sum, { count }) => sum + count, 0);
  for (const { account, used } of rows) {
    const own = account === "everybody" ? delivered : delivered.filter(({ requester }) => requester === account);
    expect(
      used === imagesOf(own),
      () => `The quota of ${account} counts ${used} images, and ${imagesOf(own)} were delivered.`,
    );
  }
}

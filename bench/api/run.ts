/**
 * `npm run bench:api [-- --rows 100000 --rounds 3 --seconds 2 --readers 1,2,4 --only list,by]`: how fast the gallery API answers,
 * beside Ponder's generated GraphQL, PostGraphile 4, and hono with SQL by hand, on the same tables in the same run. Writes
 * bench/results/api-<rows>.json. Nothing else should run beside it.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Processes, readyLine } from "../../local/src/processes.ts";
import { projectRoot } from "../../tools/check.ts";
import { withBenchEnvironment } from "../measure/environment.ts";
import { installPeers } from "../measure/peers.ts";
import { resolvePonderSchema } from "../measure/ponderSchema.ts";
import { type BenchPostgres, withClient } from "../measure/postgres.ts";
import { cpuSeconds, cpuSecondsOfTree } from "../measure/process.ts";
import { monotonic, type ProfileSummary, type ProfileWindow, readProfile, summarise } from "../measure/profile.ts";
import { writeResults } from "../measure/results.ts";
import { CHAIN_ID } from "../synthetic/deployment.ts";
import { type Case, type Contender, casesOf, type Stock } from "./cases.ts";
import { load, warmUp } from "./client.ts";
import { latencies } from "./latency.ts";
import { loadGallery, vacuum } from "./load.ts";
import { refusals } from "./refusals.ts";
import { asJson, asText, type Measured, type Scaled } from "./report.ts";
import { requireSame } from "./same.ts";
import {
  type Place,
  type Server,
  startGenerated,
  startIndexer,
  startPostGraphile,
  startRaw,
  startReader,
} from "./servers.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "100000" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "2" },
    /** Numbers of reading processes. */
    readers: { type: "string", default: "1,2,4" },
    /** Beginnings of the names of cases. */
    only: { type: "string", default: "" },
  },
});
const [rows, rounds, seconds] = [Number(values.rows), Number(values.rounds), Number(values.seconds)];
const readerCounts = values.readers.split(",").map(Number);
const wanted = values.only.split(",");

const CONNECTIONS = 10;
/** Seconds between blocks, as on Base: what is kept for a block is forgotten so often. */
const BLOCK = 2;
/** Blocks of the chain: some two hours. */
const BLOCKS = 4_000;
const schema = "bench";

/** Seconds that the preparations took. */
const preparation: Record<string, number> = {};

async function timed<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const began = performance.now();
  const result = await work();
  preparation[name] = Number(((performance.now() - began) / 1_000).toFixed(1));
  console.log(`${name}: ${preparation[name]} s`);
  return result;
}

/** Tables made by the indexer itself, filled, and indexed by the indexer when it goes on. */
async function prepareTables(processes: Processes, postgres: BenchPostgres, home: string) {
  const chain = await processes.start({
    name: "chain",
    command: process.execPath,
    args: ["--import", "tsx", join(projectRoot, "bench/synthetic/rpc.ts"), "0", "1", `${BLOCKS}`, `${1_000 * BLOCK}`],
    cwd: projectRoot,
    environment: process.env,
    isReady: (printed) => readyLine(printed),
  });
  const rpcUrl = readyLine(readFileSync(chain.log, "utf8"))?.url ?? "";
  const place: Place = { processes, home, rpcUrl, database: await postgres.database("bench_api"), schema };
  await timed("tables of an empty chain", async () => (await startIndexer(place)).stop());
  await timed(`COPY of ${rows} artworks`, () =>
    loadGallery(place.database, schema, rows, (artworks) => {
      if (artworks % 100_000 === 0) console.log(`  ${artworks} artworks`);
    }),
  );
  const indexer = await timed("indexes", () => startIndexer(place));
  await timed("vacuum", () => vacuum(place.database, schema));
  return { place, indexer, chain };
}

async function stockOf({ database }: Place): Promise<Stock> {
  return withClient(database, async (client) => {
    await client.query(`set search_path to "${schema}"`);
    const models = await client.query<{ modelId: string; family: number; name: string; version: string }>(
      'select model_id as "modelId", family, name, version from model order by model_id',
    );
    const workers = await client.query<{ address: string }>("select address from worker where registered order by seq");
    const tokens = await client.query<{ id: string }>(
      `select token_id::text as id from artwork tablesample bernoulli (${Math.min(100, (100 * 20_000) / rows)}) order by token_id`,
    );
    return {
      models: models.rows.map((row) => ({ ...row, modelId: BigInt(row.modelId) })),
      workers: workers.rows.map(({ address }) => address),
      tokenIds: tokens.rows.map(({ id }) => id),
      artworks: rows,
    };
  });
}

async function measureCase(
  { name, requests }: Case,
  contender: Contender,
  server: Server,
  postgres: BenchPostgres,
): Promise<Measured | undefined> {
  const prepared = requests[contender];
  if (!prepared) return undefined;
  const options = { ports: [server.port], requests: prepared, connections: CONNECTIONS };
  await warmUp(options);
  const [node, database] = [cpuSeconds(server.pid), cpuSecondsOfTree(postgres.pid)];
  const result = await load({ ...options, seconds });
  const perRequest = (spent: number): number => Math.round((1e6 * spent) / result.requests);
  const cpu = {
    server: perRequest(cpuSeconds(server.pid) - node),
    postgres: perRequest(cpuSecondsOfTree(postgres.pid) - database),
  };
  if (result.failure !== undefined) console.error(`${name}, ${contender}: ${result.failure}`);
  return { case: name, contender, ...result, cpu };
}

async function measureScale(place: Place, cases: readonly Case[], first: Server): Promise<Scaled[]> {
  const readers = [first];
  const scaled: Scaled[] = [];
  for (const count of readerCounts) {
    while (readers.length < count) readers.push(await startReader(place, readers.length + 1));
    for (const { name, requests } of cases) {
      if (!requests.ours) continue;
      const ports = readers.slice(0, count).map(({ port }) => port);
      const options = { ports, requests: requests.ours, connections: Math.max(CONNECTIONS, 4 * count) };
      await warmUp(options);
      const { perSecond, p99 } = await load({ ...options, seconds });
      scaled.push({ case: name, readers: count, perSecond, p99 });
    }
  }
  for (const reader of readers.slice(1)) await reader.stop();
  return scaled;
}

/** Where the time of a reading process goes, by case. */
async function profileCases(place: Place, cases: readonly Case[]): Promise<Record<string, ProfileSummary>> {
  const folder = join(place.home, "profile");
  mkdirSync(folder);
  const reader = await startReader(place, 0, folder);
  const windows = new Map<string, ProfileWindow>();
  for (const { name, requests } of cases) {
    if (!requests.ours) continue;
    const options = { ports: [reader.port], requests: requests.ours, connections: CONNECTIONS };
    await warmUp(options);
    const from = monotonic(Date.now());
    await load({ ...options, seconds });
    windows.set(name, { from, to: monotonic(Date.now()) });
  }
  await reader.stop();
  const profile = readProfile(folder);
  return Object.fromEntries([...windows].map(([name, window]) => [name, summarise(profile, window, 12)]));
}

await withBenchEnvironment(async ({ home, processes, postgres }) => {
  installPeers();
  const { place, indexer, chain } = await prepareTables(processes, postgres, home);
  const servers: Record<Contender, Server> = {
    ours: await startReader(place, 1),
    ponder: await startGenerated(place),
    postgraphile: await startPostGraphile(place),
    raw: await startRaw(place),
  };
  const stock = await stockOf(place);
  const cases = casesOf(stock, CHAIN_ID).filter(({ name }) => wanted.some((beginning) => name.startsWith(beginning)));
  await requireSame(servers, cases);
  const loads: Measured[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const each of cases) {
      for (const contender of Object.keys(each.requests) as Contender[]) {
        const measured = await measureCase(each, contender, servers[contender], postgres);
        if (!measured) continue;
        loads.push(measured);
        const { perSecond, p99, cpu } = measured;
        const figures = `${perSecond}/s, p99 ${p99} ms, CPU ${cpu.server}+${cpu.postgres} us`;
        console.log(`round ${round}: ${each.name}, ${contender}: ${figures}`);
      }
    }
  }
  const single = await latencies(servers.ours.port, place.database, schema, rows);
  const refused = await timed("hostile questions", () => refusals(servers.ours));
  resolvePonderSchema();
  const { costings } = await import("./costing.ts");
  const costs = await timed("costs", () =>
    costings({ database: place.database, schema, postgres: postgres.pid, chainId: CHAIN_ID, stock }),
  );
  const scaled = await measureScale(place, cases.slice(0, 2), servers.ours);
  const profiles = await profileCases(place, cases.slice(0, 5));
  const targets = Object.fromEntries(cases.map(({ name, target }) => [name, target]));
  const measurements = {
    ...{ artworks: rows, rounds, targets, loads, latencies: single, scaled, profiles, preparation },
    ...{ refusals: refused, costs },
  };
  console.log(`\n${asText(measurements)}`);
  writeResults(`api-${rows}`, asJson(measurements));
  for (const part of [...Object.values(servers), indexer, chain]) await part.stop();
});

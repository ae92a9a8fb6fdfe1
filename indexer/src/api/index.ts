import { db } from "ponder:api";
import tables from "ponder:schema";
import { client, graphql } from "ponder";
import { readEnvironment } from "../../config/environment.ts";
import { announce } from "./announce.ts";
import { createApi } from "./app.ts";
import { createChainReader } from "./chain.ts";
import { createChangeStream } from "./changeStream.ts";
import { createChanges } from "./changes.ts";
import { createFresh } from "./fresh.ts";
import { createAnswerer } from "./graphql/execute.ts";
import { newHealthMemory } from "./health.ts";
import { showIndexes } from "./indexes.ts";
import { openLaneOnFirstRequest } from "./lane.ts";
import { databaseSchema, ponderReadPool, presence, survivePonderLosses, viewsSchema } from "./namespace.ts";
import { neededColumns } from "./needed.ts";
import { createGate } from "./public.ts";
import { createReadPool } from "./sql/pool.ts";
import { limitSql } from "./sqlOverHttp.ts";
import { tableLimits } from "./tableRows.ts";
import { limitStatements, limitTables, speakableTables } from "./tables.ts";

const environment = await readEnvironment(process.env);
const { chainId, databaseUrl, deployment, door, maxLag, pollingInterval, publicUrl, rpcUrls } = environment;
const { opensMetrics, opensSql } = environment;

survivePonderLosses();
const schema = databaseSchema();
// Ponder runs this file when it has prepared its tables.
const writer = presence();
if (writer) await showIndexes(writer, schema);
const pool = createReadPool(databaseUrl);
const chain = createChainReader(rpcUrls);
const fresh = createFresh({ databaseUrl, schema, viewsSchema: viewsSchema(), needed: neededColumns(), chainId });
await fresh.started;
const answerer = createAnswerer({
  ...{ pool, chain, fresh, chainId, onError: logError },
  settlement: deployment.contracts.GridSettlement.address,
});
const memory = newHealthMemory();
const health = { reader: pool.reader, chain, schema: fresh.schema, chainId, maxLag, pollingInterval, memory };

const gate = createGate(door);
const app = createApi({ answerer, fresh, health, gate, chainId, publicUrl, onError: logError }, (api) => {
  const changes = createChanges({ pool, fresh, chainId, onError: logError });
  api.route("/", createChangeStream({ changes, fresh }));
  limitStatements(ponderReadPool());
  api.use("/tables", limitTables());
  api.use(
    "/tables",
    graphql(
      { db, schema: speakableTables(tables) },
      {
        maxOperationDepth: tableLimits.depth,
        maxOperationTokens: tableLimits.tokens,
        maxOperationAliases: tableLimits.aliases,
      },
    ),
  );
  if (opensSql) api.use("/sql/*", limitSql(), client({ db, schema: tables }));
});

openLaneOnFirstRequest({ answerer, gate, opensMetrics, onError: logError });
announce(health, publicUrl);

function logError(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  console.error(JSON.stringify({ level: 50, time: Date.now(), msg: "A question failed", error: message, stack }));
}

// biome-ignore lint/style/noDefaultExport: Ponder takes the app so
export default app;

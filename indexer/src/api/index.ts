import { db } from "ponder:api";
import * as tables from "ponder:schema";
import { client, graphql } from "ponder";
import { createChainReader } from "../../ops/chainReader.ts";
import { readEnvironment } from "../../ops/environment.ts";
import { showIndexes } from "../../ops/indexes.ts";
import { messageOf } from "../../ops/log.ts";
import {
  databaseSchema,
  lockConnection,
  ponderReadPool,
  survivePonderLosses,
  viewsSchema,
} from "../../ops/ponderGlobals.ts";
import { requiredColumns } from "../../ops/schemaCompat.ts";
import { createExecutor } from "./graphql/executor.ts";
import { createRateLimiter } from "./http/rateLimit.ts";
import { createReadPool } from "./query/readPool.ts";
import { createChanges } from "./rest/changeFeed.ts";
import { createChangeStream } from "./rest/changeStream.ts";
import { createApi } from "./server/app.ts";
import { openFastPathOnFirstRequest } from "./server/nodeFastPath.ts";
import { newHealthMemory } from "./status/health.ts";
import { createIndexingStatus } from "./status/indexingStatus.ts";
import { startReadyLog } from "./status/readyLog.ts";
import { tableLimits } from "./tables/rowCount.ts";
import { limitSql } from "./tables/sqlOverHttp.ts";
import { limitStatements, limitTables, speakableTables } from "./tables/tablesOverHttp.ts";

const environment = await readEnvironment(process.env);
const { chainId, databaseUrl, deployment, rateLimit, maxLag, pollingInterval, publicUrl, rpcUrls } = environment;
const { opensMetrics, opensSql } = environment;

survivePonderLosses();
const schema = databaseSchema();
// Ponder runs this file when it has prepared its tables.
const writer = lockConnection();
if (writer) await showIndexes(writer, schema);
const pool = createReadPool(databaseUrl);
const chain = createChainReader(rpcUrls);
const indexingStatus = createIndexingStatus({
  databaseUrl,
  schema,
  viewsSchema: viewsSchema(),
  required: requiredColumns(),
  chainId,
});
await indexingStatus.started;
const executor = createExecutor({
  ...{ pool, chain, indexingStatus, chainId, onError: logError },
  settlement: deployment.contracts.GridSettlement.address,
});
const memory = newHealthMemory();
const health = {
  ...{ reader: pool.reader, chain, schema: indexingStatus.schema, chainId, maxLag, pollingInterval, memory },
  answersAt: (block: number) => indexingStatus.atLeast(block, 1_000).catch(indexingStatus.current),
};

const rateLimiter = createRateLimiter(rateLimit);
const app = createApi(
  { executor, indexingStatus, health, rateLimiter, chainId, publicUrl, onError: logError },
  (api) => {
    const changes = createChanges({ pool, indexingStatus, chainId, onError: logError });
    api.route("/", createChangeStream({ changes, indexingStatus }));
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
  },
);

openFastPathOnFirstRequest({ executor, rateLimiter, opensMetrics, onError: logError });
startReadyLog(health, publicUrl);

function logError(error: unknown): void {
  const { stack } = error instanceof Error ? error : {};
  const line = { level: 50, time: Date.now(), msg: "A question failed", error: messageOf(error), stack };
  console.error(JSON.stringify(line));
}

// biome-ignore lint/style/noDefaultExport: Ponder takes the app so
export default app;

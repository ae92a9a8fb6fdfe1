import { db } from "ponder:api";
import tables from "ponder:schema";
import { Hono } from "hono";
import { graphql } from "ponder";
import { readEnvironment } from "../../config/environment.ts";
import { announce } from "./announce.ts";
import { createChainReader } from "./chain.ts";
import { createFresh } from "./fresh.ts";
import { createAnswerer } from "./graphql/execute.ts";
import { newHealthMemory } from "./health.ts";
import { createRoutes } from "./http.ts";
import { showIndexes } from "./indexes.ts";
import { createLane } from "./lane.ts";
import { databaseSchema, presence, viewsSchema } from "./namespace.ts";
import { neededColumns } from "./needed.ts";
import { createDoor, createGate } from "./public.ts";
import { createRestRoutes } from "./rest/routes.ts";
import { createReadPool } from "./sql/pool.ts";
import { limitTables, speakableTables, tableLimits } from "./tables.ts";

const environment = await readEnvironment(process.env);
const { chainId, databaseUrl, deployment, door, maxLag, pollingInterval, publicUrl, rpcUrls } = environment;

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

const app = new Hono();
const gate = createGate(door);
app.use(createDoor(gate));
app.route("/", createRoutes(answerer, health, createLane({ answerer, gate, onError: logError })));
app.route("/", createRestRoutes({ answerer, fresh, publicUrl, onError: logError }));
app.use("/tables", limitTables());
app.use(
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

announce(health, publicUrl);

function logError(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  console.error(JSON.stringify({ level: 50, time: Date.now(), msg: "A question failed", error: message, stack }));
}

// biome-ignore lint/style/noDefaultExport: Ponder takes the app so
export default app;

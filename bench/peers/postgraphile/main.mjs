// PostGraphile 4 on the indexer's tables, as its documentation sets it up for production:
//   node bench/peers/postgraphile/main.mjs <database> <schema> <port>
import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { Pool } = require("pg");
const { postgraphile } = require("postgraphile");

const [database, schema, port] = process.argv.slice(2);
const pool = new Pool({
  connectionString: database,
  max: 8,
  options: `-c search_path="${schema}" -c random_page_cost=1.1`,
});

const handler = postgraphile(pool, schema, {
  graphqlRoute: "/graphql",
  graphiql: false,
  dynamicJson: true,
  setofFunctionsContainNulls: false,
  ignoreRBAC: false,
  legacyRelations: "omit",
  disableQueryLog: true,
  disableDefaultMutations: true,
  queryCacheMaxSize: 50_000_000,
});

createServer(handler).listen(Number(port), "127.0.0.1", () => console.log(JSON.stringify({ ready: true })));

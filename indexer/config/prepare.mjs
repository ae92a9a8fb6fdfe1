// What the indexer's program has to know before Ponder runs: checks the environment, and says to the process that asked (`main.mjs`)
// where Ponder is to keep its tables. A process of its own, because what reads TypeScript here would stay in the way of every module
// that is loaded later, and Ponder has thousands of them and a loader of its own.
import { fileURLToPath } from "node:url";
import { tsImport } from "tsx/esm/api";

/** @param {string} path TypeScript of this project. */
function load(path) {
  return tsImport(path, {
    parentURL: import.meta.url,
    tsconfig: fileURLToPath(new URL("../../tsconfig.json", import.meta.url)),
  });
}

/**
 * @param {string} command
 * @returns What Ponder is to run and where it listens, with variables of the environment to set, or to remove where there is none;
 *   nothing when all is done.
 */
async function prepare(command) {
  const { readEnvironment } = await load("./environment.ts");
  const commands = await load("./commands.ts");
  const environment = await readEnvironment(process.env);
  const { host, port } = environment;
  if (command === "prune") {
    for (const pruned of await commands.pruneSchemas(environment)) console.log(JSON.stringify(pruned));
    return undefined;
  }
  if (command === "serve") {
    const schema = await commands.viewsToServe(environment);
    return { ponder: "serve", host, port, variables: { DATABASE_SCHEMA: schema, DATABASE_VIEWS_SCHEMA: null } };
  }
  const isRebuild = command === "rebuild";
  const find = isRebuild ? commands.schemasToRebuild : commands.schemasToStart;
  const { schema, views, isReplaced } = await find(environment);
  console.log(JSON.stringify({ indexing: schema, views, replaced: isReplaced }));
  return {
    ponder: "start",
    ...{ host, port },
    variables: {
      DATABASE_SCHEMA: schema,
      DATABASE_VIEWS_SCHEMA: isReplaced ? null : views,
      ...(isReplaced && { GRID_INDEXER_FOLLOWS: views }),
      ...(isRebuild && { GRID_INDEXER_HANDS_OVER: "1" }),
    },
  };
}

// Whoever asked is gone: nobody waits for the answer.
process.once("disconnect", () => process.exit(1));

prepare(process.argv[2] ?? "").then(
  (prepared) => {
    process.removeAllListeners("disconnect");
    if (prepared === undefined) process.disconnect();
    else process.send?.(prepared, () => process.disconnect());
  },
  (error) => {
    console.error(error.name === "IndexerEnvironmentError" ? error.message : error);
    process.exit(1);
  },
);

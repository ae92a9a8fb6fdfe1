// Imports between files of this repository, by the TypeScript compiler: their direction, and circles.
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import ts from "typescript";
import { filesBelow, projectRoot } from "./check.ts";

/** Files by path, and the files that each imports. Types count like values. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** Group of files that may import from itself, from the layers below it, and from all that those may import from. */
export interface Layer {
  readonly name: string;
  /** Paths of its files. A file belongs to the first layer that matches. */
  readonly files: RegExp;
  readonly below: readonly string[];
}

/** Modules by the names that are not paths, as the root's tsconfig and Ponder resolve them. */
const aliases: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(readTsconfigPaths()).map(([name, [path = ""]]) => [name, normalize(path)] as const),
  ),
  "ponder:schema": "indexer/ponder.schema.ts",
};

function readTsconfigPaths(): Readonly<Record<string, readonly string[]>> {
  const { config } = ts.readConfigFile(join(projectRoot, "tsconfig.json"), (path) => readFileSync(path, "utf8"));
  return config.compilerOptions.paths;
}

/** Returns the files of this repository that a module imports, without those of packages. */
export function importsOf(file: string, text: string): string[] {
  const { importedFiles } = ts.preProcessFile(text, true, true);
  const paths = importedFiles.flatMap(({ fileName }) => {
    if (fileName.startsWith(".")) return [normalize(join(dirname(file), fileName))];
    return aliases[fileName] ?? [];
  });
  return [...new Set(paths)];
}

/** Reads the imports of all TypeScript and JavaScript modules below some folders, their tests included. */
export function readImports(folders: readonly string[]): ImportGraph {
  const files = folders.flatMap((folder) =>
    [".ts", ".tsx", ".mts", ".mjs"].flatMap((end) =>
      filesBelow(join(projectRoot, folder), end).map((path) => normalize(join(folder, path))),
    ),
  );
  const known = new Set(files);
  // The SDK names its modules as they are when compiled.
  const sourceOf = (path: string): string => {
    const source = path.replace(/\.js$/, ".ts");
    return known.has(path) || !known.has(source) ? path : source;
  };
  return new Map(
    files.map((file) => [file, importsOf(file, readFileSync(join(projectRoot, file), "utf8")).map(sourceOf)]),
  );
}

/** Returns each import against the direction as a sentence. Files that no layer names are left out. */
export function directionFaults(graph: ImportGraph, layers: readonly Layer[]): string[] {
  const layerOf = (file: string): Layer | undefined => layers.find(({ files }) => files.test(file));
  const allowed = new Map<string, ReadonlySet<string>>();
  for (const { name, below } of layers) {
    allowed.set(name, new Set([name, ...below.flatMap((one) => [...(allowed.get(one) ?? unknownLayer(name, one))])]));
  }
  return [...graph].flatMap(([file, imports]) => {
    const from = layerOf(file);
    return imports.flatMap((imported) => {
      const to = layerOf(imported);
      if (!from || !to || allowed.get(from.name)?.has(to.name)) return [];
      return `${file} (${from.name}) imports ${imported} (${to.name}).`;
    });
  });
}

/** Layers stand in the table above those that they may import from: so no two can be above each other. */
function unknownLayer(name: string, below: string): never {
  throw new Error(`Layer ${name} is above ${below}, which does not stand before it.`);
}

/** Returns the groups of files that import each other, directly or through others, each sorted. */
export function circlesIn(graph: ImportGraph): string[][] {
  // Tarjan's strongly connected components.
  const [numbers, lows] = [new Map<string, number>(), new Map<string, number>()];
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): void => {
    const number = numbers.size;
    numbers.set(file, number);
    lows.set(file, number);
    stack.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!graph.has(next)) continue;
      if (!numbers.has(next)) visit(next);
      if (stack.includes(next)) lows.set(file, Math.min(lows.get(file) ?? 0, lows.get(next) ?? 0));
    }
    if (lows.get(file) !== number) return;
    const group = stack.splice(stack.indexOf(file));
    if (group.length > 1 || graph.get(file)?.includes(file)) circles.push(group.sort());
  };
  for (const file of graph.keys()) if (!numbers.has(file)) visit(file);
  return circles;
}

/** Returns some files and all that they import, directly or through others, sorted. */
export function importedBy(graph: ImportGraph, files: readonly string[]): string[] {
  const found = new Set<string>();
  const visit = (file: string): void => {
    if (found.has(file)) return;
    found.add(file);
    for (const next of graph.get(file) ?? []) visit(next);
  };
  for (const file of files) visit(file);
  return [...found].sort();
}

const sdk = (...folders: readonly string[]): RegExp => new RegExp(`^sdk/src/(${folders.join("|")})/`);

/**
 * Layers of the SDK, the lowest first.
 *
 * - `lib` and `messages` need no chain and no server. `body` is the packed series of GridNFT.
 * - `schemas` are the bodies of the AI Cloud API, `cloud` its client. Neither knows of actions.
 * - `gallery` and `node` are entries of their own: nobody who generates or mints loads them.
 */
export const sdkLayers: readonly Layer[] = [
  { name: "abis", files: /^sdk\/src\/generated\/(abis|addresses|contracts|used)\.ts$/, below: [] },
  { name: "lib", files: sdk("lib"), below: [] },
  { name: "messages", files: sdk("messages"), below: ["lib"] },
  { name: "body", files: sdk("body"), below: ["messages"] },
  { name: "schemas", files: sdk("schemas"), below: ["messages"] },
  { name: "chain", files: sdk("chain"), below: ["abis", "messages"] },
  { name: "cloud", files: sdk("cloud"), below: ["schemas", "chain"] },
  { name: "verify", files: sdk("verify"), below: ["body", "chain"] },
  { name: "actions", files: sdk("actions"), below: ["cloud", "verify"] },
  { name: "gallery", files: sdk("gallery", "generated"), below: ["lib"] },
  { name: "node", files: sdk("node"), below: ["schemas", "chain"] },
  { name: "entry", files: /^sdk\/src\/index\.ts$/, below: ["actions"] },
];

const api = (folder: string): RegExp => new RegExp(`^indexer/src/api/${folder}/`);

/**
 * Layers of the indexer, the lowest first.
 *
 * - Ponder runs and hashes `lib` and `features` as indexing code. Nothing else may change what rows say, so they import nothing of `ops`
 *   or `api`.
 * - `ops` stands below the API: schemas, locks and maintenance know nothing of what is asked.
 * - `query` is SQL, and knows neither GraphQL nor REST.
 */
export const indexerLayers: readonly Layer[] = [
  { name: "schema", files: /^indexer\/(ponder\.schema\.ts|src\/features\/\w+\/schema\.ts)$/, below: [] },
  { name: "lib", files: /^indexer\/src\/lib\//, below: ["schema"] },
  { name: "features", files: /^indexer\/src\/features\//, below: ["lib"] },
  { name: "ops", files: /^indexer\/ops\//, below: ["schema"] },
  { name: "query", files: api("query"), below: ["lib", "ops"] },
  { name: "status", files: api("status"), below: ["query"] },
  { name: "http", files: api("http"), below: [] },
  { name: "graphql", files: api("graphql"), below: ["status", "http"] },
  { name: "rest", files: api("rest"), below: ["graphql"] },
  { name: "tables", files: api("tables"), below: ["graphql"] },
  { name: "server", files: api("server"), below: ["rest", "tables"] },
  { name: "programs", files: /^indexer\//, below: ["features", "server"] },
];

const cloud = (paths: string): RegExp => new RegExp(`^cloud/src/(${paths})`);

/**
 * Layers of the cloud, the lowest first.
 *
 * - `cloud.ts` names what every part of a running cloud works with. What it names stands below it.
 * - `payment` knows no queue and no offers: `jobs` hands it prices, and which lanes are needed.
 * - `jobs` decides all that a job goes through, and knows no API. A second shape of the API is a folder beside `api/grid`.
 */
export const cloudLayers: readonly Layer[] = [
  { name: "base", files: cloud("(error|environment|fastAccount)\\.ts$"), below: [] },
  { name: "database", files: cloud("database/"), below: ["base"] },
  { name: "chain", files: cloud("chain/"), below: ["base"] },
  { name: "metrics", files: cloud("metrics\\.ts$"), below: ["chain"] },
  { name: "stores", files: cloud("(files/(pictures|takedowns|unixFs)|payment/laneTrees)\\.ts$"), below: ["database"] },
  { name: "context", files: cloud("cloud\\.ts$"), below: ["metrics", "stores"] },
  { name: "auth", files: cloud("auth/"), below: ["database", "chain"] },
  { name: "files", files: cloud("files/"), below: ["context", "auth"] },
  { name: "payment", files: cloud("payment/"), below: ["context"] },
  { name: "jobs", files: cloud("jobs/"), below: ["files", "payment"] },
  { name: "http", files: cloud("api/http/"), below: ["metrics", "auth"] },
  { name: "grid", files: cloud("api/grid/"), below: ["jobs", "http"] },
  { name: "app", files: cloud("api/"), below: ["grid"] },
  { name: "programs", files: cloud(""), below: ["app"] },
];

const worker = (folder: string): RegExp => new RegExp(`^worker/src/${folder}/`);

/**
 * Layers of the worker, the lowest first.
 *
 * - Engines know nothing of jobs, chain or cloud: other programs load them too. They import nothing of the development models.
 * - `payouts` knows nothing of jobs, only their entries in `state`.
 */
export const workerLayers: readonly Layer[] = [
  { name: "base", files: /^worker\/src\/(backoff|errors|log)\.ts$/, below: [] },
  {
    name: "engine parts",
    files: /^worker\/src\/engines\/(?!index\.ts|load\.ts|rerun\.ts)\w+\.ts$/,
    below: ["base"],
  },
  { name: "onnx", files: worker("engines/onnx"), below: ["engine parts"] },
  { name: "engines", files: worker("engines"), below: ["onnx"] },
  { name: "state", files: worker("state"), below: ["base"] },
  { name: "chain", files: worker("chain"), below: ["state"] },
  { name: "payouts", files: worker("payouts"), below: ["chain"] },
  { name: "jobs", files: worker("jobs"), below: ["payouts", "engine parts"] },
  { name: "program", files: /^worker\/src\//, below: ["jobs", "engines"] },
  { name: "devmodel", files: /^devmodel\//, below: ["engines"] },
  { name: "tests", files: /^worker\/test\//, below: ["program", "devmodel"] },
];

/** Layers of the gallery: texts and the site, parts of pages, errors as pages, features, the program. */
export const galleryLayers: readonly Layer[] = [
  {
    name: "base",
    files:
      /^gallery\/src\/(site|environment|text\/|islands\/|http\/(asset|assets|islands|pages|parameterError|render|securityHeaders|visitor))/,
    below: [],
  },
  { name: "design", files: /^gallery\/src\/design\//, below: ["base"] },
  { name: "errors", files: /^gallery\/src\/http\/(errors|ids)/, below: ["design"] },
  { name: "features", files: /^gallery\/src\/features\//, below: ["errors"] },
  { name: "program", files: /^gallery\/src\/(app|start|main)\.ts/, below: ["features"] },
];

/**
 * Layers around `npm start`, the lowest first: the log before anvil knows nothing of the grid, and no program knows of `local`. Fixtures of
 * tests use SDK and `local`, and no program's sources: they start programs by their own commands.
 */
export const localLayers: readonly Layer[] = [
  { name: "contracts", files: /^contracts\//, below: [] },
  { name: "tools", files: /^tools\//, below: ["contracts"] },
  { name: "durable-anvil", files: /^local\/durable-anvil\//, below: ["tools"] },
  { name: "sdk", files: /^sdk\//, below: ["tools"] },
  { name: "worker", files: /^worker\/src\//, below: ["sdk"] },
  { name: "devmodel", files: /^devmodel\/src\//, below: ["worker"] },
  { name: "local", files: /^local\/src\//, below: ["durable-anvil", "devmodel"] },
  { name: "programs", files: /^(indexer|cloud|gallery|cli)\//, below: ["sdk"] },
  { name: "fixtures", files: /^test\/fixtures\//, below: ["local"] },
  { name: "tests", files: /^(local\/test|test|bench)\//, below: ["fixtures", "programs"] },
];

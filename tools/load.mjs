import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const packages = join(root, "node_modules");
/** Folder of what is made once and used by later starts. */
export const cache = join(packages, ".cache/gridnft-programs");
const list = join(packages, ".package-lock.json");

/** Packages with binaries or files of their own, which a bundle would leave behind. */
const outside = /^(esbuild|onnxruntime-node|pg|pg-native|pino|postgrator|prom-client|sharp|tiny-secp256k1)(\/|$)/;
const packageName = /^[^./]/;

/**
 * Imports a TypeScript module of this project. Bundles it first, with the packages that it needs: one file is read in a third of the
 * time that a thousand take. Keeps the bundle until one of the sources changes.
 * @param {URL} entry
 * @param {{ packages?: boolean, alias?: Record<string, string> }} options `packages: false` leaves them to Node, for a program that
 *     loads most of them again by itself. `alias` has the files of modules that another program makes up.
 */
export async function load(entry, { packages: areInside = true, alias = {} } = {}) {
  const path = fileURLToPath(entry);
  const name = createHash("sha256").update(path).digest("hex").slice(0, 16);
  const file = join(cache, `${basename(path, ".ts")}-${name}.mjs`);
  if (areInside) process.setSourceMapsEnabled(true); // Else Node would read the map of every package.
  if (isCurrent(file)) return import(pathToFileURL(file).href);
  const text = await bundle(path, areInside ? outside : packageName, alias);
  if (keep(file, text)) return import(pathToFileURL(file).href);
  const folder = mkdtempSync(join(tmpdir(), "gridnft-program-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove); // A program may end itself while it is imported.
  try {
    const copy = join(folder, basename(file));
    writeFileSync(copy, text);
    return await import(pathToFileURL(copy).href);
  } finally {
    remove();
  }
}

/**
 * Returns true when no source of a bundle has changed since.
 * @param {string} file
 */
function isCurrent(file) {
  try {
    const text = readFileSync(file);
    const sources = JSON.parse(text.toString("utf8", "//".length, text.indexOf("\n")));
    return Object.entries(sources).every(([path, hash]) => hashOf(readFileSync(join(root, path))) === hash);
  } catch {
    return false; // There is no bundle, or a source is gone.
  }
}

/** @param {Buffer} bytes */
function hashOf(bytes) {
  return createHash("sha256").update(bytes).digest("base64");
}

/**
 * Makes a bundle. Its first line has the hashes of the sources that it was made from. Of packages it has npm's own list, which each
 * install writes: without that list no bundle is current.
 * @param {string} entry
 * @param {RegExp} left Packages that it leaves where they are.
 * @param {Record<string, string>} alias
 */
async function bundle(entry, left, alias) {
  const { build } = await import("esbuild");
  /** @type {Record<string, string>} */
  const sources = {};
  const read = (/** @type {string} */ path) => {
    const bytes = readFileSync(path);
    sources[relative(root, path)] = hashOf(bytes);
    return bytes.toString();
  };
  const tsconfig = join(root, "tsconfig.json");
  for (const path of [fileURLToPath(import.meta.url), tsconfig, join(root, "tsconfig.base.json")]) read(path);
  if (existsSync(list)) read(list);
  else sources[relative(root, list)] = "none";
  const { outputFiles } = await build({
    entryPoints: [entry],
    ...{ bundle: true, write: false, format: "esm", platform: "node", target: "node20", logLevel: "error", tsconfig },
    ...{ sourcemap: "inline", sourcesContent: false, outdir: cache, sourceRoot: `${pathToFileURL(cache).href}/` },
    plugins: [inPlace(left, alias, read)],
    // A line for the sources, which the source map counts. CommonJS packages require modules of Node.
    banner: {
      js: `//\nimport { createRequire as $create } from "node:module"; const require = $create(${JSON.stringify(import.meta.url)});`,
    },
  });
  return `//${JSON.stringify(sources)}${(outputFiles[0]?.text ?? "").slice("//".length)}`;
}

/**
 * Keeps a file for later starts. Returns false where this user may not write, or the disk is full.
 * @param {string} file
 * @param {string} text
 */
export function keep(file, text) {
  const draft = `${file}.${randomUUID()}`;
  try {
    if (existsSync(file) && readFileSync(file, "utf8") === text) return true;
    mkdirSync(dirname(file), { recursive: true });
    try {
      writeFileSync(draft, text);
      renameSync(draft, file);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
    return true;
  } catch {
    return false;
  }
}

const nowhere = Buffer.from('{"version":3,"sources":[""],"mappings":"A"}').toString("base64");

/**
 * Leaves some packages where they are, and tells each source its own place, where it looks for files beside it. Leaves packages out of
 * the source map: they would be most of it.
 * @param {RegExp} left
 * @param {Record<string, string>} alias
 * @param {(path: string) => string} read Reads a source.
 * @returns {import("esbuild").Plugin}
 */
function inPlace(left, alias, read) {
  return {
    name: "in-place",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: left }, ({ path, kind }) => {
        if (kind === "entry-point" || path.startsWith("@gridnft/")) return undefined;
        if (alias[path] !== undefined) return { path: alias[path] };
        const isRequired = kind === "require-call" || kind === "require-resolve";
        return { path: isRequired ? path : import.meta.resolve(path), external: true };
      });
      onLoad({ filter: /./, namespace: "file" }, ({ path }) => {
        if (!isOfPackage(path)) {
          const url = JSON.stringify(pathToFileURL(path).href);
          return { contents: read(path).replaceAll("import.meta.url", () => url), loader: "default" };
        }
        if (!/\.m?js$/.test(path)) return undefined;
        const map = `//# sourceMappingURL=data:application/json;base64,${nowhere}`;
        return { contents: `${readFileSync(path, "utf8")}\n${map}`, loader: "default" };
      });
    },
  };
}

/**
 * Returns true for a file of a package, also when the project itself stands below a folder of packages.
 * @param {string} path
 */
function isOfPackage(path) {
  return /(^|[\\/])node_modules[\\/]/.test(relative(root, path));
}

// `npm run lockfile:complete`: after an install that changed the lockfiles, names in them the optional packages of other
// platforms. npm leaves out those that the registry in use doesn't have, and afterwards `npm ci` refuses the lockfile.
// Takes the mark of an install script from packages whose scripts package.json forbids: npm that does not know `allowScripts`
// then runs none of them either. onnxruntime-node's would download CUDA libraries.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, runCheck } from "./check.ts";

export const lockfiles = ["package-lock.json", "tools/hardhat/package-lock.json", "bench/peers/package-lock.json"];

interface LockedPackage {
  version?: string;
  resolved?: string;
  optional?: boolean;
  hasInstallScript?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

export interface Lockfile {
  packages: Record<string, LockedPackage>;
}

export function readLockfile(file: string): Lockfile {
  return JSON.parse(readFileSync(join(projectRoot, file), "utf8")) as Lockfile;
}

/** The optional packages that some package wants at an exact version and that have no entry: where and which version. */
export function missingOptional({ packages }: Lockfile): { path: string; version: string }[] {
  const missing: { path: string; version: string }[] = [];
  for (const [parent, { optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const found = placesToLook(parent).some((place) => `${place}node_modules/${name}` in packages);
      if (!found) missing.push({ path: `node_modules/${name}`, version });
    }
  }
  return missing;
}

/** Names of packages whose install scripts the project forbids. */
export function forbiddenScripts(): string[] {
  const { allowScripts } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as {
    allowScripts: Record<string, boolean>;
  };
  return Object.keys(allowScripts).filter((name) => allowScripts[name] === false);
}

/** Entries that are marked to run an install script that is forbidden. */
export function markedScripts({ packages }: Lockfile, forbidden: readonly string[]): string[] {
  return Object.keys(packages).filter((path) => {
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    return packages[path]?.hasInstallScript === true && forbidden.includes(name);
  });
}

/** Node's rule: a package finds its dependencies in its own node_modules, or in those of the folders around it. */
function placesToLook(parent: string): string[] {
  const places = [""];
  const parts = parent.split("/node_modules/");
  for (let count = 1; count <= parts.length; count++) {
    if (parent !== "") places.push(`${parts.slice(0, count).join("/node_modules/")}/`);
  }
  return places;
}

const systems = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const processors = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64"];

/** Platform that a package's name tells: `cli-linux-x64-musl`, `forge-darwin-amd64`. */
export function platformOf(name: string): Pick<LockedPackage, "os" | "cpu" | "libc"> {
  const words = name.split("-");
  const os = systems.find((system) => words.includes(system));
  const cpu = words.includes("amd64") ? "x64" : processors.find((processor) => words.includes(processor));
  const libc = words.some((word) => word.startsWith("musl")) ? "musl" : words.includes("gnu") ? "glibc" : undefined;
  if (os === undefined || cpu === undefined)
    throw new Error(`${name} names no platform: complete the lockfile by hand`);
  return { os: [os], cpu: [cpu], ...(os === "linux" && libc !== undefined ? { libc: [libc] } : {}) };
}

function complete(): string[] {
  for (const file of lockfiles) {
    const lockfile = readLockfile(file);
    const missing = missingOptional(lockfile);
    for (const { path, version } of missing) {
      lockfile.packages[path] = { version, optional: true, ...platformOf(path) };
    }
    const marked = file === "package-lock.json" ? markedScripts(lockfile, forbiddenScripts()) : [];
    for (const path of marked) delete lockfile.packages[path]?.hasInstallScript;
    const [root, ...rest] = Object.entries(lockfile.packages);
    if (root === undefined) throw new Error(`${file} is empty`);
    lockfile.packages = Object.fromEntries([root, ...rest.sort(([a], [b]) => a.localeCompare(b, "en"))]);
    writeFileSync(join(projectRoot, file), `${JSON.stringify(lockfile, null, 2)}\n`);
    console.log(
      `${file}: ${missing.length} packages of other platforms added, ${marked.length} install scripts unmarked`,
    );
  }
  return [];
}

runCheck(import.meta.url, "lockfile", complete);

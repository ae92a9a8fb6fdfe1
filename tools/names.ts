// Names in backticks of documents, and the names that the repository knows.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./check.ts";

/** Name that a document has in backticks, and the code between these. */
export interface DocumentedName {
  readonly name: string;
  readonly code: string;
}

/** Names and text of all files that are code. */
export interface Vocabulary {
  readonly words: ReadonlySet<string>;
  readonly flags: ReadonlySet<string>;
  /** Files and their folders. */
  readonly paths: ReadonlySet<string>;
  /** Text of all code, in which routes and names of packages are looked up. */
  readonly text: string;
}

const flag = /(?<![\w-])--[a-z][\w-]*/g;
const word = /[A-Za-z_]\w*/g;

/** Files with names that prove nothing: documents, lockfiles, recorded data. */
const silent =
  /\.(md|png)$|package-lock\.json$|\/recorded\/|^bench\/results\/|^(test\/vectors|worker\/test)\/.*\.json$|^tools\/names/;

/** Reads once all files that git tracks or would. */
export function readVocabulary(): Vocabulary {
  const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: projectRoot,
    encoding: "utf8",
  }).split("\0");
  const present = files.filter((file) => file !== "" && existsSync(join(projectRoot, file)));
  const paths = new Set<string>();
  for (const file of present) {
    for (let path = file; path !== ""; path = path.slice(0, Math.max(0, path.lastIndexOf("/")))) paths.add(path);
  }
  const texts = present
    .filter((file) => !silent.test(file))
    .map((file) => readFileSync(join(projectRoot, file), "utf8"));
  const [words, flags] = [new Set<string>(), new Set<string>()];
  for (const text of texts) {
    for (const name of text.match(word) ?? []) words.add(name);
    for (const name of text.match(flag) ?? []) flags.add(name);
  }
  return { words, flags, paths, text: texts.join("\n") };
}

/** Returns true for a word that is a name wherever it stands: camelCase, PascalCase, snake_case or ALL_CAPS, of two parts or more. */
function isCompound(name: string): boolean {
  return /[a-z\d][A-Z]|[A-Za-z\d]_[A-Za-z\d]/.test(name);
}

/** Returns true for code that is one word and would be a name: PascalCase or ALL_CAPS. */
function isSingle(code: string): boolean {
  return /^[A-Z][A-Za-z\d]+$/.test(code);
}

/** Returns true for code that is a path: of files, of a URL, of a package's name; or a file's name with its ending. */
function isPath(code: string): boolean {
  const isFile = /^\.?[\w-]+(\.[\w-]+)*\.(json|md|mjs|mts|sh|sol|sql|toml|ts|graphql)$/;
  const isFolder = /^[\w.-]+\/$/;
  if (isFile.test(code) || isFolder.test(code)) return true;
  return /^[@.]?\/?[\w.-]+(\/[\w.*-]+)+\/?$/.test(code) && !/^[\d.]+\/[\d.]+$/.test(code);
}

/** Returns the names that stand in backticks in a page, outside of its blocks of code. */
export function namesIn(page: string): DocumentedName[] {
  const prose = page.replace(/^```[\s\S]*?^```/gm, "");
  return [...prose.matchAll(/(`+)([^`\n]+(?:\n[^`\n]+)?)\1/g)].flatMap(([, , found = ""]) => {
    const code = found.replaceAll(/\s+/g, " ").trim();
    const names = isPath(code)
      ? [code]
      : [
          ...(code.match(flag) ?? []),
          ...(isSingle(code) ? [code] : (code.replaceAll(flag, "").match(word) ?? []).filter(isCompound)),
        ];
    return names.map((name) => ({ name, code }));
  });
}

/** Returns the camelCase of a name in snake_case. */
function camelCase(name: string): string {
  return name.replace(/_([a-z\d])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Returns true when the repository has a name.
 * - Names of `/v1` and of the command line's JSON are made from camelCase when they are written.
 * - `test_T22_...` stands for names that begin so, `_MAX_STEPS` after a whole name for one that ends so.
 */
export function isKnown({ name, code }: DocumentedName, { words, flags, paths, text }: Vocabulary): boolean {
  if (name.startsWith("--")) return flags.has(name);
  if (isPath(name)) {
    const path = name.replace(/\*?\/?$/, "");
    if (paths.has(path.replace(/\/$/, "")) || [...paths].some((one) => one.endsWith(`/${path}`))) return true;
    // A path from one of our folders is a file's, and nothing else.
    return !paths.has(path.split("/")[0] ?? "") && text.includes(path);
  }
  if (words.has(name) || (/^[a-z\d_]+$/.test(name) && words.has(camelCase(name)))) return true;
  if (code.includes(`${name}...`)) return [...words].some((one) => one.startsWith(name));
  return /^_[A-Z_]+$/.test(name) && [...words].some((one) => one.endsWith(name));
}

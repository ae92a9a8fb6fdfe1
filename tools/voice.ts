// `npm run check:voice`: share of doc comments that begin with a question word: "What ...", "Whether ...". The first word of a doc comment is a
// noun class or a verb ("Rate limiter for ...", "Returns ..."). Prints the share by folder; fails at 4% or above in all of them together.
// With `--list`: each such comment with its file and line.
//
// Counted are `/** */` of TypeScript, and `@notice` and `@dev` of Solidity. Generated files and tests are left out.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { filesBelow, projectRoot, runCheck } from "./check.ts";

const MAX_SHARE = 0.04;

/** Doc comment: the line on which its text begins, and that text's first line. */
export interface DocComment {
  readonly line: number;
  readonly text: string;
}

/** Returns the doc comments of a source file in TypeScript or Solidity, without those that have no text. */
export function docComments(file: string, source: string): DocComment[] {
  const pattern = file.endsWith(".sol")
    ? /(?:\/\/\/|^\s*\*|\/\*\*)[ \t]*@(?:dev|notice)[ \t]+(\S.*)/gm
    : /\/\*\*[\s*]*(?!\/)([^\s*].*?)(?: ?\*\/|$)/gm;
  return [...source.matchAll(pattern)].map((match) => {
    const text = match[1] ?? "";
    return { line: source.slice(0, match.index + match[0].indexOf(text)).split("\n").length, text };
  });
}

/** Returns true for a text that begins with a question word, "That", "Somebody" or "Nobody". */
export function isQuestion(text: string): boolean {
  return /^(?:What|Whether|Who|Whose|Whoever|How|Where|That|Somebody|Nobody)\b/.test(text);
}

/** Returns the folders of sources: each workspace's, and those that are no workspace. */
function sourceFolders(): string[] {
  const workspaces = readdirSync(projectRoot, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const sources = workspaces.map(({ name }) => `${name}/src`);
  return [...sources, "indexer/ops", "contracts", "script", "tools", "local"];
}

interface Folder {
  readonly name: string;
  readonly comments: readonly (DocComment & { readonly file: string })[];
}

function readFolder(name: string): Folder {
  const files = [".ts", ".tsx", ".mts", ".mjs", ".sol"].flatMap((end) => filesBelow(join(projectRoot, name), end));
  const comments = files
    .filter((file) => !file.split("/").includes("generated") && !file.endsWith(".test.ts"))
    .flatMap((path) => {
      const file = `${name}/${path}`;
      return docComments(file, readFileSync(join(projectRoot, file), "utf8")).map((comment) => ({ file, ...comment }));
    });
  return { name, comments };
}

function check(): string[] {
  const folders = sourceFolders()
    .map(readFolder)
    .filter(({ comments }) => comments.length > 0);
  const shares = folders.map(({ name, comments }) => {
    const questions = comments.filter(({ text }) => isQuestion(text));
    if (process.argv.includes("--list"))
      for (const { file, line, text } of questions) console.log(`${file}:${line}: ${text}`);
    return { name, all: comments.length, questions: questions.length };
  });
  const sum = (of: "all" | "questions") => shares.reduce((total, share) => total + share[of], 0);
  for (const share of [...shares, { name: "together", all: sum("all"), questions: sum("questions") }]) {
    const percent = ((100 * share.questions) / share.all).toFixed(1);
    console.log(
      `${share.name.padEnd(14)} ${String(share.questions).padStart(4)} of ${String(share.all).padStart(5)} ${percent.padStart(5)}%`,
    );
  }
  if (sum("questions") < MAX_SHARE * sum("all")) return [];
  return [`4% or more of the doc comments begin with a question word: npm run check:voice -- --list`];
}

runCheck(import.meta.url, "voice", check);

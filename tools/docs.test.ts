// What the documents promise: every command in a ```sh block exists, every link to a file or heading leads somewhere.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { filesBelow, projectRoot } from "./check.ts";
import { solidityTests } from "./threats.ts";

/** Scripts of the project, or of one of its workspaces. */
function scriptsOf(workspace = "."): string[] {
  const { scripts } = JSON.parse(readFileSync(join(projectRoot, workspace, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  return Object.keys(scripts);
}

const documents = [
  "README.md",
  "CONTRIBUTING.md",
  ...["docs", "test", "bench", "deployments"].flatMap((folder) =>
    filesBelow(join(projectRoot, folder), ".md").map((file) => `${folder}/${file}`),
  ),
].filter((file) => existsSync(join(projectRoot, file)));

/** The lines of the ```sh blocks. */
function commands(text: string): string[] {
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap((match) => (match[1] ?? "").trim().split("\n"));
}

/** Targets of links and images, without those to other sites. */
function links(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "").filter((link) => !/^\w+:/.test(link));
}

/** The anchor that a heading gets. */
function anchor(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
}

function anchors(text: string): string[] {
  return [...text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ (.+)$/gm)].map((match) => anchor(match[1] ?? ""));
}

const solidityTestNames = new Set(solidityTests().keys());

describe.each(documents)("%s", (document) => {
  const text = readFileSync(join(projectRoot, document), "utf8");

  test("names only npm scripts that exist", () => {
    const named = [...text.matchAll(/\bnpm run (?:--silent )?([\w:-]+)(?: -w (\w+))?/g)].map(
      ([, name = "", workspace]) => ({ name, workspace }),
    );
    for (const line of commands(text)) {
      const [, name = "", workspace] = /^npm (test|start)\b(?: -w (\w+))?/.exec(line) ?? [];
      if (name) named.push({ name, workspace });
    }
    expect(named.filter(({ name, workspace }) => !scriptsOf(workspace).includes(name))).toEqual([]);
  });

  test("names only Solidity tests that exist", () => {
    if (!document.startsWith("docs/")) return; // test/README.md explains names with made-up ones
    const named = [...text.matchAll(/`((?:test|testFuzz|invariant)_\w+)`/g)].map((match) => match[1] ?? "");
    expect(named.filter((name) => !solidityTestNames.has(name))).toEqual([]);
  });

  test("names only TypeScript tests that exist", () => {
    const cells = [...text.matchAll(/`([\w/]+\.test\.ts)`((?: "[^"]+")+)/g)];
    const missing = cells.flatMap(([, file = "", names = ""]) => {
      const source = readFileSync(join(projectRoot, file), "utf8");
      return [...names.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name).filter((name) => !source.includes(name));
    });
    expect(missing).toEqual([]);
  });

  test("links lead somewhere", () => {
    const broken = links(text).filter((link) => {
      const [path = "", heading] = link.split("#");
      const file = path === "" ? join(projectRoot, document) : join(projectRoot, dirname(document), path);
      if (!existsSync(file)) return true;
      return heading !== undefined && !anchors(readFileSync(file, "utf8")).includes(heading);
    });
    expect(broken).toEqual([]);
  });
});

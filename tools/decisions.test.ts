// docs/decisions.md: rows have numbers, dates and a status, and each direct dependency has a row.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { projectRoot } from "./check.ts";

interface Decision {
  readonly number: number;
  readonly date: string;
  readonly status: string;
  readonly choice: string;
}

/** Returns the rows of all tables whose first column is a number. */
function decisionsIn(page: string): Decision[] {
  const rows = [...page.matchAll(/^\| (\d+) \| (.*?) \| (.*?) \| (.*?) \| /gm)];
  return rows.map(([, number, date = "", status = "", choice = ""]) => ({
    number: Number(number),
    date,
    status,
    choice,
  }));
}

/** Returns the faults of rows as sentences. */
function faultsOf(decisions: readonly Decision[]): string[] {
  const numbers = decisions.map(({ number }) => number);
  return decisions.flatMap(({ number, date, status }, i) => {
    const successor = Number(/^superseded by (\d+)$/.exec(status)?.[1]);
    const hasStatus = status === "accepted" || (successor !== number && numbers.includes(successor));
    return [
      ...(numbers.indexOf(number) === i ? [] : [`${number} stands twice.`]),
      ...(/^\d{4}-\d\d-\d\d$/.test(date) ? [] : [`${number} has no date.`]),
      ...(hasStatus ? [] : [`${number} is "${status}": neither accepted nor superseded by a row.`]),
    ];
  });
}

/** Returns the names of packages that no accepted row's choice has in backticks, alone or as `@scope/*`. */
function withoutRow(dependencies: readonly string[], decisions: readonly Decision[]): string[] {
  const choices = decisions.filter(({ status }) => status === "accepted").map(({ choice }) => choice);
  const named = new Set(choices.flatMap((choice) => [...choice.matchAll(/`([^`]+)`/g)].map(([, name]) => name)));
  return dependencies.filter((name) => !named.has(name) && !named.has(`${name.split("/")[0]}/*`));
}

/** Returns the folders of all packages: the root, its workspaces, and those with a lockfile of their own. */
function packageFolders(): string[] {
  const { workspaces } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as {
    workspaces: string[];
  };
  const own = ["bench/peers", "tools/hardhat"];
  return [".", ...workspaces, ...own];
}

function dependenciesOf(folder: string): string[] {
  const all = JSON.parse(readFileSync(join(projectRoot, folder, "package.json"), "utf8")) as Record<string, object>;
  const kinds = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
  return kinds.flatMap((kind) => Object.keys(all[kind] ?? {})).filter((name) => !name.startsWith("@gridnft/"));
}

const page = readFileSync(join(projectRoot, "docs/decisions.md"), "utf8");
const decisions = decisionsIn(page);

describe("docs/decisions.md", () => {
  test("numbers every row", () => {
    const rows = page.split("\n").filter((line) => line.startsWith("| ") && !/^\| (---|no\.) /.test(line));
    expect(decisions).toHaveLength(rows.length);
    expect(rows.length).toBeGreaterThan(180);
  });

  test("has numbers once, dates, and a row behind each that is superseded", () => {
    expect(faultsOf(decisions)).toEqual([]);
  });

  test.each(packageFolders())("has a row for each direct dependency of %s", (folder) => {
    const dependencies = dependenciesOf(folder);
    expect(dependencies.length).toBeGreaterThan(0);
    expect(withoutRow(dependencies, decisions)).toEqual([]);
  });
});

describe("the checks", () => {
  const row = { number: 1, date: "2026-11-30", status: "accepted", choice: "`hono` 4, `@types/*`" };

  test("see a number that stands twice", () => {
    expect(faultsOf([row, row])).toEqual(["1 stands twice."]);
  });

  test("see a row that is superseded by none", () => {
    for (const status of ["superseded", "superseded by 1", "superseded by 7", "superseded by the next row"]) {
      expect(faultsOf([{ ...row, status }])).toHaveLength(1);
    }
    expect(
      faultsOf([
        { ...row, status: "superseded by 2" },
        { ...row, number: 2 },
      ]),
    ).toEqual([]);
  });

  test("see a row without a date", () => {
    expect(faultsOf([{ ...row, date: "" }])).toEqual(["1 has no date."]);
  });

  test("see a dependency without a row", () => {
    expect(withoutRow(["hono", "@types/pg", "left-pad"], [row])).toEqual(["left-pad"]);
    expect(withoutRow(["hono"], [{ ...row, status: "superseded by 2" }])).toEqual(["hono"]);
  });
});

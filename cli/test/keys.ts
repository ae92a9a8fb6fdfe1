import { readFileSync } from "node:fs";
import { expect } from "vitest";

/** Keys of each command's document, by the table in docs/cli.md. Those with a question mark are not always there. */
function documentedKeys(command: string): { readonly always: string[]; readonly sometimes: string[] } {
  const docs = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");
  const row = docs.split("\n").find((line) => line.startsWith(`| \`${command}\` | \``));
  const keys = [
    ...(row ?? "")
      .split("|")
      .slice(2)
      .join("|")
      .matchAll(/`([a-z_]+)(\??)`/g),
  ];
  return {
    always: keys.filter(([, , mark]) => mark === "").map(([, key = ""]) => key),
    sometimes: keys.filter(([, , mark]) => mark === "?").map(([, key = ""]) => key),
  };
}

/** Insists that a document has the keys that docs/cli.md promises, and no others. */
export function expectKeys(command: string, document: object, optional: readonly string[] = []): void {
  const { always, sometimes } = documentedKeys(command);
  expect(always.length, `docs/cli.md has no row of keys for ${command}`).toBeGreaterThan(0);
  expect(sometimes).toEqual(expect.arrayContaining([...optional]));
  expect(Object.keys(document).sort()).toEqual([...always, ...optional].sort());
}

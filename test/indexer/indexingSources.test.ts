/** The schema's name changes with everything that rows depend on. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { codecSources, indexingSources } from "../../indexer/ops/codec.ts";
import { projectRoot } from "../../tools/check.ts";
import { importedBy, readImports } from "../../tools/imports.ts";

const sources = indexingSources();
const textOf = (file: string): string => readFileSync(join(projectRoot, "indexer", file), "utf8");

it("covers the tables and handlers of the features, and what they share, but not the API", () => {
  expect(sources).toContain("src/features/artworks/schema.ts");
  expect(sources).toContain("src/features/settlement/handlers/orders.ts");
  expect(sources).toContain("src/lib/fullText/tokenizer.ts");
  expect(sources.filter((file) => file.startsWith("src/api/"))).toEqual([]);
});

it("covers whatever the features import of the indexer", () => {
  const features = sources.filter((file) => file.startsWith("src/features/")).map((file) => `indexer/${file}`);
  const covered = new Set([...sources, "ponder.schema.ts"].map((file) => `indexer/${file}`));
  const imported = importedBy(readImports(["indexer"]), features).filter((file) => file.startsWith("indexer/"));
  expect(imported.filter((file) => !covered.has(file))).toEqual([]);
});

it("covers all files that register a handler, and each is imported by handlers.ts", () => {
  const registers = sources.filter((file) => /^register(Handler|Acts)\(/m.test(textOf(file)));
  expect(registers.length).toBeGreaterThan(5);
  const imported = importedBy(readImports(["indexer"]), ["indexer/src/handlers.ts"]);
  for (const file of [...registers, "src/boot.ts"]) expect(imported).toContain(`indexer/${file}`);
});

it("covers the definition of each value that the features import of the SDK", async () => {
  const codec = (await codecSources()).map(textOf).join("\n");
  const imports = sources.flatMap((file) => [...textOf(file).matchAll(/^import \{([^}]*)\} from "@gridnft\/sdk";/gm)]);
  const names = imports.flatMap(([, list = ""]) => list.split(",").map((name) => name.trim()));
  const values = names.filter((name) => name !== "" && !name.startsWith("type "));
  expect(values).toContain("decodeBlob");
  for (const name of values)
    expect(codec, name).toMatch(new RegExp(`export (async )?(function|const|class) ${name}\\b`));
});

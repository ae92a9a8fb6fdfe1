import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { snippetsOf } from "../../test/indexer/examples.ts";
import { nftTypes, settlementTypes } from "../src/index.js";

const root = new URL("../../", import.meta.url);
const text = readFileSync(new URL("docs/receipts.md", root), "utf8");
const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => match[1] as string);

describe("docs/receipts.md", () => {
  it("has a worked example", () => {
    expect(blocks).toHaveLength(1);
  });

  it.each(blocks.map((block, i) => [i, block] as const))("block %i runs as it stands", async (i, block) => {
    const folder = new URL("cache/docs/", root);
    mkdirSync(folder, { recursive: true });
    const file = new URL(`receipts.${i}.ts`, folder);
    writeFileSync(file, block);
    await import(/* @vite-ignore */ fileURLToPath(file));
  });

  it.each(Object.entries({ ...settlementTypes, ...nftTypes }))("names %s and each of its fields", (message, fields) => {
    expect(text).toContain(message);
    for (const { name } of fields) expect(text, name).toMatch(new RegExp(`\\b${name}\\b`));
  });
});

describe("examples that ask a gallery", () => {
  const pages = ["docs/graphql-cookbook.md", "docs/sdk.md"];

  // That they run, test/indexer/docs.test.ts sees to.
  it("are typed as they stand", () => {
    const path = fileURLToPath(new URL("tsconfig.json", root));
    const config = ts.readConfigFile(path, ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, fileURLToPath(root));
    const folder = new URL("cache/docs/typed/", root);
    mkdirSync(folder, { recursive: true });
    const files = pages.flatMap((page) =>
      snippetsOf(readFileSync(new URL(page, root), "utf8")).map((snippet, i) => {
        const file = fileURLToPath(new URL(`${page.replaceAll(/\W/g, ".")}.${i}.ts`, folder));
        writeFileSync(file, `declare const galleryUrl: string;\n${snippet}`);
        return file;
      }),
    );
    expect(files).toHaveLength(2);
    const wrong = fileURLToPath(new URL("wrong.ts", folder));
    writeFileSync(wrong, `${readFileSync(files[0] ?? "", "utf8")}\nfacets.totals;`);
    const program = ts.createProgram([...files, wrong], { ...options, noEmit: true });
    const faults = [...files, wrong].flatMap((file) => {
      const source = program.getSourceFile(file);
      return program.getSemanticDiagnostics(source).map(({ messageText }) => {
        return `${file.split("/").at(-1)}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
      });
    });
    expect(faults).toEqual([expect.stringMatching(/^wrong\.ts: Property 'totals' does not exist/)]);
  }, 300_000);
});

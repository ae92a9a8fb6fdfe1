import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
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

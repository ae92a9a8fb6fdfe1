import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { generated } from "../scripts/generate.js";

describe("src/generated", () => {
  it.each(Object.keys(generated()))("%s is what the build gives (else: npm run generate -w sdk)", (name) => {
    expect(readFileSync(new URL(`../src/generated/${name}`, import.meta.url), "utf8")).toBe(generated()[name]);
  });
});

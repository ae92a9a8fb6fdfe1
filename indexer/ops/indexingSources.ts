import { readdirSync } from "node:fs";

/** Returns the files that Ponder runs and hashes as indexing code, sorted: all of `src` but the API. */
export function indexingSources(): string[] {
  return readdirSync(new URL("../src", import.meta.url), { recursive: true, encoding: "utf8" })
    .map((name) => `src/${name.replaceAll("\\", "/")}`)
    .filter((name) => name.endsWith(".ts") && !name.startsWith("src/api/"))
    .sort();
}

// Names in backticks in docs/, README.md and CONTRIBUTING.md exist: in the code, the gallery schema, package.json or as files.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { filesBelow, projectRoot } from "./check.ts";
import { type DocumentedName, isKnown, namesIn, readVocabulary, type Vocabulary } from "./names.ts";

/** Names that are not ours, with the reason why a page has them. */
const outside: Readonly<Record<string, string>> = {
  "@bomb.sh/tab": "package that was weighed",
  "@spruceid/siwe-parser": "package that was weighed",
  "--state": "option of anvil",
  pg_postmaster_start_time: "function of Postgres that was weighed",
  NOWAIT: "word of SQL that was weighed",
  ETag: "HTTP header, in lower case in code",
  Via: "HTTP header, in lower case in code",
  safety_checker: "part of diffusers' folders that is left alone",
  vae_encoder: "part of diffusers' folders that is left alone",
  feature_extractor: "part of diffusers' folders that is left alone",
  DS_Store: "file of macOS",
  "deployments/31337.json": "file that a local deployment writes",
  "my-model/gridnft.json": "folder of an example",
  "gridnft/config.json": "path below the user's folder, joined from its parts",
};

const pages = [
  ...["README.md", "CONTRIBUTING.md"].filter((file) => existsSync(join(projectRoot, file))),
  ...filesBelow(join(projectRoot, "docs"), ".md").map((file) => `docs/${file}`),
];
const vocabulary = readVocabulary();
const documented = new Map(pages.map((page) => [page, namesIn(readFileSync(join(projectRoot, page), "utf8"))]));

describe("names in backticks", () => {
  test.each(pages)("of %s exist", (page) => {
    const names = documented.get(page) ?? [];
    const unknown = names.filter((one) => !(one.name in outside) && !isKnown(one, vocabulary));
    expect(unknown).toEqual([]);
  });

  test("are many", () => {
    expect([...documented.values()].flat().length).toBeGreaterThan(1_500);
  });

  test("from outside are used, and not ours", () => {
    const used = [...documented.values()].flat();
    const idle = Object.keys(outside).filter((name) => {
      const uses = used.filter((one) => one.name === name);
      return uses.length === 0 || uses.every((one) => isKnown(one, vocabulary));
    });
    expect(idle).toEqual([]);
  });
});

describe("the check", () => {
  const known: Vocabulary = {
    words: new Set(["tokenId", "MAX_ROWS", "GridNFT", "test_T22_ADoor", "GRID_WORKER_MAX_STEPS"]),
    flags: new Set(["--yes"]),
    paths: new Set(["tools/names.ts", "tools"]),
    text: 'app.get("/v1/artworks") import "@noble/hashes"',
  };
  const unknownIn = (page: string) => namesIn(page).filter((one: DocumentedName) => !isKnown(one, known));

  test("finds what is there", () => {
    const page =
      "`tokenId` `token_id` `MAX_ROWS` `GridNFT` `--yes` `tools/names.ts` `tools/` `names.ts` `/v1/artworks` `@noble/*` `test_T22_...` `_MAX_STEPS`";
    expect(namesIn(page)).toHaveLength(12);
    expect(unknownIn(page)).toEqual([]);
  });

  test("finds what is not there", () => {
    const page =
      "`tokenIds` `token_ids` `MAX_ROW` `GridNft` `--no` `tools/name.ts` `name.ts` `/v1/artists` `@noble/curves` `test_T23_...` `_MAX_ROWS_2` `call(tokenUri)` `a --force b`";
    expect(unknownIn(page).map(({ name }) => name)).toEqual([
      ...["tokenIds", "token_ids", "MAX_ROW", "GridNft", "--no", "tools/name.ts", "name.ts", "/v1/artists"],
      ...["@noble/curves", "test_T23_", "_MAX_ROWS_2", "tokenUri", "--force"],
    ]);
  });

  test("passes by plain words, numbers, hashes and blocks of code", () => {
    expect(namesIn("`settle` `1_000` `0x14dc79` `A storm at sea` `1/2` `a + b`\n```ts\nsomeName();\n```\n")).toEqual(
      [],
    );
  });
});

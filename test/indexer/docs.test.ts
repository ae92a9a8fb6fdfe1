/**
 * Everything in docs/graphql.md is run over a gallery of fixed history, and answered as the page shows. `npm run docs:update` writes the
 * answers into the page.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSchema, parse, validate } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectRoot } from "../../tools/check.ts";
import { startPostgres, type TestPostgres } from "../utils/postgres.ts";
import { type Example, examplesOf, pageWith, snippetsOf } from "./examples.ts";
import { type Exhibition, openExhibition } from "./exhibition.ts";
import { createIndexer, type TestIndexer } from "./indexer.ts";

const path = join(projectRoot, "docs/graphql.md");
const page = readFileSync(path, "utf8");
const examples = examplesOf(page);
const questions = examples.filter(({ kind }) => kind === "graphql");
const isUpdate = process.env.GRID_UPDATE_DOCS === "1";

let exhibition: Exhibition;
let postgres: TestPostgres;
let indexer: TestIndexer;
let stop: () => Promise<unknown>;
const answers = new Map<Example, unknown>();

beforeAll(async () => {
  [exhibition, postgres] = await Promise.all([openExhibition(), startPostgres()]);
  indexer = await createIndexer(exhibition.grid, postgres);
  const running = await indexer.start();
  stop = () => running.stop();
  await indexer.caughtUp();
}, 300_000);

afterAll(async () => {
  await stop?.();
  indexer?.cleanUp();
  await postgres?.stop();
  await exhibition?.grid.stop();
  if (isUpdate) writeFileSync(path, pageWith(page, answers));
});

async function answerOf(example: Example): Promise<unknown> {
  if (example.kind === "get") return (await indexer.get(example.text)).body;
  const response = await fetch(`${indexer.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      query: example.text,
      variables: example.variables,
      ...(example.extensions !== undefined && { extensions: example.extensions }),
    }),
  });
  const { data, errors, extensions } = (await response.json()) as Record<string, unknown>;
  expect(errors).toBeUndefined();
  return example.isWhole ? { data, extensions } : data;
}

describe("docs/graphql.md", () => {
  it("answers ten questions", () => {
    expect(questions).toHaveLength(10);
    expect(page.match(/^### \d+\. /gm)).toHaveLength(10);
  });

  it("asks what the schema knows", () => {
    const schema = buildSchema(readFileSync(join(projectRoot, "indexer/src/api/graphql/schema.graphql"), "utf8"));
    for (const { text } of questions) expect(validate(schema, parse(text)), text).toEqual([]);
  });

  it.each(examples.map((example) => [example.name, example] as const))("%s", async (_, example) => {
    const answer = await answerOf(example);
    answers.set(example, answer);
    if (!isUpdate) expect(answer).toEqual(example.answer);
  });
});

describe("examples in TypeScript", () => {
  const snippets = ["docs/graphql.md", "docs/sdk.md"].flatMap((name) =>
    snippetsOf(readFileSync(join(projectRoot, name), "utf8")).map((snippet, i) => [name, i, snippet] as const),
  );

  it.each(snippets)("%s: snippet %i runs as it stands", async (name, i, snippet) => {
    const folder = join(projectRoot, "cache/docs");
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${name.replaceAll(/\W/g, ".")}.${i}.ts`);
    const imports = /^import .*;$/gm;
    writeFileSync(
      file,
      `${(snippet.match(imports) ?? []).join("\n")}
export async function run({ galleryUrl, console }: { galleryUrl: string; console: { log: (...said: unknown[]) => void } }) {
${snippet.replaceAll(imports, "")}
}
`,
    );
    const { run } = (await import(/* @vite-ignore */ file)) as { run: (given: object) => Promise<void> };
    const said: unknown[][] = [];
    await run({ galleryUrl: `${indexer.url}/graphql`, console: { log: (...words: unknown[]) => said.push(words) } });
    if (name === "docs/graphql.md") expect(said).toEqual([[2, 4, expect.stringContaining("<mark>harbour</mark>")]]);
  });
});

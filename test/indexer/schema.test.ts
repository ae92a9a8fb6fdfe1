/** The gallery's schema as integrators read it: the rules that it keeps, and that nothing they use is taken away unsaid. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ESLint } from "eslint";
import {
  buildSchema,
  DangerousChangeType,
  findBreakingChanges,
  findDangerousChanges,
  type GraphQLField,
  type GraphQLNamedType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isSpecifiedScalarType,
} from "graphql";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../../tools/check.ts";
import { gallery } from "./questions.ts";

const schemaPath = join(projectRoot, "indexer/src/api/graphql/schema.graphql");
const schemaText = readFileSync(schemaPath, "utf8");
const linter = new ESLint({
  cwd: projectRoot,
  overrideConfigFile: join(projectRoot, "indexer/schema/eslint.config.mjs"),
});

/** What the linter says of a schema. */
async function lint(text: string): Promise<string[]> {
  const results = await linter.lintText(text, { filePath: schemaPath });
  return results.flatMap(({ messages }) =>
    messages.map(({ line, ruleId, message }) => `line ${line}, ${ruleId}: ${message}`),
  );
}

const types = Object.values(gallery.getTypeMap()).filter(
  (type) => !type.name.startsWith("__") && !isSpecifiedScalarType(type),
);
const fieldsOf = (type: GraphQLNamedType) =>
  isObjectType(type) || isInputObjectType(type) ? Object.values(type.getFields()) : [];
const argumentsOf = (type: GraphQLNamedType) =>
  isObjectType(type)
    ? Object.values(type.getFields()).flatMap((field) =>
        field.args.map((argument) => ({ ...argument, place: `${type.name}.${field.name}(${argument.name})` })),
      )
    : [];

describe("the gallery schema", () => {
  it("passes the linter", async () => {
    expect(await lint(schemaText)).toEqual([]);
  });

  it.each([
    ["a field without a description", '"Title."\n', "", "require-description"],
    ["a name in another case", "mintedAfter:", "minted_after:", "naming-convention"],
    ["a connection without a page", 'pageInfo: PageInfo!\n  "How', 'page: Int!\n  "How', "relay-connection-types"],
    ["a type that nothing leads to", "scalar JSON", 'scalar JSON\n"Lost."\nscalar Lost', "no-unreachable-types"],
    ["a deprecation without a reason", "title: String!", "title: String! @deprecated", "require-deprecation-reason"],
  ])("would not pass it with %s", async (_, text, instead, rule) => {
    const spoilt = schemaText.replace(text, instead);
    expect(spoilt).not.toBe(schemaText);
    expect(await lint(spoilt)).toContainEqual(expect.stringContaining(`@graphql-eslint/${rule}: `));
  });

  it("writes descriptions as sentences", () => {
    const odd = types
      .flatMap((type) => [type, ...fieldsOf(type), ...(isEnumType(type) ? type.getValues() : []), ...argumentsOf(type)])
      .flatMap(({ name, description }) =>
        /^([A-Z0-9`"]|sha256|keccak256).*[.!)"]$/s.test((description ?? "").trim()) ? [] : [`${name}: ${description}`],
      );
    expect(odd).toEqual([]);
  });

  it("calls what lists are narrowed down by a filter", () => {
    const inputs = types.filter(isInputObjectType).map(({ name }) => name);
    expect(inputs.filter((name) => !name.endsWith("Filter"))).toEqual([]);
  });

  it("has connections with nodes and a total, and nothing that is null", () => {
    const connections = types.filter(isObjectType).filter(({ name }) => name.endsWith("Connection"));
    expect(connections.length).toBeGreaterThan(10);
    for (const connection of connections) {
      const node = connection.name.slice(0, -"Connection".length);
      const { edges, nodes, pageInfo, totalCount, totalIsExact } = connection.getFields();
      const edge = gallery.getType(`${node}Edge`);
      if (!isObjectType(edge)) throw new Error(`${node}Edge`);
      expect([edges, nodes, pageInfo, totalCount, totalIsExact].map((field) => String(field?.type))).toEqual([
        `[${node}Edge!]!`,
        `[${node}!]!`,
        "PageInfo!",
        "Int!",
        "Boolean!",
      ]);
      expect([edge.getFields().node, edge.getFields().cursor].map((field) => String(field?.type))).toEqual([
        `${node}!`,
        "String!",
      ]);
    }
  });

  it("pages each root list from both ends", () => {
    const roots: GraphQLField<unknown, unknown>[] = Object.values(gallery.getQueryType()?.getFields() ?? {});
    for (const { name, args } of roots.filter((field) => getNamedType(field.type).name.endsWith("Connection"))) {
      const paging = args.filter((argument) => ["first", "after", "last", "before"].includes(argument.name));
      expect([name, paging.map((argument) => `${argument.name}: ${argument.type}`)]).toEqual([
        name,
        ["first: Int", "after: String", "last: Int", "before: String"],
      ]);
    }
  });

  it("lets each root field be null, so that an error of one leaves the others", () => {
    const roots = Object.values(gallery.getQueryType()?.getFields() ?? {});
    expect(roots.filter(({ type }) => isNonNullType(type)).map(({ name }) => name)).toEqual([]);
  });

  it("never puts a null in a list but that of things asked for by id", () => {
    const loose = types.flatMap((type) =>
      fieldsOf(type).flatMap(({ name, type: of }) => {
        const list = isNonNullType(of) ? of.ofType : of;
        return isListType(list) && !isNonNullType(list.ofType) ? [`${type.name}.${name}`] : [];
      }),
    );
    expect(loose).toEqual(["Query.nodes"]);
  });
});

/** Values that may be added to an enum or an input without a word: who is careful about unknown ones isn't broken. */
const harmless: readonly string[] = [
  DangerousChangeType.VALUE_ADDED_TO_ENUM,
  DangerousChangeType.OPTIONAL_INPUT_FIELD_ADDED,
  DangerousChangeType.OPTIONAL_ARG_ADDED,
  DangerousChangeType.IMPLEMENTED_INTERFACE_ADDED,
];

describe("since its last release, the gallery schema", () => {
  const read = (name: string) => readFileSync(join(projectRoot, "indexer/schema", name), "utf8");

  it("breaks nothing that isn't recorded in indexer/schema/breaking.json", () => {
    const released = buildSchema(read("released.graphql"));
    const changes = [
      ...findBreakingChanges(released, gallery),
      ...findDangerousChanges(released, gallery).filter(({ type }) => !harmless.includes(type)),
    ].map(({ description }) => description);
    const recorded = JSON.parse(read("breaking.json")) as { change: string; reason: string }[];
    // What is recorded must have happened, too: the list is emptied with each release (npm run schema:release).
    expect(changes.sort()).toEqual(recorded.map(({ change }) => change).sort());
    expect(recorded.filter(({ reason }) => reason.length < 10)).toEqual([]);
  });

  it("would be told of what is taken away", () => {
    const released = buildSchema(read("released.graphql"));
    const without = buildSchema(read("released.graphql").replace(/^ {2}"Title\."\n {2}title: String!$/m, ""));
    expect(findBreakingChanges(released, without).map(({ description }) => description)).toEqual([
      expect.stringContaining("title was removed"),
    ]);
  });
});

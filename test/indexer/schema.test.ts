/** The gallery's schema as integrators read it: the rules that it keeps, and that nothing they use is taken away unsaid. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  buildSchema,
  DangerousChangeType,
  findBreakingChanges,
  findDangerousChanges,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLOutputType,
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
  it("describes every type, field, argument and value", () => {
    const silent = types.flatMap((type) => [
      ...(type.description ? [] : [type.name]),
      ...[...fieldsOf(type), ...(isEnumType(type) ? type.getValues() : [])].flatMap(({ name, description }) =>
        description ? [] : [`${type.name}.${name}`],
      ),
      ...argumentsOf(type).flatMap(({ place, description }) => (description ? [] : [place])),
    ]);
    expect(silent).toEqual([]);
  });

  it("writes descriptions as sentences", () => {
    const odd = types
      .flatMap((type) => [type, ...fieldsOf(type), ...(isEnumType(type) ? type.getValues() : []), ...argumentsOf(type)])
      .flatMap(({ name, description }) =>
        /^([A-Z0-9`"]|sha256|keccak256).*[.!)"]$/s.test((description ?? "").trim()) ? [] : [`${name}: ${description}`],
      );
    expect(odd).toEqual([]);
  });

  it("names types in PascalCase, fields and arguments in camelCase, values in CONSTANT_CASE", () => {
    const named = (pattern: RegExp, names: readonly string[]) => names.filter((name) => !pattern.test(name));
    expect([
      named(
        /^[A-Z][A-Za-z0-9]*$/,
        types.map(({ name }) => name),
      ),
      named(
        /^[a-z][A-Za-z0-9]*$/,
        [...types.flatMap(fieldsOf), ...types.flatMap(argumentsOf)].map(({ name }) => name),
      ),
      named(
        /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/,
        types.flatMap((type) => (isEnumType(type) ? type.getValues() : [])).map(({ name }) => name),
      ),
    ]).toEqual([[], [], []]);
    expect(
      named(
        /(Filter)$/,
        types.filter(isInputObjectType).map(({ name }) => name),
      ),
    ).toEqual([]);
  });

  it("has connections as Relay wants them, with a total", () => {
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
    for (const { name, type, args } of roots.filter((field) => getNamedType(field.type).name.endsWith("Connection"))) {
      const paging = args.filter((argument) => ["first", "after", "last", "before"].includes(argument.name));
      expect([name, isNonNullType(type), paging.map((argument) => `${argument.name}: ${argument.type}`)]).toEqual([
        name,
        true,
        ["first: Int", "after: String", "last: Int", "before: String"],
      ]);
    }
  });

  it("never puts a null in a list", () => {
    const loose = types.flatMap((type) =>
      fieldsOf(type).flatMap(({ name, type: of }) => {
        const list = isNonNullType(of) ? of.ofType : of;
        return isListType(list) && !isNonNullType(list.ofType) ? [`${type.name}.${name}`] : [];
      }),
    );
    expect(loose).toEqual([]);
  });

  it("has no type that nothing leads to", () => {
    const used = new Set(["Query"]);
    for (const type of types) {
      for (const field of fieldsOf(type)) {
        const { name } = getNamedType(field.type as GraphQLOutputType);
        if (name !== type.name) used.add(name);
      }
      for (const argument of argumentsOf(type)) used.add(getNamedType(argument.type).name);
    }
    expect(types.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
  });
});

/** Values that may be added to an enum or an input without a word: who is careful about unknown ones isn't broken. */
const harmless: readonly string[] = [
  DangerousChangeType.VALUE_ADDED_TO_ENUM,
  DangerousChangeType.OPTIONAL_INPUT_FIELD_ADDED,
  DangerousChangeType.OPTIONAL_ARG_ADDED,
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

// Lint of the gallery schema (`npm run schema:check`): every rule for schemas that @graphql-eslint has, and why some don't fit.
import graphql from "@graphql-eslint/eslint-plugin";

const rule = (name) => `@graphql-eslint/${name}`;

const ours = {
  // All that integrators read has a description, not types and root fields alone.
  [rule("require-description")]: [
    "error",
    {
      types: true,
      rootField: true,
      DirectiveDefinition: true,
      FieldDefinition: true,
      InputValueDefinition: true,
      EnumValueDefinition: true,
    },
  ],
  // The API can only be asked.
  [rule("no-root-type")]: ["error", { disallow: ["mutation", "subscription"] }],
  // `nodes` stands beside `edges` in connections, and children of an object are short lists without cursors.
  [rule("relay-edge-types")]: [
    "error",
    { withEdgeSuffix: true, shouldImplementNode: true, listTypeCanWrapOnlyEdgeType: false },
  ],

  // A sentence is in quotes on one line, several lines are a block.
  [rule("description-style")]: "off",
  // Fields stand in the order in which somebody new to the protocol wants to read them.
  [rule("alphabetize")]: "off",
  // Values have no id: pages, facets, settings of an answer. Things have one, beside the contracts' own keys (`tokenId`, `laneId`).
  [rule("strict-id-in-types")]: "off",
  // The same for names: `seriesId` is `seriesId` wherever it stands, also in `Series`.
  [rule("no-typename-prefix")]: "off",
  // A page, a total or a facet is never absent: nullable, every client would have to handle what can't come. Where one field fails, the
  // answer has its error and no data.
  [rule("require-nullable-result-in-root")]: "off",
};

export default [
  {
    files: ["**/*.graphql"],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: "indexer/src/api/graphql/schema.graphql" } },
    },
    plugins: { "@graphql-eslint": graphql },
    rules: {
      ...graphql.configs["flat/schema-all"].rules,
      ...graphql.configs["flat/schema-relay"].rules,
      ...ours,
    },
  },
];

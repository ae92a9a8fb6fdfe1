/** Texts and variables that are made to take long until they are refused. */
import type { GraphQLRequest } from "../../indexer/src/api/graphql/executor.ts";
import { MAX_TOKENS } from "../../indexer/src/api/graphql/limits.ts";

const many = (count: number, of: (i: number) => string, between = " "): string =>
  Array.from({ length: count }, (_, i) => of(i)).join(between);

const LARGEST = 39_000;

/** Number of parts of so many tokens each that a text may have. */
const parts = (tokens: number): number => Math.floor((MAX_TOKENS - 50) / tokens);

/** Hostile questions by name. None of them is answered, and all have less than 100 kB. `salt` makes their texts new ones. */
export function hostileQuestions(salt = ""): Readonly<Record<string, GraphQLRequest>> {
  const texts: Readonly<Record<string, string>> = {
    "equal fields": `{ protocol { ${many(parts(1), () => "artworks")} } }`,
    "equal children": `{ ${many(parts(5), () => "protocol { artworks supply }")} }`,
    "equal children of equal children": `{ ${many(28, () => `artworks { ${many(20, () => "nodes { name title }")} }`)} }`,
    "fields equal but for an argument": `{ ${many(parts(10), (i) => `artwork(tokenId: ${i}) { name title }`)} }`,
    "150 fragments in one place": `{ ${many(150, (i) => `...f${i}`)} } ${many(150, (i) => `fragment f${i} on Query { protocol { artworks } }`)}`,
    "a chain of fragments, read by each operation": `${many(9, (i) => `query q${i} { ...f0 }`)} ${many(190, (i) => `fragment f${i} on Query { ...f${i + 1} protocol { artworks } }`)}`,
    "fragments in a circle": many(parts(8), (i) => `fragment f${i} on Query { ...f${(i + 1) % parts(8)} }`),
    "fragments that spread all others": many(
      50,
      (i) => `fragment f${i} on Query { ${many(parts(50) / 2 - 4, (j) => `...f${j}`)} }`,
    ),
    "fragments that double": `{ ...f0 } ${many(parts(18), (i) => `fragment f${i} on Query { a: protocol { ...g } ...f${i + 1} ...f${i + 1} }`)} fragment g on Protocol { artworks }`,
    "inline fragments within each other": `{ ${"... { ".repeat(parts(3))} block { number } ${"} ".repeat(parts(3))} }`,
    "inline fragments beside each other": `{ ${many(parts(7), () => "... { block { number } }")} }`,
    "braces within each other": `${"{ protocol ".repeat(parts(2))}`,
    "lists within each other": `{ artworks(filter: { tags: ${"[".repeat(parts(2))}${"]".repeat(parts(2))} }) { totalCount } }`,
    "a long list of wrong values": `{ artworks(filter: { owner: [${many(parts(1), () => "1")}] }) { totalCount } }`,
    "unknown fields": `{ ${many(parts(2), (i) => `artworksX${i} artworkX${i}`)} }`,
    "unknown fields of a filter": `{ artworks(filter: { ${many(parts(3), (i) => `ownerX${i}: 1`)} }) { totalCount } }`,
    "unknown variables": `{ ${many(parts(10), (i) => `artwork(tokenId: $v${i}) { name }`)} }`,
    "variables of unknown types": `query (${many(parts(4), (i) => `$v${i}: Artwrk${i}`)}) { block { number } }`,
    "many directives": `{ block { number ${many(parts(7), () => "@skip(if: false)")} } }`,
    "many operations": many(parts(5), (i) => `query q${i} { x }`),
    "types instead of questions": many(parts(7), (i) => `type T${i} { a: B${i} }`),
    "many distinct fields": `{ ${many(19, (i) => `a${i}: protocol { ${many(parts(19) - 6, (j) => `f${j}`)} }`)} }`,
    "introspection of introspection": `{ ${many(parts(12), (i) => `a${i}: __schema { types { fields { name } } }`)} }`,
    "99 kB of spaces": `{ ${" ".repeat(99_000)} x }`,
    "39 kB of spaces": `{ ${" ".repeat(LARGEST)} x }`,
    "19,500 comments": `{ ${"#\n".repeat(LARGEST / 2)} x }`,
    "a string of 39 kB": `{ artworks(search: "${"\\u0041".repeat(LARGEST / 6)}") { x } }`,
    "a block string of 19,500 lines": `{ artworks(search: """${"\n ".repeat(LARGEST / 2)}""") { x } }`,
    "a name of 39 kB": `{ ${"a".repeat(LARGEST)} }`,
    "no end": `{ artworks { nodes { name`,
    mutations: `mutation { ${many(parts(1), (i) => `a${i}`)} }`,
  };
  const owned = "query ($filter: ArtworkFilter) { artworks(filter: $filter) { totalCount } }";
  const deep = (levels: number): unknown => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);
  const variables: Readonly<Record<string, Record<string, unknown>>> = {
    "variables within each other": { filter: { tags: deep(40_000) } },
    "a variable of 40,000 wrong values": { filter: { owner: Array.from({ length: 40_000 }, () => 1) } },
    "a variable with 8,000 unknown fields": {
      filter: Object.fromEntries(Array.from({ length: 8_000 }, (_, i) => [`own${i}`, 1])),
    },
    "a variable of 20,000 values": { filter: { tags: Array.from({ length: 20_000 }, () => "a") } },
    "a variable of 90,000 characters": { filter: { tags: ["a".repeat(90_000)], owner: ["a".repeat(9_000)] } },
  };
  return {
    ...Object.fromEntries(Object.entries(texts).map(([name, query]) => [name, { query: `${query} #${salt}` }])),
    ...Object.fromEntries(Object.entries(variables).map(([name, given]) => [name, { query: owned, variables: given }])),
  };
}

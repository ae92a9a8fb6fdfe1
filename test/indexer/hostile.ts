/** Texts and variables that are made to take long until they are refused. */
import type { Question } from "../../indexer/src/api/graphql/execute.ts";

const many = (count: number, of: (i: number) => string, between = " "): string =>
  Array.from({ length: count }, (_, i) => of(i)).join(between);

const LARGEST = 39_000;

/** Hostile questions by name. None of them is answered, and all have less than 100 kB. `salt` makes their texts new ones. */
export function hostileQuestions(salt = ""): Readonly<Record<string, Question>> {
  const texts: Readonly<Record<string, string>> = {
    "3,900 equal fields": `{ protocol { ${many(3_900, () => "artworks")} } }`,
    "430 equal children": `{ ${many(430, () => "protocol { artworks supply }")} }`,
    "equal children of equal children": `{ ${many(30, () => `artworks { ${many(20, () => "nodes { name title }")} }`)} }`,
    "fields equal but for an argument": `{ ${many(180, (i) => `artwork(tokenId: ${i}) { name title }`)} }`,
    "150 fragments in one place": `{ ${many(150, (i) => `...f${i}`)} } ${many(150, (i) => `fragment f${i} on Query { protocol { artworks } }`)}`,
    "a chain of 190 fragments, read by each operation": `${many(9, (i) => `query q${i} { ...f0 }`)} ${many(190, (i) => `fragment f${i} on Query { ...f${i + 1} protocol { artworks } }`)}`,
    "500 fragments in a circle": many(500, (i) => `fragment f${i} on Query { ...f${(i + 1) % 500} }`),
    "180 fragments that spread all others": many(
      60,
      (i) => `fragment f${i} on Query { ${many(58, (j) => `...f${j}`)} }`,
    ),
    "fragments that double": `{ ...f0 } ${many(150, (i) => `fragment f${i} on Query { a: protocol { ...g } ...f${i + 1} ...f${i + 1} }`)} fragment g on Protocol { artworks }`,
    "inline fragments within each other": `{ ${"... { ".repeat(1_300)} block { number } ${"} ".repeat(1_300)} }`,
    "inline fragments beside each other": `{ ${many(900, () => "... { block { number } }")} }`,
    "braces within each other": `${"{ protocol ".repeat(1_900)}`,
    "lists within each other": `{ artworks(filter: { tags: ${"[".repeat(1_900)}${"]".repeat(1_900)} }) { totalCount } }`,
    "a long list of wrong values": `{ artworks(filter: { owner: [${many(3_900, () => "1")}] }) { totalCount } }`,
    "unknown fields": `{ ${many(1_900, (i) => `artworksX${i} artworkX${i}`)} }`,
    "unknown fields of a filter": `{ artworks(filter: { ${many(1_200, (i) => `ownerX${i}: 1`)} }) { totalCount } }`,
    "unknown variables": `{ ${many(700, (i) => `artwork(tokenId: $v${i}) { name }`)} }`,
    "variables of unknown types": `query (${many(900, (i) => `$v${i}: Artwrk${i}`)}) { block { number } }`,
    "many directives": `{ block { number ${many(900, () => "@skip(if: false)")} } }`,
    "many operations": many(900, (i) => `query q${i} { x }`),
    "types instead of questions": many(900, (i) => `type T${i} { a: B${i} }`),
    "many distinct fields": `{ ${many(19, (i) => `a${i}: protocol { ${many(180, (j) => `f${j}`)} }`)} }`,
    "introspection of introspection": `{ ${many(150, (i) => `a${i}: __schema { types { fields { name } } }`)} }`,
    "99 kB of spaces": `{ ${" ".repeat(99_000)} x }`,
    "39 kB of spaces": `{ ${" ".repeat(LARGEST)} x }`,
    "19,500 comments": `{ ${"#\n".repeat(LARGEST / 2)} x }`,
    "a string of 39 kB": `{ artworks(search: "${"\\u0041".repeat(LARGEST / 6)}") { x } }`,
    "a block string of 19,500 lines": `{ artworks(search: """${"\n ".repeat(LARGEST / 2)}""") { x } }`,
    "a name of 39 kB": `{ ${"a".repeat(LARGEST)} }`,
    "no end": `{ artworks { nodes { name`,
    mutations: `mutation { ${many(900, (i) => `a${i}`)} }`,
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

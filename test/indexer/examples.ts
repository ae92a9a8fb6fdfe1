// The examples of a page of documentation: questions, what goes with them, and the answers that the page shows.

/** Something that can be asked, and what the page says that it answers. */
export interface Example {
  readonly kind: "graphql" | "get";
  readonly name: string;
  /** The question, or the path of a URL. */
  readonly text: string;
  readonly variables: unknown;
  readonly extensions: unknown;
  readonly answer: unknown;
  /** The page shows the whole answer, not its data alone. */
  readonly isWhole: boolean;
  /** Where the answer's text is in the page. */
  readonly place: { readonly from: number; readonly to: number };
}

const fence = /^```(\w+)(?: (\w+))?\n([\s\S]*?)^```$/gm;
const address = /curl '?http:\/\/127\.0\.0\.1:42069([^'\s]+)'?/;

/** The examples of a page, in its order. */
export function examplesOf(page: string): Example[] {
  const examples: Example[] = [];
  let asked: { kind: Example["kind"]; text: string } | undefined;
  let given: Record<string, unknown> = {};
  for (const { 1: language = "", 2: role = "", 3: text = "", index } of page.matchAll(fence)) {
    const path = address.exec(text)?.[1];
    if (language === "graphql") [asked, given] = [{ kind: "graphql", text }, {}];
    else if (language === "sh" && path) [asked, given] = [{ kind: "get", text: path }, {}];
    else if (language === "json" && asked && role === "answer") {
      const answer = JSON.parse(text) as Record<string, unknown>;
      const from = index + page.slice(index).indexOf("\n") + 1;
      examples.push({
        ...asked,
        name: asked.kind === "get" ? asked.text : (/\bquery (\w+)/.exec(asked.text)?.[1] ?? ""),
        variables: given.variables,
        extensions: given.extensions,
        answer,
        isWhole: "data" in answer,
        place: { from, to: from + text.length },
      });
      asked = undefined;
    } else if (language === "json" && role !== "") given[role] = JSON.parse(text);
  }
  return examples;
}

/** Examples in TypeScript that ask a gallery. */
export function snippetsOf(page: string): string[] {
  return [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
    .map(([, text]) => text ?? "")
    .filter((text) => text.includes("galleryUrl"));
}

/** The page with other answers. */
export function pageWith(page: string, answers: ReadonlyMap<Example, unknown>): string {
  let text = page;
  // From the end, so that places stay what they are.
  for (const [{ place }, answer] of [...answers].sort(([a], [b]) => b.place.from - a.place.from)) {
    text = `${text.slice(0, place.from)}${compactJson(answer)}\n${text.slice(place.to)}`;
  }
  return text;
}

const WIDTH = 120;

/** JSON with what fits on a line on one line. */
export function compactJson(value: unknown, indent = ""): string {
  const inline = inlineJson(value);
  if (indent.length + inline.length <= WIDTH || typeof value !== "object" || value === null) return inline;
  const inner = `${indent}  `;
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  const parts = Array.isArray(value)
    ? value.map((item) => `${inner}${compactJson(item, inner)}`)
    : Object.entries(value).map(([key, field]) => `${inner}${JSON.stringify(key)}: ${compactJson(field, inner)}`);
  return `${open}\n${parts.join(",\n")}\n${indent}${close}`;
}

function inlineJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inlineJson).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const parts = Object.entries(value).map(([key, field]) => `${JSON.stringify(key)}: ${inlineJson(field)}`);
  return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
}

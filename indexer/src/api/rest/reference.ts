// The description of `/v1` for people: one page without scripts, fonts or anything from elsewhere.
import { html, raw } from "hono/html";
import { exampleOf } from "./examples.ts";
import type { JsonSchema } from "./openApi.ts";

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema: JsonSchema;
  }[];
  readonly responses: Readonly<
    Record<
      string,
      { readonly description: string; readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>> }
    >
  >;
}

/** Parts of an OpenAPI document that the page shows. */
export interface ApiDescription {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, JsonSchema>> };
}

type Markup = ReturnType<typeof html>;
interface Section {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

/** Sections before those of the routes. */
const basics = [
  ["base", "Base URL"],
  ["pages", "Pages"],
  ["freshness", "Freshness and caching"],
  ["errors", "Errors"],
] as const;

/**
 * The reference page of an OpenAPI document.
 * @param base Address of the API, without a slash at the end.
 */
export function referencePage({ info, tags = [], paths = {}, components = {} }: ApiDescription, base: string): Markup {
  const sections = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Section => ({ path, method, operation })),
  );
  const of = (tag: string) => sections.filter(({ operation }) => operation.tags?.[0] === tag);
  const schemas = Object.entries(components.schemas ?? {});
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title}</title><link rel="icon" href="data:,"><style>${raw(style)}</style></head>
<body>
<header><h1>${info.title}</h1><p>${prose(info.description)}</p>
<p>Version ${info.version}. The same as <a href="openapi.json">OpenAPI 3.1</a>; GraphQL in the <a href="explorer">explorer</a>.</p></header>
<nav aria-label="Contents"><details open><summary>Contents</summary>
<ul>${basics.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ul>
${tags.map(
  ({ name }) =>
    html`<h2><a href="#tag-${name}">${name}</a></h2><ul>${of(name).map(
      ({ path, method }) => html`<li><a href="#${anchorOf(method, path)}">${breakable(path)}</a></li>`,
    )}</ul>`,
)}<h2><a href="#components">components</a></h2><ul>${schemas.map(
    ([name]) => html`<li><a href="#${name}">${name}</a></li>`,
  )}</ul></details></nav>
<main><section id="base"><h2>Base URL</h2><pre>${base}</pre>
<p>Every route is asked with GET, needs no key, and may be asked from any web page.</p>${curl(base, "/v1/artworks?limit=1")}
<p>A parameter that a route does not know, one that is given twice, and an empty one are refused. Lists are written with
commas between, or by repeating the parameter.</p></section>
<section id="pages"><h2>Pages</h2><p>Lists have <code>limit</code> items (24 when left out, at most 100), <code>has_more</code> and
<code>next_cursor</code>. Pass the latter as <code>cursor</code>, with all else as it was. It is given on the last page too: what comes
later is asked for with it. <code>total=true</code> counts up to 10,000.</p></section>
<section id="freshness"><h2>Freshness and caching</h2><p>Every answer is true at its <code>block</code>. Send its <code>etag</code> back
as <code>if-none-match</code>: 304 says that nothing was indexed that could change it. <code>min_block</code> waits, up to 5 s, until a block
is indexed: for reading one's own writes.</p>
<pre>curl --compressed -i -H 'if-none-match: W/"..."' '${base}/v1/artworks?limit=1'</pre></section>
<section id="errors"><h2>Errors</h2><p>One shape, and codes that stay. <code>field</code> names the parameter at fault. Errors are never
cached; 429 and 503 say in <code>retry-after</code> after how many seconds to ask again.</p>
${json({ error: { code: "FIELD_INVALID", message: "limit is a number from 1 to 100.", field: "limit" } })}</section>
${tags.map(
  ({ name, description }) =>
    html`<h2 class="tag" id="tag-${name}">${name}</h2><p>${prose(description)}.</p>${of(name).map((one) =>
      sectionMarkup(one, base),
    )}`,
)}
<h2 class="tag" id="components">components</h2>
${schemas.map(([name, schema]) => html`<section id="${name}"><h3>${name}</h3>${schemaMarkup(schema)}</section>`)}
</main></body></html>`;
}

function sectionMarkup({ path, method, operation }: Section, base: string): Markup {
  const { operationId = "", summary, description = summary, parameters = [], responses } = operation;
  const example = exampleOf(operationId);
  return html`<section id="${anchorOf(method, path)}"><h3><b>${method.toUpperCase()}</b> <code>${breakable(path)}</code></h3>
<p>${prose(description)}</p>
${example ? html`${curl(base, example.path)}<details><summary>Example answer</summary><p>Lists are cut to one item.</p>${json(example.answer)}</details>` : ""}
${parameters.length > 0 ? parameterTable(parameters) : ""}
${Object.entries(responses).map(([status, { description: meaning, content }]) => {
  const schema = content?.["application/json"]?.schema;
  return html`<details><summary><b>${status}</b> ${prose(meaning)}</summary>${schema ? schemaMarkup(schema) : ""}</details>`;
})}</section>`;
}

function parameterTable(parameters: NonNullable<Operation["parameters"]>): Markup {
  return html`<table><thead><tr><th>parameter</th><th>type</th><th>meaning</th></tr></thead><tbody>${parameters.map(
    ({ name, in: location, required, description, schema }) =>
      html`<tr><td><code>${name}</code>${
        location === "path" ? html` <small>path</small>` : required ? html` <small>required</small>` : ""
      }</td><td>${typeMarkup(schema)}</td><td>${prose(description)}</td></tr>`,
  )}</tbody></table>`;
}

function curl(base: string, path: string): Markup {
  return html`<pre>curl --compressed '${base}${path}'</pre>`;
}

function json(value: unknown): Markup {
  return html`<pre>${JSON.stringify(value, null, 2)}</pre>`;
}

function schemaMarkup(schema: JsonSchema): Markup {
  const object = schema.items ? schema.items : schema;
  if (!object.properties) return html`${typeMarkup(schema)}`;
  return html`<dl>${Object.entries(object.properties).map(
    ([name, property]) =>
      html`<dt><code>${name}</code> ${typeMarkup(property)}</dt><dd>${prose(property.description)}${
        property.properties || property.items?.properties ? schemaMarkup(property) : ""
      }</dd>`,
  )}</dl>`;
}

function typeMarkup(schema: JsonSchema): Markup {
  if (schema.$ref) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return html`<a href="#${name}">${name}</a>`;
  }
  if (schema.anyOf)
    return html`${schema.anyOf.map((one, index) => html`${index > 0 ? " or " : ""}${typeMarkup(one)}`)}`;
  if (schema.items) return html`list of ${typeMarkup(schema.items)}`;
  const standing = schema.default === undefined ? "" : html`, <code>${String(schema.default)}</code> when left out`;
  if (schema.enum) {
    const values = schema.enum.map((value, index) => html`${index > 0 ? ", " : ""}<code>${String(value)}</code>`);
    return html`${values}${standing}`;
  }
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? ["any"]);
  return html`<i>${types.join(" or ")}</i>${standing}`;
}

/** Text of a description: a source's line ends are spaces, and what stands between backticks is code. */
function prose(text = ""): Markup {
  const parts = text.replaceAll(/\s+/g, " ").split("`");
  return html`${parts.map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}

/** A path that may be broken after its slashes. */
function breakable(path: string): Markup {
  return html`${path.split(/(?<=\/)/).map((part, index) => html`${index > 0 ? raw("<wbr>") : ""}${part}`)}`;
}

function anchorOf(method: string, path: string): string {
  return `${method}${path.replaceAll(/[^\w]+/g, "-")}`;
}

const style = `
:root{color-scheme:light dark;font:15px/1.55 system-ui,sans-serif;scroll-padding-top:1rem}
body{margin:0;display:grid;grid-template-columns:19rem minmax(0,56rem);grid-template-rows:auto 1fr}
header{grid-column:2;padding:1rem 2.5rem 0}main{grid-column:2}nav{grid-column:1;grid-row:1/3;position:sticky;top:0;height:100vh;overflow:auto;padding:1rem 1.5rem 2rem;box-sizing:border-box;border-right:1px solid #8884}
nav summary{font-weight:600;cursor:pointer}nav h2{font-size:.8rem;text-transform:uppercase;letter-spacing:.05em;margin:1rem 0 .2rem}
nav ul{list-style:none;margin:0;padding:0}nav li{padding:.1rem 0}nav a{text-decoration:none;font-size:.88rem}nav h2 a{color:inherit;opacity:.7}
main{padding:0 2.5rem 4rem}h1{font-size:1.5rem;margin:.3rem 0}section{border-top:1px solid #8884;padding:1rem 0}
section h2{font-size:1.1rem;margin:.2rem 0}h2.tag{margin:2.5rem 0 0;text-transform:capitalize}h3{margin:.2rem 0;font-size:1.05rem}h3 b{color:#2a7;font-size:.8em}
table{border-collapse:collapse;width:100%;margin:.6rem 0}th,td{text-align:left;vertical-align:top;padding:.3rem .75rem .3rem 0;border-bottom:1px solid #8882}
th{font-size:.8rem;opacity:.7}td:first-child{white-space:nowrap}td:nth-child(2){max-width:16rem}
pre{background:#8881;border-radius:6px;padding:.7rem .9rem;margin:.6rem 0;overflow:auto;max-height:26rem;white-space:pre-wrap;overflow-wrap:anywhere;font:.85em/1.5 ui-monospace,monospace}
details{margin:.2rem 0}details>summary{cursor:pointer}
dl{margin:.3rem 0 .3rem 1rem}dd{margin:0 0 .3rem 1.2rem;opacity:.85}code{font:.9em ui-monospace,monospace;overflow-wrap:anywhere}small{opacity:.7}
@media(max-width:800px){body{display:block}header{padding:1rem 1.5rem 0}nav{position:static;height:auto;border:0;padding:1rem 1.5rem}nav ul{columns:15rem}
main{padding:1rem 1.5rem 3rem}thead{display:none}tr{display:block;padding:.4rem 0;border-bottom:1px solid #8882}td{display:inline;padding:0;border:0}
td:last-child{display:block}td+td::before{content:" "}dl{margin-left:0}}
`;

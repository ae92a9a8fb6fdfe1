// The description of `/v1` for people: one page without scripts, fonts or anything from elsewhere.
import { html, raw } from "hono/html";
import type { JsonSchema } from "./openApi.ts";

interface Operation {
  readonly summary?: string;
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

/** As much of an OpenAPI document as the page shows. */
export interface ApiDescription {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, JsonSchema>> };
}

type Markup = ReturnType<typeof html>;

/** The reference page of an OpenAPI document. */
export function referencePage({ info, paths = {}, components = {} }: ApiDescription): Markup {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const tags = [...new Set(operations.map(({ operation }) => operation.tags?.[0] ?? ""))];
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title}</title><style>${raw(style)}</style></head>
<body>
<nav><h1>${info.title}</h1>${tags.map(
    (tag) =>
      html`<h2>${tag}</h2><ul>${operations
        .filter(({ operation }) => operation.tags?.[0] === tag)
        .map(({ path, method }) => html`<li><a href="#${anchorOf(method, path)}">${path}</a></li>`)}</ul>`,
  )}<h2>components</h2><ul>${Object.keys(components.schemas ?? {}).map(
    (name) => html`<li><a href="#${name}">${name}</a></li>`,
  )}</ul></nav>
<main><p>${prose(info.description)}</p><p>Version ${info.version}, as <a href="/openapi.json">OpenAPI</a>.</p>
${operations.map(section)}
${Object.entries(components.schemas ?? {}).map(
  ([name, schema]) => html`<section id="${name}"><h3>${name}</h3>${schemaMarkup(schema)}</section>`,
)}
</main></body></html>`;
}

function section({ path, method, operation }: { path: string; method: string; operation: Operation }): Markup {
  return html`<section id="${anchorOf(method, path)}"><h3><b>${method.toUpperCase()}</b> <code>${path}</code></h3>
<p>${prose(operation.summary)}</p>
<table><thead><tr><th>parameter</th><th>type</th><th></th></tr></thead><tbody>${(operation.parameters ?? []).map(
    ({ name, in: place, required, description, schema }) =>
      html`<tr><td><code>${name}</code>${
        place === "path" ? html` <small>path</small>` : required ? html` <small>required</small>` : ""
      }</td><td>${typeMarkup(schema)}</td><td>${prose(description)}</td></tr>`,
  )}</tbody></table>
${Object.entries(operation.responses).map(([status, { description, content }]) => {
  const schema = content?.["application/json"]?.schema;
  return html`<details${status === "200" ? raw(" open") : ""}><summary><b>${status}</b> ${prose(description)}</summary>${
    schema ? schemaMarkup(schema) : ""
  }</details>`;
})}</section>`;
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
  if (schema.enum)
    return html`${schema.enum.map((value, index) => html`${index > 0 ? ", " : ""}<code>${String(value)}</code>`)}`;
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? ["any"]);
  const standing = schema.default === undefined ? "" : html`, <code>${String(schema.default)}</code> when left out`;
  return html`<i>${types.join(" or ")}</i>${standing}`;
}

/** What stands between backticks is code. */
function prose(text = ""): Markup {
  return html`${text.split("`").map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}

function anchorOf(method: string, path: string): string {
  return `${method}${path.replaceAll(/[^\w]+/g, "-")}`;
}

const style = `
:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}
body{margin:0;display:grid;grid-template-columns:minmax(15rem,20rem) minmax(0,60rem)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1rem 1.5rem;box-sizing:border-box;border-right:1px solid #8884}
nav h1{font-size:1.1rem}nav h2{font-size:.8rem;text-transform:uppercase;letter-spacing:.05em;opacity:.7;margin:1rem 0 .2rem}
nav ul{list-style:none;margin:0;padding:0}nav a{text-decoration:none;font-size:.9rem}
main{padding:1rem 2rem}section{border-top:1px solid #8884;padding:1rem 0}h3{margin:.2rem 0}h3 b{color:#2a7;font-size:.8em}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #8882}
dl{margin:.3rem 0 .3rem 1rem}dd{margin:0 0 .3rem 1.2rem;opacity:.85}code{font:.9em ui-monospace,monospace}small{opacity:.7}
code{overflow-wrap:anywhere}
@media(max-width:800px){body{display:block}nav{position:static;height:auto;border:0}nav ul{columns:16rem}nav a{overflow-wrap:anywhere}
main{padding:1rem 1.5rem}thead{display:none}tr{display:block;padding:.4rem 0;border-bottom:1px solid #8882}td{display:inline;padding:0;border:0}
td:last-child{display:block}td+td::before{content:" "}dl{margin-left:0}}
`;

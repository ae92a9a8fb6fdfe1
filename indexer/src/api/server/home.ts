// `/`: says what answers here, and where.
import { Hono } from "hono";
import { html } from "hono/html";
import { wantsPage } from "../graphql/http/explorer.ts";
import { PAGE_POLICY } from "../http/securityHeaders.ts";
import type { IndexingStatus } from "../status/indexingStatus.ts";

/** Entry of the list on `/`. Addresses are relative: the API may be below a path of its operator's. */
interface HomeLink {
  readonly name: string;
  readonly href: string;
  readonly text: string;
}

const homeLinks: readonly HomeLink[] = [
  { name: "explorer", href: "explorer", text: "Ask the gallery schema in the browser" },
  { name: "graphql", href: "graphql", text: "GraphQL over HTTP; GET alone is the schema's text" },
  { name: "reference", href: "reference", text: "Description of the REST routes (/v1)" },
  { name: "openapi", href: "openapi.json", text: "The same as OpenAPI 3.1" },
  { name: "health", href: "v1/health", text: "How far behind the chain the index is" },
  { name: "tables", href: "tables", text: "GraphQL over all tables, by POST, with tight limits" },
];

export interface HomeDependencies {
  readonly indexingStatus: Pick<IndexingStatus, "current">;
  readonly chainId: number;
  /** Address at which others reach this API. */
  readonly publicUrl: string | undefined;
}

/** `/`, as JSON or as a page by Accept. */
export function createHome({ indexingStatus, chainId, publicUrl }: HomeDependencies): Hono {
  const app = new Hono();
  const base = (publicUrl ?? "").replace(/\/+$/, "");
  app.get("/", (context) => {
    const block = indexingStatus.current();
    context.header("vary", "accept");
    context.header("cache-control", "no-cache");
    if (!wantsPage(context)) {
      return context.json({
        name: "GridNFT gallery",
        chain_id: chainId,
        block: block?.number ?? null,
        links: Object.fromEntries(homeLinks.map(({ name, href }) => [name, `${base}/${href}`])),
      });
    }
    context.header("content-security-policy", PAGE_POLICY);
    return context.html(html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>GridNFT gallery</title><link rel="icon" href="data:,"><style>
:root{color-scheme:light dark;font:16px/1.6 system-ui,sans-serif}body{margin:0 auto;max-width:44rem;padding:2rem 1.5rem}
h1{font-size:1.4rem;margin:0}dl{display:grid;grid-template-columns:max-content 1fr;gap:.4rem 1.5rem}dd{margin:0;opacity:.85}
@media(max-width:500px){dl{display:block}dd{margin-bottom:.6rem}}
</style></head>
<body><h1>GridNFT gallery</h1>
<p>Open API over the artworks, models and workers of the AIPG Grid on chain ${chainId}${
      block ? `, indexed up to block ${block.number}` : ""
    }. Anyone may call it, from any page.</p>
<dl>${homeLinks.map(({ href, text }) => html`<dt><a href="${href}">/${href}</a></dt><dd>${text}</dd>`)}</dl>
</body></html>
`);
  });
  return app;
}

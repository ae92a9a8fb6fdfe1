// GraphiQL for the gallery schema: a page that loads nothing but what this process serves.
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type Context, Hono } from "hono";

/** Path of the page. `GET /graphql` sends browsers there. A query in the URL is answered with JSON, also to them. */
export const EXPLORER = "/explorer";

const TITLE = "GridNFT gallery";

const firstQuery = `# Book icon: what there is.
# Ctrl-Space: completes.

query FrontPage {
  artworks(first: 3, orderBy: TRENDING) {
    totalCount
    nodes {
      tokenId
      name
      image
      artist {
        address
      }
      model {
        name
        verified
      }
      remixCount
      mintedAt
    }
  }
}
`;

const logo = `<svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><path fill="currentColor" d="M3 3h8v8H3zM13 3h8v8h-8zM3 13h8v8H3z"/><path fill="#d60590" d="M13 13h8v8h-8z"/></svg>`;

const begin = `
YogaGraphiQL.renderYogaGraphiQL(document.getElementById("root"), ${JSON.stringify({
  endpoint: "graphql",
  title: TITLE,
  logo,
  defaultQuery: firstQuery,
  credentials: "omit",
  shouldPersistHeaders: false,
})});`;

/** Styles that GraphiQL leaves to the page. On a phone, answers are below queries and documentation is in place of both. */
const frame = `html,body,#root{height:100%;margin:0}
@media(max-width:700px){.graphiql-container .graphiql-session{flex-direction:column;gap:8px}
.graphiql-container .graphiql-session>.graphiql-horizontal-drag-bar{display:none}
.graphiql-container:has(.graphiql-sidebar .active) .graphiql-main>:not(:has(>.graphiql-plugin)){display:none!important}
.graphiql-container .graphiql-main>:has(>.graphiql-plugin){flex:1!important}}`;

/** GraphiQL marks places by style attributes and elements of its own; scripts, fonts and requests are of here alone. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src data:",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

interface File {
  readonly name: string;
  readonly type: string;
  readonly text: string;
  readonly zipped: Uint8Array<ArrayBuffer>;
}

/** Its files, named by what is in them. Read when somebody looks: they are 2 MB. */
async function readFiles(): Promise<readonly [script: File, style: File]> {
  const { js, css } = await import("@graphql-yoga/render-graphiql/graphiql");
  return Promise.all([
    file("js", "text/javascript; charset=utf-8", `${js};${begin}`),
    file("css", "text/css; charset=utf-8", `${css}\n${frame}`),
  ]);
}

async function file(extension: string, type: string, text: string): Promise<File> {
  const hash = createHash("sha256").update(text).digest("base64url").slice(0, 16);
  return { name: `${hash}.${extension}`, type, text, zipped: new Uint8Array(await promisify(gzip)(text)) };
}

/** `/explorer` and its files. */
export function createExplorerRoutes(): Hono {
  const app = new Hono();
  let files: ReturnType<typeof readFiles> | undefined;
  const known = () => {
    files ??= readFiles();
    return files;
  };

  app.get(EXPLORER, async (context) => {
    const [script, style] = await known();
    context.header("cache-control", "public, max-age=3600");
    context.header("content-security-policy", policy);
    return context.html(page(script.name, style.name));
  });

  app.get(`${EXPLORER}/:file`, async (context) => {
    const found = (await known()).find(({ name }) => name === context.req.param("file"));
    if (!found) return context.notFound();
    context.header("cache-control", "public, max-age=31536000, immutable");
    context.header("content-type", found.type);
    context.header("vary", "accept-encoding");
    if (!/\bgzip\b/.test(context.req.header("accept-encoding") ?? "")) return context.body(found.text);
    context.header("content-encoding", "gzip");
    return context.body(found.zipped);
  });

  return app;
}

/** Returns whether a browser asks for a page. */
export function wantsPage(context: Context): boolean {
  return (context.req.header("accept") ?? "").includes("text/html");
}

function page(script: string, style: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${TITLE}</title><link rel="icon" href="data:,"><link rel="stylesheet" href="explorer/${style}"></head>
<body><noscript>The explorer needs JavaScript. The routes of <a href="reference">/v1</a> are described without.</noscript>
<div id="root"></div><script src="explorer/${script}"></script></body></html>
`;
}

// Frame of every page.
import type { Block } from "@gridnft/sdk/gallery";
import type { Child } from "hono/jsx";
import type { Asset } from "../http/asset.ts";
import type { Site } from "../site.ts";
import { text } from "../text/en.ts";
import { formatCount } from "../text/format.ts";

/** Head of a page, and how it is shown by others. */
export interface PageHead {
  readonly title: string;
  readonly description?: string;
  /** Path of the page without parameters that change nothing. */
  readonly path: string;
  /** Picture that represents the page. */
  readonly picture?: { readonly url: string; readonly width: number; readonly height: number; readonly alt: string };
  /** Address of the oEmbed answer. */
  readonly oEmbed?: string;
  /** Script of the page. */
  readonly script?: Asset | undefined;
  /** Pages that search engines should not list. */
  readonly isHidden?: boolean;
}

const Head = ({ site, head }: { site: Site; head: PageHead }) => {
  const title = head.title === text.site ? `${text.site}: ${text.tagline}` : `${head.title} · ${text.site}`;
  const url = `${site.url}${head.path}`;
  const description = head.description ?? text.tagline;
  return (
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>{title}</title>
      <meta name="description" content={description} />
      <meta name="color-scheme" content="light dark" />
      {head.isHidden ? <meta name="robots" content="noindex" /> : <link rel="canonical" href={url} />}
      <link rel="icon" type="image/svg+xml" href={site.assets.icon.path} />
      <link rel="stylesheet" href={site.assets.style.path} />
      {head.script && <script type="module" src={head.script.path} />}
      <link rel="preconnect" href={new URL(site.cloudUrl).origin} />
      <meta property="og:site_name" content={text.site} />
      <meta property="og:type" content="website" />
      <meta property="og:title" content={head.title} />
      <meta property="og:description" content={description} />
      <meta property="og:url" content={url} />
      {head.picture && (
        <>
          <meta property="og:image" content={head.picture.url} />
          <meta property="og:image:width" content={`${head.picture.width}`} />
          <meta property="og:image:height" content={`${head.picture.height}`} />
          <meta property="og:image:alt" content={head.picture.alt} />
        </>
      )}
      <meta name="twitter:card" content={head.picture ? "summary_large_image" : "summary"} />
      {head.oEmbed && <link rel="alternate" type="application/json+oembed" href={head.oEmbed} title={head.title} />}
    </head>
  );
};

const places = ["explore", "series", "models", "workers", "activity", "network"] as const;

/** Page with header, content and footer. */
export const Layout = ({
  site,
  head,
  block,
  search = "",
  children,
}: {
  site: Site;
  head: PageHead;
  block?: Block | undefined;
  /** Words in the search field. */
  search?: string;
  children: Child;
}) => (
  <html lang="en" dir="ltr">
    <Head site={site} head={head} />
    <body>
      <a class="skip" href="#content">
        {text.skip}
      </a>
      <header class="top">
        <a class="logo" href="/">
          {text.site}
        </a>
        <search>
          <form class="search" action="/explore">
            <input
              type="search"
              name="q"
              value={search}
              maxlength={1_000}
              placeholder={text.search.hint}
              aria-label={text.search.label}
            />
            <button type="submit">{text.search.submit}</button>
          </form>
        </search>
        <nav aria-label={text.site}>
          {places.map((place) => (
            <a href={`/${place}`} aria-current={head.path.split("/")[1] === place ? "page" : undefined}>
              {text.nav[place]}
            </a>
          ))}
        </nav>
      </header>
      <main id="content">{children}</main>
      <footer class="bottom">
        {block && <span>{text.footer.block(formatCount(block.number))}</span>}
        <a href={site.graphqlUrl}>{text.footer.api}</a>
        <a href="/styleguide">{text.footer.styleguide}</a>
      </footer>
    </body>
  </html>
);

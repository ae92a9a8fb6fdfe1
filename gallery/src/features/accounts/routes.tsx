import { documents } from "@gridnft/sdk/gallery";
import type { Hono } from "hono";
import { getAddress } from "viem";
import { Masonry } from "../../design/card.tsx";
import { Layout } from "../../design/layout.tsx";
import { Counts, Empty, NextPage, Time } from "../../design/parts.tsx";
import { readAddress } from "../../http/ids.ts";
import { nextOf } from "../../http/pages.ts";
import { ParameterError } from "../../http/parameterError.ts";
import { render } from "../../http/render.ts";
import type { AppTypes } from "../../site.ts";
import { text } from "../../text/en.ts";
import { shortHex } from "../../text/format.ts";

/** Artworks of a page. */
const PAGE_SIZE = 50;

/** Adds the page of an account: what it made, and what it owns. */
export function addAccounts(app: Hono<AppTypes>): void {
  app.get("/accounts/:address", async (context) => {
    const { site } = context.var;
    const address = readAddress(context.req.param("address"));
    const path = `/accounts/${address}`;
    if (context.req.path !== path) return context.redirect(path, 301);
    const wanted = context.req.query("show") || "created";
    if (wanted !== "created" && wanted !== "owned") throw new ParameterError("show", "is neither created nor owned");
    const after = context.req.query("after") || undefined;
    const filter = wanted === "created" ? { artist: [address] } : { owner: [address] };
    const [{ account, block }, { page }] = await Promise.all([
      site.gallery.query(documents.account, { address }),
      site.gallery.query(documents.artworks, { filter, first: PAGE_SIZE, after, withTotal: false }),
    ]);
    return render(
      context,
      <Layout site={site} head={{ title: shortHex(address), path }} block={block}>
        <h1 class="hex">{shortHex(address)}</h1>
        <p class="byline">
          <code class="hash">{getAddress(address)}</code>
        </p>
        {account && (
          <>
            <Counts
              counts={[
                [text.accounts.artworksCreated, account.artworksCreated],
                [text.accounts.artworksOwned, account.artworksOwned],
                [text.accounts.seriesCreated, account.seriesCreated],
                [text.accounts.modelsOwned, account.modelsOwned],
              ]}
            />
            <p class="byline">
              {text.accounts.first} <Time seconds={account.firstSeenAt} />
            </p>
          </>
        )}
        <nav class="tabs" aria-label={shortHex(address)}>
          {(["created", "owned"] as const).map((one) => (
            <a href={`${path}?show=${one}`} aria-current={one === wanted ? "page" : undefined}>
              {text.accounts[one]}
            </a>
          ))}
        </nav>
        {page.nodes.length === 0 && <Empty>{account ? text.explore.none : text.accounts.nothing}</Empty>}
        <Masonry site={site} artworks={page.nodes} />
        <NextPage href={nextOf(path, page.pageInfo, { show: wanted })} label={text.explore.more} />
      </Layout>,
    );
  });
}

import { documents } from "@gridnft/sdk/gallery";
import type { Hono } from "hono";
import type { Hex } from "viem";
import { Layout } from "../../design/layout.tsx";
import { ActivityList, Empty, NextPage } from "../../design/parts.tsx";
import { nextOf } from "../../http/pages.ts";
import { ParameterError } from "../../http/parameterError.ts";
import { render } from "../../http/render.ts";
import type { AppTypes } from "../../site.ts";
import { text } from "../../text/en.ts";

/** Events of a page. */
const PAGE_SIZE = 100;

/** Adds the list of events: all, or those of a transaction. */
export function addActivity(app: Hono<AppTypes>): void {
  app.get("/activity", async (context) => {
    const { site } = context.var;
    const after = context.req.query("after") || undefined;
    const tx = context.req.query("tx")?.toLowerCase() || undefined;
    if (tx !== undefined && !/^0x[0-9a-f]{64}$/.test(tx)) throw new ParameterError("tx", "is not a transaction's hash");
    const filter = tx ? { tx: tx as Hex } : {};
    const { page, block } = await site.gallery.query(documents.activity, {
      ...{ first: PAGE_SIZE, after, filter, withTotal: false },
    });
    return render(
      context,
      <Layout site={site} head={{ title: text.activity.title, path: "/activity" }} block={block}>
        <h1>{text.activity.title}</h1>
        {tx && (
          <p class="byline">
            <code class="hash">{tx}</code>
          </p>
        )}
        {page.nodes.length === 0 && <Empty>{text.activity.none}</Empty>}
        <ActivityList events={page.nodes} />
        <NextPage href={nextOf("/activity", page.pageInfo, tx ? { tx } : {})} label={text.activity.more} />
      </Layout>,
    );
  });
}

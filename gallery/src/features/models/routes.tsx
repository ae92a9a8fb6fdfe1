import { documents, type Model } from "@gridnft/sdk/gallery";
import type { Hono } from "hono";
import { Rail } from "../../design/card.tsx";
import { Layout } from "../../design/layout.tsx";
import { AccountLink, CHART_DAYS, DayChart, Empty, Facts, Hash, NextPage, Time } from "../../design/parts.tsx";
import { NotFoundError } from "../../http/errors.tsx";
import { readId } from "../../http/ids.ts";
import { nextOf } from "../../http/pages.ts";
import { render } from "../../http/render.ts";
import type { AppTypes } from "../../site.ts";
import { text } from "../../text/en.ts";
import { formatAipg, formatCount } from "../../text/format.ts";

/** Models of a page. */
const PAGE_SIZE = 50;
/** Artworks beside a model. */
const BESIDE = 16;

/** Adds the list of models, and the page of one. */
export function addModels(app: Hono<AppTypes>): void {
  app.get("/models", async (context) => {
    const { site } = context.var;
    const after = context.req.query("after") || undefined;
    const { page, block } = await site.gallery.query(documents.models, { first: PAGE_SIZE, after, withTotal: false });
    return render(
      context,
      <Layout site={site} head={{ title: text.models.title, path: "/models" }} block={block}>
        <h1>{text.models.title}</h1>
        {page.nodes.length === 0 && <Empty>{text.models.none}</Empty>}
        <ul class="rows">
          {page.nodes.map((model) => (
            <li>
              <h2>
                <a href={`/models/${model.modelId}`}>{model.name || `#${model.modelId}`}</a>
              </h2>
              <p>
                <Terms model={model} /> · {formatCount(model.artworkCount)} {text.home.artworks(model.artworkCount)}
              </p>
            </li>
          ))}
        </ul>
        <NextPage href={nextOf("/models", page.pageInfo)} label={text.models.more} />
      </Layout>,
    );
  });

  app.get("/models/:id{[0-9]+}", async (context) => {
    const { site } = context.var;
    const modelId = readId(context.req.param("id"));
    const [{ model, block }, { page }, { days }] = await Promise.all([
      site.gallery.query(documents.model, { modelId }),
      site.gallery.query(documents.artworks, { filter: { modelIds: [modelId] }, first: BESIDE, withTotal: false }),
      site.gallery.query(documents.modelStatistics, { modelId, days: CHART_DAYS }),
    ]);
    if (!model) throw new NotFoundError(text.errors.noModel);
    const title = model.name || `${text.facets.model} #${modelId}`;
    return render(
      context,
      <Layout site={site} head={{ title, path: `/models/${modelId}` }} block={block}>
        <h1>{title}</h1>
        <p class="byline">
          <Terms model={model} />
        </p>
        <Facts
          rows={[
            [text.models.owner, <AccountLink address={model.owner.address} />],
            [text.models.creator, <AccountLink address={model.creator.address} />],
            [text.models.since, <Time seconds={model.registeredAt} />],
            [text.models.family, model.family === "OTHER" ? undefined : model.family],
            [text.models.kinds, model.kind && text.models.kind(model.kind)],
            [text.models.licence, model.license],
            [text.models.share, `${model.usageBps / 100} %`],
            [text.models.licencePrice, model.licensePrice === null ? undefined : formatAipg(model.licensePrice)],
            [text.models.artworks, formatCount(model.artworkCount)],
            [text.models.earned, formatAipg(model.royaltyEarned)],
            [text.models.licences, formatCount(model.licensesSold)],
            [text.models.weights, <Hash value={model.weightsHash} />],
          ]}
        />
        <DayChart
          title={text.network.artworks}
          days={days.map(({ start, artworks }) => ({ start, value: artworks, label: formatCount(artworks) }))}
          nothing={formatCount(0)}
        />
        {page.nodes.length > 0 && (
          <section>
            <div class="bar">
              <h2>{text.models.made}</h2>
              <a href={`/explore?model=${modelId}`}>{text.home.all}</a>
            </div>
            <Rail site={site} artworks={page.nodes} />
          </section>
        )}
      </Layout>,
    );
  });
}

const Terms = ({ model: { access, verified, deprecated } }: { model: Model }) => (
  <span>
    {access === "OPEN" ? text.models.open : text.models.licensed}
    {verified && ` · ${text.models.verified}`}
    {deprecated && ` · ${text.models.deprecated}`}
  </span>
);

import { type Answer, type ArtworkCard, documents, type Facets } from "@gridnft/sdk/gallery";
import type { Hono } from "hono";
import { Masonry } from "../../design/card.tsx";
import { Layout } from "../../design/layout.tsx";
import { Empty, NextPage } from "../../design/parts.tsx";
import { render } from "../../http/render.ts";
import type { AppTypes, Site } from "../../site.ts";
import { text } from "../../text/en.ts";
import { formatCount, shortHex } from "../../text/format.ts";
import { findExactly } from "./lookup.ts";
import {
  type ExploreQuestion,
  FILTERS,
  type FilterName,
  filterOf,
  ORDERS,
  pathOf,
  readQuestion,
  withFilter,
} from "./parameters.ts";

/** Artworks of a page. */
const PAGE_SIZE = 50;
/** Values that each facet shows. */
const FACET_SIZE = 8;

interface Listing {
  readonly artworks: readonly ArtworkCard[];
  readonly total: number | undefined;
  readonly isExact: boolean;
  readonly next: string | undefined;
}

/** Adds the list of artworks: all, or those that words and filters find. */
export function addExplore(app: Hono<AppTypes>): void {
  app.get("/explore", async (context) => {
    const { site } = context.var;
    const question = readQuestion(new URL(context.req.url).searchParams);
    if (question.search && Object.keys(question.filters).length === 0 && !question.after) {
      const exact = await findExactly(site, question.search);
      if (exact) return context.redirect(exact, 302);
    }
    const filter = filterOf(question);
    const search = question.search || undefined;
    const [listing, { facets }] = await Promise.all([
      list(site, question),
      site.gallery.query(documents.artworkFacets, { filter, search, first: FACET_SIZE }),
    ]);
    return render(context, <ExplorePage site={site} question={question} listing={listing} facets={facets} />);
  });
}

async function list({ gallery }: Site, question: ExploreQuestion): Promise<Answer<Listing>> {
  const { order, after, search } = question;
  const asked = { filter: filterOf(question), first: PAGE_SIZE, after };
  if (search) {
    const orderBy = order === "BEST" ? undefined : order;
    const { page, block } = await gallery.query(documents.search, { ...asked, search, orderBy });
    return { ...listingOf(page), artworks: page.edges.map(({ node }) => node), block };
  }
  const orderBy = order === "BEST" ? "NEWEST" : order;
  const { page, block } = await gallery.query(documents.artworks, { ...asked, orderBy });
  return { ...listingOf(page), artworks: page.nodes, block };
}

function listingOf(page: {
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly totalCount?: number | null | undefined;
  readonly totalIsExact?: boolean | null | undefined;
}): Omit<Listing, "artworks"> {
  return {
    total: page.totalCount ?? undefined,
    isExact: page.totalIsExact ?? true,
    next: page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? undefined) : undefined,
  };
}

const ExplorePage = ({
  site,
  question,
  listing,
  facets,
}: {
  site: Site;
  question: ExploreQuestion;
  listing: Answer<Listing>;
  facets: Facets;
}) => {
  const { artworks, total, isExact, next, block } = listing;
  const title = question.search || text.explore.title;
  const head = { title, path: pathOf(question), isHidden: question.after !== undefined || question.search !== "" };
  return (
    <Layout site={site} head={head} block={block} search={question.search}>
      <h1>{title}</h1>
      <div class="explore">
        <Filters question={question} facets={facets} />
        <section aria-label={text.nav.explore}>
          <div class="bar">
            <p>{text.explore.found(total ?? 0, formatCount(total ?? 0), isExact)}</p>
            <OrderForm question={question} />
          </div>
          <ActiveFilters question={question} facets={facets} />
          {artworks.length === 0 && (
            <Empty>
              {text.explore.none} <a href="/explore">{text.explore.clear}</a>
            </Empty>
          )}
          <Masonry site={site} artworks={artworks} />
          <NextPage href={next && pathOf({ ...question, after: next })} label={text.explore.more} />
        </section>
      </div>
    </Layout>
  );
};

/** Form that keeps the search and the filters, and changes the order. */
const OrderForm = ({ question }: { question: ExploreQuestion }) => (
  <form class="order" action="/explore">
    {question.search && <input type="hidden" name="q" value={question.search} />}
    {FILTERS.map(
      (name) => question.filters[name] && <input type="hidden" name={name} value={question.filters[name]} />,
    )}
    <label>
      {text.explore.order}{" "}
      <select name="order">
        {[...(question.search ? (["BEST"] as const) : []), ...ORDERS].map((order) => (
          <option value={order} selected={order === question.order}>
            {text.orders[order]}
          </option>
        ))}
      </select>
    </label>
    <button type="submit">{text.explore.apply}</button>
  </form>
);

const ActiveFilters = ({ question, facets }: { question: ExploreQuestion; facets: Facets }) => {
  const active = FILTERS.filter((name) => question.filters[name] !== undefined);
  if (active.length === 0) return null;
  return (
    <ul class="chips" aria-label={text.explore.active}>
      {active.map((name) => {
        const label = `${text.facets[name]}: ${labelOf(name, question.filters[name] ?? "", facets)}`;
        return (
          <li>
            <a
              class="chip"
              href={pathOf(withFilter(question, name, undefined))}
              aria-label={text.explore.remove(label)}
            >
              {label} <span aria-hidden="true">×</span>
            </a>
          </li>
        );
      })}
    </ul>
  );
};

function labelOf(name: FilterName, value: string, facets: Facets): string {
  if (name === "model") {
    const found = facets.models.find(({ modelId }) => `${modelId}` === value)?.model?.name;
    return found ?? `#${value}`;
  }
  if (name === "series") return `#${value}`;
  return value.startsWith("0x") ? shortHex(value) : value;
}

interface Choice {
  readonly value: string;
  readonly label: string;
  readonly count: number;
}

const Filters = ({ question, facets }: { question: ExploreQuestion; facets: Facets }) => {
  const named = (rows: Facets["tags"]): Choice[] =>
    rows.map(({ value, count }) => ({ value, label: value, count: Number(count) }));
  const groups: readonly (readonly [FilterName, readonly Choice[]])[] = [
    [
      "model",
      facets.models.map(({ modelId, model, count }) => ({
        ...{ value: `${modelId}`, label: model?.name || `#${modelId}`, count: Number(count) },
      })),
    ],
    ["tag", named(facets.tags)],
    ["size", named(facets.sizes)],
    [
      "worker",
      facets.workers.map(({ address, count }) => ({
        ...{ value: address, label: shortHex(address), count: Number(count) },
      })),
    ],
  ];
  return (
    <details class="filters">
      <summary>{text.explore.filters}</summary>
      {groups
        .filter(([, choices]) => choices.length > 0)
        .map(([name, choices]) => (
          <section>
            <h2>{text.facets[name]}</h2>
            <ul>
              {choices.map(({ value, label, count }) => (
                <li>
                  <a
                    href={pathOf(withFilter(question, name, value))}
                    aria-current={question.filters[name] === value ? "true" : undefined}
                  >
                    {label} <span class="count">{formatCount(count)}</span>
                  </a>
                </li>
              ))}
            </ul>
          </section>
        ))}
    </details>
  );
};

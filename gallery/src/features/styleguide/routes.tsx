import { documents } from "@gridnft/sdk/gallery";
import type { Hono } from "hono";
import { Masonry } from "../../design/card.tsx";
import { Layout } from "../../design/layout.tsx";
import { Counts, DayChart, Empty, Facts, Hash, NextPage } from "../../design/parts.tsx";
import { render } from "../../http/render.ts";
import type { AppTypes } from "../../site.ts";
import { text } from "../../text/en.ts";

/** Adds the page that shows every part of the design. */
export function addStyleguide(app: Hono<AppTypes>): void {
  app.get("/styleguide", async (context) => {
    const { site } = context.var;
    const { page } = await site.gallery.query(documents.artworks, { first: 6, withTotal: false });
    const days = Array.from({ length: 30 }, (_, i) => ({
      ...{ start: 1_767_225_600 + i * 86_400, value: (i * i) % 17, label: `${(i * i) % 17}` },
    }));
    return render(
      context,
      <Layout site={site} head={{ title: text.footer.styleguide, path: "/styleguide", isHidden: true }}>
        <h1>{text.footer.styleguide}</h1>
        <section>
          <h2>Type</h2>
          <p class="type-1">Large: a lighthouse in a storm</p>
          <p class="type-2">Middle: a lighthouse in a storm</p>
          <p>Text: a lighthouse in a storm, oil painting</p>
          <p class="type-small">Small: a lighthouse in a storm, oil painting</p>
        </section>
        <section>
          <h2>Colours</h2>
          <ul class="swatches">
            {["ground", "raised", "line", "quiet", "text", "accent"].map((name) => (
              <li class={`swatch swatch-${name}`}>{name}</li>
            ))}
          </ul>
        </section>
        <section>
          <h2>Controls</h2>
          <p class="links">
            <a class="button" href="#controls" id="controls">
              Link as a button
            </a>
            <button type="button">Button</button>
            <button type="button" disabled>
              Disabled
            </button>
            <a class="chip" href="#controls">
              Chip
            </a>
            <span class="mark">{text.artwork.mark}</span>
          </p>
          <p>
            <label>
              Choice{" "}
              <select>
                <option>One</option>
                <option>Other</option>
              </select>
            </label>
          </p>
        </section>
        <section>
          <h2>Parts</h2>
          <Counts counts={[[text.home.artworks, 12_345]]} />
          <Facts
            rows={[
              [text.artwork.size, "512 × 768"],
              [text.origin.receipt, <Hash value={`0x${"5a".repeat(32)}`} />],
            ]}
          />
          <DayChart title={text.network.artworks} days={days} nothing="0" />
          <Empty>{text.explore.none}</Empty>
          <NextPage href="#parts" label={text.explore.more} />
        </section>
        <section>
          <h2>Cards</h2>
          <Masonry site={site} artworks={page.nodes} />
        </section>
      </Layout>,
    );
  });
}

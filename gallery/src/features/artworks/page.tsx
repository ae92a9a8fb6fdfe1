// Page of one artwork: picture, words and parameters, origin, versions, history.
import type { Activity, Artwork, ArtworkCard, ArtworkVersion, Block } from "@gridnft/sdk/gallery";
import { alternativeText, pictureUrl, Rail } from "../../design/card.tsx";
import { Layout } from "../../design/layout.tsx";
import { AccountLink, ActivityList, Facts, Hash, Time, WorkerLink } from "../../design/parts.tsx";
import type { Site } from "../../site.ts";
import { text } from "../../text/en.ts";
import { formatAipg, shorten } from "../../text/format.ts";
import { verificationText } from "../../text/verification.ts";

/** Artwork with all that its page shows. */
export interface ArtworkView {
  readonly artwork: Artwork;
  readonly block: Block;
  readonly series: readonly ArtworkCard[];
  readonly remixes: readonly ArtworkCard[];
  readonly history: readonly Activity[];
}

export const ArtworkPage = ({ site, view }: { site: Site; view: ArtworkView }) => {
  const { artwork, block, series, remixes, history } = view;
  const picture = pictureUrl(site, artwork.cid);
  const latest = artwork.versions.at(-1);
  const path = `/artworks/${artwork.tokenId}`;
  const head = {
    ...{ title: artwork.name, description: shorten(artwork.prompt, 200), path },
    script: isCheckable(site) ? site.assets.verify : undefined,
    oEmbed: `${site.url}/oembed?url=${encodeURIComponent(`${site.url}${path}`)}`,
    picture: {
      ...{ url: picture, width: Number(artwork.width), height: Number(artwork.height) },
      alt: alternativeText(artwork),
    },
  };
  return (
    <Layout site={site} head={head} block={block}>
      <article class="artwork">
        <figure class="picture">
          <a href={picture}>
            <img
              src={picture}
              width={Number(artwork.width)}
              height={Number(artwork.height)}
              alt={alternativeText(artwork)}
              fetchpriority="high"
            />
          </a>
        </figure>
        <div class="about">
          <h1 dir="auto">{artwork.name}</h1>
          <p class="byline">
            <span class="mark">{text.artwork.mark}</span> {text.artwork.by}{" "}
            <AccountLink address={artwork.artist.address} />
            {artwork.model && (
              <>
                {" · "}
                <a href={`/models/${artwork.model.modelId}`}>{artwork.model.name}</a>
              </>
            )}
          </p>
          {artwork.burned && <p class="notice">{text.artwork.burned}</p>}
          {artwork.description && (
            <p class="prose" dir="auto">
              {artwork.description}
            </p>
          )}
          <section>
            <h2>{text.artwork.prompt}</h2>
            <blockquote class="prompt" dir="auto">
              {artwork.prompt}
            </blockquote>
            {latest?.negativePrompt && (
              <>
                <h3>{text.artwork.negativePrompt}</h3>
                <blockquote class="prompt" dir="auto">
                  {latest.negativePrompt}
                </blockquote>
              </>
            )}
          </section>
          <Facts
            rows={[
              [text.artwork.owner, artwork.owner && <AccountLink address={artwork.owner.address} />],
              [text.artwork.artist, <AccountLink address={artwork.artist.address} />],
              [
                text.artwork.remixOf,
                artwork.remixOfId === null ? undefined : (
                  <a href={`/artworks/${artwork.remixOfId}`}>{`#${artwork.remixOfId}`}</a>
                ),
              ],
            ]}
          />
          {artwork.tags.length > 0 && (
            <ul class="chips" aria-label={text.artwork.tags}>
              {artwork.tags.map((tag) => (
                <li>
                  <a class="chip" href={`/explore?tag=${encodeURIComponent(tag)}`}>
                    {tag}
                  </a>
                </li>
              ))}
            </ul>
          )}
          {latest && <Parameters artwork={artwork} version={latest} />}
          {latest && <Origin site={site} tokenId={`${artwork.tokenId}`} version={latest} />}
          <p class="links">
            <a href={picture}>{text.artwork.file}</a>
            <a href={`${path}.json`}>{text.artwork.data}</a>
            <a href={`/embed/${artwork.tokenId}`}>{text.artwork.share}</a>
          </p>
        </div>
      </article>
      {artwork.versions.length > 1 && <Versions site={site} artwork={artwork} />}
      {remixes.length > 0 && <Beside site={site} title={text.artwork.remixes} artworks={remixes} />}
      {series.length > 0 && <Beside site={site} title={text.artwork.series} artworks={series} />}
      <section>
        <h2>{text.artwork.history}</h2>
        <ActivityList events={history} />
      </section>
    </Layout>
  );
};

const Parameters = ({ artwork, version }: { artwork: Artwork; version: ArtworkVersion }) => (
  <section>
    <h2>{text.artwork.parameters}</h2>
    <Facts
      rows={[
        [
          text.artwork.model,
          artwork.model && (
            <a href={`/models/${artwork.model.modelId}`}>{artwork.model.name || `#${artwork.model.modelId}`}</a>
          ),
        ],
        [text.artwork.seed, `${version.seed}${version.requestedSeed === null ? ` (${text.artwork.randomSeed})` : ""}`],
        [text.artwork.size, `${version.width} × ${version.height}`],
        [text.artwork.steps, `${version.steps}`],
        [text.artwork.guidance, `${Number(version.guidanceMilli) / 1_000}`],
        [text.artwork.sampler, version.sampler],
        [text.artwork.scheduler, version.scheduler],
        [text.artwork.engine, version.engine],
      ]}
    />
  </section>
);

/** Returns true when browsers can check artworks: they know the chain's node and the contracts. */
function isCheckable({ rpcUrl, deployment }: Site): boolean {
  return rpcUrl !== undefined && deployment !== undefined;
}

const Origin = ({ site, tokenId, version }: { site: Site; tokenId: string; version: ArtworkVersion }) => (
  <section class="origin">
    <h2>{text.artwork.origin}</h2>
    <p>{text.origin.signed}</p>
    <pre>
      <code>{text.origin.command(tokenId)}</code>
    </pre>
    {isCheckable(site) && (
      <div
        class="verify"
        data-verify
        data-token={tokenId}
        data-rpc={site.rpcUrl}
        data-cloud={site.cloudUrl}
        data-deployment="/deployment.json"
      >
        <button type="button" hidden>
          {verificationText.button}
        </button>
        <p role="status" />
        <div data-checks />
      </div>
    )}
    <Facts
      rows={[
        [text.origin.worker, version.worker && <WorkerLink address={version.worker.address} />],
        [text.origin.requester, <AccountLink address={version.requester.address} />],
        [text.origin.payer, <AccountLink address={version.payer.address} />],
        [text.origin.price, formatAipg(version.price)],
        [text.origin.finished, <Time seconds={version.completedAt} />],
        [text.origin.anchored, <Time seconds={version.anchorTime} />],
        [text.origin.receipt, <Hash value={version.receiptId} />],
        [text.origin.request, <Hash value={version.requestHash} />],
        [text.origin.picture, <Hash value={version.imageHash} />],
        [text.origin.cid, <Hash value={version.cid} />],
      ]}
    />
  </section>
);

const Versions = ({ site, artwork }: { site: Site; artwork: Artwork }) => (
  <section>
    <h2>{text.artwork.versions}</h2>
    <ol class="rail">
      {[...artwork.versions].reverse().map((version) => (
        <li class="card">
          <a class="card-picture" href={pictureUrl(site, version.cid)}>
            <img
              src={`${site.cloudUrl}/thumbnails/${version.cid}?width=256`}
              width={Number(version.width)}
              height={Number(version.height)}
              alt={shorten(version.prompt, 250)}
              loading="lazy"
            />
          </a>
          <p class="card-name">{text.artwork.version(Number(version.version))}</p>
          <p class="card-by">{shorten(version.prompt, 80)}</p>
        </li>
      ))}
    </ol>
  </section>
);

const Beside = ({ site, title, artworks }: { site: Site; title: string; artworks: readonly ArtworkCard[] }) => (
  <section>
    <h2>{title}</h2>
    <Rail site={site} artworks={artworks} />
  </section>
);

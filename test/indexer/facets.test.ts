/** Facets and totals against a plain count. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { MadeArtwork } from "./catalogue.ts";
import { type Gallery, startGallery } from "./gallery.ts";
import { filtered, ordered, withWord } from "./referenceQueries.ts";

let gallery: Gallery;

beforeAll(async () => {
  gallery = await startGallery(3_000);
}, 600_000);
afterAll(() => gallery?.stop());

const families = ["SD15", "SD21", "SDXL", "FLUX1_SCHNELL", "FLUX1_DEV", "FLUX_KREA", "CHROMA", "SVD", "OTHER"];
const policies = ["NONE", "ARTIST", "OWNER"];

const question = `query ($filter: ArtworkFilter, $search: String, $first: Int) {
  artworkFacets(filter: $filter, search: $search, first: $first) {
    total isApproximate
    models { value: modelId count model { modelId } } families { value: family count } verified { value: verified count }
    samplers { value count } schedulers { value count } sizes { value count } steps { value count } tags { value count }
    workers { value: address count worker { address } } policies { value: policy count }
  }
}`;

type Facet = readonly { readonly value: unknown; readonly count: number; model?: object; worker?: object }[];
type Facets = Readonly<Record<string, Facet>> & { readonly total: number; readonly isApproximate: boolean };

async function facets(variables: Record<string, unknown>): Promise<Facets> {
  return (await gallery.ask<{ artworkFacets: Facets }>(question, { first: 100, ...variables })).artworkFacets;
}

function expected(artworks: readonly MadeArtwork[]): Record<string, Record<string, number>> {
  const { models } = gallery.catalogue;
  const count = (of: (artwork: MadeArtwork) => readonly unknown[]): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const artwork of artworks) for (const value of of(artwork)) counts[`${value}`] = (counts[`${value}`] ?? 0) + 1;
    return counts;
  };
  return {
    models: count(({ modelId }) => [modelId]),
    families: count(({ family }) => [families[family]]),
    verified: count(({ modelId }) => [models.find((model) => model.modelId === modelId)?.verified]),
    samplers: count(({ sampler }) => [sampler]),
    schedulers: count(({ scheduler }) => [scheduler]),
    sizes: count(({ width, height }) => [`${width}x${height}`]),
    steps: count(({ steps }) => [steps]),
    tags: count(({ tags }) => tags),
    workers: count(({ worker }) => [worker]),
    policies: count(({ policy }) => [policies[policy]]),
  };
}

function compare(found: Facets, artworks: readonly MadeArtwork[]): void {
  for (const [name, counts] of Object.entries(expected(artworks))) {
    const told = found[name] ?? [];
    expect([name, Object.fromEntries(told.map(({ value, count }) => [`${value}`, count]))]).toEqual([name, counts]);
    expect([name, told.map(({ count }) => count)]).toEqual([name, Object.values(counts).sort((a, b) => b - a)]);
  }
}

it("counts everything by counters", async () => {
  const living = filtered(gallery.catalogue, {});
  gallery.statements.splice(0);
  const found = await facets({});
  compare(found, living);
  expect([found.total, found.isApproximate]).toEqual([living.length, false]);
  expect(found.models?.map(({ value, model }) => [value, model])).toEqual(
    found.models?.map(({ value }) => [value, { modelId: value }]),
  );
  // No artwork was looked at.
  expect(gallery.statements.filter(({ text }) => text.includes('"artwork"'))).toEqual([]);
});

it.each([
  [{ modelIds: ["1", "2"] }],
  [{ samplers: ["euler_a"], width: 512 }],
  [{ tags: ["sea"] }],
  [{ families: ["SD15"], policy: "ARTIST" }],
  [{ verifiedModel: true, evolved: true }],
  [{ sizes: ["512x768", "640x640"] }],
  [{ burned: true }],
  [{ tags: ["nothing"] }],
])("counts what a filter lets through: %j", async (filter) => {
  const artworks = filtered(gallery.catalogue, filter);
  const found = await facets({ filter });
  compare(found, artworks);
  expect([found.total, found.isApproximate]).toEqual([artworks.length, false]);
});

it("counts what was minted at a time, and a series, by ids", async () => {
  const { artworks } = gallery.catalogue;
  const [early, late] = [artworks[500], artworks[2_000]];
  const filters = [
    { mintedAfter: Number(early?.mintedAt), mintedBefore: Number(late?.mintedAt) },
    { mintedAfter: Number(early?.mintedAt) - 1, modelIds: ["1", "2"] },
    { seriesId: `${late?.seriesId}` },
    { tokenIds: [`${early?.tokenId}`, `${late?.tokenId}`, "1"] },
  ];
  for (const filter of filters) {
    const expected = filtered(gallery.catalogue, filter);
    const found = await facets({ filter });
    compare(found, expected);
    expect([filter, found.total, found.isApproximate]).toEqual([filter, expected.length, false]);
  }
});

it("counts what a search finds, alone and with a filter, and says when only the newest", async () => {
  const { catalogue } = gallery;
  const study = withWord(catalogue, "study");
  const some = await facets({ search: "study " });
  compare(some, study);
  expect([some.total, some.isApproximate, study.length < 2_000]).toEqual([study.length, false, true]);
  const filter = { modelIds: ["1"] };
  const both = new Set(filtered(catalogue, filter));
  compare(
    await facets({ search: "study ", filter }),
    study.filter((artwork) => both.has(artwork)),
  );
  // Every model's name begins so.
  const many = await facets({ search: "model " });
  compare(many, ordered(withWord(catalogue, "model"), "NEWEST").slice(0, 2_000));
  expect([many.total, many.isApproximate]).toEqual([2_000, true]);
});

it("gives the first values alone", async () => {
  const [all, some] = [await facets({ filter: { width: 512 } }), await facets({ filter: { width: 512 }, first: 2 })];
  expect(some.models).toEqual(all.models?.slice(0, 2));
  expect(some.tags).toEqual(all.tags?.slice(0, 2));
});

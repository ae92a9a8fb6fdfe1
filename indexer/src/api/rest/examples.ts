// Examples of the routes: a request each, and its answer over a small gallery of fixed history. A test asks them all.
import { readFileSync } from "node:fs";

const artist = "0xfabb0ac9d68b0b445fb7357272ff202c5651694a";
const worker = "0xbcd4042de499d14e55001ccbb24a551f3b954096";

/** File of the answers, by the name of the operation. `npm run docs:update` writes it. */
export const examplesFile = new URL("./examples.json", import.meta.url);

const answers = JSON.parse(readFileSync(examplesFile, "utf8")) as Readonly<Record<string, unknown>>;

/** Transaction that minted the example's artwork: it changes with the contracts' code. */
const { artwork } = answers.artwork as { readonly artwork: { readonly mint_tx: string } };

/** Paths of example requests, by the name of the operation. */
export const examplePaths: Readonly<Record<string, string>> = {
  artworks: "/v1/artworks?model_ids=1&order=trending&limit=1",
  artwork: "/v1/artworks/1001",
  provenance: "/v1/artworks/1001/provenance",
  artworkActivity: "/v1/artworks/1001/activity?limit=1",
  remixTree: "/v1/artworks/1001/remixes",
  rarity: "/v1/series/1/rarity?limit=1",
  search: "/v1/search?q=lighthouse&limit=1&total=true",
  facets: "/v1/facets?limit=1",
  seriesList: "/v1/series?limit=1",
  series: "/v1/series/1",
  models: "/v1/models?order=most_artworks&limit=1",
  model: "/v1/models/1",
  modelStatistics: "/v1/models/1/statistics?days=1",
  workers: "/v1/workers?limit=1",
  worker: `/v1/workers/${worker}`,
  workerStatistics: `/v1/workers/${worker}/statistics?days=1`,
  workerEarnings: `/v1/workers/${worker}/earnings?limit=1`,
  licenses: "/v1/licenses?limit=1",
  account: `/v1/accounts/${artist}`,
  portfolio: `/v1/accounts/${artist}/artworks?limit=1`,
  tokenApprovals: `/v1/approvals/tokens?owner=${artist}`,
  operatorApprovals: `/v1/approvals/operators?owner=${artist}`,
  transfers: `/v1/transfers?to=${artist}&limit=1`,
  transaction: `/v1/transactions/${artwork.mint_tx}`,
  leaderboard: "/v1/leaderboards/artists?limit=1",
  collection: "/v1/collections/artworks",
  holders: "/v1/collections/artworks/holders?limit=1",
  activity: "/v1/activity?order=oldest&limit=1",
  statistics: "/v1/statistics?days=1",
  health: "/v1/health",
};

export interface RestExample {
  readonly path: string;
  /** Its answer, with the first item of each list. */
  readonly answer: unknown;
}

/** Returns the example of an operation. */
export function exampleOf(name: string): RestExample | undefined {
  const path = examplePaths[name];
  return path !== undefined && name in answers ? { path, answer: answers[name] } : undefined;
}

/** Shortens lists to their first item, as examples show them. */
export function shortened(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.slice(0, 1).map(shortened);
  if (typeof answer !== "object" || answer === null) return answer;
  return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, shortened(value)]));
}

/** Code of apps that have wagmi, react-query, or a viem client of their own: has to be typed with any peer that is admitted. */
import { QueryClient as CoreClient } from "@tanstack/query-core";
import { QueryClient } from "@tanstack/react-query";
import { type Config, getConnectorClient, getPublicClient } from "@wagmi/core";
import { QueryClient as OldestClient } from "query-core-oldest";
import type { Account, Address, Chain, Client, PublicClient, Transport, WalletClient } from "viem";
import { artworksPages, artworksQuery, type GalleryClient, watchQuery } from "../../src/gallery/index.js";
import type { CloudClient } from "../../src/index.js";
import {
  accountState,
  type Deployment,
  generate,
  gridActions,
  gridContracts,
  mintSeries,
  mintSeriesCalls,
  publicGridActions,
  signIn,
  verifyToken,
  walletGridActions,
} from "../../src/index.js";
import type { ReceiptBundle } from "../../src/schemas/index.js";

interface World {
  readonly deployment: Deployment;
  readonly cloud: CloudClient;
  readonly bundles: readonly ReceiptBundle[];
}

export async function withWagmi(config: Config, { deployment, cloud, bundles }: World): Promise<Address | undefined> {
  const wallet = await getConnectorClient(config);
  await signIn(cloud, { signer: wallet, deployment });
  await generate(wallet, { cloud, deployment, rail: "gateway", parameters: { model: "1", prompt: "a pier" } });
  const { tokenIds } = await mintSeries(wallet, { deployment, bundles, series: { title: "Pier" } });
  const reader = getPublicClient(config);
  if (!reader) return undefined;
  await verifyToken(reader, { deployment, tokenId: tokenIds[0] ?? 0n });
  const { owner } = await reader.extend(publicGridActions({ deployment })).artworkState({ tokenId: 1_001n });
  return owner;
}

export async function withViem(
  reader: PublicClient<Transport, Chain>,
  wallet: WalletClient<Transport, Chain, Account>,
  { deployment, bundles }: World,
): Promise<readonly { to: Address; data: `0x${string}`; value: bigint }[]> {
  const account: Address = wallet.account.address;
  await accountState(reader, { deployment, account });
  const both = wallet.extend(gridActions({ deployment }));
  const { tokenIds } = await both.mintSeries({ bundles, series: { title: "Pier" } });
  const { verdict } = await both.verifyToken({ tokenId: tokenIds[0] ?? 0n });
  await wallet.extend(walletGridActions({ deployment })).depositAipg({ amount: 1n });
  const reads = reader.extend(gridActions({ deployment }));
  // @ts-expect-error A client without an account does not send.
  reads.mintSeries({ bundles, series: { title: verdict } });
  // @ts-expect-error The client knows its deployment; the token it does not.
  await reads.artworkState({});
  const { nft } = gridContracts(wallet, { deployment });
  await nft.write.burn([1_001n]);
  return mintSeriesCalls(reader, { deployment, bundles, series: { title: "Pier" }, sender: account });
}

/** Names of what a client of any kind can be given to. */
export function withBareClient(client: Client, deployment: Deployment) {
  return verifyToken(client, { deployment, tokenId: 1_001n });
}

export async function withQueryClients(gallery: GalleryClient): Promise<void> {
  for (const client of [new QueryClient(), new CoreClient()]) {
    const { page } = await client.fetchQuery(artworksQuery(gallery));
    const { pages } = await client.fetchInfiniteQuery({ ...artworksPages(gallery), pages: 2 });
    watchQuery(client, artworksQuery(gallery), (now) => {
      if ("data" in now) console.log(now.data.page.totalCount, page.nodes.length, pages.length);
    })();
  }
  const oldest = new OldestClient();
  const { block } = await oldest.fetchQuery(artworksQuery(gallery));
  watchQuery(oldest, artworksQuery(gallery), (now) => console.log(now, block.number))();
}

import {
  type Address,
  concatHex,
  createPublicClient,
  custom,
  type EIP1193RequestFn,
  encodeAbiParameters,
  encodeEventTopics,
  type Hex,
  http,
  numberToHex,
  type PublicClient,
  padHex,
  size,
} from "viem";
import { gridNftAbi } from "../../sdk/src/index.ts";
import { revert, setCode, snapshot } from "../../test/fixtures/anvil.ts";
import type { Gallery } from "./gallery.ts";

const IMPLEMENTATION: Hex = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
const LIAR: Address = "0x00000000000000000000000000000000000011a2";

/** Runs `act` on a chain that is put back afterwards. */
export async function meanwhile<Value>(gallery: Gallery, act: () => Promise<Value>): Promise<Value> {
  const before = await snapshot(gallery.grid);
  try {
    return await act();
  } finally {
    await revert(gallery.grid, before);
  }
}

/** Code that answers every call with the same bytes. */
export function answering(answer: Hex): Hex {
  // PUSH2 size, PUSH2 offset, PUSH0, CODECOPY, PUSH2 size, PUSH0, RETURN
  const length = numberToHex(size(answer), { size: 2 });
  return concatHex(["0x61", length, "0x61000d5f3961", length, "0x5ff3", answer]);
}

/** Upgrades a proxy, past all governance, to code that lies about one function and is honest about the rest. */
export async function upgradeToLiar(gallery: Gallery, proxy: Address, selector: Hex, answer: Hex): Promise<void> {
  const word = (await gallery.artist.wallet.getStorageAt({ address: proxy, slot: IMPLEMENTATION })) ?? "0x";
  const honest: Hex = `0x${word.slice(-40)}`;
  const length = numberToHex(size(answer), { size: 2 });
  await setCode(
    gallery.grid,
    LIAR,
    concatHex([
      "0x5f3560e01c63", // selector of the call ...
      selector,
      "0x1461003d57", // ... is the one: go to 0x3d
      "0x365f5f375f5f365f73", // else pass it on
      honest,
      "0x5af43d5f5f3e61003957", // by DELEGATECALL; success: go to 0x39
      "0x3d5ffd",
      "0x5b3d5ff3",
      "0x5b61", // 0x3d
      length,
      "0x61004b5f3961",
      length,
      "0x5ff3",
      answer, // 0x4b
    ]),
  );
  await gallery.grid.rpc("anvil_setStorageAt", proxy, IMPLEMENTATION, padHex(LIAR, { size: 32 }));
}

/** Code that logs whatever it is told: four topics, then data. */
const LOGGER: Hex = "0x6080360360805f376060356040356020355f35608036035fa400";

/** Events out of the mouth of GridNFT, as an upgrade could make it say. */
export async function emit(gallery: Gallery, topics: readonly Hex[], data: Hex): Promise<void> {
  const { address } = gallery.grid.deployment.contracts.GridNFT;
  const code = (await gallery.artist.wallet.getCode({ address })) ?? "0x";
  await setCode(gallery.grid, address, LOGGER);
  await gallery.grid.mined(gallery.artist.wallet.sendTransaction({ to: address, data: concatHex([...topics, data]) }));
  await setCode(gallery.grid, address, code);
}

/** A mint that never was: its events, and its blob where a mint would have put it. */
export async function forgeMint(gallery: Gallery, seriesId: bigint, blobAddress: Address, blob: Hex): Promise<bigint> {
  const { address } = gallery.artist;
  const tokenId = seriesId * 1_000n + 1n;
  await emitMint(gallery, seriesId, blob);
  await emit(
    gallery,
    encodeEventTopics({
      abi: gridNftAbi,
      eventName: "Transfer",
      args: { from: "0x0000000000000000000000000000000000000000", to: address, tokenId },
    }) as Hex[],
    "0x",
  );
  await setCode(gallery.grid, blobAddress, concatHex(["0x00", blob]));
  return tokenId;
}

export async function emitMint(gallery: Gallery, seriesId: bigint, blob: Hex): Promise<void> {
  const { address } = gallery.artist;
  const topics = encodeEventTopics({
    abi: gridNftAbi,
    eventName: "SeriesMinted",
    args: { seriesId, artist: address, to: address },
  }) as Hex[];
  await emit(gallery, topics, encodeAbiParameters([{ type: "uint256" }, { type: "bytes" }], [1n, blob]));
}

/** A version that was never added, out of the mouth of GridNFT. */
export async function emitVersion(gallery: Gallery, tokenId: bigint, requester: Address, blob: Hex): Promise<void> {
  const topics = encodeEventTopics({
    abi: gridNftAbi,
    eventName: "VersionAdded",
    args: { tokenId, version: 2n, requester },
  }) as Hex[];
  await emit(gallery, topics, encodeAbiParameters([{ type: "uint256" }, { type: "bytes" }], [1n, blob]));
}

/** A node that changes what the chain says. */
export function lyingClient(
  gallery: Gallery,
  lie: (method: string, params: readonly unknown[], answer: unknown) => unknown,
): PublicClient {
  const honest = http(gallery.grid.rpcUrl, { retryCount: 0 })({});
  const request = (async ({ method, params }: { method: string; params?: unknown }) =>
    lie(
      method,
      (params ?? []) as readonly unknown[],
      await honest.request({ method, params } as never),
    )) as EIP1193RequestFn;
  return createPublicClient({ transport: custom({ request }, { retryCount: 0 }), cacheTime: 0 });
}

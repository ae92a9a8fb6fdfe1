import { createPublicClient, http } from "viem";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ipfsGateway, type Verification, verifyToken } from "../../sdk/src/index.ts";
import { type Gallery, startGallery } from "./gallery.ts";

let gallery: Gallery;
beforeAll(async () => {
  gallery = await startGallery();
}, 300_000);
afterAll(() => gallery?.stop());

function verify(tokenId: bigint): Promise<Verification> {
  const client = createPublicClient({ transport: http(gallery.grid.rpcUrl, { retryCount: 0 }), cacheTime: 0 });
  return verifyToken(client, gallery.grid.deployment, tokenId, { fetchFile: ipfsGateway(gallery.ipfs) });
}

it("proves", async () => {
  for (const [tokenId] of gallery.made) {
    const result = await verify(tokenId);
    console.log(
      tokenId,
      result.verdict,
      result.checks
        .map((c) => `${c.version ?? ""} ${c.id} ${c.status} ${c.explanation} ${JSON.stringify(c.evidence)}`)
        .join("\n"),
    );
  }
  expect(1).toBe(1);
});

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** Files of the SDK on which the meaning of an indexed row depends: how blobs are read, receipts hashed and artworks named. */
const files = [
  "artworkName.ts",
  "body.ts",
  "bytes.ts",
  "cid.ts",
  "digest.ts",
  "fast.ts",
  "merkle.ts",
  "packing.ts",
  "receipt.ts",
  "request.ts",
  "typedData.ts",
];

/** sha256 of the codec's sources: equal fingerprints read equal blobs equally. */
export function codecFingerprint(): string {
  const hash = createHash("sha256");
  for (const file of files) {
    hash.update(`${file}\n`);
    hash.update(readFileSync(new URL(`../../sdk/src/${file}`, import.meta.url)));
  }
  return hash.digest("hex");
}

import { GridError } from "../lib/errors.js";
import { fileHashes, isFile, parseCid, type Sha256 } from "./cid.js";
import type { JobReceipt } from "./typedData.js";

/**
 * Insists that bytes are the file that a CID names: its sha256 for a raw CID, the root of its UnixFS tree otherwise.
 *
 * @param sha256 A faster sha256 where there is one.
 * @throws {@link GridError} `CID_MISMATCH`, or `CID_INVALID` for what is not a CID of a picture.
 */
export function requireCid(file: Uint8Array, cid: string, sha256?: Sha256): void {
  const { cidDigest, raw } = parseCid(cid);
  const hashes = fileHashes(file, { layout: raw ? "raw" : "dag-pb", ...(sha256 && { sha256 }) });
  if (hashes.cidDigest !== cidDigest) {
    throw new GridError("CID_MISMATCH", `The file received is not ${cid}.`, "cid");
  }
}

/**
 * Insists that bytes are the file that a receipt states, by both of its hashes.
 * @throws {@link GridError} `CID_MISMATCH`.
 */
export function requireImage(
  file: Uint8Array,
  receipt: Pick<JobReceipt, "imageHash" | "cidDigest">,
  sha256?: Sha256,
): void {
  if (!isFile(file, receipt, sha256)) {
    throw new GridError("CID_MISMATCH", "The file received is not the one that the receipt states.", "imageHash");
  }
}

import { createHash } from "node:crypto";
import { CID } from "multiformats/cid";

/** Name of a cloud in its requests to another gateway, so that two mirrors of each other make no loop. */
const PSEUDONYM = "gridnft-cloud";
/** Largest block that is accepted, bytes. IPFS has none above 2 MiB. */
const MAX_BLOCK_BYTES = 2 * 1_048_576;
/** Milliseconds that a mirror may take. */
const MIRROR_TIMEOUT = 10_000;

/** Returns true if a request comes from another cloud that looks for a block. */
export function isFromMirror(via: string | undefined): boolean {
  return via?.split(",").some((hop) => hop.trim().split(/\s+/)[1] === PSEUDONYM) ?? false;
}

/**
 * Fetches a block from gateways, one after the other, by the rules of trustless ones. Only bytes with the CID's hash are accepted. Returns
 * undefined when none has it.
 * @param gateways Base URLs without a slash at the end.
 */
export async function blockFromMirrors(gateways: readonly string[], cid: string): Promise<Uint8Array | undefined> {
  for (const gateway of gateways) {
    const bytes = await fetchFromMirror(gateway, cid).catch(() => undefined);
    if (bytes && isBlock(bytes, cid)) return bytes;
  }
  return undefined;
}

async function fetchFromMirror(gateway: string, cid: string): Promise<Uint8Array | undefined> {
  const answer = await fetch(`${gateway}/ipfs/${cid}?format=raw`, {
    headers: { accept: "application/vnd.ipld.raw", via: `1.1 ${PSEUDONYM}` },
    signal: AbortSignal.timeout(MIRROR_TIMEOUT),
  });
  if (!answer.ok || !answer.body) {
    await answer.body?.cancel();
    return undefined;
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body as unknown as AsyncIterable<Uint8Array>) {
    size += part.length;
    // Leaving the loop ends the answer.
    if (size > MAX_BLOCK_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function isBlock(bytes: Uint8Array, cid: string): boolean {
  return createHash("sha256").update(bytes).digest().equals(CID.parse(cid).multihash.digest);
}

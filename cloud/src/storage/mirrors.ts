import { createHash } from "node:crypto";
import { CID } from "multiformats/cid";

/** Name under which a cloud asks another gateway, so that two that are each other's mirrors do not ask in a circle. */
const PSEUDONYM = "gridnft-cloud";
/** Largest block that is taken, bytes: IPFS has none above 2 MiB. */
const MOST_BYTES = 2 * 1_048_576;
/** Milliseconds that a mirror gets. */
const PATIENCE = 10_000;

/** Returns true if a request comes from a cloud that looks for a block itself. */
export function isFromMirror(via: string | undefined): boolean {
  return via?.split(",").some((hop) => hop.trim().split(/\s+/)[1] === PSEUDONYM) ?? false;
}

/**
 * Asks gateways for a block, one after the other, by the rules of trustless ones: what comes is taken if it has the CID's hash, whoever
 * sent it. Undefined when none has it.
 * @param gateways Base URLs without a slash at the end.
 */
export async function blockFromMirrors(gateways: readonly string[], cid: string): Promise<Uint8Array | undefined> {
  for (const gateway of gateways) {
    const bytes = await askMirror(gateway, cid).catch(() => undefined);
    if (bytes && isBlock(bytes, cid)) return bytes;
  }
  return undefined;
}

async function askMirror(gateway: string, cid: string): Promise<Uint8Array | undefined> {
  const answer = await fetch(`${gateway}/ipfs/${cid}?format=raw`, {
    headers: { accept: "application/vnd.ipld.raw", via: `1.1 ${PSEUDONYM}` },
    signal: AbortSignal.timeout(PATIENCE),
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
    if (size > MOST_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function isBlock(bytes: Uint8Array, cid: string): boolean {
  return createHash("sha256").update(bytes).digest().equals(CID.parse(cid).multihash.digest);
}

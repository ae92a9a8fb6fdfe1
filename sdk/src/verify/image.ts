import { pngText, readParameters } from "../lib/png.js";
import { cidOf, isFile } from "../messages/cid.js";
import type { FetchFile } from "./chain.js";
import { type Finding, fail, pass, sentence, unknown } from "./check.js";
import type { VersionRecord } from "./record.js";

/** Most bytes that a picture may have: enough for any, too few to fill a disk. */
export const MAX_IMAGE_BYTES = 64 * 1024 * 1024;

/**
 * Files of an IPFS gateway (or of a cloud, which is one).
 * @param gateway Base URL, with or without `/ipfs`.
 */
export function ipfsGateway(gateway: string, options: { readonly timeout?: number } = {}): FetchFile {
  const base = gateway.replace(/\/+$/, "").replace(/\/ipfs$/, "");
  return async (cid) => {
    const answer = await fetch(`${base}/ipfs/${cid}`, {
      headers: { accept: "image/*,application/octet-stream;q=0.9" },
      signal: AbortSignal.timeout(options.timeout ?? 30_000),
    }).catch((cause: unknown) => {
      throw new Error(`${base} does not answer`, { cause });
    });
    if (!answer.ok) throw new Error(`${base} answered ${answer.status} to /ipfs/${cid}`);
    return readAtMost(answer, MAX_IMAGE_BYTES);
  };
}

async function readAtMost(answer: Response, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = answer.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    size += part.value.length;
    if (size > most) {
      await reader?.cancel();
      throw new Error(`the file is larger than ${most} bytes`);
    }
    parts.push(part.value);
  }
  const file = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/** Fetches the image and computes both of its hashes from the bytes. The bytes come back even when they are the wrong ones. */
export async function checkImage(
  { receipt }: VersionRecord,
  fetchFile: FetchFile | undefined,
): Promise<{ readonly finding: Finding; readonly file?: Uint8Array }> {
  const cid = cidOf(receipt);
  const shown = { cid, sha256: receipt.imageHash };
  if (!fetchFile) return { finding: unknown("No IPFS gateway was named, so the file was not fetched.", shown) };
  let file: Uint8Array;
  try {
    file = await fetchFile(cid);
  } catch (error) {
    return { finding: unknown(`The file could not be fetched: ${sentence(error)}`, shown) };
  }
  const found = { ...shown, bytes: `${file.length}` };
  return isFile(file, receipt)
    ? {
        finding: pass(`The file's ${file.length} bytes have the hash and the CID that the worker signed.`, found),
        file,
      }
    : {
        finding: fail(
          "What was fetched is not the picture that the worker signed. If that is the gateway's fault, another one has the right file.",
          found,
        ),
      };
}

/** Checks the texts in the file. Anybody can write such texts. Here they have to agree with the record. */
export function checkFileText({ request, receipt }: VersionRecord, file: Uint8Array | undefined): Finding {
  if (!file) return unknown("The file is missing.");
  const texts = pngText(file);
  if (!texts) return unknown("The file is no PNG; text in other formats is not read.");
  const text = texts.get("parameters");
  if (text === undefined) return unknown("The file does not say how it was made.");
  const { prompt, negativePrompt, settings } = readParameters(text);
  const stated = (name: string, value: string): [string, string, string][] => {
    const said = settings.get(name);
    return said === undefined ? [] : [[name, said, value]];
  };
  const pairs: [string, string, string][] = [
    ["prompt", prompt, request.prompt],
    ["negative prompt", negativePrompt, request.negativePrompt],
    ...stated("Steps", `${request.steps}`),
    ...stated("CFG scale", `${request.guidanceMilli / 1000}`),
    ...stated("Seed", `${receipt.seed}`),
    ...stated("Size", `${request.width}x${request.height}`),
    // By convention the first digits only.
    ...stated("Model hash", request.modelHash.slice(2, 2 + (settings.get("Model hash")?.length ?? 0))),
  ];
  const wrong = pairs.filter(([name, said, value]) =>
    name === "CFG scale" ? Number(said) !== Number(value) : said.trim() !== value.trim(),
  );
  if (wrong.length > 0) {
    return fail(
      `The file's text says something else about ${wrong.map(([name]) => name.toLowerCase()).join(", ")}.`,
      Object.fromEntries(wrong.map(([name, said, value]) => [name, `${said} instead of ${value}`])),
    );
  }
  return pass(
    `The file itself carries the same prompt and ${pairs.length - 2} same settings.`,
    Object.fromEntries(pairs.map(([name, said]) => [name, said])),
  );
}

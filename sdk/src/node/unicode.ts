import { readFileSync } from "node:fs";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Error of bytes that are not UTF-8. Node would read them with U+FFFD in their place, which would be signed and go on chain. */
export class Utf8Error extends Error {
  override readonly name = "Utf8Error";
}

/**
 * Decodes the bytes of a text. A byte order mark stays in it.
 * @throws {@link Utf8Error}.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new Utf8Error("it is not UTF-8", { cause });
  }
}

/**
 * Reads a text file.
 * @throws {@link Utf8Error}, or as `readFileSync`.
 */
export function readTextFile(path: string): string {
  return decodeUtf8(readFileSync(path));
}

/**
 * Returns a sentence about the first word of a command line that was not UTF-8; undefined if all were.
 * @param before Number of words that stand before these.
 */
export function unicodeFault(words: readonly string[], before = 0): string | undefined {
  const broken = words.findIndex((word) => /\ufffd|\p{Surrogate}/u.test(word));
  if (broken < 0) return undefined;
  return `Word ${before + broken + 1} of the command line is not UTF-8. Set the terminal to UTF-8.`;
}

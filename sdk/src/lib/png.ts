/** First bytes of every PNG file. */
export const PNG_SIGNATURE: Uint8Array = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** One chunk of a PNG file. */
export interface PngChunk {
  /** Four letters. */
  readonly type: string;
  readonly body: Uint8Array;
  /** Position of its first byte, which is that of its length. */
  readonly start: number;
  /** Position behind its checksum. */
  readonly end: number;
}

/** Returns true if a file begins like a PNG. */
export function isPng(file: Uint8Array): boolean {
  return PNG_SIGNATURE.every((byte, i) => file[i] === byte);
}

/** Reads the chunks of a PNG file, up to one that runs past its end. Checksums are not checked. */
export function* pngChunks(file: Uint8Array): Generator<PngChunk, void, undefined> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let start = PNG_SIGNATURE.length; start + 12 <= file.length; ) {
    const length = view.getUint32(start);
    const end = start + 12 + length;
    if (end > file.length) return;
    const type = latin1(file.subarray(start + 4, start + 8));
    yield { type, body: file.subarray(start + 8, end - 4), start, end };
    start = end;
  }
}

const latin1 = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

/** Longest text chunk that is read, in bytes: no prompt that fits on chain comes near, and a file is anybody's. */
const MAX_TEXT = 256 * 1024;
/** Keywords have at most 79 bytes. */
const MAX_KEYWORD = 79;

/**
 * Text of a PNG by keyword, from its `tEXt` chunks and uncompressed `iTXt` chunks; undefined when the file is no PNG. Chunks that
 * run past the end of the file end the reading; texts beyond 256 KiB are passed over.
 */
export function pngText(file: Uint8Array): ReadonlyMap<string, string> | undefined {
  if (!isPng(file)) return undefined;
  const texts = new Map<string, string>();
  for (const { type, body: content } of pngChunks(file)) {
    if ((type !== "tEXt" && type !== "iTXt") || content.length > MAX_TEXT) continue;
    const zero = content.subarray(0, MAX_KEYWORD + 1).indexOf(0);
    const keyword = latin1(content.subarray(0, Math.max(zero, 0)));
    if (type === "tEXt" && zero > 0) texts.set(keyword, latin1(content.subarray(zero + 1)));
    if (type === "iTXt" && zero > 0) {
      const text = internationalText(content.subarray(zero + 1));
      if (text !== undefined) texts.set(keyword, text);
    }
  }
  return texts;
}

/** After the keyword of an iTXt chunk: compression flag and method, language, translated keyword, text. */
function internationalText(content: Uint8Array): string | undefined {
  if (content[0] !== 0) return undefined;
  const language = content.indexOf(0, 2);
  const keyword = language < 0 ? -1 : content.indexOf(0, language + 1);
  return keyword < 0 ? undefined : new TextDecoder().decode(content.subarray(keyword + 1));
}

/** Fields of a picture's `parameters` text, by the convention of A1111. */
export interface PictureParameters {
  readonly prompt: string;
  readonly negativePrompt: string;
  /** Steps, Sampler, CFG scale, Seed, Size, Model hash ... as written. */
  readonly settings: ReadonlyMap<string, string>;
}

/** Reads a `parameters` text: prompt, a line "Negative prompt: ...", and a last line "Steps: 20, Sampler: Euler a, ...". */
export function readParameters(text: string): PictureParameters {
  const [, before = text.trimEnd(), line = ""] = /^([\s\S]*?)(?:^|\n)(Steps: [^\n]*)$/.exec(text.trimEnd()) ?? [];
  const [prompt = "", negativePrompt = ""] = before.split("\nNegative prompt: ", 2);
  return { prompt, negativePrompt, settings: settingsOf(line) };
}

/** Longest line of settings that is read. */
const MAX_SETTINGS = 16 * 1024;
// A value is either quoted JSON or has no comma. Names are bounded: a long line without a colon must not be read from each of its places.
const setting = /\s?(\w[\w /-]{0,60}):\s?("(?:\\.|[^\\"])*"|[^,]*)(?:,|$)/g;

function settingsOf(line: string): ReadonlyMap<string, string> {
  if (line.length > MAX_SETTINGS) return new Map();
  return new Map([...line.matchAll(setting)].map(([, name = "", value = ""]) => [name, value.trim()]));
}

import { promisify } from "node:util";
import { crc32, deflate } from "node:zlib";
import { concatBytes, isPng, PNG_SIGNATURE, type PngChunk, pngChunks } from "@gridnft/sdk/node";
import { EngineError } from "./types.ts";

const compress = promisify(deflate);

/** Text of a PNG file. */
export interface PngText {
  /** 1 to 79 Latin-1 characters. */
  readonly keyword: string;
  readonly text: string;
}

/**
 * Encodes 8-bit RGB as PNG (W3C "Portable Network Graphics", third edition) with texts in front of the pixels. Nothing in it
 * depends on the clock: the same pixels and texts give the same bytes on one version of zlib.
 */
export async function encodePng(
  picture: { readonly width: number; readonly height: number; readonly rgb: Uint8Array },
  texts: readonly PngText[] = [],
): Promise<Uint8Array> {
  const { width, height, rgb } = picture;
  if (rgb.length !== 3 * width * height) {
    throw new EngineError("PICTURE_INVALID", `${rgb.length} bytes are not ${width} x ${height} pixels.`);
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  // 8 bits, RGB, deflate, adaptive filters, not interlaced.
  header.set([8, 2, 0, 0, 0], 8);
  const pixels = await compress(filterRows(width, height, rgb), { level: 6, memLevel: 9 });
  return concatBytes(
    PNG_SIGNATURE,
    chunk("IHDR", header),
    chunk("sRGB", Uint8Array.of(0)),
    ...texts.map(textChunk),
    chunk("IDAT", pixels),
    chunk("IEND", new Uint8Array()),
  );
}

/** Filters each row by the filter whose output has the least sum of absolute values (section 12.7 of the standard). */
function filterRows(width: number, height: number, rgb: Uint8Array): Uint8Array {
  const stride = 3 * width;
  const rows = new Uint8Array((stride + 1) * height);
  const tries = Array.from({ length: 5 }, () => new Uint8Array(stride));
  for (let y = 0; y < height; y++) {
    const sums = filterRow(rgb, y, stride, tries);
    const best = sums.indexOf(Math.min(...sums));
    rows[y * (stride + 1)] = best;
    rows.set(tries[best] as Uint8Array, y * (stride + 1) + 1);
  }
  return rows;
}

function filterRow(rgb: Uint8Array, y: number, stride: number, tries: readonly Uint8Array[]): number[] {
  const start = y * stride;
  const sums = [0, 0, 0, 0, 0];
  type Row = Uint8Array;
  const [none, sub, up, average, paeth] = tries as readonly [Row, Row, Row, Row, Row];
  for (let i = 0; i < stride; i++) {
    const x = rgb[start + i] as number;
    const a = i < 3 ? 0 : (rgb[start + i - 3] as number);
    const b = y === 0 ? 0 : (rgb[start + i - stride] as number);
    const c = i < 3 || y === 0 ? 0 : (rgb[start + i - stride - 3] as number);
    none[i] = x;
    sub[i] = x - a;
    up[i] = x - b;
    average[i] = x - ((a + b) >> 1);
    paeth[i] = x - predictor(a, b, c);
  }
  for (let kind = 0; kind < 5; kind++) {
    const row = tries[kind] as Uint8Array;
    let sum = 0;
    for (let i = 0; i < stride; i++) {
      const byte = row[i] as number;
      sum += byte < 128 ? byte : 256 - byte;
    }
    sums[kind] = sum;
  }
  return sums;
}

function predictor(a: number, b: number, c: number): number {
  const p = a + b - c;
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/** `tEXt` where Latin-1 holds the text, as the standard and Pillow have it, else `iTXt` in UTF-8. */
function textChunk({ keyword, text }: PngText): Uint8Array {
  if (!/^[\x20-\x7e\xa1-\xff]{1,79}$/.test(keyword)) {
    throw new EngineError("PICTURE_INVALID", `"${keyword}" is no keyword of a PNG text.`);
  }
  if (text.includes("\0")) throw new EngineError("PICTURE_INVALID", "A PNG text has no zero bytes.");
  const name = Buffer.from(keyword, "latin1");
  // XMP is always iTXt (Adobe, "XMP Specification Part 3", PNG).
  if (keyword !== "XML:com.adobe.xmp" && /^[\0-\xff]*$/.test(text)) {
    return chunk("tEXt", concatBytes(name, Uint8Array.of(0), Buffer.from(text, "latin1")));
  }
  // Not compressed, method 0, no language, no translated keyword.
  return chunk("iTXt", concatBytes(name, Uint8Array.of(0, 0, 0, 0, 0), Buffer.from(text, "utf8")));
}

function chunk(type: string, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(body.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  bytes.set(Buffer.from(type, "latin1"), 4);
  bytes.set(body, 8);
  view.setUint32(body.length + 8, crc32(bytes.subarray(4, body.length + 8)));
  return bytes;
}

/**
 * Texts of a PNG file, in order. Compressed ones, which nothing here writes, are left out: they may inflate without end.
 * @throws {@link EngineError} `PICTURE_INVALID` when the file is no PNG or damaged.
 */
export function readPngTexts(png: Uint8Array): PngText[] {
  const texts: PngText[] = [];
  for (const { type, body } of checkedChunks(png)) {
    const end = body.indexOf(0);
    if (end < 1) continue;
    const keyword = latin1(body.subarray(0, end));
    if (type === "tEXt") texts.push({ keyword, text: latin1(body.subarray(end + 1)) });
    if (type === "iTXt" && body[end + 1] === 0) {
      const language = body.indexOf(0, end + 3);
      const translated = language < 0 ? -1 : body.indexOf(0, language + 1);
      if (translated >= 0) texts.push({ keyword, text: Buffer.from(body.subarray(translated + 1)).toString("utf8") });
    }
  }
  return texts;
}

/** Chunks of a whole PNG file, by their checksums. */
function* checkedChunks(png: Uint8Array): Generator<PngChunk> {
  if (!isPng(png)) throw new EngineError("PICTURE_INVALID", "The file is not a PNG.");
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  let read = PNG_SIGNATURE.length;
  for (const chunk of pngChunks(png)) {
    const { start, end } = chunk;
    if (crc32(png.subarray(start + 4, end - 4)) !== view.getUint32(end - 4)) {
      throw new EngineError("PICTURE_INVALID", "The PNG file is damaged: a checksum does not fit.");
    }
    yield chunk;
    read = end;
  }
  if (read < png.length) throw new EngineError("PICTURE_INVALID", "The PNG file ends early.");
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

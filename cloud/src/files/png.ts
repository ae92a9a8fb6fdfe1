import { isPng, pngChunks } from "@gridnft/sdk/node";
import sharp from "sharp";
import { ApiError } from "../error.ts";

/**
 * Chunks that a picture may have: those of one still image, its colours, its texts, and C2PA's manifest. Other chunks hold data that no
 * viewer shows: frames of animations, previews, places of photographs, programs' own data. A compressed text (zTXt) can inflate without
 * end.
 */
const allowedChunks: ReadonlySet<string> = new Set([
  ...["IHDR", "PLTE", "tRNS", "IDAT", "IEND"],
  ...["cHRM", "cICP", "gAMA", "iCCP", "sBIT", "sRGB", "bKGD", "pHYs", "tIME"],
  ...["tEXt", "iTXt", "caBX"],
]);
/** Largest size of all chunks together that are not pixels, bytes. */
const MAX_METADATA_BYTES = 65_536;

/** Returns the size of the largest valid file of a picture: 8-bit RGBA, stored without compression, with the most metadata. */
export function maxFileSize({ width, height }: { readonly width: number; readonly height: number }): number {
  const rows = height * (4 * width + 1);
  // zlib adds 5 bytes for each 16 KiB that don't compress; IDAT chunks of 8 KiB add 12 bytes each.
  return rows + 5 * Math.ceil(rows / 16_384) + 12 * Math.ceil(rows / 8_192) + MAX_METADATA_BYTES + 1_024;
}

/**
 * Requires that bytes are exactly one complete PNG of the given size, by its chunks and by decoding it. The size is read from the header
 * first, so that a small file of a huge picture is never decoded.
 *
 * @throws {@link ApiError} `IMAGE_INVALID`.
 */
export async function requirePng(
  file: Uint8Array,
  size: { readonly width: number; readonly height: number },
): Promise<void> {
  const refuse = (reason: string, cause?: unknown): never => {
    throw new ApiError("IMAGE_INVALID", `The upload ${reason}.`, { cause });
  };
  if (!isPng(file)) refuse("is not a PNG");
  const chunks = chunksOf(file);
  if (chunks === undefined) return refuse("is a PNG that is cut off");
  if (chunks.end !== file.length) refuse("has bytes after the end of its PNG");
  if (chunks.disallowed !== undefined) {
    refuse(
      `has the PNG chunk ${JSON.stringify(chunks.disallowed)}: leave it out, a picture has ${[...allowedChunks].join(", ")}`,
    );
  }
  if (chunks.metadataBytes > MAX_METADATA_BYTES) {
    refuse(
      `has ${chunks.metadataBytes} bytes of PNG chunks beside its pixels: at most ${MAX_METADATA_BYTES} are taken`,
    );
  }
  const { width, height } = chunks;
  if (width !== size.width || height !== size.height) {
    refuse(`is ${width} x ${height} pixels, not ${size.width} x ${size.height}`);
  }
  try {
    const image = sharp(file, { limitInputPixels: size.width * size.height, failOn: "warning", animated: false });
    const { info } = await image.raw().toBuffer({ resolveWithObject: true });
    if (info.width !== size.width || info.height !== size.height) refuse("does not decode to its stated size");
  } catch (error) {
    if (error instanceof ApiError) throw error;
    refuse("is a PNG that does not decode", error);
  }
}

/** Chunks of a PNG, measured. */
interface Chunks {
  readonly width: number;
  readonly height: number;
  /** End of the IEND chunk. */
  readonly end: number;
  /** First chunk type that is not allowed. */
  readonly disallowed: string | undefined;
  /** Bytes of chunks that are not pixels. */
  readonly metadataBytes: number;
}

/** Reads the chunks. Returns undefined when they do not end with IEND, or do not begin with IHDR. */
function chunksOf(file: Uint8Array): Chunks | undefined {
  let size: Pick<Chunks, "width" | "height"> | undefined;
  let disallowed: string | undefined;
  let metadataBytes = 0;
  for (const { type, body, end } of pngChunks(file)) {
    if (size === undefined) {
      if (type !== "IHDR" || body.length !== 13) return undefined;
      const header = new DataView(body.buffer, body.byteOffset, body.byteLength);
      size = { width: header.getUint32(0), height: header.getUint32(4) };
    }
    if (!allowedChunks.has(type)) disallowed ??= type;
    if (type === "iTXt" && isCompressed(body)) disallowed ??= "iTXt (compressed)";
    if (type !== "IDAT") metadataBytes += 12 + body.length;
    if (type === "IEND") return { ...size, end, disallowed, metadataBytes };
  }
  return undefined;
}

/** Returns true if an iTXt chunk is compressed: the byte behind its keyword's zero is not 0. */
function isCompressed(text: Uint8Array): boolean {
  const zero = text.indexOf(0);
  return zero >= 0 && zero + 1 < text.length && text[zero + 1] !== 0;
}

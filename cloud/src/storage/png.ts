import sharp from "sharp";
import { CloudError } from "../error.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * Insists that bytes are one whole PNG of the given size and nothing besides, by decoding all of it. The size is read from the
 * header first, so that a small file of a huge picture is never unpacked.
 *
 * @throws {@link CloudError} `IMAGE_INVALID`.
 */
export async function requirePng(
  file: Uint8Array,
  size: { readonly width: number; readonly height: number },
): Promise<void> {
  const refuse = (reason: string, cause?: unknown): never => {
    throw new CloudError("IMAGE_INVALID", `The upload ${reason}.`, { cause });
  };
  if (SIGNATURE.some((byte, i) => file[i] !== byte)) refuse("is not a PNG");
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const end = endOfChunks(view);
  if (end === undefined) return refuse("is a PNG that is cut off");
  if (end !== file.length) refuse("has bytes after the end of its PNG");
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (width !== size.width || height !== size.height) {
    refuse(`is ${width} x ${height} pixels, not ${size.width} x ${size.height}`);
  }
  try {
    const image = sharp(file, { limitInputPixels: size.width * size.height, failOn: "warning", animated: false });
    const { info } = await image.raw().toBuffer({ resolveWithObject: true });
    if (info.width !== size.width || info.height !== size.height) refuse("does not decode to its stated size");
  } catch (error) {
    if (error instanceof CloudError) throw error;
    refuse("is a PNG that does not decode", error);
  }
}

/** Where the IEND chunk ends; undefined when chunks do not lead there, or the first is no IHDR. */
function endOfChunks(view: DataView): number | undefined {
  const IHDR = 0x49484452;
  const IEND = 0x49454e44;
  for (let at = SIGNATURE.length; at + 12 <= view.byteLength; ) {
    const length = view.getUint32(at);
    const type = view.getUint32(at + 4);
    if (at === SIGNATURE.length && (type !== IHDR || length !== 13)) return undefined;
    at += 12 + length;
    if (type === IEND) return at <= view.byteLength ? at : undefined;
  }
  return undefined;
}

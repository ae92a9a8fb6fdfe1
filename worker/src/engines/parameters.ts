import type { Hex } from "viem";
import { encodePng, type PngText, readPngTexts } from "./png.ts";
import type { PictureInput } from "./types.ts";

/** A1111's names of the samplers, which Civitai and other readers know. */
export const samplerTitles: Readonly<Record<string, string>> = {
  ddim: "DDIM",
  euler: "Euler",
  euler_a: "Euler a",
  dpmpp_2m: "DPM++ 2M",
};

/** Origin of a picture, besides its input. */
export interface PictureOrigin {
  readonly modelName: string;
  readonly modelHash: Hex;
  /** Engine string. */
  readonly engine: string;
  /** Name of the noise schedule: A1111's only where A1111 would make the same levels. */
  readonly schedule: string;
}

/** Text of the `parameters` chunk as A1111 writes it: prompt, negative prompt, then one line of settings. */
function formatParameters(input: PictureInput, origin: PictureOrigin): string {
  const settings: readonly (readonly [string, string | number | bigint])[] = [
    ["Steps", input.steps],
    ["Sampler", samplerTitles[input.sampler] ?? input.sampler],
    ["Schedule type", origin.schedule],
    ["CFG scale", input.guidanceScale],
    ["Seed", input.seed],
    ["Size", `${input.width}x${input.height}`],
    // A1111 shows the first ten digits; here they are the manifest's, which is the hash on chain.
    ["Model hash", origin.modelHash.slice(2, 12)],
    ["Model", plainName(origin.modelName)],
    // So that a seed starts from the same noise in A1111 too, whatever its setting.
    ["RNG", "NV"],
    ["Version", origin.engine],
  ];
  const line = settings.map(([name, value]) => `${name}: ${quote(String(value))}`).join(", ");
  const negative = input.negativePrompt === "" ? [] : [`Negative prompt: ${input.negativePrompt}`];
  return [input.prompt, ...negative, line].join("\n");
}

/**
 * Returns a name without the separators of the line. A1111 quotes such values, but Civitai's reader and others cut at each comma and colon,
 * and what follows is taken for another setting.
 */
function plainName(name: string): string {
  const plain = name
    .replace(/[^\p{L}\p{M}\p{N} ._+()[\]#&/'-]+/gu, " ")
    .replace(/ {2,}/g, " ")
    .trim();
  return plain === "" ? "unnamed" : plain;
}

/** Values with a separator in them are JSON strings. */
function quote(value: string): string {
  return /[,:\n]/.test(value) ? JSON.stringify(value) : value;
}

/** Content of a `parameters` text. */
export interface ParametersText {
  readonly prompt: string;
  readonly negativePrompt: string;
  /** Settings by their names, in order. */
  readonly settings: ReadonlyMap<string, string>;
}

// Names are bounded: a long text without a colon must not be read once from each of its places.
const setting = /\s?(\w[\w \-/]{1,60}):\s?("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)/g;

/** Reads a `parameters` text, also one of A1111 or Forge: the last line has the settings if at least three are on it. */
export function parseParameters(text: string): ParametersText {
  const lines = text.trim().split("\n");
  const last = lines.at(-1) ?? "";
  const found = [...last.matchAll(setting)];
  const settings = new Map<string, string>();
  if (found.length >= 3) {
    lines.pop();
    for (const [, name = "", value = ""] of found) settings.set(name, unquote(value));
  }
  const at = lines.findIndex((line) => line.startsWith("Negative prompt:"));
  const [above, below] = at < 0 ? [lines, []] : [lines.slice(0, at), lines.slice(at)];
  return {
    prompt: above.join("\n").trim(),
    negativePrompt: below.join("\n").replace("Negative prompt:", "").trim(),
    settings,
  };
}

function unquote(value: string): string {
  if (!value.startsWith('"')) return value.trim();
  try {
    return String(JSON.parse(value));
  } catch {
    return value;
  }
}

/** IPTC's word for a picture that a trained model made. Social networks and search engines label pictures by it. */
export const DIGITAL_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

function xmp(engine: string): string {
  return [
    // U+FEFF and this id are the packet's signature in the XMP specification.
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>',
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">',
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
    '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"',
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"',
    ` xmp:CreatorTool="${escapeXml(engine)}"`,
    ` Iptc4xmpExt:DigitalSourceType="${DIGITAL_SOURCE_TYPE}"/>`,
    "</rdf:RDF>",
    "</x:xmpmeta>",
    '<?xpacket end="r"?>',
  ].join("\n");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

/** Encodes a picture as a PNG file with `parameters` and XMP in it. Hash these bytes: nothing is added later. */
export function encodePicture(
  pixels: { readonly width: number; readonly height: number; readonly rgb: Uint8Array },
  input: PictureInput,
  origin: PictureOrigin,
): Promise<Uint8Array> {
  const texts: PngText[] = [
    { keyword: "parameters", text: formatParameters(input, origin) },
    { keyword: "XML:com.adobe.xmp", text: xmp(origin.engine) },
  ];
  return encodePng(pixels, texts);
}

/** Texts of a picture file about itself. Nobody signed them: the receipt is the proof. */
export interface PictureTexts {
  /** The `parameters` text as it stands there, and read. */
  readonly parameters: (ParametersText & { readonly text: string }) | undefined;
  /** IPTC's DigitalSourceType, a URI. */
  readonly digitalSourceType: string | undefined;
}

/**
 * Reads what a PNG file says about itself.
 * @throws {@link EngineError} `PICTURE_INVALID`.
 */
export function readPictureTexts(png: Uint8Array): PictureTexts {
  const texts = readPngTexts(png);
  const find = (keyword: string) => texts.find((text) => text.keyword === keyword)?.text;
  const text = find("parameters");
  return {
    parameters: text === undefined ? undefined : { text, ...parseParameters(text) },
    digitalSourceType: /Iptc4xmpExt:DigitalSourceType="([^"]*)"/.exec(find("XML:com.adobe.xmp") ?? "")?.[1],
  };
}

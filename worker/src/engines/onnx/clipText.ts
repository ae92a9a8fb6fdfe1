// How CLIP cuts text into words before byte-pair merges (Radford 2021, `simple_tokenizer.py`), as `tokenizer.json` says it.

export const clipNormalizer = {
  type: "Sequence",
  normalizers: [{ type: "NFC" }, { type: "Replace", pattern: { Regex: "\\s+" }, content: " " }, { type: "Lowercase" }],
};

/** Split into words. All between them is dropped. */
export const clipWords = {
  type: "Split",
  pattern: { Regex: "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+" },
  behavior: "Removed",
  invert: true,
};

/** Same pattern as CLIPTokenizer compiles it, without regard to case: a long s is an s. */
export const clipWordsAnyCase = {
  ...clipWords,
  pattern: { Regex: clipWords.pattern.Regex.replace("'s", "'[s\\u017f]") },
};

const CONTROLS = /[^\P{C}\t\n\r]|\ufffd/gu;
const SPACES = /[\p{Zs}\t\n\r]/gu;
/** CJK ideographs as BERT lists them: neither kana nor Hangul. */
const IDEOGRAPHS =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b820}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;
const MARKERS = /<\|(?:startoftext|endoftext)\|>/giu;

/**
 * Prompt as transformers' CLIPTokenizer cleans it before the words are cut: control, format, private and unassigned characters
 * are left out, ideographs stand alone, and the markers count in any case. HTML entities stay as they are written. (ftfy, which it
 * uses where that happens to be installed, is no part of transformers.)
 */
export function cleanPrompt(text: string): string {
  return text
    .replace(CONTROLS, "")
    .replace(SPACES, " ")
    .replace(IDEOGRAPHS, " $& ")
    .replace(MARKERS, (marker) => marker.toLowerCase());
}

// How CLIP cuts text into words before byte-pair merges (Radford 2021, `simple_tokenizer.py`), as `tokenizer.json` says it.

export const clipNormalizer = {
  type: "Sequence",
  normalizers: [{ type: "NFC" }, { type: "Replace", pattern: { Regex: "\\s+" }, content: " " }, { type: "Lowercase" }],
};

/** Everything between these words is dropped. */
export const clipWords = {
  type: "Split",
  pattern: { Regex: "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+" },
  behavior: "Removed",
  invert: true,
};

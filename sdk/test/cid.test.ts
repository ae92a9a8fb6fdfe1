import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { base36 } from "multiformats/bases/base36";
import { base58btc } from "multiformats/bases/base58";
import { CID } from "multiformats/cid";
import type { Hex } from "viem";
import { describe, expect, it } from "vitest";
import { patternBytes } from "../../test/vectors/pattern.js";
import { cidOf, fileHashes, isFile, MAX_RAW_BLOCK, parseCid, type Sha256 } from "../src/index.js";

const { texts, files } = JSON.parse(readFileSync(new URL("../../test/vectors/cids.json", import.meta.url), "utf8")) as {
  texts: { imageHash: Hex; cidDigest: Hex; cid: string }[];
  files: { length: number; imageHash: Hex; dagPbDigest: Hex; cidV0: string }[];
};

const sha256: Sha256 = (bytes) => createHash("sha256").update(bytes).digest();

describe("CID text", () => {
  it.each(texts)("$cid", ({ imageHash, cidDigest, cid }) => {
    expect(cidOf({ imageHash, cidDigest })).toBe(cid);
    expect(parseCid(cid)).toEqual({ cidDigest, raw: imageHash === cidDigest });
  });

  it("matches kubo for a known file", () => {
    const file = new TextEncoder().encode("hello world\n");
    expect(cidOf(fileHashes(file))).toBe("bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4");
    expect(fileHashes(file, { layout: "dag-pb" }).cidDigest).toBe(
      parseCid("QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o").cidDigest,
    );
  });

  it("is read in every base, as multiformats reads it", () => {
    const { cid: text = "" } = texts[0] ?? {};
    const cid = CID.parse(text);
    const others = [base36, base58btc].map((base) => cid.toString(base as never));
    expect(others.map(parseCid)).toEqual([parseCid(text), parseCid(text)]);
    for (const damaged of [text.slice(0, -1), `${text}a`, text.toUpperCase(), `Q${text}`, "Qm", `${others[1]}1`]) {
      expect(() => parseCid(damaged), damaged).toThrow(expect.objectContaining({ code: "CID_INVALID" }));
    }
  });

  it.each(["", "bafy", "not a cid", "z6Mk", "bagaaieraf4rrd5oz2x3oqxyiwgxgxktsuxqnkwzxsvdfrdc7wvcrhnkq5nyq"])(
    "refuses %s",
    (text) => expect(() => parseCid(text)).toThrow(expect.objectContaining({ code: "CID_INVALID" })),
  );
});

describe("files", () => {
  it.each(files)("$length bytes", ({ length, imageHash, dagPbDigest, cidV0 }) => {
    const file = patternBytes(length);
    const tree = fileHashes(file, { layout: "dag-pb", sha256 });
    expect(tree).toEqual({ imageHash, cidDigest: dagPbDigest });
    expect(parseCid(cidV0)).toEqual({ cidDigest: dagPbDigest, raw: false });
    expect(isFile(file, tree, sha256)).toBe(true);
    const usual = fileHashes(file, { sha256 });
    expect(usual).toEqual(length <= MAX_RAW_BLOCK ? { imageHash, cidDigest: imageHash } : tree);
    expect(isFile(file, usual, sha256)).toBe(true);
  });

  it("the default sha256 gives the same", () => {
    const file = patternBytes(300_000);
    expect(fileHashes(file, { layout: "dag-pb" })).toEqual(fileHashes(file, { layout: "dag-pb", sha256 }));
  });

  it("a swapped byte is noticed, and a raw block over 1 MiB refused", () => {
    const file = patternBytes(1000);
    const stated = fileHashes(file);
    file[500] = (file[500] as number) ^ 1;
    expect(isFile(file, stated)).toBe(false);
    const large = patternBytes(MAX_RAW_BLOCK + 1);
    const hash = fileHashes(large, { sha256 }).imageHash;
    expect(isFile(large, { imageHash: hash, cidDigest: hash }, sha256)).toBe(false);
    expect(() => fileHashes(large, { layout: "raw" })).toThrow(expect.objectContaining({ code: "CID_INVALID" }));
  });
});

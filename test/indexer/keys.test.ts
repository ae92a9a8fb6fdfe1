import { describe, expect, it } from "vitest";
import {
  type AttributeSource,
  attributeOf,
  attributesOf,
  cut,
  KEY_BYTES,
  NOT_LISTED,
  nameKey,
  partsOf,
  tagKey,
  tagsOf,
} from "../../indexer/src/lib/keys.ts";

const bytes = (text: string) => new TextEncoder().encode(text).length;

describe("cut", () => {
  it.each([
    ["short text", "euler_a", "euler_a"],
    ["64 letters", "a".repeat(64), "a".repeat(64)],
    ["65 letters", "a".repeat(65), "a".repeat(64)],
    ["letters of two bytes", "é".repeat(100), "é".repeat(64)],
    ["letters of three bytes", "狐".repeat(100), "狐".repeat(64)],
    ["characters of four bytes", "🦊".repeat(100), "🦊".repeat(50)],
    [
      "a character of four bytes at the limit of bytes",
      `${"狐".repeat(60)}${"🦊".repeat(9)}`,
      `${"狐".repeat(60)}🦊🦊🦊🦊`,
    ],
    ["NUL and halves of pairs", "a\u0000b\ud83ec\udd8a", "abc"],
    ["the empty text", "", ""],
  ])("keeps what fits of %s", (_, text, kept) => {
    expect(cut(text)).toBe(kept);
    expect(bytes(kept)).toBeLessThanOrEqual(KEY_BYTES);
  });

  it("takes another number of characters", () => {
    expect(cut("lighthouse", 5)).toBe("light");
  });
});

describe("nameKey", () => {
  it.each([
    ["Éclair", "eclair"],
    ["eclair", "eclair"],
    ["ＦＯＸ", "fox"],
    ["İstanbul", "istanbul"],
    ["Ångström №5", "angstrom no5"],
  ])("sorts %s as %s", (name, key) => {
    expect(nameKey(name)).toBe(key);
  });

  it("is short, whatever the name", () => {
    for (const name of [
      "a".repeat(1_000_000),
      "🦊".repeat(3_000),
      "\ufdfa".repeat(300),
      `a${"\u0301".repeat(5_000)}`,
    ]) {
      expect(bytes(nameKey(name))).toBeLessThanOrEqual(KEY_BYTES);
    }
  });
});

describe("tags", () => {
  it("are trimmed, in lower case, each once", () => {
    expect(tagsOf(" Sea, storm ,,SEA,狐")).toEqual(["sea", "storm", "狐"]);
    expect(tagsOf(" , ,")).toEqual([]);
  });

  it("are asked for as they are kept, accents composed or not", () => {
    expect(tagKey(" Cafe\u0301 ")).toBe("caf\u00e9");
    expect(attributeOf("tag", " Cafe\u0301 ")).toBe("tag:caf\u00e9");
  });

  it("are at most 32 of at most 64 characters, and no two alike once they are cut", () => {
    const many = Array.from({ length: 300 }, (_, i) => `t${i}`).join(",");
    expect(tagsOf(many)).toEqual(Array.from({ length: 32 }, (_, i) => `t${i}`));
    expect(tagsOf("a".repeat(5_000))).toEqual(["a".repeat(64)]);
    expect(tagsOf(`${"a".repeat(64)}b,${"a".repeat(64)}c`)).toEqual(["a".repeat(64)]);
    expect(tagsOf(`${"a".repeat(63)}     b`)).toEqual(["a".repeat(63)]);
  });
});

describe("attributes", () => {
  const artwork: AttributeSource = {
    modelId: 7n,
    family: 8,
    worker: "0xABcdEf0000000000000000000000000000000001",
    sampler: "euler_a",
    scheduler: "",
    width: 512n,
    height: 768n,
    steps: 30n,
    tags: ["sea"],
    policy: 2,
    remixOf: 0n,
    versions: 1,
    listed: false,
  };
  const plain = [
    "model:7",
    "family:8",
    "worker:0xabcdef0000000000000000000000000000000001",
    "sampler:euler_a",
    "scheduler:",
    "size:512x768",
    "width:512",
    "height:768",
    "steps:30",
    "policy:2",
  ];

  it("say what filters ask for", () => {
    expect(attributesOf(artwork)).toEqual([...plain, "tag:sea"]);
  });

  it("mark remixes, evolved and listed artworks", () => {
    const marked = { ...artwork, tags: [], remixOf: 1_001n, versions: 2, listed: true };
    expect(attributesOf(marked)).toEqual([...plain, "remix:true", "evolved:true", "listed:true"]);
  });

  it("are each there once and short, whatever somebody minted", () => {
    const long = "狐".repeat(5_000);
    const hostile = { ...artwork, sampler: long, scheduler: long, modelId: 2n ** 256n - 1n, tags: tagsOf(long) };
    const attributes = attributesOf(hostile);
    expect(new Set(attributes).size).toBe(attributes.length);
    for (const attribute of attributes) expect(bytes(attribute)).toBeLessThanOrEqual(KEY_BYTES + 10);
  });

  it("are asked for by the same text, however long", () => {
    const sampler = "DPM++ 2M: Karras, ".repeat(20);
    expect(attributesOf({ ...artwork, sampler })).toContain(attributeOf("sampler", sampler));
    expect(attributeOf("worker", artwork.worker.toUpperCase().replace("0X", "0x"))).toBe(plain[2]);
  });

  it("come apart at the first colon", () => {
    expect(partsOf("tag:a:b")).toEqual({ field: "tag", value: "a:b" });
    expect(partsOf("scheduler:")).toEqual({ field: "scheduler", value: "" });
  });
});

it("puts what isn't listed above every price", () => {
  expect(NOT_LISTED).toBeGreaterThan(2n ** 128n);
});

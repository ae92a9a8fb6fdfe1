import { PassThrough } from "node:stream";
import type { GeneratedImage } from "@gridnft/sdk";
import type { Job } from "@gridnft/sdk/schemas";
import { describe, expect, it } from "vitest";
import { missingOf, showJob } from "../src/commands/generate.ts";
import { openTerminal } from "../src/terminal.ts";
import { beginningOf, bytesOf, charactersOf, fitting, printable, safeJson, table, widthOf, wrap } from "../src/text.ts";
import { MAX_NAME_BYTES, MAX_TITLE_BYTES, readAddress, readRoyalty, slugOf, titleOf } from "../src/values.ts";

const family = "👩‍👩‍👧‍👦";

describe("a title", () => {
  it.each([
    ["a lighthouse in a storm, oil painting", "A lighthouse in a storm"],
    ["St. Mark's square at dawn", "St. Mark's square at dawn"],
    ["a scale of 1.5 metres", "A scale of 1.5 metres"],
    ["No. 5 by Dr. Who; photo", "No. 5 by Dr. Who"],
    ["a 16:9 still of 1,000 birds: dusk", "A 16:9 still of 1,000 birds"],
    ["Boats in a harbour. Fog rolls in", "Boats in a harbour"],
    ["a lonely lighthouse.", "A lonely lighthouse"],
    ["a cat (oil painting)", "A cat"],
    ["(masterpiece) a cat", "(masterpiece) a cat"],
    ["夜の灯台、油絵", "夜の灯台"],
    [`${family} at the sea`, `${family} at the sea`],
    ["ßharp corners", "ßharp corners"],
    ["  ", "Untitled"],
  ])("of %j is %j", (prompt, title) => {
    expect(titleOf(prompt)).toBe(title);
  });

  it("ends between characters, within what the contract takes", () => {
    for (const character of ["a", "é", "é", "灯", "𝔸", family]) {
      const title = titleOf(character.repeat(300));
      expect(bytesOf(title)).toBeLessThanOrEqual(MAX_TITLE_BYTES);
      expect(title.endsWith("...")).toBe(true);
      const capital = charactersOf(character.toUpperCase())[0];
      expect(new Set(charactersOf(title.slice(0, -3)))).toEqual(
        new Set([capital, ...charactersOf(title.slice(0, -3)).slice(1)]),
      );
      for (const one of charactersOf(title.slice(0, -3)).slice(1)) expect(one).toBe(character);
    }
  });
});

describe("a file name", () => {
  it("keeps marks, ends between characters, and leaves room for its endings", () => {
    expect(slugOf("A lighthouse, in a storm!")).toBe("a-lighthouse-in-a-storm");
    expect(slugOf("हिन्दी प्रकाश")).toBe("हिन्दी-प्रकाश");
    expect(slugOf("👩‍👩‍👧‍👦!!")).toBe("picture");
    for (const character of ["a", "é", "灯", "𠮷", "ก็"]) {
      const slug = slugOf(character.repeat(300));
      expect(bytesOf(slug)).toBeLessThanOrEqual(MAX_NAME_BYTES);
      expect(new Set(charactersOf(slug))).toEqual(new Set([character.normalize("NFKC")]));
    }
  });
});

describe("columns", () => {
  it("are counted as a terminal shows them", () => {
    expect([widthOf("灯台"), widthOf("é"), widthOf(family)]).toEqual([4, 1, 2]);
    expect(
      table(
        ["model", "id"],
        [
          ["灯台", "1"],
          ["é", "2"],
        ],
      ),
    ).toEqual(["model  id", "─────  ──", "灯台   1", "é      2"]);
  });

  it("bound wrapped lines in scripts without spaces, too, and lose nothing", () => {
    for (const text of [
      "夜の灯台と嵐の海を描いた油絵",
      "words of a text that go on and on",
      family.repeat(9),
      `words and ${"灯".repeat(30)}`,
    ]) {
      const lines = wrap(text, 16, "  ").split("\n");
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(16);
      expect(
        lines
          .map((line) => line.slice(2))
          .join("")
          .replaceAll(" ", ""),
      ).toBe(text.replaceAll(" ", ""));
    }
  });

  it("leave a link whole, to be copied", () => {
    const link = `http://x/${"a".repeat(70)}`;
    expect(wrap(`see ${link} now`, 20, "  ")).toBe(`  see\n  ${link}\n  now`);
  });

  it("bound a line of progress, so that it can be taken away", () => {
    expect(fitting("夜の灯台", 5)).toBe("夜の…");
    expect(fitting("short", 5)).toBe("short");
    const err = Object.assign(new PassThrough(), { isTTY: true, columns: 30 });
    const terminal = openTerminal({ json: false, out: new PassThrough(), err, environment: {} });
    terminal.progress("夜の灯台と嵐の海を描いた油絵の長い名前", 0.5);
    const [, line = ""] = String(err.read()).split("\u001b[2K");
    expect(widthOf(line)).toBeLessThan(30);
  });
});

it("cuts a text by characters and by bytes", () => {
  expect(beginningOf("灯台守", { characters: 9, bytes: 8 })).toBe("灯台");
  expect(beginningOf("灯台守", { characters: 1, bytes: 99 })).toBe("灯");
  expect(beginningOf(family, { characters: 1, bytes: 4 })).toBe("");
});

it("lets no text steer a terminal, as words or as JSON", () => {
  const hostile = "a\u001b[2Jb\u009b31mc\u202ed\u061ce\u2028f\r\n";
  expect(printable(hostile)).toBe("a[2Jb31mcdef");
  const json = safeJson({ hostile });
  for (const character of "\u001b\u009b\u202e\u061c\u2028\r") expect(json).not.toContain(character);
  expect(JSON.parse(json)).toEqual({ hostile });
});

it("takes addresses in any case, and none that is mistyped", () => {
  const address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
  for (const text of [address, address.toLowerCase(), `0x${address.slice(2).toUpperCase()}`]) {
    expect(readAddress("--to", text)).toBe(address);
  }
  expect(() => readAddress("--to", address.replace("aA", "Aa"))).toThrow("wrong checksum");
  expect(() => readAddress("--to", `0x${"0".repeat(40)}`)).toThrow("zero address");
  expect(() => readAddress("--to", "0x12")).toThrow('--to "0x12" is not an address.');
});

it("rounds no royalty", () => {
  expect([readRoyalty("2.5"), readRoyalty("7.25"), readRoyalty("0.07")]).toEqual([250, 725, 7]);
  expect(() => readRoyalty("2.555")).toThrow("more than two decimals");
});

describe("progress of a job", () => {
  const shown = (job: object): string[] => {
    const lines: string[] = [];
    const terminal = { live: false, progress: (text: string) => void lines.push(text) };
    showJob(terminal, { status: "queued", position: 2, ...job } as Job);
    return lines;
  };
  const [waiting, back] = [
    { code: "NO_WORKER", message: "No worker is there." },
    { code: "RUN_FAILED", message: "The engine\u001b failed." },
  ];

  it("says why a queued job waits, or was given back", () => {
    expect(shown({})).toEqual(["Waiting, 2 in the queue"]);
    expect(shown({ waiting, given_back: back })).toEqual(["Waiting, 2 in the queue: No worker is there."]);
    const [line] = shown({ given_back: back });
    expect(line).toMatch(/^Waiting, 2 in the queue: a worker gave it back: The engine.* failed\.$/);
    expect(line).not.toContain("\u001b");
    expect(shown({ status: "running", given_back: back })).toEqual(["The job is running"]);
  });

  it("counts the pictures that a worker left out", () => {
    const images = [{ bundle: { order: { count: 3 } } }] as unknown as GeneratedImage[];
    expect(missingOf({ ended_early: true }, images)).toBe(2);
    expect([missingOf({}, images), missingOf(undefined, images), missingOf({ ended_early: true }, [])]).toEqual([
      0, 0, 0,
    ]);
  });
});

/** A picture's text is anybody's: it must not keep a verifier busy. */
import { describe, expect, it } from "vitest";
import { pngText, readParameters } from "../src/index.ts";

function chunk(type: string, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(content.length + 12);
  new DataView(bytes.buffer).setUint32(0, content.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(content, 8);
  return bytes; // nobody checks the sum
}

function png(...chunks: Uint8Array[]): Uint8Array {
  return Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, ...chunks.flatMap((one) => [...one])]);
}

const text = (keyword: string, value: string): Uint8Array => new TextEncoder().encode(`${keyword}\0${value}`);

describe("text in a PNG", () => {
  it("is read by keyword, what is too long is passed over", () => {
    const file = png(
      chunk("IHDR", new Uint8Array(13)),
      chunk("tEXt", text("bulk", "x".repeat(300 * 1024))),
      chunk("tEXt", text("parameters", "a buoy\nSteps: 20, Seed: 3")),
    );
    expect([...(pngText(file) ?? [])]).toEqual([["parameters", "a buoy\nSteps: 20, Seed: 3"]]);
  });

  it("has its settings read, quoted ones and empty ones too", () => {
    const said = readParameters('a buoy\nNegative prompt: fog\nSteps: 20, Model: "a, b", Lora hashes: , Size: 512x448');
    expect([said.prompt, said.negativePrompt]).toEqual(["a buoy", "fog"]);
    expect([...said.settings]).toEqual([
      ["Steps", "20"],
      ["Model", '"a, b"'],
      ["Lora hashes", ""],
      ["Size", "512x448"],
    ]);
  });

  it.each([
    ["blanks", `Steps: 1,${" ".repeat(15_000)}x`],
    ["words", `Steps: 1,${"a ".repeat(120_000)}x`],
    ["quotes", `Steps: 1,${'a:"'.repeat(5_000)}`],
    ["lines", "\nSteps: 1 ".repeat(25_000)],
    ["a line without end", `Steps: ${" a".repeat(125_000)}`],
  ])("ends soon for %s without a setting", (_, line) => {
    // Read from each of its places anew, some of these would outlast any patience: the test's own time is the measure.
    expect(readParameters(`a buoy\n${line}`).prompt).toMatch(/^a buoy/);
  });
});

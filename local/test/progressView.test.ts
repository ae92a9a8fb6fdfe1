import { describe, expect, it } from "vitest";
import { createProgressView } from "../src/progressView.ts";

function sink(isTTY: boolean, columns = 60) {
  const written: string[] = [];
  return { written, out: { isTTY, columns, write: (text: string | Uint8Array) => written.push(String(text)) > 0 } };
}

describe("the progress display", () => {
  it("prints a plain line for each change of state when piped", () => {
    const { written, out } = sink(false);
    let time = 0;
    const view = createProgressView(out, () => time);
    view.progress({ step: "cloud", state: "waiting", detail: "for the database" });
    time = 1_500;
    view.progress({ step: "cloud", state: "working", detail: "starting" });
    view.progress({ step: "cloud", state: "working", detail: "still starting" });
    view.progress({ step: "cloud", state: "ready", detail: "http://127.0.0.1:8787" });
    expect(written).toEqual([
      "  0.0 s  · cloud      waits for the database\n",
      "  1.5 s  … cloud      starting\n",
      "  1.5 s  ✓ cloud      http://127.0.0.1:8787\n",
    ]);
  });

  it("draws over its own lines on a terminal, and never wraps", () => {
    const { written, out } = sink(true, 40);
    const view = createProgressView(out);
    view.progress({ step: "cloud", state: "waiting", detail: "for the database" });
    view.progress({ step: "chain", state: "working", detail: "x".repeat(200) });
    const last = written.at(-1) ?? "";
    expect(last.startsWith("\u001b[1A")).toBe(true);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is taken out
    const plain = last.replace(/\u001b\[[0-9]*[A-Za-z]/g, "").split("\n");
    expect(plain.every((line) => line.length <= 40)).toBe(true);
    expect(plain[0]).toContain("chain");
    expect(plain[1]).toContain("cloud");
    view.done();
    view.progress({ step: "chain", state: "ready", detail: "" });
    expect(written.at(-1)?.includes("A")).toBe(false);
  });
});

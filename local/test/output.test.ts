/** Programs whose standard output breaks say nothing of it, and end as they would. */
import { describe, expect, it } from "vitest";
import { brokenOutputs, startProgram } from "../../test/fixtures/program.ts";

describe.each(brokenOutputs)("on %s", (_, stdout) => {
  it.each([
    ["local/src/main.ts", ["--help"], 0, ""],
    ["local/src/main.ts", ["--workers", "3"], 1, '--workers is 1 or 2, not "3".'],
    ["cloud/src/treasury.ts", ["--help"], 0, ""],
  ] as const)("%s %j ends with %i", async (path, args, code, text) => {
    const program = startProgram(path, { args, stdout });
    expect(await program.ended).toBe(code);
    const said = program.printed();
    expect(said.replace(/^\s*✗ /, "").trim()).toBe(text);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startChain } from "../src/chain.ts";
import { createProcesses } from "../src/processes.ts";

it("says how to begin anew when the chain can't be made again", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gridnft-chain-"));
  try {
    writeFileSync(join(folder, "journal.jsonl"), "nonsense\n");
    const starting = startChain({ folder, port: 1, processes: createProcesses(folder, () => {}) });
    await expect(starting).rejects.toMatchObject({
      code: "JOURNAL",
      message: `The chain's journal ${join(folder, "journal.jsonl")} can't be read; begin anew with --reset.`,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

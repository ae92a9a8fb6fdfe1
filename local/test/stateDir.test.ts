import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startLocalGrid } from "../src/grid.ts";
import { claimStateDir, clearStateDir, stateDirAt } from "../src/stateDir.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gridnft-home-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a state folder", () => {
  it("of somebody's own work is left alone", async () => {
    mkdirSync(join(folder, "logs"));
    writeFileSync(join(folder, "logs/diary.txt"), "mine");
    for (const reset of [false, true]) {
      await expect(startLocalGrid({ home: folder, reset })).rejects.toMatchObject({ code: "ARGUMENT" });
    }
    expect(readFileSync(join(folder, "logs/diary.txt"), "utf8")).toBe("mine");
  });

  it("may be new, empty, or have model folders in it, and is known again", () => {
    for (const name of ["new", "empty", "models"]) {
      const home = stateDirAt(join(folder, name));
      if (name !== "new") mkdirSync(home.folder);
      if (name === "models") mkdirSync(home.models);
      claimStateDir(home);
      mkdirSync(home.logs);
      claimStateDir(home);
      clearStateDir(home);
      claimStateDir(home);
      expect([existsSync(home.logs), existsSync(home.models)]).toEqual([false, name === "models"]);
    }
  });
});

/** Some kills under load, by a fixed seed: nothing is lost, nothing is paid twice. `npm run kills` does 200 of them. */
import { expect, it } from "vitest";
import { runKills } from "./kills/kills.ts";

it("loses no job and pays none twice, whatever is killed", async () => {
  const seed = Number(process.env.GRID_KILLS_SEED ?? 20);
  const { findings, figures, faults } = await runKills({
    seed,
    kills: 6,
    guests: 2,
    clientsOfPayer: 1,
    longestGap: 800,
    patience: 60_000,
    isShort: true,
  });
  expect(findings).toEqual([]);
  expect(Object.keys(faults).length).toBeGreaterThanOrEqual(9);
  expect(faults["lose the answer to a completion"]?.hit).toBeGreaterThan(0);
  expect(faults["undo a commit"]?.hit).toBeGreaterThan(0);
  expect(figures.settlements).toBeGreaterThan(0);
  expect(figures.collects).toBeGreaterThan(0);
}, 300_000);

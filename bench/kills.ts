/**
 * Kills of a grid under load: `npm run kills [-- --kills 200 --seed 1]` on the light grid, `npm run kills -- --grid [--kills 20]` on the
 * whole one. Ends with 1 when anything was lost or paid twice. Writes bench/results/kills.json, or kills-grid.json.
 */
import { parseArgs } from "node:util";
import { formatEther } from "viem";
import { runKills } from "../test/e2e/kills/kills.ts";
import { machine, table, writeResults } from "./measure/results.ts";

const { values } = parseArgs({
  options: { kills: { type: "string" }, seed: { type: "string" }, grid: { type: "boolean", default: false } },
});
const wholeNumber = (name: string, text: string): number => {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  console.error(`--${name} "${text}" is not a whole number above 0.`);
  process.exit(2);
};
const kills = wholeNumber("kills", values.kills ?? (values.grid ? "20" : "200"));
const seed = wholeNumber("seed", values.seed ?? `${1 + Math.floor(Math.random() * 999_999)}`);

const began = performance.now();
const stamp = (): string => `${((performance.now() - began) / 1_000).toFixed(1).padStart(6)} s`;
const outcome = await runKills({
  ...{ seed, kills, log: (line: string) => console.log(`${stamp()}  ${line}`) },
  ...(values.grid && {
    killable: async () => (await import("../test/e2e/kills/wholeGrid.ts")).startWholeGrid(),
    ...{ guests: 2, patience: 600_000 },
  }),
});
const { faults, figures, findings, seconds } = outcome;
console.log(
  `\n${table(
    ["fault", "times", "hit"],
    Object.entries(faults).map(([kind, { times, hit }]) => [kind, times, hit]),
  )}`,
);
console.log(
  `\n${table(
    ["what", "number"],
    [
      ["jobs posted", figures.posted],
      ["accepted", figures.accepted],
      ["done", figures.done],
      ["failed, with a reason", figures.failed],
      ["handed out more than once", figures.retried],
      ["pictures", figures.pictures],
      ["orders settled", figures.settlements],
      ["collects", figures.collects],
      ["seconds of faults", seconds.faults],
      ["seconds to rest", seconds.rest],
    ],
  )}`,
);
console.log(`\n${formatEther(BigInt(figures.paid))} AIPG were paid. Seed ${seed}.`);
console.log(`Refusals that clients were answered: ${JSON.stringify(outcome.refusals)}`);
console.log(`Warnings of the programs: ${JSON.stringify(outcome.complaints, null, 2)}`);
for (const finding of findings) console.error(`\n✗ ${finding}`);
console.log(findings.length === 0 ? "\n✓ nothing is lost, nothing is paid twice" : `\n${findings.length} findings`);
writeResults(values.grid ? "kills-grid" : "kills", { ...outcome, machine: machine() });
process.exit(findings.length === 0 ? 0 : 1);

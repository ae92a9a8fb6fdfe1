// The steps of `npm test`: two lanes that run at the same time, each in order, cheap steps first. The compiler of the contracts
// uses one core, so the programs' tests use the other. Each step is an npm script, so each can be run alone.
import type { CountSource } from "./tally.ts";

/** Steps of the `contracts` lane use forge and its folders out/ and cache/; those of the `programs` lane don't. */
export type Lane = "contracts" | "programs";

export interface Step {
  /** The npm script. */
  script: string;
  source: CountSource;
  lane: Lane;
  /** Runs only when named: `npm test -- canary:solidity`. */
  onDemand?: true;
}

export const steps: Step[] = [
  { script: "lint:sol", source: "exit", lane: "contracts" },
  { script: "build:contracts", source: "exit", lane: "contracts" },
  { script: "check:warnings", source: "exit", lane: "contracts" },
  { script: "check:sizes", source: "exit", lane: "contracts" },
  { script: "check:layout", source: "exit", lane: "contracts" },
  { script: "check:trees", source: "exit", lane: "contracts" },
  { script: "check:reference", source: "exit", lane: "contracts" },
  { script: "check:threats", source: "exit", lane: "contracts" },
  { script: "check:canaries", source: "exit", lane: "contracts" },
  { script: "test:contracts", source: "forge", lane: "contracts" },
  { script: "test:gas", source: "forge", lane: "contracts" },
  { script: "test:deploy", source: "vitest", lane: "contracts" },
  { script: "coverage:contracts", source: "exit", lane: "contracts" },
  { script: "build:sdk", source: "exit", lane: "programs" },
  { script: "lint:ts", source: "exit", lane: "programs" },
  { script: "test:ts", source: "vitest", lane: "programs" },
  { script: "canary:solidity", source: "forge", lane: "contracts", onDemand: true },
  { script: "canary:typescript", source: "vitest", lane: "programs", onDemand: true },
];

// The steps of `npm test`, in order: cheap ones first. Each is an npm script, so each can be run alone.
import type { CountSource } from "./tally.ts";

export interface Step {
  /** The npm script. */
  script: string;
  source: CountSource;
  /** Runs only when named: `npm test -- canary:solidity`. */
  onDemand?: true;
}

export const steps: Step[] = [
  { script: "lint:ts", source: "exit" },
  { script: "lint:sol", source: "exit" },
  { script: "build", source: "exit" },
  { script: "check:warnings", source: "exit" },
  { script: "check:sizes", source: "exit" },
  { script: "check:layout", source: "exit" },
  { script: "check:trees", source: "exit" },
  { script: "check:reference", source: "exit" },
  { script: "check:threats", source: "exit" },
  { script: "check:canaries", source: "exit" },
  { script: "test:contracts", source: "forge" },
  { script: "test:gas", source: "forge" },
  { script: "coverage:contracts", source: "exit" },
  { script: "test:ts", source: "vitest" },
  { script: "canary:solidity", source: "forge", onDemand: true },
  { script: "canary:typescript", source: "vitest", onDemand: true },
];

import type { Verdict } from "@gridnft/sdk";

/** Texts of the verification in the browser, in English. */
export const verificationText = {
  button: "Check it in this browser",
  again: "Check again",
  working: (done: number) => `Checking: ${done} things are looked at`,
  verdicts: {
    proven: "Proven. Every check that matters holds.",
    incomplete: "Not proven yet: nothing is wrong, but some evidence could not be had.",
    broken: "Not what it says: at least one check fails.",
  } satisfies Record<Verdict, string>,
  title: (title: string, version: number | undefined) =>
    version === undefined || version === 1 ? title : `Version ${version}: ${title}`,
  block: (number: string) => `Checked against the chain up to block ${number}, by this browser.`,
  failed: "It could not be checked",
  notProven: "What this does not prove",
  statuses: { pass: "Holds", fail: "Fails", unknown: "Could not be seen" },
} as const;

import type { RefusalCode } from "@gridnft/sdk/wire";

/** Why the worker does not take a job. Codes are stable and go to the cloud, which knows those that pass. */
export type { RefusalCode };

/** A job refused, with the reason in a sentence. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
}

/** Makes a {@link Refusal}. */
export function refusal(code: RefusalCode, message: string): Refusal {
  return { code, message };
}

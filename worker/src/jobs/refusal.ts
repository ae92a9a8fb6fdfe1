import type { RefusalCode } from "@gridnft/sdk/schemas";

/** Reason for which a job is refused. Codes are stable. The cloud gets them, and knows which of them pass. */
export type { RefusalCode };

/** Job refused, with the reason in a sentence. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
}

/** Makes a {@link Refusal}. */
export function refusal(code: RefusalCode, message: string): Refusal {
  return { code, message };
}

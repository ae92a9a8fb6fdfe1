import { openProgramOutput } from "@gridnft/sdk/node";
import { type Logger, pino } from "pino";

export type { Logger } from "pino";

/** Creates the log: JSON lines on stdout. Bigints are written as decimal strings. No secret is ever logged. */
export function createLog(level: string, worker?: string): Logger {
  const settings = {
    level,
    base: { part: "worker", ...(worker !== undefined && { worker }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return pino(settings, openProgramOutput(process.stdout));
}

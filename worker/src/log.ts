import { type Logger, pino } from "pino";

export type { Logger } from "pino";

/** JSON lines on stdout. Bigints are written as decimal strings; nothing secret is ever handed to it. */
export function createLog(level: string, worker?: string): Logger {
  return pino({
    level,
    base: { part: "worker", ...(worker !== undefined && { worker }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
}

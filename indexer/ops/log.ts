/** Writes a line to the log, in the form of Ponder's own. Level 30 tells, 40 warns. */
export function log(level: 30 | 40, msg: string, more: object): void {
  console.log(JSON.stringify({ level, time: Date.now(), msg, ...more }));
}

/** Returns what an error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

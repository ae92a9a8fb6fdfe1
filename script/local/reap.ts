// Ends what a supervisor that was killed has left behind: `reap.ts <state folder>`. Started by the leash (leash.ts).
import { endRecorded } from "./processTable.ts";

const [home] = process.argv.slice(2);
if (home === undefined) throw new Error("usage: reap.ts <state folder>");
await endRecorded(home);

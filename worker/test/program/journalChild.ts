/** Appends numbered lines to the journal named on the command line and says so, until it is killed. */
import { openJournal } from "../../src/state/journal.ts";

const { journal, lines } = await openJournal(process.argv[2] ?? "");
for (let n = lines.length; ; n++) {
  await journal.append({ n, filler: "x".repeat(n % 5_000) });
  process.stdout.write(`${n}\n`);
}

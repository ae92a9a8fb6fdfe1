/** Appends numbered lines to the journal named on the command line and says so, until it is killed. Writes it anew now and then. */
import { openJournal } from "../../src/state/journal.ts";

const { journal, lines } = await openJournal(process.argv[2] ?? "");
const last = lines.at(-1) as { readonly n?: number; readonly through?: number } | undefined;
for (let n = (last?.n ?? last?.through ?? -1) + 1; ; n++) {
  await journal.append({ n, filler: "x".repeat(n % 5_000) });
  process.stdout.write(`${n}\n`);
  if (n % 7 === 6) await journal.rewrite(() => [{ through: n, filler: "x".repeat(50_000) }]);
}

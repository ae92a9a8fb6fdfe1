import { join } from "node:path";
import type { SettlementDomain } from "@gridnft/sdk";
import { WorkerError } from "../errors.ts";
import { openJournal } from "./journal.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { lockFolder } from "./lock.ts";
import { openPictures, type Pictures } from "./pictures.ts";

/** Everything that a worker keeps in its state folder. */
export interface State {
  readonly ledger: Ledger;
  readonly pictures: Pictures;
  close(): Promise<void>;
}

/**
 * Locks and opens a state folder. A folder belongs to one deployment: receipts for another say nothing here.
 * @throws {@link WorkerError} `STATE_LOCKED`, `STATE_DAMAGED`, `STATE_UNWRITABLE`.
 */
export async function openState(folder: string, domain: SettlementDomain): Promise<State> {
  const lock = lockFolder(folder);
  try {
    const { journal, lines } = await openJournal(join(folder, "journal.jsonl"));
    try {
      const [head, ...records] = lines;
      const here = {
        type: "journal",
        version: 1,
        chain: domain.chainId,
        settlement: domain.verifyingContract.toLowerCase(),
      };
      if (head === undefined) await journal.append(here);
      else if (JSON.stringify(head) !== JSON.stringify(here)) {
        throw new WorkerError(
          "STATE_DAMAGED",
          `The state folder ${folder} is of another chain, deployment or version; name an empty one in GRID_WORKER_STATE.`,
        );
      }
      return {
        ledger: openLedger(journal, records, domain),
        pictures: openPictures(join(folder, "pictures")),
        close: async () => {
          await journal.close();
          lock.release();
        },
      };
    } catch (error) {
      await journal.close();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

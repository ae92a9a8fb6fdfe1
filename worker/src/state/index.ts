import { join } from "node:path";
import type { SettlementDomain } from "@gridnft/sdk";
import { WorkerError } from "../errors.ts";
import { openJournal } from "./journal.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { type LockTerms, lockFolder } from "./lock.ts";
import { openPictures, type Pictures, tidyPictures } from "./pictures.ts";

/** State folder of a worker. */
export interface State {
  readonly ledger: Ledger;
  readonly pictures: Pictures;
  /**
   * Insists that the folder is still this process'.
   * @throws {@link WorkerError} `STATE_UNWRITABLE`.
   */
  requireLock(): void;
  close(): Promise<void>;
}

/** Version of the journal's records. */
const VERSION = 2;
/** Versions whose records are all of this one's. They become this one when they are compacted. */
const OLDER_VERSIONS = [1];

/**
 * Locks and opens a state folder. A folder belongs to one deployment: receipts for another say nothing here.
 * @throws {@link WorkerError} `STATE_LOCKED`, `STATE_DAMAGED`, `STATE_UNWRITABLE`, `STOPPED`.
 */
export async function openState(folder: string, domain: SettlementDomain, terms: LockTerms = {}): Promise<State> {
  const lock = await lockFolder(folder, terms);
  try {
    const { journal, lines } = await openJournal(join(folder, "journal.jsonl"), lock.require);
    try {
      const [head, ...records] = lines;
      const here = {
        type: "journal",
        version: VERSION,
        chain: domain.chainId,
        settlement: domain.verifyingContract.toLowerCase(),
      };
      const isOurs = [VERSION, ...OLDER_VERSIONS].some(
        (version) => JSON.stringify(head) === JSON.stringify({ ...here, version }),
      );
      if (head === undefined) await journal.append(here);
      else if (!isOurs) {
        throw new WorkerError(
          "STATE_DAMAGED",
          `The state folder ${folder} is of another chain, deployment or version; name an empty one in GRID_WORKER_STATE.`,
        );
      }
      const ledger = openLedger(journal, records, domain, here);
      const pictures: Pictures = await openPictures(join(folder, "pictures"), {
        makeRoom: () => tidyPictures({ ledger, pictures }, { seconds: 0, bytes: 0 }),
      });
      return {
        ledger,
        pictures,
        requireLock: lock.require,
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

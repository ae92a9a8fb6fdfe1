import { releaseCheckpoints } from "../../../ops/finalizedCheckpoint.ts";
import { log } from "../../../ops/log.ts";
import { databaseSchema, lockConnection, servedPort, stopOnTerm } from "../../../ops/ponderGlobals.ts";
import { maintainTables } from "../../../ops/tableMaintenance.ts";
import { keepVocabulary } from "../../../ops/vocabulary.ts";
import { type Health, type HealthDependencies, lookAtHealth } from "./health.ts";

/** Milliseconds between looks until the index is ready. */
const EAGER = 150;
/** Milliseconds between looks from then on. */
const WATCHFUL = 2_500;

/**
 * Prints one JSON line when the index has caught up with the chain and is served: `{"ready":true,"url":...}`. From then on looks
 * after it, and says in the log when it is no longer what it should be, and when it is again.
 * @param publicUrl What to print instead of the address on this machine.
 */
export function startReadyLog(health: HealthDependencies, publicUrl: string | undefined): void {
  stopOnTerm();
  let isReady = false;
  let said: Health["status"] = "ok";
  let before: Health["status"] = "ok";

  async function look(): Promise<void> {
    const port = servedPort();
    if (port === undefined) return;
    const { health: found, checkpoints } = await lookAtHealth(health);
    const isGood = found.status === "ok" && found.canonical === true;
    if (!isReady) {
      if (!isGood) return;
      isReady = true;
      console.log(JSON.stringify({ ready: true, url: publicUrl ?? `http://127.0.0.1:${port}` }));
      // A reader's tables are looked after by its indexer.
      if (lockConnection()) {
        maintainTables(databaseSchema());
        keepVocabulary(databaseSchema());
      }
    }
    const writer = lockConnection();
    if (isGood && writer && health.schema() === databaseSchema()) {
      releaseCheckpoints(writer, databaseSchema(), checkpoints).catch(() => undefined);
    }
    // Once is nothing: a block that is taken back, a node that is late.
    if (found.status === before && found.status !== said) {
      said = found.status;
      log(found.status === "ok" ? 30 : 40, `The index is ${said}`, found);
    }
    before = found.status;
  }

  async function watch(): Promise<void> {
    await look().catch(() => undefined);
    setTimeout(watch, isReady ? WATCHFUL : EAGER).unref();
  }
  void watch();
}

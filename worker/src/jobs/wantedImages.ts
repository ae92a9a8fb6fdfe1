import type { WorkerClient } from "@gridnft/sdk";
import { describe, isCloudRefusal } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Pictures } from "../state/pictures.ts";

/** Limit of the cloud's answers that are worked through at a time. Each names some of the pictures. */
const MAX_ROUNDS = 50;

/** Gives the cloud copies of pictures that it has lost or found damaged, as far as they are kept here. */
export async function uploadWantedImages({
  cloud,
  pictures,
  log,
}: {
  readonly cloud: Pick<WorkerClient, "wantedImages" | "handIn">;
  readonly pictures: Pick<Pictures, "get">;
  readonly log: Logger;
}): Promise<void> {
  const tried = new Set<string>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const news = (await cloud.wantedImages()).filter((imageHash) => !tried.has(imageHash));
    if (news.length === 0) return;
    for (const imageHash of news) {
      tried.add(imageHash);
      const file = await pictures.get(imageHash);
      if (file === undefined) {
        log.debug({ image: imageHash }, "the cloud asks for a picture that is not kept any more");
        continue;
      }
      try {
        await cloud.handIn(imageHash, file);
        log.info({ image: imageHash }, "the cloud has a copy of a picture again");
      } catch (error) {
        if (!isCloudRefusal(error)) throw error;
        // Another worker was faster, or its disk is full: it asks again.
        log.warn({ image: imageHash, reason: describe(error) }, "the cloud does not take a picture that it asked for");
      }
    }
  }
}

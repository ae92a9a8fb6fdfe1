import type { FastChecker } from "@gridnft/sdk";
import type { Logger } from "pino";
import type { Chain } from "./chain/chain.ts";
import type { Database } from "./database/database.ts";
import type { Notices } from "./database/notices.ts";
import type { GatewayTerms, Settings } from "./environment.ts";
import type { Metrics } from "./http/metrics.ts";
import type { LaneTrees } from "./payment/laneTrees.ts";
import type { PictureStore } from "./storage/pictures.ts";
import type { Takedowns } from "./storage/takedowns.ts";

/** What every part of the running cloud works with. */
export interface Cloud {
  readonly settings: Settings;
  /** Base URL under which users reach it, without a slash at the end. */
  readonly publicUrl: string;
  readonly database: Database;
  readonly notices: Notices;
  readonly chain: Chain;
  readonly pictures: PictureStore;
  readonly takedowns: Takedowns;
  readonly checker: FastChecker;
  readonly laneTrees: LaneTrees;
  readonly gateway: GatewayTerms | undefined;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Aborted once the process is to end: nothing new begins, what waits answers. */
  readonly stopping: AbortSignal;
}

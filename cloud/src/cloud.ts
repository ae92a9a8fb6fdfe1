import type { FastChecker } from "@gridnft/sdk";
import type { Logger } from "pino";
import type { Chain } from "./chain/chain.ts";
import type { Database } from "./database/database.ts";
import type { Notifications } from "./database/pgNotify.ts";
import type { GatewayTerms, Settings } from "./environment.ts";
import type { PictureStore } from "./files/pictures.ts";
import type { Takedowns } from "./files/takedowns.ts";
import type { Metrics } from "./metrics.ts";
import type { LaneTrees } from "./payment/laneTrees.ts";

/** Parts of a running cloud. */
export interface Cloud {
  readonly settings: Settings;
  /** Base URL under which users reach it, without a slash at the end. */
  readonly publicUrl: string;
  readonly database: Database;
  readonly notifications: Notifications;
  readonly chain: Chain;
  readonly pictures: PictureStore;
  readonly takedowns: Takedowns;
  readonly checker: FastChecker;
  readonly laneTrees: LaneTrees;
  readonly gateway: GatewayTerms | undefined;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Aborted when the process is to end. Nothing new begins then, and waiting requests return. */
  readonly stopping: AbortSignal;
}

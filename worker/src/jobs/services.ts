import type { WorkerClient } from "@gridnft/sdk";
import type { Mutex, NamedMutex } from "@gridnft/sdk/node";
import type { Signing } from "../chain/signing.ts";
import type { Logger } from "../log.ts";
import type { VoucherAcceptor } from "../payouts/acceptVoucher.ts";
import type { Pictures } from "../state/pictures.ts";
import type { AcceptServices } from "./accept.ts";
import type { Throughput } from "./throughput.ts";

/** Services of running a job. */
export interface JobServices extends AcceptServices {
  readonly cloud: WorkerClient;
  readonly pictures: Pictures;
  readonly vouchers: VoucherAcceptor;
  readonly sign: Signing;
  readonly throughput: Throughput;
  readonly accepting: Mutex;
  /** Mutex of the jobs of one order. */
  readonly orders: NamedMutex;
  readonly log: Logger;
}

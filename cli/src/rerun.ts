/** What running a version's job again gave. */
export interface Rerun {
  readonly version: number;
  readonly outcome: "identical" | "similar" | "different" | "impossible";
  /** A sentence for a collector. */
  readonly explanation: string;
}

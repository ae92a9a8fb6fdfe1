// The part of pg-copy-streams that is used here; it brings no types.
declare module "pg-copy-streams" {
  import type { Writable } from "node:stream";
  import type { Submittable } from "pg";

  /** A `COPY ... FROM STDIN` that takes what is written to it. */
  export function from(text: string): Writable & Submittable;
}

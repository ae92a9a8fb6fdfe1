/** File that pages refer to. Its path has the hash of its bytes, so that browsers keep it for ever. */
export interface Asset {
  readonly path: string;
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

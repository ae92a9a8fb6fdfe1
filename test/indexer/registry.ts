/** The part of `ponder:registry` that handlers use: keeps each of them, so that a test can call it. */
type Handler = (given: { readonly context: object; readonly event: object }) => Promise<void>;

/** Handlers by the names of their events, e.g. `GridNFT:Transfer`. */
export const handlers = new Map<string, Handler>();

export const ponder = {
  on(name: string, handler: Handler): void {
    handlers.set(name, handler);
  },
};

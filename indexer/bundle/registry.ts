/** Handler of an event, as Ponder calls it. */
export type Handler = (given: { readonly context: object; readonly event: object }) => Promise<void>;

/** Handlers by the names of their events, e.g. `GridNFT:Transfer`. */
export const handlers = new Map<string, Handler>();

/** Stands for `ponder:registry` where Ponder does not load the handlers by itself: keeps each of them. */
export const ponder = {
  on(name: string, handler: Handler): void {
    handlers.set(name, handler);
  },
};

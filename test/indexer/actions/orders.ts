// Orders that are paid one by one.
import type { Hex } from "viem";
import { type HistoryState, PRICE, type WaitingAnchor } from "../historyState.ts";
import { type Action, some } from "./choice.ts";
import {
  bond,
  closingOf,
  header,
  isBonded,
  orderDone,
  settleAndMint,
  someBondedWorker,
  someUnbondedWorker,
} from "./work.ts";

export const orders: Record<string, Action> = {
  settle: async (state) => {
    const artist = some(state, state.artists);
    await state.grid.mined(artist.grid.settlement.write.deposit([PRICE * 3n]));
    const by = state.dice.chance(0.7) ? { worker: await someBondedWorker(state) } : {};
    const done = await orderDone(state, artist, by);
    await settled(state, done, () => done.worker.party.grid.settlement.write.settle([done.item]));
  },
  batch: async (state) => {
    const artist = some(state, state.artists);
    await state.grid.mined(artist.grid.settlement.write.deposit([PRICE * 6n]));
    const first = await orderDone(state, artist);
    const second = await orderDone(state, artist);
    const bonded = await Promise.all([first, second].map(({ worker }) => isBonded(state, worker)));
    // The first one twice: its second mention is refused.
    const items = [first.item, second.item, first.item];
    await state.grid.mined(state.collector.grid.settlement.write.settleBatch([items]));
    [first, second].forEach((done, i) => {
      keep(state, done, bonded[i] ?? false);
    });
  },
  // A part: by the worker itself, by whoever has its closing, or by the payer for the whole price.
  part: async (state) => {
    const done = await partDone(state);
    await settled(state, done, () => done.worker.party.grid.settlement.write.settle([done.item]));
  },
  close: async (state) => {
    const done = await partDone(state);
    const closing = await closingOf(state, done);
    await settled(state, done, () => state.collector.grid.settlement.write.settleClosed([done.item, closing]));
  },
  grace: async (state) => {
    const done = await partDone(state);
    const { payer, deadline } = done.item.order;
    await state.grid.pass(Number(deadline - (await state.grid.now())) + 1);
    const artist = some(
      state,
      state.artists.filter(({ address }) => address === payer),
    );
    await settled(state, done, () => artist.grid.settlement.write.settleInGrace([done.item]));
  },
  // While the worker's bond is too small the anchor waits.
  wait: async (state) => {
    const artist = some(state, state.artists);
    await state.grid.mined(artist.grid.settlement.write.deposit([PRICE * 3n]));
    const done = await orderDone(state, artist, { worker: await someUnbondedWorker(state) });
    await settled(state, done, () => state.collector.grid.settlement.write.settle([done.item]));
  },
  confirm: async (state) => {
    const { read } = state.owner.grid.registry;
    const confirmable: WaitingAnchor[] = [];
    for (const waiting of state.waiting) {
      if (await read.isRegistered([waiting.worker.party.address])) confirmable.push(waiting);
    }
    const waiting = some(state, confirmable);
    await bond(state, waiting.worker);
    await state.grid.mined(state.collector.grid.settlement.write.confirmAnchor([waiting.payer, waiting.root]));
    state.waiting.splice(state.waiting.indexOf(waiting), 1);
    state.toMint.push(...waiting.toMint);
  },
  settleAndMint: async (state) => {
    await settleAndMint(state, header(state));
  },
};

type Done = Awaited<ReturnType<typeof orderDone>>;

/** An order for several images of which the worker has made some. */
async function partDone(state: HistoryState): Promise<Done> {
  const artist = some(state, state.artists);
  await state.grid.mined(artist.grid.settlement.write.deposit([PRICE * 4n]));
  const count = 2 + state.dice.below(3);
  const made = 1 + state.dice.below(count - 1);
  const by = state.dice.chance(0.8) ? { worker: await someBondedWorker(state) } : {};
  return orderDone(state, artist, { ...by, count, made });
}

/** Settles an order, and keeps what can be minted, or confirmed. */
async function settled(state: HistoryState, done: Done, settle: () => Promise<Hex>): Promise<void> {
  const bonded = await isBonded(state, done.worker);
  await state.grid.mined(settle());
  keep(state, done, bonded);
}

function keep(state: HistoryState, { item, toMint, worker, root }: Done, isAnchored: boolean): void {
  if (isAnchored) state.toMint.push(...toMint);
  else state.waiting.push({ payer: item.order.payer, root, worker, toMint });
}

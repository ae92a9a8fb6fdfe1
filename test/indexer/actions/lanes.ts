// What happens on lanes.
import { type Address, type Hex, zeroAddress } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import {
  hopLane,
  laneId as laneIdOf,
  nextVoucher,
  type ReceiptToMint,
  type SignedReceipt,
  SignerRole,
} from "../../../sdk/src/index.ts";
import { anchorOf } from "../../fixtures/order.ts";
import { addSigner, openLane, signMessage } from "../../fixtures/seed.ts";
import { ENGINES, type HistoryState, type OpenLane, orderOf, PRICE, randomRequest, work } from "../historyState.ts";
import { type Action, NothingToDo, some } from "./choice.ts";

export const lanes: Record<string, Action> = {
  open: async (state) => {
    if (state.dice.chance(0.75)) {
      const worker = some(state, state.workers).party.address;
      state.lanes.push(await openWorkLane(state, worker, state.gatewayKey.address));
      return;
    }
    const salt = `0x${(state.nonce++).toString(16).padStart(64, "0")}` as Hex;
    const { address: payer } = state.gateway;
    const worker = state.owner.address;
    const config = hopLane({ payer, payerSigner: state.gatewayKey.address, worker, thawDelay: 86_400, salt });
    await state.grid.mined(state.gateway.grid.settlement.write.deposit([PRICE * 60n]));
    await state.grid.mined(state.gateway.grid.settlement.write.openLane([config, PRICE * 50n]));
    state.lanes.push({ id: laneIdOf(config, state.domain), config, totals: new Map() });
  },
  fund: async (state) => {
    const { config } = some(state, state.lanes);
    const by = state.dice.chance(0.5) ? state.gateway : state.treasurer;
    await state.grid.mined(by.grid.settlement.write.topUpLane([config, PRICE * 2n]));
  },
  thaw: async (state) => {
    const { config } = some(state, state.lanes);
    const { write } = state.gateway.grid.settlement;
    await state.grid.mined(write.thawLane([config, PRICE]));
    if (state.dice.chance(0.4)) await state.grid.mined(write.topUpLane([config, PRICE]));
    else if (state.dice.chance(0.7)) {
      await state.grid.pass(86_401);
      await state.grid.mined(write.finaliseLaneThaw([config]));
    }
  },
  // Of a lane whose payerSigner is revoked, while its vouchers still count: that prolongs them.
  thawRevoked: async (state) => {
    const { gateway, grid, dice } = state;
    const key = privateKeyToAccount(generatePrivateKey());
    await addSigner(state.grid, gateway, key, SignerRole.PAYER_SIGNER);
    const { config } = await openWorkLane(state, some(state, state.workers).party.address, key.address);
    const { write } = gateway.grid.settlement;
    await grid.mined(write.revokeSigner([key.address]));
    await grid.pass(1 + dice.below(86_000));
    await grid.mined(write.thawLane([config, PRICE]));
    if (dice.chance(0.5)) return;
    await grid.pass(86_401);
    await grid.mined(write.finaliseLaneThaw([config]));
    // By now they count no more: it stays as it is.
    await grid.pass(3 * 86_400);
    await grid.mined(write.thawLane([config, PRICE]));
  },
  // Royalty rates that were read once are read anew, and may be others.
  collectLater: async (state) => {
    if (state.dice.chance(0.6)) throw new NothingToDo(); // let time go slowly
    await collect(state);
    await state.grid.pass(await state.owner.grid.settlement.read.LANE_ROYALTY_LIFE());
    for (const lane of state.lanes.filter(({ totals }) => totals.size > 0)) await collect(state, lane);
  },
  collect: (state) => collect(state),
  collectAgain: (state) => collect(state),
};

/** A work lane of the gateway's. */
async function openWorkLane(state: HistoryState, worker: Address, payerSigner: Address): Promise<OpenLane> {
  const salt = `0x${(state.nonce++).toString(16).padStart(64, "0")}` as Hex;
  await state.grid.mined(state.gateway.grid.settlement.write.deposit([PRICE * 60n]));
  const lane = await openLane(state.grid, state.gateway, { payerSigner, worker, salt, funding: PRICE * 50n });
  return { ...lane, totals: new Map() };
}

/** Work on a lane, paid and anchored by one voucher. */
async function collect(state: HistoryState, lane = some(state, state.lanes)): Promise<void> {
  const { grid, dice, domain } = state;
  const worker = state.workers.find(({ party }) => party.address === lane.config.worker);
  const requester = some(state, state.artists).address;
  const made: (SignedReceipt & Omit<ReceiptToMint, "anchor">)[] = [];
  for (let jobs = worker ? 1 + dice.below(3) : 0; jobs > 0; jobs--) {
    const request = randomRequest(state);
    if (!request || !worker) throw new NothingToDo();
    const terms = { requester, payer: lane.config.payer, worker: lane.config.worker, count: 1 + dice.below(3) };
    const order = await orderOf(state, request, { ...terms, laneId: lane.id });
    const engine = some(state, ENGINES);
    for (const signed of await work(state, request, order, worker, engine)) {
      made.push({ ...signed, request, engine });
    }
  }
  const totals = new Map(lane.totals);
  for (const { receipt } of made) {
    totals.set(receipt.modelId, (totals.get(receipt.modelId) ?? 0n) + receipt.price);
  }
  // A hop lane has one total, for no model; a work lane may well name a model that nobody registered.
  if (!worker) totals.set(0n, (totals.get(0n) ?? 0n) + PRICE);
  else if (dice.chance(0.2)) totals.set(987_654n, (totals.get(987_654n) ?? 0n) + 7n);
  const anchor = made.length > 0 ? anchorOf(domain, lane.config.payer, made, lane.id) : undefined;
  const voucher = nextVoucher(lane.id, [], totals, anchor?.tree);
  const payerSignature = await signMessage(state.gatewayKey, domain, "Voucher", voucher);
  const workerSignature = worker ? await signMessage(worker.key, domain, "Voucher", voucher) : "0x";
  const payee = worker?.party ?? state.owner;
  const call = [lane.config, voucher, payerSignature, workerSignature] as const;
  await grid.mined(payee.grid.settlement.write.collect(call));
  for (const [model, total] of totals) lane.totals.set(model, total);
  if (!anchor) return;
  const [attested] = await state.owner.grid.settlement.read.anchorOf([lane.id, lane.config.payer, anchor.tree.root]);
  if (attested === zeroAddress) return; // an unbonded worker is paid, but anchors nothing
  state.toMint.push(...made.map(({ receipt, request, engine }) => ({ receipt, request, engine, anchor })));
}

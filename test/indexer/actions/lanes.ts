// What happens on lanes.
import { type Hex, zeroAddress } from "viem";
import {
  hopLane,
  laneId as laneIdOf,
  nextVoucher,
  type ReceiptToMint,
  receiptTree,
  settlementTypes,
  workLane,
} from "../../../sdk/src/index.ts";
import { ENGINES, newOrder, PRICE, randomRequest, type Signed, type World, work } from "../world.ts";
import { type Action, NothingToDo, some } from "./choice.ts";

export const lanes: Record<string, Action> = {
  open: async (world) => {
    const isHop = world.dice.chance(0.25);
    const worker = isHop ? world.owner.address : some(world, world.workers).party.address;
    const salt = `0x${(world.nonce++).toString(16).padStart(64, "0")}` as Hex;
    const feeConfigId = await world.owner.grid.settlement.read.currentFeeConfigId();
    const { address: payer } = world.gateway;
    const terms = { payer, payerSigner: world.gatewayKey.address, worker, thawDelay: 86_400, salt };
    const config = isHop ? hopLane(terms) : workLane({ ...terms, feeConfigId });
    await world.grid.mined(world.gateway.grid.settlement.write.deposit([PRICE * 60n]));
    await world.grid.mined(world.gateway.grid.settlement.write.openLane([config, PRICE * 50n]));
    world.lanes.push({ id: laneIdOf(config, world.domain), config, totals: new Map() });
  },
  fund: async (world) => {
    const { config } = some(world, world.lanes);
    const by = world.dice.chance(0.5) ? world.gateway : world.treasurer;
    await world.grid.mined(by.grid.settlement.write.topUpLane([config, PRICE * 2n]));
  },
  thaw: async (world) => {
    const { config } = some(world, world.lanes);
    const { write } = world.gateway.grid.settlement;
    await world.grid.mined(write.thawLane([config, PRICE]));
    if (world.dice.chance(0.4)) await world.grid.mined(write.topUpLane([config, PRICE]));
    else if (world.dice.chance(0.7)) {
      await world.grid.pass(86_401);
      await world.grid.mined(write.finaliseLaneThaw([config]));
    }
  },
  collect: collect,
  collectAgain: collect,
};

/** Work on a lane, paid and anchored by one voucher. */
async function collect(world: World): Promise<void> {
  const { grid, dice, domain } = world;
  const lane = some(world, world.lanes);
  const worker = world.workers.find(({ party }) => party.address === lane.config.worker);
  const requester = some(world, world.artists).address;
  const made: (ReceiptToMint & Signed)[] = [];
  for (let jobs = worker ? 1 + dice.below(3) : 0; jobs > 0; jobs--) {
    const request = randomRequest(world);
    if (!request || !worker) throw new NothingToDo();
    const terms = { requester, payer: lane.config.payer, worker: lane.config.worker, count: 1 + dice.below(3) };
    const order = await newOrder(world, request, { ...terms, laneId: lane.id });
    const engine = some(world, ENGINES);
    for (const signed of await work(world, request, order, worker, engine)) {
      const anchor = { source: 0, domain, payer: lane.config.payer, tree: receiptTree([signed.receipt], domain) };
      made.push({ ...signed, request, engine, anchor });
    }
  }
  const totals = new Map(lane.totals);
  for (const { receipt } of made) {
    totals.set(receipt.modelId, (totals.get(receipt.modelId) ?? 0n) + receipt.price);
  }
  // A hop lane has one total, for no model; a work lane may well name a model that nobody registered.
  if (!worker) totals.set(0n, (totals.get(0n) ?? 0n) + PRICE);
  else if (dice.chance(0.2)) totals.set(987_654n, (totals.get(987_654n) ?? 0n) + 7n);
  const tree =
    made.length > 0
      ? receiptTree(
          made.map(({ receipt }) => receipt),
          domain,
        )
      : undefined;
  const voucher = nextVoucher(lane.id, [], totals, tree);
  const paper = { domain, types: settlementTypes, primaryType: "Voucher", message: voucher } as const;
  const payerSignature = await world.gatewayKey.signTypedData(paper);
  const payee = worker?.party ?? world.owner;
  const call = [lane.config, voucher, payerSignature, (await worker?.key.signTypedData(paper)) ?? "0x"] as const;
  await grid.mined(payee.grid.settlement.write.collect(call));
  for (const [model, total] of totals) lane.totals.set(model, total);
  if (!tree) return;
  const [attested] = await world.owner.grid.settlement.read.anchorOf([lane.id, lane.config.payer, tree.root]);
  if (attested === zeroAddress) return; // an unbonded worker is paid, but anchors nothing
  const anchor = { source: 0, domain, laneId: lane.id, payer: lane.config.payer, tree };
  world.toMint.push(...made.map(({ receipt, request, engine }) => ({ receipt, request, engine, anchor })));
}

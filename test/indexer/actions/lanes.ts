// What happens on lanes.
import { type Address, type Hex, zeroAddress } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import {
  hopLane,
  laneId as laneIdOf,
  nextVoucher,
  type ReceiptToMint,
  receiptTree,
  SignerRole,
  settlementTypes,
  workLane,
} from "../../../sdk/src/index.ts";
import {
  addKey,
  ENGINES,
  newOrder,
  type OpenLane,
  PRICE,
  randomRequest,
  type Signed,
  type World,
  work,
} from "../world.ts";
import { type Action, NothingToDo, some } from "./choice.ts";

export const lanes: Record<string, Action> = {
  open: async (world) => {
    if (world.dice.chance(0.75)) {
      const worker = some(world, world.workers).party.address;
      world.lanes.push(await openLane(world, worker, world.gatewayKey.address));
      return;
    }
    const salt = `0x${(world.nonce++).toString(16).padStart(64, "0")}` as Hex;
    const { address: payer } = world.gateway;
    const worker = world.owner.address;
    const config = hopLane({ payer, payerSigner: world.gatewayKey.address, worker, thawDelay: 86_400, salt });
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
  // Of a lane whose payerSigner is revoked, while its vouchers still count: that prolongs them.
  thawRevoked: async (world) => {
    const { gateway, grid, dice } = world;
    const key = privateKeyToAccount(generatePrivateKey());
    await addKey(world, gateway, key, SignerRole.PAYER_SIGNER);
    const { config } = await openLane(world, some(world, world.workers).party.address, key.address);
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
  collectLater: async (world) => {
    if (world.dice.chance(0.6)) throw new NothingToDo(); // let time go slowly
    await collect(world);
    await world.grid.pass(await world.owner.grid.settlement.read.LANE_ROYALTY_LIFE());
    for (const lane of world.lanes.filter(({ totals }) => totals.size > 0)) await collect(world, lane);
  },
  collect: (world) => collect(world),
  collectAgain: (world) => collect(world),
};

/** A work lane of the gateway's. */
async function openLane(world: World, worker: Address, payerSigner: Address): Promise<OpenLane> {
  const salt = `0x${(world.nonce++).toString(16).padStart(64, "0")}` as Hex;
  const feeConfigId = await world.owner.grid.settlement.read.currentFeeConfigId();
  const { address: payer } = world.gateway;
  const config = workLane({ payer, payerSigner, worker, thawDelay: 86_400, salt, feeConfigId });
  const { write } = world.gateway.grid.settlement;
  await world.grid.mined(write.deposit([PRICE * 60n]));
  await world.grid.mined(write.openLane([config, PRICE * 50n]));
  return { id: laneIdOf(config, world.domain), config, totals: new Map() };
}

/** Work on a lane, paid and anchored by one voucher. */
async function collect(world: World, lane = some(world, world.lanes)): Promise<void> {
  const { grid, dice, domain } = world;
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

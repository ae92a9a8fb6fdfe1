// Everything that people do to the four contracts, each with random but mostly valid arguments.
import { type Address, type Hex, maxUint128, parseEther, parseEventLogs, zeroAddress, zeroHash } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import {
  aigcAbi,
  bodyHash,
  composeBody,
  encodeBody,
  type GenerationRequest,
  generationRequest,
  gridNftAbi,
  hopLane,
  laneId as laneIdOf,
  nextVoucher,
  provenanceOf,
  type ReceiptToMint,
  receiptId,
  receiptTree,
  SignerRole,
  settlementTypes,
  workLane,
} from "../../sdk/src/index.ts";
import type { Party } from "../e2e/chain.ts";
import {
  addKey,
  ENGINES,
  modelSpec,
  newOrder,
  PRICE,
  randomRequest,
  type Signed,
  sign,
  type WorkerParty,
  type World,
  work,
} from "./world.ts";

/** Does something, or throws because just now it can't be done. */
export type Action = (world: World) => Promise<unknown>;

/** Thrown when there is nothing to do something with. */
export class NothingToDo extends Error {}

function some<Item>(world: World, items: readonly Item[]): Item {
  const item = world.dice.pick(items);
  if (item === undefined) throw new NothingToDo();
  return item;
}

function someParty(world: World): Party {
  return some(world, [...world.artists, world.collector, world.author, world.gateway]);
}

/** A token that exists, with its owner, who takes part in this. */
async function someToken(world: World, collection: "nft" | "aigc"): Promise<{ tokenId: bigint; owner: Party }> {
  return some(world, await tokens(world, collection));
}

/** All tokens of a collection whose owners take part in this, by its logs. */
async function tokens(world: World, collection: "nft" | "aigc"): Promise<{ tokenId: bigint; owner: Party }[]> {
  const { address } = world.owner.grid[collection];
  const logs = await world.owner.wallet.getContractEvents({
    abi: gridNftAbi,
    address,
    eventName: "Transfer",
    fromBlock: 0n,
    strict: true,
  });
  const owners = new Map(logs.map(({ args }) => [args.tokenId, args.to]));
  const parties = [...world.artists, world.collector, world.author, world.gateway, world.owner];
  return [...owners].flatMap(([tokenId, address]) => {
    const owner = parties.find((party) => party.address === address);
    return owner ? [{ tokenId, owner }] : [];
  });
}

/** Something that the owner of a model does to it. */
function changeModel(
  change: (
    by: { write: Party["grid"]["aigc"]["write"]; tokenId: bigint; other: Address },
    world: World,
  ) => Promise<Hex>,
): Action {
  return async (world) => {
    const { tokenId, owner } = await someToken(world, "aigc");
    const other = someParty(world).address;
    await world.grid.mined(change({ write: owner.grid.aigc.write, tokenId, other }, world));
  };
}

const models: Record<string, Action> = {
  register: async (world) => {
    const registrant = some(world, [world.author, world.owner]);
    const spec = modelSpec(world, `model ${world.nonce++}`);
    const { logs } = await world.grid.mined(registrant.grid.aigc.write.register([spec, world.author.address]));
    const [log] = parseEventLogs({ abi: aigcAbi, logs, eventName: "ModelRegistered" });
    if (log) world.models.push({ id: log.args.modelId, hash: spec.weightsHash });
  },
  access: changeModel(({ write, tokenId }, { dice }) => write.setAccess([tokenId, dice.below(3)])),
  weights: changeModel(({ write, tokenId }, { dice }) =>
    write.setWeightsURI([tokenId, `ipfs://moved-${dice.below(99)}`]),
  ),
  rate: changeModel(({ write, tokenId }, { dice }) => write.announceUsageRoyalty([tokenId, dice.below(2_001)])),
  terms: changeModel(({ write, tokenId }, { dice }) =>
    write.setLicenseTerms([tokenId, parseEther(`${dice.below(5)}`), dice.below(3) * 86_400]),
  ),
  // An expiry that no clock of 32 or 53 bits holds.
  user: changeModel(({ write, tokenId, other }, { dice }) =>
    write.setUser([tokenId, other, dice.chance(0.5) ? 2n ** 64n - 1n : 2n ** 40n]),
  ),
  approve: changeModel(({ write, tokenId, other }) => write.approve([other, tokenId])),
  approveAll: changeModel(({ write, other }, { dice }) => write.setApprovalForAll([other, dice.chance(0.7)])),
  receiver: async (world) => {
    const { tokenId } = await someToken(world, "aigc");
    await world.grid.mined(world.author.grid.aigc.write.setRoyaltyReceiver([tokenId, someParty(world).address]));
  },
  transfer: async (world) => {
    const { tokenId, owner } = await someToken(world, "aigc");
    await world.grid.mined(owner.grid.aigc.write.transferFrom([owner.address, someParty(world).address, tokenId]));
  },
  license: async (world) => {
    const { tokenId, owner } = await someToken(world, "aigc");
    await world.grid.mined(owner.grid.aigc.write.setAccess([tokenId, 1]));
    await world.grid.mined(owner.grid.aigc.write.setLicenseTerms([tokenId, parseEther("2"), 86_400]));
    const buyer = some(world, world.artists);
    // A hundred years: beyond 2^31 seconds.
    const periods = world.dice.chance(0.3) ? 20_000 : 1 + world.dice.below(5);
    const account = someParty(world).address;
    await world.grid.mined(buyer.grid.aigc.write.buyLicense([tokenId, account, periods, 86_400, maxUint128]));
  },
  curate: async (world) => {
    const { tokenId } = await someToken(world, "aigc");
    const { write } = world.curator.grid.aigc;
    const verified = world.dice.chance(0.6);
    await world.grid.mined(
      world.dice.chance(0.7) ? write.setVerified([tokenId, verified]) : write.setDeprecated([tokenId, !verified]),
    );
  },
};

const accounts: Record<string, Action> = {
  deposit: async (world) => {
    const party = someParty(world);
    const amount = PRICE * BigInt(1 + world.dice.below(50));
    const { write } = party.grid.settlement;
    await world.grid.mined(
      world.dice.chance(0.7) ? write.deposit([amount]) : write.depositFor([someParty(world).address, amount]),
    );
  },
  thaw: async (world) => {
    const party = someParty(world);
    await world.grid.mined(party.grid.settlement.write.thaw([PRICE]));
    if (world.dice.chance(0.4)) await world.grid.mined(party.grid.settlement.write.cancelThaw());
    else if (world.dice.chance(0.7)) {
      await world.grid.pass(3_601);
      await world.grid.mined(party.grid.settlement.write.withdraw([party.address]));
    }
  },
  key: async (world) => {
    const party = someParty(world);
    const key = privateKeyToAccount(generatePrivateKey());
    const role = 1 + world.dice.below(4);
    await addKey(world, party, key, role);
    const { write } = party.grid.settlement;
    if (role === SignerRole.TREASURER) await world.grid.mined(write.setTreasurerCap([key.address, PRICE]));
    if (world.dice.chance(0.5)) await world.grid.mined(write.revokeSigner([key.address]));
  },
  cancel: async (world) => {
    const payer = some(world, world.artists);
    const nonces = [world.nonce++, world.nonce++];
    await world.grid.mined(payer.grid.settlement.write.announceCancel([nonces]));
    if (world.dice.chance(0.4)) return;
    await world.grid.pass(3_601);
    await world.grid.mined(world.owner.grid.settlement.write.cancelOrders([payer.address, nonces]));
  },
};

const lanes: Record<string, Action> = {
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

/** An order for an artist, done by a worker and signed. */
async function orderDone(
  world: World,
  requester: Party,
  {
    worker = some(world, world.workers),
    sourceHash = zeroHash,
    count = 1 + world.dice.below(3),
    change = {},
  }: { worker?: WorkerParty; sourceHash?: Hex; count?: number; change?: Partial<GenerationRequest> } = {},
) {
  const { domain } = world;
  const chosen = randomRequest(world, sourceHash);
  if (!chosen) throw new NothingToDo();
  const request = generationRequest({ ...chosen, ...change });
  const terms = { requester: requester.address, payer: requester.address, worker: worker.party.address, count };
  const order = await newOrder(world, request, terms);
  const engine = some(world, ENGINES);
  const results = await work(world, request, order, worker, engine);
  const message = { domain, types: settlementTypes, primaryType: "JobOrder", message: order } as const;
  const orderSignature = await requester.account.signTypedData(message);
  const tree = receiptTree(
    results.map(({ receipt }) => receipt),
    domain,
  );
  const anchor = { source: 0, domain, payer: requester.address, tree };
  const item = {
    order,
    orderSignature,
    receipts: results.map(({ receipt, signature }) => ({ ...receipt, signature })),
  };
  return { item, toMint: results.map(({ receipt }) => ({ receipt, request, engine, anchor })), worker };
}

async function isBonded(world: World, { party }: WorkerParty): Promise<boolean> {
  return world.owner.grid.registry.read.isBonded([party.address]);
}

/** A worker whose receipts are anchored: one that is not bonded adds to its bond. */
async function someBondedWorker(world: World): Promise<WorkerParty> {
  const registered: WorkerParty[] = [];
  for (const worker of world.workers) {
    if (await world.owner.grid.registry.read.isRegistered([worker.party.address])) registered.push(worker);
  }
  const worker = some(world, registered);
  if (!(await isBonded(world, worker))) {
    const { read, write } = worker.party.grid.registry;
    await world.grid.mined(write.addBond([worker.party.address, await read.minBond()]));
  }
  return worker;
}

const orders: Record<string, Action> = {
  settle: async (world) => {
    const artist = some(world, world.artists);
    await world.grid.mined(artist.grid.settlement.write.deposit([PRICE * 3n]));
    const by = world.dice.chance(0.7) ? { worker: await someBondedWorker(world) } : {};
    const { item, toMint, worker } = await orderDone(world, artist, by);
    const bonded = await isBonded(world, worker);
    await world.grid.mined(worker.party.grid.settlement.write.settle([item]));
    if (bonded) world.toMint.push(...toMint);
  },
  batch: async (world) => {
    const artist = some(world, world.artists);
    await world.grid.mined(artist.grid.settlement.write.deposit([PRICE * 6n]));
    const first = await orderDone(world, artist);
    const second = await orderDone(world, artist);
    const bonded = await Promise.all([first, second].map(({ worker }) => isBonded(world, worker)));
    // The first one twice: its second mention is refused.
    const items = [first.item, second.item, first.item];
    await world.grid.mined(world.collector.grid.settlement.write.settleBatch([items]));
    [first, second].forEach(({ toMint }, i) => {
      if (bonded[i]) world.toMint.push(...toMint);
    });
  },
  settleAndMint: async (world) => {
    await settleAndMint(world, header(world));
  },
};

/** A new series of an artist, paid and minted at once; `made` says from what, if it is a remix, and of which request. */
async function settleAndMint(
  world: World,
  of: ReturnType<typeof header>,
  made: { parent?: ReceiptToMint["parent"]; sourceHash?: Hex; change?: Partial<GenerationRequest> } = {},
): Promise<void> {
  const { parent, ...order } = made;
  const artist = some(world, world.artists);
  await world.grid.mined(artist.grid.settlement.write.deposit([PRICE * 3n]));
  const { item, toMint } = await orderDone(world, artist, { worker: await someBondedWorker(world), ...order });
  const { body, proofs } = composeBody(parent ? toMint.map((receipt) => ({ ...receipt, parent })) : toMint, of);
  const to = world.dice.chance(0.5) ? artist.address : world.collector.address;
  const call = [0n, [item], encodeBody(body), proofs, to, parseEther("10")] as const;
  await world.grid.mined(artist.grid.nft.write.settleAndMint(call));
}

function header(world: World) {
  const { dice } = world;
  return {
    policy: dice.pick([0, 1, 2] as const) ?? 0,
    royaltyBps: dice.below(1_001),
    title: dice.pick(["Lighthouses", "Nebel & 'Licht'", "狐", "A, B; C"]) ?? "",
    description: dice.pick(["", 'Ten "views" of one \\ thing', "é".repeat(400)]) ?? "",
    tags: dice.pick(["sea, Storm ,oil,,sea", "", "fox", "狐,雪"]) ?? "",
  };
}

const artworks: Record<string, Action> = {
  mint: async (world) => {
    const { dice } = world;
    if (world.toMint.length === 0) await orders.settle?.(world);
    const first = some(world, world.toMint);
    const anchored = world.toMint.filter(
      ({ receipt, anchor }) => anchor === first.anchor && receipt.requester === first.receipt.requester,
    );
    const chosen = anchored.slice(0, 1 + dice.below(5));
    const artist = world.artists.find(({ address }) => address === first.receipt.requester);
    if (!artist) throw new NothingToDo();
    const { body, proofs } = composeBody(chosen, header(world));
    const to = dice.chance(0.7) ? artist.address : world.collector.address;
    world.toMint.splice(0, world.toMint.length, ...world.toMint.filter((item) => !chosen.includes(item)));
    await world.grid.mined(artist.grid.nft.write.mint([encodeBody(body), proofs, to, parseEther("10")]));
  },
  remix: async (world) => {
    const { tokenId, version, imageHash } = await somePicture(world);
    await settleAndMint(world, header(world), { parent: { tokenId, version }, sourceHash: imageHash });
  },
  // As much as the contract takes of what a stranger may write.
  mintHostile: async (world) => {
    const { dice } = world;
    const tags = dice.pick(hostileTags) ?? "";
    const prompt = `${some(world, hostileWords)} lighthouse \\' : * & ${dice.below(1_000)}`;
    const [sampler, scheduler] = [some(world, longNames), some(world, longNames)];
    await settleAndMint(
      world,
      { ...header(world), tags, title: some(world, longNames), policy: 1 },
      { change: { prompt, sampler, scheduler } },
    );
  },
  evolveByArtist: (world) => evolve(world, 1),
  evolveByOwner: (world) => evolve(world, 2),
  display: async (world) => {
    const { tokenId, artist } = await someArtwork(world, 1, ({ isLocked }) => !isLocked);
    const display = {
      title: world.dice.chance(0.3) ? some(world, hostileWords) : `Edited ${world.dice.below(100)}`,
      description: "now with\u00a0space",
      animationUrl: world.dice.chance(0.5) ? "ipfs://animation" : "",
    };
    await world.grid.mined(artist.grid.nft.write.setDisplay([[tokenId], display]));
  },
  freeze: async (world) => {
    if (world.dice.chance(0.5)) throw new NothingToDo(); // let there be something to edit
    const { tokenId, artist } = await someArtwork(world, 1, ({ isLocked }) => !isLocked);
    await world.grid.mined(artist.grid.nft.write.freeze([[tokenId]]));
  },
  transfer: async (world) => {
    const { tokenId, owner } = await someToken(world, "nft");
    // To oneself, too: that changes nothing, and must not be counted.
    const to = world.dice.chance(0.2) ? owner.address : someParty(world).address;
    await world.grid.mined(owner.grid.nft.write.transferFrom([owner.address, to, tokenId]));
  },
  approve: async (world) => {
    const { tokenId, owner } = await someToken(world, "nft");
    await world.grid.mined(owner.grid.nft.write.approve([someParty(world).address, tokenId]));
    await world.grid.mined(owner.grid.nft.write.setApprovalForAll([someParty(world).address, world.dice.chance(0.5)]));
  },
  burn: async (world) => {
    if (world.dice.chance(0.5)) throw new NothingToDo(); // let there be art
    const { tokenId, owner } = await someToken(world, "nft");
    await world.grid.mined(owner.grid.nft.write.burn([tokenId]));
  },
};

/** Words, tags and names as long as the contract takes them: a word of 10,000 letters, 128 tags, one tag of 255 bytes ... */
const hostileWords = [
  "x".repeat(10_000),
  "狐".repeat(3_000),
  "🦊a".repeat(2_000),
  `e${"\u0301".repeat(5_000)}`,
  "é ".repeat(4_000),
];
const hostileTags = [
  "t".repeat(255),
  Array.from({ length: 128 }, (_, i) => String.fromCodePoint(0x21 + (i % 94)))
    .join(",")
    .slice(0, 255),
  "狐".repeat(85),
  `{"a"},\\,',NULL,{},""`,
  `${"a".repeat(64)}b,${"a".repeat(64)}c`,
];
const longNames = ["s".repeat(255), "狐".repeat(85), "DPM++ 2M: 'Karras'\\", `{"${"🦊".repeat(60)}"}`];

interface HeldArtwork {
  readonly tokenId: bigint;
  readonly owner: Party;
  readonly artist: Party;
  readonly policy: number;
  /** Its title and description can't be edited any more. */
  readonly isLocked: boolean;
}

/** An artwork that suits; if there is none, a series of this policy is minted first. */
async function someArtwork(
  world: World,
  policy: 1 | 2,
  suits: (artwork: HeldArtwork) => boolean,
): Promise<HeldArtwork> {
  const suiting = async () => (await artworksHeld(world)).filter(suits);
  const found = await suiting();
  if (found.length > 0) return some(world, found);
  await settleAndMint(world, { ...header(world), policy });
  return some(world, await suiting());
}

async function artworksHeld(world: World): Promise<HeldArtwork[]> {
  const { read } = world.owner.grid.nft;
  const found: HeldArtwork[] = [];
  for (const { tokenId, owner } of await tokens(world, "nft")) {
    const series = await read.series([tokenId / 1_000n]);
    const artist = world.artists.find(({ address }) => address === series.artist);
    const [, isLocked] = await read.displayOf([tokenId]);
    if (artist) found.push({ tokenId, owner, artist, policy: series.policy, isLocked });
  }
  return found;
}

/** A version of an artwork that was minted some time, burnt since or not. */
async function somePicture(world: World): Promise<{ tokenId: bigint; version: number; imageHash: Hex }> {
  const { nft } = world.owner.grid;
  const minted = await nft.getEvents.Transfer({ from: zeroAddress }, { fromBlock: 0n });
  const tokenId = some(
    world,
    minted.flatMap(({ args }) => args.tokenId ?? []),
  );
  const version = 1 + world.dice.below(Number(await nft.read.versionsOf([tokenId])));
  const { imageHash } = await provenanceOf(world.owner.wallet, { deployment: world.grid.deployment, tokenId, version });
  return { tokenId, version, imageHash };
}

/** A new version of an artwork whose policy is this one: of its own picture, or some other. */
async function evolve(world: World, policy: 1 | 2): Promise<void> {
  const { nft } = world.owner.grid;
  const { tokenId, owner, artist } = await someArtwork(world, policy, (held) => held.policy === policy);
  const evolver = policy === 1 ? artist : owner;
  const { deployment } = world.grid;
  const own = await provenanceOf(world.owner.wallet, { deployment, tokenId });
  const latest = Number(await nft.read.versionsOf([tokenId]));
  const source = world.dice.chance(0.3)
    ? await somePicture(world)
    : { tokenId, version: latest, imageHash: own.imageHash };
  await world.grid.mined(evolver.grid.settlement.write.deposit([PRICE * 3n]));
  const worker = await someBondedWorker(world);
  const { item, toMint } = await orderDone(world, evolver, { worker, sourceHash: source.imageHash, count: 1 });
  await world.grid.mined(evolver.grid.settlement.write.settle([item]));
  const parent = { tokenId: source.tokenId, version: source.version };
  const { body, proofs } = composeBody(toMint.map((of) => ({ ...of, parent })));
  const packed = encodeBody(body);
  if (policy === 2) {
    await world.grid.mined(evolver.grid.nft.write.announceEvolution([tokenId, bodyHash(packed)]));
    if (world.dice.chance(0.2)) return; // announced, and never done
    await world.grid.pass(3_601);
  }
  await world.grid.mined(evolver.grid.nft.write.evolve([tokenId, packed, proofs]));
}

const earnings: Record<string, Action> = {
  claim: async (world) => {
    const { party } = some(world, world.workers);
    const { write } = party.grid.settlement;
    await world.grid.mined(
      world.dice.chance(0.5) ? write.claimEarned([party.address]) : write.moveEarned([someParty(world).address, 5n]),
    );
  },
  royalty: async (world) => {
    const { id } = some(world, world.models);
    await world.grid.mined(world.owner.grid.settlement.write.claimModelRoyalty([id]));
  },
  sweep: async (world) => {
    const workers = world.workers.map(({ party }) => party.address);
    await world.grid.mined(world.owner.grid.settlement.write.sweepProtocol([workers]));
  },
};

const bonds: Record<string, Action> = {
  register: async (world) => {
    const { party } = some(world, world.workers);
    const bond = (await party.grid.registry.read.minBond()) * 3n;
    await world.grid.mined(party.grid.registry.write.register([bond, "ipfs://profile?a=1"]));
  },
  profile: async (world) => {
    const { party } = some(world, world.workers);
    await world.grid.mined(party.grid.registry.write.setProfile([`ipfs://profile-${world.dice.below(100)}`]));
  },
  unbond: async (world) => {
    const { party } = some(world, world.workers);
    await world.grid.mined(party.grid.registry.write.announceUnbond([PRICE * 10n]));
    if (world.dice.chance(0.5)) await world.grid.mined(party.grid.registry.write.cancelUnbond());
  },
  add: async (world) => {
    const { party } = some(world, world.workers);
    await world.grid.mined(world.collector.grid.registry.write.addBond([party.address, PRICE * 7n]));
  },
  release: async (world) => {
    const { party } = some(world, world.workers);
    await world.grid.mined(party.grid.registry.write.announceUnbond([PRICE]));
    await world.grid.pass(Number(await party.grid.registry.read.UNBOND_DELAY()) + 1);
    await world.grid.mined(party.grid.registry.write.withdraw([party.address]));
  },
  slash: async (world) => {
    const artist = some(world, world.artists);
    const { item, worker, toMint } = await orderDone(world, artist);
    const a = toMint[0]?.receipt;
    if (!a) throw new NothingToDo();
    const b = { ...a, imageHash: receiptId(a, world.domain) };
    const signatures = [await sign(world, worker.key, a), await sign(world, worker.key, b)] as const;
    const [signatureA, signatureB] = signatures;
    const { write } = world.collector.grid.settlement;
    await world.grid.mined(write.slashEquivocation([a, signatureA, b, signatureB]));
    // Back above the minimum, so that there is more to anchor.
    const amount = await worker.party.grid.registry.read.minBond();
    await world.grid.mined(worker.party.grid.registry.write.addBond([item.order.worker, amount]));
  },
  reward: async (world) => {
    await world.grid.mined(world.collector.grid.registry.write.claimReward([world.collector.address]));
    await world.grid.mined(world.owner.grid.registry.write.payTreasury());
  },
};

export const actions: Readonly<Record<string, Action>> = Object.fromEntries(
  Object.entries({ models, accounts, lanes, orders, artworks, earnings, bonds }).flatMap(([area, of]) =>
    Object.entries(of).map(([name, action]) => [`${area}.${name}`, action]),
  ),
);

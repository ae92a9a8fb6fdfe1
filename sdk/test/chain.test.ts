import {
  type Address,
  createPublicClient,
  createWalletClient,
  custom,
  getAddress,
  type Hex,
  http,
  multicall3Abi,
  parseEther,
  parseEventLogs,
  parseTransaction,
  publicActions,
  zeroAddress,
} from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { foundry } from "viem/chains";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Party } from "../../test/fixtures/chain.ts";
import { type BundleGrid, PRICE, startBundleGrid } from "../../test/fixtures/receiptBundles.ts";
import { json, serve } from "../../test/fixtures/scriptedServer.ts";
import * as sdk from "../src/index.js";
import {
  accountState,
  announceEvolution,
  announceEvolutionCalls,
  artworkState,
  authorizeMint,
  bundleFromJson,
  bundleToJson,
  buyLicense,
  buyLicenseCalls,
  type Call,
  ChainError,
  cancelThaw,
  cancelThawCalls,
  checkBundle,
  collectVouchers,
  collectVouchersCalls,
  depositAipg,
  depositAipgCalls,
  EvolutionPolicy,
  ensureAllowance,
  ensureAllowanceCalls,
  evolveArtwork,
  evolveArtworkCalls,
  explainRevert,
  GridError,
  gridActions,
  gridNftAbi,
  isNonceUsed,
  licenseState,
  licenseTerms,
  mintSeries,
  mintSeriesCalls,
  modelUser,
  planMint,
  provenanceOf,
  publicGridActions,
  relayMint,
  relayMintCalls,
  type Sender,
  setLicenseTerms,
  setLicenseTermsCalls,
  setModelAccess,
  setModelAccessCalls,
  setModelUser,
  setModelUserCalls,
  settleOrders,
  settleOrdersCalls,
  thawAipg,
  thawAipgCalls,
  withdrawAipg,
  withdrawAipgCalls,
} from "../src/index.js";
import type { ReceiptBundle } from "../src/schemas/index.js";

const isThere = <item>(one: item | undefined): one is item => one !== undefined;

let seeded: BundleGrid;
beforeAll(async () => {
  seeded = await startBundleGrid();
}, 600_000);
afterAll(() => seeded?.grid.stop());

const deployment = () => seeded.grid.deployment;

async function failure(promise: Promise<unknown>): Promise<ChainError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ChainError);
  return error as ChainError;
}

describe("account", () => {
  const amount = parseEther("5");

  it("deposits by permit in one transaction, without an approval", async () => {
    const { artist } = seeded;
    const before = await artist.wallet.getTransactionCount({ address: artist.address });
    await depositAipg(artist.wallet, { deployment: deployment(), amount });
    expect(await artist.wallet.getTransactionCount({ address: artist.address })).toBe(before + 1);
    const state = await accountState(artist.wallet, { deployment: deployment(), account: artist.address });
    expect(state).toMatchObject({ balance: amount, free: amount, thawing: 0n, aipg: parseEther("995") });
    expect(await artist.grid.aipg.read.allowance([artist.address, deployment().contracts.GridSettlement.address])).toBe(
      0n,
    );
  });

  it("deposits for somebody else by an approval of just the amount", async () => {
    const { artist, owner } = seeded;
    await depositAipg(owner.wallet, { deployment: deployment(), amount, account: artist.address, permit: false });
    const state = await accountState(artist.wallet, { deployment: deployment(), account: artist.address });
    expect(state.balance).toBe(2n * amount);
    expect(await owner.grid.aipg.read.allowance([owner.address, deployment().contracts.GridSettlement.address])).toBe(
      0n,
    );
  });

  it("refuses to deposit more than the wallet has, before anything is signed", async () => {
    const { artist } = seeded;
    const before = await artist.wallet.getTransactionCount({ address: artist.address });
    await expect(
      depositAipg(artist.wallet, { deployment: deployment(), amount: parseEther("10000") }),
    ).rejects.toMatchObject({ code: "BALANCE_TOO_LOW" });
    expect(await artist.wallet.getTransactionCount({ address: artist.address })).toBe(before);
  });

  it("announces, takes back and makes a withdrawal", async () => {
    const { artist, grid } = seeded;
    await thawAipg(artist.wallet, { deployment: deployment(), amount });
    expect(await accountState(artist.wallet, { deployment: deployment(), account: artist.address })).toMatchObject({
      balance: 2n * amount,
      free: amount,
      thawing: amount,
    });
    await cancelThaw(artist.wallet, { deployment: deployment() });
    expect((await failure(withdrawAipg(artist.wallet, { deployment: deployment() }))).message).toBe(
      "No withdrawal is announced. Announce one first.",
    );
    await thawAipg(artist.wallet, { deployment: deployment(), amount });
    const early = await failure(withdrawAipg(artist.wallet, { deployment: deployment() }));
    expect(early.contractError?.name).toBe("GridSettlement_AccountStillThawing");
    expect(early.message).toMatch(/less than an hour ago; it can be made from \d{4}-\d\d-\d\dT/);
    await grid.pass(3_600);
    await withdrawAipg(artist.wallet, { deployment: deployment(), to: seeded.owner.address });
    expect(await accountState(artist.wallet, { deployment: deployment(), account: artist.address })).toMatchObject({
      balance: amount,
      free: amount,
    });
  });
});

describe("direct rail", () => {
  let bundles: readonly ReceiptBundle[];

  it("pays the worker by the transaction that mints, whatever a file did to the bundle in between", async () => {
    const { artist } = seeded;
    const made = await seeded.direct(seeded.request("a lone buoy", 5n), { count: 2 });
    bundles = made.map((bundle) => bundleFromJson(JSON.parse(JSON.stringify(bundleToJson(bundle)))));
    expect(bundles).toEqual(made);
    await checkBundle(artist.wallet, { bundle: bundles[0] as ReceiptBundle, deployment: deployment() });
    const before = await artist.wallet.getTransactionCount({ address: artist.address });
    const minted = await mintSeries(artist.wallet, {
      deployment: deployment(),
      bundles,
      series: { title: "Buoys", royaltyBps: 500 },
    });
    // One approves the fee, to the wei; the other settles and mints.
    expect(await artist.wallet.getTransactionCount({ address: artist.address })).toBe(before + 2);
    expect(await artist.grid.aipg.read.allowance([artist.address, deployment().contracts.GridNFT.address])).toBe(0n);
    expect(minted.tokenIds).toEqual([minted.seriesId * 1_000n + 1n, minted.seriesId * 1_000n + 2n]);
    const state = await artworkState(artist.wallet, { deployment: deployment(), tokenId: minted.tokenIds[1] ?? 0n });
    expect(state).toMatchObject({
      owner: artist.address,
      index: 2,
      verified: true,
      series: { title: "Buoys", royaltyBps: 500n, count: 2n },
      metadata: { name: "Buoys #2", prompt: "a lone buoy", seed: 6n, image: `ipfs://${bundles[1]?.ipfs_hash}` },
      versions: [{ version: 1, cid: bundles[1]?.ipfs_hash, provenance: { receiptId: bundles[1]?.receipt_id } }],
    });
    expect(
      await isNonceUsed(artist.wallet, {
        deployment: deployment(),
        payer: artist.address,
        nonce: bundles[0]?.order.nonce ?? 0n,
      }),
    ).toBe(true);
  });

  it("says in a sentence that a receipt is minted already", async () => {
    const again = mintSeries(seeded.artist.wallet, { deployment: deployment(), bundles, series: { title: "Again" } });
    const error = await failure(again);
    expect(error).toMatchObject({ code: "REVERTED", contractError: { name: "GridNFT_AlreadyMinted" } });
    expect(error.message).toBe("Image 0 of this order is minted already.");
  });

  it("settles what is not settled, once", async () => {
    const made = await seeded.direct(seeded.request("two buoys"));
    const options = { deployment: deployment(), bundles: made };
    expect(await settleOrders(seeded.gateway.wallet, options)).toHaveLength(1);
    expect(await settleOrders(seeded.gateway.wallet, options)).toHaveLength(0);
    expect((await planMint(seeded.artist.wallet, { ...options, series: { title: "" } })).settlements).toEqual([]);
  });

  it("says what the account lacks", async () => {
    const made = await seeded.direct(seeded.request("a fleet"), { count: 9 });
    const error = await failure(
      mintSeries(seeded.artist.wallet, { deployment: deployment(), bundles: made, series: { title: "Fleet" } }),
    );
    expect(error.message).toBe("The payer's account holds 2 AIPG, and 9 AIPG is needed. Deposit the difference.");
    const settling = await failure(settleOrders(seeded.artist.wallet, { deployment: deployment(), bundles: made }));
    expect(settling.message).toBe("The payer's account holds 2 AIPG, and 9 AIPG is needed. Deposit the difference.");
  });
});

describe("lane rail", () => {
  it("collects the newest voucher and mints a series of both rails", async () => {
    const { artist } = seeded;
    const [old] = await seeded.onLane([seeded.request("harbour, morning")]);
    const [noon, evening] = await seeded.onLane([
      seeded.request("harbour, noon"),
      seeded.request("harbour, evening", 9n),
    ]);
    const [direct] = await seeded.direct(seeded.request("harbour, night"));
    if (!old || !noon || !evening || !direct) throw new Error("nothing made");
    // `old` names an older voucher than the rest; given out of the tree's order, with a direct one in between.
    const minted = await mintSeries(artist.wallet, {
      deployment: deployment(),
      bundles: [evening, direct, noon, old],
      series: { title: "Harbour", tags: "sea,harbour", policy: EvolutionPolicy.ARTIST },
    });
    expect(minted.collected).toHaveLength(1);
    expect(minted.receiptIds).toEqual([old, direct, noon, evening].map(({ receipt_id }) => receipt_id));
    const states = await Promise.all(
      minted.tokenIds.map((tokenId) => provenanceOf(artist.wallet, { deployment: deployment(), tokenId })),
    );
    expect(states.map(({ receiptId, payer }) => ({ receiptId, payer }))).toEqual(
      [old, direct, noon, evening].map(({ receipt_id, order }) => ({ receiptId: receipt_id, payer: order.payer })),
    );
    expect(await collectVouchers(artist.wallet, { deployment: deployment(), bundles: [old, noon] })).toHaveLength(0);
  });

  it("does not mint from a voucher that the worker has not signed", async () => {
    const [bundle] = await seeded.onLane([seeded.request("fog")]);
    if (!bundle?.lane) throw new Error("nothing made");
    const { worker_signature: _, ...lane } = bundle.lane;
    await expect(
      mintSeries(seeded.artist.wallet, {
        deployment: deployment(),
        bundles: [{ ...bundle, lane }],
        series: { title: "Fog" },
      }),
    ).rejects.toMatchObject({ code: "NOT_ATTESTED" });
  });

  it("mints for an artist without gas, who signed for just that", async () => {
    const { artist, gateway, grid } = seeded;
    const [bundle] = await seeded.onLane([seeded.request("ferry")]);
    const plan = await planMint(artist.wallet, {
      deployment: deployment(),
      bundles: bundle ? [bundle] : [],
      series: { title: "Ferry" },
    });
    const signed = await authorizeMint(artist.wallet, { plan });
    const before = await artist.wallet.getBalance({ address: artist.address });
    const stolen = { ...signed, authorization: { ...signed.authorization, to: gateway.address } };
    expect((await failure(relayMint(gateway.wallet, { plan, signed: stolen }))).contractError?.name).toBe(
      "GridNFT_BadSignature",
    );
    const { tokenIds } = await relayMint(gateway.wallet, { plan, signed });
    expect(await artist.wallet.getBalance({ address: artist.address })).toBe(before);
    const { owner } = await artworkState(gateway.wallet, { deployment: deployment(), tokenId: tokenIds[0] ?? 0n });
    expect(owner).toBe(artist.address);
    expect(grid.deployment.chainId).toBe(31_337);
  });
});

describe("evolving", () => {
  it("adds a version by the artist, with the old image as its source", async () => {
    const { artist } = seeded;
    const [first] = await seeded.direct(seeded.request("a pier"));
    if (!first) throw new Error("nothing made");
    const series = { title: "Pier", policy: EvolutionPolicy.ARTIST };
    const { tokenIds } = await mintSeries(artist.wallet, { deployment: deployment(), bundles: [first], series });
    const tokenId = tokenIds[0] ?? 0n;
    await depositAipg(artist.wallet, { deployment: deployment(), amount: PRICE });
    const [second] = await seeded.direct(seeded.request("a pier at night", 3n, first.receipt.imageHash));
    if (!second) throw new Error("nothing made");
    const parent = { tokenId, version: 1 };
    expect(
      await evolveArtwork(artist.wallet, { deployment: deployment(), tokenId, bundle: second, parent }),
    ).toMatchObject({
      version: 2,
    });
    const { versions, metadata } = await artworkState(artist.wallet, { deployment: deployment(), tokenId });
    expect(versions.map(({ provenance }) => provenance.receiptId)).toEqual([first.receipt_id, second.receipt_id]);
    expect(versions[1]?.provenance).toMatchObject({ parent: tokenId, parentVersion: 1 });
    expect(metadata?.prompt).toBe("a pier at night");
  });

  it("lets an owner announce first, and refuses what does not evolve", async () => {
    const { artist, grid } = seeded;
    await depositAipg(artist.wallet, { deployment: deployment(), amount: 3n * PRICE });
    const [first] = await seeded.direct(seeded.request("a dune"));
    const [second] = await seeded.direct(seeded.request("a dune in the wind"));
    if (!first || !second) throw new Error("nothing made");
    const series = { title: "Dune", policy: EvolutionPolicy.OWNER };
    const { tokenIds } = await mintSeries(artist.wallet, { deployment: deployment(), bundles: [first], series });
    const evolution = { deployment: deployment(), tokenId: tokenIds[0] ?? 0n, bundle: second };
    await settleOrders(artist.wallet, { deployment: deployment(), bundles: [second] });
    expect((await failure(evolveArtwork(artist.wallet, evolution))).contractError?.name).toBe("GridNFT_NotAnnounced");
    const readyAt = await announceEvolution(artist.wallet, evolution);
    expect(BigInt(readyAt)).toBe((await grid.now()) + 3_600n);
    expect((await failure(evolveArtwork(artist.wallet, evolution))).contractError?.name).toBe("GridNFT_TooEarly");
    await grid.pass(3_600);
    expect(await evolveArtwork(artist.wallet, evolution)).toMatchObject({ version: 2 });

    const [third] = await seeded.direct(seeded.request("a rock"));
    if (!third) throw new Error("nothing made");
    const rock = await mintSeries(artist.wallet, {
      deployment: deployment(),
      bundles: [third],
      series: { title: "Rock" },
    });
    await expect(
      evolveArtwork(artist.wallet, { ...evolution, tokenId: rock.tokenIds[0] ?? 0n }),
    ).rejects.toBeInstanceOf(GridError);
  });
});

describe("licenses", () => {
  const period = 86_400;
  const of = () => ({ deployment: deployment(), modelId: seeded.modelId });

  it("are sold at terms, bought, prolonged and read", async () => {
    const { owner, gateway, grid } = seeded;
    const buyer = gateway.address;
    expect(await licenseTerms(gateway.wallet, of())).toMatchObject({ access: "OPEN", forSale: false, period: 0 });
    await expect(buyLicense(gateway.wallet, { ...of(), periods: 1 })).rejects.toMatchObject({ code: "NOT_FOR_SALE" });
    await setModelAccess(owner.wallet, { ...of(), access: "LICENSED" });
    await setLicenseTerms(owner.wallet, { ...of(), price: PRICE, period });
    expect(await licenseTerms(gateway.wallet, of())).toEqual({
      ...{ modelId: seeded.modelId, access: "LICENSED", forSale: true, price: PRICE, period, owner: owner.address },
    });
    expect(await licenseState(gateway.wallet, { ...of(), account: buyer })).toEqual({ canUse: false, expires: 0 });
    const dear = buyLicense(gateway.wallet, { ...of(), periods: 2, maxPrice: PRICE });
    await expect(dear).rejects.toMatchObject({ code: "PRICE_TOO_HIGH" });
    await expect(buyLicense(gateway.wallet, { ...of(), periods: 0 })).rejects.toMatchObject({ code: "FIELD_INVALID" });

    const first = await buyLicense(gateway.wallet, { ...of(), periods: 1 });
    expect(first).toMatchObject({ price: PRICE, expires: Number(await grid.now()) + period });
    const second = await buyLicense(gateway.wallet, { ...of(), periods: 2 });
    expect(second).toMatchObject({ price: 2n * PRICE, expires: first.expires + 2 * period });
    expect(await licenseState(owner.wallet, { ...of(), account: buyer })).toEqual({
      ...{ canUse: true, expires: second.expires },
    });
    const refused = await failure(setLicenseTerms(gateway.wallet, { ...of(), price: 0n, period }));
    expect(refused.code).toBe("REVERTED");
  });

  it("leave room for a user beside the owner", async () => {
    const { owner, artist, grid } = seeded;
    expect(await modelUser(artist.wallet, of())).toMatchObject({ user: undefined });
    const expires = (await grid.now()) + 3_600n;
    await setModelUser(owner.wallet, { ...of(), user: artist.address, expires });
    expect(await modelUser(artist.wallet, of())).toEqual({ user: artist.address, expires });
    expect(await licenseState(artist.wallet, { ...of(), account: artist.address })).toMatchObject({ canUse: true });
    await setModelUser(owner.wallet, { ...of(), user: zeroAddress, expires: 0n });
    expect(await licenseState(artist.wallet, { ...of(), account: artist.address })).toMatchObject({ canUse: false });
    await setModelAccess(owner.wallet, { ...of(), access: "OPEN" });
  });
});

describe("prepared calls", () => {
  /** Returns the calls that a party's wallet sends while something is done: just those are to be prepared. */
  async function sentBy(party: Party, act: (wallet: Party["wallet"]) => Promise<unknown>): Promise<Call[]> {
    const sent: Call[] = [];
    const { request } = party.wallet.transport;
    const recording = custom({
      request: async (question: { method: string; params: readonly unknown[] }) => {
        if (question.method === "eth_sendRawTransaction") {
          const { to, data = "0x", value = 0n } = parseTransaction(question.params[0] as Hex);
          sent.push({ to: getAddress(to ?? zeroAddress), data, value });
        }
        return request(question as never);
      },
    });
    await act(
      createWalletClient({ account: party.account, chain: foundry, transport: recording, pollingInterval: 25 }).extend(
        publicActions,
      ),
    );
    return sent;
  }

  /** Prepares an action, does it, and insists that both are the same calls. */
  async function compare<options extends object>(
    party: Party,
    [prepare, act]: readonly [
      (client: Party["wallet"], options: options & Sender) => Promise<readonly Call[]>,
      (client: Party["wallet"], options: options) => Promise<unknown>,
    ],
    options: options,
    count: number,
  ): Promise<void> {
    const prepared = await prepare(party.wallet, { ...options, sender: party.address });
    const sent = await sentBy(party, (wallet) => act(wallet, options));
    expect(sent).toEqual(prepared.map(({ to, ...rest }) => ({ to: getAddress(to), ...rest })));
    expect(prepared).toHaveLength(count);
  }

  it("are those that a wallet sends, of every action", async () => {
    const { artist, owner, gateway, grid } = seeded;
    const here = { deployment: deployment() };
    await compare(
      owner,
      [depositAipgCalls, (wallet, options) => depositAipg(wallet, { ...options, permit: false })],
      { ...here, amount: 20n * PRICE, account: artist.address },
      2,
    );
    await compare(artist, [thawAipgCalls, thawAipg], { ...here, amount: 1n }, 1);
    await compare(artist, [cancelThawCalls, cancelThaw], here, 1);
    await compare(artist, [thawAipgCalls, thawAipg], { ...here, amount: 1n }, 1);
    await grid.pass(3_600);
    await compare(artist, [withdrawAipgCalls, withdrawAipg], here, 1);
    const spender = deployment().contracts.AIGC.address;
    await compare(artist, [ensureAllowanceCalls, ensureAllowance], { ...here, spender, amount: 5n }, 1);
    await compare(artist, [ensureAllowanceCalls, ensureAllowance], { ...here, spender, amount: 5n }, 0);

    const [night] = await seeded.direct(seeded.request("a prepared night"));
    const early = await seeded.closed(seeded.request("a prepared morning"), { count: 2, indices: [1] });
    await compare(
      gateway,
      [settleOrdersCalls, settleOrders],
      { ...here, bundles: [night, ...early].filter(isThere) },
      2,
    );
    const dusk = await seeded.onLane([seeded.request("a prepared dusk")]);
    await compare(gateway, [collectVouchersCalls, collectVouchers], { ...here, bundles: dusk }, 1);

    const [direct, again] = await seeded.direct(seeded.request("a prepared day"), { count: 2 });
    const lane = await seeded.onLane([seeded.request("a prepared dawn")]);
    const closed = await seeded.closed(seeded.request("a prepared noon"), { count: 2, indices: [0] });
    const series = { title: "Prepared", policy: EvolutionPolicy.OWNER };
    const bundles = [direct, again, ...lane, ...closed].filter(isThere);
    await compare(artist, [mintSeriesCalls, mintSeries], { ...here, bundles, series }, 4);

    const relayed = await seeded.onLane([seeded.request("a prepared relay")]);
    const plan = await planMint(artist.wallet, { ...here, bundles: relayed, series });
    const signed = await authorizeMint(artist.wallet, { plan });
    const minting: { tokenIds?: readonly bigint[] } = {};
    await compare(
      gateway,
      [
        relayMintCalls,
        async (wallet, options) => {
          minting.tokenIds = (await relayMint(wallet, options)).tokenIds;
        },
      ],
      { plan, signed },
      3,
    );
    const [tokenId = 0n] = minting.tokenIds ?? [];
    const [next] = await seeded.direct(seeded.request("a prepared change"));
    if (!next) throw new Error("nothing made");
    await compare(artist, [announceEvolutionCalls, announceEvolution], { ...here, tokenId, bundle: next }, 1);
    await grid.pass(3_600);
    const [later] = await seeded.onLane([seeded.request("a prepared change of light")]);
    if (!later) throw new Error("nothing made");
    await announceEvolution(artist.wallet, { ...here, tokenId, bundle: later });
    await grid.pass(3_600);
    await compare(artist, [evolveArtworkCalls, evolveArtwork], { ...here, tokenId, bundle: later }, 2);

    const model = { ...here, modelId: seeded.modelId };
    await compare(owner, [setModelAccessCalls, setModelAccess], { ...model, access: "LICENSED" }, 1);
    await compare(owner, [setLicenseTermsCalls, setLicenseTerms], { ...model, price: 7n, period: 60 }, 1);
    await compare(artist, [buyLicenseCalls, buyLicense], { ...model, periods: 3 }, 2);
    await compare(owner, [setModelUserCalls, setModelUser], { ...model, user: artist.address, expires: 1n }, 1);
    await setModelAccess(owner.wallet, { ...model, access: "OPEN" });
  });

  it("exist for every action of a wallet that sends", () => {
    const { wallet } = seeded.artist;
    const reads = Object.keys(publicGridActions({ deployment: deployment() })(wallet));
    const signs = ["authorizeMint", "generate"];
    const sends = Object.keys(gridActions({ deployment: deployment() })(wallet)).filter(
      (name) => !reads.includes(name) && !signs.includes(name),
    );
    expect(sends.length).toBeGreaterThan(12);
    expect(sends.filter((name) => typeof Reflect.get(sdk, `${name}Calls`) !== "function")).toEqual([]);
  });

  it("mint from a smart account, in one batch", async () => {
    const { artist, owner, grid } = seeded;
    // A contract that makes any calls that it is given, all or none: as much of an account as a batch needs.
    const path = new URL("../../node_modules/viem/_esm/constants/contracts.js", import.meta.url).href;
    const { multicall3Bytecode: data } = (await import(/* @vite-ignore */ path)) as { multicall3Bytecode: Hex };
    const { contractAddress } = await grid.mined(owner.wallet.sendTransaction({ data }));
    const sender = contractAddress as Address;
    await grid.mined(owner.grid.aipg.write.mint([sender, parseEther("10")]));
    const bundles = await seeded.onLane([seeded.request("a batch")], { requester: sender });
    const series = { title: "Batch" };
    const calls = await mintSeriesCalls(artist.wallet, {
      ...{ deployment: deployment(), bundles, series, sender, to: artist.address },
    });
    expect(calls.map(({ to }) => to)).toEqual(
      (["GridSettlement", "AIPG", "GridNFT"] as const).map((name) => deployment().contracts[name].address),
    );
    const { logs } = await grid.mined(
      artist.wallet.writeContract({
        address: sender,
        abi: multicall3Abi,
        functionName: "aggregate3",
        args: [calls.map(({ to, data }) => ({ target: to, callData: data, allowFailure: false }))],
      }),
    );
    const [minted] = parseEventLogs({ abi: gridNftAbi, logs, eventName: "SeriesMinted" });
    const tokenId = (minted?.args.seriesId ?? 0n) * 1_000n + 1n;
    const { owner: holder, versions } = await artworkState(artist.wallet, { deployment: deployment(), tokenId });
    expect(holder).toBe(artist.address);
    expect(versions[0]?.provenance.requester).toBe(getAddress(sender));
  });
});

describe("actions on a client", () => {
  it("read without an account, and send with one", async () => {
    const { artist, grid } = seeded;
    const reader = createPublicClient({ chain: foundry, transport: http(grid.rpcUrl) }).extend(
      gridActions({ deployment: deployment() }),
    );
    expect(Object.keys(reader)).not.toContain("mintSeries");
    const wallet = artist.wallet.extend(gridActions({ deployment: deployment() }));
    const { free } = await wallet.accountState({ account: artist.address });
    await wallet.depositAipg({ amount: 3n });
    expect(await reader.accountState({ account: artist.address })).toMatchObject({ free: free + 3n });
    await wallet.thawAipg({ amount: 3n });
    await wallet.cancelThaw();
    const bundles = await seeded.onLane([seeded.request("by a method")]);
    const { tokenIds } = await wallet.mintSeries({ bundles, series: { title: "Method" } });
    expect((await reader.artworkState({ tokenId: tokenIds[0] ?? 0n })).owner).toBe(artist.address);
  });
});

describe("failures", () => {
  it("names a token that was never minted", async () => {
    const error = await failure(artworkState(seeded.artist.wallet, { deployment: deployment(), tokenId: 999_001n }));
    expect(error.contractError?.name).toBe("GridNFT_UnknownVersion");
  });

  it("keeps the provenance of a burnt token", async () => {
    const { artist, grid } = seeded;
    const [bundle] = await seeded.onLane([seeded.request("ash")]);
    const { tokenIds } = await mintSeries(artist.wallet, {
      deployment: deployment(),
      bundles: bundle ? [bundle] : [],
      series: { title: "Ash" },
    });
    const tokenId = tokenIds[0] ?? 0n;
    await grid.mined(artist.grid.nft.write.burn([tokenId]));
    expect(await artworkState(artist.wallet, { deployment: deployment(), tokenId })).toMatchObject({
      owner: undefined,
      metadata: undefined,
      versions: [{ provenance: { receiptId: bundle?.receipt_id } }],
    });
  });

  it("tells an account without ETH", async () => {
    const account = privateKeyToAccount(generatePrivateKey());
    const poor = createWalletClient({ account, chain: foundry, transport: http(seeded.grid.rpcUrl) }).extend(
      publicActions,
    );
    await seeded.grid.mined(seeded.owner.grid.aipg.write.mint([account.address, PRICE]));
    const error = await failure(depositAipg(poor, { deployment: deployment(), amount: PRICE, permit: false }));
    expect(error).toMatchObject({ code: "GAS_UNPAID", message: "The account has too little ETH to pay for gas." });
  });

  it("tells a chain that does not answer", async () => {
    const nowhere = createPublicClient({ transport: http("http://127.0.0.1:9", { retryCount: 0 }) });
    const error = await failure(provenanceOf(nowhere, { deployment: deployment(), tokenId: 1001n }));
    expect(error.code).toBe("RPC_UNREACHABLE");
  });

  /** A node whose answers, by their method, `spoil` may replace; undefined breaks the connection. */
  async function spoilt(spoil: (method: string, answer: { result?: unknown }) => object | undefined): Promise<{
    readonly wallet: sdk.WalletClient;
    readonly stop: () => Promise<void>;
  }> {
    const node = await serve(async ({ body }, response) => {
      const answer = await fetch(seeded.grid.rpcUrl, { method: "POST", body: JSON.stringify(body), headers: jsonType });
      const spoiled = spoil((body as { method: string }).method, (await answer.json()) as { result?: unknown });
      if (spoiled === undefined) response.destroy();
      else json(response, 200, spoiled);
    });
    const account = seeded.artist.account;
    const transport = http(node.url, { retryCount: 1, retryDelay: 1 });
    return {
      wallet: createWalletClient({ account, chain: foundry, transport, pollingInterval: 50 }),
      stop: () => node.stop(),
    };
  }
  const jsonType = { "content-type": "application/json" };
  const inAccount = async () =>
    (await accountState(seeded.artist.wallet, { deployment: deployment(), account: seeded.artist.address })).balance;

  it("makes no second transaction when the answer to the first is lost", async () => {
    let isLost = false;
    const { wallet, stop } = await spoilt((method, answer) => {
      const breaks = method === "eth_sendRawTransaction" && !isLost;
      isLost ||= breaks;
      return breaks ? undefined : answer;
    });
    const before = await inAccount();
    const hash = await depositAipg(wallet, { deployment: deployment(), amount: 3n });
    expect([isLost, (await inAccount()) - before]).toEqual([true, 3n]);
    expect((await seeded.artist.wallet.getTransactionReceipt({ hash })).status).toBe("success");
    await stop();
  });

  it("names what was sent when the node is gone by then", async () => {
    let isGone = false;
    const { wallet, stop } = await spoilt((method, answer) => {
      isGone ||= method === "eth_sendRawTransaction";
      return isGone ? undefined : answer;
    });
    const before = await inAccount();
    const error = await failure(depositAipg(wallet, { deployment: deployment(), amount: 5n }));
    expect([error.code, error.message]).toEqual(["UNCONFIRMED", expect.stringContaining(`${error.transaction}`)]);
    const hash = error.transaction as Hex;
    expect((await seeded.artist.wallet.getTransactionReceipt({ hash })).status).toBe("success");
    expect((await inAccount()) - before).toBe(5n);
    await stop();
  });

  it("names the purchase of a license whose end can't be read any more", async () => {
    const { modelId, owner } = seeded;
    const terms = { deployment: deployment(), modelId };
    await setLicenseTerms(owner.wallet, { ...terms, price: 7n, period: 86_400 });
    await setModelAccess(owner.wallet, { ...terms, access: "LICENSED" });
    let isGone = false;
    const { wallet, stop } = await spoilt((method, answer) => {
      if (isGone) return undefined;
      isGone = method === "eth_getTransactionReceipt" && answer.result !== null && expected === 0;
      if (isGone || method !== "eth_getTransactionReceipt" || answer.result === null) return answer;
      expected--;
      return answer;
    });
    // The approval's receipt, then the purchase's.
    let expected = 1;
    const error = await failure(buyLicense(wallet, { ...terms, periods: 1 }));
    expect(error.message).toContain(`The license is bought, by transaction ${error.transaction}.`);
    expect((await licenseState(seeded.artist.wallet, { ...terms, account: seeded.artist.address })).canUse).toBe(true);
    await setModelAccess(owner.wallet, { ...terms, access: "OPEN" });
    await stop();
  });

  it.each([
    ["Internal error: the database is locked", "RPC_FAILED", "The chain could not be asked: Internal error"],
    ["execution reverted", "REVERTED", "The contract refused"],
  ])("of a node (-32603, %j) are told from a contract's refusal", async (message, code, sentence) => {
    const { wallet, stop } = await spoilt((method, answer) =>
      method === "eth_call" ? { jsonrpc: "2.0", id: 1, error: { code: -32_603, message } } : answer,
    );
    const error = await failure(provenanceOf(wallet, { deployment: deployment(), tokenId: 1001n }));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(sentence)]);
    await stop();
  });

  it("leaves an explained error as it is", () => {
    const error = new ChainError("UNCONFIRMED", "Not yet.");
    expect(explainRevert(error)).toBe(error);
  });
});

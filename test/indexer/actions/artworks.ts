// What happens to artworks.
import { type Address, encodeFunctionData, type Hex, parseEther, zeroAddress } from "viem";
import { bodyHash, gridNftAbi, provenanceOf } from "../../../sdk/src/index.ts";
import { sendAs } from "../../fixtures/anvil.ts";
import type { Party } from "../../fixtures/chain.ts";
import { packed } from "../../fixtures/order.ts";
import { type HistoryState, PRICE } from "../historyState.ts";
import { type Action, NothingToDo, owners, some, someParty, someToken, tokens } from "./choice.ts";
import { orders } from "./orders.ts";
import { header, orderDone, settleAndMint, someBondedWorker } from "./work.ts";

export const artworks: Record<string, Action> = {
  mint: async (state) => {
    const { dice } = state;
    if (state.toMint.length === 0) await orders.settle?.(state);
    const first = some(state, state.toMint);
    const anchored = state.toMint.filter(
      ({ receipt, anchor }) => anchor === first.anchor && receipt.requester === first.receipt.requester,
    );
    const chosen = anchored.slice(0, 1 + dice.below(5));
    const artist = state.artists.find(({ address }) => address === first.receipt.requester);
    if (!artist) throw new NothingToDo();
    const body = packed(chosen, header(state));
    const to = dice.chance(0.7) ? artist.address : state.collector.address;
    state.toMint.splice(0, state.toMint.length, ...state.toMint.filter((item) => !chosen.includes(item)));
    await state.grid.mined(artist.grid.nft.write.mint([...body, to, parseEther("10")]));
  },
  remix: async (state) => {
    const { tokenId, version, imageHash } = await somePicture(state);
    await settleAndMint(state, header(state), { parent: { tokenId, version }, sourceHash: imageHash });
  },
  // As much as the contract takes of what a stranger may write.
  mintHostile: async (state) => {
    const { dice } = state;
    const tags = dice.pick(hostileTags) ?? "";
    const prompt = `${some(state, hostileWords)} lighthouse \\' : * & ${dice.below(1_000)}`;
    const [sampler, scheduler] = [some(state, longNames), some(state, longNames)];
    await settleAndMint(
      state,
      { ...header(state), tags, title: some(state, longNames), policy: 1 },
      { change: { prompt, sampler, scheduler } },
    );
  },
  evolveByArtist: (state) => evolve(state, 1),
  evolveByOwner: (state) => evolve(state, 2),
  display: async (state) => {
    const { tokenId, artist } = await someArtwork(state, 1, ({ isLocked }) => !isLocked);
    const display = {
      title: some(state, [some(state, hostileWords), `Edited ${state.dice.below(100)}`, ""]),
      description: "now with\u00a0space",
      animationUrl: state.dice.chance(0.5) ? "ipfs://animation" : "",
    };
    await state.grid.mined(artist.grid.nft.write.setDisplay([[tokenId], display]));
  },
  freeze: async (state) => {
    if (state.dice.chance(0.5)) throw new NothingToDo(); // let there be something to edit
    const { tokenId, artist } = await someArtwork(state, 1, ({ isLocked }) => !isLocked);
    await state.grid.mined(artist.grid.nft.write.freeze([[tokenId]]));
  },
  transfer: async (state) => {
    const { tokenId, owner } = await someToken(state, "nft");
    // To oneself, too: that changes nothing, and must not be counted.
    const to = state.dice.chance(0.2) ? owner.address : someParty(state).address;
    await state.grid.mined(owner.grid.nft.write.transferFrom([owner.address, to, tokenId]));
  },
  // An auction's: there a token has not left its artist's hands.
  toEscrow: async (state) => {
    const escrow = await escrowOf(state);
    const { tokenId, owner } = await someToken(state, "nft");
    await state.grid.mined(owner.grid.nft.write.transferFrom([owner.address, escrow, tokenId]));
  },
  fromEscrow: async (state) => {
    const escrow = await escrowOf(state);
    const held = [...(await owners(state, "nft"))].filter(([, owner]) => owner === escrow);
    const [tokenId] = some(state, held);
    const { artist } = await state.owner.grid.nft.read.series([tokenId / 1_000n]);
    const to = state.dice.chance(0.5) ? artist : someParty(state).address;
    const args = [escrow, to, tokenId] as const;
    const data = encodeFunctionData({ abi: gridNftAbi, functionName: "transferFrom", args });
    const sent = sendAs(state.grid, { from: escrow, to: state.owner.grid.nft.address, data });
    await state.grid.mined(sent);
  },
  receiver: async (state) => {
    const { tokenId } = await someToken(state, "nft");
    const { artist } = await state.owner.grid.nft.read.series([tokenId / 1_000n]);
    const by = some(
      state,
      state.artists.filter(({ address }) => address === artist),
    );
    await state.grid.mined(by.grid.nft.write.setRoyaltyReceiver([tokenId / 1_000n, someParty(state).address]));
  },
  approve: async (state) => {
    const { tokenId, owner } = await someToken(state, "nft");
    await state.grid.mined(owner.grid.nft.write.approve([someParty(state).address, tokenId]));
    await state.grid.mined(owner.grid.nft.write.setApprovalForAll([someParty(state).address, state.dice.chance(0.5)]));
  },
  burn: async (state) => {
    if (state.dice.chance(0.5)) throw new NothingToDo(); // let there be art
    const { tokenId, owner } = await someToken(state, "nft");
    await state.grid.mined(owner.grid.nft.write.burn([tokenId]));
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

/** The escrow, once governance has set one. */
async function escrowOf(state: HistoryState): Promise<Address> {
  const escrow = await state.owner.grid.nft.read.escrow();
  if (escrow === zeroAddress) throw new NothingToDo();
  return escrow;
}

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
  state: HistoryState,
  policy: 1 | 2,
  suits: (artwork: HeldArtwork) => boolean,
): Promise<HeldArtwork> {
  const suiting = async () => (await artworksHeld(state)).filter(suits);
  const found = await suiting();
  if (found.length > 0) return some(state, found);
  await settleAndMint(state, { ...header(state), policy });
  return some(state, await suiting());
}

async function artworksHeld(state: HistoryState): Promise<HeldArtwork[]> {
  const { read } = state.owner.grid.nft;
  const found: HeldArtwork[] = [];
  for (const { tokenId, owner } of await tokens(state, "nft")) {
    const series = await read.series([tokenId / 1_000n]);
    const artist = state.artists.find(({ address }) => address === series.artist);
    const [, isLocked] = await read.displayOf([tokenId]);
    if (artist) found.push({ tokenId, owner, artist, policy: series.policy, isLocked });
  }
  return found;
}

/** A version of an artwork that was minted some time, burnt since or not. */
async function somePicture(state: HistoryState): Promise<{ tokenId: bigint; version: number; imageHash: Hex }> {
  const { nft } = state.owner.grid;
  const minted = await nft.getEvents.Transfer({ from: zeroAddress }, { fromBlock: 0n });
  const tokenId = some(
    state,
    minted.flatMap(({ args }) => args.tokenId ?? []),
  );
  const version = 1 + state.dice.below(Number(await nft.read.versionsOf([tokenId])));
  const { imageHash } = await provenanceOf(state.owner.wallet, { deployment: state.grid.deployment, tokenId, version });
  return { tokenId, version, imageHash };
}

/** A new version of an artwork whose policy is this one: of its own picture, or some other. */
async function evolve(state: HistoryState, policy: 1 | 2): Promise<void> {
  const { nft } = state.owner.grid;
  const { tokenId, owner, artist } = await someArtwork(state, policy, (held) => held.policy === policy);
  const evolver = policy === 1 ? artist : owner;
  const { deployment } = state.grid;
  const own = await provenanceOf(state.owner.wallet, { deployment, tokenId });
  const latest = Number(await nft.read.versionsOf([tokenId]));
  const source = state.dice.chance(0.3)
    ? await somePicture(state)
    : { tokenId, version: latest, imageHash: own.imageHash };
  await state.grid.mined(evolver.grid.settlement.write.deposit([PRICE * 3n]));
  const worker = await someBondedWorker(state);
  const { item, toMint } = await orderDone(state, evolver, { worker, sourceHash: source.imageHash, count: 1 });
  await state.grid.mined(evolver.grid.settlement.write.settle([item]));
  const parent = { tokenId: source.tokenId, version: source.version };
  const [body, proofs] = packed(toMint.map((of) => ({ ...of, parent })));
  if (policy === 2) {
    await state.grid.mined(evolver.grid.nft.write.announceEvolution([tokenId, bodyHash(body)]));
    if (state.dice.chance(0.2)) return; // announced, and never done
    await state.grid.pass(3_601);
  }
  await state.grid.mined(evolver.grid.nft.write.evolve([tokenId, body, proofs]));
}

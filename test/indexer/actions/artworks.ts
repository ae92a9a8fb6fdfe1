// What happens to artworks.
import { type Address, encodeFunctionData, type Hex, parseEther, zeroAddress } from "viem";
import { bodyHash, composeBody, encodeBody, gridNftAbi, provenanceOf } from "../../../sdk/src/index.ts";
import type { Party } from "../../e2e/chain.ts";
import { sendAs } from "../anvil.ts";
import { PRICE, type World } from "../world.ts";
import { type Action, NothingToDo, owners, some, someParty, someToken, tokens } from "./choice.ts";
import { orders } from "./orders.ts";
import { header, orderDone, settleAndMint, someBondedWorker } from "./work.ts";

export const artworks: Record<string, Action> = {
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
      title: some(world, [some(world, hostileWords), `Edited ${world.dice.below(100)}`, ""]),
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
  // An auction's: there a token has not left its artist's hands.
  toEscrow: async (world) => {
    const escrow = await escrowOf(world);
    const { tokenId, owner } = await someToken(world, "nft");
    await world.grid.mined(owner.grid.nft.write.transferFrom([owner.address, escrow, tokenId]));
  },
  fromEscrow: async (world) => {
    const escrow = await escrowOf(world);
    const held = [...(await owners(world, "nft"))].filter(([, owner]) => owner === escrow);
    const [tokenId] = some(world, held);
    const { artist } = await world.owner.grid.nft.read.series([tokenId / 1_000n]);
    const to = world.dice.chance(0.5) ? artist : someParty(world).address;
    const args = [escrow, to, tokenId] as const;
    const data = encodeFunctionData({ abi: gridNftAbi, functionName: "transferFrom", args });
    const sent = sendAs(world.grid, { from: escrow, to: world.owner.grid.nft.address, data });
    await world.grid.mined(sent);
  },
  receiver: async (world) => {
    const { tokenId } = await someToken(world, "nft");
    const { artist } = await world.owner.grid.nft.read.series([tokenId / 1_000n]);
    const by = some(
      world,
      world.artists.filter(({ address }) => address === artist),
    );
    await world.grid.mined(by.grid.nft.write.setRoyaltyReceiver([tokenId / 1_000n, someParty(world).address]));
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

/** The escrow, once governance has set one. */
async function escrowOf(world: World): Promise<Address> {
  const escrow = await world.owner.grid.nft.read.escrow();
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

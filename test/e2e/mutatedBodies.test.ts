/**
 * Bodies with bytes changed, taken out, put in: the SDK, GridNFT's reader (`verify` of ERC-7007) and its codec (`mint`) agree on
 * which of them are bodies. The seed is printed; `GRID_SEED` sets it.
 */
import {
  BaseError,
  bytesToHex,
  decodeErrorResult,
  encodeAbiParameters,
  type Hex,
  hexToBytes,
  maxUint128,
  zeroHash,
} from "viem";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  ANY_SEED,
  type Body,
  type BodyAnchor,
  type BodyArtwork,
  decodeBody,
  encodeBody,
  type GenerationRequest,
  GridError,
  gridNftAbi,
} from "../../sdk/src/index.ts";
import { type LocalGrid, startGrid } from "../fixtures/chain.ts";
import { random } from "../fixtures/randomValues.ts";
import { fund, registerModel } from "../fixtures/seed.ts";
import { randomBody } from "../vectors/randomBody.ts";

const SEED = Number(process.env.GRID_SEED ?? 20_261_129);
/** Mutants for the reader, and for the codec. */
const [READ, MINTED] = [600, 600];
/** Errors that say that the bytes are no body. */
const FORMAT_ERRORS = [
  "GridNFT_BodyTooShort",
  "GridNFT_BodyTooLong",
  "GridNFT_BlobTooLarge",
  "GridNFT_WrongForm",
  "GridNFT_BadValue",
  "GridNFT_BadText",
];

/** Errors that a mint may end with before it has read all of its body. */
const STOPPING_ERRORS = [
  "GridNFT_WrongModelHash",
  "GridNFT_ProofCount",
  "GridNFT_UnknownSource",
  "GridNFT_AlreadyMinted",
  "GridNFT_ParentImageMismatch",
  "GridNFT_UnknownVersion",
];
/** A multiproof without flags proves one receipt only: the mint had read all of the body by then. */
const errors = [...gridNftAbi, { type: "error", name: "MerkleProofInvalidMultiproof", inputs: [] }] as const;

const dice = random(SEED);
let grid: LocalGrid;

beforeAll(async () => {
  console.log(`seed ${SEED}`);
  grid = await startGrid();
}, 600_000);

afterAll(() => grid?.stop());

/** A body of one artwork under one anchor, of either form. */
function single(): Body {
  const { header, requests, orders, artworks, engines } = randomBody(dice);
  const [artwork] = artworks;
  if (!artwork) throw new Error("a body has an artwork");
  // Every order is under the one anchor.
  return {
    ...(header && { header }),
    anchors: [{ source: 0, worker: dice.hex(20) }],
    engines,
    requests,
    orders: orders.map((order) => ({ ...order, anchor: 0 })),
    artworks: [artwork],
  };
}

/** Bytes that decide something somewhere in the format, or in UTF-8. */
const EDGES = [0, 1, 2, 3, 4, 7, 8, 0x1f, 0x20, 0x7f, 0x80, 0x9f, 0xa0, 0xc0, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xff];

/** Changes that turn a bit of flags or of a mask. */
const FLAGGED: readonly ((body: Body) => Body)[] = [
  ({ anchors, ...body }) => {
    const toggle = ({ payer, ...anchor }: BodyAnchor): BodyAnchor => ({
      ...anchor,
      ...(payer === undefined && { payer: dice.hex(20) }),
    });
    return { ...body, anchors: anchors.map((anchor, i) => (i === 0 ? toggle(anchor) : anchor)) };
  },
  ({ artworks, ...body }) => {
    const changed = dice.integer(artworks.length);
    const toggle = ({ cidDigest, ...artwork }: BodyArtwork): BodyArtwork => ({
      ...artwork,
      ...(cidDigest === undefined && { cidDigest: dice.hex(32) }),
    });
    return { ...body, artworks: artworks.map((artwork, i) => (i === changed ? toggle(artwork) : artwork)) };
  },
  ({ requests: [first, ...rest], ...body }) => ({
    ...body,
    requests: first ? [{ ...first, salt: BigInt(first.salt) === 0n ? dice.hex(32) : zeroHash }, ...rest] : rest,
  }),
];

/** Turns a bit of a byte of flags, of a mask, or of the form: most of these bits are not allowed. */
function mutateFlags(body: Body): Hex {
  const bytes = hexToBytes(encodeBody(body));
  const change = FLAGGED[dice.integer(FLAGGED.length + 1)];
  // The first byte that the change makes another is that of the flags; without a change, the form.
  const other = change && hexToBytes(encodeBody(change(body)));
  const at =
    other === undefined
      ? 0
      : Math.max(
          0,
          bytes.findIndex((byte, i) => byte !== other[i]),
        );
  bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.integer(8));
  return bytesToHex(bytes);
}

function mutate(body: Body): Hex {
  if (dice.integer(4) === 0) return mutateFlags(body);
  let bytes = [...hexToBytes(encodeBody(body))];
  for (let left = 1 + dice.integer(3); left > 0; left--) {
    const at = dice.integer(bytes.length);
    const few = 1 + dice.integer(4);
    const byte = () => (dice.integer(2) ? (EDGES[dice.integer(EDGES.length)] ?? 0) : dice.integer(256));
    const ways = [
      () => bytes.with(at, byte()),
      () => bytes.with(at, (bytes[at] ?? 0) ^ (1 << dice.integer(8))),
      () => bytes.toSpliced(at, 0, ...Array.from({ length: few }, byte)),
      () => bytes.toSpliced(at, few),
      () => bytes.slice(0, at),
      () => [...bytes, ...Array.from({ length: few }, byte)],
      () => bytes.toSpliced(at, 0, ...bytes.slice(at, at + 32)),
      () => bytes.fill(0, at, at + few),
    ];
    bytes = (ways[dice.integer(ways.length)] ?? (() => bytes))();
    if (bytes.length === 0) bytes = [1];
  }
  return bytesToHex(Uint8Array.from(bytes));
}

/** Decodes by the SDK; undefined when it says that it is no body. */
function decoded(packed: Hex): Body | undefined {
  try {
    return decodeBody(packed);
  } catch (error) {
    expect(error).toBeInstanceOf(GridError);
    expect((error as GridError).code).toBe("BODY_INVALID");
    return undefined;
  }
}

/** Name of the error that a call ends with and its arguments; undefined when it succeeds. */
async function failure(call: Promise<unknown>): Promise<{ name: string; args: readonly unknown[] } | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    const reverted = error.walk((cause) => typeof (cause as { raw?: unknown }).raw === "string") as {
      raw?: Hex;
    } | null;
    if (!reverted?.raw) throw error;
    const { errorName, args } = decodeErrorResult({ abi: errors, data: reverted.raw });
    return { name: errorName, args: args ?? [] };
  }
}

const proofOf = (requester: Hex): Hex =>
  encodeAbiParameters(
    [
      { type: "address" },
      {
        type: "tuple[]",
        components: [
          { name: "laneId", type: "bytes32" },
          { name: "proof", type: "bytes32[]" },
          { name: "flags", type: "bytes" },
        ],
      },
    ],
    [requester, [{ laneId: `0x${"00".repeat(32)}`, proof: [], flags: "0x" }]],
  );

it("the SDK and the reader agree", async () => {
  const { address, grid: contracts } = grid.party(7);
  let bodies = 0;
  const check = async (packed: Hex) => {
    const body = decoded(packed);
    const isBody = body !== undefined && body.anchors.length === 1 && body.artworks.length === 1;
    if (isBody) bodies++;
    const failed = await failure(contracts.nft.read.verify(["0x00", packed, proofOf(address)]));
    expect({ packed, isBody, failed: failed?.name }).toEqual({
      packed,
      isBody,
      failed: isBody ? undefined : expect.stringMatching(/^GridNFT_/),
    });
    if (failed) expect(FORMAT_ERRORS).toContain(failed.name);
  };
  for (let i = 0; i < READ; i += 20) {
    const mutants = Array.from({ length: 20 }, () => {
      const body = single();
      return dice.integer(20) === 0 ? encodeBody(body) : mutate(body);
    });
    await Promise.all(mutants.map(check));
  }
  console.log(`${bodies} of ${READ} are bodies`);
  expect(bodies).toBeGreaterThan(READ / 20);
  expect(bodies).toBeLessThan((READ * 19) / 20);
}, 300_000);

it("the SDK and the codec agree", async () => {
  const { address, grid: contracts } = grid.party(7);
  const modelHash: Hex = `0x${"ab".repeat(32)}`;
  await fund(grid, [grid.party(0)], 10n ** 24n, ["AIGC"]);
  await registerModel(grid, grid.party(0), { name: "a model", version: "", weightsHash: modelHash, usageBps: 0 });

  const counts = { bodies: 0, none: 0, unread: 0 };
  const check = async (packed: Hex) => {
    const body = decoded(packed);
    const proofs = Array.from({ length: body?.anchors.length ?? 1 }, () => {
      return { laneId: `0x${"00".repeat(32)}`, proof: [], flags: "0x" } as const;
    });
    const failed = await failure(
      contracts.nft.simulate.mint([packed, proofs, address, maxUint128], { account: address }),
    );
    // Nothing is anchored, so every mint ends with an error: one of the format, or one of what the body says.
    const isRefused = failed !== undefined && FORMAT_ERRORS.includes(failed.name);
    const isBody = body?.header !== undefined;
    if (!isBody && STOPPING_ERRORS.includes(`${failed?.name}`)) {
      counts.unread++;
      return;
    }
    counts[isBody ? "bodies" : "none"]++;
    expect({ packed, isBody, isRefused, failed: failed?.name }).toEqual({
      ...{ packed, isBody, isRefused: !isBody },
      failed: expect.any(String),
    });
  };
  for (let i = 0; i < MINTED; i += 20) {
    const mutants = Array.from({ length: 20 }, () => {
      const body = ofModel(several(), modelHash);
      return dice.integer(20) === 0 ? encodeBody(body) : mutate(body);
    });
    await Promise.all(mutants.map(check));
  }
  console.log(`${JSON.stringify(counts)} of ${MINTED}`);
  expect(counts.bodies).toBeGreaterThan(MINTED / 20);
  expect(counts.none).toBeGreaterThan(MINTED / 20);
}, 300_000);

/** A series without parents, whose anchors are all used, each (order, index) once. */
function several(): Body {
  const { requests, orders, artworks, engines, header } = randomBody(dice);
  const head = { policy: 0, royaltyBps: 0, title: "", description: "", tags: "" } as const;
  return {
    header: header ?? head,
    anchors: [{ source: 0, worker: dice.hex(20) }],
    engines,
    requests,
    orders: orders.map((order) => ({ ...order, anchor: 0 })),
    artworks: artworks.map(({ parent: _, ...artwork }, index) => ({ ...artwork, index })),
  };
}

/** The same, of the registered model. */
function ofModel(body: Body, modelHash: Hex): Body {
  const requests = body.requests.map((request): GenerationRequest => ({ ...request, modelId: 1n, modelHash }));
  const open = (order: number) => requests[body.orders[order]?.request ?? -1]?.seed === ANY_SEED;
  // Seeds stay where their requests leave them open.
  return {
    ...body,
    requests,
    artworks: body.artworks.filter(({ order, seed }) => (seed !== undefined) === open(order)),
  };
}

/**
 * Writes the golden vectors beside this file: `npm run vectors`; `npm run vectors -- --check` only compares.
 *
 * Every expected value comes from an implementation that is not ours: viem (EIP-712, ECDSA), @openzeppelin/merkle-tree,
 * multiformats, ipfs-unixfs-importer. The SDK's tests and `Golden*.t.sol` beside this file check ours against them.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { SimpleMerkleTree } from "@openzeppelin/merkle-tree";
import { CID } from "multiformats/cid";
import * as Digest from "multiformats/hashes/digest";
import {
  concat,
  encodeAbiParameters,
  encodePacked,
  type Hex,
  hashStruct,
  hashTypedData,
  keccak256,
  maxUint128,
  maxUint256,
  numberToHex,
  parseAbiParameters,
  sha256,
  size,
  slice,
  stringToHex,
  toHex,
  zeroAddress,
  zeroHash,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import {
  type EvolveAuthorization,
  type GenerationRequest,
  type JobOrder,
  type JobReceipt,
  type LaneConfig,
  type MintAuthorization,
  nftDomain,
  nftTypes,
  type OrderClosing,
  type SettlementDomain,
  type SignerProof,
  settlementDomain,
  settlementTypes,
  type Voucher,
} from "../../sdk/src/messages/typedData.ts";
import { bodyVectors } from "./bodies.ts";
import { patternBytes } from "./pattern.ts";

const settlement = settlementDomain(8453, "0x5e77137e0000000000000000000000000000a1b6");
const gridNft = nftDomain(8453, "0x6121dF7000000000000000000000000000a1B602".toLowerCase() as Hex);

const worker = privateKeyToAccount(keccak256(stringToHex("golden worker")));
const payer = privateKeyToAccount(keccak256(stringToHex("golden payer")));

const maxUint64 = 2n ** 64n - 1n;
const ones: Hex = `0x${"ff".repeat(32)}`;
const onesAddress: Hex = `0x${"ff".repeat(20)}`;
const h = (text: string): Hex => keccak256(stringToHex(text));
const a = (text: string): Hex => slice(h(text), 12);

const requests: Record<string, GenerationRequest> = {
  usual: {
    modelId: 7n,
    modelHash: sha256(stringToHex("weights")),
    prompt: "A lighthouse on a basalt cliff at dusk, long exposure, volumetric light, 35mm photograph",
    negativePrompt: "blurry, watermark",
    seed: 42n,
    width: 1024,
    height: 768,
    steps: 30,
    guidanceMilli: 7500,
    sampler: "euler_a",
    scheduler: "karras",
    sourceHash: zeroHash,
    extras: "",
    salt: zeroHash,
  },
  "all zero and empty": {
    modelId: 0n,
    modelHash: zeroHash,
    prompt: "",
    negativePrompt: "",
    seed: 0n,
    width: 0,
    height: 0,
    steps: 0,
    guidanceMilli: 0,
    sampler: "",
    scheduler: "",
    sourceHash: zeroHash,
    extras: "",
    salt: zeroHash,
  },
  "all at their maximum": {
    modelId: maxUint256,
    modelHash: ones,
    prompt: "x".repeat(1000),
    negativePrompt: "y".repeat(136),
    seed: maxUint64,
    width: 2 ** 32 - 1,
    height: 2 ** 32 - 1,
    steps: 2 ** 32 - 1,
    guidanceMilli: 2 ** 32 - 1,
    sampler: "s".repeat(255),
    scheduler: "k".repeat(255),
    sourceHash: ones,
    extras: '{"loras":[{"model":"9","weight":0.8}],"strength":0.55}',
    salt: ones,
  },
  unicode: {
    modelId: 2n ** 64n,
    modelHash: h("model"),
    prompt: 'Ein Fuchs 🦊 im Schnee — "café", \\ 日本語 и кириллица, e\u0301',
    negativePrompt: "ぼやけ\u{1F468}\u200D\u{1F469}\u200D\u{1F467}",
    seed: 2n ** 63n - 1n,
    width: 512,
    height: 512,
    steps: 4,
    guidanceMilli: 0,
    sampler: "dpm++ 2m",
    scheduler: "sgm_uniform",
    sourceHash: h("source"),
    extras: '{"\u20ac":1,"\ud83d\ude00":"\u00e9"}',
    salt: h("salt"),
  },
};

const requestHash = (request: GenerationRequest) =>
  hashStruct({ types: settlementTypes, primaryType: "GenerationRequest", data: request });

const usualOrder: JobOrder = {
  requester: a("requester"),
  payer: payer.address,
  worker: worker.address,
  laneId: zeroHash,
  feeConfigId: 1,
  modelId: 7n,
  requestHash: requestHash(requests.usual as GenerationRequest),
  count: 4,
  maxPrice: 4n * 10n ** 18n,
  deadline: 1_763_164_800n,
  nonce: 257n,
};

const orders: Record<string, JobOrder> = {
  usual: usualOrder,
  "all zero": {
    requester: zeroAddress,
    payer: zeroAddress,
    worker: zeroAddress,
    laneId: zeroHash,
    feeConfigId: 0,
    modelId: 0n,
    requestHash: zeroHash,
    count: 0,
    maxPrice: 0n,
    deadline: 0n,
    nonce: 0n,
  },
  "all at their maximum": {
    requester: onesAddress,
    payer: onesAddress,
    worker: onesAddress,
    laneId: ones,
    feeConfigId: 2 ** 16 - 1,
    modelId: maxUint256,
    requestHash: ones,
    count: 2 ** 32 - 1,
    maxPrice: maxUint128,
    deadline: maxUint64,
    nonce: maxUint256,
  },
  lane: { ...usualOrder, laneId: h("lane"), nonce: 2n ** 128n },
};

const usualReceipt: JobReceipt = {
  orderHash: hashStruct({ types: settlementTypes, primaryType: "JobOrder", data: usualOrder }),
  index: 3,
  requester: usualOrder.requester,
  worker: usualOrder.worker,
  modelId: usualOrder.modelId,
  requestHash: usualOrder.requestHash,
  seed: 45n,
  engineHash: keccak256(stringToHex("onnxruntime 1.30.0 cpu t1")),
  imageHash: sha256(stringToHex("image")),
  cidDigest: sha256(stringToHex("image")),
  completedAt: 1_763_164_790n,
  price: 10n ** 18n,
};

const receipts: Record<string, JobReceipt> = {
  usual: usualReceipt,
  "all zero": {
    orderHash: zeroHash,
    index: 0,
    requester: zeroAddress,
    worker: zeroAddress,
    modelId: 0n,
    requestHash: zeroHash,
    seed: 0n,
    engineHash: zeroHash,
    imageHash: zeroHash,
    cidDigest: zeroHash,
    completedAt: 0n,
    price: 0n,
  },
  "all at their maximum": {
    orderHash: ones,
    index: 2 ** 32 - 1,
    requester: onesAddress,
    worker: onesAddress,
    modelId: maxUint256,
    requestHash: ones,
    seed: maxUint64,
    engineHash: ones,
    imageHash: ones,
    cidDigest: ones,
    completedAt: maxUint64,
    price: maxUint128,
  },
  "another CID": { ...usualReceipt, index: 0, seed: 2n ** 63n, cidDigest: h("dag-pb root") },
};

const lanes: Record<string, LaneConfig> = {
  work: {
    kind: 0,
    payer: payer.address,
    payerSigner: a("payer signer"),
    worker: worker.address,
    feeConfigId: 1,
    thawDelay: 86_400,
    salt: h("salt"),
  },
  hop: {
    kind: 1,
    payer: a("requester"),
    payerSigner: a("session"),
    worker: a("gateway"),
    feeConfigId: 0,
    thawDelay: 7 * 86_400,
    salt: zeroHash,
  },
  "all at their maximum": {
    kind: 255,
    payer: onesAddress,
    payerSigner: onesAddress,
    worker: onesAddress,
    feeConfigId: 2 ** 16 - 1,
    thawDelay: 2 ** 40 - 1,
    salt: ones,
  },
};

const vouchers: Record<string, Voucher> = {
  "one row with a root": {
    laneId: h("lane"),
    receiptCount: 25,
    receiptsRoot: h("root"),
    totals: [{ modelId: 7n, cumulative: 25n * 10n ** 18n }],
  },
  "no rows": { laneId: zeroHash, receiptCount: 0, receiptsRoot: zeroHash, totals: [] },
  "sixteen rows": {
    laneId: h("lane"),
    receiptCount: 1,
    receiptsRoot: h("root"),
    totals: Array.from({ length: 16 }, (_, i) => ({ modelId: BigInt(i) ** 20n, cumulative: BigInt(i) * 10n ** 17n })),
  },
  "all at their maximum": {
    laneId: ones,
    receiptCount: 2 ** 32 - 1,
    receiptsRoot: ones,
    totals: [
      { modelId: 0n, cumulative: 0n },
      { modelId: maxUint256, cumulative: maxUint128 },
    ],
  },
};

const signerProofs: Record<string, SignerProof> = {
  usual: { account: payer.address, role: 2, deadline: 1_763_164_800n },
  "all zero": { account: zeroAddress, role: 0, deadline: 0n },
  "all at their maximum": { account: onesAddress, role: 255, deadline: maxUint64 },
};

const orderClosings: Record<string, OrderClosing> = {
  usual: { orderHash: usualReceipt.orderHash, receiptCount: 3, receiptsRoot: h("root") },
  "all zero": { orderHash: zeroHash, receiptCount: 0, receiptsRoot: zeroHash },
  "all at their maximum": { orderHash: ones, receiptCount: 2 ** 32 - 1, receiptsRoot: ones },
};

const mintAuthorizations: Record<string, MintAuthorization> = {
  usual: { requester: a("requester"), to: a("collector"), bodyHash: h("body"), maxFee: 10n ** 18n, deadline: 1n },
  "all at their maximum": {
    requester: onesAddress,
    to: onesAddress,
    bodyHash: ones,
    maxFee: maxUint128,
    deadline: maxUint64,
  },
};

const evolveAuthorizations: Record<string, EvolveAuthorization> = {
  usual: { tokenId: 1001n, version: 2, bodyHash: h("body"), deadline: 1_763_164_800n },
  "all at their maximum": { tokenId: maxUint256, version: 2 ** 32 - 1, bodyHash: ones, deadline: maxUint64 },
};

type SettlementMessage = keyof typeof settlementTypes;

function settlementVectors(primaryType: SettlementMessage, messages: Record<string, object>) {
  return Object.entries(messages).map(([name, message]) => ({
    name,
    message,
    structHash: hashStruct({ types: settlementTypes, primaryType, data: message as never }),
    digest: hashTypedData({ domain: settlement, types: settlementTypes, primaryType, message: message as never }),
  }));
}

function nftVectors(primaryType: keyof typeof nftTypes, messages: Record<string, object>) {
  return Object.entries(messages).map(([name, message]) => ({
    name,
    message,
    structHash: hashStruct({ types: nftTypes, primaryType, data: message as never }),
    digest: hashTypedData({ domain: gridNft, types: nftTypes, primaryType, message: message as never }),
  }));
}

function separatorOf(domain: { name: string; version: string; chainId: number; verifyingContract: Hex }): Hex {
  return keccak256(
    encodeAbiParameters(parseAbiParameters("bytes32, bytes32, bytes32, uint256, address"), [
      h("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
      h(domain.name),
      h(domain.version),
      BigInt(domain.chainId),
      domain.verifyingContract,
    ]),
  );
}

const messages = {
  chainId: settlement.chainId,
  settlement: settlement.verifyingContract,
  settlementSeparator: separatorOf(settlement),
  gridNft: gridNft.verifyingContract,
  gridNftSeparator: separatorOf(gridNft),
  GenerationRequest: settlementVectors("GenerationRequest", requests),
  JobOrder: settlementVectors("JobOrder", orders),
  JobReceipt: settlementVectors("JobReceipt", receipts),
  LaneConfig: settlementVectors("LaneConfig", lanes),
  Voucher: settlementVectors("Voucher", vouchers),
  SignerProof: settlementVectors("SignerProof", signerProofs),
  OrderClosing: settlementVectors("OrderClosing", orderClosings),
  MintAuthorization: nftVectors("MintAuthorization", mintAuthorizations),
  EvolveAuthorization: nftVectors("EvolveAuthorization", evolveAuthorizations),
};

/** Verdicts are the codes of the SDK; the number beside each is OpenZeppelin's `ECDSA.RecoverError`. */
const verdicts = {
  valid: 0,
  SIGNATURE_INVALID: 1,
  SIGNATURE_V: 1,
  SIGNATURE_LENGTH: 2,
  SIGNATURE_HIGH_S: 3,
} as const;

async function signatureVectors() {
  const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const vectors: object[] = [];
  const add = (name: string, verdict: keyof typeof verdicts, digest: Hex, signature: Hex, signer: Hex = zeroAddress) =>
    vectors.push({ name, digest, signature, verdict, recoverError: verdicts[verdict], signer });

  // Enough digests that both values of v occur.
  for (let i = 0; i < 4; i++) {
    const message: JobReceipt = { ...usualReceipt, index: i };
    const domain: SettlementDomain = settlement;
    const typed = { domain, types: settlementTypes, primaryType: "JobReceipt", message } as const;
    const digest = hashTypedData(typed);
    const signature = await worker.signTypedData(typed);
    const [r, s, v] = [slice(signature, 0, 32), BigInt(slice(signature, 32, 64)), Number(slice(signature, 64))];
    const mirrored = numberToHex(n - s, { size: 32 });
    const low = numberToHex(s, { size: 32 });
    const byte = (value: number) => numberToHex(value, { size: 1 });
    add(`receipt ${i}: as signed`, "valid", digest, signature, worker.address);
    add(`receipt ${i}: high s, v flipped`, "SIGNATURE_HIGH_S", digest, concat([r, mirrored, byte(55 - v)]));
    add(`receipt ${i}: high s, v kept`, "SIGNATURE_HIGH_S", digest, concat([r, mirrored, byte(v)]));
    add(`receipt ${i}: v of 0 or 1`, "SIGNATURE_V", digest, concat([r, low, byte(v - 27)]));
    add(`receipt ${i}: v of EIP-155`, "SIGNATURE_V", digest, concat([r, low, byte(v + 10)]));
    add(`receipt ${i}: v of 29`, "SIGNATURE_V", digest, concat([r, low, byte(29)]));
    add(`receipt ${i}: 64 bytes without v`, "SIGNATURE_LENGTH", digest, concat([r, low]));
    add(
      `receipt ${i}: 64 bytes of ERC-2098`,
      "SIGNATURE_LENGTH",
      digest,
      concat([r, numberToHex(s + (v === 28 ? 2n ** 255n : 0n), { size: 32 })]),
    );
    add(`receipt ${i}: padded by a zero byte`, "SIGNATURE_LENGTH", digest, concat([signature, "0x00"]));
    add(`receipt ${i}: padded to 96 bytes`, "SIGNATURE_LENGTH", digest, concat([signature, `0x${"00".repeat(31)}`]));
    add(`receipt ${i}: r of 0`, "SIGNATURE_INVALID", digest, concat([zeroHash, low, byte(v)]));
    add(`receipt ${i}: r of n`, "SIGNATURE_INVALID", digest, concat([numberToHex(n), low, byte(v)]));
    add(`receipt ${i}: s of 0`, "SIGNATURE_INVALID", digest, concat([r, zeroHash, byte(v)]));
  }
  const digest = h("digest");
  const signature = await payer.sign({ hash: digest });
  add("another account", "valid", digest, signature, payer.address);
  add("empty", "SIGNATURE_LENGTH", digest, "0x");
  add("all zero", "SIGNATURE_V", digest, `0x${"00".repeat(65)}`);
  add(
    "r is not on the curve",
    "SIGNATURE_INVALID",
    digest,
    concat([numberToHex(5n, { size: 32 }), slice(signature, 32)]),
  );
  // The greatest s that is still low, with an r on the curve: some key fits, and both sides must find the same.
  const edge = concat([slice(signature, 0, 32), numberToHex(n / 2n, { size: 32 }), "0x1b"]);
  const { recoverAddress } = await import("viem");
  add("s of n/2", "valid", digest, edge, await recoverAddress({ hash: digest, signature: edge }));
  add(
    "s of n/2 + 1",
    "SIGNATURE_HIGH_S",
    digest,
    concat([slice(signature, 0, 32), numberToHex(n / 2n + 1n, { size: 32 }), "0x1b"]),
  );
  return { vectors };
}

function merkleVectors() {
  const receiptIds = Array.from({ length: 40 }, (_, i) => h(`receipt ${i}`));
  const leaves = receiptIds.map((id) => keccak256(encodePacked(["bytes32"], [id])));
  const sizes = [...Array.from({ length: 17 }, (_, i) => i + 1), 25, 31, 32, 33, 40];
  const probes = (count: number): number[] =>
    count <= 9 ? Array.from({ length: count }, (_, i) => i) : [0, 1, Math.floor(count / 2), count - 1];
  const picks = (count: number): number[][] =>
    [
      [0],
      [count - 1],
      Array.from({ length: count }, (_, i) => i),
      Array.from({ length: count }, (_, i) => i).filter((i) => i % 2 === 1),
      Array.from({ length: count }, (_, i) => i).filter((i) => i % 7 === 3 || i === count - 1),
    ].filter((set) => set.length > 0);
  const trees = sizes.map((size) => [size, SimpleMerkleTree.of(leaves.slice(0, size), { sortLeaves: false })] as const);
  // Of receipt ids `keccak256(uint256(i))`: as many as an order can have.
  const many = Array.from({ length: 256 }, (_, i) =>
    keccak256(encodePacked(["bytes32"], [keccak256(numberToHex(i, { size: 32 }))])),
  );
  return {
    receiptIds,
    leaves,
    roots: [1, 2, 3, 4, 5, 7, 8, 127, 128, 129, 255, 256].map((size) => ({
      size,
      root: SimpleMerkleTree.of(many.slice(0, size), { sortLeaves: false }).root,
    })),
    proofs: trees.flatMap(([size, tree]) =>
      probes(size).map((index) => ({ size, root: tree.root, index, proof: tree.getProof(index) })),
    ),
    multiProofs: trees.flatMap(([size, tree]) =>
      picks(size).map((indices) => {
        const { leaves: proven, proof, proofFlags } = tree.getMultiProof([...indices]);
        return { size, root: tree.root, indices, leaves: proven, proof, proofFlags };
      }),
    ),
  };
}

/**
 * Made by ipfs-unixfs-importer 15.4.0 with the classic options of kubo (CIDv0, chunks of 262,144, balanced with 174 links,
 * rawLeaves false) over `patternBytes(length)`. It brings 70 packages, so its answers stand here.
 */
const unixFsRoots: readonly (readonly [number, string])[] = [
  [0, "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH"],
  [1, "QmUk4ETZqBvJ12yvC9Fd7x91JUTxAwzY6GP4j853Vt4aQj"],
  [262_143, "QmdDa2uCMdvcczueG6M21LLKF2tZBMs8wJfdyBAqf2LCy5"],
  [262_144, "QmXa9TvDDvnPJ8uAzzZXimtH3YzLM3kdBsooPXQdBLL3kz"],
  [262_145, "Qmabf2xSuy3MAjomB13U2FKYmdCSbAiGqHQLAGrP7rgApy"],
  [1_048_576, "QmY3489qyEBZZvo37UjkAwUA5RwD9Z1gGvfvFG6KFEqCLQ"],
  [1_048_577, "Qmf7WNrAPDxFKTpAhQeeX39PQYFtDgewc4NkavramKkWGy"],
  [45_613_056, "QmVL8ZvTTHW63fTyXSMXT2vvUbY9QcSdquEXbCbuwjMZve"],
  [45_613_057, "QmYLBHhxxHJSXU25VjcLVtFNP7rVzsz3C8a8XT4UbWE1fz"],
  [45_875_205, "QmbHjQmQ15DLEuLDcNZnjCmUYNzRhPCEFCagFPNtGde8ri"],
];

function cidVectors() {
  const text = (codec: number, digest: Hex) =>
    CID.createV1(codec, Digest.create(0x12, Buffer.from(digest.slice(2), "hex"))).toString();
  const digests = [zeroHash, ones, sha256("0x"), sha256(stringToHex("hello world\n")), h("any")];
  const other = h("file");
  return {
    texts: digests.flatMap((digest) => [
      { imageHash: digest, cidDigest: digest, cid: text(0x55, digest) },
      { imageHash: other, cidDigest: digest, cid: text(0x70, digest) },
    ]),
    files: unixFsRoots.map(([length, v0]) => ({
      length,
      imageHash: sha256(patternBytes(length)),
      dagPbDigest: toHex(CID.parse(v0).multihash.digest),
      cidV0: v0,
    })),
  };
}

function write(name: string, value: object): boolean {
  const path = fileURLToPath(new URL(`./${name}.json`, import.meta.url));
  const json = `${JSON.stringify(value, (_, item) => (typeof item === "bigint" ? item.toString() : item), 2)}\n`;
  if (!process.argv.includes("--check")) {
    writeFileSync(path, json);
    console.log(`${name}.json: ${size(stringToHex(json))} bytes`);
    return true;
  }
  const same = readFileSync(path, "utf8") === json;
  console.log(`${name}.json ${same ? "is current" : "DIFFERS from what the generator makes"}`);
  return same;
}

const current = [
  write("messages", messages),
  write("signatures", await signatureVectors()),
  write("merkle", merkleVectors()),
  write("cids", cidVectors()),
  write("bodies", bodyVectors()),
];
if (current.includes(false)) process.exitCode = 1;

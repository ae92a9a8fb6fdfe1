import { keccak_256 } from "@noble/hashes/sha3";
import type { Hex } from "viem";
import { bytesToHex, textToBytes, writeHex } from "../lib/bytes.js";
import { WordWriter } from "../lib/words.js";
import {
  type EvolveAuthorization,
  type GenerationRequest,
  type JobOrder,
  type JobReceipt,
  type LaneConfig,
  type MintAuthorization,
  type NftDomain,
  nftTypes,
  type OrderClosing,
  type SettlementDomain,
  type SignerProof,
  settlementTypes,
  type Voucher,
} from "./typedData.js";

/** keccak256 of bytes. */
export type Keccak = (bytes: Uint8Array) => Uint8Array;

/**
 * Every hash by which the chain knows a message. Amounts are AIPG wei, times Unix seconds.
 * All functions throw {@link GridError} `FIELD_INVALID`, naming the field, for a value its type cannot hold.
 */
export interface Digester {
  /** keccak256, as given. */
  readonly keccak: Keccak;
  /** `requestHash`: struct hash of a request. Mirrors `GridMessages.hashRequest`. */
  requestHash(request: GenerationRequest): Hex;
  /** `orderHash`: struct hash of an order. Mirrors `GridMessages.hashOrder`. */
  orderHash(order: JobOrder): Hex;
  /** What the payer signs to order on the direct rail. */
  orderDigest(order: JobOrder, domain: SettlementDomain): Hex;
  /** `receiptId`: the digest that the worker signs. */
  receiptId(receipt: JobReceipt, domain: SettlementDomain): Hex;
  /** Same as {@link Digester.receiptId}, as 32 bytes. */
  receiptIdBytes(receipt: JobReceipt, domain: SettlementDomain): Uint8Array;
  /** `laneId`: digest of a lane's terms. */
  laneId(lane: LaneConfig, domain: SettlementDomain): Hex;
  /** What payer and worker both sign of a voucher. */
  voucherDigest(voucher: Voucher, domain: SettlementDomain): Hex;
  /** What a hot key signs to agree to its registration. */
  signerProofDigest(proof: SignerProof, domain: SettlementDomain): Hex;
  /** Digest that a worker signs to end a direct order early. Mirrors `GridMessages.hashOrderClosing`. */
  orderClosingDigest(closing: OrderClosing, domain: SettlementDomain): Hex;
  /** What a requester signs to let somebody else submit their mint. */
  mintAuthorizationDigest(authorization: MintAuthorization, domain: NftDomain): Hex;
  /** What an artist or owner signs to let somebody else submit an evolution. */
  evolveAuthorizationDigest(authorization: EvolveAuthorization, domain: NftDomain): Hex;
  /** Merkle leaf of a receipt: keccak256(bytes.concat(receiptId)). */
  leafOf(receiptId: Hex): Hex;
  /** EIP-712 domain separator. */
  domainSeparator(domain: SettlementDomain | NftDomain): Hex;
}

/** `Name(type field,...)` of EIP-712, nested structs appended. */
function encodeType(name: string, fields: readonly { name: string; type: string }[], nested = ""): string {
  return `${name}(${fields.map((field) => `${field.type} ${field.name}`).join(",")})${nested}`;
}

const modelTotalType = encodeType("ModelTotal", settlementTypes.ModelTotal);

/**
 * Builds the hashing functions on one keccak256.
 *
 * The plain functions of this package use @noble/hashes; `createFastChecker` passes a WASM one. Not safe for re-entrant use
 * from within `keccak` (buffers are shared), which no sane keccak does.
 */
export function createDigester(keccak: Keccak): Digester {
  const typeHash = (type: string) => keccak(textToBytes(type));
  const domainWords = new WordWriter(
    5,
    typeHash("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
  );
  const request = new WordWriter(15, typeHash(encodeType("GenerationRequest", settlementTypes.GenerationRequest)));
  const order = new WordWriter(12, typeHash(encodeType("JobOrder", settlementTypes.JobOrder)));
  const receipt = new WordWriter(13, typeHash(encodeType("JobReceipt", settlementTypes.JobReceipt)));
  const lane = new WordWriter(8, typeHash(encodeType("LaneConfig", settlementTypes.LaneConfig)));
  const total = new WordWriter(3, typeHash(modelTotalType));
  const voucher = new WordWriter(5, typeHash(encodeType("Voucher", settlementTypes.Voucher, modelTotalType)));
  const proof = new WordWriter(4, typeHash(encodeType("SignerProof", settlementTypes.SignerProof)));
  const closing = new WordWriter(4, typeHash(encodeType("OrderClosing", settlementTypes.OrderClosing)));
  const mint = new WordWriter(6, typeHash(encodeType("MintAuthorization", nftTypes.MintAuthorization)));
  const evolve = new WordWriter(5, typeHash(encodeType("EvolveAuthorization", nftTypes.EvolveAuthorization)));

  const digestInput = new Uint8Array(66);
  digestInput[0] = 0x19;
  digestInput[1] = 0x01;
  const leafInput = new Uint8Array(32);

  const text = (into: WordWriter, word: number, field: string, value: string) =>
    into.raw(word, keccak(textToBytes(value, field)));

  const separators = new Map<string, Uint8Array>();

  function separatorOf(domain: SettlementDomain | NftDomain): Uint8Array {
    const key = `${domain.name}/${domain.version}/${domain.chainId}/${domain.verifyingContract}`;
    const known = separators.get(key);
    if (known) return known;
    text(domainWords, 1, "domain.name", domain.name);
    text(domainWords, 2, "domain.version", domain.version);
    domainWords.small(3, "domain.chainId", domain.chainId, 48);
    domainWords.address(4, "domain.verifyingContract", domain.verifyingContract);
    const separator = keccak(domainWords.bytes);
    if (separators.size >= 64) separators.clear(); // a handful of domains is the rule; never grow without bound
    separators.set(key, separator);
    return separator;
  }

  function toDigest(domain: SettlementDomain | NftDomain, structHash: Uint8Array): Uint8Array {
    digestInput.set(separatorOf(domain), 2);
    digestInput.set(structHash, 34);
    return keccak(digestInput);
  }

  function hashRequest(message: GenerationRequest): Uint8Array {
    request.big(1, "modelId", message.modelId, 256);
    request.bytes32(2, "modelHash", message.modelHash);
    text(request, 3, "prompt", message.prompt);
    text(request, 4, "negativePrompt", message.negativePrompt);
    request.big(5, "seed", message.seed, 64);
    request.small(6, "width", message.width, 32);
    request.small(7, "height", message.height, 32);
    request.small(8, "steps", message.steps, 32);
    request.small(9, "guidanceMilli", message.guidanceMilli, 32);
    text(request, 10, "sampler", message.sampler);
    text(request, 11, "scheduler", message.scheduler);
    request.bytes32(12, "sourceHash", message.sourceHash);
    text(request, 13, "extras", message.extras);
    request.bytes32(14, "salt", message.salt);
    return keccak(request.bytes);
  }

  function hashOrder(message: JobOrder): Uint8Array {
    order.address(1, "requester", message.requester);
    order.address(2, "payer", message.payer);
    order.address(3, "worker", message.worker);
    order.bytes32(4, "laneId", message.laneId);
    order.small(5, "feeConfigId", message.feeConfigId, 16);
    order.big(6, "modelId", message.modelId, 256);
    order.bytes32(7, "requestHash", message.requestHash);
    order.small(8, "count", message.count, 32);
    order.big(9, "maxPrice", message.maxPrice, 128);
    order.big(10, "deadline", message.deadline, 64);
    order.big(11, "nonce", message.nonce, 256);
    return keccak(order.bytes);
  }

  function hashReceipt(message: JobReceipt): Uint8Array {
    receipt.bytes32(1, "orderHash", message.orderHash);
    receipt.small(2, "index", message.index, 32);
    receipt.address(3, "requester", message.requester);
    receipt.address(4, "worker", message.worker);
    receipt.big(5, "modelId", message.modelId, 256);
    receipt.bytes32(6, "requestHash", message.requestHash);
    receipt.big(7, "seed", message.seed, 64);
    receipt.bytes32(8, "engineHash", message.engineHash);
    receipt.bytes32(9, "imageHash", message.imageHash);
    receipt.bytes32(10, "cidDigest", message.cidDigest);
    receipt.big(11, "completedAt", message.completedAt, 64);
    receipt.big(12, "price", message.price, 128);
    return keccak(receipt.bytes);
  }

  function hashLane(message: LaneConfig): Uint8Array {
    lane.small(1, "kind", message.kind, 8);
    lane.address(2, "payer", message.payer);
    lane.address(3, "payerSigner", message.payerSigner);
    lane.address(4, "worker", message.worker);
    lane.small(5, "feeConfigId", message.feeConfigId, 16);
    lane.small(6, "thawDelay", message.thawDelay, 40);
    lane.bytes32(7, "salt", message.salt);
    return keccak(lane.bytes);
  }

  function hashVoucher(message: Voucher): Uint8Array {
    const rows = new Uint8Array(32 * message.totals.length);
    message.totals.forEach((row, i) => {
      total.big(1, `totals[${i}].modelId`, row.modelId, 256);
      total.big(2, `totals[${i}].cumulative`, row.cumulative, 128);
      rows.set(keccak(total.bytes), 32 * i);
    });
    voucher.bytes32(1, "laneId", message.laneId);
    voucher.small(2, "receiptCount", message.receiptCount, 32);
    voucher.bytes32(3, "receiptsRoot", message.receiptsRoot);
    voucher.raw(4, keccak(rows));
    return keccak(voucher.bytes);
  }

  function hashSignerProof(message: SignerProof): Uint8Array {
    proof.address(1, "account", message.account);
    proof.small(2, "role", message.role, 8);
    proof.big(3, "deadline", message.deadline, 64);
    return keccak(proof.bytes);
  }

  function hashOrderClosing(message: OrderClosing): Uint8Array {
    closing.bytes32(1, "orderHash", message.orderHash);
    closing.small(2, "receiptCount", message.receiptCount, 32);
    closing.bytes32(3, "receiptsRoot", message.receiptsRoot);
    return keccak(closing.bytes);
  }

  function hashMintAuthorization(message: MintAuthorization): Uint8Array {
    mint.address(1, "requester", message.requester);
    mint.address(2, "to", message.to);
    mint.bytes32(3, "bodyHash", message.bodyHash);
    mint.big(4, "maxFee", message.maxFee, 128);
    mint.big(5, "deadline", message.deadline, 64);
    return keccak(mint.bytes);
  }

  function hashEvolveAuthorization(message: EvolveAuthorization): Uint8Array {
    evolve.big(1, "tokenId", message.tokenId, 256);
    evolve.small(2, "version", message.version, 32);
    evolve.bytes32(3, "bodyHash", message.bodyHash);
    evolve.big(4, "deadline", message.deadline, 64);
    return keccak(evolve.bytes);
  }

  return {
    keccak,
    requestHash: (message) => bytesToHex(hashRequest(message)),
    orderHash: (message) => bytesToHex(hashOrder(message)),
    orderDigest: (message, domain) => bytesToHex(toDigest(domain, hashOrder(message))),
    receiptId: (message, domain) => bytesToHex(toDigest(domain, hashReceipt(message))),
    receiptIdBytes: (message, domain) => toDigest(domain, hashReceipt(message)),
    laneId: (message, domain) => bytesToHex(toDigest(domain, hashLane(message))),
    voucherDigest: (message, domain) => bytesToHex(toDigest(domain, hashVoucher(message))),
    signerProofDigest: (message, domain) => bytesToHex(toDigest(domain, hashSignerProof(message))),
    orderClosingDigest: (message, domain) => bytesToHex(toDigest(domain, hashOrderClosing(message))),
    mintAuthorizationDigest: (message, domain) => bytesToHex(toDigest(domain, hashMintAuthorization(message))),
    evolveAuthorizationDigest: (message, domain) => bytesToHex(toDigest(domain, hashEvolveAuthorization(message))),
    leafOf: (receiptId) => {
      writeHex("receiptId", receiptId, leafInput, 0, 32);
      return bytesToHex(keccak(leafInput));
    },
    domainSeparator: (domain) => bytesToHex(separatorOf(domain)),
  };
}

/** The hashing functions on @noble/hashes: synchronous, everywhere. */
export const digester: Digester = createDigester(keccak_256);

export const {
  requestHash,
  orderHash,
  orderDigest,
  receiptId,
  laneId,
  voucherDigest,
  signerProofDigest,
  orderClosingDigest,
  mintAuthorizationDigest,
  evolveAuthorizationDigest,
  leafOf,
  domainSeparator,
} = digester;

import { keccak_256 } from "@noble/hashes/sha3";
import type { Hex } from "viem";
import { bytesToHex, concatBytes, textToBytes, writeHex } from "../lib/bytes.js";
import { WordWriter } from "../lib/words.js";
import {
  type EvolveAuthorization,
  type GenerationRequest,
  type JobOrder,
  type JobReceipt,
  type LaneConfig,
  type MintAuthorization,
  type ModelTotal,
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
  /** Digest that the payer signs to order on the direct rail. */
  orderDigest(order: JobOrder, domain: SettlementDomain): Hex;
  /** `receiptId`: the digest that the worker signs. */
  receiptId(receipt: JobReceipt, domain: SettlementDomain): Hex;
  /** Same as {@link Digester.receiptId}, as 32 bytes. */
  receiptIdBytes(receipt: JobReceipt, domain: SettlementDomain): Uint8Array;
  /** `laneId`: digest of a lane's terms. */
  laneId(lane: LaneConfig, domain: SettlementDomain): Hex;
  /** Digest of a voucher that payer and worker both sign. */
  voucherDigest(voucher: Voucher, domain: SettlementDomain): Hex;
  /** Digest that a hot key signs to agree to its registration. */
  signerProofDigest(proof: SignerProof, domain: SettlementDomain): Hex;
  /** Digest that a worker signs to end a direct order early. Mirrors `GridMessages.hashOrderClosing`. */
  orderClosingDigest(closing: OrderClosing, domain: SettlementDomain): Hex;
  /** Digest that a requester signs to let somebody else submit their mint. */
  mintAuthorizationDigest(authorization: MintAuthorization, domain: NftDomain): Hex;
  /** Digest that an artist or owner signs to let somebody else submit an evolution. */
  evolveAuthorizationDigest(authorization: EvolveAuthorization, domain: NftDomain): Hex;
  /** Merkle leaf of a receipt: keccak256(bytes.concat(receiptId)). */
  leafOf(receiptId: Hex): Hex;
  /** EIP-712 domain separator. */
  domainSeparator(domain: SettlementDomain | NftDomain): Hex;
}

interface Field {
  readonly name: string;
  readonly type: string;
}
type WriteField = (message: Readonly<Record<string, unknown>>, path: string) => void;

/** `Name(type field,...)` of EIP-712, nested structs appended. */
function encodeType(name: string, fields: readonly Field[], nested = ""): string {
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
  const hashTotal = hasherOf<ModelTotal>("ModelTotal", settlementTypes.ModelTotal);
  const hashRequest = hasherOf<GenerationRequest>("GenerationRequest", settlementTypes.GenerationRequest);
  const hashOrder = hasherOf<JobOrder>("JobOrder", settlementTypes.JobOrder);
  const hashReceipt = hasherOf<JobReceipt>("JobReceipt", settlementTypes.JobReceipt);
  const hashLane = hasherOf<LaneConfig>("LaneConfig", settlementTypes.LaneConfig);
  const hashVoucher = hasherOf<Voucher>("Voucher", settlementTypes.Voucher, modelTotalType);
  const hashSignerProof = hasherOf<SignerProof>("SignerProof", settlementTypes.SignerProof);
  const hashOrderClosing = hasherOf<OrderClosing>("OrderClosing", settlementTypes.OrderClosing);
  const hashMintAuthorization = hasherOf<MintAuthorization>("MintAuthorization", nftTypes.MintAuthorization);
  const hashEvolveAuthorization = hasherOf<EvolveAuthorization>("EvolveAuthorization", nftTypes.EvolveAuthorization);

  /** Hasher of a struct: of the hash of its type, and a word for each field. `path` is what stands before a field's name in errors. */
  function hasherOf<Message>(name: string, fields: readonly Field[], nested?: string) {
    const words = new WordWriter(1 + fields.length, typeHash(encodeType(name, fields, nested)));
    const writers = fields.map((field, i) => writerOf(words, i + 1, field));
    return (message: Message, path = ""): Uint8Array => {
      for (const write of writers) write(message as Readonly<Record<string, unknown>>, path);
      return keccak(words.bytes);
    };
  }

  /** Writer of a field by its type. A value that its type cannot hold is refused. */
  function writerOf(words: WordWriter, word: number, { name, type }: Field): WriteField {
    if (type === "address") return (message, path) => words.address(word, path + name, message[name] as never);
    if (type === "bytes32") return (message, path) => words.bytes32(word, path + name, message[name] as never);
    if (type === "string") return (message, path) => text(words, word, path + name, message[name] as never);
    if (type === "ModelTotal[]") {
      return (message) => {
        const rows: readonly ModelTotal[] = message[name] as never;
        words.raw(word, keccak(concatBytes(...rows.map((row, i) => hashTotal(row, `${name}[${i}].`)))));
      };
    }
    const bits = Number(type.slice("uint".length));
    return bits <= 48
      ? (message, path) => words.small(word, path + name, message[name] as never, bits)
      : (message, path) => words.big(word, path + name, message[name] as never, bits as 64 | 128 | 256);
  }

  const domainWords = new WordWriter(
    5,
    typeHash("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
  );

  const digestInput = new Uint8Array(66);
  digestInput[0] = 0x19;
  digestInput[1] = 0x01;
  const leafInput = new Uint8Array(32);

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

  function text(into: WordWriter, word: number, field: string, value: string): void {
    into.raw(word, keccak(textToBytes(value, field)));
  }

  function toDigest(domain: SettlementDomain | NftDomain, structHash: Uint8Array): Uint8Array {
    digestInput.set(separatorOf(domain), 2);
    digestInput.set(structHash, 34);
    return keccak(digestInput);
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

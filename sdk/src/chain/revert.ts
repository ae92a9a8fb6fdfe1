import {
  type Abi,
  AbiDecodingDataSizeTooSmallError,
  AbiDecodingZeroDataError,
  BaseError,
  BlockNotFoundError,
  ContractFunctionRevertedError,
  ContractFunctionZeroDataError,
  decodeErrorResult,
  type Hex,
  HttpRequestError,
  InsufficientFundsError,
  InternalRpcError,
  RawContractError,
  RpcError,
  RpcRequestError,
  SocketClosedError,
  TimeoutError,
  TransactionNotFoundError,
  TransactionReceiptNotFoundError,
  toFunctionSelector,
  UserRejectedRequestError,
  WaitForTransactionReceiptTimeoutError,
  WebSocketRequestError,
} from "viem";
import { errors } from "../generated/used.js";
import { ChainError, type ContractError } from "./errors.js";
import { bareSentences, sentences } from "./sentences.js";

/** Errors of viem for a node's answer, or for one that broke off. Others are thrown before anything is sent. */
const nodeErrors = [
  AbiDecodingDataSizeTooSmallError,
  AbiDecodingZeroDataError,
  BlockNotFoundError,
  ContractFunctionZeroDataError,
  RpcError,
  RpcRequestError,
  SocketClosedError,
  TransactionNotFoundError,
  TransactionReceiptNotFoundError,
  WaitForTransactionReceiptTimeoutError,
  WebSocketRequestError,
] as const;

type AbiError = Extract<Abi[number], { type: "error" }>;

let known: ReadonlyMap<Hex, AbiError> | undefined;

/** Every custom error of the contracts by selector. A contract passes on errors that its own ABI does not list. */
function knownErrors(): ReadonlyMap<Hex, AbiError> {
  if (known) return known;
  known = new Map(errors.map(readError).map((error) => [selectorOf(error), error]));
  return known;
}

/** Reads an error of `Name(type name,type name)`. */
function readError(signature: string): AbiError {
  const [name = "", list = ""] = signature.slice(0, -1).split("(");
  const inputs = list === "" ? [] : list.split(",").map((input) => input.split(" "));
  return { type: "error", name, inputs: inputs.map(([type = "", of = ""]) => ({ type, name: of })) };
}

function selectorOf({ name, inputs }: AbiError): Hex {
  return toFunctionSelector({ type: "function", name, inputs, outputs: [], stateMutability: "view" });
}

/**
 * Reads the data of a revert by the errors of all of the protocol's contracts.
 * @returns Undefined when no contract of the protocol says so.
 */
export function decodeContractError(data: Hex): ContractError | undefined {
  const error = knownErrors().get(data.slice(0, 10).toLowerCase() as Hex);
  if (!error) return undefined;
  try {
    const { args = [] } = decodeErrorResult({ abi: [error], data });
    return { name: error.name, args: namedArguments(error, args as readonly unknown[]) };
  } catch {
    // A selector alone, as `GridNFT_SettlementFailed` passes it on.
    return { name: error.name, args: {} };
  }
}

function namedArguments({ inputs }: AbiError, args: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(inputs.map(({ name }, i) => [name ?? `${i}`, args[i]]));
}

/** A contract's error as a sentence; an error without one of its own is spelt out. */
export function sentenceOf({ name, args }: ContractError): string {
  const own = sentences[name];
  const nameAlone = Object.keys(args).length === 0;
  if (own && (own.length === 0 || !nameAlone)) return own(args);
  if (nameAlone && bareSentences[name]) return bareSentences[name];
  if (name === "GridNFT_SettlementFailed" && !nameAlone) {
    const inner = decodeContractError(args.reason as Hex);
    return `The worker could not be paid: ${inner ? sentenceOf(inner) : `the settlement refused (${args.reason}).`}`;
  }
  const [, contract = "", reason = name] = /^([A-Za-z0-9]+)_(\w+)$/.exec(name) ?? [];
  const words = reason.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  const values = Object.entries(args).map(([key, value]) => `${key} ${value}`);
  return `${contract ? `${contract} refuses` : "The contract refuses"}: ${words}${values.length > 0 ? ` (${values.join(", ")})` : ""}.`;
}

/**
 * Turns whatever viem threw into a {@link ChainError} with a sentence: custom errors of all contracts are decoded, also those
 * that one contract passes on from another. A ChainError comes back as it is.
 *
 * @param transaction Hash, when one was sent.
 *
 * @example
 * const failure = explainRevert(error);
 * if (failure.contractError?.name === "GridSettlement_AccountShort") ...
 */
export function explainRevert(error: unknown, transaction?: Hex): ChainError {
  if (error instanceof ChainError) return error;
  const fail = (code: ChainError["code"], message: string, contractError?: ContractError) =>
    new ChainError(code, message, contractError, transaction, { cause: error });
  // A call of which a transaction is under way was of the right form.
  const unsent = (reason: string): ChainError =>
    transaction
      ? fail("RPC_FAILED", `The chain could not be asked: ${reason}`)
      : fail("CALL_FAILED", `The call could not be made: ${reason}`);
  if (!(error instanceof BaseError)) return unsent(firstLine(error));

  const data = revertData(error);
  const contractError = data && decodeContractError(data);
  if (contractError) return fail("REVERTED", sentenceOf(contractError), contractError);
  if (has(error, UserRejectedRequestError)) return fail("WALLET_REFUSED", "The wallet refused to sign.");
  if (
    has(error, InsufficientFundsError) ||
    /insufficient funds|gas required exceeds allowance/i.test(error.details ?? "")
  ) {
    return fail("GAS_UNPAID", "The account has too little ETH to pay for gas.");
  }
  const reverted = error.walk((cause) => cause instanceof ContractFunctionRevertedError);
  // viem takes each internal error (-32603) for a contract's no. Nodes that answer reverts so say that word, or give data.
  const isOfNode = data === undefined && has(error, InternalRpcError) && !/revert/i.test(error.details);
  if (reverted instanceof ContractFunctionRevertedError && !isOfNode) {
    return fail("REVERTED", `The contract refused: ${reverted.reason ?? reverted.shortMessage}`);
  }
  if (has(error, HttpRequestError) || has(error, TimeoutError)) {
    return fail("RPC_UNREACHABLE", "The chain's RPC does not answer.");
  }
  if (!nodeErrors.some((kind) => has(error, kind))) return unsent(error.shortMessage);
  return fail("RPC_FAILED", `The chain could not be asked: ${isOfNode ? error.details : error.shortMessage}`);
}

/** Raw revert data anywhere in the chain of causes. */
function revertData(error: BaseError): Hex | undefined {
  let data: Hex | undefined;
  error.walk((cause) => {
    if (data) return true;
    if (cause instanceof ContractFunctionRevertedError) data = asData(rawOf(cause) ?? cause.signature);
    else if (cause instanceof RawContractError) data = asData(cause.data);
    else if (cause !== null && typeof cause === "object" && "data" in cause) data = asData(cause.data);
    return data !== undefined;
  });
  return data;
}

/** Data of a revert, where viem keeps it: the oldest version that is admitted does not, and another cause has it. */
function rawOf(error: ContractFunctionRevertedError & { readonly raw?: Hex | undefined }): Hex | undefined {
  return error.raw;
}

function asData(value: unknown): Hex | undefined {
  if (typeof value === "string" && /^0x[0-9a-fA-F]{8,}$/.test(value)) return value as Hex;
  if (value !== null && typeof value === "object" && "data" in value) return asData(value.data);
  return undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: any constructor of an error.
function has(error: BaseError, kind: abstract new (...args: any[]) => Error): boolean {
  return error.walk((cause) => cause instanceof kind) !== null;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}

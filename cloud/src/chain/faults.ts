import {
  AbiDecodingDataSizeTooSmallError,
  AbiDecodingZeroDataError,
  BlockNotFoundError,
  ContractFunctionRevertedError,
  ContractFunctionZeroDataError,
  HttpRequestError,
  RpcError,
  RpcRequestError,
  SocketClosedError,
  TimeoutError,
  WebSocketRequestError,
} from "viem";
import { CloudError } from "../error.ts";

/** Errors of viem by which a node failed to answer, whatever was asked. */
const unanswered = [HttpRequestError, SocketClosedError, TimeoutError, WebSocketRequestError] as const;
/** Errors of viem that come with, or out of, a node's answer. */
const answered = [
  AbiDecodingDataSizeTooSmallError,
  AbiDecodingZeroDataError,
  BlockNotFoundError,
  ContractFunctionRevertedError,
  ContractFunctionZeroDataError,
  RpcError,
  RpcRequestError,
] as const;
/** JSON-RPC: a limit is exceeded, a resource is unavailable. EIP-1474 and common practice. */
const busyCodes = [-32_005, -32_002, 429];

/** Returns true for an error of the chain's node. What a library throws on input before anything is sent is none. */
export function isOfChain(error: unknown): boolean {
  return causesOf(error).some((cause) => [...unanswered, ...answered].some((kind) => cause instanceof kind));
}

/** Returns true if the node gave no answer: it is away, too slow, or says that it has too much to do. */
export function isUnanswered(error: unknown): boolean {
  return causesOf(error).some(
    (cause) =>
      unanswered.some((kind) => cause instanceof kind) ||
      busyCodes.includes((cause as { readonly code?: unknown }).code as number),
  );
}

/** The refusal while the chain is away. */
export function chainUnreachable(cause: unknown): CloudError {
  return new CloudError("CHAIN_UNREACHABLE", "The chain does not answer. Try again in a moment.", {
    cause,
    headers: { "retry-after": "5" },
  });
}

/**
 * Waits for what a node answers.
 * @throws {@link CloudError} `CHAIN_UNREACHABLE` for errors of the node; others are thrown as they are, they are of our own making.
 */
export async function asked<Answer>(question: Promise<Answer>): Promise<Answer> {
  try {
    return await question;
  } catch (error) {
    throw isOfChain(error) ? chainUnreachable(error) : error;
  }
}

function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  for (let current = error; current instanceof Error && causes.length < 10; current = current.cause) {
    causes.push(current);
  }
  return causes;
}

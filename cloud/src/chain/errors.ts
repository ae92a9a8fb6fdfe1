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
import { ApiError } from "../error.ts";

/** Errors of viem for a node that did not answer. */
const unanswered = [HttpRequestError, SocketClosedError, TimeoutError, WebSocketRequestError] as const;
/** Errors of viem for a node's answer. */
const answered = [
  AbiDecodingDataSizeTooSmallError,
  AbiDecodingZeroDataError,
  BlockNotFoundError,
  ContractFunctionRevertedError,
  ContractFunctionZeroDataError,
  RpcError,
  RpcRequestError,
] as const;
/** JSON-RPC codes for an exceeded limit or an unavailable resource, by EIP-1474 and common practice. */
const busyCodes = [-32_005, -32_002, 429];

/** Returns true for an error of the chain's node. Errors that a library throws before it sends anything are none. */
export function isChainError(error: unknown): boolean {
  return causesOf(error).some((cause) => [...unanswered, ...answered].some((kind) => cause instanceof kind));
}

/** Returns true if the node did not answer: it is away, too slow, or overloaded. */
export function isUnanswered(error: unknown): boolean {
  return causesOf(error).some(
    (cause) =>
      unanswered.some((kind) => cause instanceof kind) ||
      busyCodes.includes((cause as { readonly code?: unknown }).code as number),
  );
}

/** Creates the error for a chain that is away. */
export function chainUnreachable(cause: unknown): ApiError {
  return new ApiError("CHAIN_UNREACHABLE", "The chain does not answer. Try again in a moment.", {
    cause,
    headers: { "retry-after": "5" },
  });
}

/**
 * Awaits a node's answer, and maps its errors.
 * @throws {@link ApiError} `CHAIN_UNREACHABLE` for errors of the node; others are thrown as they are, they are of our own making.
 */
export async function withChainErrors<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    throw isChainError(error) ? chainUnreachable(error) : error;
  }
}

function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  for (let current = error; current instanceof Error && causes.length < 10; current = current.cause) {
    causes.push(current);
  }
  return causes;
}

import {
  type Abi,
  AbiDecodingZeroDataError,
  BlockNotFoundError,
  encodeErrorResult,
  encodeFunctionData,
  getAddress,
  HttpRequestError,
  LimitExceededRpcError,
  parseAbi,
  RawContractError,
  RpcRequestError,
  TimeoutError,
} from "viem";
import { describe, expect, it } from "vitest";
import {
  aigcAbi,
  aipgAbi,
  decodeContractError,
  explainRevert,
  gridNftAbi,
  gridSettlementAbi,
  sentenceOf,
  workerRegistryAbi,
} from "../src/index.js";

const errors = [gridNftAbi, gridSettlementAbi, aigcAbi, workerRegistryAbi, aipgAbi]
  .flatMap((abi) => abi as Abi)
  .filter((item) => item.type === "error");

/** A value of each type that errors carry. */
function sample(type: string): unknown {
  if (type === "address") return `0x${"ab".repeat(20)}`;
  if (type === "string") return "field";
  if (type === "bytes4") return "0xdeadbeef";
  if (type === "bytes32") return `0x${"cd".repeat(32)}`;
  const bits = Number(/^uint(\d+)$/.exec(type)?.[1]);
  return bits <= 48 ? 7 : 1_763_164_800n;
}

describe("errors of the contracts", () => {
  it.each(errors.map((error) => [error.name, error] as const))(
    "%s is decoded and becomes a sentence",
    (name, error) => {
      const args = error.inputs.map(({ type }) => sample(type));
      const data = encodeErrorResult({ abi: [error] as Abi, errorName: name, args });
      const decoded = decodeContractError(data);
      expect(decoded?.name).toBe(name);
      const sentence = sentenceOf(decoded ?? { name: "", args: {} });
      expect(sentence).toMatch(/^[A-Z0].*\.$/s);
      expect(sentence).not.toMatch(/undefined|NaN|\[object/);
      // A selector alone, as one contract passes on another's.
      const bare = sentenceOf(decodeContractError(data.slice(0, 10) as `0x${string}`) ?? { name: "", args: {} });
      expect(bare).toMatch(/^[A-Z0].*\.$/s);
      expect(bare).not.toMatch(/undefined|NaN|\[object/);
    },
  );

  it("explains why a settlement inside of a mint failed", () => {
    const reason = encodeErrorResult({ abi: gridSettlementAbi, errorName: "GridSettlement_OrderExpired", args: [7n] });
    const data = encodeErrorResult({
      abi: gridNftAbi,
      errorName: "GridNFT_SettlementFailed",
      args: [0n, reason.slice(0, 10) as `0x${string}`],
    });
    const error = explainRevert(new RawContractError({ data }));
    expect(error).toMatchObject({ code: "REVERTED", contractError: { name: "GridNFT_SettlementFailed" } });
    expect(error.message).toBe("The worker could not be paid: The time in which the order could be settled is over.");
  });

  it("does not claim to know what it does not", () => {
    const data = encodeErrorResult({ abi: parseAbi(["error Strange(uint256 a)"]), errorName: "Strange", args: [1n] });
    expect(decodeContractError(data)).toBeUndefined();
  });

  it("blames the chain for what its node says or leaves unsaid, and for nothing else", () => {
    const abi = parseAbi(["function f(uint256 a)"]);
    const tooLarge = thrownBy(() => encodeFunctionData({ abi, args: [2n ** 256n] }));
    const notAddress = thrownBy(() => getAddress("0x12"));
    for (const error of [tooLarge, notAddress, new TypeError("x is not a function")]) {
      expect(explainRevert(error)).toMatchObject({
        code: "CALL_FAILED",
        message: expect.stringMatching(/^The call could not be made: /),
      });
    }
    expect(explainRevert(tooLarge).message).toContain("is not in safe 256-bit unsigned integer range");
    const body = {};
    const url = "http://node";
    for (const [error, code] of [
      [new HttpRequestError({ body, url }), "RPC_UNREACHABLE"],
      [new TimeoutError({ body, url }), "RPC_UNREACHABLE"],
      [new RpcRequestError({ body, url, error: { code: -32_005, message: "limit" } }), "RPC_FAILED"],
      [new LimitExceededRpcError(new Error("limit")), "RPC_FAILED"],
      [new BlockNotFoundError({ blockNumber: 1n }), "RPC_FAILED"],
      [new AbiDecodingZeroDataError(), "RPC_FAILED"],
    ] as const) {
      expect(explainRevert(error).code).toBe(code);
    }
    // With a transaction under way the call was no mistake.
    expect(explainRevert(new Error("odd"), "0x12").code).toBe("RPC_FAILED");
  });
});

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

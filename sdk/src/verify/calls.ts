import {
  type Abi,
  type AbiFunction,
  type ContractFunctionArgs,
  type ContractFunctionName,
  decodeAbiParameters,
  type Hex,
  toFunctionSelector,
} from "viem";

/** A call found in a transaction's input. */
export interface FoundCall<abi extends Abi, name extends ContractFunctionName<abi>> {
  readonly functionName: name;
  readonly args: ContractFunctionArgs<abi, "nonpayable" | "payable", name>;
  /** True if the transaction itself is the call, false for a call inside of it. */
  readonly isWhole: boolean;
}

/**
 * Calls of given functions anywhere in a transaction's input: the transaction itself, or wrapped by a relayer, a multicall or a
 * smart account. A selector may stand there by chance, so what is found has to be checked by whoever uses it.
 */
export function findCalls<const abi extends Abi, name extends ContractFunctionName<abi>>(
  abi: abi,
  names: readonly name[],
  input: Hex,
): readonly FoundCall<abi, name>[] {
  const hex = input.slice(2).toLowerCase();
  const functions = abi.filter(
    (item): item is AbiFunction => item.type === "function" && (names as readonly string[]).includes(item.name),
  );
  return functions.flatMap((item) => {
    const selector = toFunctionSelector(item).slice(2);
    const found: FoundCall<abi, name>[] = [];
    for (let at = hex.indexOf(selector); at >= 0; at = hex.indexOf(selector, at + 1)) {
      if (at % 2 !== 0) continue;
      try {
        const args = decodeAbiParameters(item.inputs, `0x${hex.slice(at + 8)}`);
        found.push({ functionName: item.name as name, args: args as never, isWhole: at === 0 });
      } catch {
        // The four bytes stood there by chance.
      }
    }
    return found;
  });
}

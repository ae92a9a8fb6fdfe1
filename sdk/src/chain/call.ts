import {
  type Abi,
  type Address,
  type ContractFunctionArgs,
  type ContractFunctionName,
  encodeFunctionData,
  type Hex,
} from "viem";

/** One contract call that changes state. */
export interface ContractCall<
  abi extends Abi = Abi,
  name extends ContractFunctionName<abi, "nonpayable" | "payable"> = ContractFunctionName<
    abi,
    "nonpayable" | "payable"
  >,
> {
  readonly address: Address;
  readonly abi: abi;
  readonly functionName: name;
  readonly args: ContractFunctionArgs<abi, "nonpayable" | "payable", name>;
}

/** A call as EIP-5792's `sendCalls`, ERC-4337 accounts and multisigs take it. */
export interface Call {
  readonly to: Address;
  readonly data: Hex;
  /** Wei; no function of the protocol takes any. */
  readonly value: bigint;
}

/** Checks the arguments of a call by its ABI, and forgets the types. */
export function contractCall<const abi extends Abi, name extends ContractFunctionName<abi, "nonpayable" | "payable">>(
  call: ContractCall<abi, name>,
): ContractCall {
  return call as unknown as ContractCall;
}

/** Encodes calls, in the order in which they have to be made. */
export function toCalls(calls: readonly ContractCall[]): readonly Call[] {
  return calls.map(({ address, abi, functionName, args }) => ({
    to: address,
    data: encodeFunctionData({ abi, functionName, args }),
    value: 0n,
  }));
}

/** Names the account that makes prepared calls. */
export interface Sender {
  /** A smart account, or any other. */
  readonly sender: Address;
}

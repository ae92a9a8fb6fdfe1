import {
  type Abi,
  type Address,
  type Client,
  type ContractEventArgs,
  type ContractEventName,
  type GetContractEventsReturnType,
  type Hex,
  numberToHex,
} from "viem";
import { getContractEvents, getTransaction } from "viem/actions";
import type { Deployment } from "../chain/deployment.js";
import type { SettlementDomain } from "../messages/typedData.js";
import { sentence } from "./check.js";

/** Reads an IPFS file; throws with a sentence when it can't be had. */
export type FetchFile = (cid: string) => Promise<Uint8Array>;

/** Chain that all checks read, and how far. */
export interface Evidence {
  readonly client: Client;
  readonly deployment: Deployment;
  readonly domain: SettlementDomain;
  /** Logs up to this block were read. */
  readonly head: bigint;
}

/** Position of a log. */
export interface LogPlace {
  readonly blockNumber: bigint;
  readonly logIndex: number;
  readonly transactionHash: Hex;
}

/** Returns true if `a` was logged before `b`. */
export function isBefore(a: LogPlace, b: LogPlace): boolean {
  return a.blockNumber === b.blockNumber ? a.logIndex < b.logIndex : a.blockNumber < b.blockNumber;
}

/** Event that is looked for, and the range of blocks. */
export interface EventQuery<abi extends Abi, name extends ContractEventName<abi>> {
  readonly abi: abi;
  readonly address: Address;
  readonly eventName: name;
  readonly args?: ContractEventArgs<abi, name>;
  /** Default: the deployment's start block. */
  readonly fromBlock?: bigint;
  /** Default: the head. */
  readonly toBlock?: bigint;
}

/** Ranges shorter than this aren't halved further: a node that refuses them refuses everything. */
const LEAST_BLOCKS = 500n;

/**
 * Events of a contract, in order. A range that the node finds too long is read in halves.
 * @throws Error when the node does not answer.
 */
export async function eventsOf<const abi extends Abi, name extends ContractEventName<abi>>(
  { client, deployment, head }: Pick<Evidence, "client" | "deployment" | "head">,
  query: EventQuery<abi, name>,
): Promise<GetContractEventsReturnType<abi, name, true>> {
  const { fromBlock = BigInt(deployment.startBlock), toBlock = head, ...filter } = query;
  try {
    return (await getContractEvents(client, {
      ...filter,
      fromBlock,
      toBlock,
      strict: true,
    } as unknown as Parameters<typeof getContractEvents>[1])) as GetContractEventsReturnType<abi, name, true>;
  } catch (cause) {
    if (toBlock - fromBlock < LEAST_BLOCKS) {
      throw new Error(`the node refuses to list logs: ${sentence(cause)}`, { cause });
    }
    const middle = (fromBlock + toBlock) / 2n;
    const first = await eventsOf({ client, deployment, head }, { ...query, fromBlock, toBlock: middle });
    const second = await eventsOf({ client, deployment, head }, { ...query, fromBlock: middle + 1n, toBlock });
    return [...first, ...second] as GetContractEventsReturnType<abi, name, true>;
  }
}

/** Parties and input of a transaction. */
export async function transactionOf(
  client: Client,
  hash: Hex,
): Promise<{ readonly from: Address; readonly to: Address | null; readonly input: Hex }> {
  const { from, to, input } = await getTransaction(client, { hash });
  return { from, to, input };
}

/** A storage slot. viem's action types want a chain; this is one call. */
export async function storageAt(client: Client, address: Address, slot: Hex, block: bigint): Promise<Hex> {
  return (await client.request({
    method: "eth_getStorageAt" as never,
    params: [address, slot, numberToHex(block)] as never,
  })) as Hex;
}

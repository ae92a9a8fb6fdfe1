import { indexedAbis } from "@gridnft/sdk";
import {
  type Abi,
  type AbiEvent,
  type AbiParameter,
  type Address,
  encodeAbiParameters,
  type Hex,
  padHex,
  toEventSelector,
  toHex,
} from "viem";
import { deployment } from "./deployment.ts";

/** A log without its place. */
export interface LoggedEvent {
  readonly address: Address;
  readonly topics: readonly Hex[];
  readonly data: Hex;
}

/** A contract whose events the synthetic chain has. */
export type Emitter = keyof typeof indexedAbis;

interface Shape {
  readonly selector: Hex;
  readonly indexed: readonly string[];
  readonly rest: readonly AbiParameter[];
}

const shapes = new Map<string, Shape>();

/** The log of an event, as the contract would write it. Indexed arguments are integers and addresses. */
export function emit(contract: Emitter, name: string, args: Readonly<Record<string, unknown>>): LoggedEvent {
  const { selector, indexed, rest } = shapeOf(contract, name);
  const given = (argument: string | undefined): unknown => {
    const value = args[argument ?? ""];
    if (value === undefined) throw new Error(`${contract}.${name} lacks ${argument}.`);
    return value;
  };
  return {
    address: deployment.contracts[contract].address,
    topics: [selector, ...indexed.map((argument) => topicOf(given(argument)))],
    data: encodeAbiParameters(
      rest,
      rest.map((input) => given(input.name)),
    ),
  };
}

/** Topic 0 of an event. */
export function selectorOf(contract: Emitter, name: string): Hex {
  return shapeOf(contract, name).selector;
}

function topicOf(value: unknown): Hex {
  if (typeof value === "string") return padHex(value as Hex, { size: 32 });
  return toHex(value as bigint | number, { size: 32 });
}

function shapeOf(contract: Emitter, name: string): Shape {
  const key = `${contract}.${name}`;
  const known = shapes.get(key);
  if (known) return known;
  const event = (indexedAbis[contract] as Abi).find(
    (item): item is AbiEvent => item.type === "event" && item.name === name,
  );
  if (!event) throw new Error(`${contract} has no event ${name}.`);
  const shape = {
    selector: toEventSelector(event),
    indexed: event.inputs.filter((input) => input.indexed).map((input) => input.name ?? ""),
    rest: event.inputs.filter((input) => !input.indexed),
  };
  shapes.set(key, shape);
  return shape;
}

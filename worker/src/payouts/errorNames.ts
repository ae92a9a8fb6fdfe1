import { gridSettlementAbi } from "@gridnft/sdk";
import { type Hex, toFunctionSelector } from "viem";

/** Names of GridSettlement's errors by selector. */
const names: ReadonlyMap<Hex, string> = new Map(
  gridSettlementAbi
    .filter((item) => item.type === "error")
    .map((item) => [toFunctionSelector(`${item.name}(${item.inputs.map(({ type }) => type).join(",")})`), item.name]),
);

/** Name of the error with this selector, or the selector itself. */
export function errorName(selector: Hex): string {
  return names.get(selector) ?? selector;
}

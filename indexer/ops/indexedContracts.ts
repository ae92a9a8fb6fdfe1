import { type Deployment, indexedAbis } from "@gridnft/sdk";

type Name = keyof typeof indexedAbis;

/** Returns the contracts of a deployment for Ponder's configuration. What stands in `more` becomes part of each, and of the build's id. */
export function indexedContracts({ contracts }: Deployment, more: object = {}) {
  const entries = Object.entries(indexedAbis).map(([name, abi]) => {
    return [name, { chain: "grid", abi, ...contracts[name as Name], ...more }];
  });
  return Object.fromEntries(entries) as {
    readonly [name in Name]: Deployment["contracts"][name] & { chain: "grid"; abi: (typeof indexedAbis)[name] };
  };
}

import { deepStrictEqual, strictEqual } from "node:assert/strict";

/** The few expectations that checks need which run in vitest and in a program of their own, where vitest's refuse to. */
export function expect(is: unknown) {
  return {
    toBe: (shall: unknown): void => strictEqual(is, shall),
    toHaveLength: (shall: number): void => strictEqual((is as { readonly length: number }).length, shall),
    /** All that `shall` names is so; there may be more. */
    toMatchObject: (shall: object): void => deepStrictEqual(partOf(is, shall), shall),
  };
}

/** The fields of a value that another one has, too. */
function partOf(is: unknown, shall: unknown): unknown {
  if (typeof is !== "object" || is === null || typeof shall !== "object" || shall === null) return is;
  if (Array.isArray(is) || Array.isArray(shall)) return is;
  return Object.fromEntries(
    Object.entries(shall).map(([name, value]) => [name, partOf((is as { [name: string]: unknown })[name], value)]),
  );
}

/** One receipt, minted twice: only a contract that lies does it, and the first of the two may be in the same series. */
import type { Hex } from "viem";
import { expect, it } from "vitest";
import { mintedBefore, type Twin } from "../src/verify/firstAnchor.ts";
import type { VersionRecord } from "../src/verify/record.ts";

const hash: Hex = `0x${"ab".repeat(32)}`;
const requester: Hex = `0x${"11".repeat(20)}`;
const mint = (blockNumber: bigint) => ({ blockNumber, logIndex: 3, transactionHash: hash });

const record = { receipt: { orderHash: hash, index: 0, requester }, mint: mint(7n), place: 1 } as VersionRecord;
const twin = (block: bigint, place: number): Twin => ({
  ...{ name: `${block}/${place}`, requester, anchorTime: 1, anchorBlock: 1, mint: mint(block), place },
  ...{ orderHash: hash, index: 0 },
});

it.each([
  ["in an earlier mint", twin(6n, 5), true],
  ["in a later mint", twin(8n, 0), false],
  ["earlier in the same series", twin(7n, 0), true],
  ["later in the same series", twin(7n, 2), false],
  ["of another job", { ...twin(6n, 0), index: 1 }, false],
])("a receipt %s", (_, other, isBefore) => {
  expect(mintedBefore([other], record)).toBe(isBefore ? other : undefined);
});

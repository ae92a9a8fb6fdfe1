import { approval, operatorApproval } from "ponder:schema";
import type { Address } from "viem";
import { type EventContext, lower, type Store } from "../../lib/eventContext.ts";

/** Notes who may move one token (ERC-721 `Approval`). */
export async function approveToken(
  db: Store,
  { chainId, time, tx, seq }: EventContext,
  collection: "ARTWORK" | "MODEL",
  args: { readonly owner: Address; readonly approved: Address; readonly tokenId: bigint },
): Promise<void> {
  const told = { owner: lower(args.owner), approved: lower(args.approved), time, tx, seq };
  await db
    .insert(approval)
    .values({ chainId, collection, tokenId: args.tokenId, ...told })
    .onConflictDoUpdate(told);
}

/** Notes who may move all tokens of an owner, or may not any more (ERC-721 `ApprovalForAll`). */
export async function approveOperator(
  db: Store,
  { chainId, time, tx, seq }: EventContext,
  collection: "ARTWORK" | "MODEL",
  args: { readonly owner: Address; readonly operator: Address; readonly approved: boolean },
): Promise<void> {
  const told = { approved: args.approved, time, tx, seq };
  await db
    .insert(operatorApproval)
    .values({ chainId, collection, owner: lower(args.owner), operator: lower(args.operator), ...told })
    .onConflictDoUpdate(told);
}

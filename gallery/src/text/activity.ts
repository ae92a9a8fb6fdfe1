import type { Activity } from "@gridnft/sdk/gallery";

/** Sentences for the kinds of events, without who did it. */
const sentences: Readonly<Partial<Record<string, string>>> = {
  MODEL_REGISTERED: "registered a model",
  MODEL_TRANSFERRED: "gave a model to another account",
  MODEL_CHANGED: "changed a model's terms",
  LICENSE_BOUGHT: "bought a licence",
  SERIES_MINTED: "minted a series",
  SERIES_CHANGED: "changed a series",
  ARTWORK_MINTED: "minted an artwork",
  ARTWORK_TRANSFERRED: "gave an artwork to another account",
  ARTWORK_BURNED: "burnt an artwork",
  EVOLUTION_ANNOUNCED: "announced a new version",
  ARTWORK_EVOLVED: "added a version to an artwork",
  DISPLAY_EDITED: "changed how an artwork is shown",
  DISPLAY_FROZEN: "froze how an artwork is shown",
  DEPOSITED: "deposited AIPG",
  WITHDRAWAL_ANNOUNCED: "announced a withdrawal",
  WITHDRAWAL_CANCELLED: "cancelled a withdrawal",
  WITHDRAWN: "withdrew AIPG",
  SIGNER_ADDED: "added a signing key",
  SIGNER_REVOKED: "revoked a signing key",
  TREASURER_CAP_SET: "set a treasurer's cap",
  LANE_OPENED: "opened a payment lane",
  LANE_TOPPED_UP: "topped up a payment lane",
  LANE_THAW_STARTED: "began to take money out of a lane",
  LANE_THAW_CANCELLED: "left the money in a lane",
  LANE_THAWED: "took money out of a lane",
  LANE_COLLECTED: "collected from a lane",
  RECEIPTS_ANCHORED: "put receipts on chain",
  ORDER_SETTLED: "settled an order",
  ORDER_CANCEL_ANNOUNCED: "announced the end of an order",
  ORDER_CANCELLED: "cancelled an order",
  EARNINGS_CLAIMED: "claimed earnings",
  EARNINGS_MOVED: "moved earnings into the account",
  ROYALTY_CLAIMED: "claimed a model's royalties",
  PROTOCOL_SWEPT: "swept the protocol's fees",
  WORKER_REGISTERED: "registered a worker",
  WORKER_PROFILE_SET: "set a worker's profile",
  BOND_ADDED: "added to a bond",
  UNBOND_ANNOUNCED: "announced the end of a bond",
  UNBOND_CANCELLED: "kept a bond",
  BOND_WITHDRAWN: "took a bond back",
  BOND_SLASHED: "was slashed",
  WORKER_EQUIVOCATED: "signed two receipts for one picture",
  REWARD_CLAIMED: "claimed a reward",
};

/** Returns the sentence for an event; of kinds that this gallery does not know yet, their name in words. */
export function activityOf(kind: Activity["kind"]): string {
  return sentences[kind] ?? kind.toLowerCase().replaceAll("_", " ");
}

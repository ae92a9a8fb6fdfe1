import { formatEther } from "viem";

type Arguments = Readonly<Record<string, unknown>>;

const amount = (wei: unknown): string => (typeof wei === "bigint" ? `${formatEther(wei)} AIPG` : `${wei}`);
const time = (seconds: unknown): string => {
  const date = new Date(Number(seconds) * 1_000);
  return Number.isNaN(date.getTime()) ? `${seconds}` : date.toISOString().replace(".000Z", "Z");
};

/** Meaning of the custom errors that users meet, and what to do. Others are spelt out from their name and arguments. */
export const sentences: Readonly<Record<string, (args: Arguments) => string>> = {
  // GridNFT
  GridNFT_AlreadyMinted: ({ index }) => `Image ${index} of this order is minted already.`,
  GridNFT_NotAnchored: () =>
    "The receipt is not anchored on chain. Either it is not settled (or collected) yet, or its worker's bond was too small then.",
  GridNFT_WrongWorker: ({ anchored }) => `The receipt is anchored by another worker, ${anchored}.`,
  GridNFT_WrongModelHash: ({ modelId }) => `The request names other weights than those of model ${modelId}.`,
  GridNFT_BadCompletionTime: ({ completedAt, anchorTime }) =>
    `The worker's time of completion (${time(completedAt)}) does not fit the anchor's (${time(anchorTime)}).`,
  GridNFT_FeeAboveMax: ({ fee, maxFee }) => `The mint fee is ${amount(fee)}, more than the allowed ${amount(maxFee)}.`,
  GridNFT_BlobTooLarge: ({ size, maxSize }) =>
    `The series takes ${size} bytes, and one holds ${maxSize}. Mint fewer artworks, or with shorter texts.`,
  GridNFT_BadText: ({ field, position }) =>
    `The ${field} has a control character or invalid UTF-8 at byte ${position}.`,
  GridNFT_Paused: () => "Minting is paused.",
  GridNFT_NotAllowed: ({ account, tokenId }) => `${account} may not do this to artwork ${tokenId}.`,
  GridNFT_DoesNotEvolve: ({ tokenId }) => `Artwork ${tokenId} was minted as one that does not evolve.`,
  GridNFT_NotAnnounced: ({ tokenId }) =>
    `The owner of artwork ${tokenId} has not announced this version, or the announcement has run out.`,
  GridNFT_TooEarly: ({ readyAt }) =>
    `This version was announced less than an hour ago; it can be added from ${time(readyAt)}.`,
  GridNFT_WrongVersion: ({ given, next }) => `The authorization is for version ${given}; the next one is ${next}.`,
  GridNFT_UnknownVersion: ({ tokenId, version }) => `Artwork ${tokenId} has no version ${version}.`,
  GridNFT_UnknownSeries: ({ seriesId }) => `There is no series ${seriesId}.`,
  GridNFT_NoCode: ({ account }) => `There is no contract at ${account}.`,
  GridNFT_UnknownSource: ({ index }) => `There is no anchor source ${index}.`,
  GridNFT_ParentImageMismatch: ({ parent, version }) =>
    `The input image of the request is not the image of artwork ${parent}, version ${version}.`,
  GridNFT_AuthorizationExpired: ({ deadline }) => `The authorization ran out at ${time(deadline)}.`,
  GridNFT_AuthorizationForOtherBody: () => "The authorization is for something else than what is submitted.",
  GridNFT_BadSignature: ({ signer }) => `The authorization is not signed by ${signer}.`,
  GridNFT_DisplayLocked: ({ tokenId }) => `What artwork ${tokenId} shows can no longer be edited.`,
  GridNFT_InEscrow: ({ tokenId }) =>
    `Artwork ${tokenId} is in auction, and a bid stands on it: it can't be changed until the auction has ended.`,
  GridNFT_NotArtist: ({ seriesId }) => `Only the artist of series ${seriesId} may do this.`,
  // GridSettlement
  GridSettlement_AccountShort: ({ asked, balance }) =>
    `The payer's account holds ${amount(balance)}, and ${amount(asked)} is needed. Deposit the difference.`,
  GridSettlement_LaneShort: ({ asked, free }) => `The lane holds ${amount(free)}, and ${amount(asked)} is due.`,
  GridSettlement_LaneUnknown: () => "This lane was never opened.",
  GridSettlement_NonceUsed: ({ nonce }) =>
    `An order with number ${nonce} of this payer is settled or cancelled already; of orders with one number only one counts.`,
  GridSettlement_OrderExpired: ({ settleBy }) => `The order could be settled until ${time(settleBy)}.`,
  GridSettlement_OrderSignature: ({ payer }) => `The order is not signed by ${payer} or a key of it.`,
  GridSettlement_ReceiptSignature: ({ position, worker }) =>
    `Receipt ${position} is not signed by worker ${worker} or a key of it.`,
  GridSettlement_ReceiptLate: ({ position, deadline }) =>
    `Image ${position} was completed after the order's deadline, ${time(deadline)}.`,
  GridSettlement_PriceAboveCap: ({ asked, maxPrice }) =>
    `The receipts ask for ${amount(asked)}, and the order allows ${amount(maxPrice)}.`,
  GridSettlement_FeeConfigRefused: ({ feeConfigId }) =>
    `The protocol fee that the order names (${feeConfigId}) is not accepted any more. Ask for a new quote.`,
  GridSettlement_NotAttested: ({ worker }) => `Worker ${worker} has not signed this voucher.`,
  GridSettlement_PayerSignature: () => "The voucher is not signed by the lane's key.",
  GridSettlement_PayerSignerExpired: ({ validUntil }) =>
    `The lane's key is revoked, and its vouchers were good until ${time(validUntil)}.`,
  GridSettlement_AccountNotThawing: () => "No withdrawal is announced. Announce one first.",
  GridSettlement_AccountStillThawing: ({ readyAt }) =>
    `The withdrawal was announced less than an hour ago; it can be made from ${time(readyAt)}.`,
  GridSettlement_ZeroAmount: () => "The amount is 0.",
  GridSettlement_Paused: () => "Deposits and new lanes are paused; what is in can be used and withdrawn.",
  GridSettlement_SignerTaken: ({ signer }) => `Key ${signer} is, or was, registered already. Take a new one.`,
  GridSettlement_BadProof: ({ signer }) => `Key ${signer} has not agreed to this registration.`,
  GridSettlement_NothingEarned: () => "There are no earnings to claim.",
  GridSettlement_ReceiptCount: ({ receipts, count }) =>
    `There are ${receipts} receipts, and the order takes 1 to ${count}.`,
  GridSettlement_OrderIncomplete: ({ receipts, count }) =>
    `There are ${receipts} receipts for ${count} images. Only the worker settles a part of an order, or whoever has its closing.`,
  GridSettlement_ClosingSignature: ({ worker }) =>
    `Worker ${worker}, or a key of it, has not closed the order with just these receipts.`,
  GridSettlement_GraceNotBegun: ({ deadline }) =>
    `A payer can settle a part of an order, for its whole price, only after its deadline, ${time(deadline)}.`,
  GridSettlement_NotPayer: ({ payer, caller }) => `Only payer ${payer} may do this, and ${caller} called.`,
  GridSettlement_AnchorNotWaiting: () =>
    "No anchor waits under this payer and root: the order is not settled, or its receipts are anchored already.",
  GridSettlement_WorkerNotBonded: ({ worker }) =>
    `The active bond of worker ${worker} is below the minimum. Its receipts can be anchored once it has added to it.`,
  GridSettlement_ModelOwnerUnknown: ({ modelId }) => `Model ${modelId} has no owner who could be paid.`,
  GridSettlement_NotModelOwner: ({ modelId, owner }) =>
    `Only ${owner}, the owner of model ${modelId}, may claim what it has earned.`,
  GridSettlement_NoEquivocation: () => "The two receipts do not contradict each other.",
  GridSettlement_ReceiptNotAnchored: ({ position }) =>
    `Receipt ${position} is not anchored by its worker under this proof, or was anchored too long ago. Check the lane, the payer and the proof.`,
  GridSettlement_SignerNotExposed: ({ position, signer }) =>
    `Key ${signer} of receipt ${position} is revoked, and the other receipt is not one of the same key that was anchored while the key counted.`,
  GridSettlement_NotConcerned: ({ position }) =>
    `Only the requester of receipt ${position} may report this fault, or its payer if it was settled directly.`,
  GridSettlement_TransferShort: () => "Less AIPG arrived than was sent.",
  // AIGC
  AIGC_UnknownModel: ({ modelId }) => `There is no model ${modelId}.`,
  AIGC_NotForSale: ({ modelId }) => `No licenses of model ${modelId} are for sale.`,
  AIGC_PriceTooHigh: ({ price, maxPrice }) =>
    `The license costs ${amount(price)}, more than the allowed ${amount(maxPrice)}.`,
  AIGC_PeriodChanged: ({ period }) => `A license period is ${period} seconds now. Look at the terms again.`,
  AIGC_LicenseTooLong: ({ latest }) => `A license can run until ${time(latest)} at most.`,
  AIGC_NotOwner: ({ modelId }) => `Only the owner of model ${modelId} may do this.`,
  // WorkerRegistry
  WorkerRegistry_NotRegistered: ({ worker }) => `${worker} is not a registered worker.`,
  WorkerRegistry_BondTooSmall: ({ minBond }) => `A worker's bond is at least ${amount(minBond)}.`,
  WorkerRegistry_MinBondOutOfRange: ({ least, most }) => `The minimum bond is ${amount(least)} to ${amount(most)}.`,
  WorkerRegistry_MinBondRaisedTooFar: ({ most }) => `A raise of the minimum bond goes to ${amount(most)} at most.`,
  WorkerRegistry_MinBondRaisedTooSoon: ({ from }) => `The minimum bond can't be raised again before ${time(from)}.`,
  // AIPG and ERC-721
  ERC20InsufficientBalance: ({ balance, needed }) =>
    `The account has ${amount(balance)}, and ${amount(needed)} is needed.`,
  ERC20InsufficientAllowance: ({ allowance, needed }) =>
    `The contract is allowed to draw ${amount(allowance)}, and ${amount(needed)} is needed. Approve it first.`,
  ERC2612ExpiredSignature: ({ deadline }) => `The permit ran out at ${time(deadline)}.`,
  EnforcedPause: () => "AIPG transfers are paused.",
  ERC721NonexistentToken: ({ tokenId }) => `There is no token ${tokenId}.`,
  ERC721IncorrectOwner: ({ tokenId }) => `Token ${tokenId} belongs to somebody else.`,
  ERC721InsufficientApproval: ({ operator, tokenId }) => `${operator} may not move token ${tokenId}.`,
};

/** The same for errors of which only the name is known: a mint that settles passes on no more of why it could not. */
export const bareSentences: Readonly<Record<string, string>> = {
  GridSettlement_AccountShort: "The payer's settlement account holds too little AIPG. Deposit the difference.",
  GridSettlement_FeeConfigRefused: "The protocol fee that the order names is not accepted any more.",
  GridSettlement_NonceUsed: "Another order with the same number is settled or cancelled already.",
  GridSettlement_OrderExpired: "The time in which the order could be settled is over.",
  GridSettlement_OrderSignature: "The order is not signed by its payer or a key of it.",
  GridSettlement_OrderIncomplete:
    "There are fewer receipts than images, and only the worker settles a part of an order.",
  GridSettlement_PriceAboveCap: "The receipts ask for more than the order allows.",
  GridSettlement_ReceiptLate: "An image was completed after the order's deadline.",
  GridSettlement_ReceiptSignature: "A receipt is not signed by its worker or a key of it.",
  GridSettlement_SignerRevoked: "A key that signed is revoked.",
};

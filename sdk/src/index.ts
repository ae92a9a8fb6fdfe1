export {
  type AccountState,
  type AllowanceOptions,
  accountState,
  cancelThaw,
  cancelThawCalls,
  type DepositOptions,
  depositAipg,
  depositAipgCalls,
  ensureAllowance,
  ensureAllowanceCalls,
  isNonceUsed,
  type Sender,
  type ThawOptions,
  thawAipg,
  thawAipgCalls,
  withdrawAipg,
  withdrawAipgCalls,
} from "./account.js";
export * from "./actions.js";
export { addressFault, parseAddress } from "./address.js";
export * from "./artworkName.js";
export * from "./body.js";
export * from "./bundle.js";
export * from "./chain/index.js";
export * from "./cid.js";
export * from "./closing.js";
export * from "./cloud/index.js";
export * from "./deployment.js";
export * from "./digest.js";
export * from "./errors.js";
export * from "./evolve.js";
export * from "./extras.js";
export * from "./fast.js";
export * from "./generate.js";
export * from "./generated/abis.js";
export * from "./generated/addresses.js";
export * from "./growingTree.js";
export * from "./image.js";
export * from "./lane.js";
export * from "./license.js";
export * from "./manifest.js";
export * from "./merkle.js";
export * from "./messageJson.js";
export * from "./mint.js";
export * from "./minting.js";
export * from "./order.js";
export * from "./price.js";
export * from "./provenance.js";
export * from "./quote.js";
export * from "./receipt.js";
export * from "./request.js";
export {
  type Anchoring,
  type ClosedSettlement,
  collectVouchers,
  collectVouchersCalls,
  distinctOrders,
  isAnchored,
  type LanePapers,
  type Preparation,
  type Prepared,
  planAnchoring,
  type Settlement,
  settleInGrace,
  settleInGraceCalls,
  settlementOf,
  settleOrders,
  settleOrdersCalls,
  type WaitingAnchor,
} from "./settle.js";
export * from "./signature.js";
export * from "./signer.js";
export * from "./signIn.js";
export * from "./tokenUri.js";
export * from "./typedData.js";
export * from "./verify.js";
export * from "./voucher.js";

// A page's size depends on this order: bundlers keep it, and like code compresses better side by side.

// Chain: calls, transactions, errors, deployments.

export { type Call, type ContractCall, type Sender, toCalls } from "./chain/call.js";
export {
  type ContractName,
  type Deployment,
  deploymentOf,
  type GridContracts,
  gridContracts,
  nftDomainOf,
  parseDeployment,
  settlementDomainOf,
} from "./chain/deployment.js";
export { ChainError, type ChainFailure, type ContractError } from "./chain/errors.js";
export { decodeContractError, explainRevert, sentenceOf } from "./chain/revert.js";
export { type ReadClient, transact, type WalletClient } from "./chain/transact.js";

// AI Cloud API.

export {
  type CloudClient,
  createCloudClient,
  type ModelListing,
  type QuoteQuery,
  type SessionState,
  type Submission,
  type WorkerListing,
} from "./cloud/client.js";
export { CloudError, type CloudFailure, type CloudFailureDetails, PaymentRequiredError } from "./cloud/errors.js";
export type { CallOptions, CloudCall, CloudOptions } from "./cloud/request.js";
export {
  accountResource,
  type MessageSigner,
  modelResource,
  type SignInMessage,
  type SignInOptions,
  signIn,
  signInMessage,
} from "./cloud/signIn.js";
export { isFinal, type WatchOptions } from "./cloud/watch.js";
export {
  createWorkerClient,
  type DeliveryPapers,
  type WorkerClient,
  type WorkerClientOptions,
} from "./cloud/workerClient.js";

// Actions on a viem client.

export { type AccountState, accountState, isNonceUsed } from "./actions/accountState.js";
export { type AllowanceOptions, ensureAllowance, ensureAllowanceCalls } from "./actions/allowance.js";
export {
  type Anchoring,
  type AnchoringSteps,
  type ClosedSettlement,
  isAnchored,
  type LanePapers,
  type Preparation,
  type Prepared,
  planAnchoring,
  type Settlement,
  settlementOf,
  type WaitingAnchor,
} from "./actions/anchoring.js";
export {
  type BondOptions,
  type BondQuery,
  type BondState,
  bondState,
  isBonded,
  postBond,
  postBondCalls,
} from "./actions/bond.js";
export {
  type BundleCheck,
  type BundleSigners,
  bundleDomain,
  bundleFromJson,
  bundleToJson,
  checkBundle,
  type ReceiptBundleJson,
  requireBundle,
} from "./actions/bundle.js";
export { collectVouchers, collectVouchersCalls } from "./actions/collect.js";
export { type DepositOptions, depositAipg, depositAipgCalls } from "./actions/deposit.js";
export {
  announceEvolution,
  announceEvolutionCalls,
  type EvolutionPlan,
  type Evolved,
  type EvolveOptions,
  evolveArtwork,
  evolveArtworkCalls,
  planEvolution,
} from "./actions/evolve.js";
export {
  attestedBundle,
  type GenerateDirect,
  type Generated,
  type GeneratedImage,
  type GenerateGateway,
  type GenerateOptions,
  type GenerateProgress,
  generate,
  mayHaveArrived,
  newIdempotencyKey,
  submitOrders,
  submitToGateway,
} from "./actions/generate.js";
export {
  type GridActions,
  type GridActionsOptions,
  gridActions,
  type PublicGridActions,
  publicGridActions,
  type WalletGridActions,
  walletGridActions,
} from "./actions/gridActions.js";
export {
  type BoughtLicense,
  type BuyLicenseOptions,
  buyLicense,
  buyLicenseCalls,
  type LicenseState,
  type LicenseTerms,
  licenseState,
  licenseTerms,
  type ModelAccess,
  type ModelQuery,
  type ModelUser,
  modelAccess,
  modelUser,
  type SetLicenseTermsOptions,
  type SetModelAccessOptions,
  type SetModelUserOptions,
  setLicenseTerms,
  setLicenseTermsCalls,
  setModelAccess,
  setModelAccessCalls,
  setModelUser,
  setModelUserCalls,
} from "./actions/license.js";
export { authorizeMint, mintSeries, mintSeriesCalls, relayMint, relayMintCalls } from "./actions/mintSeries.js";
export {
  type Minted,
  type MintOptions,
  type MintPlan,
  planMint,
  type SeriesTerms,
  type SignedMint,
} from "./actions/planMint.js";
export {
  type ArtworkState,
  type ArtworkVersion,
  artworkState,
  type Provenance,
  provenanceOf,
  type Series,
  tokensOf,
} from "./actions/provenance.js";
export {
  checkQuote,
  type QuoteExpectation,
  requireModel,
  requireRequest,
  type SignedOrder,
  signQuote,
  toPayment,
} from "./actions/quote.js";
export { settleInGrace, settleInGraceCalls, settleOrders, settleOrdersCalls } from "./actions/settle.js";
export {
  cancelThaw,
  cancelThawCalls,
  type ThawOptions,
  thawAipg,
  thawAipgCalls,
  withdrawAipg,
  withdrawAipgCalls,
} from "./actions/withdraw.js";

// Verification.

export type { FetchFile } from "./verify/chain.js";
export { type Check, type CheckId, type CheckStatus, checkTitles } from "./verify/check.js";
export { ipfsGateway } from "./verify/image.js";
export {
  type Verdict,
  type Verification,
  type VerifiedVersion,
  type VerifyOptions,
  verifyToken,
} from "./verify/verifyToken.js";

// Messages: typed data, hashes, signatures, texts.

export { type ArtworkTitle, artworkName } from "./messages/artworkName.js";
export {
  cidOf,
  type FileBlock,
  type FileHashes,
  fileBlocks,
  fileHashes,
  isFile,
  MAX_RAW_BLOCK,
  parseCid,
  type Sha256,
} from "./messages/cid.js";
export {
  type Digester,
  digester,
  domainSeparator,
  evolveAuthorizationDigest,
  laneId,
  leafOf,
  mintAuthorizationDigest,
  orderClosingDigest,
  orderDigest,
  orderHash,
  receiptId,
  requestHash,
  signerProofDigest,
  voucherDigest,
} from "./messages/digest.js";
export { canonicalJson, decodeExtras, encodeExtras, type Json } from "./messages/extras.js";
export { type GrowingTree, growingTree } from "./messages/growingTree.js";
export { requireCid, requireImage } from "./messages/image.js";
export { hopLane, LANE_HOP, LANE_WORK, MIN_THAW_DELAY, workLane } from "./messages/lane.js";
export { type MerkleTree, type MultiProof, merkleTree, processMultiProof, processProof } from "./messages/merkle.js";
export { type MessageJson, messageFromJson, messageToJson } from "./messages/messageJson.js";
export {
  MODEL_CARD_FILE,
  type ModelCard,
  type ModelFile,
  type ModelManifest,
  modelCard,
  modelManifest,
} from "./messages/modelManifest.js";
export { jobOrder, MAX_COUNT, type OrderTerms, SETTLE_GRACE } from "./messages/order.js";
export { type ClosedOrder, type ClosingExpectation, checkOrderClosing, orderClosing } from "./messages/orderClosing.js";
export { type JobSize, jobPrice, receiptPrice, workOf } from "./messages/price.js";
export {
  checkReceipt,
  engineHash,
  jobReceipt,
  type ReceiptChecker,
  type ReceiptExpectation,
  type ReceiptOutput,
  receiptTree,
  type SignedReceipt,
} from "./messages/receipt.js";
export { ANY_SEED, FIXED_SEED_LIMIT, generationRequest, newSalt, seedAt } from "./messages/request.js";
export {
  normaliseSignature,
  recoverSigner,
  requireCanonical,
} from "./messages/signature.js";
export { SignerRole } from "./messages/signerRole.js";
export {
  type ArtworkMetadata,
  parseTokenUri,
} from "./messages/tokenUri.js";
export {
  type EvolveAuthorization,
  type GenerationRequest,
  type JobOrder,
  type JobReceipt,
  type LaneConfig,
  type MintAuthorization,
  type ModelTotal,
  type NftDomain,
  nftDomain,
  nftTypes,
  type OrderClosing,
  type SettlementDomain,
  type SettlementMessage,
  type SignerProof,
  settlementDomain,
  settlementTypes,
  type Voucher,
} from "./messages/typedData.js";
export {
  MAX_TOTALS,
  mergeTotals,
  nextVoucher,
  type ReceiptsAnchor,
  requireVoucher,
  voucherDelta,
} from "./messages/voucher.js";
export { createFastChecker, createFastDigester, createFastSigner, type FastChecker } from "./messages/wasmChecker.js";

// Bodies of series.

export {
  type Blob,
  type Body,
  type BodyAnchor,
  type BodyArtwork,
  type BodyOrder,
  bodyHash,
  decodeBlob,
  decodeBody,
  EvolutionPolicy,
  encodeBody,
  MAX_ARTWORKS,
  MAX_BLOB,
  MAX_ROYALTY_BPS,
  receiptsOf,
  type SeriesHeader,
} from "./body/body.js";
export {
  composeBody,
  type MintCall,
  type ReceiptAnchor,
  type ReceiptProof,
  type ReceiptToMint,
  receiptProof,
} from "./body/composeBody.js";

// ABIs and addresses.

// Their names follow from contracts/manifest.ts.
export * from "./generated/abis.js";
export { deployments } from "./generated/addresses.js";
export { contractNames, indexedAbis } from "./generated/contracts.js";

// Shared by all of them.

export { addressFault, parseAddress } from "./lib/address.js";
export { GridError, type GridErrorCode } from "./lib/errors.js";
export { type PictureParameters, pngText, readParameters } from "./lib/png.js";
export { WORD_BYTES, WordReader } from "./lib/words.js";

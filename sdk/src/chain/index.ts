export { type Call, type ContractCall, toCalls } from "./call.js";
export * from "./errors.js";
export { decodeContractError, explainRevert, sentenceOf } from "./revert.js";
export { type ReadClient, transact, type WalletClient } from "./transact.js";

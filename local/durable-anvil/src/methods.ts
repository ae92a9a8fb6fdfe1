// JSON-RPC methods by their effect on the chain.

/** Effect of a method: `read` has none, `block` may make a block, `change` alters state or clock only, `refused` can't be replayed. */
export type MethodKind = "read" | "block" | "change" | "refused";

const blocks = new Set([
  "eth_sendTransaction",
  "eth_sendRawTransaction",
  "eth_sendRawTransactionSync",
  "eth_sendTransactionSync",
  "eth_sendUnsignedTransaction",
  "evm_mine",
  "anvil_mine",
  "hardhat_mine",
]);

/** Methods after which a replay would make another chain: blocks that come by themselves, times that nobody chose, state from elsewhere. */
const refused = new Set([
  "evm_mine_detailed",
  "anvil_mine_detailed",
  "anvil_reorg",
  "anvil_reset",
  "hardhat_reset",
  "anvil_loadState",
  "hardhat_loadState",
  "evm_setAutomine",
  "anvil_setAutomine",
  "hardhat_setAutomine",
  "evm_setIntervalMining",
  "anvil_setIntervalMining",
  "anvil_setBlockTimestampInterval",
  "evm_setBlockTimestampInterval",
  "anvil_setChainId",
  "anvil_setRpcUrl",
]);

const reads = new Set([
  "anvil_dumpState",
  "hardhat_dumpState",
  "anvil_getAutomine",
  "hardhat_getAutomine",
  "anvil_getIntervalMining",
  "anvil_getGenesisTime",
  "anvil_metadata",
  "hardhat_metadata",
  "anvil_nodeInfo",
]);

/** Returns a method's kind. Unknown ones of the test interfaces count as changes. */
export function methodKind(method: string): MethodKind {
  if (blocks.has(method)) return "block";
  if (refused.has(method)) return "refused";
  if (reads.has(method) || method.startsWith("anvil_getBlob")) return "read";
  return /^(anvil|hardhat|evm|tenderly)_/.test(method) ? "change" : "read";
}

import { type Address, encodeFunctionData, type Hex } from "viem";
import { aigcAbi, gridNftAbi, gridSettlementAbi, workerRegistryAbi } from "../../sdk/src/index.ts";
import { setCode } from "../fixtures/anvil.ts";
import type { Party } from "../fixtures/chain.ts";
import type { HistoryState } from "./historyState.ts";

const accessManagerAbi = [
  {
    type: "function",
    name: "schedule",
    stateMutability: "nonpayable",
    inputs: [
      { name: "target", type: "address" },
      { name: "data", type: "bytes" },
      { name: "when", type: "uint48" },
    ],
    outputs: [
      { name: "operationId", type: "bytes32" },
      { name: "nonce", type: "uint32" },
    ],
  },
  {
    type: "function",
    name: "execute",
    stateMutability: "payable",
    inputs: [
      { name: "target", type: "address" },
      { name: "data", type: "bytes" },
    ],
    outputs: [{ name: "", type: "uint32" }],
  },
] as const;

const DAY = 86_400;
const ESCROW: Address = "0x000000000000000000000000000000000000e5c0";
/** Code that answers 0 to everything: an escrow in which nobody bids. */
const NO_BIDS: Hex = "0x600060005260206000f3";

/** Every act of governance that leaves a log, with its notice. Between two fee configs lie 7 days, which a history need not have taken. */
export async function govern(state: HistoryState): Promise<void> {
  await state.grid.pass(7 * DAY);
  const { AIGC, GridNFT, GridSettlement, WorkerRegistry } = state.grid.deployment.contracts;
  const treasury = state.collector.address;
  const aigc = { abi: aigcAbi };
  const nft = { abi: gridNftAbi };
  const settlement = { abi: gridSettlementAbi };
  const registry = { abi: workerRegistryAbi };
  const lower = ((await state.owner.grid.registry.read.minBond()) * 9n) / 10n;
  await setCode(state.grid, ESCROW, NO_BIDS);
  await afterNotice(state, state.params, DAY, [
    [AIGC.address, encodeFunctionData({ ...aigc, functionName: "setRegistrationFee", args: [3n * 10n ** 18n] })],
    [AIGC.address, encodeFunctionData({ ...aigc, functionName: "setTreasury", args: [treasury] })],
    [AIGC.address, encodeFunctionData({ ...aigc, functionName: "setContractURI", args: ["ipfs://models"] })],
    [GridNFT.address, encodeFunctionData({ ...nft, functionName: "setMintFee", args: [10n ** 17n, treasury] })],
    [GridNFT.address, encodeFunctionData({ ...nft, functionName: "setContractURI", args: ["ipfs://artworks"] })],
    [GridNFT.address, encodeFunctionData({ ...nft, functionName: "transferOwnership", args: [treasury] })],
    [GridSettlement.address, encodeFunctionData({ ...settlement, functionName: "appendFeeConfig", args: [300] })],
    [GridSettlement.address, encodeFunctionData({ ...settlement, functionName: "setTreasury", args: [treasury] })],
    [WorkerRegistry.address, encodeFunctionData({ ...registry, functionName: "setMinBond", args: [lower] })],
    [WorkerRegistry.address, encodeFunctionData({ ...registry, functionName: "setTreasury", args: [treasury] })],
  ]);
  // Seals come last.
  await afterNotice(state, state.upgrader, 2 * DAY, [
    [GridNFT.address, encodeFunctionData({ ...nft, functionName: "addAnchorSource", args: [WorkerRegistry.address] })],
    [GridNFT.address, encodeFunctionData({ ...nft, functionName: "setEscrow", args: [ESCROW] })],
    [GridNFT.address, encodeFunctionData({ ...nft, functionName: "sealRenderer" })],
    [GridNFT.address, encodeFunctionData({ ...nft, functionName: "sealUpgrades" })],
    [AIGC.address, encodeFunctionData({ ...aigc, functionName: "sealUpgrades" })],
  ]);
  const { guardian, grid } = state;
  await grid.mined(guardian.grid.aigc.write.pause());
  await grid.mined(guardian.grid.nft.write.pause());
  await grid.mined(guardian.grid.settlement.write.pause());
  await afterNotice(state, state.admin, 3 * DAY, [
    [AIGC.address, encodeFunctionData({ ...aigc, functionName: "unpause" })],
    [GridNFT.address, encodeFunctionData({ ...nft, functionName: "unpause" })],
    [GridSettlement.address, encodeFunctionData({ ...settlement, functionName: "unpause" })],
  ]);
}

/** Calls that governance has announced. */
export async function afterNotice(
  { grid }: HistoryState,
  { wallet }: Party,
  notice: number,
  calls: readonly (readonly [target: Hex, data: Hex])[],
): Promise<void> {
  const { address } = grid.deployment.contracts.GridAuthority;
  const authority = { address, abi: accessManagerAbi };
  for (const [target, data] of calls) {
    await grid.mined(wallet.writeContract({ ...authority, functionName: "schedule", args: [target, data, 0] }));
  }
  await grid.pass(notice + 1);
  for (const [target, data] of calls) {
    await grid.mined(wallet.writeContract({ ...authority, functionName: "execute", args: [target, data] }));
  }
}

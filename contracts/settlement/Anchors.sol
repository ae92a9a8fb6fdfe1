// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement} from "../interfaces/IGridSettlement.sol";
import {IWorkerRegistry} from "../interfaces/IWorkerRegistry.sol";
import {CalldataHashes} from "../messages/CalldataHashes.sol";
import {SettlementState, Word} from "./SettlementState.sol";

/// @title Anchors of receipts
/// @notice Word of an anchor: worker 160 bits, time 40, block number 40. An anchor of the direct rail that waits for its
/// worker's bond: worker 160 bits, 40 zeros, number of receipts 32. `confirm` is linked by GridSettlement; rules are on
/// `IGridSettlement`.
library Anchors {
    /// @notice `IGridSettlement.confirmAnchor`.
    function confirm(SettlementState storage state, IWorkerRegistry registry, address payer, bytes32 root) external {
        // Check:
        Word storage anchor = slotOf(state, 0, payer, root);
        (address worker, uint32 receiptCount) = waiting(anchor.bits);
        if (worker == address(0)) revert IGridSettlement.GridSettlement_AnchorNotWaiting(payer, root);
        if (!registry.isBonded(worker)) revert IGridSettlement.GridSettlement_WorkerNotBonded(worker);
        // Effect:
        anchor.bits = stamped(worker);
        emit IGridSettlement.ReceiptsAnchored(0, worker, root, receiptCount);
    }

    /// @dev Slot of an anchor. `laneId` is 0 on the direct rail.
    function slotOf(SettlementState storage state, bytes32 laneId, address payer, bytes32 root)
        internal
        view
        returns (Word storage)
    {
        return state.anchors[CalldataHashes.hashOf(laneId, bytes32(uint256(uint160(payer))), root)];
    }

    /// @dev Word of an anchor of this block.
    function stamped(address worker) internal view returns (uint256) {
        return uint160(worker) | block.timestamp << 160 | block.number << 200;
    }

    /// @dev Word of an anchor that waits.
    function unstamped(address worker, uint256 receiptCount) internal pure returns (uint256) {
        return uint160(worker) | receiptCount << 200;
    }

    /// @dev Fields of a word; zeros for an anchor that waits.
    function read(uint256 bits) internal pure returns (address worker, uint40 time, uint40 blockNumber) {
        // forge-lint: disable-next-line(unsafe-typecast) -- a field of the word
        time = uint40(bits >> 160);
        if (time == 0) return (address(0), 0, 0);
        // forge-lint: disable-next-line(unsafe-typecast) -- the other fields of the word
        return (address(uint160(bits)), time, uint40(bits >> 200));
    }

    /// @dev Fields of a word; zeros for an anchor that doesn't wait.
    function waiting(uint256 bits) internal pure returns (address worker, uint32 receiptCount) {
        // forge-lint: disable-next-line(unsafe-typecast) -- a field of the word
        if (uint40(bits >> 160) != 0) return (address(0), 0);
        // forge-lint: disable-next-line(unsafe-typecast) -- the other fields of the word
        return (address(uint160(bits)), uint32(bits >> 200));
    }
}

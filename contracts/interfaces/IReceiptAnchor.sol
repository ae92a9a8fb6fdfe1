// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Receipt anchor
/// @notice The on-chain record that a Merkle root of receipts was attested by a worker and acknowledged by its payer.
/// One shape for both rails: a lane's anchored root, and the root of the receipts of one directly settled order.
/// @dev A GridNFT reads anchors through this interface only, so a later settlement contract needs nothing else.
interface IReceiptAnchor {
    /// @notice Returns the account that anchored `root`, and the time. Write-once.
    /// @dev Leaves are `keccak256(bytes.concat(receiptId))`, pairs are sorted; the root of a single receipt is its leaf.
    /// Never reverts.
    /// @param laneId 0 for the direct rail, else the lane.
    /// @param payer The payer that acknowledged the receipts (on a lane, the lane's payer).
    /// @param root Merkle root.
    /// @return worker Cold account of the worker that attested the leaves; the zero address when nothing is anchored.
    /// @return time Unix seconds of the anchoring block.
    /// @return blockNumber Number of the anchoring block.
    function anchorOf(bytes32 laneId, address payer, bytes32 root)
        external
        view
        returns (address worker, uint40 time, uint40 blockNumber);
}

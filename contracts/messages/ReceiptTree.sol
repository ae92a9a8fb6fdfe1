// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @title Merkle tree over receipts
/// @notice The tree `@openzeppelin/merkle-tree` builds over leaves in the given order: a complete binary tree of
/// `2n - 1` nodes in an array, leaves reversed at its end, node `i` hashing nodes `2i + 1` and `2i + 2` as a sorted pair.
library ReceiptTree {
    /// @notice Root over `leaves`, at least one. A single leaf is its own root.
    function rootOf(bytes32[] memory leaves) internal pure returns (bytes32) {
        uint256 n = leaves.length;
        if (n == 1) return leaves[0];
        bytes32[] memory tree = new bytes32[](2 * n - 1);
        for (uint256 i; i < n; ++i) {
            tree[2 * n - 2 - i] = leaves[i];
        }
        for (uint256 i = n - 1; i != 0; --i) {
            tree[i - 1] = Hashes.commutativeKeccak256(tree[2 * i - 1], tree[2 * i]);
        }
        return tree[0];
    }
}

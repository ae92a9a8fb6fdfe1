// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import {ReceiptProof} from "../../contracts/interfaces/IGridNFT.sol";

/// @title Receipt trees
/// @dev The complete binary tree of @openzeppelin/merkle-tree over leaves in given order: `2n - 1` nodes, the leaves
/// reversed at the end, node i the hash of 2i+1 and 2i+2.
library NftTree {
    function build(bytes32[] memory leaves) internal pure returns (bytes32[] memory tree) {
        uint256 n = leaves.length;
        tree = new bytes32[](2 * n - 1);
        for (uint256 i; i < n; ++i) {
            tree[2 * n - 2 - i] = leaves[i];
        }
        for (uint256 i = n - 1; i != 0; --i) {
            tree[i - 1] = Hashes.commutativeKeccak256(tree[2 * i - 1], tree[2 * i]);
        }
    }

    function root(bytes32[] memory leaves) internal pure returns (bytes32) {
        return build(leaves)[0];
    }

    /// @notice Plain proof of the leaf at `index`.
    function prove(bytes32[] memory tree, uint256 index) internal pure returns (bytes32[] memory proof) {
        uint256 node = tree.length - 1 - index;
        uint256 size;
        for (uint256 i = node; i != 0; i = (i - 1) / 2) {
            ++size;
        }
        proof = new bytes32[](size);
        for (uint256 i; i < size; ++i) {
            proof[i] = tree[node % 2 == 0 ? node - 1 : node + 1];
            node = (node - 1) / 2;
        }
    }

    /// @notice Multiproof of the leaves at `indices`, ascending, with its flags in bits. The lane is for the caller to set.
    function proveMany(bytes32[] memory tree, uint256[] memory indices) internal pure returns (ReceiptProof memory) {
        uint256[] memory queue = new uint256[](indices.length + tree.length);
        uint256 tail;
        for (uint256 i; i < indices.length; ++i) {
            queue[tail++] = tree.length - 1 - indices[i];
        }
        bytes32[] memory proof = new bytes32[](tree.length);
        bytes memory flags = new bytes(tree.length / 8 + 1);
        uint256 taken;
        uint256 step;
        uint256 head;
        while (head < tail && queue[head] != 0) {
            uint256 node = queue[head++];
            uint256 sibling = node % 2 == 0 ? node - 1 : node + 1;
            if (head < tail && queue[head] == sibling) {
                flags[step / 8] |= bytes1(uint8(0x80 >> (step % 8)));
                ++head;
            } else {
                proof[taken++] = tree[sibling];
            }
            queue[tail++] = (node - 1) / 2;
            ++step;
        }
        uint256 size = (step + 7) / 8;
        assembly ("memory-safe") {
            mstore(proof, taken)
            mstore(flags, size)
        }
        return ReceiptProof(0, proof, flags);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Test} from "forge-std/Test.sol";
import {GridMessages} from "../../contracts/libraries/GridMessages.sol";

/// @notice The golden vectors of `merkle.json` against GridMessages.leafOf and OpenZeppelin's MerkleProof.
contract GoldenMerkleTest is Test {
    string internal json;
    bytes32[] internal leaves;

    function setUp() public {
        json = vm.readFile("test/vectors/merkle.json");
        leaves = vm.parseJsonBytes32Array(json, ".leaves");
    }

    function test_LeavesAreTheVectors() public view {
        bytes32[] memory receiptIds = vm.parseJsonBytes32Array(json, ".receiptIds");
        assertEq(receiptIds.length, leaves.length);
        for (uint256 i; i < leaves.length; ++i) {
            assertEq(GridMessages.leafOf(receiptIds[i]), leaves[i]);
        }
    }

    function test_ProofsLeadToTheRoots() public view {
        uint256 trees;
        for (;; ++trees) {
            string memory at = string.concat(".trees[", vm.toString(trees), "]");
            if (!vm.keyExistsJson(json, at)) break;
            bytes32 root = vm.parseJsonBytes32(json, string.concat(at, ".root"));
            for (uint256 i;; ++i) {
                string memory at2 = string.concat(at, ".proofs[", vm.toString(i), "]");
                if (!vm.keyExistsJson(json, at2)) break;
                bytes32[] memory proof = vm.parseJsonBytes32Array(json, string.concat(at2, ".proof"));
                uint256 index = vm.parseJsonUint(json, string.concat(at2, ".index"));
                assertTrue(MerkleProof.verify(proof, root, leaves[index]), at2);
                assertFalse(MerkleProof.verify(proof, root, keccak256("another")), at2);
            }
        }
        assertGe(trees, 20);
    }

    function test_MultiProofsLeadToTheRoots() public view {
        for (uint256 tree;; ++tree) {
            string memory at = string.concat(".trees[", vm.toString(tree), "]");
            if (!vm.keyExistsJson(json, at)) break;
            bytes32 root = vm.parseJsonBytes32(json, string.concat(at, ".root"));
            for (uint256 i;; ++i) {
                string memory at2 = string.concat(at, ".multiProofs[", vm.toString(i), "]");
                if (!vm.keyExistsJson(json, at2)) break;
                _checkMultiProof(at2, root);
            }
        }
    }

    function _checkMultiProof(string memory at, bytes32 root) internal view {
        uint256[] memory indices = vm.parseJsonUintArray(json, string.concat(at, ".indices"));
        bytes32[] memory proven = new bytes32[](indices.length);
        for (uint256 i; i < indices.length; ++i) {
            proven[i] = leaves[indices[i]];
        }
        assertEq(proven, vm.parseJsonBytes32Array(json, string.concat(at, ".leaves")), at);
        assertTrue(
            MerkleProof.multiProofVerify(
                vm.parseJsonBytes32Array(json, string.concat(at, ".proof")),
                vm.parseJsonBoolArray(json, string.concat(at, ".proofFlags")),
                root,
                proven
            ),
            at
        );
    }
}

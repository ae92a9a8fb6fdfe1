// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Test} from "forge-std/Test.sol";
import {GridMessages} from "../../contracts/messages/GridMessages.sol";
import {ReceiptTree} from "../../contracts/messages/ReceiptTree.sol";

struct RootVector {
    uint256 size;
    bytes32 root;
}

struct ProofVector {
    uint256 size;
    bytes32 root;
    uint256 index;
    bytes32[] proof;
}

struct MultiProofVector {
    uint256 size;
    bytes32 root;
    uint256[] indices;
    bytes32[] leaves;
    bytes32[] proof;
    bool[] proofFlags;
}

/// @notice The golden vectors of `merkle.json` against GridMessages.leafOf, ReceiptTree and OpenZeppelin's MerkleProof.
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

    function test_RootsAreTheVectors() public view {
        RootVector[] memory vectors =
            abi.decode(vm.parseJsonTypeArray(json, ".roots", "RootVector(uint256 size,bytes32 root)"), (RootVector[]));
        assertEq(vectors.length, 12);
        for (uint256 i; i < vectors.length; ++i) {
            bytes32[] memory many = new bytes32[](vectors[i].size);
            for (uint256 j; j < many.length; ++j) {
                many[j] = GridMessages.leafOf(keccak256(abi.encode(j)));
            }
            assertEq(ReceiptTree.rootOf(many), vectors[i].root);
            assertEq(_nodeOf(many, 0), vectors[i].root, "as the interface says");
        }
    }

    /// @dev Node `i` of the tree, by the words of `IGridSettlement.settle`.
    function _nodeOf(bytes32[] memory many, uint256 i) private pure returns (bytes32) {
        if (i >= many.length - 1) return many[2 * many.length - 2 - i];
        (bytes32 a, bytes32 b) = (_nodeOf(many, 2 * i + 1), _nodeOf(many, 2 * i + 2));
        return keccak256(a < b ? abi.encode(a, b) : abi.encode(b, a));
    }

    function test_ProofsLeadToTheRoots() public view {
        ProofVector[] memory vectors = abi.decode(
            vm.parseJsonTypeArray(
                json, ".proofs", "ProofVector(uint256 size,bytes32 root,uint256 index,bytes32[] proof)"
            ),
            (ProofVector[])
        );
        assertGe(vectors.length, 90);
        for (uint256 i; i < vectors.length; ++i) {
            ProofVector memory vector = vectors[i];
            bytes32 leaf = leaves[vector.index];
            assertTrue(MerkleProof.verify(vector.proof, vector.root, leaf));
            assertFalse(MerkleProof.verify(vector.proof, vector.root, keccak256(bytes.concat(leaf))));
        }
    }

    function test_MultiProofsLeadToTheRoots() public view {
        MultiProofVector[] memory vectors = abi.decode(
            vm.parseJsonTypeArray(
                json,
                ".multiProofs",
                "MultiProofVector(uint256 size,bytes32 root,uint256[] indices,bytes32[] leaves,bytes32[] proof,bool[] proofFlags)"
            ),
            (MultiProofVector[])
        );
        assertGe(vectors.length, 90);
        for (uint256 i; i < vectors.length; ++i) {
            MultiProofVector memory vector = vectors[i];
            assertEq(vector.leaves.length, vector.indices.length);
            for (uint256 j; j < vector.indices.length; ++j) {
                assertEq(vector.leaves[j], leaves[vector.indices[j]]);
            }
            assertTrue(MerkleProof.multiProofVerify(vector.proof, vector.proofFlags, vector.root, vector.leaves));
            vector.leaves[0] = keccak256("another");
            assertFalse(MerkleProof.multiProofVerify(vector.proof, vector.proofFlags, vector.root, vector.leaves));
        }
    }
}

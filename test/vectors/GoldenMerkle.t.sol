// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Test} from "forge-std/Test.sol";
import {GridMessages} from "../../contracts/libraries/GridMessages.sol";

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

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {Test} from "forge-std/Test.sol";

import {ReceiptOutput} from "../../contracts/interfaces/IGridSettlement.sol";
import {CalldataMessages} from "../../contracts/libraries/CalldataMessages.sol";
import {
    GridMessages,
    JobOrder,
    JobReceipt,
    LaneConfig,
    ModelTotal,
    Voucher
} from "../../contracts/libraries/GridMessages.sol";
import {ReceiptTree} from "../../contracts/libraries/ReceiptTree.sol";
import {SplitMath} from "../../contracts/libraries/SplitMath.sol";

/// @notice Splits, digests and trees over random inputs.
contract SettlementMath is Test {
    // ---------------------------------------------------------------- splits

    function testFuzz_SharesAddUpAndKeepToTheirRates(uint128 gross, uint16 protocolBps, uint16 royaltyBps)
        external
        pure
    {
        (protocolBps, royaltyBps) = _rates(protocolBps, royaltyBps);
        (uint256 toWorker, uint256 royalty, uint256 fee) = SplitMath.split(gross, protocolBps, royaltyBps);
        assertEq(toWorker + royalty + fee, gross, "to the wei");
        assertGe(toWorker * 10_000, uint256(gross) * 7000, "never more than 30% cut");
        assertLe(royalty, uint256(gross) * royaltyBps / 10_000);
        assertApproxEqAbs(royalty, uint256(gross) * royaltyBps / 10_000, 1);
        assertApproxEqAbs(fee, uint256(gross) * protocolBps / 10_000, 1);
        if (royaltyBps == 0) assertEq(royalty, 0);
        if (protocolBps == 0) assertEq(fee, 0);
    }

    function testFuzz_NoShareShrinks(uint128 gross, uint128 more, uint16 protocolBps, uint16 royaltyBps) external pure {
        (protocolBps, royaltyBps) = _rates(protocolBps, royaltyBps);
        gross = uint128(bound(gross, 0, type(uint128).max - 1));
        more = uint128(bound(more, 1, type(uint128).max - gross));
        (uint256 w0, uint256 r0, uint256 p0) = SplitMath.split(gross, protocolBps, royaltyBps);
        (uint256 w1, uint256 r1, uint256 p1) = SplitMath.split(uint256(gross) + more, protocolBps, royaltyBps);
        assertGe(w1, w0);
        assertGe(r1, r0);
        assertGe(p1, p0);
    }

    /// @dev Wei by wei, where two independent floors would make the worker's share fall.
    function testFuzz_NoShareShrinksByOneWei(uint16 start, uint16 protocolBps, uint16 royaltyBps) external pure {
        (protocolBps, royaltyBps) = _rates(protocolBps, royaltyBps);
        for (uint256 n = start; n < uint256(start) + 50; ++n) {
            (uint256 w, uint256 r, uint256 p) = SplitMath.growth(n, n + 1, protocolBps, royaltyBps);
            assertEq(w + r + p, 1);
        }
    }

    function testFuzz_ManyStepsGiveWhatOneGives(uint128[8] memory steps, uint16 protocolBps, uint16 royaltyBps)
        external
        pure
    {
        (protocolBps, royaltyBps) = _rates(protocolBps, royaltyBps);
        uint256[4] memory sums; // worker, royalty, fee, gross
        for (uint256 i; i < 8; ++i) {
            uint256 next = sums[3] + bound(steps[i], 0, type(uint96).max);
            (uint256 w, uint256 r, uint256 p) = SplitMath.growth(sums[3], next, protocolBps, royaltyBps);
            (sums[0], sums[1], sums[2], sums[3]) = (sums[0] + w, sums[1] + r, sums[2] + p, next);
        }
        (uint256 toWorker, uint256 royalty, uint256 fee) = SplitMath.split(sums[3], protocolBps, royaltyBps);
        assertEq(sums[0], toWorker);
        assertEq(sums[1], royalty);
        assertEq(sums[2], fee);
    }

    // ---------------------------------------------------------------- digests

    function testFuzz_CalldataHashesEqualMemoryHashes(
        JobOrder memory order,
        JobReceipt memory receipt,
        LaneConfig memory lane,
        Voucher memory voucher
    ) external view {
        assertEq(this.hashOrder(order), GridMessages.hashOrder(order), "order");
        assertEq(this.hashReceipt(receipt), GridMessages.hashReceipt(receipt), "receipt");
        assertEq(this.hashLane(lane), GridMessages.hashLane(lane), "lane");
        assertEq(this.hashVoucher(voucher), GridMessages.hashVoucher(voucher), "voucher");
    }

    function test_VoucherHashesOfEveryLength() external view {
        for (uint256 n; n <= 16; ++n) {
            Voucher memory voucher;
            voucher.laneId = keccak256("lane");
            voucher.receiptCount = uint32(n);
            voucher.totals = new ModelTotal[](n);
            for (uint256 i; i < n; ++i) {
                voucher.totals[i] = ModelTotal(i * 3, uint128(n));
            }
            assertEq(this.hashVoucher(voucher), GridMessages.hashVoucher(voucher));
        }
    }

    function testFuzz_ReceiptsBuiltFromOrdersEqualWholeReceipts(
        JobOrder memory order,
        ReceiptOutput memory first,
        ReceiptOutput memory second
    ) external view {
        bytes32 orderHash = GridMessages.hashOrder(order);
        bytes32[2] memory hashes = this.hashOutputs(order, first, second);
        assertEq(hashes[0], GridMessages.hashReceipt(_receipt(orderHash, order, first)));
        assertEq(hashes[1], GridMessages.hashReceipt(_receipt(orderHash, order, second)));
    }

    // ---------------------------------------------------------------- trees

    function testFuzz_EveryLeafIsProven(bytes32 seed, uint256 n) external pure {
        n = bound(n, 1, 70);
        bytes32[] memory leaves = new bytes32[](n);
        for (uint256 i; i < n; ++i) {
            leaves[i] = keccak256(abi.encode(seed, i));
        }
        bytes32 root = ReceiptTree.rootOf(leaves);
        for (uint256 i; i < n; ++i) {
            assertTrue(MerkleProof.verify(_proofOf(leaves, i), root, leaves[i]));
        }
        assertFalse(MerkleProof.verify(_proofOf(leaves, 0), root, keccak256("not in it")));
    }

    function test_SmallTrees() external pure {
        bytes32[] memory leaves = new bytes32[](3);
        (leaves[0], leaves[1], leaves[2]) = (bytes32(uint256(1)), bytes32(uint256(2)), bytes32(uint256(3)));
        // nodes: [root, h, leaf0 | leaf2, leaf1] with h over the last two
        bytes32 inner = Hashes.commutativeKeccak256(leaves[2], leaves[1]);
        assertEq(ReceiptTree.rootOf(leaves), Hashes.commutativeKeccak256(inner, leaves[0]));
    }

    // ---------------------------------------------------------------- help

    function hashOrder(JobOrder calldata order) external pure returns (bytes32) {
        return CalldataMessages.hashOrder(order);
    }

    function hashReceipt(JobReceipt calldata receipt) external pure returns (bytes32) {
        return CalldataMessages.hashReceipt(receipt);
    }

    function hashLane(LaneConfig calldata lane) external pure returns (bytes32) {
        return CalldataMessages.hashLane(lane);
    }

    function hashVoucher(Voucher calldata voucher) external pure returns (bytes32) {
        return CalldataMessages.hashVoucher(voucher);
    }

    function hashOutputs(JobOrder calldata order, ReceiptOutput calldata first, ReceiptOutput calldata second)
        external
        pure
        returns (bytes32[2] memory hashes)
    {
        bytes32[13] memory words = CalldataMessages.beginReceipts(order, CalldataMessages.hashOrder(order));
        hashes[0] = CalldataMessages.hashReceiptOf(words, first);
        hashes[1] = CalldataMessages.hashReceiptOf(words, second);
    }

    function _rates(uint16 protocolBps, uint16 royaltyBps) private pure returns (uint16, uint16) {
        return (uint16(bound(protocolBps, 0, 1000)), uint16(bound(royaltyBps, 0, 2000)));
    }

    function _receipt(bytes32 orderHash, JobOrder memory order, ReceiptOutput memory output)
        private
        pure
        returns (JobReceipt memory)
    {
        return JobReceipt({
            orderHash: orderHash,
            index: output.index,
            requester: order.requester,
            worker: order.worker,
            modelId: order.modelId,
            requestHash: order.requestHash,
            seed: output.seed,
            engineHash: output.engineHash,
            imageHash: output.imageHash,
            cidDigest: output.cidDigest,
            completedAt: output.completedAt,
            price: output.price
        });
    }

    /// @dev An independent walk up the tree: node i's sibling is i - 1 for even i, i + 1 for odd.
    function _proofOf(bytes32[] memory leaves, uint256 index) private pure returns (bytes32[] memory proof) {
        uint256 n = leaves.length;
        bytes32[] memory tree = new bytes32[](2 * n - 1);
        for (uint256 i = 2 * n - 1; i != 0; --i) {
            uint256 node = i - 1;
            tree[node] = node >= n - 1
                ? leaves[2 * n - 2 - node]
                : Hashes.commutativeKeccak256(tree[2 * node + 1], tree[2 * node + 2]);
        }
        uint256 length;
        for (uint256 node = 2 * n - 2 - index; node != 0; node = (node - 1) / 2) {
            ++length;
        }
        proof = new bytes32[](length);
        length = 0;
        for (uint256 node = 2 * n - 2 - index; node != 0; node = (node - 1) / 2) {
            proof[length++] = tree[node % 2 == 0 ? node - 1 : node + 1];
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {Test} from "forge-std/Test.sol";

import {ReceiptOutput} from "../../contracts/interfaces/IGridSettlement.sol";
import {CalldataHashes} from "../../contracts/messages/CalldataHashes.sol";
import {
    GridMessages,
    JobOrder,
    JobReceipt,
    LaneConfig,
    ModelTotal,
    Voucher
} from "../../contracts/messages/GridMessages.sol";
import {EcdsaCalldata} from "../../contracts/messages/EcdsaCalldata.sol";
import {ReceiptTree} from "../../contracts/messages/ReceiptTree.sol";
import {SplitMath} from "../../contracts/settlement/SplitMath.sol";

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
        // nodes: root, inner, leaf 2, leaf 1, leaf 0
        bytes32 inner = Hashes.commutativeKeccak256(leaves[1], leaves[0]);
        assertEq(ReceiptTree.rootOf(leaves), Hashes.commutativeKeccak256(inner, leaves[2]));
    }

    // ---------------------------------------------------------------- signatures

    function testFuzz_EcdsaCalldataIsOpenZeppelins(uint256 key, bytes32 digest, bytes memory other) external view {
        key = bound(key, 1, SECP256K1_ORDER - 1);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        bytes memory signature = abi.encodePacked(r, s, v);
        assertEq(this.recover(digest, signature), vm.addr(key));
        bytes32 high = bytes32(SECP256K1_ORDER - uint256(s));
        _same(digest, abi.encodePacked(r, high, v), address(0));
        _same(digest, abi.encodePacked(r, high, v ^ 7), address(0)); // the same point
        _same(digest, abi.encodePacked(r, s, v - 27), address(0));
        _same(digest, abi.encodePacked(signature, uint8(0)), address(0));
        _same(digest, abi.encodePacked(r, s), address(0));
        _same(digest, abi.encodePacked(bytes32(0), s, v), address(0));
        _same(digest, other, this.recover(digest, other));
    }

    function testFuzz_AnySixtyFiveBytesGiveOpenZeppelinsSigner(bytes32 digest, bytes32 r, bytes32 s, uint8 v)
        external
        view
    {
        _same(digest, abi.encodePacked(r, s, v), this.recover(digest, abi.encodePacked(r, s, v)));
        v = uint8(27 + v % 2);
        s = bytes32(uint256(s) % (SECP256K1_ORDER / 2 + 2));
        _same(digest, abi.encodePacked(r, s, v), this.recover(digest, abi.encodePacked(r, s, v)));
    }

    /// @dev The greatest s that counts, and the least that doesn't.
    function testFuzz_TheHalfOrderIsTheBorder(bytes32 digest, bytes32 r, bool odd) external view {
        uint8 v = odd ? 28 : 27;
        uint256 half = SECP256K1_ORDER / 2;
        bytes memory atBorder = abi.encodePacked(r, half, v);
        _same(digest, atBorder, ecrecover(digest, v, r, bytes32(half)));
        _same(digest, abi.encodePacked(r, half + 1, v), address(0));
    }

    /// @dev Thrift must not make a good signature a bad one: a batch would skip what was paid for.
    function testFuzz_ShortGasRevertsInsteadOfRefusing(uint256 key, bytes32 digest, uint16 gas) external view {
        key = bound(key, 1, SECP256K1_ORDER - 1);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        try this.recover{gas: gas}(digest, abi.encodePacked(r, s, v)) returns (address signer) {
            assertEq(signer, vm.addr(key));
        } catch (bytes memory reason) {
            assertEq(reason, "");
        }
    }

    // ---------------------------------------------------------------- help

    function recover(bytes32 digest, bytes calldata signature) external view returns (address) {
        return EcdsaCalldata.recover(digest, signature);
    }

    function recoverOfOpenZeppelin(bytes32 digest, bytes calldata signature) external pure returns (address signer) {
        (signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
    }

    function _same(bytes32 digest, bytes memory signature, address expected) private view {
        assertEq(this.recoverOfOpenZeppelin(digest, signature), expected);
        assertEq(this.recover(digest, signature), expected);
    }

    function hashOrder(JobOrder calldata order) external pure returns (bytes32) {
        return CalldataHashes.hashOrder(order);
    }

    function hashReceipt(JobReceipt calldata receipt) external pure returns (bytes32) {
        return CalldataHashes.hashReceipt(receipt);
    }

    function hashLane(LaneConfig calldata lane) external pure returns (bytes32) {
        return CalldataHashes.hashLane(lane);
    }

    function hashVoucher(Voucher calldata voucher) external pure returns (bytes32) {
        return CalldataHashes.hashVoucher(voucher);
    }

    function hashOutputs(JobOrder calldata order, ReceiptOutput calldata first, ReceiptOutput calldata second)
        external
        pure
        returns (bytes32[2] memory hashes)
    {
        bytes32[13] memory words =
            CalldataHashes.beginReceipts(order, CalldataHashes.hashOrder(order), order.requester, order.worker);
        hashes[0] = CalldataHashes.hashReceiptOf(words, first);
        hashes[1] = CalldataHashes.hashReceiptOf(words, second);
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

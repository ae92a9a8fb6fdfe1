// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AnchorProof, IGridSettlement, Settlement} from "../../contracts/interfaces/IGridSettlement.sol";
import {GridMessages, JobOrder, JobReceipt, LaneConfig, Voucher} from "../../contracts/libraries/GridMessages.sol";
import {ReceiptTree} from "../../contracts/libraries/ReceiptTree.sol";
import {SignerRoles} from "../../contracts/libraries/SignerRoles.sol";
import {SettlementBase} from "./SettlementBase.sol";

/// @notice A bonded worker whose hot key signed two images for one job, and ways to anchor and report them.
abstract contract SlashingBase is SettlementBase {
    JobReceipt internal _a;
    JobReceipt internal _b;
    LaneConfig internal _config;
    bytes32 internal _lane;
    uint256 internal _revokedAt;

    function setUp() public virtual override {
        super.setUp();
        _bond(worker.addr, BOND);
        _addSigner(worker.addr, workerSigner, SignerRoles.WORKER_SIGNER);
        _config = _laneConfig();
        _lane = _open(_config, FUNDS);
        _deposit(payer.addr, FUNDS);
        _a = _receipt(_settlement(1, 1), 0);
        _b = _receipt(_settlement(1, 1), 0);
        _b.imageHash = keccak256("another image");
    }

    // ---------------------------------------------------------------- anchors

    /// @dev Settles an order of `count` images, each signed by `by`. `_a` is the receipt of image `index`, `_b` another
    /// image for it.
    function _settleDirect(uint32 count, uint32 index, Person memory by) internal returns (AnchorProof memory) {
        JobOrder memory order = _order();
        order.count = count;
        order.maxPrice = uint128(count) * 1e18;
        Settlement memory item = _settlementOf(order, payer, by);
        settlement.settle(item);
        _a = _receipt(item, index);
        _b = _receipt(item, index);
        _b.imageHash = keccak256("another image");
        bytes32[] memory leaves = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            leaves[i] = GridMessages.leafOf(_receiptDigest(_receipt(item, i)));
        }
        return AnchorProof({laneId: 0, payer: payer.addr, proof: _proofOf(leaves, index)});
    }

    /// @dev Collects a voucher with the root of `count` receipts, of which `receipt` is the one at `index`.
    function _anchorOnLane(JobReceipt memory receipt, uint256 count, uint256 index)
        internal
        returns (AnchorProof memory)
    {
        bytes32[] memory leaves = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            leaves[i] = keccak256(abi.encode("another receipt", i));
        }
        leaves[index] = GridMessages.leafOf(_receiptDigest(receipt));
        Voucher memory voucher = _voucher(_lane, MODEL, 1e18, ReceiptTree.rootOf(leaves));
        bytes memory signature = _sign(payer, _voucherDigest(voucher));
        vm.prank(worker.addr);
        settlement.collect(_config, voucher, signature, "");
        return AnchorProof({laneId: _lane, payer: payer.addr, proof: _proofOf(leaves, index)});
    }

    function _swap() internal {
        (JobReceipt memory a, JobReceipt memory b) = (_a, _b);
        (_a, _b) = (b, a);
    }

    function _none() internal pure returns (AnchorProof memory proof) {}

    // ---------------------------------------------------------------- keys and reports

    function _revoke() internal {
        vm.prank(worker.addr);
        settlement.revokeSigner(workerSigner.addr);
        _revokedAt = block.timestamp;
    }

    function _report(
        address caller,
        Person memory byA,
        AnchorProof memory proofA,
        Person memory byB,
        AnchorProof memory proofB
    ) internal returns (uint128) {
        (bytes memory signatureA, bytes memory signatureB) = _signatures(byA, byB);
        vm.prank(caller);
        return settlement.slashRevokedSigner(_a, signatureA, proofA, _b, signatureB, proofB);
    }

    function _expectRefused(
        address caller,
        Person memory byA,
        AnchorProof memory proofA,
        Person memory byB,
        AnchorProof memory proofB,
        bytes memory reason
    ) internal {
        (bytes memory signatureA, bytes memory signatureB) = _signatures(byA, byB);
        vm.prank(caller);
        vm.expectRevert(reason);
        settlement.slashRevokedSigner(_a, signatureA, proofA, _b, signatureB, proofB);
    }

    /// @dev The entry for keys that count still.
    function _reportLive(address caller, Person memory byA, Person memory byB) internal returns (uint128) {
        (bytes memory signatureA, bytes memory signatureB) = _signatures(byA, byB);
        vm.prank(caller);
        return settlement.slashEquivocation(_a, signatureA, _b, signatureB);
    }

    function _expectLiveRefused(Person memory byA, Person memory byB, bytes memory reason) internal {
        (bytes memory signatureA, bytes memory signatureB) = _signatures(byA, byB);
        vm.prank(stranger);
        vm.expectRevert(reason);
        settlement.slashEquivocation(_a, signatureA, _b, signatureB);
    }

    function _signatures(Person memory byA, Person memory byB) private view returns (bytes memory, bytes memory) {
        return (_sign(byA, _receiptDigest(_a)), _sign(byB, _receiptDigest(_b)));
    }

    function _notExposed(uint256 position, Person memory by) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IGridSettlement.GridSettlement_SignerNotExposed.selector, position, by.addr);
    }

    function _notConcerned(uint256 position, address caller) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IGridSettlement.GridSettlement_NotConcerned.selector, position, caller);
    }

    function _notItsSignature(uint256 position, Person memory by) internal view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_ReceiptSignature.selector, position, _a.worker, by.addr
            );
    }
}

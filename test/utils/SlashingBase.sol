// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {AnchorProof, IGridSettlement, Settlement} from "../../contracts/interfaces/IGridSettlement.sol";
import {GridMessages, JobOrder, JobReceipt, LaneConfig, Voucher} from "../../contracts/messages/GridMessages.sol";
import {ReceiptTree} from "../../contracts/messages/ReceiptTree.sol";
import {SignerRoles} from "../../contracts/settlement/SignerRoles.sol";
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

    /// @dev A lane of `owner`'s to the same worker, with `receipt` as the root itself: nothing shows what it is. Attested by
    /// the counter-signature of one of the worker's keys.
    function _anchorOnLaneOf(Person memory owner, JobReceipt memory receipt, Person memory by)
        internal
        returns (AnchorProof memory)
    {
        LaneConfig memory config = _laneConfig();
        (config.payer, config.payerSigner) = (owner.addr, owner.addr);
        bytes32 lane = _open(config, 1);
        Voucher memory voucher = _voucher(lane, MODEL, 1, GridMessages.leafOf(_receiptDigest(receipt)));
        bytes memory signature = _sign(owner, _voucherDigest(voucher));
        bytes memory counter = _sign(by, _voucherDigest(voucher));
        vm.prank(owner.addr);
        settlement.collect(config, voucher, signature, counter);
        return AnchorProof({laneId: lane, payer: owner.addr, proof: new bytes32[](0)});
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

    /// @dev `a` signed by `byA` and `b` by `byB`, each with the proof of its anchor, if it has one.
    function _report(
        address caller,
        Person memory byA,
        AnchorProof memory proofA,
        Person memory byB,
        AnchorProof memory proofB
    ) internal returns (uint128) {
        (bytes memory signatureA, bytes memory signatureB) = _signatures(byA, byB);
        vm.prank(caller);
        return settlement.slashAnchored(_a, signatureA, proofA, _b, signatureB, proofB);
    }

    /// @dev Both receipts are anchored, and nobody shows who signed them.
    function _report(address caller, AnchorProof memory proofA, AnchorProof memory proofB) internal returns (uint128) {
        vm.prank(caller);
        return settlement.slashAnchored(_a, "", proofA, _b, "", proofB);
    }

    /// @dev By the worker, its customers and somebody else: whoever reports.
    function _expectRefused(
        Person memory byA,
        AnchorProof memory proofA,
        Person memory byB,
        AnchorProof memory proofB,
        bytes memory reason
    ) internal {
        address[4] memory callers = [stranger, payer.addr, requester.addr, worker.addr];
        for (uint256 i; i < callers.length; ++i) {
            _expectRefused(callers[i], byA, proofA, byB, proofB, reason);
        }
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
        settlement.slashAnchored(_a, signatureA, proofA, _b, signatureB, proofB);
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

    // ---------------------------------------------------------------- reasons

    function _notAnchored(uint256 position, AnchorProof memory proof) internal view returns (bytes memory) {
        bytes32 leaf = GridMessages.leafOf(_receiptDigest(position == 0 ? _a : _b));
        return abi.encodeWithSelector(
            IGridSettlement.GridSettlement_ReceiptNotAnchored.selector,
            position,
            MerkleProof.processProof(proof.proof, leaf)
        );
    }

    function _notExposed(uint256 position, Person memory by) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IGridSettlement.GridSettlement_SignerNotExposed.selector, position, by.addr);
    }

    function _notConcerned(uint256 position, address caller) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IGridSettlement.GridSettlement_NotConcerned.selector, position, caller);
    }

    function _alreadySlashed() internal view returns (bytes memory) {
        return abi.encodeWithSelector(
            IGridSettlement.GridSettlement_AlreadySlashed.selector, worker.addr, _a.orderHash, _a.index
        );
    }

    function _notItsSignature(uint256 position, Person memory by) internal view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_ReceiptSignature.selector, position, _a.worker, by.addr
            );
    }
}

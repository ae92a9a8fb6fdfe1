// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AnchorProof, IGridSettlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {IWorkerRegistry} from "../../../contracts/interfaces/IWorkerRegistry.sol";
import {GridMessages} from "../../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../../contracts/settlement/SignerRoles.sol";
import {SlashingBase} from "../../utils/SlashingBase.sol";

contract SettlementSlashAnchored is SlashingBase {
    AnchorProof private _proofA;
    AnchorProof private _proofB;
    uint256 private _anchoredAt;

    function setUp() public override {
        super.setUp();
        _proofA = _anchorOnLane(_a, 5, 4);
        _proofB = _anchorOnLaneOf(thief, _b, workerSigner);
        _anchoredAt = block.timestamp;
        skip(2 days);
    }

    function test_RevertWhen_TheReceiptsDoNotContradictEachOther() external {
        _b.imageHash = _a.imageHash;
        bytes memory reason = abi.encodeWithSelector(IGridSettlement.GridSettlement_NoEquivocation.selector);
        _expectRefused(worker, _proofA, worker, _none(), reason);
    }

    function test_RevertGiven_TheFaultWasPaidFor() external {
        _report(stranger, _proofA, _proofB);
        _expectRefused(worker, _proofA, worker, _proofB, _alreadySlashed());
    }

    function test_RevertWhen_AReceiptWithoutProofIsSignedByNobodyOfTheWorker() external {
        _expectRefused(thief, _none(), worker, _proofB, _notItsSignature(0, thief));
        _expectRefused(worker, _proofA, thief, _none(), _notItsSignature(1, thief));
    }

    function test_RevertWhen_AReceiptWithoutProofIsSignedByAKeyOfAnotherWorker() external {
        Person memory other = _person("another worker's key");
        _addSigner(thief.addr, other, SignerRoles.WORKER_SIGNER);
        _expectRefused(worker, _proofA, other, _none(), _notItsSignature(1, other));
    }

    function test_RevertWhen_AReceiptWithoutProofIsSignedByAKeyOfAnotherRole() external {
        _addSigner(worker.addr, orderSigner, SignerRoles.ORDER_SIGNER);
        _expectRefused(worker, _proofA, orderSigner, _none(), _notItsSignature(1, orderSigner));
    }

    function test_RevertGiven_TheKeyOfAReceiptWithoutProofIsRevokedAndTheOtherIsNotAnchored() external {
        _revoke();
        vm.warp(_revokedAt + 1 days);
        uint256 snapshot = vm.snapshotState();
        assertEq(_report(stranger, worker, _none(), workerSigner, _none()), 1000e18);
        vm.revertToState(snapshot);
        skip(1);
        _expectRefused(worker, _none(), workerSigner, _none(), _notExposed(1, workerSigner));
        _expectRefused(workerSigner, _none(), worker, _none(), _notExposed(0, workerSigner));
        _expectRefused(workerSigner, _none(), workerSigner, _none(), _notExposed(0, workerSigner));
    }

    /// @dev By the worker, by another key of its, by nobody, or with no signature at all.
    function test_RevertGiven_TheAnchoredReceiptIsNotByTheSameKey() external {
        Person memory second = _person("second hot key");
        _addSigner(worker.addr, second, SignerRoles.WORKER_SIGNER);
        _revokeADayAgo();
        Person[3] memory others = [worker, second, thief];
        for (uint256 i; i < others.length; ++i) {
            _expectRefused(others[i], _proofA, workerSigner, _none(), _notExposed(1, workerSigner));
            _expectRefused(workerSigner, _none(), others[i], _proofB, _notExposed(0, workerSigner));
        }
        bytes memory signature = _sign(workerSigner, _receiptDigest(_b));
        vm.prank(requester.addr);
        vm.expectRevert(_notExposed(1, workerSigner));
        settlement.slashAnchored(_a, "", _proofA, _b, signature, _none());
    }

    function test_RevertGiven_TheAnchorCameAfterTheKeysLastSecond() external {
        _revoke();
        vm.warp(_revokedAt + 1 days);
        _proofA = _anchorOnLane(_a, 3, 1);
        skip(1);
        uint256 snapshot = vm.snapshotState();
        assertEq(_report(requester.addr, workerSigner, _proofA, workerSigner, _none()), 1000e18);
        vm.revertToState(snapshot);
        _proofA = _anchorOnLane(_a, 6, 2);
        _expectRefused(workerSigner, _proofA, workerSigner, _none(), _notExposed(1, workerSigner));
        _swap();
        _expectRefused(workerSigner, _none(), workerSigner, _proofA, _notExposed(0, workerSigner));
    }

    /// @dev The anchor is young enough still.
    function test_RevertGiven_TheKeyWasRevokedAnUnbondDelayAgo() external {
        _revoke();
        vm.warp(_revokedAt + 1 days);
        _proofA = _anchorOnLane(_a, 3, 1);
        vm.warp(_revokedAt + 14 days - 1);
        uint256 snapshot = vm.snapshotState();
        assertEq(_report(requester.addr, workerSigner, _proofA, workerSigner, _none()), 1000e18);
        vm.revertToState(snapshot);
        skip(1);
        _expectRefused(workerSigner, _proofA, workerSigner, _none(), _notExposed(1, workerSigner));
        _swap();
        _expectRefused(workerSigner, _none(), workerSigner, _proofA, _notExposed(0, workerSigner));
        _expectRefused(workerSigner, _none(), workerSigner, _none(), _notExposed(0, workerSigner));
    }

    function test_RevertGiven_TheAnchorBesideADeadKeyWaits() external {
        vm.prank(worker.addr);
        registry.announceUnbond(BOND);
        AnchorProof memory proof = _settleDirect(1, 0, workerSigner);
        _revoke();
        vm.warp(_revokedAt + 1 days);
        uint256 snapshot = vm.snapshotState();
        skip(1);
        _expectRefused(workerSigner, proof, workerSigner, _none(), _notAnchored(0, proof));
        // Confirmed now, it is too late for this key.
        _confirm();
        _expectRefused(workerSigner, proof, workerSigner, _none(), _notExposed(1, workerSigner));
        vm.revertToState(snapshot);
        _confirm();
        skip(1);
        assertEq(_report(requester.addr, workerSigner, proof, workerSigner, _none()), 1000e18);
    }

    function test_RevertWhen_TheCallerBesideADeadKeyIsNotTheRequesterOfALane() external {
        _b.requester = thief.addr;
        _revokeADayAgo();
        address[4] memory callers = [stranger, payer.addr, worker.addr, thief.addr];
        for (uint256 i; i < callers.length; ++i) {
            _expectRefused(callers[i], workerSigner, _proofA, workerSigner, _none(), _notConcerned(0, callers[i]));
        }
        _swap();
        for (uint256 i; i < callers.length; ++i) {
            _expectRefused(callers[i], workerSigner, _none(), workerSigner, _proofA, _notConcerned(1, callers[i]));
        }
    }

    function test_RevertWhen_TheCallerBesideADeadKeyIsNeitherRequesterNorPayerOfTheDirectRail() external {
        AnchorProof memory proof = _settleDirect(3, 1, workerSigner);
        _b.requester = thief.addr;
        _revokeADayAgo();
        address[3] memory callers = [stranger, worker.addr, thief.addr];
        for (uint256 i; i < callers.length; ++i) {
            _expectRefused(callers[i], workerSigner, proof, workerSigner, _none(), _notConcerned(0, callers[i]));
        }
    }

    function test_RevertWhen_AProofLeadsToNoAnchor() external {
        AnchorProof memory proof = _copy(_proofA);
        proof.proof[0] = ~proof.proof[0];
        _expectRefused(worker, proof, worker, _proofB, _notAnchored(0, proof));
        proof = _copy(_proofA);
        proof.laneId = 0;
        _expectRefused(worker, proof, worker, _proofB, _notAnchored(0, proof));
        proof = _copy(_proofA);
        proof.payer = requester.addr;
        _expectRefused(worker, proof, worker, _proofB, _notAnchored(0, proof));
        // The proof of the other receipt is no proof of this one, in either place.
        _expectRefused(worker, _proofB, worker, _proofB, _notAnchored(0, _proofB));
        _expectRefused(worker, _proofA, worker, _proofA, _notAnchored(1, _proofA));
    }

    /// @dev Its attester signed for a root of its own. What a leaf says of another worker is nobody's word.
    function test_RevertGiven_TheAnchorIsOfAnotherWorker() external {
        Person memory other = _person("other worker");
        _bond(other.addr, BOND);
        Person memory real = worker;
        worker = other;
        AnchorProof memory proof = _anchorOnLaneOf(requester, _b, other);
        worker = real;
        _expectRefused(worker, _proofA, worker, proof, _notAnchored(1, proof));
    }

    function test_RevertGiven_TheAnchorWaits() external {
        vm.prank(worker.addr);
        registry.announceUnbond(BOND);
        AnchorProof memory proof = _settleDirect(1, 0, workerSigner);
        _expectRefused(worker, proof, worker, _none(), _notAnchored(0, proof));
        _confirm();
        assertEq(_report(stranger, worker, proof, worker, _none()), 1000e18);
    }

    function test_RevertGiven_TheAnchorIsAnUnbondDelayOld() external {
        vm.warp(_anchoredAt + 14 days - 1);
        uint256 snapshot = vm.snapshotState();
        assertEq(_report(stranger, _proofA, _proofB), 1000e18);
        vm.revertToState(snapshot);
        skip(1);
        _expectRefused(worker, _proofA, worker, _proofB, _notAnchored(0, _proofA));
        // A signature that counts has no such end.
        _expectRefused(worker, _none(), worker, _proofB, _notAnchored(1, _proofB));
        assertEq(_report(stranger, worker, _none(), workerSigner, _none()), 1000e18);
    }

    function test_RevertGiven_TheWorkerHasNoStake() external {
        vm.prank(address(settlement));
        registry.slash(worker.addr, BOND, address(0));
        bytes memory reason =
            abi.encodeWithSelector(IGridSettlement.GridSettlement_NothingToSlash.selector, worker.addr);
        _expectRefused(worker, _proofA, worker, _proofB, reason);
        assertFalse(settlement.isSlashed(worker.addr, _a.orderHash, _a.index), "can still be reported");
    }

    function test_WhenBothReceiptsAreAnchored() external {
        _revoke();
        skip(2 days);
        vm.expectEmit(address(registry));
        emit IWorkerRegistry.BondSlashed(worker.addr, address(0), 1000e18, 0, BOND - 1000e18, 0);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.EquivocationSlashed(
            worker.addr, stranger, _a.orderHash, _a.index, _receiptDigest(_a), _receiptDigest(_b), 1000e18
        );
        assertEq(_report(stranger, _proofA, _proofB), 1000e18);
        assertEq(registry.bondOf(worker.addr), BOND - 1000e18);
        assertEq(registry.treasuryPot(), 1000e18);
        assertEq(registry.totalRewards(), 0);
        assertTrue(settlement.isSlashed(worker.addr, _a.orderHash, _a.index));
    }

    function test_WhenOneIsAnchoredAndTheOtherSignedByAKeyThatCounts() external {
        uint256 snapshot = vm.snapshotState();
        assertEq(_report(payer.addr, worker, _proofA, workerSigner, _none()), 1000e18);
        vm.revertToState(snapshot);
        assertEq(_report(payer.addr, worker, _none(), workerSigner, _proofB), 1000e18);
        assertEq(registry.totalRewards(), 0);
    }

    function test_WhenBothAreSignedByKeysThatCount() external {
        assertEq(_report(stranger, worker, _none(), workerSigner, _none()), 1000e18);
        assertEq(registry.totalRewards(), 0);
        assertEq(registry.treasuryPot(), 1000e18);
    }

    /// @dev Both orders of the arguments; nobody has a share.
    function test_WhenTheRequesterReportsBesideADeadKey() external {
        _b.requester = thief.addr;
        _revokeADayAgo();
        uint256 snapshot = vm.snapshotState();
        vm.expectEmit(address(registry));
        emit IWorkerRegistry.BondSlashed(worker.addr, address(0), 1000e18, 0, BOND - 1000e18, 0);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.EquivocationSlashed(
            worker.addr, requester.addr, _a.orderHash, _a.index, _receiptDigest(_a), _receiptDigest(_b), 1000e18
        );
        assertEq(_report(requester.addr, workerSigner, _proofA, workerSigner, _none()), 1000e18);
        assertEq(registry.totalRewards(), 0);
        assertEq(registry.treasuryPot(), 1000e18);
        assertTrue(settlement.isSlashed(worker.addr, _a.orderHash, _a.index));
        vm.revertToState(snapshot);
        _swap();
        assertEq(_report(requester.addr, workerSigner, _none(), workerSigner, _proofA), 1000e18);
    }

    function test_WhenThePayerOfTheDirectRailReportsBesideADeadKey() external {
        AnchorProof memory proof = _settleDirect(3, 1, workerSigner);
        _b.requester = thief.addr;
        _revokeADayAgo();
        uint256 snapshot = vm.snapshotState();
        assertEq(_report(payer.addr, workerSigner, proof, workerSigner, _none()), 1000e18);
        assertEq(registry.totalRewards(), 0);
        vm.revertToState(snapshot);
        assertEq(_report(requester.addr, workerSigner, proof, workerSigner, _none()), 1000e18);
        vm.revertToState(snapshot);
        _swap();
        assertEq(_report(payer.addr, workerSigner, _none(), workerSigner, proof), 1000e18);
    }

    function _revokeADayAgo() private {
        _revoke();
        skip(1 days + 1);
    }

    function _confirm() private {
        vm.prank(worker.addr);
        registry.cancelUnbond();
        settlement.confirmAnchor(payer.addr, GridMessages.leafOf(_receiptDigest(_a)));
    }

    function _copy(AnchorProof memory proof) private pure returns (AnchorProof memory) {
        return abi.decode(abi.encode(proof), (AnchorProof));
    }
}

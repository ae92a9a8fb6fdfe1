// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AnchorProof, IGridSettlement, Settlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {GridMessages, LaneConfig, Voucher} from "../../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../../contracts/settlement/SignerRoles.sol";
import {SlashingBase} from "../../utils/SlashingBase.sol";

/// @notice Threat 61: a contradiction signed by a key that is then revoked, or anchored without a signature; and the thief of
/// such a key.
contract RevokedSignerAttacks is SlashingBase {
    // ---------------------------------------------------------------- the evader

    /// @dev Both images are anchored, the second one on a friend's lane. Then the key goes.
    function testFuzz_T61_TheEvaderOnALaneIsSlashed(uint256 count, uint256 index, uint256 wait) external {
        count = bound(count, 1, 40);
        AnchorProof memory proofA = _anchorOnLane(_a, count, bound(index, 0, count - 1));
        AnchorProof memory proofB = _anchorOnLaneOf(thief, _b, workerSigner);
        _revoke();
        skip(bound(wait, 1 days + 1, 14 days - 1));
        _expectLiveRefused(workerSigner, workerSigner, _notItsSignature(0, workerSigner));
        address[4] memory reporters = [payer.addr, requester.addr, stranger, worker.addr];
        address reporter = reporters[wait % 4];
        if (wait % 8 < 4) {
            (proofA, proofB) = (proofB, proofA);
            _swap();
        }
        assertEq(_report(reporter, proofA, proofB), 1000e18);
        assertEq(registry.bondOf(worker.addr), BOND - 1000e18);
        assertEq(registry.rewardOf(reporter), 0, "no share");
        assertEq(registry.treasuryPot(), 1000e18);
    }

    /// @dev One image is anchored, the other one delivered. Both are signed by a key that is then revoked.
    function testFuzz_T61_TheEvaderOnALaneIsReportedByTheRequester(uint256 count, uint256 index, uint256 wait)
        external
    {
        count = bound(count, 1, 40);
        AnchorProof memory proof = _anchorOnLane(_a, count, bound(index, 0, count - 1));
        _reportDead(requester.addr, proof, wait);
    }

    function testFuzz_T61_TheEvaderOnTheDirectRailIsReportedByItsCustomers(uint32 count, uint32 index, uint256 wait)
        external
    {
        count = uint32(bound(count, 1, 9));
        AnchorProof memory proof = _settleDirect(count, uint32(bound(index, 0, count - 1)), workerSigner);
        _reportDead(wait % 4 < 2 ? payer.addr : requester.addr, proof, wait);
    }

    /// @dev Reports `_a`, anchored, beside `_b`, in one order or the other, after their key's time.
    function _reportDead(address reporter, AnchorProof memory proof, uint256 wait) private {
        _revoke();
        skip(bound(wait, 1 days + 1, 14 days - 1));
        _expectLiveRefused(workerSigner, workerSigner, _notItsSignature(0, workerSigner));
        if (wait % 2 == 0) {
            assertEq(_report(reporter, workerSigner, proof, workerSigner, _none()), 1000e18);
        } else {
            _swap();
            assertEq(_report(reporter, workerSigner, _none(), workerSigner, proof), 1000e18);
        }
        assertEq(registry.bondOf(worker.addr), BOND - 1000e18);
        assertEq(registry.totalRewards(), 0, "no share");
        assertEq(registry.treasuryPot(), 1000e18);
    }

    /// @dev A lane takes leaves, not signatures: the second image is anchored and minted, and was never signed.
    function test_T61_AnAnchorIsTheWorkersWordWithoutASignature() external {
        AnchorProof memory proof = _anchorOnLaneOf(thief, _b, worker);
        uint256 snapshot = vm.snapshotState();
        assertEq(_report(payer.addr, workerSigner, _none(), worker, proof), 1000e18);
        vm.revertToState(snapshot);
        // Neither was the first one, of which only the payer's root tells.
        AnchorProof memory proofA = _anchorOnLane(_a, 5, 2);
        assertEq(_report(payer.addr, proofA, proof), 1000e18);
    }

    /// @dev Each image by a key of its own, the second one for a friend, under a root that shows nothing until it is minted.
    function test_T61_TwoDeadKeysAndAFriendAreReportedByAnybody() external {
        Person memory second = _person("second hot key");
        _addSigner(worker.addr, second, SignerRoles.WORKER_SIGNER);
        AnchorProof memory proofA = _anchorOnLane(_a, 4, 3);
        _b.requester = thief.addr;
        AnchorProof memory proofB = _anchorOnLaneOf(thief, _b, second);
        _revoke();
        vm.prank(worker.addr);
        settlement.revokeSigner(second.addr);
        skip(1 days + 1);
        _expectLiveRefused(workerSigner, second, _notItsSignature(0, workerSigner));
        address[4] memory reporters = [payer.addr, requester.addr, stranger, thief.addr];
        for (uint256 i; i < reporters.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            assertEq(_report(reporters[i], proofA, proofB), 1000e18);
            vm.revertToState(snapshot);
        }
    }

    /// @dev A bond answers for what was anchored before it was announced to leave, until it leaves.
    function test_T61_TheBondThatLeavesWithTheKeyIsSlashed() external {
        AnchorProof memory proofA = _anchorOnLane(_a, 3, 0);
        AnchorProof memory proofB = _anchorOnLaneOf(thief, _b, workerSigner);
        _revoke();
        vm.prank(worker.addr);
        registry.announceUnbond(BOND);
        skip(14 days - 1);
        uint256 snapshot = vm.snapshotState();
        assertEq(_report(payer.addr, proofA, proofB), 1000e18);
        vm.revertToState(snapshot);
        skip(1);
        _expectRefused(workerSigner, proofA, workerSigner, proofB, _notAnchored(0, proofA));
    }

    /// @dev The entry for signatures pays its reporter through the last second of the key. The other one goes on.
    function test_T61_TheTwoEntriesMeetWithoutAGap() external {
        AnchorProof memory proofA = _anchorOnLane(_a, 3, 1);
        _revoke();
        vm.warp(_revokedAt + 1 days);
        AnchorProof memory proofB = _anchorOnLaneOf(thief, _b, workerSigner);
        uint256 snapshot = vm.snapshotState();
        assertEq(_reportLive(stranger, workerSigner, workerSigner), 1000e18);
        assertEq(registry.rewardOf(stranger), 200e18);
        vm.revertToState(snapshot);
        skip(1);
        _expectLiveRefused(workerSigner, workerSigner, _notItsSignature(0, workerSigner));
        assertEq(_report(payer.addr, proofA, proofB), 1000e18);
    }

    /// @dev Known limit: it delivers a picture signed in the last second of its key, and settles another one by another key.
    /// Until that second is over the payer reports it. After it nothing tells the picture from one that a thief made up.
    function test_T61_APictureByADyingKeyIsReportedWhileTheKeyCounts() external {
        _revoke();
        vm.warp(_revokedAt + 1 days);
        Settlement memory item = _settlement(1, 77);
        _signReceipts(item, workerSigner);
        _a = _receipt(item, 0);
        item.receipts[0].imageHash = keccak256("another image");
        _signReceipts(item, worker);
        _b = _receipt(item, 0);
        settlement.settle(item);
        AnchorProof memory proof = AnchorProof(0, payer.addr, new bytes32[](0));
        uint256 snapshot = vm.snapshotState();
        assertEq(_reportLive(payer.addr, workerSigner, worker), 1000e18);
        vm.revertToState(snapshot);
        skip(1);
        _expectLiveRefused(workerSigner, worker, _notItsSignature(0, workerSigner));
        _expectRefused(workerSigner, _none(), worker, proof, _notExposed(0, workerSigner));
        _expectRefused(workerSigner, proof, worker, proof, _notAnchored(0, proof));
    }

    // ---------------------------------------------------------------- the thief of a dead key

    /// @dev It signs another image for a job that was done and anchored with the key when it was the worker's.
    function test_T61_TheThiefOfADeadKeyCannotReport() external {
        AnchorProof memory proof = _anchorOnLane(_a, 4, 3);
        _revoke();
        skip(1 days + 1);
        _expectThiefRefused(proof);
        // Its own invention names it as requester. That helps only if it is the anchored one.
        _b.requester = thief.addr;
        _expectThiefRefused(proof);
        // Nor does the payer of a lane help it, who can be anybody.
        _expectRefused(payer.addr, workerSigner, proof, workerSigner, _none(), _notConcerned(0, payer.addr));
    }

    function test_T61_TheThiefOfADeadKeyCannotReportADirectOrder() external {
        AnchorProof memory proof = _settleDirect(4, 3, workerSigner);
        _revoke();
        skip(1 days + 1);
        _b.requester = thief.addr;
        _expectThiefRefused(proof);
        // An order of its own, settled while the key counted, is about another job.
        proof.payer = thief.addr;
        _expectRefused(thief.addr, workerSigner, proof, workerSigner, _none(), _notAnchored(0, proof));
    }

    /// @dev Known cost: with the help of the requester of a receipt that was anchored in time, or of its payer on the direct
    /// rail, the thief burns a bond a job. Nobody gains by it, and an unbond delay after the revocation it ends.
    function test_T61_TheThiefOfADeadKeyNeedsACustomersHelp() external {
        AnchorProof memory proof = _anchorOnLane(_a, 4, 3);
        uint256 snapshot = vm.snapshotState();
        _revoke();
        vm.warp(_revokedAt + 14 days - 1);
        assertEq(_report(requester.addr, workerSigner, proof, workerSigner, _none()), 1000e18);
        assertEq(registry.totalRewards(), 0);
        vm.revertToState(snapshot);
        proof = _settleDirect(4, 3, workerSigner);
        _revoke();
        skip(1 days + 1);
        assertEq(_report(payer.addr, workerSigner, proof, workerSigner, _none()), 1000e18);
        assertEq(registry.totalRewards(), 0);
    }

    function test_T61_TheThiefsReceiptBesideAnHonestOneOfALiveKey() external {
        AnchorProof memory proof = _anchorOnLane(_a, 4, 3);
        _revoke();
        skip(1 days + 1);
        _expectRefused(worker, proof, workerSigner, _none(), _notExposed(1, workerSigner));
        _expectRefused(worker, _none(), workerSigner, _none(), _notExposed(1, workerSigner));
        _expectRefused(worker, _none(), workerSigner, proof, _notAnchored(1, proof));
    }

    /// @dev While the key counts it anchors a copy of other people's receipt in a lane of its own, as whose payer it reports.
    /// That shows nothing new: the copy names the requester that the receipt names.
    function test_T61_ACopyInTheThiefsLaneReportsNoJobOfOtherPeople() external {
        _anchorOnLane(_a, 4, 3);
        _revoke();
        AnchorProof memory copy = _anchorOnLaneOf(thief, _a, workerSigner);
        skip(13 days);
        _b.requester = thief.addr;
        _expectThiefRefused(copy);
        address[3] memory others = [stranger, payer.addr, worker.addr];
        for (uint256 i; i < others.length; ++i) {
            _expectRefused(others[i], workerSigner, copy, workerSigner, _none(), _notConcerned(0, others[i]));
        }
        // Named as one of the direct rail it is no anchor at all.
        AnchorProof memory direct = AnchorProof(0, thief.addr, copy.proof);
        _expectRefused(thief.addr, workerSigner, direct, workerSigner, _none(), _notAnchored(0, direct));
        assertFalse(settlement.isSlashed(worker.addr, _a.orderHash, _a.index));
        // The requester whom it names can use it as well as the first anchor.
        assertEq(_report(requester.addr, workerSigner, copy, workerSigner, _none()), 1000e18);
    }

    /// @dev Everything it can send: its invention `_b` beside `_a`, of which `proof` tells.
    function _expectThiefRefused(AnchorProof memory proof) private {
        address caller = thief.addr;
        _expectRefused(caller, workerSigner, proof, workerSigner, _none(), _notConcerned(0, caller));
        _expectRefused(caller, workerSigner, proof, workerSigner, proof, _notAnchored(1, proof));
        _expectRefused(caller, workerSigner, _none(), workerSigner, _none(), _notExposed(0, workerSigner));
        _expectRefused(caller, workerSigner, _none(), workerSigner, proof, _notAnchored(1, proof));
        _expectRefused(caller, thief, proof, workerSigner, _none(), _notExposed(1, workerSigner));
        _expectRefused(caller, workerSigner, proof, thief, _none(), _notItsSignature(1, thief));
    }

    /// @dev Known cost of a leak: what the thief anchors while the key counts is the worker's word, also beside a receipt that
    /// the worker itself makes later. Two weeks after its last anchor it ends, and nobody gains by it.
    function test_T61_WhatTheThiefAnchoredInTimeCountsForTwoWeeks() external {
        _revoke();
        skip(1 days);
        AnchorProof memory proof = _anchorOnLaneOf(thief, _b, workerSigner);
        skip(14 days - 1);
        uint256 snapshot = vm.snapshotState();
        assertEq(_report(thief.addr, worker, _none(), workerSigner, proof), 1000e18);
        assertEq(registry.totalRewards(), 0);
        vm.revertToState(snapshot);
        skip(1);
        _expectRefused(worker, _none(), workerSigner, proof, _notAnchored(1, proof));
    }

    /// @dev It opens a lane to the worker and counter-signs with the dead key: too late to attest.
    function test_T61_TheThiefCannotAnchorWithTheDeadKey() external {
        _revoke();
        skip(1 days + 1);
        LaneConfig memory config = _laneConfig();
        (config.payer, config.payerSigner) = (thief.addr, thief.addr);
        bytes32 lane = _open(config, 1e18);
        Voucher memory voucher = _voucher(lane, MODEL, 1, GridMessages.leafOf(_receiptDigest(_b)));
        bytes memory signature = _sign(thief, _voucherDigest(voucher));
        bytes memory counter = _sign(workerSigner, _voucherDigest(voucher));
        vm.prank(thief.addr);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_NotAttested.selector, worker.addr, thief.addr, workerSigner.addr
            )
        );
        settlement.collect(config, voucher, signature, counter);
    }

    // ---------------------------------------------------------------- waiting anchors

    /// @dev Settled in a bond dip. From its confirmation on it counts, whatever became of the key: the settlement checked it.
    function test_T61_AWaitingAnchorCountsFromItsConfirmationOn() external {
        vm.prank(worker.addr);
        registry.announceUnbond(BOND);
        AnchorProof memory proof = _settleDirect(1, 0, workerSigner);
        _revoke();
        skip(10 days);
        _expectRefused(workerSigner, proof, worker, _none(), _notAnchored(0, proof));
        vm.prank(worker.addr);
        registry.cancelUnbond();
        settlement.confirmAnchor(payer.addr, GridMessages.leafOf(_receiptDigest(_a)));
        skip(14 days - 1);
        assertEq(_report(payer.addr, worker, proof, worker, _none()), 1000e18);
    }

    // ---------------------------------------------------------------- reports

    function test_T61_OneFaultIsSlashedOnceOnBothEntries() external {
        AnchorProof memory proof = _anchorOnLane(_a, 4, 3);
        uint256 snapshot = vm.snapshotState();
        _reportLive(stranger, workerSigner, workerSigner);
        _expectRefused(worker, proof, worker, _none(), _alreadySlashed());
        vm.revertToState(snapshot);
        _report(stranger, worker, proof, worker, _none());
        _expectLiveRefused(workerSigner, workerSigner, _alreadySlashed());
    }

    /// @dev Known limit: a report is not bound to its reporter. Whoever sees it first takes the share.
    function test_T61_ACopiedReportTakesTheShare() external {
        _reportLive(thief.addr, workerSigner, worker);
        assertEq(registry.rewardOf(thief.addr), 200e18);
        _expectLiveRefused(workerSigner, worker, _alreadySlashed());
    }

    /// @dev A worker keeps a wei of stake, has itself slashed for it, and comes back with a bond as if nothing had been.
    function test_T31_AStakeOfAWeiClearsNobody() external {
        vm.prank(worker.addr);
        registry.announceUnbond(BOND - 1);
        skip(14 days);
        vm.prank(worker.addr);
        registry.withdraw(worker.addr);
        assertEq(_reportLive(worker.addr, workerSigner, worker), 1);
        assertTrue(settlement.isSlashed(worker.addr, _a.orderHash, _a.index));
        vm.startPrank(worker.addr);
        aipg.approve(address(registry), BOND);
        registry.addBond(worker.addr, BOND - 1);
        vm.stopPrank();
        assertEq(_reportLive(requester.addr, workerSigner, worker), 1000e18 - 1, "the rest");
        assertEq(registry.rewardOf(requester.addr), (1000e18 - 1) / uint256(5));
        _expectLiveRefused(workerSigner, worker, _alreadySlashed());
    }
}

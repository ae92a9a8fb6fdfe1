// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AnchorProof, IGridSettlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {GridMessages, LaneConfig, Voucher} from "../../../contracts/libraries/GridMessages.sol";
import {SignerRoles} from "../../../contracts/libraries/SignerRoles.sol";
import {SlashingBase} from "../../utils/SlashingBase.sol";

/// @notice Threat 61: a contradiction signed by a key that is then revoked; and the thief of such a key.
contract RevokedSignerAttacks is SlashingBase {
    // ---------------------------------------------------------------- the evader

    function testFuzz_T61_TheEvaderOnALaneIsSlashed(uint256 count, uint256 index, uint256 wait) external {
        count = bound(count, 1, 40);
        AnchorProof memory proof = _anchorOnLane(_a, count, bound(index, 0, count - 1));
        _revoke();
        skip(bound(wait, 1 days + 1, 14 days - 1));
        // Today's entry knows the key no more; the payer or the requester report it all the same.
        _expectLiveRefused(workerSigner, workerSigner, _notItsSignature(0, workerSigner));
        address reporter = wait % 2 == 0 ? payer.addr : requester.addr;
        uint128 slashed = _report(reporter, workerSigner, proof, workerSigner, _none());
        assertEq(slashed, 1000e18);
        assertEq(registry.bondOf(worker.addr), BOND - 1000e18);
        assertEq(registry.rewardOf(reporter), 0, "no share");
        assertEq(registry.treasuryPot(), 1000e18);
    }

    function testFuzz_T61_TheEvaderOnTheDirectRailIsSlashed(uint32 count, uint32 index, uint256 wait) external {
        count = uint32(bound(count, 1, 9));
        AnchorProof memory proof = _settleDirect(count, uint32(bound(index, 0, count - 1)), workerSigner);
        _revoke();
        skip(bound(wait, 1 days + 1, 14 days - 1));
        assertEq(_report(requester.addr, workerSigner, proof, workerSigner, _none()), 1000e18);
    }

    function test_T61_TheEvaderIsSlashedByTheProofOfEitherReceipt() external {
        AnchorProof memory proof = _anchorOnLane(_b, 5, 2);
        _revoke();
        skip(10 days);
        assertEq(_report(payer.addr, workerSigner, _none(), workerSigner, proof), 1000e18);
    }

    function test_T61_TheBondThatLeavesWithTheKeyIsSlashed() external {
        AnchorProof memory proof = _anchorOnLane(_a, 3, 0);
        _revoke();
        vm.prank(worker.addr);
        registry.announceUnbond(BOND);
        skip(14 days - 1);
        uint256 snapshot = vm.snapshotState();
        assertEq(_report(payer.addr, workerSigner, proof, workerSigner, _none()), 1000e18);
        vm.revertToState(snapshot);
        // A second later the bond may leave, and the key counts no more.
        skip(1);
        _expectRefused(payer.addr, workerSigner, proof, workerSigner, _none(), _notExposed(0, workerSigner));
    }

    /// @dev Both entries meet without a gap: the first pays its reporter through the last second of the first day.
    function test_T61_TheTwoEntriesMeetWithoutAGap() external {
        AnchorProof memory proof = _anchorOnLane(_a, 3, 1);
        _revoke();
        vm.warp(_revokedAt + 1 days);
        _expectRefused(
            payer.addr,
            workerSigner,
            proof,
            workerSigner,
            _none(),
            abi.encodeWithSelector(IGridSettlement.GridSettlement_SignersLive.selector)
        );
        uint256 snapshot = vm.snapshotState();
        assertEq(_reportLive(stranger, workerSigner, workerSigner), 1000e18);
        assertEq(registry.rewardOf(stranger), 200e18);
        vm.revertToState(snapshot);
        skip(1);
        _expectLiveRefused(workerSigner, workerSigner, _notItsSignature(0, workerSigner));
        assertEq(_report(payer.addr, workerSigner, proof, workerSigner, _none()), 1000e18);
    }

    function test_T61_AnAnchorCountsThroughItsLastSecond() external {
        _revoke();
        vm.warp(_revokedAt + 1 days);
        uint256 snapshot = vm.snapshotState();
        AnchorProof memory proof = _anchorOnLane(_a, 3, 1);
        skip(1);
        assertEq(_report(payer.addr, workerSigner, proof, workerSigner, _none()), 1000e18);
        vm.revertToState(snapshot);
        skip(1);
        proof = _anchorOnLane(_a, 3, 1);
        _expectRefused(payer.addr, workerSigner, proof, workerSigner, _none(), _notExposed(0, workerSigner));
    }

    // ---------------------------------------------------------------- the thief of a dead key

    /// @dev It signs another image for a job that was done and anchored with the key when it was the worker's.
    function test_T61_TheThiefOfADeadKeyCannotReport() external {
        AnchorProof memory proof = _anchorOnLane(_a, 4, 3);
        _revoke();
        skip(2 days);
        _expectRefused(thief.addr, workerSigner, proof, workerSigner, _none(), _notConcerned(0, thief.addr));
        _expectRefused(thief.addr, workerSigner, _none(), workerSigner, _none(), _notExposed(0, workerSigner));
        // Its own invented receipt names it as requester. That helps only if it is the anchored one.
        _b.requester = thief.addr;
        _expectRefused(thief.addr, workerSigner, proof, workerSigner, _none(), _notConcerned(0, thief.addr));
        _expectRefused(thief.addr, workerSigner, proof, workerSigner, proof, _notConcerned(0, thief.addr));
        _expectRefused(thief.addr, workerSigner, _none(), workerSigner, proof, _notExposed(0, workerSigner));
        // With the word of the job's own payer it burns a bond, and nobody gains.
        assertEq(_report(payer.addr, workerSigner, proof, workerSigner, _none()), 1000e18);
        assertEq(registry.totalRewards(), 0);
    }

    /// @dev The worker's honest receipt is signed by another key: the invented one needs an anchor of its own.
    function test_T61_TheThiefsReceiptBesideAnHonestOneOfALiveKey() external {
        AnchorProof memory proof = _anchorOnLane(_a, 4, 3);
        _revoke();
        skip(2 days);
        address[3] memory callers = [thief.addr, payer.addr, requester.addr];
        for (uint256 i; i < 3; ++i) {
            _expectRefused(callers[i], worker, proof, workerSigner, _none(), _notExposed(1, workerSigner));
            _expectRefused(callers[i], worker, proof, workerSigner, proof, _notExposed(1, workerSigner));
        }
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

    /// @dev An anchor of the same root by another worker, or under another payer or lane, is no anchor of this worker's.
    function test_T61_AnAnchorOfAnotherWorkerProvesNothing() external {
        Person memory other = _person("other worker");
        _bond(other.addr, BOND);
        LaneConfig memory config = _laneConfig();
        (config.payer, config.payerSigner, config.worker) = (thief.addr, thief.addr, other.addr);
        bytes32 lane = _open(config, 1e18);
        Voucher memory voucher = _voucher(lane, MODEL, 1, GridMessages.leafOf(_receiptDigest(_a)));
        bytes memory signature = _sign(thief, _voucherDigest(voucher));
        vm.prank(other.addr);
        settlement.collect(config, voucher, signature, "");
        _revoke();
        skip(2 days);
        AnchorProof memory proof = AnchorProof(lane, thief.addr, new bytes32[](0));
        _expectRefused(thief.addr, workerSigner, proof, workerSigner, _none(), _notExposed(0, workerSigner));
        proof.laneId = 0;
        _expectRefused(thief.addr, workerSigner, proof, workerSigner, _none(), _notExposed(0, workerSigner));
    }

    function test_T61_TwoDeadKeysEachNeedAnAnchorOfTheirOwn() external {
        Person memory second = _person("second hot key");
        _addSigner(worker.addr, second, SignerRoles.WORKER_SIGNER);
        AnchorProof memory proofA = _anchorOnLane(_a, 4, 3);
        _revoke();
        vm.prank(worker.addr);
        settlement.revokeSigner(second.addr);
        skip(12 hours);
        uint256 snapshot = vm.snapshotState();
        skip(1 days);
        _expectRefused(payer.addr, workerSigner, proofA, second, _none(), _notExposed(1, second));
        _expectRefused(payer.addr, second, _none(), workerSigner, proofA, _notExposed(0, second));
        vm.revertToState(snapshot);
        AnchorProof memory proofB = _anchorOnLane(_b, 6, 0);
        skip(1 days);
        assertEq(_report(payer.addr, workerSigner, proofA, second, proofB), 1000e18);
    }

    // ---------------------------------------------------------------- waiting anchors

    function test_T61_AWaitingAnchorDoesNotCount() external {
        vm.prank(worker.addr);
        registry.announceUnbond(BOND);
        AnchorProof memory proof = _settleDirect(1, 0, workerSigner);
        _revoke();
        skip(1 days + 1);
        _expectRefused(payer.addr, workerSigner, proof, workerSigner, _none(), _notExposed(0, workerSigner));
        // Confirmed, it counts from then on: too late for this key.
        vm.prank(worker.addr);
        registry.cancelUnbond();
        settlement.confirmAnchor(payer.addr, GridMessages.leafOf(_receiptDigest(_a)));
        _expectRefused(payer.addr, workerSigner, proof, workerSigner, _none(), _notExposed(0, workerSigner));
    }

    function test_T61_AWaitingAnchorConfirmedInTimeCounts() external {
        vm.prank(worker.addr);
        registry.announceUnbond(BOND);
        AnchorProof memory proof = _settleDirect(1, 0, workerSigner);
        _revoke();
        skip(1 days);
        vm.prank(worker.addr);
        registry.cancelUnbond();
        settlement.confirmAnchor(payer.addr, GridMessages.leafOf(_receiptDigest(_a)));
        skip(1);
        assertEq(_report(payer.addr, workerSigner, proof, workerSigner, _none()), 1000e18);
    }

    // ---------------------------------------------------------------- reports

    function test_T61_OneFaultIsSlashedOnceOnBothEntries() external {
        AnchorProof memory proof = _anchorOnLane(_a, 4, 3);
        _revoke();
        _reportLive(stranger, workerSigner, workerSigner);
        skip(2 days);
        _expectRefused(
            payer.addr,
            workerSigner,
            proof,
            workerSigner,
            _none(),
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_AlreadySlashed.selector, worker.addr, _a.orderHash, _a.index
            )
        );
    }

    /// @dev Known limit: a report is not bound to its reporter. Whoever sees it first takes the share.
    function test_T61_ACopiedReportTakesTheShare() external {
        _reportLive(thief.addr, workerSigner, worker);
        assertEq(registry.rewardOf(thief.addr), 200e18);
        _expectLiveRefused(
            workerSigner,
            worker,
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_AlreadySlashed.selector, worker.addr, _a.orderHash, _a.index
            )
        );
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
        _expectLiveRefused(
            workerSigner,
            worker,
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_AlreadySlashed.selector, worker.addr, _a.orderHash, _a.index
            )
        );
    }
}

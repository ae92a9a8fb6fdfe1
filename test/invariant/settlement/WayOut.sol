// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Worker} from "../../../contracts/interfaces/IWorkerRegistry.sol";
import {SettlementWorld} from "./SettlementWorld.sol";
import {LaneRecord} from "./SettlementStore.sol";

/// @notice Invariant 9, the way out: after any history every credited wei can leave.
abstract contract WayOut is SettlementWorld {
    /// @dev All pauses of the protocol are on, and everybody leaves with everything.
    function _everybodyLeaves() internal {
        vm.warp(store.time());
        if (aipg.paused()) aipg.unpause();
        aigc.setMode(0);
        aigc.set(4, modelOwner, 0); // whoever registers the model after all gets what it earned
        if (!settlement.paused()) {
            vm.prank(guardian);
            settlement.pause();
        }
        uint256 leaving = accounts.owed();
        uint256 inside = aipg.balanceOf(address(settlement));
        _leaveLanes();
        _leaveAccounts();
        _leaveEarnings();
        _leaveRegistry();
        assertEq(inside - aipg.balanceOf(address(settlement)), leaving, "9: everything left");
        assertEq(aipg.balanceOf(address(settlement)), store.donated(), "9: nothing but gifts is left");
        assertEq(aipg.balanceOf(address(registry)), store.donatedToRegistry(), "9: no bond is left");
    }

    function _leaveLanes() private {
        for (uint256 i; i < store.laneCount(); ++i) {
            LaneRecord memory lane = store.lane(i);
            vm.prank(lane.config.payer);
            settlement.thawLane(lane.config, type(uint128).max);
        }
        for (uint256 i; i < store.laneCount(); ++i) {
            LaneRecord memory lane = store.lane(i);
            uint256 begun = vm.getBlockTimestamp();
            vm.warp(settlement.laneOf(lane.id).thawReadyAt);
            settlement.finaliseLaneThaw(lane.config);
            vm.warp(begun);
        }
    }

    function _leaveAccounts() private {
        address[] memory payers = store.payers();
        address[] memory workers = store.workers();
        for (uint256 i; i < 6; ++i) {
            address account = i < 3 ? payers[i] : workers[i - 3];
            uint128 balance = _balance(account);
            if (balance == 0) continue;
            vm.prank(account);
            settlement.thaw(balance);
            vm.warp(vm.getBlockTimestamp() + settlement.ACCOUNT_DELAY());
            vm.prank(account);
            settlement.withdraw(account);
        }
    }

    function _leaveEarnings() private {
        address[] memory workers = store.workers();
        uint256 accrued;
        for (uint256 i; i < workers.length; ++i) {
            accrued += settlement.protocolAccruedOf(workers[i]);
            if (settlement.earnedOf(workers[i]) == 0) continue;
            vm.prank(workers[i]);
            settlement.claimEarned(workers[i]);
        }
        if (accrued != 0) settlement.sweepProtocol(workers);
        for (uint256 i = 1; i <= store.MODEL_COUNT(); ++i) {
            if (settlement.modelEarnedOf(i) == 0) continue;
            vm.prank(aigc.ownerOf(i)); // a contract takes its royalties itself
            settlement.claimModelRoyalty(i);
        }
    }

    function _leaveRegistry() private {
        address[] memory workers = store.workers();
        for (uint256 i; i < workers.length; ++i) {
            Worker memory record = registry.workerOf(workers[i]);
            vm.startPrank(workers[i]);
            if (record.bond != 0) registry.announceUnbond(record.bond);
            if (record.bond + record.unbonding != 0) {
                vm.warp(registry.workerOf(workers[i]).releaseAt);
                registry.withdraw(workers[i]);
            }
            if (registry.rewardOf(workers[i]) != 0) registry.claimReward(workers[i]);
            vm.stopPrank();
        }
        if (registry.rewardOf(stranger) != 0) {
            vm.prank(stranger);
            registry.claimReward(stranger);
        }
        if (registry.treasuryPot() != 0) registry.payTreasury();
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {IWorkerRegistry, Worker} from "../../../contracts/interfaces/IWorkerRegistry.sol";
import {RegistryBase} from "../../utils/RegistryBase.sol";

contract SlashTest is RegistryBase {
    function setUp() public override {
        super.setUp();
        _register();
    }

    // ---------------------------------------------------------------- slash

    function testFuzz_Slash_RevertWhen_TheCallerIsNotTheSettlement(address caller) external {
        vm.assume(caller != settlement);
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_NotSettlement.selector, caller));
        vm.prank(caller);
        registry.slash(worker, 1, reporter);
    }

    function test_Slash_RevertWhen_TheAccountIsNoWorker() external {
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_NotRegistered.selector, mallory));
        vm.prank(settlement);
        registry.slash(mallory, 1, reporter);
    }

    function test_Slash_GivenTheWorkerHasNoStake() external {
        _slash(BOND);
        vm.recordLogs();
        assertEq(_slash(BOND), 0);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function testFuzz_Slash_WhenLessThanTheActiveBondIsAskedFor(uint128 amount) external {
        amount = uint128(bound(amount, 1, BOND));
        uint128 share = amount / 5;
        vm.expectEmit(address(registry));
        emit IWorkerRegistry.BondSlashed(worker, reporter, amount, share, BOND - amount, 0);
        assertEq(_slash(amount), amount);
        assertEq(registry.bondOf(worker), BOND - amount);
        assertEq(registry.totalBonded(), BOND - amount);
        assertEq(registry.rewardOf(reporter), share);
        assertEq(registry.totalRewards(), share);
        assertEq(registry.treasuryPot(), amount - share);
        assertLe(uint256(share) * 5, amount);
        _assertSolvent();
    }

    function testFuzz_Slash_WhenMoreThanTheActiveBondIsAskedFor(uint128 unbonding, uint128 amount) external {
        unbonding = uint128(bound(unbonding, 1, BOND));
        amount = uint128(bound(amount, BOND - unbonding + 1, BOND));
        _unbond(unbonding);
        uint40 releaseAt = registry.workerOf(worker).releaseAt;
        uint128 left = BOND - amount;
        vm.expectEmit(address(registry));
        emit IWorkerRegistry.BondSlashed(worker, reporter, amount, amount / 5, 0, left);
        assertEq(_slash(amount), amount);
        Worker memory record = registry.workerOf(worker);
        assertEq(record.bond, 0);
        assertEq(record.unbonding, left);
        assertEq(record.releaseAt, left == 0 ? 0 : releaseAt);
        _assertSolvent();
    }

    function testFuzz_Slash_WhenMoreThanTheWholeStakeIsAskedFor(uint128 unbonding, uint128 amount) external {
        unbonding = uint128(bound(unbonding, 1, BOND));
        amount = uint128(bound(amount, BOND, type(uint128).max));
        _unbond(unbonding);
        assertEq(_slash(amount), BOND);
        assertEq(registry.stakeOf(worker), 0);
        assertEq(registry.totalBonded(), 0);
        _assertSolvent();
    }

    function test_Slash_WhenThereIsNoReporter() external {
        vm.prank(settlement);
        registry.slash(worker, 100, address(0));
        assertEq(registry.treasuryPot(), 100);
        assertEq(registry.totalRewards(), 0);
    }

    function testFuzz_Slash_GivenTheBondWasSlashedInPart(uint128 unbonding, uint128 amount) external {
        unbonding = uint128(bound(unbonding, 1, BOND));
        amount = uint128(bound(amount, 1, BOND - 1));
        _unbond(unbonding);
        _slash(amount);
        uint128 bond = registry.bondOf(worker);
        if (bond != 0) _unbond(bond);
        skip(14 days);
        uint256 before = aipg.balanceOf(worker);
        vm.prank(worker);
        registry.withdraw(worker);
        assertEq(aipg.balanceOf(worker), before + BOND - amount);
        assertEq(registry.totalBonded(), 0);
        _assertSolvent();
    }

    function test_Slash_GivenTheTokenIsPaused() external {
        _unbond(BOND);
        aipg.pause();
        assertEq(_slash(BOND), BOND);
        aipg.unpause();
        skip(14 days);
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_NothingUnbonding.selector, worker));
        vm.prank(worker);
        registry.withdraw(worker);
    }

    // ---------------------------------------------------------------- claimReward

    function test_ClaimReward_RevertWhen_TheReceiverIsTheZeroAddress() external {
        _slash(BOND);
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_ZeroAddress.selector, "to"));
        vm.prank(reporter);
        registry.claimReward(address(0));
    }

    function test_ClaimReward_RevertWhen_TheReceiverIsTheRegistryItself() external {
        _slash(BOND);
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_BadRecipient.selector, address(registry)));
        vm.prank(reporter);
        registry.claimReward(address(registry));
    }

    function test_ClaimReward_RevertGiven_ThereIsNoReward() external {
        _slash(BOND);
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_NothingToClaim.selector, worker));
        vm.prank(worker);
        registry.claimReward(worker);
    }

    function test_ClaimReward_GivenThereAreRewards() external {
        _slash(1000);
        _slash(2000);
        vm.expectEmit(address(registry));
        emit IWorkerRegistry.RewardClaimed(reporter, mallory, 600);
        uint256 before = aipg.balanceOf(mallory);
        vm.prank(reporter);
        registry.claimReward(mallory);
        assertEq(aipg.balanceOf(mallory), before + 600);
        assertEq(registry.rewardOf(reporter), 0);
        assertEq(registry.totalRewards(), 0);
        _assertSolvent();
    }

    // ---------------------------------------------------------------- payTreasury

    function test_PayTreasury_RevertGiven_ThePotIsEmpty() external {
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_NothingToClaim.selector, treasury));
        registry.payTreasury();
    }

    function test_PayTreasury_GivenThePotIsNotEmpty() external {
        _slash(1000);
        vm.prank(params);
        registry.setTreasury(mallory);
        uint256 before = aipg.balanceOf(mallory);
        vm.expectEmit(address(registry));
        emit IWorkerRegistry.TreasuryPaid(mallory, 800);
        registry.payTreasury();
        assertEq(aipg.balanceOf(mallory), before + 800);
        assertEq(registry.treasuryPot(), 0);
        _assertSolvent();
    }

    // ---------------------------------------------------------------- setMinBond

    function test_SetMinBond_RevertWhen_TheCallerHasNotPARAMS() external {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, settlement));
        vm.prank(settlement);
        registry.setMinBond(1);
    }

    function testFuzz_SetMinBond_RevertWhen_TheMinimumIsBelowItsFloorOrAboveItsCap(uint128 minBond) external {
        (uint128 least, uint128 most) = (registry.LEAST_MIN_BOND(), registry.MAX_MIN_BOND());
        assertEq(least, 100e18);
        assertEq(most, 100_000e18);
        minBond =
            minBond % 2 == 0 ? uint128(bound(minBond, 0, least - 1)) : uint128(bound(minBond, most + 1, ~uint128(0)));
        vm.expectRevert(
            abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_MinBondOutOfRange.selector, minBond, least, most)
        );
        vm.prank(params);
        registry.setMinBond(minBond);
    }

    function test_SetMinBond_RevertWhen_ARaiseMoreThanDoublesWhatIsInForce() external {
        vm.startPrank(params);
        vm.expectRevert(
            abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_MinBondRaisedTooFar.selector, 2000e18 + 1, 2000e18)
        );
        registry.setMinBond(2000e18 + 1);
        registry.setMinBond(2000e18);
        vm.stopPrank();
    }

    function test_SetMinBond_RevertGiven_ARaiseWasAnnouncedWithinTheUnbondDelay() external {
        vm.startPrank(params);
        registry.setMinBond(1500e18);
        uint40 from = uint40(block.timestamp) + 14 days;
        skip(14 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_MinBondRaisedTooSoon.selector, from));
        registry.setMinBond(1600e18);
        skip(1);
        registry.setMinBond(3000e18);
        vm.stopPrank();
    }

    function test_SetMinBond_RevertGiven_ARaiseWasTakenBackWithinTheUnbondDelay() external {
        vm.startPrank(params);
        registry.setMinBond(1500e18);
        uint40 from = uint40(block.timestamp) + 14 days;
        registry.setMinBond(1000e18);
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_MinBondRaisedTooSoon.selector, from));
        registry.setMinBond(1001e18);
        vm.stopPrank();
    }

    function testFuzz_SetMinBond_WhenTheMinimumFalls(uint128 minBond) external {
        minBond = uint128(bound(minBond, 100e18, 1000e18 - 1));
        vm.startPrank(mallory);
        registry.register(1000e18, PROFILE);
        registry.announceUnbond(1000e18 - minBond);
        vm.stopPrank();
        assertFalse(registry.isBonded(mallory));
        vm.expectEmit(address(registry));
        emit IWorkerRegistry.MinBondSet(minBond, uint40(block.timestamp));
        _setMinBond(minBond);
        assertEq(registry.minBond(), minBond);
        assertTrue(registry.isBonded(mallory));
        assertFalse(registry.isBonded(reporter));
        _assertNothingAnnounced();
        skip(14 days);
        assertEq(registry.peakMinBond(), 1000e18);
        skip(1);
        assertEq(registry.peakMinBond(), minBond);
    }

    function test_SetMinBond_GivenItFellBeforeWithinTheUnbondDelay() external {
        _setMinBond(600e18);
        skip(14 days);
        _setMinBond(500e18);
        assertEq(registry.peakMinBond(), 1000e18);
        skip(14 days);
        assertEq(registry.peakMinBond(), 1000e18, "too long, never too short");
        skip(1);
        assertEq(registry.peakMinBond(), 500e18);
        // After the delay the last one counts, alone.
        _setMinBond(400e18);
        assertEq(registry.peakMinBond(), 500e18);
    }

    function test_SetMinBond_WhenTheMinimumStaysAsItIs() external {
        _setMinBond(500e18);
        skip(7 days);
        vm.expectEmit(address(registry));
        emit IWorkerRegistry.MinBondSet(500e18, uint40(block.timestamp));
        _setMinBond(500e18);
        skip(7 days);
        assertEq(registry.peakMinBond(), 1000e18);
        skip(1);
        assertEq(registry.peakMinBond(), 500e18);
    }

    function testFuzz_SetMinBond_WhenTheMinimumRises(uint128 minBond) external {
        minBond = uint128(bound(minBond, 1000e18 + 1, 2000e18));
        vm.prank(mallory);
        registry.register(1000e18, PROFILE);
        uint40 from = uint40(block.timestamp) + 7 days;
        vm.expectEmit(address(registry));
        emit IWorkerRegistry.MinBondSet(minBond, from);
        _setMinBond(minBond);
        skip(7 days - 1);
        assertEq(registry.minBond(), 1000e18);
        assertEq(registry.peakMinBond(), 1000e18);
        assertTrue(registry.isBonded(mallory));
        (uint128 amount, uint40 start) = registry.nextMinBond();
        assertEq(amount, minBond);
        assertEq(start, from);
        skip(1);
        assertEq(registry.minBond(), minBond);
        assertEq(registry.peakMinBond(), minBond);
        assertFalse(registry.isBonded(mallory));
        _assertNothingAnnounced();
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_BondTooSmall.selector, 1000e18, minBond));
        vm.prank(reporter);
        registry.register(1000e18, PROFILE);
        // Nobody's bond is touched by it.
        assertEq(registry.bondOf(mallory), 1000e18);
        vm.prank(mallory);
        registry.announceUnbond(1000e18);
    }

    function test_SetMinBond_GivenTheAnnouncedRaiseHoldsByNow() external {
        _setMinBond(2000e18);
        skip(14 days);
        _setMinBond(4000e18);
        assertEq(registry.minBond(), 2000e18);
        skip(7 days);
        assertEq(registry.minBond(), 4000e18);
        _setMinBond(3000e18);
        assertEq(registry.minBond(), 3000e18);
        assertEq(registry.peakMinBond(), 4000e18);
        skip(14 days + 1);
        assertEq(registry.peakMinBond(), 3000e18);
    }

    function test_SetMinBond_WhenItIsTakenBack() external {
        _setMinBond(2000e18);
        skip(7 days - 1);
        _setMinBond(1000e18);
        _assertNothingAnnounced();
        skip(30 days);
        assertEq(registry.minBond(), 1000e18);
        assertEq(registry.peakMinBond(), 1000e18);
    }

    function test_SetMinBond_WhenTheMinimumIsLoweredInstead() external {
        _setMinBond(2000e18);
        _setMinBond(900e18);
        _assertNothingAnnounced();
        skip(30 days);
        assertEq(registry.minBond(), 900e18);
        assertEq(registry.peakMinBond(), 900e18);
    }

    function _setMinBond(uint128 minBond) private {
        vm.prank(params);
        registry.setMinBond(minBond);
    }

    function _assertNothingAnnounced() private view {
        (uint128 amount, uint40 from) = registry.nextMinBond();
        assertEq(amount, 0);
        assertEq(from, 0);
    }

    // ---------------------------------------------------------------- setTreasury

    function test_SetTreasury_RevertWhen_TheCallerIsWithoutPARAMS() external {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        vm.prank(mallory);
        registry.setTreasury(mallory);
    }

    function test_SetTreasury_RevertWhen_TheTreasuryIsTheZeroAddress() external {
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_ZeroAddress.selector, "treasury"));
        vm.prank(params);
        registry.setTreasury(address(0));
    }

    function test_SetTreasury_RevertWhen_TheTreasuryIsTheRegistryItself() external {
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_BadRecipient.selector, address(registry)));
        vm.prank(params);
        registry.setTreasury(address(registry));
    }

    function test_SetTreasury_WhenTheTreasuryIsAnAccount() external {
        vm.expectEmit(address(registry));
        emit IWorkerRegistry.TreasurySet(mallory);
        vm.prank(params);
        registry.setTreasury(mallory);
        assertEq(registry.treasury(), mallory);
    }
}

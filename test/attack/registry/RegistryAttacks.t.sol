// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {WorkerRegistry} from "../../../contracts/WorkerRegistry.sol";
import {IWorkerRegistry} from "../../../contracts/interfaces/IWorkerRegistry.sol";
import {CallingToken, FeeOnTransferToken} from "../../utils/AigcActors.sol";
import {RegistryBase} from "../../utils/RegistryBase.sol";

/// @dev What somebody who means harm would try on the bonds. The numbers are those of docs/security.md.
contract RegistryAttacksTest is RegistryBase {
    // ---------------------------------------------------------------- 28: tokens

    function test_T28_ATokenThatKeepsAFeeIsRefused() external {
        FeeOnTransferToken token = new FeeOnTransferToken();
        WorkerRegistry other = new WorkerRegistry(token, settlement, address(manager), treasury);
        token.mint(worker, BOND);
        vm.startPrank(worker);
        token.approve(address(other), BOND);
        vm.expectRevert(
            abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_TransferShort.selector, 1000e18, uint256(990e18))
        );
        other.register(1000e18, "");
    }

    /// @dev A paused token stops money from moving, not time and not slashing; afterwards everything can leave.
    function test_T28_APauseOfTheTokenTrapsNothing() external {
        _register();
        aipg.pause();
        _unbond(BOND / 2);
        skip(14 days);
        assertEq(_slash(BOND / 4), BOND / 4);
        aipg.unpause();
        vm.startPrank(worker);
        registry.withdraw(worker);
        registry.announceUnbond(BOND / 4);
        skip(14 days);
        registry.withdraw(worker);
        vm.stopPrank();
        vm.prank(reporter);
        registry.claimReward(reporter);
        registry.payTreasury();
        assertEq(aipg.balanceOf(address(registry)), 0);
    }

    // ---------------------------------------------------------------- 41: re-entry

    function test_T41_TokenCannotReenter() external {
        CallingToken token = new CallingToken();
        WorkerRegistry other = new WorkerRegistry(token, settlement, address(manager), treasury);
        token.mint(worker, BOND);
        token.approveFor(worker, address(other));
        vm.startPrank(worker);
        other.register(BOND, "");
        other.announceUnbond(BOND);
        skip(14 days);
        // The token tries to withdraw again, as anybody could, while the first withdrawal is paid.
        token.arm(address(other), abi.encodeCall(IWorkerRegistry.withdraw, (mallory)));
        other.withdraw(worker);
        assertTrue(token.called());
        assertEq(
            token.returned(), abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
        assertEq(token.balanceOf(worker), BOND);
    }

    // ---------------------------------------------------------------- running away

    /// @dev Announcing, cheating and withdrawing: what was anchored while the bond counted can be slashed for 14 days, and a
    /// bond that is on its way out never counts.
    function testFuzz_ABondOnItsWayOutDoesNotCountAndCanBeSlashed(uint256 wait) external {
        _register();
        _unbond(BOND);
        assertFalse(registry.isBonded(worker));
        assertEq(registry.bondOf(worker), 0);
        skip(bound(wait, 0, 365 days));
        assertEq(_slash(BOND), BOND, "until it is withdrawn, even when it is ripe");
    }

    function test_CancellingDoesNotShortenTheNextDelay() external {
        _register();
        _unbond(BOND);
        skip(14 days);
        vm.startPrank(worker);
        registry.cancelUnbond();
        registry.announceUnbond(BOND);
        uint40 releaseAt = uint40(block.timestamp + 14 days);
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_StillLocked.selector, releaseAt));
        registry.withdraw(worker);
    }

    /// @dev Slashing oneself through a friend: a fifth comes back at most, the rest is gone.
    function testFuzz_SlashingOneselfLosesFourFifths(uint128 amount) external {
        _register();
        amount = uint128(bound(amount, 1, BOND));
        vm.prank(settlement);
        registry.slash(worker, amount, worker);
        assertLe(uint256(registry.rewardOf(worker)) * 5, amount);
        assertGe(uint256(registry.treasuryPot()) * 5, uint256(amount) * 4);
    }

    /// @dev Gifts of 1 wei can't keep a worker from leaving.
    function test_GiftsDoNotDelayAWithdrawal() external {
        _register();
        _unbond(BOND);
        skip(14 days - 1);
        vm.prank(mallory);
        registry.addBond(worker, 1);
        skip(1);
        vm.prank(worker);
        registry.withdraw(worker);
        assertEq(registry.bondOf(worker), 1);
    }

    // ---------------------------------------------------------------- 67: a parameter that changes what a fault costs

    /// @dev A worker signs a contradiction, and PARAMS lowers the minimum step by step: the fault costs what was in force at
    /// any time of the last 14 days.
    function testFuzz_T67_LoweringMakesNoFaultCheap(uint256 seed) external {
        _register();
        uint256 committedAt = block.timestamp;
        for (uint256 i; i < 6; ++i) {
            uint128 minBond = registry.minBond();
            vm.prank(params);
            registry.setMinBond(uint128(bound(uint256(keccak256(abi.encode(seed, i))), 100e18, minBond)));
            skip(uint256(keccak256(abi.encode(seed, i, "wait"))) % 4 days);
            if (block.timestamp > committedAt + 14 days) break;
            assertEq(registry.peakMinBond(), 1000e18);
        }
        vm.warp(committedAt + 14 days);
        assertEq(registry.peakMinBond(), 1000e18);
    }

    /// @dev A thief of PARAMS wants every worker unbonded at once. It gets a doubling, a week from now, once in two weeks.
    function test_T67_ARaiseComesSlowly() external {
        _register();
        uint256 start = block.timestamp;
        uint128 minBond = 1000e18;
        while (minBond < 100_000e18) {
            uint128 next = minBond * 2 > 100_000e18 ? 100_000e18 : minBond * 2;
            vm.startPrank(params);
            registry.setMinBond(next);
            (bool ok,) = address(registry).call(abi.encodeCall(IWorkerRegistry.setMinBond, (next)));
            assertFalse(ok, "twice");
            vm.stopPrank();
            skip(7 days - 1);
            assertEq(registry.minBond(), minBond);
            skip(1);
            assertEq(registry.minBond(), next);
            skip(7 days);
            minBond = next;
        }
        assertEq(block.timestamp - start, 7 * 14 days);
    }

    /// @dev The minimum bond never falls to a wei, so no worker registers at that price.
    function test_T67_TheMinimumHasAFloor() external {
        vm.startPrank(params);
        registry.setMinBond(100e18);
        vm.expectRevert(
            abi.encodeWithSelector(
                IWorkerRegistry.WorkerRegistry_MinBondOutOfRange.selector, 100e18 - 1, 100e18, 100_000e18
            )
        );
        registry.setMinBond(100e18 - 1);
        vm.stopPrank();
    }

    function test_T67_ARaisedMinimumTakesNothing() external {
        _register();
        _raiseTo(8000e18);
        assertFalse(registry.isBonded(worker));
        _unbond(BOND);
        skip(14 days);
        vm.prank(worker);
        registry.withdraw(worker);
        assertEq(aipg.balanceOf(worker), 1_000_000e18);
    }

    function _raiseTo(uint128 minBond) private {
        while (registry.minBond() < minBond) {
            uint128 next = registry.minBond() * 2;
            vm.prank(params);
            registry.setMinBond(next > minBond ? minBond : next);
            skip(14 days);
        }
    }

    // ---------------------------------------------------------------- what other systems got wrong

    /// @dev Elsewhere bonds and rewards were one balance, and claims ate the bonds.
    function test_PastMistake_ClaimsNeverEatBonds() external {
        _register();
        _slash(1000e18);
        vm.startPrank(reporter);
        registry.claimReward(reporter);
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_NothingToClaim.selector, reporter));
        registry.claimReward(reporter);
        vm.stopPrank();
        registry.payTreasury();
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_NothingToClaim.selector, treasury));
        registry.payTreasury();
        assertEq(aipg.balanceOf(address(registry)), BOND - 1000e18);
        assertEq(registry.bondOf(worker), BOND - 1000e18);
    }

    /// @dev Elsewhere a slash of one unit trapped the rest of the stake.
    function test_PastMistake_ASlashOfOneUnitTrapsNothing() external {
        _register();
        _slash(1);
        _unbond(BOND - 1);
        _slash(1);
        skip(14 days);
        vm.prank(worker);
        registry.withdraw(worker);
        assertEq(aipg.balanceOf(worker), 1_000_000e18 - 2);
    }

    /// @dev Elsewhere one could unbond at once, and nothing was ever slashed.
    function test_PastMistake_NobodyLeavesAtOnce() external {
        _register();
        vm.startPrank(worker);
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_NothingUnbonding.selector, worker));
        registry.withdraw(worker);
        registry.announceUnbond(BOND);
        vm.expectRevert(
            abi.encodeWithSelector(
                IWorkerRegistry.WorkerRegistry_StillLocked.selector, uint40(block.timestamp + 14 days)
            )
        );
        registry.withdraw(worker);
    }

    /// @dev Elsewhere the slashed stake went to the admin who called. Here no admin can slash, nor gets a wei.
    function test_PastMistake_NoAdminSlashesOrIsPaid() external {
        _register();
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_NotSettlement.selector, address(this)));
        registry.slash(worker, 1, address(this)); // this contract is ADMIN
        _slash(BOND);
        assertEq(registry.rewardOf(settlement), 0);
        assertEq(registry.rewardOf(address(this)), 0);
        assertEq(uint256(registry.rewardOf(reporter)) + registry.treasuryPot(), BOND);
    }
}

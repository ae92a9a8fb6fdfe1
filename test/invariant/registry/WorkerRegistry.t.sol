// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {console} from "forge-std/console.sol";

import {WorkerRegistry} from "../../../contracts/WorkerRegistry.sol";
import {GridRoles} from "../../../contracts/governance/GridRoles.sol";
import {RegistryBase} from "../../utils/RegistryBase.sol";
import {RegistryHandler, RegistryOnlyLogBook} from "./RegistryHandler.sol";

/// @notice The invariants of `test/invariant/README.md` for bonds, with a settlement that slashes as it likes.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.check-interval = 5
/// forge-config: deep.invariant.fail-on-revert = true
/// forge-config: deep.invariant.check-interval = 5
/// forge-config: coverage.invariant.fail-on-revert = true
contract WorkerRegistryInvariants is RegistryBase {
    RegistryHandler private _handler;
    RegistryOnlyLogBook private _book;

    function setUp() public override {
        super.setUp();
        address expected = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        _book = new RegistryOnlyLogBook(expected);
        vm.recordLogs();
        registry = new WorkerRegistry(aipg, settlement, address(manager), treasury);
        assertEq(address(registry), expected, "address");
        _book.replay(vm.getRecordedLogs());
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = WorkerRegistry.setMinBond.selector;
        manager.setTargetFunctionRole(address(registry), selectors, GridRoles.PARAMS);
        _handler = new RegistryHandler(registry, aipg, _book, settlement, params);
        address[] memory people = _handler.people();
        for (uint256 i; i < people.length; ++i) {
            _fund(people[i]);
        }
        _handler.register(0, 1500e18);
        _handler.register(1, 2500e18);
        targetContract(address(_handler));
        targetSelector(FuzzSelector({addr: address(_handler), selectors: _selectors()}));
    }

    /// @notice All of them in one campaign. R3, a slash takes what was asked or all there is, a stake's rest always leaves
    /// and never early, is watched call by call, and at the end of every run.
    function invariant_R1toR6_Bonds() external {
        vm.warp(_handler.time());
        assertEq(_handler.violation(), "", "R3: violation");
        _solvency();
        _totals();
        _records();
        _book.check();
    }

    /// @dev R1. The registry holds what its totals say, and gifts.
    function _solvency() private view {
        assertEq(
            aipg.balanceOf(address(registry)),
            uint256(registry.totalBonded()) + registry.totalRewards() + registry.treasuryPot() + _handler.donated(),
            "R1: held and owed"
        );
        assertEq(
            aipg.balanceOf(address(registry)),
            _handler.paidIn() + _handler.donated() - _handler.paidOut(),
            "R1: in and out"
        );
    }

    /// @dev R2. The totals are the sums.
    function _totals() private view {
        uint256 stakes;
        uint256 rewards;
        address[] memory people = _handler.people();
        for (uint256 i; i < people.length; ++i) {
            stakes += registry.stakeOf(people[i]);
            rewards += registry.rewardOf(people[i]);
        }
        assertEq(registry.totalBonded(), stakes, "R2: stakes");
        assertEq(registry.totalRewards(), rewards, "R2: rewards");
    }

    /// @dev R5. Unbonding and its release come and go together; nobody is bonded below the minimum.
    function _records() private view {
        address[] memory people = _handler.people();
        for (uint256 i; i < people.length; ++i) {
            bool unbonding = registry.workerOf(people[i]).unbonding != 0;
            assertEq(registry.workerOf(people[i]).releaseAt != 0, unbonding, "R5: release");
            assertEq(registry.isBonded(people[i]), registry.bondOf(people[i]) >= registry.minBond(), "R5: bonded");
            if (!registry.isRegistered(people[i])) assertEq(registry.stakeOf(people[i]), 0, "R5: stake of a stranger");
        }
    }

    /// @notice One long history in which everything succeeds: the invariants look at something.
    function test_EveryCallSucceedsInALongHistory() external {
        bytes4[] memory selectors = _selectors();
        uint256[] memory calls = new uint256[](12);
        for (uint256 i; i < 600; ++i) {
            bytes32 dice = keccak256(abi.encode("registry", i));
            uint256 action = uint256(dice) % selectors.length;
            ++calls[action];
            (bool ok,) = address(_handler)
                .call(abi.encodePacked(selectors[action], keccak256(abi.encode(dice)), ~dice, dice >> 3));
            assertTrue(ok, "handler reverted");
            vm.warp(_handler.time());
            _book.check();
        }
        bytes32[12] memory names = [
            bytes32("register"),
            "addBond",
            "announceUnbond",
            "cancelUnbond",
            "withdraw",
            "slash",
            "claimReward",
            "payTreasury",
            "setMinBond",
            "donate",
            "pass",
            "raiseMinBond"
        ];
        for (uint256 i; i < names.length; ++i) {
            uint256 successes = _handler.successes(names[i]);
            console.log(successes, calls[i], string(abi.encodePacked(names[i])));
            assertGt(successes, 0, vm.toString(names[i]));
            // Four people can register.
            if (names[i] != "register") {
                assertGe(20 * successes, calls[i], "succeeds in less than a twentieth of its calls");
            }
        }
        assertEq(_handler.violation(), "", "violation");
        _book.check();
    }

    /// @notice At the end of every run everybody leaves with everything.
    function afterInvariant() external {
        vm.warp(_handler.time());
        address[] memory people = _handler.people();
        for (uint256 i; i < people.length; ++i) {
            vm.startPrank(people[i]);
            if (registry.bondOf(people[i]) != 0) registry.announceUnbond(registry.bondOf(people[i]));
            if (registry.stakeOf(people[i]) != 0) {
                if (registry.workerOf(people[i]).releaseAt > vm.getBlockTimestamp()) {
                    vm.warp(registry.workerOf(people[i]).releaseAt);
                }
                registry.withdraw(people[i]);
            }
            if (registry.rewardOf(people[i]) != 0) registry.claimReward(people[i]);
            vm.stopPrank();
        }
        if (registry.treasuryPot() != 0) registry.payTreasury();
        assertEq(aipg.balanceOf(address(registry)), _handler.donated(), "R3: nothing but gifts is left");
    }

    function _selectors() private view returns (bytes4[] memory selectors) {
        selectors = new bytes4[](11);
        selectors[0] = _handler.register.selector;
        selectors[1] = _handler.addBond.selector;
        selectors[2] = _handler.announceUnbond.selector;
        selectors[3] = _handler.cancelUnbond.selector;
        selectors[4] = _handler.withdraw.selector;
        selectors[5] = _handler.slash.selector;
        selectors[6] = _handler.claimReward.selector;
        selectors[7] = _handler.payTreasury.selector;
        selectors[8] = _handler.setMinBond.selector;
        selectors[9] = _handler.donate.selector;
        selectors[10] = _handler.pass.selector;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {GridAuthority} from "../../../contracts/GridAuthority.sol";
import {IGridAuthority} from "../../../contracts/interfaces/IGridAuthority.sol";

contract AuthorityTest is Test {
    uint64 internal constant ADMIN = 0;
    uint64 internal constant UPGRADER = 1;
    uint64 internal constant PARAMS = 2;
    uint64 internal constant CURATOR = 3;

    address internal alice = makeAddr("alice");
    address internal target = makeAddr("target");
    GridAuthority internal authority;

    function setUp() external {
        vm.warp(1_790_000_000);
        authority = new GridAuthority(address(this)); // this is the deployer
    }

    // ---------------------------------------------------------------- grantRole

    function testFuzz_GrantRole_RevertWhen_TheExecutionDelayIsBelowTheRolesFloor(uint32 delay, uint64 role) external {
        role = uint64(bound(role, ADMIN, PARAMS));
        uint32 floor = uint32(3 days - role * 1 days);
        assertEq(authority.executionDelayFloor(role), floor);
        delay = uint32(bound(delay, 0, floor - 1));
        bytes memory reason =
            abi.encodeWithSelector(IGridAuthority.GridAuthority_DelayTooShort.selector, "execution", delay, floor);
        vm.expectRevert(reason);
        authority.grantRole(role, alice, delay);
        authority.grantRole(role, alice, floor);
        // Nor can the delay of somebody who holds the role already be lowered.
        vm.expectRevert(reason);
        authority.grantRole(role, alice, delay);
    }

    function testFuzz_GrantRole_WhenTheExecutionDelayIsAtTheRolesFloor(uint64 role) external {
        role = uint64(bound(role, ADMIN, PARAMS));
        uint32 floor = authority.executionDelayFloor(role);
        authority.grantRole(role, alice, floor);
        (bool held, uint32 delay) = authority.hasRole(role, alice);
        assertTrue(held);
        assertEq(delay, floor);
    }

    function testFuzz_GrantRole_WhenTheRoleHasNoFloor(uint64 role) external {
        role = uint64(bound(role, CURATOR, type(uint64).max - 1));
        authority.grantRole(role, alice, 0);
        (bool held, uint32 delay) = authority.hasRole(role, alice);
        assertTrue(held);
        assertEq(delay, 0);
    }

    // ---------------------------------------------------------------- setGrantDelay

    function testFuzz_SetGrantDelay_RevertWhen_TheGrantDelayIsBelowTheRolesFloor(uint32 delay, uint64 role) external {
        role = uint64(bound(role, UPGRADER, PARAMS));
        uint32 floor = uint32(3 days - role * 1 days);
        assertEq(authority.grantDelayFloor(role), floor);
        delay = uint32(bound(delay, 0, floor - 1));
        vm.expectRevert(
            abi.encodeWithSelector(IGridAuthority.GridAuthority_DelayTooShort.selector, "grant", delay, floor)
        );
        authority.setGrantDelay(role, delay);
        assertEq(authority.grantDelayFloor(CURATOR), 0);
    }

    function test_SetGrantDelay_GivenSetUpLasts() external {
        authority.setGrantDelay(UPGRADER, 2 days);
        assertEq(authority.getRoleGrantDelay(UPGRADER), 2 days);
        authority.grantRole(UPGRADER, alice, 2 days);
        (bool held,) = authority.hasRole(UPGRADER, alice);
        assertFalse(held);
        skip(2 days);
        (held,) = authority.hasRole(UPGRADER, alice);
        assertTrue(held);
    }

    function test_SetGrantDelay_GivenSetUpIsOver() external {
        _leaveTo(alice);
        bytes memory call_ = abi.encodeCall(authority.setGrantDelay, (UPGRADER, 2 days));
        _afterDelay(call_);
        assertEq(authority.getRoleGrantDelay(UPGRADER), 0);
        skip(5 days - 1);
        assertEq(authority.getRoleGrantDelay(UPGRADER), 0);
        skip(1);
        assertEq(authority.getRoleGrantDelay(UPGRADER), 2 days);
    }

    // ---------------------------------------------------------------- setTargetAdminDelay

    function testFuzz_SetTargetAdminDelay_RevertWhen_TheDelayIsBelowThreeDays(uint32 delay) external {
        delay = uint32(bound(delay, 0, 3 days - 1));
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridAuthority.GridAuthority_DelayTooShort.selector, "target admin", delay, uint32(3 days)
            )
        );
        authority.setTargetAdminDelay(target, delay);
    }

    function test_SetTargetAdminDelay_GivenTheDeployerStillSetsUp() external {
        assertEq(authority.minSetback(), 0);
        authority.setTargetAdminDelay(target, 3 days);
        assertEq(authority.getTargetAdminDelay(target), 3 days);
    }

    function test_SetTargetAdminDelay_GivenTheDeployerHasLeft() external {
        _leaveTo(alice);
        assertEq(authority.minSetback(), 5 days);
        _afterDelay(abi.encodeCall(authority.setTargetAdminDelay, (target, 3 days)));
        assertEq(authority.getTargetAdminDelay(target), 0);
        skip(5 days);
        assertEq(authority.getTargetAdminDelay(target), 3 days);
    }

    // ---------------------------------------------------------------- renounceRole

    function test_RenounceRole_WhenTheDeployerGivesADMINUp() external {
        assertEq(authority.deployer(), address(this));
        authority.grantRole(ADMIN, alice, 3 days);
        vm.expectEmit(address(authority));
        emit IGridAuthority.SetupEnded(address(this));
        authority.renounceRole(ADMIN, address(this));
        assertEq(authority.deployer(), address(0));
        // The deployer may come back as an ADMIN like any other, with the delay; set-up doesn't.
        _admin = alice;
        _afterDelay(abi.encodeCall(authority.grantRole, (ADMIN, address(this), 3 days)));
        assertEq(authority.deployer(), address(0));
        assertEq(authority.minSetback(), 5 days);
    }

    function test_RenounceRole_WhenTheDeployerGivesAnotherRoleUp() external {
        authority.grantRole(CURATOR, address(this), 0);
        authority.renounceRole(CURATOR, address(this));
        assertEq(authority.deployer(), address(this));
        assertEq(authority.minSetback(), 0);
    }

    function test_RenounceRole_WhenSomebodyElseGivesADMINUp() external {
        authority.grantRole(ADMIN, alice, 3 days);
        vm.prank(alice);
        authority.renounceRole(ADMIN, alice);
        assertEq(authority.deployer(), address(this));
        assertEq(authority.minSetback(), 0);
    }

    // ---------------------------------------------------------------- helpers

    address internal _admin;

    function _leaveTo(address admin) internal {
        authority.grantRole(ADMIN, admin, 3 days);
        authority.renounceRole(ADMIN, address(this));
        _admin = admin;
    }

    /// @dev Schedules a call of the authority to itself, waits and executes, as its ADMIN.
    function _afterDelay(bytes memory call_) internal {
        vm.startPrank(_admin);
        authority.schedule(address(authority), call_, 0);
        skip(3 days);
        authority.execute(address(authority), call_);
        vm.stopPrank();
    }
}

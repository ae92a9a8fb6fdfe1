// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {Test} from "forge-std/Test.sol";

import {GridAuthority} from "../../../contracts/GridAuthority.sol";
import {IGridAuthority} from "../../../contracts/interfaces/IGridAuthority.sol";

/// @dev A target with a function to pause, one that nothing is promised of, and one that takes bytes.
contract ManagedTarget is AccessManaged {
    uint256 public paused;
    uint256 public value;

    constructor(address authority_) AccessManaged(authority_) {}

    function pause() external restricted {
        ++paused;
    }

    function set(uint256 value_, bytes calldata) external restricted {
        value = value_;
    }
}

contract AuthorityTest is Test {
    uint64 internal constant ADMIN = 0;
    uint64 internal constant UPGRADER = 1;
    uint64 internal constant PARAMS = 2;
    uint64 internal constant CURATOR = 3;
    uint64 internal constant GUARDIAN = 4;

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

    function testFuzz_GrantRole_RevertWhen_GUARDIANWouldWait(uint32 delay) external {
        delay = uint32(bound(delay, 1, type(uint32).max));
        bytes memory reason =
            abi.encodeWithSelector(IGridAuthority.GridAuthority_DelayTooLong.selector, "execution", delay, uint32(0));
        vm.expectRevert(reason);
        authority.grantRole(GUARDIAN, alice, delay);
        authority.grantRole(GUARDIAN, alice, 0);
        vm.expectRevert(reason);
        authority.grantRole(GUARDIAN, alice, delay);
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

    // ---------------------------------------------------------------- setTargetFunctionRole, getTargetFunctionRole

    function testFuzz_SetTargetFunctionRole_RevertWhen_TheRoleIsAnotherThanThePinnedOne(
        uint64 role,
        uint256 which,
        address anywhere,
        bool later
    ) external {
        vm.assume(anywhere != address(authority));
        if (later) _leaveTo(alice);
        (bytes4 selector, uint64 pinned) = _pinned(which);
        vm.assume(role != pinned);
        bytes memory call_ = abi.encodeCall(authority.setTargetFunctionRole, (anywhere, _one(selector), role));
        bytes memory reason =
            abi.encodeWithSelector(IGridAuthority.GridAuthority_FunctionPinned.selector, selector, pinned);
        if (later) return _revertsAfterDelay(call_, reason);
        vm.expectRevert(reason);
        authority.setTargetFunctionRole(anywhere, _one(selector), role);
    }

    function testFuzz_SetTargetFunctionRole_WhenTheRoleIsThePinnedOne(uint256 which, address anywhere) external {
        vm.assume(anywhere != address(authority));
        (bytes4 selector, uint64 pinned) = _pinned(which);
        vm.expectEmit(address(authority));
        emit IAccessManager.TargetFunctionRoleUpdated(anywhere, selector, pinned);
        authority.setTargetFunctionRole(anywhere, _one(selector), pinned);
    }

    function testFuzz_SetTargetFunctionRole_WhenTheFunctionIsNotPinned(bytes4 selector, uint64 role) external {
        (bool pinned,) = authority.pinnedRole(selector);
        vm.assume(!pinned && selector != IAccessManaged.setAuthority.selector);
        authority.setTargetFunctionRole(target, _one(selector), role);
        assertEq(authority.getTargetFunctionRole(target, selector), role);
    }

    function testFuzz_SetTargetFunctionRole_RevertWhen_TheTargetIsTheAuthorityItself(bytes4 selector, uint64 role)
        external
    {
        bytes memory reason = abi.encodeWithSelector(IGridAuthority.GridAuthority_OwnFunction.selector, selector);
        vm.expectRevert(reason);
        authority.setTargetFunctionRole(address(authority), _one(selector), role);
        _leaveTo(alice);
        _revertsAfterDelay(
            abi.encodeCall(authority.setTargetFunctionRole, (address(authority), _one(selector), role)), reason
        );
    }

    function testFuzz_GetTargetFunctionRole_GivenAPinnedFunctionWithoutAMapping(address anywhere) external view {
        for (uint256 i; i < 13; ++i) {
            (bytes4 selector, uint64 expected) = _pinned(i);
            (bool pinned, uint64 role) = authority.pinnedRole(selector);
            assertTrue(pinned);
            assertEq(role, expected);
            assertEq(authority.getTargetFunctionRole(anywhere, selector), expected);
        }
    }

    function test_GetTargetFunctionRole_GivenAnotherFunctionWithoutAMapping() external view {
        (bool pinned,) = authority.pinnedRole(ManagedTarget.set.selector);
        assertFalse(pinned);
        assertEq(authority.getTargetFunctionRole(target, ManagedTarget.set.selector), ADMIN);
    }

    // ---------------------------------------------------------------- updateAuthority, canCall

    function test_UpdateAuthority_GivenTheAuthorityIsStillBeingSetUp() external {
        ManagedTarget managed = new ManagedTarget(address(authority));
        authority.updateAuthority(address(managed), address(this));
        assertEq(managed.authority(), address(this));
    }

    function test_UpdateAuthority_RevertGiven_TheAuthorityWasHandedOver() external {
        ManagedTarget managed = new ManagedTarget(address(authority));
        _leaveTo(alice);
        _revertsAfterDelay(
            abi.encodeCall(authority.updateAuthority, (address(managed), address(this))),
            abi.encodeWithSelector(IGridAuthority.GridAuthority_AuthorityFixed.selector, managed)
        );
        assertEq(managed.authority(), address(authority));
    }

    function test_UpdateAuthority_RevertWhen_TheCallerIsNoAdmin() external {
        ManagedTarget managed = new ManagedTarget(address(authority));
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerUnauthorizedAccount.selector, alice, ADMIN));
        authority.updateAuthority(address(managed), address(this));
    }

    function test_CanCall_GivenSetUpGoesOn() external {
        ManagedTarget managed = new ManagedTarget(address(authority));
        (bool immediate,) = authority.canCall(address(this), address(managed), IAccessManaged.setAuthority.selector);
        assertTrue(immediate);
        authority.execute(address(managed), abi.encodeCall(IAccessManaged.setAuthority, (address(this))));
        assertEq(managed.authority(), address(this));
    }

    function test_CanCall_GivenSetUpHasEnded() external {
        ManagedTarget managed = new ManagedTarget(address(authority));
        _leaveTo(alice);
        (bool immediate, uint32 delay) =
            authority.canCall(alice, address(managed), IAccessManaged.setAuthority.selector);
        assertFalse(immediate);
        assertEq(delay, 0);
        bytes memory call_ = abi.encodeCall(IAccessManaged.setAuthority, (address(this)));
        bytes memory reason = abi.encodeWithSelector(
            IAccessManager.AccessManagerUnauthorizedCall.selector, alice, managed, IAccessManaged.setAuthority.selector
        );
        vm.startPrank(alice);
        vm.expectRevert(reason);
        authority.schedule(address(managed), call_, 0);
        vm.expectRevert(reason);
        authority.execute(address(managed), call_);
    }

    // ---------------------------------------------------------------- setRoleGuardian, setRoleAdmin, setTargetClosed

    function test_SetRoleGuardian_GivenSetUpHasNotEnded() external {
        for (uint64 role = UPGRADER; role <= GUARDIAN; ++role) {
            authority.setRoleGuardian(role, GUARDIAN);
            assertEq(authority.getRoleGuardian(role), GUARDIAN);
        }
    }

    function testFuzz_SetRoleGuardian_RevertGiven_TheRolesAreFixed(uint64 guardian) external {
        _leaveTo(alice);
        uint64[3] memory roles = [UPGRADER, PARAMS, GUARDIAN];
        for (uint256 i; i < 3; ++i) {
            _revertsAfterDelay(
                abi.encodeCall(authority.setRoleGuardian, (roles[i], guardian)),
                abi.encodeWithSelector(IGridAuthority.GridAuthority_RoleFixed.selector, roles[i])
            );
        }
    }

    function test_SetRoleGuardian_WhenTheRoleIsAnotherOne() external {
        _leaveTo(alice);
        _afterDelay(abi.encodeCall(authority.setRoleGuardian, (CURATOR, GUARDIAN)));
        assertEq(authority.getRoleGuardian(CURATOR), GUARDIAN);
    }

    function test_SetRoleAdmin_GivenSetUpIsStillOpen() external {
        for (uint64 role = UPGRADER; role <= GUARDIAN; ++role) {
            authority.setRoleAdmin(role, 9);
            assertEq(authority.getRoleAdmin(role), 9);
        }
    }

    function testFuzz_SetRoleAdmin_RevertGiven_TheRolesHaveBeenFixed(uint64 admin) external {
        _leaveTo(alice);
        uint64[3] memory roles = [UPGRADER, PARAMS, GUARDIAN];
        for (uint256 i; i < 3; ++i) {
            _revertsAfterDelay(
                abi.encodeCall(authority.setRoleAdmin, (roles[i], admin)),
                abi.encodeWithSelector(IGridAuthority.GridAuthority_RoleFixed.selector, roles[i])
            );
        }
    }

    function test_SetRoleAdmin_WhenAnotherRoleIsGiven() external {
        _leaveTo(alice);
        _afterDelay(abi.encodeCall(authority.setRoleAdmin, (CURATOR, 9)));
        assertEq(authority.getRoleAdmin(CURATOR), 9);
    }

    function test_SetTargetClosed_GivenTheSetUpIsOpen() external {
        authority.setTargetClosed(target, true);
        assertTrue(authority.isTargetClosed(target));
        authority.setTargetClosed(target, false);
        assertFalse(authority.isTargetClosed(target));
    }

    function test_SetTargetClosed_RevertGiven_TheSetUpIsClosed() external {
        _leaveTo(alice);
        _revertsAfterDelay(
            abi.encodeCall(authority.setTargetClosed, (target, true)),
            abi.encodeWithSelector(IGridAuthority.GridAuthority_TargetFixed.selector, target)
        );
        assertFalse(authority.isTargetClosed(target));
    }

    function test_SetTargetClosed_WhenItOpensATargetThatTheDeployerClosed() external {
        authority.setTargetClosed(target, true);
        _leaveTo(alice);
        _afterDelay(abi.encodeCall(authority.setTargetClosed, (target, false)));
        assertFalse(authority.isTargetClosed(target));
    }

    // ---------------------------------------------------------------- revokeRole

    function testFuzz_RevokeRole_RevertWhen_TheCallerMayNotRevoke(uint64 role) external {
        role = uint64(bound(role, ADMIN, GUARDIAN));
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerUnauthorizedAccount.selector, alice, ADMIN));
        authority.revokeRole(role, address(this));
    }

    function testFuzz_RevokeRole_WhenTheRoleIsNotGUARDIAN(uint64 role) external {
        role = uint64(bound(role, UPGRADER, CURATOR));
        authority.grantRole(role, target, authority.executionDelayFloor(role));
        _leaveTo(alice);
        _afterDelay(abi.encodeCall(authority.revokeRole, (role, target)));
        (bool held,) = authority.hasRole(role, target);
        assertFalse(held);
    }

    function test_RevokeRole_GivenTheDeployerHasNotLeft() external {
        authority.grantRole(GUARDIAN, alice, 0);
        authority.revokeRole(GUARDIAN, alice);
        (bool held,) = authority.hasRole(GUARDIAN, alice);
        assertFalse(held);
        assertEq(authority.guardianRevokedAt(alice), 0);
    }

    function test_RevokeRole_WhenTheAccountIsNoGUARDIAN() external {
        _leaveTo(alice);
        _afterDelay(abi.encodeCall(authority.revokeRole, (GUARDIAN, target)));
        assertEq(authority.guardianRevokedAt(target), 0);
    }

    function test_RevokeRole_WhenTheAccountIsGUARDIAN() external {
        (ManagedTarget managed, address guardian) = _guarded();
        uint48 effectiveAt = uint48(block.timestamp + 3 days + 10 days);
        vm.startPrank(alice);
        bytes memory call_ = abi.encodeCall(authority.revokeRole, (GUARDIAN, guardian));
        authority.schedule(address(authority), call_, 0);
        skip(3 days);
        vm.expectEmit(address(authority));
        emit IGridAuthority.GuardianRevocationScheduled(guardian, effectiveAt);
        authority.execute(address(authority), call_);
        vm.stopPrank();
        assertEq(authority.guardianRevokedAt(guardian), effectiveAt);

        vm.warp(effectiveAt - 1);
        _assertGuardian(managed, guardian, true);
        vm.warp(effectiveAt);
        _assertGuardian(managed, guardian, false);
        vm.warp(effectiveAt + 1);
        _assertGuardian(managed, guardian, false);
    }

    function test_RevokeRole_WhenTheAccountIsRevokedTwice() external {
        (ManagedTarget managed, address guardian) = _guarded();
        bytes memory call_ = abi.encodeCall(authority.revokeRole, (GUARDIAN, guardian));
        _afterDelay(call_);
        uint48 effectiveAt = authority.guardianRevokedAt(guardian);
        _afterDelay(call_);
        assertEq(authority.guardianRevokedAt(guardian), effectiveAt);
        _afterDelay(call_);
        _afterDelay(call_);
        _assertGuardian(managed, guardian, true); // nine days later
        _afterDelay(call_); // two days after that moment
        assertEq(authority.guardianRevokedAt(guardian), effectiveAt);
        _assertGuardian(managed, guardian, false);
    }

    function test_RevokeRole_WhenTheAccountIsGrantedGUARDIANAgainBefore() external {
        (ManagedTarget managed, address guardian) = _guarded();
        bytes memory grant = abi.encodeCall(authority.grantRole, (GUARDIAN, guardian, 0));
        _afterDelay(abi.encodeCall(authority.revokeRole, (GUARDIAN, guardian)));
        vm.prank(alice);
        authority.schedule(address(authority), grant, 0);
        vm.warp(authority.guardianRevokedAt(guardian) - 1);
        vm.expectEmit(address(authority));
        emit IGridAuthority.GuardianRevocationCancelled(guardian);
        vm.prank(alice);
        authority.execute(address(authority), grant);
        assertEq(authority.guardianRevokedAt(guardian), 0);
        skip(365 days);
        _assertGuardian(managed, guardian, true);
    }

    function test_RevokeRole_WhenTheAccountIsGrantedGUARDIANAgainAfterwards() external {
        (ManagedTarget managed, address guardian) = _guarded();
        bytes memory grant = abi.encodeCall(authority.grantRole, (GUARDIAN, guardian, 0));
        _afterDelay(abi.encodeCall(authority.revokeRole, (GUARDIAN, guardian)));
        skip(5 days);
        vm.prank(alice);
        authority.schedule(address(authority), grant, 0);
        vm.warp(authority.guardianRevokedAt(guardian));
        vm.expectEmit(address(authority));
        emit IAccessManager.RoleRevoked(GUARDIAN, guardian);
        vm.expectEmit(address(authority));
        emit IAccessManager.RoleGranted(GUARDIAN, guardian, 0, uint48(block.timestamp), true);
        vm.prank(alice);
        authority.execute(address(authority), grant);
        (uint48 since,,,) = authority.getAccess(GUARDIAN, guardian);
        assertEq(since, block.timestamp);
        _assertGuardian(managed, guardian, true);
    }

    function test_RevokeRole_WhenTheAccountRenouncesBefore() external {
        (ManagedTarget managed, address guardian) = _guarded();
        _afterDelay(abi.encodeCall(authority.revokeRole, (GUARDIAN, guardian)));
        vm.expectEmit(address(authority));
        emit IAccessManager.RoleRevoked(GUARDIAN, guardian);
        vm.prank(guardian);
        authority.renounceRole(GUARDIAN, guardian);
        _assertGuardian(managed, guardian, false);
        // The rest of the revocation doesn't reach a later grant.
        assertEq(authority.guardianRevokedAt(guardian), 0);
        _afterDelay(abi.encodeCall(authority.grantRole, (GUARDIAN, guardian, 0)));
        skip(10 days);
        _assertGuardian(managed, guardian, true);
    }

    // ---------------------------------------------------------------- schedule

    function testFuzz_Schedule_RevertWhen_TheCallDataIsLongerThan2048Bytes(uint256 length) external {
        _leaveTo(alice);
        length = bound(length, 2049, 40_000);
        bytes memory data = bytes.concat(ManagedTarget.set.selector, new bytes(length - 4));
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IGridAuthority.GridAuthority_OperationTooLong.selector, length, uint256(2048))
        );
        authority.schedule(target, data, 0);
    }

    function test_Schedule_RevertWhen_TheCallerHasScheduled32OperationsToday() external {
        _leaveTo(alice);
        vm.warp((block.timestamp / 1 days + 1) * 1 days); // midnight
        vm.startPrank(alice);
        for (uint256 i; i < 32; ++i) {
            assertEq(authority.operationsLeft(alice), 32 - i);
            authority.schedule(target, abi.encodeCall(ManagedTarget.set, (i, "")), 0);
        }
        authority.cancel(alice, target, abi.encodeCall(ManagedTarget.set, (0, ""))); // gives nothing back
        skip(1 days - 1);
        bytes memory next = abi.encodeCall(ManagedTarget.set, (32, ""));
        vm.expectRevert(
            abi.encodeWithSelector(IGridAuthority.GridAuthority_TooManyOperations.selector, alice, uint256(32))
        );
        authority.schedule(target, next, 0);
        skip(1);
        authority.schedule(target, next, 0);
        assertEq(authority.operationsLeft(alice), 31);
    }

    function test_Schedule_RevertWhen_TheCallerMayNotCallTheFunction() external {
        _leaveTo(alice);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessManager.AccessManagerUnauthorizedCall.selector, address(this), target, ManagedTarget.set.selector
            )
        );
        authority.schedule(target, abi.encodeCall(ManagedTarget.set, (1, "")), 0);
        assertEq(authority.operationsLeft(address(this)), 32);
    }

    function test_Schedule_WhenTheCallerMayCallTheFunction() external {
        ManagedTarget managed = new ManagedTarget(address(authority));
        _leaveTo(alice);
        bytes memory call_ = abi.encodePacked(ManagedTarget.set.selector, uint256(7), uint256(64), uint256(1948));
        call_ = bytes.concat(call_, new bytes(1948)); // without padding
        assertEq(call_.length, 2048);
        vm.startPrank(alice);
        (bytes32 operation, uint32 nonce) = authority.schedule(address(managed), call_, 0);
        assertEq(operation, authority.hashOperation(alice, address(managed), call_));
        assertEq(nonce, 1);
        assertEq(authority.operationsLeft(alice), 31);
        skip(3 days);
        authority.execute(address(managed), call_);
        assertEq(managed.value(), 7);
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

    function _revertsAfterDelay(bytes memory call_, bytes memory reason) internal {
        vm.startPrank(_admin);
        authority.schedule(address(authority), call_, 0);
        skip(3 days);
        vm.expectRevert(reason);
        authority.execute(address(authority), call_);
        vm.stopPrank();
    }

    /// @dev A target with a GUARDIAN that watches UPGRADER and PARAMS, and `alice` as ADMIN.
    function _guarded() internal returns (ManagedTarget managed, address guardian) {
        guardian = makeAddr("guardian");
        managed = new ManagedTarget(address(authority));
        authority.setRoleGuardian(UPGRADER, GUARDIAN);
        authority.setRoleGuardian(PARAMS, GUARDIAN);
        authority.setTargetFunctionRole(address(managed), _one(ManagedTarget.set.selector), UPGRADER);
        authority.grantRole(UPGRADER, address(this), 2 days);
        authority.grantRole(GUARDIAN, guardian, 0);
        _leaveTo(alice);
    }

    /// @dev Returns whether `guardian` is GUARDIAN, by every way to ask and to act.
    function _assertGuardian(ManagedTarget managed, address guardian, bool expected) internal {
        uint256 state = vm.snapshotState();
        (bool held, uint32 delay) = authority.hasRole(GUARDIAN, guardian);
        assertEq(held, expected, "hasRole");
        assertEq(delay, 0);
        (uint48 since,,,) = authority.getAccess(GUARDIAN, guardian);
        assertEq(since != 0, expected, "getAccess");
        (bool immediate, uint32 wait) = authority.canCall(guardian, address(managed), ManagedTarget.pause.selector);
        assertEq(immediate, expected, "canCall");
        assertEq(wait, 0);

        if (!expected) {
            vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, guardian));
        }
        vm.prank(guardian);
        managed.pause();

        bytes memory call_ = abi.encodeCall(ManagedTarget.set, (1, ""));
        authority.schedule(address(managed), call_, 0);
        if (!expected) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IAccessManager.AccessManagerUnauthorizedCancel.selector,
                    guardian,
                    address(this),
                    managed,
                    ManagedTarget.set.selector
                )
            );
        }
        vm.prank(guardian);
        authority.cancel(address(this), address(managed), call_);
        vm.revertToState(state);
    }

    /// @dev Number `which` of the pinned functions, and its role. Written out: the list of the design, not the code's.
    function _pinned(uint256 which) internal pure returns (bytes4, uint64) {
        string[13] memory signatures = [
            "upgradeToAndCall(address,bytes)",
            "setRenderer(address)",
            "addAnchorSource(address)",
            "sealUpgrades()",
            "sealRenderer()",
            "setEscrow(address)",
            "setMinBond(uint128)",
            "setTreasury(address)",
            "setMintFee(uint256,address)",
            "setRegistrationFee(uint128)",
            "appendFeeConfig(uint16)",
            "pause()",
            "unpause()"
        ];
        which = which % signatures.length;
        uint64 role = which < 6 ? UPGRADER : which < 11 ? PARAMS : which == 11 ? GUARDIAN : ADMIN;
        return (bytes4(keccak256(bytes(signatures[which]))), role);
    }

    function _one(bytes4 selector) internal pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](1);
        selectors[0] = selector;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

import {AIGC} from "../../../contracts/AIGC.sol";
import {IGridAuthority} from "../../../contracts/interfaces/IGridAuthority.sol";
import {GridRoles} from "../../../contracts/governance/GridRoles.sol";
import {GridGovernance, Permission} from "../../../script/GridGovernance.sol";
import {DeployBase} from "../../utils/DeployBase.sol";

/// @dev Who can do what, when, on the system as it is deployed. The numbers are those of docs/security.md.
contract GovernanceTest is DeployBase {
    address internal mallory = makeAddr("mallory");
    /// @dev Holders in the order of their roles, then people without a role.
    address[8] internal people;

    function setUp() public override {
        super.setUp();
        people = [
            config.admin,
            config.upgrader,
            config.params,
            config.curator,
            config.guardian,
            config.deployer,
            config.treasury,
            mallory
        ];
    }

    // ---------------------------------------------------------------- 39: the matrix

    /// @dev Every restricted function x everybody (that none is missing, `LeakedKeys.t.sol` asserts): who isn't its role's holder is refused, who is waits as long as the role waits.
    function test_T39_TheWholeMatrix() external {
        Permission[] memory all = GridGovernance.permissions(grid);
        for (uint256 i; i < all.length; ++i) {
            for (uint256 who; who < people.length; ++who) {
                _assertCell(all[i], people[who], who);
            }
        }
    }

    function _assertCell(Permission memory permission, address who, uint256 role) internal {
        uint32[5] memory delays = [uint32(3 days), 2 days, 1 days, 0, 0];
        bool holds = role == permission.role;
        (bool immediate, uint32 delay) = authority.canCall(who, permission.target, permission.selector);
        assertEq(immediate, holds && delays[role] == 0);
        assertEq(delay, holds ? delays[role] : 0);

        uint256 state = vm.snapshotState();
        // Zero words are valid arguments for any of the functions; what they mean doesn't matter.
        bytes memory call_ = bytes.concat(permission.selector, new bytes(256));
        vm.prank(who);
        (bool ok, bytes memory answer) = permission.target.call(call_);
        if (!holds) {
            assertFalse(ok);
            assertEq(answer, abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, who));
            vm.expectRevert(
                abi.encodeWithSelector(
                    IAccessManager.AccessManagerUnauthorizedCall.selector, who, permission.target, permission.selector
                )
            );
            vm.prank(who);
            authority.schedule(permission.target, call_, 0);
        } else if (delays[role] != 0) {
            assertFalse(ok);
            bytes32 operation = authority.hashOperation(who, permission.target, call_);
            assertEq(answer, abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, operation));
            vm.startPrank(who);
            authority.schedule(permission.target, call_, 0);
            skip(delays[role] - 1);
            vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotReady.selector, operation));
            authority.execute(permission.target, call_);
            vm.stopPrank();
        } else if (!ok) {
            assertNotEq(bytes4(answer), IAccessManaged.AccessManagedUnauthorized.selector);
        }
        vm.revertToState(state);
    }

    // ---------------------------------------------------------------- 39: what each leaked key can do

    /// @dev A stolen GUARDIAN stops new business and upgrades for a while; it moves nothing, and ADMIN takes it away.
    function test_T39_AStolenGuardianKey() external {
        vm.startPrank(config.guardian);
        aigc.pause();
        settlement.pause();
        nft.pause();
        _expectUnauthorized(config.guardian);
        aigc.unpause();
        _expectUnauthorizedAccount(config.guardian, GridRoles.ADMIN);
        authority.grantRole(GridRoles.GUARDIAN, mallory, 0);
        vm.stopPrank();

        // It can't keep ADMIN from unpausing or from revoking it: ADMIN's operations have no guardian. Thirteen days after ADMIN
        // decides it, the role is gone.
        bytes memory unpause = abi.encodeCall(aigc.unpause, ());
        bytes memory revoke = abi.encodeCall(authority.revokeRole, (GridRoles.GUARDIAN, config.guardian));
        vm.startPrank(config.admin);
        authority.schedule(grid.aigc, unpause, 0);
        authority.schedule(grid.authority, revoke, 0);
        vm.stopPrank();
        vm.startPrank(config.guardian);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessManager.AccessManagerUnauthorizedCancel.selector,
                config.guardian,
                config.admin,
                grid.aigc,
                aigc.unpause.selector
            )
        );
        authority.cancel(config.admin, grid.aigc, unpause);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessManager.AccessManagerUnauthorizedCancel.selector,
                config.guardian,
                config.admin,
                grid.authority,
                authority.revokeRole.selector
            )
        );
        authority.cancel(config.admin, grid.authority, revoke);
        vm.stopPrank();
        skip(3 days);
        vm.startPrank(config.admin);
        authority.execute(grid.authority, revoke);
        authority.execute(grid.aigc, unpause);
        vm.stopPrank();
        assertFalse(aigc.paused());
        skip(10 days - 1);
        vm.prank(config.guardian);
        aigc.pause();
        skip(1);
        vm.prank(config.guardian);
        _expectUnauthorized(config.guardian);
        nft.pause();
    }

    /// @dev A stolen CURATOR marks models, and nothing else.
    function test_T39_AStolenCuratorKey() external {
        Permission[] memory all = GridGovernance.permissions(grid);
        uint256 count;
        for (uint256 i; i < all.length; ++i) {
            if (all[i].role != GridRoles.CURATOR) continue;
            ++count;
            assertEq(all[i].target, grid.aigc);
            assertTrue(all[i].selector == AIGC.setVerified.selector || all[i].selector == AIGC.setDeprecated.selector);
        }
        assertEq(count, 2);
    }

    /// @dev A stolen PARAMS waits a day, in which GUARDIAN cancels; at worst fees reach the caps in code.
    function test_T39_AStolenParamsKey() external {
        bytes memory call_ = abi.encodeCall(aigc.setRegistrationFee, (10_001e18));
        vm.startPrank(config.params);
        authority.schedule(grid.aigc, call_, 0);
        skip(1 days);
        vm.expectRevert(
            abi.encodeWithSelector(bytes4(keccak256("AIGC_FeeTooHigh(uint128,uint128)")), 10_001e18, 10_000e18)
        );
        authority.execute(grid.aigc, call_);
        vm.stopPrank();

        bytes memory steal = abi.encodeCall(aigc.setTreasury, (mallory));
        vm.prank(config.params);
        authority.schedule(grid.aigc, steal, 0);
        vm.prank(config.guardian);
        authority.cancel(config.params, grid.aigc, steal);
        skip(1 days);
        vm.startPrank(config.params);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessManager.AccessManagerNotScheduled.selector,
                authority.hashOperation(config.params, grid.aigc, steal)
            )
        );
        authority.execute(grid.aigc, steal);
    }

    /// @dev A stolen UPGRADER waits two days, in which everybody sees it coming and GUARDIAN cancels.
    function test_T39_AStolenUpgraderKey() external {
        bytes memory call_ = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (address(new AIGC(aipg)), ""));
        bytes32 operation = authority.hashOperation(config.upgrader, grid.aigc, call_);
        vm.expectEmit(address(authority));
        emit IAccessManager.OperationScheduled(
            operation, 1, uint48(block.timestamp + 2 days), config.upgrader, grid.aigc, call_
        );
        vm.prank(config.upgrader);
        authority.schedule(grid.aigc, call_, 0);
        skip(2 days - 1);
        vm.prank(config.guardian);
        authority.cancel(config.upgrader, grid.aigc, call_);
        skip(1);
        vm.startPrank(config.upgrader);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessManager.AccessManagerNotScheduled.selector,
                authority.hashOperation(config.upgrader, grid.aigc, call_)
            )
        );
        authority.execute(grid.aigc, call_);
    }

    // ---------------------------------------------------------------- 40: ADMIN

    /// @dev Nothing that ADMIN may do, it may do at once.
    function test_T40_AdminWaitsForEverything() external {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = UUPSUpgradeable.upgradeToAndCall.selector;
        bytes[10] memory calls = [
            abi.encodeCall(IAccessManager.grantRole, (GridRoles.UPGRADER, config.admin, 2 days)),
            abi.encodeCall(IAccessManager.grantRole, (GridRoles.ADMIN, mallory, 3 days)),
            abi.encodeCall(IAccessManager.revokeRole, (GridRoles.GUARDIAN, config.guardian)),
            abi.encodeCall(IAccessManager.setTargetFunctionRole, (grid.aigc, selectors, GridRoles.CURATOR)),
            abi.encodeCall(IAccessManager.setRoleAdmin, (GridRoles.UPGRADER, GridRoles.CURATOR)),
            abi.encodeCall(IAccessManager.setRoleGuardian, (GridRoles.UPGRADER, GridRoles.UPGRADER)),
            abi.encodeCall(IAccessManager.setGrantDelay, (GridRoles.UPGRADER, 2 days)),
            abi.encodeCall(IAccessManager.setTargetAdminDelay, (grid.aigc, 3 days)),
            abi.encodeCall(IAccessManager.updateAuthority, (grid.aigc, mallory)),
            abi.encodeCall(IAccessManager.setTargetClosed, (grid.aigc, true))
        ];
        for (uint256 i; i < calls.length; ++i) {
            bytes32 operation = authority.hashOperation(config.admin, grid.authority, calls[i]);
            vm.startPrank(config.admin);
            (bool ok, bytes memory answer) = grid.authority.call(calls[i]);
            assertFalse(ok);
            assertEq(answer, abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, operation));
            authority.schedule(grid.authority, calls[i], 0);
            assertEq(authority.getSchedule(operation), block.timestamp + 3 days);
            skip(3 days - 1);
            vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotReady.selector, operation));
            authority.execute(grid.authority, calls[i]);
            vm.stopPrank();
            vm.warp(block.timestamp + 30 days);
        }
        // Nor through multicall, which is only many calls.
        bytes[] memory batch = new bytes[](1);
        batch[0] = calls[0];
        vm.startPrank(config.admin);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessManager.AccessManagerExpired.selector,
                authority.hashOperation(config.admin, grid.authority, calls[0])
            )
        );
        authority.multicall(batch);
    }

    /// @dev An ADMIN that grants itself UPGRADER waits three days for the grant, two for it to count, two for the upgrade.
    function test_T40_AdminCannotUpgradeQuickly() external {
        uint256 start = block.timestamp;
        bytes memory call_ = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (address(new AIGC(aipg)), ""));
        _asAdmin(abi.encodeCall(IAccessManager.grantRole, (GridRoles.UPGRADER, config.admin, 2 days)));
        assertEq(block.timestamp, start + 3 days);
        vm.startPrank(config.admin);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessManager.AccessManagerUnauthorizedCall.selector,
                config.admin,
                grid.aigc,
                UUPSUpgradeable.upgradeToAndCall.selector
            )
        );
        authority.schedule(grid.aigc, call_, 0);
        skip(2 days);
        authority.schedule(grid.aigc, call_, 0);
        skip(2 days);
        authority.execute(grid.aigc, call_);
        assertEq(block.timestamp, start + 7 days);
    }

    /// @dev An ADMIN, UPGRADER or PARAMS without its delay can't be made, by no order of calls.
    function test_T40_NobodyHoldsARoleWithoutItsDelay() external {
        uint64[3] memory roles = [GridRoles.ADMIN, GridRoles.UPGRADER, GridRoles.PARAMS];
        uint32[3] memory floors = [uint32(3 days), 2 days, 1 days];
        for (uint256 i; i < 3; ++i) {
            for (uint256 k; k < 2; ++k) {
                address account = k == 0 ? mallory : people[i]; // a new holder, and the present one
                bytes memory call_ = abi.encodeCall(IAccessManager.grantRole, (roles[i], account, floors[i] - 1));
                vm.startPrank(config.admin);
                authority.schedule(grid.authority, call_, 0);
                skip(3 days);
                vm.expectRevert(
                    abi.encodeWithSelector(
                        IGridAuthority.GridAuthority_DelayTooShort.selector, "execution", floors[i] - 1, floors[i]
                    )
                );
                authority.execute(grid.authority, call_);
                vm.stopPrank();
            }
        }
    }

    /// @dev Delays that protect can't be lowered beneath their floors either.
    function test_T40_DelaysCannotBeLowered() external {
        _expectTooShort(abi.encodeCall(IAccessManager.setGrantDelay, (GridRoles.UPGRADER, 0)), "grant", 0, 2 days);
        _expectTooShort(abi.encodeCall(IAccessManager.setGrantDelay, (GridRoles.PARAMS, 1)), "grant", 1, 1 days);
        _expectTooShort(
            abi.encodeCall(IAccessManager.setTargetAdminDelay, (grid.nft, 3 days - 1)),
            "target admin",
            3 days - 1,
            3 days
        );
    }

    /// @dev Why there is a GridAuthority: a plain AccessManager, set up in the same way, has all of these gaps.
    function test_T40_APlainAccessManagerWouldNotDo() external {
        AccessManager plain = new AccessManager(address(this));
        plain.grantRole(GridRoles.ADMIN, config.admin, 3 days);
        plain.setGrantDelay(GridRoles.UPGRADER, 2 days);
        plain.renounceRole(GridRoles.ADMIN, address(this));
        assertEq(plain.getRoleGrantDelay(GridRoles.UPGRADER), 0, "not in force for five days");
        bytes memory call_ = abi.encodeCall(IAccessManager.grantRole, (GridRoles.ADMIN, mallory, 0));
        vm.startPrank(config.admin);
        plain.schedule(address(plain), call_, 0);
        skip(3 days);
        plain.execute(address(plain), call_);
        (bool held, uint32 delay) = plain.hasRole(GridRoles.ADMIN, mallory);
        assertTrue(held);
        assertEq(delay, 0, "an ADMIN without delay");
    }

    /// @dev The deployer, the script and a stranger hold nothing and can schedule nothing.
    function test_T40_TheDeployerIsLeftWithNothing() external {
        address[3] memory nobodies = [config.deployer, address(script), mallory];
        bytes memory call_ = abi.encodeCall(IAccessManager.grantRole, (GridRoles.ADMIN, mallory, 3 days));
        for (uint256 i; i < 3; ++i) {
            for (uint64 role; role < 16; ++role) {
                (bool held,) = authority.hasRole(role, nobodies[i]);
                assertFalse(held);
            }
            vm.startPrank(nobodies[i]);
            _expectUnauthorizedAccount(nobodies[i], GridRoles.ADMIN);
            authority.grantRole(GridRoles.ADMIN, mallory, 3 days);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IAccessManager.AccessManagerUnauthorizedCall.selector,
                    nobodies[i],
                    grid.authority,
                    IAccessManager.grantRole.selector
                )
            );
            authority.schedule(grid.authority, call_, 0);
            vm.stopPrank();
        }
    }

    /// @dev A role is handed over in two steps at least: announced, and three days later executed; a mistake can be cancelled.
    function test_T40_HandOversAreAnnouncedAndCanBeCancelled() external {
        bytes memory call_ = abi.encodeCall(IAccessManager.grantRole, (GridRoles.ADMIN, mallory, 3 days));
        vm.startPrank(config.admin);
        authority.schedule(grid.authority, call_, 0);
        authority.cancel(config.admin, grid.authority, call_);
        skip(3 days);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessManager.AccessManagerNotScheduled.selector,
                authority.hashOperation(config.admin, grid.authority, call_)
            )
        );
        authority.execute(grid.authority, call_);
    }

    /// @dev Pausing is at once and GUARDIAN's; going on is ADMIN's, after its delay.
    function test_PausingIsAtOnceUnpausingWaits() external {
        address[3] memory targets = [grid.aigc, grid.settlement, grid.nft];
        for (uint256 i; i < 3; ++i) {
            vm.prank(config.guardian);
            AIGC(targets[i]).pause();
            bytes memory call_ = abi.encodeCall(AIGC.unpause, ());
            vm.prank(config.admin);
            authority.schedule(targets[i], call_, 0);
        }
        skip(3 days);
        for (uint256 i; i < 3; ++i) {
            vm.prank(config.admin);
            authority.execute(targets[i], abi.encodeCall(AIGC.unpause, ()));
            vm.prank(config.guardian);
            AIGC(targets[i]).pause(); // it was unpaused, or this would revert
        }
    }

    /// @dev No function of an upgradeable contract calls itself or many: what AccessManager sees is what is called.
    function test_T39_UpgradeablesHaveNoMulticall() external {
        bytes[] memory batch = new bytes[](0);
        address[2] memory proxies = [grid.aigc, grid.nft];
        for (uint256 i; i < 2; ++i) {
            (bool ok,) = proxies[i].call(abi.encodeWithSignature("multicall(bytes[])", batch));
            assertFalse(ok);
        }
    }

    // ---------------------------------------------------------------- helpers

    function _asAdmin(bytes memory call_) internal {
        vm.startPrank(config.admin);
        authority.schedule(grid.authority, call_, 0);
        skip(3 days);
        authority.execute(grid.authority, call_);
        vm.stopPrank();
    }

    function _expectTooShort(bytes memory call_, string memory kind, uint32 delay, uint32 floor) internal {
        vm.startPrank(config.admin);
        authority.schedule(grid.authority, call_, 0);
        skip(3 days);
        vm.expectRevert(abi.encodeWithSelector(IGridAuthority.GridAuthority_DelayTooShort.selector, kind, delay, floor));
        authority.execute(grid.authority, call_);
        vm.stopPrank();
    }

    function _expectUnauthorized(address account) internal {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, account));
    }

    function _expectUnauthorizedAccount(address account, uint64 role) internal {
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerUnauthorizedAccount.selector, account, role));
    }
}

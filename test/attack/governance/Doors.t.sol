// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {IGridAuthority} from "../../../contracts/interfaces/IGridAuthority.sol";
import {GridRoles} from "../../../contracts/governance/GridRoles.sol";
import {GridGovernance, Permission} from "../../../script/GridGovernance.sol";
import {GovernanceBase} from "../../utils/GovernanceBase.sol";

/// @dev A contract of a later version, under the same authority and not mapped yet.
contract LaterTarget is AccessManaged {
    address public treasury;

    constructor(address authority_) AccessManaged(authority_) {}

    function setTreasury(address treasury_) external restricted {
        treasury = treasury_;
    }
}

/// @dev A holder of UPGRADER that makes its call data in memory, where bytes are cheap.
contract LargeCallHolder {
    function schedule(IAccessManager authority, address target, bytes memory call_, uint256 padding)
        external
        returns (bool ok, bytes memory answer)
    {
        return address(authority)
            .call(abi.encodeCall(IAccessManager.schedule, (target, bytes.concat(call_, new bytes(padding)), 0)));
    }
}

/// @dev Threat 66: the ways by which ADMIN, or a holder whom it watches, could get past delay or veto.
contract DoorsTest is GovernanceBase {
    uint64 private constant PUBLIC = type(uint64).max;
    uint256 private constant TRANSACTION_CAP = 16_777_216; // Base

    // ---------------------------------------------------------------- mappings

    /// @dev `upgradeToAndCall` for everybody, three days after the notice: the first door.
    function test_T66_NoMappingHandsAPromisedFunctionOut() external {
        Permission[] memory all = GridGovernance.permissions(grid);
        uint64[5] memory roles = [uint64(0), 1, 3, 77, PUBLIC];
        uint256 refused;
        for (uint256 i; i < all.length; ++i) {
            (bool pinned, uint64 pinnedTo) = authority.pinnedRole(all[i].selector);
            if (!pinned) continue;
            for (uint256 k; k < roles.length; ++k) {
                if (roles[k] == pinnedTo) continue;
                _asAdmin(
                    abi.encodeCall(
                        IAccessManager.setTargetFunctionRole, (all[i].target, _one(all[i].selector), roles[k])
                    ),
                    abi.encodeWithSelector(
                        IGridAuthority.GridAuthority_FunctionPinned.selector, all[i].selector, pinnedTo
                    )
                );
                ++refused;
            }
            assertEq(authority.getTargetFunctionRole(all[i].target, all[i].selector), all[i].role);
        }
        assertGt(refused, 80);
    }

    /// @dev A contract that isn't mapped yet is ADMIN's in a plain AccessManager. Here a promised function is its role's at once.
    function test_T66_ALaterContractIsPinnedBeforeItIsMapped() external {
        LaterTarget later = new LaterTarget(grid.authority);
        bytes memory call_ = abi.encodeCall(LaterTarget.setTreasury, (mallory));
        vm.prank(config.admin);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessManager.AccessManagerUnauthorizedCall.selector,
                config.admin,
                later,
                LaterTarget.setTreasury.selector
            )
        );
        authority.schedule(address(later), call_, 0);
        vm.prank(config.params);
        authority.schedule(address(later), call_, 0);
        skip(1 days);
        uint256 state = vm.snapshotState();
        vm.prank(config.guardian);
        authority.cancel(config.params, address(later), call_);
        vm.revertToState(state);
        vm.prank(config.params);
        authority.execute(address(later), call_);
        assertEq(later.treasury(), mallory);
        // ADMIN maps it as every other contract, and no other way.
        _asAdmin(
            abi.encodeCall(
                IAccessManager.setTargetFunctionRole,
                (address(later), _one(LaterTarget.setTreasury.selector), GridRoles.PARAMS)
            )
        );
    }

    /// @dev Were `revokeRole` a function of UPGRADER's, its guardian could cancel its own revocation; of a role with the public as
    /// guardian, anybody could cancel all that ADMIN schedules, for ever.
    function test_T66_NoFunctionOfTheAuthorityIsMapped() external {
        bytes4[3] memory selectors = [
            IAccessManager.revokeRole.selector,
            IAccessManager.grantRole.selector,
            IAccessManager.setTargetFunctionRole.selector
        ];
        _asAdmin(abi.encodeCall(IAccessManager.setRoleGuardian, (77, PUBLIC)));
        uint64[3] memory roles = [GridRoles.UPGRADER, 77, PUBLIC];
        for (uint256 i; i < 3; ++i) {
            for (uint256 k; k < 3; ++k) {
                _asAdmin(
                    abi.encodeCall(
                        IAccessManager.setTargetFunctionRole, (grid.authority, _one(selectors[i]), roles[k])
                    ),
                    abi.encodeWithSelector(IGridAuthority.GridAuthority_OwnFunction.selector, selectors[i])
                );
            }
        }
        bytes memory revoke = abi.encodeCall(IAccessManager.revokeRole, (GridRoles.GUARDIAN, config.guardian));
        vm.prank(config.admin);
        authority.schedule(grid.authority, revoke, 0);
        address[2] memory others = [config.guardian, mallory];
        for (uint256 i; i < 2; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IAccessManager.AccessManagerUnauthorizedCancel.selector,
                    others[i],
                    config.admin,
                    grid.authority,
                    IAccessManager.revokeRole.selector
                )
            );
            authority.cancel(config.admin, grid.authority, revoke);
        }
    }

    // ---------------------------------------------------------------- another authority

    function test_T66_NoContractLeavesTheAuthority() external {
        address[4] memory managed = GridGovernance.targets(grid);
        for (uint256 i; i < 4; ++i) {
            address target = managed[i];
            _asAdmin(
                abi.encodeCall(IAccessManager.updateAuthority, (target, grid.aipg)),
                abi.encodeWithSelector(IGridAuthority.GridAuthority_AuthorityFixed.selector, target)
            );
            // AccessManager 5.7 lets ADMIN schedule `setAuthority` of a target, too.
            bytes memory call_ = abi.encodeCall(IAccessManaged.setAuthority, (grid.aipg));
            vm.prank(config.admin);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IAccessManager.AccessManagerUnauthorizedCall.selector,
                    config.admin,
                    target,
                    IAccessManaged.setAuthority.selector
                )
            );
            authority.schedule(target, call_, 0);
            assertEq(IAccessManaged(target).authority(), grid.authority);
        }
    }

    // ---------------------------------------------------------------- who vetoes

    function test_T66_WhoVetoesIsFixed() external {
        uint64[3] memory watched = [GridRoles.UPGRADER, GridRoles.PARAMS, GridRoles.GUARDIAN];
        for (uint256 i; i < 3; ++i) {
            bytes memory reason = abi.encodeWithSelector(IGridAuthority.GridAuthority_RoleFixed.selector, watched[i]);
            _asAdmin(abi.encodeCall(IAccessManager.setRoleGuardian, (watched[i], 77)), reason);
            _asAdmin(abi.encodeCall(IAccessManager.setRoleAdmin, (watched[i], 77)), reason);
        }
        // ADMIN's own guardian and admin are locked by AccessManager: nobody can be made to veto ADMIN for ever.
        bytes memory locked = abi.encodeWithSelector(IAccessManager.AccessManagerLockedRole.selector, GridRoles.ADMIN);
        _asAdmin(abi.encodeCall(IAccessManager.setRoleGuardian, (GridRoles.ADMIN, GridRoles.GUARDIAN)), locked);
        _asAdmin(abi.encodeCall(IAccessManager.setRoleAdmin, (GridRoles.ADMIN, GridRoles.GUARDIAN)), locked);
    }

    /// @dev A GUARDIAN with an execution delay could veto but no longer pause at once.
    function test_T66_AGuardianIsNotSlowedDown() external {
        _asAdmin(
            abi.encodeCall(IAccessManager.grantRole, (GridRoles.GUARDIAN, config.guardian, 365 days)),
            abi.encodeWithSelector(
                IGridAuthority.GridAuthority_DelayTooLong.selector, "execution", uint32(365 days), uint32(0)
            )
        );
        vm.prank(config.guardian);
        aigc.pause();
    }

    /// @dev On a closed target nobody may call a restricted function: GUARDIAN could not pause.
    function test_T66_NoContractIsClosed() external {
        address[4] memory managed = GridGovernance.targets(grid);
        for (uint256 i; i < 4; ++i) {
            _asAdmin(
                abi.encodeCall(IAccessManager.setTargetClosed, (managed[i], true)),
                abi.encodeWithSelector(IGridAuthority.GridAuthority_TargetFixed.selector, managed[i])
            );
        }
        vm.startPrank(config.guardian);
        aigc.pause();
        nft.pause();
        settlement.pause();
    }

    // ---------------------------------------------------------------- a guardian's revocation

    /// @dev ADMIN revokes, and grants itself UPGRADER, in the same second. The guardian still vetoes through the last second.
    function test_T66_TheVetoOutlastsGrantAndUpgrade() external {
        bytes memory upgrade = promised[0].data;
        vm.startPrank(config.admin);
        bytes memory revoke = abi.encodeCall(IAccessManager.revokeRole, (GridRoles.GUARDIAN, config.guardian));
        bytes memory grant = abi.encodeCall(IAccessManager.grantRole, (GridRoles.UPGRADER, config.admin, 2 days));
        authority.schedule(grid.authority, revoke, 0);
        authority.schedule(grid.authority, grant, 0);
        skip(3 days);
        authority.execute(grid.authority, revoke);
        authority.execute(grid.authority, grant);
        uint256 effectiveAt = block.timestamp + 10 days;
        skip(2 days);
        authority.schedule(grid.aigc, upgrade, 0);
        vm.stopPrank();
        skip(2 days);
        vm.prank(config.guardian);
        authority.cancel(config.admin, grid.aigc, upgrade);

        vm.warp(effectiveAt - 1);
        vm.prank(config.admin);
        authority.schedule(grid.aigc, upgrade, 0);
        vm.prank(config.guardian);
        authority.cancel(config.admin, grid.aigc, upgrade);

        vm.warp(effectiveAt);
        vm.prank(config.admin);
        authority.schedule(grid.aigc, upgrade, 0);
        vm.prank(config.guardian);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessManager.AccessManagerUnauthorizedCancel.selector,
                config.guardian,
                config.admin,
                grid.aigc,
                bytes4(upgrade)
            )
        );
        authority.cancel(config.admin, grid.aigc, upgrade);
    }

    /// @dev A stolen GUARDIAN can't keep its role: neither postpone nor cancel, nor be granted anew by itself.
    function test_T66_AGuardianCannotDodgeItsRevocation() external {
        bytes memory revoke = abi.encodeCall(IAccessManager.revokeRole, (GridRoles.GUARDIAN, config.guardian));
        bytes memory grant = abi.encodeCall(IAccessManager.grantRole, (GridRoles.GUARDIAN, config.guardian, 0));
        vm.prank(config.admin);
        authority.schedule(grid.authority, revoke, 0);
        bytes memory unauthorized = abi.encodeWithSelector(
            IAccessManager.AccessManagerUnauthorizedAccount.selector, config.guardian, GridRoles.ADMIN
        );
        for (uint256 round; round < 2; ++round) {
            vm.startPrank(config.guardian);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IAccessManager.AccessManagerUnauthorizedCancel.selector,
                    config.guardian,
                    config.admin,
                    grid.authority,
                    IAccessManager.revokeRole.selector
                )
            );
            authority.cancel(config.admin, grid.authority, revoke);
            vm.expectRevert(unauthorized);
            authority.grantRole(GridRoles.GUARDIAN, config.guardian, 0);
            vm.expectRevert(unauthorized);
            authority.revokeRole(GridRoles.GUARDIAN, config.guardian);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IAccessManager.AccessManagerUnauthorizedCall.selector,
                    config.guardian,
                    grid.authority,
                    IAccessManager.grantRole.selector
                )
            );
            authority.schedule(grid.authority, grant, 0);
            vm.stopPrank();
            if (round == 1) break;
            skip(3 days);
            vm.startPrank(config.admin);
            authority.execute(grid.authority, revoke);
            authority.schedule(grid.authority, revoke, 0); // once more, for the second round
            vm.stopPrank();
        }
        vm.warp(authority.guardianRevokedAt(config.guardian));
        (bool held,) = authority.hasRole(GridRoles.GUARDIAN, config.guardian);
        assertFalse(held);
        vm.prank(config.guardian);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, config.guardian));
        aigc.pause();
    }

    // ---------------------------------------------------------------- more than can be cancelled

    /// @dev A contract schedules a megabyte for little gas. To cancel it, GUARDIAN would have to send it as call data: 10 gas a zero
    /// byte (EIP-7623), above the cap of a transaction, and above the 128 KiB that nodes relay.
    function test_T66_AnOperationTooLongToCancelIsRefused() external {
        LargeCallHolder holder = new LargeCallHolder();
        _asAdmin(abi.encodeCall(IAccessManager.grantRole, (GridRoles.UPGRADER, address(holder), 2 days)));
        skip(2 days);
        bytes memory upgrade = promised[0].data;
        uint256[3] memory lengths = [uint256(2049), 131_072, 1_700_000];
        for (uint256 i; i < 3; ++i) {
            uint256 padding = lengths[i] - upgrade.length;
            (bool ok, bytes memory answer) = holder.schedule(authority, grid.aigc, upgrade, padding);
            assertFalse(ok);
            assertEq(
                answer,
                abi.encodeWithSelector(
                    IGridAuthority.GridAuthority_OperationTooLong.selector, lengths[i], uint256(2048)
                )
            );
        }
        (bool done,) = holder.schedule(authority, grid.aigc, upgrade, 2048 - upgrade.length);
        assertTrue(done);
        vm.prank(config.guardian);
        authority.cancel(address(holder), grid.aigc, bytes.concat(upgrade, new bytes(2048 - upgrade.length)));
    }

    /// @dev A day's operations of a holder, each as long as can be, are cancelled by one transaction far below the cap.
    function test_T66_AFloodIsCancelledByOneTransaction() external {
        vm.warp((block.timestamp / 1 days + 1) * 1 days);
        bytes[] memory cancels = new bytes[](32);
        vm.startPrank(config.upgrader);
        for (uint256 i; i < 32; ++i) {
            bytes memory call_ = bytes.concat(promised[0].data, _noise(i, 2048 - promised[0].data.length));
            authority.schedule(grid.aigc, call_, 0);
            cancels[i] = abi.encodeCall(IAccessManager.cancel, (config.upgrader, grid.aigc, call_));
        }
        skip(1 days - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridAuthority.GridAuthority_TooManyOperations.selector, config.upgrader, uint256(32)
            )
        );
        authority.schedule(grid.aigc, promised[0].data, 0);
        vm.stopPrank();

        bytes memory batch = abi.encodeWithSignature("multicall(bytes[])", cancels);
        vm.prank(config.guardian);
        uint256 left = gasleft();
        (bool ok,) = grid.authority.call(batch);
        uint256 used = left - gasleft();
        assertTrue(ok);
        uint256 total = 21_000 + 40 * batch.length + used; // more than either rule of EIP-7623 asks
        emit log_named_uint("gas of 32 vetoes of 2,048 bytes, at most", total);
        assertLt(total, TRANSACTION_CAP / 2);
        assertLt(batch.length, 128 * 1024);
    }

    /// @dev A cancelled operation starts anew: rescheduling never shortens the wait, under any nonce or holder; one left
    /// alone for a week after its time is dead.
    function test_T66_ReschedulingWaitsAgain() external {
        _asAdmin(abi.encodeCall(IAccessManager.grantRole, (GridRoles.UPGRADER, mallory, 2 days)));
        skip(2 days);
        bytes memory call_ = promised[0].data;
        address[2] memory holders = [config.upgrader, mallory];
        for (uint32 round = 1; round <= 3; ++round) {
            for (uint256 i; i < 2; ++i) {
                vm.prank(holders[i]);
                (bytes32 operation, uint32 nonce) = authority.schedule(grid.aigc, call_, 0);
                assertEq(nonce, round);
                assertEq(authority.getSchedule(operation), block.timestamp + 2 days);
            }
            skip(2 days - 1);
            for (uint256 i; i < 2; ++i) {
                bytes32 operation = authority.hashOperation(holders[i], grid.aigc, call_);
                vm.prank(holders[i]);
                vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotReady.selector, operation));
                authority.execute(grid.aigc, call_);
                vm.prank(config.guardian);
                authority.cancel(holders[i], grid.aigc, call_);
            }
        }
        vm.prank(mallory);
        authority.schedule(grid.aigc, call_, 0);
        skip(2 days + 7 days);
        bytes32 last = authority.hashOperation(mallory, grid.aigc, call_);
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerExpired.selector, last));
        authority.execute(grid.aigc, call_);
    }

    /// @dev An operation of a holder that was revoked waits for a new grant. It can be cancelled all the time.
    function test_T66_AnOperationOfARevokedHolder() external {
        bytes memory call_ = promised[0].data;
        vm.prank(config.upgrader);
        authority.schedule(grid.aigc, call_, uint48(block.timestamp + 9 days));
        _asAdmin(abi.encodeCall(IAccessManager.revokeRole, (GridRoles.UPGRADER, config.upgrader)));
        skip(6 days);
        vm.prank(config.upgrader);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessManager.AccessManagerUnauthorizedCall.selector, config.upgrader, grid.aigc, bytes4(call_)
            )
        );
        authority.execute(grid.aigc, call_);
        _asAdmin(abi.encodeCall(IAccessManager.grantRole, (GridRoles.UPGRADER, config.upgrader, 2 days)));
        skip(2 days);
        uint256 state = vm.snapshotState();
        bytes32 code = _code();
        vm.prank(config.upgrader);
        authority.execute(grid.aigc, call_);
        assertNotEq(_code(), code, "at once");
        vm.revertToState(state);
        vm.prank(config.guardian);
        authority.cancel(config.upgrader, grid.aigc, call_);
    }

    // ---------------------------------------------------------------- helpers

    function _noise(uint256 seed, uint256 length) private pure returns (bytes memory out) {
        out = new bytes(length);
        for (uint256 i; i < length; ++i) {
            out[i] = bytes1(uint8(1 + uint256(keccak256(abi.encode(seed, i))) % 255));
        }
    }
}

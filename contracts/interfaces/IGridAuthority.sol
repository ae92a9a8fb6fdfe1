// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @title GridAuthority
/// @notice OpenZeppelin's AccessManager with delays, roles and a veto that can't be lost.
/// @dev Set-up lasts while the deployer holds ADMIN, and ends for ever when the deployer gives it up. A plain AccessManager gives what
/// it is set up to give, until ADMIN changes it. This contract closes the gaps below. "Refused" means after set-up.
///
/// 1. *Delays set after deployment hold only five days later* (`minSetback`). During set-up they hold at once.
/// 2. *ADMIN may grant any role without an execution delay.* No grant, and no change of a grant, is accepted with less than the
///    role's floor: ADMIN 3 days, UPGRADER 2 days, PARAMS 1 day. GUARDIAN is granted only without a delay, so that it can
///    always pause at once.
/// 3. *ADMIN may lower grant delays and target admin delays to nothing.* Each has a floor: grant delay of UPGRADER 2 days, of
///    PARAMS 1 day, target admin delay 3 days.
/// 4. *ADMIN may map any function to any role.* The functions on which a promise rests are pinned, on every target, mapped or not:
///    - UPGRADER: `upgradeToAndCall`, `setRenderer`, `addAnchorSource`, `sealUpgrades`, `sealRenderer`, `setEscrow`;
///    - PARAMS: `setMinBond`, `setTreasury`, `setMintFee`, `setRegistrationFee`, `appendFeeConfig`;
///    - GUARDIAN: `pause`; ADMIN: `unpause`.
///    No mapping to another role is accepted, during set-up neither. Everything else that has no mapping is ADMIN's.
/// 5. *ADMIN may move a target to another authority*, by `updateAuthority` or by executing `setAuthority`. Both are refused.
/// 6. *ADMIN may change who vetoes.* Role guardian and role admin of UPGRADER, PARAMS and GUARDIAN are fixed. No function of this
///    contract can be mapped to a role: a role guardian could then cancel what ADMIN schedules here.
/// 7. *ADMIN may revoke GUARDIAN and upgrade before anyone else can act.* The revocation of a GUARDIAN takes effect
///    `GUARDIAN_REVOCATION_DELAY` after the call, and GUARDIAN can't cancel it. Until then GUARDIAN pauses and cancels as before.
/// 8. *ADMIN may close a target*, where GUARDIAN could then pause nothing. Refused.
/// 9. *A holder may schedule more, or longer, operations than GUARDIAN can cancel.* An account schedules at most
///    `MAX_OPERATIONS_PER_DAY` operations a day, of at most `MAX_OPERATION_LENGTH` bytes.
///
/// ADMIN can still, announced 3 days ahead: grant and revoke roles, map functions that aren't pinned, change the guardian and
/// admin of CURATOR and of new roles, raise delays, call functions that have no mapping. ADMIN can cancel any operation at once.
interface IGridAuthority is IAccessManager {
    /// @notice Set-up is over: the deployer holds nothing.
    event SetupEnded(address indexed deployer);

    /// @notice `account` stops being GUARDIAN at `effectiveAt`, unix seconds. No other event follows at that time.
    event GuardianRevocationScheduled(address indexed account, uint48 effectiveAt);

    /// @notice The scheduled revocation of `account` is void: it was granted GUARDIAN again.
    event GuardianRevocationCancelled(address indexed account);

    /// @notice A delay of `kind` ("execution", "grant" or "target admin") can't be below `floor`, seconds.
    error GridAuthority_DelayTooShort(string kind, uint32 delay, uint32 floor);

    /// @notice A delay of `kind` ("execution") can't be above `cap`, seconds.
    error GridAuthority_DelayTooLong(string kind, uint32 delay, uint32 cap);

    /// @notice `selector` belongs to `roleId` on every target.
    error GridAuthority_FunctionPinned(bytes4 selector, uint64 roleId);

    /// @notice Functions of this contract can't be mapped to a role.
    error GridAuthority_OwnFunction(bytes4 selector);

    /// @notice Role guardian and role admin of `roleId` are fixed since set-up ended.
    error GridAuthority_RoleFixed(uint64 roleId);

    /// @notice `target` stays under this authority since set-up ended.
    error GridAuthority_AuthorityFixed(address target);

    /// @notice `target` can't be closed since set-up ended.
    error GridAuthority_TargetFixed(address target);

    /// @notice The call data of an operation is longer than `max` bytes.
    error GridAuthority_OperationTooLong(uint256 length, uint256 max);

    /// @notice `caller` has scheduled `max` operations today (UTC).
    error GridAuthority_TooManyOperations(address caller, uint256 max);

    /// @notice The deployer while set-up lasts, the zero address afterwards.
    function deployer() external view returns (address);

    /// @notice The shortest execution delay `roleId` can be held with, seconds.
    function executionDelayFloor(uint64 roleId) external pure returns (uint32);

    /// @notice The shortest grant delay of `roleId`, seconds.
    function grantDelayFloor(uint64 roleId) external pure returns (uint32);

    /// @notice The role to which `selector` is pinned on every target, if it is.
    function pinnedRole(bytes4 selector) external pure returns (bool pinned, uint64 roleId);

    /// @notice Time at which the scheduled revocation of GUARDIAN `account` takes effect, Unix seconds; 0 if none is.
    /// `hasRole`, `getAccess` and `canCall` deny the role from that second on.
    function guardianRevokedAt(address account) external view returns (uint48);

    /// @notice Number of operations that `account` may still schedule today (UTC).
    function operationsLeft(address account) external view returns (uint256);

    /// @notice The shortest admin delay of any target, seconds.
    function TARGET_ADMIN_DELAY_FLOOR() external view returns (uint32);

    /// @notice Seconds from the revocation of a GUARDIAN to its effect. Longer than the grant delay and the execution delay of UPGRADER
    /// and the execution delay of ADMIN together. A GUARDIAN that renounces loses the role at once.
    function GUARDIAN_REVOCATION_DELAY() external view returns (uint48);

    /// @notice The longest call data that can be scheduled, bytes. GUARDIAN needs the same bytes to cancel, in one transaction.
    function MAX_OPERATION_LENGTH() external view returns (uint256);

    /// @notice Most operations that an account can schedule in one day (UTC). Cancelling one doesn't give it back.
    function MAX_OPERATIONS_PER_DAY() external view returns (uint256);
}

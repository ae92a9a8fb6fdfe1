// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @title GridAuthority
/// @notice OpenZeppelin's AccessManager with delays that can't be lost.
/// @dev A plain AccessManager gives what it is set up to give, with three gaps that this contract closes and nothing else:
///
/// 1. *Delays set after deployment hold only five days later* (`minSetback`). While the deployer still holds ADMIN (set-up), they
///    hold at once. Set-up ends, for ever, when the deployer gives ADMIN up; then `minSetback` is five days as usual.
/// 2. *ADMIN may grant ADMIN, or any role, without an execution delay.* Here no grant, no change of a grant, is accepted with
///    less than the role's floor: ADMIN 3 days, UPGRADER 2 days, PARAMS 1 day. So there never is an ADMIN without delay
///    after set-up, whatever an ADMIN schedules.
/// 3. *ADMIN may lower grant delays and target admin delays to nothing.* Here each has a floor: grant delay of UPGRADER 2 days, of
///    PARAMS 1 day, target admin delay 3 days.
///
/// What an ADMIN can still do, announced 3 days ahead: hand a function to another role, change guardians, grant and
/// revoke roles, close a target, move a target to another authority.
interface IGridAuthority is IAccessManager {
    /// @notice Set-up is over: the deployer holds nothing, all floors hold.
    event SetupEnded(address indexed deployer);

    /// @notice A delay of `kind` ("execution", "grant" or "target admin") can't be below `floor`, seconds.
    error GridAuthority_DelayTooShort(string kind, uint32 delay, uint32 floor);

    /// @notice The deployer while set-up lasts, the zero address afterwards.
    function deployer() external view returns (address);

    /// @notice The shortest execution delay `roleId` can be held with, seconds.
    function executionDelayFloor(uint64 roleId) external pure returns (uint32);

    /// @notice The shortest grant delay of `roleId`, seconds.
    function grantDelayFloor(uint64 roleId) external pure returns (uint32);

    /// @notice The shortest admin delay of any target, seconds.
    function TARGET_ADMIN_DELAY_FLOOR() external view returns (uint32);
}

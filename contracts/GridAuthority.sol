// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {IGridAuthority} from "./interfaces/IGridAuthority.sol";
import {GridRoles} from "./libraries/GridRoles.sol";

/// @title GridAuthority
/// @notice See `IGridAuthority`.
contract GridAuthority is IGridAuthority, AccessManager {
    // ---------------------------------------------------------------- storage

    /// @inheritdoc IGridAuthority
    uint32 public constant TARGET_ADMIN_DELAY_FLOOR = 3 days;

    /// @inheritdoc IGridAuthority
    address public deployer;

    // ---------------------------------------------------------------- construction

    /// @param deployer_ Holds ADMIN, without delay, until it gives it up.
    constructor(address deployer_) AccessManager(deployer_) {
        deployer = deployer_;
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IGridAuthority
    function executionDelayFloor(uint64 roleId) public pure returns (uint32) {
        if (roleId == GridRoles.ADMIN) return 3 days;
        if (roleId == GridRoles.UPGRADER) return 2 days;
        if (roleId == GridRoles.PARAMS) return 1 days;
        return 0;
    }

    /// @inheritdoc IGridAuthority
    function grantDelayFloor(uint64 roleId) public pure returns (uint32) {
        if (roleId == GridRoles.UPGRADER) return 2 days;
        if (roleId == GridRoles.PARAMS) return 1 days;
        return 0;
    }

    /// @notice Seconds until a change of a delay takes effect: none during set-up, then five days.
    function minSetback() public view override(AccessManager, IAccessManager) returns (uint32) {
        return deployer == address(0) ? super.minSetback() : 0;
    }

    // ---------------------------------------------------------------- internal

    /// @dev The constructor's own grant comes before `deployer` is set and before there is code.
    function _grantRole(uint64 roleId, address account, uint32 grantDelay, uint32 executionDelay)
        internal
        override
        returns (bool)
    {
        if (address(this).code.length != 0) {
            _requireFloor("execution", executionDelay, executionDelayFloor(roleId));
        }
        return super._grantRole(roleId, account, grantDelay, executionDelay);
    }

    /// @dev Set-up ends with the deployer's ADMIN.
    function _revokeRole(uint64 roleId, address account) internal override returns (bool revoked) {
        revoked = super._revokeRole(roleId, account);
        if (revoked && roleId == GridRoles.ADMIN && account == deployer) {
            deployer = address(0);
            emit SetupEnded(account);
        }
    }

    function _setGrantDelay(uint64 roleId, uint32 newDelay) internal override {
        _requireFloor("grant", newDelay, grantDelayFloor(roleId));
        super._setGrantDelay(roleId, newDelay);
    }

    function _setTargetAdminDelay(address target, uint32 newDelay) internal override {
        _requireFloor("target admin", newDelay, TARGET_ADMIN_DELAY_FLOOR);
        super._setTargetAdminDelay(target, newDelay);
    }

    function _requireFloor(string memory kind, uint32 delay, uint32 floor) private pure {
        if (delay < floor) revert GridAuthority_DelayTooShort(kind, delay, floor);
    }
}

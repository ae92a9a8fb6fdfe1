// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {IGridAuthority} from "./interfaces/IGridAuthority.sol";
import {GridRoles} from "./governance/GridRoles.sol";
import {PinnedFunctions} from "./governance/PinnedFunctions.sol";

/// @title GridAuthority
/// @notice See `IGridAuthority`.
contract GridAuthority is IGridAuthority, AccessManager {
    // ---------------------------------------------------------------- storage

    /// @inheritdoc IGridAuthority
    uint32 public constant TARGET_ADMIN_DELAY_FLOOR = 3 days;

    /// @inheritdoc IGridAuthority
    uint48 public constant GUARDIAN_REVOCATION_DELAY = 10 days;

    /// @inheritdoc IGridAuthority
    uint256 public constant MAX_OPERATION_LENGTH = 2048;

    /// @inheritdoc IGridAuthority
    uint256 public constant MAX_OPERATIONS_PER_DAY = 32;

    /// @inheritdoc IGridAuthority
    address public deployer;

    /// @inheritdoc IGridAuthority
    mapping(address account => uint48 effectiveAt) public guardianRevokedAt;

    mapping(address account => mapping(uint256 day => uint256 count)) private _operations;

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

    /// @inheritdoc IGridAuthority
    function pinnedRole(bytes4 selector) external pure returns (bool pinned, uint64 roleId) {
        return PinnedFunctions.roleOf(selector);
    }

    /// @inheritdoc IGridAuthority
    function operationsLeft(address account) public view returns (uint256) {
        return MAX_OPERATIONS_PER_DAY - _operations[account][block.timestamp / 1 days];
    }

    /// @notice Returns the seconds until a change of a delay takes effect: none during set-up, then five days.
    function minSetback() public view override(AccessManager, IAccessManager) returns (uint32) {
        return _inSetup() ? 0 : super.minSetback();
    }

    /// @notice Returns the role that may call `selector` on `target`: the pinned one, or the mapped one, or ADMIN.
    function getTargetFunctionRole(address target, bytes4 selector)
        public
        view
        override(AccessManager, IAccessManager)
        returns (uint64)
    {
        (bool pinned, uint64 role) = PinnedFunctions.roleOf(selector);
        return pinned ? role : super.getTargetFunctionRole(target, selector);
    }

    /// @notice Returns whether and after what delay `caller` may call; nobody may call `setAuthority` once set-up has ended.
    function canCall(address caller, address target, bytes4 selector)
        public
        view
        override(AccessManager, IAccessManager)
        returns (bool immediate, uint32 delay)
    {
        if (selector == IAccessManaged.setAuthority.selector && !_inSetup()) return (false, 0);
        return super.canCall(caller, target, selector);
    }

    /// @notice Returns the details of `account`'s role; zeros for a GUARDIAN whose revocation has taken effect.
    function getAccess(uint64 roleId, address account)
        public
        view
        override(AccessManager, IAccessManager)
        returns (uint48 since, uint32 currentDelay, uint32 pendingDelay, uint48 effect)
    {
        if (roleId == GridRoles.GUARDIAN && _revocationTookEffect(account)) return (0, 0, 0, 0);
        return super.getAccess(roleId, account);
    }

    // ---------------------------------------------------------------- admin

    /// @notice Takes a role from an account: GUARDIAN after `GUARDIAN_REVOCATION_DELAY`, any other at once.
    /// @dev During set-up GUARDIAN, too, is revoked at once.
    function revokeRole(uint64 roleId, address account) public override(AccessManager, IAccessManager) onlyAuthorized {
        if (roleId == GridRoles.GUARDIAN && !_inSetup()) _scheduleRevocation(account);
        else _revokeRole(roleId, account);
    }

    /// @notice Moves a target to another authority, during set-up only.
    function updateAuthority(address target, address newAuthority)
        public
        override(AccessManager, IAccessManager)
        onlyAuthorized
    {
        if (!_inSetup()) revert GridAuthority_AuthorityFixed(target);
        IAccessManaged(target).setAuthority(newAuthority);
    }

    /// @notice Schedules an operation of at most `MAX_OPERATION_LENGTH` bytes, `MAX_OPERATIONS_PER_DAY` a day and caller.
    function schedule(address target, bytes calldata data, uint48 when)
        public
        override(AccessManager, IAccessManager)
        returns (bytes32 operationId, uint32 nonce)
    {
        if (data.length > MAX_OPERATION_LENGTH) {
            revert GridAuthority_OperationTooLong(data.length, MAX_OPERATION_LENGTH);
        }
        (operationId, nonce) = super.schedule(target, data, when);
        if (operationsLeft(msg.sender) == 0) {
            revert GridAuthority_TooManyOperations(msg.sender, MAX_OPERATIONS_PER_DAY);
        }
        ++_operations[msg.sender][block.timestamp / 1 days];
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
        if (roleId == GridRoles.GUARDIAN) {
            if (executionDelay != 0) revert GridAuthority_DelayTooLong("execution", executionDelay, 0);
            if (_revocationTookEffect(account)) {
                _revokeRole(roleId, account); // a new member, then
            } else if (guardianRevokedAt[account] != 0) {
                delete guardianRevokedAt[account];
                emit GuardianRevocationCancelled(account);
            }
        }
        return super._grantRole(roleId, account, grantDelay, executionDelay);
    }

    /// @dev Set-up ends with the deployer's ADMIN.
    function _revokeRole(uint64 roleId, address account) internal override returns (bool revoked) {
        revoked = super._revokeRole(roleId, account);
        if (roleId == GridRoles.GUARDIAN) delete guardianRevokedAt[account];
        if (revoked && roleId == GridRoles.ADMIN && account == deployer) {
            deployer = address(0);
            emit SetupEnded(account);
        }
    }

    function _setRoleAdmin(uint64 roleId, uint64 admin) internal override {
        _requireNotFixed(roleId);
        super._setRoleAdmin(roleId, admin);
    }

    function _setRoleGuardian(uint64 roleId, uint64 guardian) internal override {
        _requireNotFixed(roleId);
        super._setRoleGuardian(roleId, guardian);
    }

    function _setGrantDelay(uint64 roleId, uint32 newDelay) internal override {
        _requireFloor("grant", newDelay, grantDelayFloor(roleId));
        super._setGrantDelay(roleId, newDelay);
    }

    function _setTargetFunctionRole(address target, bytes4 selector, uint64 roleId) internal override {
        if (target == address(this)) revert GridAuthority_OwnFunction(selector);
        (bool pinned, uint64 role) = PinnedFunctions.roleOf(selector);
        if (pinned && roleId != role) revert GridAuthority_FunctionPinned(selector, role);
        super._setTargetFunctionRole(target, selector, roleId);
    }

    function _setTargetAdminDelay(address target, uint32 newDelay) internal override {
        _requireFloor("target admin", newDelay, TARGET_ADMIN_DELAY_FLOOR);
        super._setTargetAdminDelay(target, newDelay);
    }

    function _setTargetClosed(address target, bool closed) internal override {
        if (closed && !_inSetup()) revert GridAuthority_TargetFixed(target);
        super._setTargetClosed(target, closed);
    }

    /// @dev A second revocation changes nothing: it neither postpones the first one nor hurries it.
    function _scheduleRevocation(address account) private {
        (uint48 since,,,) = getAccess(GridRoles.GUARDIAN, account);
        if (since == 0 || guardianRevokedAt[account] != 0) return;
        uint48 effectiveAt = uint48(block.timestamp) + GUARDIAN_REVOCATION_DELAY;
        guardianRevokedAt[account] = effectiveAt;
        emit GuardianRevocationScheduled(account, effectiveAt);
    }

    function _revocationTookEffect(address account) private view returns (bool) {
        uint48 effectiveAt = guardianRevokedAt[account];
        return effectiveAt != 0 && effectiveAt <= block.timestamp;
    }

    function _inSetup() private view returns (bool) {
        return deployer != address(0);
    }

    function _requireNotFixed(uint64 roleId) private view {
        bool watched = roleId == GridRoles.UPGRADER || roleId == GridRoles.PARAMS || roleId == GridRoles.GUARDIAN;
        if (watched && !_inSetup()) revert GridAuthority_RoleFixed(roleId);
    }

    function _requireFloor(string memory kind, uint32 delay, uint32 floor) private pure {
        if (delay < floor) revert GridAuthority_DelayTooShort(kind, delay, floor);
    }
}

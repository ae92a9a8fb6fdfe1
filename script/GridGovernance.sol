// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

import {AIGC} from "../contracts/AIGC.sol";
import {GridAuthority} from "../contracts/GridAuthority.sol";
import {GridNFT} from "../contracts/GridNFT.sol";
import {GridSettlement} from "../contracts/GridSettlement.sol";
import {WorkerRegistry} from "../contracts/WorkerRegistry.sol";
import {GridRoles} from "../contracts/governance/GridRoles.sol";
import {DeployConfig, Deployment} from "./GridDeployment.sol";

/// @notice Permission to call a function of a target.
struct Permission {
    address target;
    bytes4 selector;
    uint64 role;
}

/// @title Who may call what, after what delay
/// @notice The whole of the protocol's governance as data: the deployment sets it up, the tests assert it.
library GridGovernance {
    /// @notice The deployed system isn't governed as it should be.
    error Governance_Unexpected(string what);

    uint32 internal constant ADMIN_DELAY = 3 days;
    uint32 internal constant UPGRADER_DELAY = 2 days;
    uint32 internal constant PARAMS_DELAY = 1 days;

    /// @notice Every restricted function there is.
    function permissions(Deployment memory grid) internal pure returns (Permission[] memory all) {
        all = new Permission[](26);
        uint256 i;
        all[i++] = Permission(grid.aigc, UUPSUpgradeable.upgradeToAndCall.selector, GridRoles.UPGRADER);
        all[i++] = Permission(grid.aigc, AIGC.sealUpgrades.selector, GridRoles.UPGRADER);
        all[i++] = Permission(grid.aigc, AIGC.setRegistrationFee.selector, GridRoles.PARAMS);
        all[i++] = Permission(grid.aigc, AIGC.setTreasury.selector, GridRoles.PARAMS);
        all[i++] = Permission(grid.aigc, AIGC.setContractURI.selector, GridRoles.PARAMS);
        all[i++] = Permission(grid.aigc, AIGC.setVerified.selector, GridRoles.CURATOR);
        all[i++] = Permission(grid.aigc, AIGC.setDeprecated.selector, GridRoles.CURATOR);
        all[i++] = Permission(grid.aigc, AIGC.pause.selector, GridRoles.GUARDIAN);
        all[i++] = Permission(grid.aigc, AIGC.unpause.selector, GridRoles.ADMIN);

        all[i++] = Permission(grid.nft, UUPSUpgradeable.upgradeToAndCall.selector, GridRoles.UPGRADER);
        all[i++] = Permission(grid.nft, GridNFT.sealUpgrades.selector, GridRoles.UPGRADER);
        all[i++] = Permission(grid.nft, GridNFT.addAnchorSource.selector, GridRoles.UPGRADER);
        all[i++] = Permission(grid.nft, GridNFT.setRenderer.selector, GridRoles.UPGRADER);
        all[i++] = Permission(grid.nft, GridNFT.sealRenderer.selector, GridRoles.UPGRADER);
        all[i++] = Permission(grid.nft, GridNFT.setEscrow.selector, GridRoles.UPGRADER);
        all[i++] = Permission(grid.nft, GridNFT.setMintFee.selector, GridRoles.PARAMS);
        all[i++] = Permission(grid.nft, GridNFT.setContractURI.selector, GridRoles.PARAMS);
        all[i++] = Permission(grid.nft, GridNFT.transferOwnership.selector, GridRoles.PARAMS);
        all[i++] = Permission(grid.nft, GridNFT.pause.selector, GridRoles.GUARDIAN);
        all[i++] = Permission(grid.nft, GridNFT.unpause.selector, GridRoles.ADMIN);

        all[i++] = Permission(grid.settlement, GridSettlement.appendFeeConfig.selector, GridRoles.PARAMS);
        all[i++] = Permission(grid.settlement, GridSettlement.setTreasury.selector, GridRoles.PARAMS);
        all[i++] = Permission(grid.settlement, GridSettlement.pause.selector, GridRoles.GUARDIAN);
        all[i++] = Permission(grid.settlement, GridSettlement.unpause.selector, GridRoles.ADMIN);

        all[i++] = Permission(grid.registry, WorkerRegistry.setMinBond.selector, GridRoles.PARAMS);
        all[i++] = Permission(grid.registry, WorkerRegistry.setTreasury.selector, GridRoles.PARAMS);
    }

    /// @notice The contracts whose authority is the one AccessManager.
    function targets(Deployment memory grid) internal pure returns (address[4] memory) {
        return [grid.aigc, grid.nft, grid.settlement, grid.registry];
    }

    /// @notice The calls, for one `multicall` by the deployer, that turn a fresh GridAuthority into the protocol's. The last one
    /// takes the deployer's rights away.
    /// @dev Grants come before grant delays, so that the first holders need not wait.
    function setUpCalls(DeployConfig memory config, Deployment memory grid)
        internal
        pure
        returns (bytes[] memory calls)
    {
        Permission[] memory all = permissions(grid);
        address[4] memory managed = targets(grid);
        calls = new bytes[](4 + all.length + managed.length + 2 + 5 + 2 + 1);
        uint256 i;
        calls[i++] = abi.encodeCall(IAccessManager.labelRole, (GridRoles.UPGRADER, "UPGRADER"));
        calls[i++] = abi.encodeCall(IAccessManager.labelRole, (GridRoles.PARAMS, "PARAMS"));
        calls[i++] = abi.encodeCall(IAccessManager.labelRole, (GridRoles.CURATOR, "CURATOR"));
        calls[i++] = abi.encodeCall(IAccessManager.labelRole, (GridRoles.GUARDIAN, "GUARDIAN"));
        for (uint256 k; k < all.length; ++k) {
            bytes4[] memory selectors = new bytes4[](1);
            selectors[0] = all[k].selector;
            calls[i++] = abi.encodeCall(IAccessManager.setTargetFunctionRole, (all[k].target, selectors, all[k].role));
        }
        for (uint256 k; k < managed.length; ++k) {
            calls[i++] = abi.encodeCall(IAccessManager.setTargetAdminDelay, (managed[k], ADMIN_DELAY));
        }
        calls[i++] = abi.encodeCall(IAccessManager.setRoleGuardian, (GridRoles.UPGRADER, GridRoles.GUARDIAN));
        calls[i++] = abi.encodeCall(IAccessManager.setRoleGuardian, (GridRoles.PARAMS, GridRoles.GUARDIAN));
        calls[i++] = abi.encodeCall(IAccessManager.grantRole, (GridRoles.ADMIN, config.admin, ADMIN_DELAY));
        calls[i++] = abi.encodeCall(IAccessManager.grantRole, (GridRoles.UPGRADER, config.upgrader, UPGRADER_DELAY));
        calls[i++] = abi.encodeCall(IAccessManager.grantRole, (GridRoles.PARAMS, config.params, PARAMS_DELAY));
        calls[i++] = abi.encodeCall(IAccessManager.grantRole, (GridRoles.CURATOR, config.curator, 0));
        calls[i++] = abi.encodeCall(IAccessManager.grantRole, (GridRoles.GUARDIAN, config.guardian, 0));
        calls[i++] = abi.encodeCall(IAccessManager.setGrantDelay, (GridRoles.UPGRADER, UPGRADER_DELAY));
        calls[i++] = abi.encodeCall(IAccessManager.setGrantDelay, (GridRoles.PARAMS, PARAMS_DELAY));
        calls[i++] = abi.encodeCall(IAccessManager.renounceRole, (GridRoles.ADMIN, config.deployer));
    }

    /// @notice Reverts unless roles, delays, guardians and permissions are those above.
    function requireGoverned(DeployConfig memory config, Deployment memory grid) internal view {
        GridAuthority authority = GridAuthority(grid.authority);
        _require(authority.deployer() == address(0), "set-up is not over");
        _require(authority.minSetback() == 5 days, "the setback of delays");
        for (uint64 role = GridRoles.ADMIN; role <= GridRoles.GUARDIAN; ++role) {
            (bool held,) = authority.hasRole(role, config.deployer);
            _require(!held, "the deployer holds a role");
            _require(authority.getRoleAdmin(role) == GridRoles.ADMIN, "a role's admin");
            bool watched = role == GridRoles.UPGRADER || role == GridRoles.PARAMS;
            _require(
                authority.getRoleGuardian(role) == (watched ? GridRoles.GUARDIAN : GridRoles.ADMIN), "a role's guardian"
            );
            uint32 grantDelay =
                role == GridRoles.UPGRADER ? UPGRADER_DELAY : role == GridRoles.PARAMS ? PARAMS_DELAY : 0;
            _require(authority.getRoleGrantDelay(role) == grantDelay, "a role's grant delay");
        }
        _requireHeld(authority, GridRoles.ADMIN, config.admin, ADMIN_DELAY);
        _requireHeld(authority, GridRoles.UPGRADER, config.upgrader, UPGRADER_DELAY);
        _requireHeld(authority, GridRoles.PARAMS, config.params, PARAMS_DELAY);
        _requireHeld(authority, GridRoles.CURATOR, config.curator, 0);
        _requireHeld(authority, GridRoles.GUARDIAN, config.guardian, 0);
        _require(authority.guardianRevokedAt(config.guardian) == 0, "the guardian is being revoked");
        Permission[] memory all = permissions(grid);
        for (uint256 i; i < all.length; ++i) {
            _require(
                authority.getTargetFunctionRole(all[i].target, all[i].selector) == all[i].role, "a function's role"
            );
            (bool pinned, uint64 role) = authority.pinnedRole(all[i].selector);
            _require(pinned == !_mayBeMapped(all[i].selector), "a function's pin");
            _require(!pinned || role == all[i].role, "a function's pinned role");
        }
        address[4] memory managed = targets(grid);
        for (uint256 i; i < managed.length; ++i) {
            _require(IAccessManaged(managed[i]).authority() == grid.authority, "a target's authority");
            _require(authority.getTargetAdminDelay(managed[i]) == ADMIN_DELAY, "a target's admin delay");
            _require(!authority.isTargetClosed(managed[i]), "a target is closed");
        }
    }

    /// @dev The restricted functions on which no promise rests.
    function _mayBeMapped(bytes4 selector) private pure returns (bool) {
        return selector == GridNFT.setContractURI.selector || selector == GridNFT.transferOwnership.selector
            || selector == AIGC.setVerified.selector || selector == AIGC.setDeprecated.selector;
    }

    function _requireHeld(GridAuthority authority, uint64 role, address account, uint32 delay) private view {
        (bool held, uint32 actual) = authority.hasRole(role, account);
        _require(held && actual == delay, "a role's holder or its delay");
    }

    function _require(bool condition, string memory what) private pure {
        if (!condition) revert Governance_Unexpected(what);
    }
}

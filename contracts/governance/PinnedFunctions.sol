// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

import {IAIGC} from "../interfaces/IAIGC.sol";
import {IGridNFT} from "../interfaces/IGridNFT.sol";
import {IGridSettlement} from "../interfaces/IGridSettlement.sol";
import {IWorkerRegistry} from "../interfaces/IWorkerRegistry.sol";
import {GridRoles} from "./GridRoles.sol";

/// @title Functions whose role is fixed
/// @notice Selectors on which a promise of the protocol rests, and the one role of each, on every target.
library PinnedFunctions {
    /// @notice Returns the role of `selector`, if it is pinned.
    function roleOf(bytes4 selector) internal pure returns (bool pinned, uint64 role) {
        // Upgrades, what is shown, whose receipts count, who may hold tokens in escrow.
        if (
            selector == UUPSUpgradeable.upgradeToAndCall.selector || selector == IGridNFT.setRenderer.selector
                || selector == IGridNFT.addAnchorSource.selector || selector == IGridNFT.sealUpgrades.selector
                || selector == IGridNFT.sealRenderer.selector || selector == IGridNFT.setEscrow.selector
        ) {
            return (true, GridRoles.UPGRADER);
        }
        // Fees, bonds, and where they go.
        if (
            selector == IWorkerRegistry.setMinBond.selector || selector == IGridSettlement.setTreasury.selector
                || selector == IGridNFT.setMintFee.selector || selector == IAIGC.setRegistrationFee.selector
                || selector == IGridSettlement.appendFeeConfig.selector
        ) {
            return (true, GridRoles.PARAMS);
        }
        if (selector == IGridSettlement.pause.selector) return (true, GridRoles.GUARDIAN);
        if (selector == IGridSettlement.unpause.selector) return (true, GridRoles.ADMIN);
        return (false, 0);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Roles of the one AccessManager
/// @notice Roles and delays of every function are set by `script/Deploy.s.sol` and asserted by its test.
library GridRoles {
    /// @dev AccessManager's own ADMIN_ROLE; held only with an execution delay of 3 days.
    uint64 internal constant ADMIN = 0;
    /// @dev Upgrades AIGC and GridNFT, replaces the renderer, seals upgrades. Grant delay 2 days.
    uint64 internal constant UPGRADER = 1;
    /// @dev Appends fee configs, sets fees, bonds and treasury within the caps in code. Grant delay 1 day.
    uint64 internal constant PARAMS = 2;
    /// @dev Marks models verified or deprecated, series verified; features and hides.
    uint64 internal constant CURATOR = 3;
    /// @dev Pauses new business at once, cancels what UPGRADER and PARAMS have scheduled.
    uint64 internal constant GUARDIAN = 4;
}

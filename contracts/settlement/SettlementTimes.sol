// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title The protocol's fixed times
library SettlementTimes {
    uint40 internal constant ACCOUNT_DELAY = 1 hours;
    uint40 internal constant REVOCATION_DELAY = 1 days;
    uint40 internal constant MIN_THAW_DELAY = 1 days;
    uint40 internal constant MAX_THAW_DELAY = 30 days;
    uint40 internal constant THAW_WINDOW = 1 days;
    uint40 internal constant TREASURER_WINDOW = 1 days;
    uint40 internal constant SETTLE_GRACE = 15 minutes;
    uint40 internal constant FEE_CONFIG_OVERLAP = 7 days;
    uint40 internal constant FEE_CONFIG_LIFE = 90 days;
    uint40 internal constant ROYALTY_LIFE = 1 hours;
    uint40 internal constant LANE_ROYALTY_LIFE = 90 days;
    uint40 internal constant UNBOND_DELAY = 14 days;
    uint40 internal constant MIN_BOND_NOTICE = 7 days;
}

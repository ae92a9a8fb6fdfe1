// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @dev A token's id is the id of its series times this, plus its number in the series, which begins at 1.
uint256 constant TOKENS_PER_SERIES = 1000;

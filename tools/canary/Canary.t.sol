// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Test} from "forge-std/Test.sol";

/// Fails on purpose. The check "canaries" proves that the test run turns red on it.
contract CanaryTest is Test {
    function test_Sings() external pure {
        assertEq(uint256(1), uint256(2), "canary");
    }
}

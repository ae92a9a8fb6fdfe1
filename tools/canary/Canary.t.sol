// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// Cheat code of forge-std's `assertEq`. forge-std itself takes 13 s to compile.
interface Vm {
    function assertEq(uint256 left, uint256 right, string calldata error) external pure;
}

/// Fails on purpose. The check "canaries" proves that the test run turns red on it.
contract CanaryTest {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function test_Sings() external pure {
        VM.assertEq(1, 2, "canary");
    }
}

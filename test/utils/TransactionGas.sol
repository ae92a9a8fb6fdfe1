// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CommonBase} from "forge-std/Base.sol";

/// @dev Gas of a whole transaction on Base: intrinsic cost, call data (4 or 16 gas a byte) and execution from cold storage, or
/// the floor of EIP-7623 (10 gas a zero byte, 40 any other), whichever is more. Refunds are not counted.
abstract contract TransactionGas is CommonBase {
    uint256 internal constant TRANSACTION_CAP = 16_777_216;
    /// @dev Most bytes of a transaction that nodes relay: 128 KiB, less an envelope.
    uint256 internal constant RELAY_CAP = 131_072 - 512;

    /// @dev Sends, and returns what the transaction uses. Reverts if the call does.
    function _transact(address from, address to, bytes memory data, address[] memory cold)
        internal
        returns (uint256 total)
    {
        for (uint256 i; i < cold.length; ++i) {
            _cool(cold[i]);
        }
        vm.prank(from);
        uint256 left = gasleft();
        (bool ok, bytes memory answer) = to.call(data);
        uint256 used = left - gasleft();
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        return _totalOf(data, used);
    }

    /// @dev Forgets that an account and its storage were touched. The cheatcode is younger than forge-std's list.
    function _cool(address account) internal {
        (bool ok,) = address(vm).call(abi.encodeWithSignature("cool(address)", account));
        require(ok, "cool");
    }

    function _totalOf(bytes memory data, uint256 execution) internal pure returns (uint256) {
        uint256 zeros = _zerosOf(data);
        uint256 others = data.length - zeros;
        uint256 standard = 21_000 + 4 * zeros + 16 * others + execution;
        uint256 floor = 21_000 + 10 * zeros + 40 * others;
        return standard > floor ? standard : floor;
    }

    function _zerosOf(bytes memory data) private pure returns (uint256 zeros) {
        assembly ("memory-safe") {
            let from := add(data, 0x20)
            let end := add(from, mload(data))
            for { let at_ := from } lt(at_, end) { at_ := add(at_, 1) } {
                zeros := add(zeros, iszero(byte(0, mload(at_))))
            }
        }
    }
}

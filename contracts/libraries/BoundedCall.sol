// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Read one word from a contract that isn't trusted
library BoundedCall {
    /// @notice Staticcalls `target` with at most `gasLimit` and copies at most one word of the answer.
    /// @dev Never reverts, whatever the target does: revert, burn its gas, answer nothing, answer megabytes.
    /// @return ok Whether the call succeeded and answered at least one word.
    /// @return word The first word, 0 when not `ok`.
    function readWord(address target, uint256 gasLimit, bytes memory callData)
        internal
        view
        returns (bool ok, uint256 word)
    {
        // Solidity copies the whole return data of a low-level call, which the target could make arbitrarily long.
        assembly ("memory-safe") {
            ok := staticcall(gasLimit, target, add(callData, 0x20), mload(callData), 0x00, 0x20)
            ok := and(ok, gt(returndatasize(), 0x1f))
            if ok { word := mload(0x00) }
        }
    }
}

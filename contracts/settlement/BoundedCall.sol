// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IGridSettlement} from "../interfaces/IGridSettlement.sol";
import {IModelTerms} from "../interfaces/IModelTerms.sol";

/// @title Read one word from a contract that isn't trusted
library BoundedCall {
    /// @dev Gas for one question to AIGC.
    uint256 internal constant MODEL_CALL_GAS = 30_000;

    /// @dev Gas that must be left before AIGC is asked, so that it can really be given `MODEL_CALL_GAS` (EIP-150 keeps a
    /// 64th, a cold account costs 2,600).
    uint256 internal constant MODEL_CALL_RESERVE = 36_000;

    /// @notice Asks AIGC.
    /// @dev Without the reserve a caller could starve the call, and thereby choose royalty 0.
    function readModel(IModelTerms models, bytes memory callData) internal view returns (bool ok, uint256 word) {
        if (gasleft() < MODEL_CALL_RESERVE) {
            revert IGridSettlement.GridSettlement_GasTooLow(gasleft(), MODEL_CALL_RESERVE);
        }
        return readWord(address(models), MODEL_CALL_GAS, callData);
    }

    /// @notice Staticcalls `target` with at most `gasLimit` and copies at most one word of the answer.
    /// @dev Never reverts, whatever the target does: revert, burn its gas, answer nothing, answer megabytes.
    /// @return ok Whether the call succeeded and answered exactly one word.
    /// @return word The answer, 0 when not `ok`.
    function readWord(address target, uint256 gasLimit, bytes memory callData)
        internal
        view
        returns (bool ok, uint256 word)
    {
        // Solidity copies the whole return data of a low-level call, which the target could make arbitrarily long.
        assembly ("memory-safe") {
            ok := staticcall(gasLimit, target, add(callData, 0x20), mload(callData), 0x00, 0x20)
            ok := and(ok, eq(returndatasize(), 0x20))
            if ok { word := mload(0x00) }
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title How a gross amount splits
/// @notice Worker, model and protocol shares of a gross amount, each of which never shrinks when the amount grows.
/// @dev Two independent floors would not do: where both step up at the same wei, the worker's rest would step down, and
/// a collect of that one wei could not be paid. So the whole cut is floored first, and the royalty is floored within it:
/// each of the three then grows by 0 or 1 per wei, and they always add up.
library SplitMath {
    uint256 internal constant BPS = 10_000;

    /// @param gross AIPG wei, a uint128; on a lane the cumulative total.
    /// @param protocolBps Protocol fee, basis points.
    /// @param royaltyBps Usage royalty, basis points; with `protocolBps` below 10,000.
    function split(uint256 gross, uint256 protocolBps, uint256 royaltyBps)
        internal
        pure
        returns (uint256 toWorker, uint256 royalty, uint256 protocolFee)
    {
        // Rates are below 2^16 and gross below 2^128, and a cut is never more than its whole: nothing overflows.
        unchecked {
            uint256 rate = uint256(protocolBps) + royaltyBps;
            if (rate == 0) return (gross, 0, 0);
            uint256 cut = gross * rate / BPS;
            royalty = cut * royaltyBps / rate;
            protocolFee = cut - royalty;
            toWorker = gross - cut;
        }
    }

    /// @notice Growth of each share when the gross total grows from `before` to `afterwards`.
    function growth(uint256 before, uint256 afterwards, uint256 protocolBps, uint256 royaltyBps)
        internal
        pure
        returns (uint256 toWorker, uint256 royalty, uint256 protocolFee)
    {
        (toWorker, royalty, protocolFee) = split(afterwards, protocolBps, royaltyBps);
        (uint256 oldToWorker, uint256 oldRoyalty, uint256 oldProtocolFee) = split(before, protocolBps, royaltyBps);
        // No share ever shrinks.
        unchecked {
            toWorker -= oldToWorker;
            royalty -= oldRoyalty;
            protocolFee -= oldProtocolFee;
        }
    }
}

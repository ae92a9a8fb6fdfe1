// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title How a gross amount splits
/// @notice Worker, model and protocol shares of a gross amount, each of which never shrinks when the amount grows.
/// @dev Two independent floors would not do: where both step up at the same wei, the worker's rest would step down, and
/// a collect of that one wei could not be paid. So the whole cut is floored first, and the royalty is floored within it:
/// each of the three then grows by 0 or 1 per wei, and they always add up.
library SplitMath {
    uint256 internal constant BPS = 10_000;

    /// @param gross AIPG wei; on a lane the cumulative total.
    /// @param protocolBps Protocol fee, basis points.
    /// @param royaltyBps Usage royalty, basis points; with `protocolBps` below 10,000.
    function split(uint128 gross, uint16 protocolBps, uint16 royaltyBps)
        internal
        pure
        returns (uint128 toWorker, uint128 royalty, uint128 protocolFee)
    {
        uint256 rate = uint256(protocolBps) + royaltyBps;
        if (rate == 0) return (gross, 0, 0);
        uint256 cut = uint256(gross) * rate / BPS;
        royalty = uint128(cut * royaltyBps / rate);
        protocolFee = uint128(cut) - royalty;
        toWorker = gross - uint128(cut);
    }
}

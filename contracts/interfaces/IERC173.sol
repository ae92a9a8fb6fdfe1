// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Contract ownership, https://eips.ethereum.org/EIPS/eip-173
/// @dev Interface id 0x7f5828d0.
interface IERC173 {
    /// @notice The owner has changed.
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

    /// @notice The owner, as marketplaces read it.
    function owner() external view returns (address);

    /// @notice Sets the owner.
    function transferOwnership(address newOwner) external;
}

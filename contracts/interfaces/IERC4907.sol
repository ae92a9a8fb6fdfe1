// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title ERC-4907: rental of non-fungible tokens
/// @notice See https://eips.ethereum.org/EIPS/eip-4907. ERC-165 id 0xad092b5c.
interface IERC4907 {
    /// @notice The user of `tokenId` changed; the zero address means that there is none.
    event UpdateUser(uint256 indexed tokenId, address indexed user, uint64 expires);

    /// @notice Sets the user of `tokenId` until `expires` (Unix seconds, inclusive). Owner or approved only.
    /// @dev The zero address removes the user, and its `expires` is stored and emitted as 0.
    function setUser(uint256 tokenId, address user, uint64 expires) external;

    /// @notice The user of `tokenId`, the zero address when there is none or its time is over.
    function userOf(uint256 tokenId) external view returns (address);

    /// @notice Returns when the user's time ends, Unix seconds; 0 when no user is set. Stays when that time is over.
    function userExpires(uint256 tokenId) external view returns (uint256);
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Escrow
/// @notice Contract that holds artworks in auction. GridNFT knows one.
interface IGridEscrow {
    /// @notice Returns whether a bid stands on a token.
    /// @dev Asked about tokens that the escrow owns, whenever somebody wants to edit one or to add a version. A token whose
    /// bid has been paid out or taken back has none.
    /// @param tokenId Token of GridNFT.
    function hasBid(uint256 tokenId) external view returns (bool);
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IGridNFT} from "../interfaces/IGridNFT.sol";

/// @notice One slot per token: all that ever changes about it.
///
/// ```
/// bit   0        owner, 0 when burnt                          160 bits
/// bit 160        moves: transfers, modulo 2^40                 40 bits
/// bit 200        presentation nonce                            32 bits
/// bit 232        versions, 1 from the mint on                  22 bits
/// bit 254        moved: it has left the artist's hands          1 bit
/// bit 255        frozen: its display is final                   1 bit
/// ```
type TokenRecord is uint256;

using TokenRecords for TokenRecord global;

/// @title Reading and changing a TokenRecord
/// @dev No change of one field touches another: moves wrap within their bits, nonce and versions revert at their last value.
library TokenRecords {
    uint256 private constant OWNER_MASK = type(uint160).max;
    uint256 private constant MOVE_UNIT = 1 << 160;
    uint256 private constant MOVES_MASK = uint256(type(uint40).max) << 160;
    uint256 private constant NONCE_UNIT = 1 << 200;
    uint256 private constant MAX_NONCE = type(uint32).max;
    uint256 private constant VERSION_UNIT = 1 << 232;
    uint256 private constant MAX_VERSIONS = (1 << 22) - 1;
    uint256 private constant MOVED = 1 << 254;
    uint256 private constant FROZEN = 1 << 255;

    /// @notice Word of a token just minted.
    function minted(address to, bool moved) internal pure returns (TokenRecord) {
        return TokenRecord.wrap(uint160(to) | VERSION_UNIT | (moved ? MOVED : 0));
    }

    function owner(TokenRecord word) internal pure returns (address) {
        // forge-lint: disable-next-line(unsafe-typecast) -- the low bits are the owner
        return address(uint160(TokenRecord.unwrap(word)));
    }

    function moves(TokenRecord word) internal pure returns (uint64) {
        return uint40(TokenRecord.unwrap(word) >> 160);
    }

    function nonce(TokenRecord word) internal pure returns (uint64) {
        return uint32(TokenRecord.unwrap(word) >> 200);
    }

    function versions(TokenRecord word) internal pure returns (uint256) {
        return (TokenRecord.unwrap(word) >> 232) & MAX_VERSIONS;
    }

    function isMoved(TokenRecord word) internal pure returns (bool) {
        return TokenRecord.unwrap(word) & MOVED != 0;
    }

    function isFrozen(TokenRecord word) internal pure returns (bool) {
        return TokenRecord.unwrap(word) & FROZEN != 0;
    }

    /// @notice Returns true when its display can no longer be edited.
    /// @param afterSale True when the artist may edit what they have given away.
    function isLocked(TokenRecord word, bool afterSale) internal pure returns (bool) {
        return isFrozen(word) || (isMoved(word) && !afterSale);
    }

    /// @notice After a transfer, 0 for a burn.
    /// @param leaves True when it leaves the artist's hands by it.
    function withMove(TokenRecord word, address to, bool leaves) internal pure returns (TokenRecord) {
        unchecked {
            uint256 raw = TokenRecord.unwrap(word);
            // Moves wrap: the mask drops what they would carry into the nonce.
            uint256 count = (raw + MOVE_UNIT) & MOVES_MASK;
            return TokenRecord.wrap((raw & ~(MOVES_MASK | OWNER_MASK)) | count | uint160(to) | (leaves ? MOVED : 0));
        }
    }

    /// @notice After a change of what it shows.
    function withNextNonce(TokenRecord word, uint256 tokenId) internal pure returns (TokenRecord) {
        if (nonce(word) == MAX_NONCE) revert IGridNFT.GridNFT_TooManyChanges(tokenId);
        return TokenRecord.wrap(TokenRecord.unwrap(word) + NONCE_UNIT);
    }

    /// @notice After a version was added.
    function withNextVersion(TokenRecord word, uint256 tokenId) internal pure returns (TokenRecord) {
        if (versions(word) == MAX_VERSIONS) revert IGridNFT.GridNFT_TooManyVersions(tokenId);
        return TokenRecord.wrap(TokenRecord.unwrap(word) + VERSION_UNIT);
    }

    function asFrozen(TokenRecord word) internal pure returns (TokenRecord) {
        return TokenRecord.wrap(TokenRecord.unwrap(word) | FROZEN);
    }
}

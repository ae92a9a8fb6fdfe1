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
type TokenWord is uint256;

using TokenWords for TokenWord global;

/// @title Reading and changing a TokenWord
/// @dev No change of one field touches another: moves wrap within their bits, nonce and versions revert at their last value.
library TokenWords {
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
    function minted(address to, bool moved) internal pure returns (TokenWord) {
        return TokenWord.wrap(uint160(to) | VERSION_UNIT | (moved ? MOVED : 0));
    }

    function owner(TokenWord word) internal pure returns (address) {
        // forge-lint: disable-next-line(unsafe-typecast) -- the low bits are the owner
        return address(uint160(TokenWord.unwrap(word)));
    }

    function moves(TokenWord word) internal pure returns (uint64) {
        return uint40(TokenWord.unwrap(word) >> 160);
    }

    function nonce(TokenWord word) internal pure returns (uint64) {
        return uint32(TokenWord.unwrap(word) >> 200);
    }

    function versions(TokenWord word) internal pure returns (uint256) {
        return (TokenWord.unwrap(word) >> 232) & MAX_VERSIONS;
    }

    function isMoved(TokenWord word) internal pure returns (bool) {
        return TokenWord.unwrap(word) & MOVED != 0;
    }

    function isFrozen(TokenWord word) internal pure returns (bool) {
        return TokenWord.unwrap(word) & FROZEN != 0;
    }

    /// @notice Whether its display can no longer be edited.
    /// @param afterSale Whether the artist may edit what they have given away.
    function isLocked(TokenWord word, bool afterSale) internal pure returns (bool) {
        return isFrozen(word) || (isMoved(word) && !afterSale);
    }

    /// @notice After a transfer, 0 for a burn.
    /// @param leaves Whether it leaves the artist's hands by it.
    function withMove(TokenWord word, address to, bool leaves) internal pure returns (TokenWord) {
        unchecked {
            uint256 raw = TokenWord.unwrap(word);
            // Moves wrap: the mask drops what they would carry into the nonce.
            uint256 count = (raw + MOVE_UNIT) & MOVES_MASK;
            return TokenWord.wrap((raw & ~(MOVES_MASK | OWNER_MASK)) | count | uint160(to) | (leaves ? MOVED : 0));
        }
    }

    /// @notice After a change of what it shows.
    function withNextNonce(TokenWord word, uint256 tokenId) internal pure returns (TokenWord) {
        if (nonce(word) == MAX_NONCE) revert IGridNFT.GridNFT_TooManyChanges(tokenId);
        return TokenWord.wrap(TokenWord.unwrap(word) + NONCE_UNIT);
    }

    /// @notice After a version was added.
    function withNextVersion(TokenWord word, uint256 tokenId) internal pure returns (TokenWord) {
        if (versions(word) == MAX_VERSIONS) revert IGridNFT.GridNFT_TooManyVersions(tokenId);
        return TokenWord.wrap(TokenWord.unwrap(word) + VERSION_UNIT);
    }

    function asFrozen(TokenWord word) internal pure returns (TokenWord) {
        return TokenWord.wrap(TokenWord.unwrap(word) | FROZEN);
    }
}

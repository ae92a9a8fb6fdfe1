// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice One slot per token: all that ever changes about it.
///
/// ```
/// bit   0        owner, 0 when burnt                          160 bits
/// bit 160        presentation nonce                            40 bits
/// bit 200        versions, 1 from the mint on                  32 bits
/// bit 232        moved: it has left the artist's hands          1 bit
/// bit 233        frozen: its display is final                   1 bit
/// ```
type TokenWord is uint256;

using TokenWords for TokenWord global;

/// @title Reading and changing a TokenWord
library TokenWords {
    uint256 private constant OWNER_MASK = type(uint160).max;
    uint256 private constant NONCE_UNIT = 1 << 160;
    uint256 private constant VERSION_UNIT = 1 << 200;
    uint256 private constant MOVED = 1 << 232;
    uint256 private constant FROZEN = 1 << 233;

    /// @notice Word of a token just minted.
    function minted(address to, bool moved) internal pure returns (TokenWord) {
        return TokenWord.wrap(uint160(to) | VERSION_UNIT | (moved ? MOVED : 0));
    }

    function owner(TokenWord word) internal pure returns (address) {
        // forge-lint: disable-next-line(unsafe-typecast) -- the low bits are the owner
        return address(uint160(TokenWord.unwrap(word)));
    }

    function nonce(TokenWord word) internal pure returns (uint256) {
        return uint40(TokenWord.unwrap(word) >> 160);
    }

    function versions(TokenWord word) internal pure returns (uint256) {
        return uint32(TokenWord.unwrap(word) >> 200);
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

    /// @dev Passing a token to its own owner moves nothing.
    function withOwner(TokenWord word, address to) internal pure returns (TokenWord) {
        uint256 raw = TokenWord.unwrap(word);
        // forge-lint: disable-next-line(unsafe-typecast) -- the low bits are the owner
        uint256 moved = address(uint160(raw)) == to ? 0 : MOVED;
        return TokenWord.wrap((raw & ~OWNER_MASK) | uint160(to) | moved);
    }

    /// @dev The nonce would need 2^40 edits to run over.
    function withNextNonce(TokenWord word) internal pure returns (TokenWord) {
        return TokenWord.wrap(TokenWord.unwrap(word) + NONCE_UNIT);
    }

    /// @dev 2^32 versions would need as many blobs.
    function withNextVersion(TokenWord word) internal pure returns (TokenWord) {
        return TokenWord.wrap(TokenWord.unwrap(word) + VERSION_UNIT);
    }

    function asFrozen(TokenWord word) internal pure returns (TokenWord) {
        return TokenWord.wrap(TokenWord.unwrap(word) | FROZEN);
    }
}

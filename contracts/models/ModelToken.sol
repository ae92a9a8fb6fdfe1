// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice One slot per model: what a transfer changes and a market order reads.
///
/// ```
/// bit   0        owner, 0 when there is no such model         160 bits
/// bit 160        moves, number of transfers; wraps             40 bits
/// bit 200        shown, presentation nonce; checked            32 bits
/// bit 232        hasUser: an ERC-4907 user is stored            1 bit
/// ```
type ModelToken is uint256;

using ModelTokens for ModelToken global;

/// @title ModelTokens
/// @notice Reads and changes a ModelToken.
library ModelTokens {
    uint256 private constant MOVES = 160;
    uint256 private constant SHOWN = 200;
    uint256 private constant SHOWN_MASK = uint256(type(uint32).max) << SHOWN;
    uint256 private constant HAS_USER = 1 << 232;

    /// @notice Token just minted.
    function minted(address to) internal pure returns (ModelToken) {
        return ModelToken.wrap(uint160(to));
    }

    /// @notice The owner, 0 when there is no such model.
    function owner(ModelToken token) internal pure returns (address) {
        // forge-lint: disable-next-line(unsafe-typecast) -- the low bits are the owner
        return address(uint160(ModelToken.unwrap(token)));
    }

    /// @notice Number of transfers.
    function moves(ModelToken token) internal pure returns (uint40) {
        // forge-lint: disable-next-line(unsafe-typecast) -- the low bits of what is left are the moves
        return uint40(ModelToken.unwrap(token) >> MOVES);
    }

    /// @notice Presentation nonce.
    function shown(ModelToken token) internal pure returns (uint32) {
        // forge-lint: disable-next-line(unsafe-typecast) -- the low bits of what is left are the nonce
        return uint32(ModelToken.unwrap(token) >> SHOWN);
    }

    /// @notice True when an ERC-4907 user is stored, in time or not.
    function hasUser(ModelToken token) internal pure returns (bool) {
        return ModelToken.unwrap(token) & HAS_USER != 0;
    }

    /// @notice The token after a transfer to `to`: one move more, and no user if it `losesUser`.
    function transferred(ModelToken token, address to, bool losesUser) internal pure returns (ModelToken) {
        uint256 kept = SHOWN_MASK | (losesUser ? 0 : HAS_USER);
        unchecked {
            uint256 nextMoves = uint40(token.moves() + 1);
            return ModelToken.wrap((ModelToken.unwrap(token) & kept) | nextMoves << MOVES | uint160(to));
        }
    }

    /// @notice The token after a change that buyers rely on. Reverts with a panic when the nonce would run over.
    function withNextShown(ModelToken token) internal pure returns (ModelToken) {
        uint256 nextShown = token.shown() + 1;
        return ModelToken.wrap((ModelToken.unwrap(token) & ~SHOWN_MASK) | nextShown << SHOWN);
    }

    /// @notice The token with, or without, a user.
    function withUser(ModelToken token, bool has) internal pure returns (ModelToken) {
        uint256 raw = ModelToken.unwrap(token);
        return ModelToken.wrap(has ? raw | HAS_USER : raw & ~HAS_USER);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {LibString} from "solady/utils/LibString.sol";

/// @title Text that may stand in on-chain JSON
/// @notice Checks text at the door and escapes it at rendering.
/// @dev Text is UTF-8 as The Unicode Standard's table 3-7 defines it (no overlong forms, no surrogates, nothing above
/// U+10FFFF) without control characters (U+0000 to U+001F, U+007F to U+009F). What passes here and goes through
/// `escape` is a valid JSON string body (https://www.rfc-editor.org/rfc/rfc8259#section-7).
///
/// Both loops look at 32 bytes at a time. For a word `w` of bytes and `n` up to 128 in every byte,
/// `(w - n) & ~w & 0x80..80` is non-zero exactly when some byte of `w` is below `n`.
library JsonText {
    /// @notice The text of `field` is longer than allowed.
    /// @param field Name of the field, as in the interface.
    /// @param length Bytes given.
    /// @param maxLength Bytes allowed.
    error JsonText_TooLong(string field, uint256 length, uint256 maxLength);

    /// @notice The text of `field` is empty, and must not be.
    error JsonText_Empty(string field);

    /// @notice The text of `field` is not UTF-8, or holds a control character.
    /// @param field Name of the field, as in the interface.
    /// @param position Byte at which the first faulty character begins.
    error JsonText_Invalid(string field, uint256 position);

    /// @dev `faultOf` returns this when there is no fault.
    uint256 internal constant NO_FAULT = type(uint256).max;

    uint256 private constant ONES = 0x0101010101010101010101010101010101010101010101010101010101010101;
    uint256 private constant HIGH_BITS = ONES * 0x80;
    uint256 private constant SPACES = ONES * 0x20;
    uint256 private constant QUOTES = ONES * 0x22;
    uint256 private constant BACKSLASHES = ONES * 0x5c;

    /// @notice Reverts unless `text` is text of at most `maxLength` bytes.
    function requireText(bytes memory text, uint256 maxLength, string memory field) internal pure {
        if (text.length > maxLength) revert JsonText_TooLong(field, text.length, maxLength);
        requireText(text, field);
    }

    /// @notice Reverts unless `text` is text.
    function requireText(bytes memory text, string memory field) internal pure {
        uint256 position = faultOf(text);
        if (position != NO_FAULT) revert JsonText_Invalid(field, position);
    }

    /// @notice Returns true when `text` is text.
    function isText(bytes memory text) internal pure returns (bool) {
        return faultOf(text) == NO_FAULT;
    }

    /// @notice Returns the position of the first fault of `text`, `NO_FAULT` when there is none.
    function faultOf(bytes memory text) internal pure returns (uint256 position) {
        uint256 start;
        assembly ("memory-safe") {
            start := add(text, 0x20)
        }
        return faultOf(start, text.length);
    }

    /// @notice As `faultOf(bytes)`, for the `length` bytes of memory at `start`.
    /// @dev May read, but takes no notice of, up to 31 bytes after them.
    function faultOf(uint256 start, uint256 length) internal pure returns (uint256 position) {
        unchecked {
            while (position < length) {
                uint256 word;
                assembly ("memory-safe") {
                    word := mload(add(start, position))
                }
                uint256 left = length - position;
                if (left < 32) {
                    // Whatever stands behind the text is read as spaces.
                    uint256 behind = type(uint256).max >> (left * 8);
                    word = (word & ~behind) | (SPACES & behind);
                }
                // All bytes are 0x20 to 0x7e exactly when none has its high bit set, before or after these.
                if (((word - SPACES) | word | (word + ONES)) & HIGH_BITS == 0) {
                    position += 32;
                    continue;
                }
                uint256 size = _characterSize(word);
                if (size == 0 || size > left) return position;
                position += size;
            }
        }
        return NO_FAULT;
    }

    /// @notice `text` with what RFC 8259 asks to be escaped, escaped. Without quotes around it.
    /// @dev Returns `text` itself, not a copy, when nothing needs escaping: most text needs none, and rendering is
    /// several times cheaper that way.
    function escape(string memory text) internal pure returns (string memory) {
        uint256 length = bytes(text).length;
        unchecked {
            for (uint256 position; position < length; position += 32) {
                uint256 word;
                assembly ("memory-safe") {
                    word := mload(add(add(text, 0x20), position))
                }
                uint256 left = length - position;
                if (left < 32) {
                    uint256 behind = type(uint256).max >> (left * 8);
                    word = (word & ~behind) | (SPACES & behind);
                }
                uint256 quotes = word ^ QUOTES;
                uint256 backslashes = word ^ BACKSLASHES;
                uint256 found =
                    ((word - SPACES) & ~word) | ((quotes - ONES) & ~quotes) | ((backslashes - ONES) & ~backslashes);
                if (found & HIGH_BITS != 0) return LibString.escapeJSON(text);
            }
        }
        return text;
    }

    /// @dev Bytes of the character that begins `word`, 0 when it is a control character or not UTF-8.
    function _characterSize(uint256 word) private pure returns (uint256) {
        unchecked {
            uint256 lead = word >> 248;
            if (lead < 0x80) return lead < 0x20 || lead == 0x7f ? 0 : 1;

            uint256 second = (word >> 240) & 0xff;
            // Overlong forms begin with C0 and C1; U+0080 to U+009F are control characters.
            if (lead < 0xe0) return lead < 0xc2 || !_within(second, lead == 0xc2 ? 0xa0 : 0x80, 0xbf) ? 0 : 2;

            if (!_within((word >> 232) & 0xff, 0x80, 0xbf)) return 0;
            // Overlong forms begin with E0 80, surrogates with ED A0.
            if (lead < 0xf0) {
                return _within(second, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf) ? 3 : 0;
            }

            if (lead > 0xf4 || !_within((word >> 224) & 0xff, 0x80, 0xbf)) return 0;
            // Overlong forms begin with F0 80, what is above U+10FFFF with F4 90.
            return _within(second, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf) ? 4 : 0;
        }
    }

    function _within(uint256 value, uint256 low, uint256 high) private pure returns (bool) {
        return value >= low && value <= high;
    }
}

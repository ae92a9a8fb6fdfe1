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

/// @title Storage of GridNFT
/// @notice ERC-7201, namespace `gridnft.storage.GridNFT`. GridNFT and the linked GridCodec work on the same layout.
library GridNFTStorage {
    /// @dev One slot.
    /// @param blobs Contracts the proxy has created, each a blob: the last one's CREATE nonce.
    /// @param supply Existing tokens.
    /// @param sources Anchor sources.
    /// @param paused Whether minting is paused.
    /// @param upgradesSealed Whether upgrades are sealed.
    struct Counters {
        uint48 blobs;
        uint64 supply;
        uint16 sources;
        bool paused;
        bool upgradesSealed;
    }

    /// @custom:storage-location erc7201:gridnft.storage.GridNFT
    struct Layout {
        Counters counters;
        address treasury;
        uint96 fee;
        address renderer;
        address owner;
        string contractURI;
        mapping(uint256 index => address) sources;
        mapping(uint256 tokenId => TokenWord) tokens;
        mapping(address owner => uint256) balances;
        mapping(address requester => mapping(bytes32 orderHash => uint256 bits)) minted;
        mapping(uint256 tokenId => mapping(uint256 version => uint256 blob)) versions;
        mapping(bytes32 announcement => uint256 readyAt) announcements;
        mapping(uint256 tokenId => address blob) displays;
    }

    // keccak256(abi.encode(uint256(keccak256("gridnft.storage.GridNFT")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 internal constant LOCATION = 0xbb101752e3bc51c326e8a9fc50f582b68f87ff93eaf8bf2aadd9a5985ebd8b00;

    function load() internal pure returns (Layout storage $) {
        assembly ("memory-safe") {
            $.slot := LOCATION
        }
    }

    /// @notice Key of an owner's announcement. Nobody else's, no other version's and no other body's.
    function announcementKey(uint256 tokenId, uint256 version, address account, bytes32 bodyHash)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(tokenId, version, account, bodyHash));
    }
}

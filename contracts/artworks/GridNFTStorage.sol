// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {TokenRecord} from "./TokenRecord.sol";

/// @title Storage of GridNFT
/// @notice ERC-7201, namespace `gridnft.storage.GridNFT`. GridNFT and the linked ArtworkMint work on the same layout.
library GridNFTStorage {
    /// @dev One slot.
    /// @param blobs Contracts the proxy has created, each a blob: the last one's CREATE nonce.
    /// @param supply Existing tokens.
    /// @param sources Anchor sources.
    /// @param paused True while minting is paused.
    /// @param upgradesSealed True when upgrades, sources and the escrow are sealed.
    /// @param rendererSealed True when the renderer is sealed.
    struct Counters {
        uint48 blobs;
        uint64 supply;
        uint16 sources;
        bool paused;
        bool upgradesSealed;
        bool rendererSealed;
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
        mapping(uint256 tokenId => TokenRecord) tokens;
        mapping(address owner => uint256) balances;
        mapping(address requester => mapping(bytes32 orderHash => uint256 bits)) minted;
        mapping(uint256 tokenId => mapping(uint256 version => uint256 blob)) versions;
        mapping(bytes32 announcement => uint256 readyAt) announcements;
        mapping(uint256 tokenId => address blob) displays;
        mapping(uint256 seriesId => address) royaltyReceivers;
        address escrow;
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

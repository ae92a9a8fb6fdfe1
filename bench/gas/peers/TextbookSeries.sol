// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC721Upgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC721/ERC721Upgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice What one writes first: each token has a struct of strings and words, nothing is proven. It stores less than a
/// GridNFT artwork: no model hash, worker, requester, order or anchor, and description and tags are only logged.
contract TextbookSeries is ERC721Upgradeable {
    using SafeERC20 for IERC20;

    struct SeriesText {
        string title;
        string description;
        string tags;
    }

    struct Artwork {
        string prompt;
        string negativePrompt;
        string engine;
        string sampler;
        string scheduler;
        bytes32 imageHash;
        bytes32 cidDigest;
        uint64 completedAt;
        uint64 seed;
        uint32 modelId;
        uint32 width;
        uint32 height;
        uint32 steps;
        uint32 guidanceMilli;
    }

    IERC20 private immutable AIPG;
    address private immutable TREASURY;
    uint256 private constant FEE = 1e18;

    uint256 private _minted;
    uint256 private _seriesCount;
    mapping(uint256 seriesId => string) private _titles;
    mapping(uint256 tokenId => Artwork) private _artworks;

    event SeriesMinted(uint256 indexed seriesId, address indexed artist, uint256 firstTokenId, SeriesText text);

    constructor(IERC20 aipg, address treasury) {
        AIPG = aipg;
        TREASURY = treasury;
    }

    function mintSeries(address to, SeriesText calldata text, Artwork[] calldata artworks) external {
        uint256 seriesId = ++_seriesCount;
        _titles[seriesId] = text.title;
        uint256 first = _minted;
        for (uint256 i; i < artworks.length; ++i) {
            _artworks[first + i] = artworks[i];
            _mint(to, first + i);
        }
        _minted = first + artworks.length;
        emit SeriesMinted(seriesId, msg.sender, first, text);
        AIPG.safeTransferFrom(msg.sender, TREASURY, FEE * artworks.length);
    }
}

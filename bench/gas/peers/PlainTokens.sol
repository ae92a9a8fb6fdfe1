// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC721Upgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC721/ERC721Upgradeable.sol";
import {ERC721A} from "erc721a/contracts/ERC721A.sol";
import {ERC721 as SoladyERC721} from "solady/tokens/ERC721.sol";

/// @dev What every one of the plain tokens can do: mint the next `count` ids.
interface IPlainToken {
    function mint(address to, uint256 count) external;
    function transferFrom(address from, address to, uint256 tokenId) external payable;
}

/// @notice OpenZeppelin's ERC-721 with a counter, behind a proxy: the base line.
contract OpenZeppelinToken is ERC721Upgradeable {
    uint256 private _minted;

    function mint(address to, uint256 count) external {
        uint256 minted = _minted;
        for (uint256 i; i < count; ++i) {
            _mint(to, minted + i);
        }
        _minted = minted + count;
    }
}

/// @notice Solady's ERC-721 with a counter, behind a proxy.
contract SoladyToken is SoladyERC721 {
    uint256 private _minted;

    function mint(address to, uint256 count) external {
        uint256 minted = _minted;
        for (uint256 i; i < count; ++i) {
            _mint(to, minted + i);
        }
        _minted = minted + count;
    }

    function name() public pure override returns (string memory) {
        return "";
    }

    function symbol() public pure override returns (string memory) {
        return "";
    }

    function tokenURI(uint256) public pure override returns (string memory) {
        return "";
    }
}

/// @notice ERC721A behind a proxy; its ids start at 0, so the missing constructor changes nothing.
contract ERC721AToken is ERC721A("", "") {
    function mint(address to, uint256 count) external {
        _mint(to, count);
    }
}

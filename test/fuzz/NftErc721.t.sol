// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {EvolutionPolicy, IGridNFT} from "../../contracts/interfaces/IGridNFT.sol";
import {NftTest} from "../utils/NftTest.sol";
import {Erc721Properties} from "./Erc721Properties.sol";

/// @notice GridNFT behind its proxy has the properties of an ERC-721 token.
contract NftErc721 is NftTest, Erc721Properties {
    function _collection() internal view override returns (IERC721) {
        return IERC721(address(nft));
    }

    function _makeToken(address to) internal override returns (uint256 tokenId) {
        return mintOf(EvolutionPolicy.NONE, 1, to);
    }

    function _burnCall(uint256 tokenId) internal pure override returns (bytes memory) {
        return abi.encodeCall(IGridNFT.burn, (tokenId));
    }
}

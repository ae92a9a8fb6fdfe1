// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Artwork} from "./interfaces/IGridNFT.sol";
import {IGridRenderer} from "./interfaces/IGridRenderer.sol";
import {IModelTerms} from "./interfaces/IModelTerms.sol";

contract GridRenderer is IGridRenderer {
    constructor(IModelTerms, string memory) {}

    function tokenURI(Artwork calldata) external pure returns (string memory) {
        return "";
    }
}

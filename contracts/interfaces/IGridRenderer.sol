// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Artwork} from "./IGridNFT.sol";

/// @title Renders the metadata of GridNFT
/// @notice A renderer is handed everything it shows. It holds nothing, is called by staticcall, and governance may
/// replace it; it can change how provenance looks, never what it says on chain.
interface IGridRenderer {
    /// @notice Metadata of an artwork as a `data:application/json;base64,` URI.
    /// @dev Valid JSON for every input: each string is escaped, text that is not UTF-8 never gets as far as here.
    function tokenURI(Artwork calldata artwork) external view returns (string memory);
}

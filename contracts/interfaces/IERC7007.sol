// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Verifiable AI-generated content token, https://eips.ethereum.org/EIPS/eip-7007
/// @dev Interface id 0x702c55a6.
interface IERC7007 {
    /// @notice AIGC data was added to a token.
    event AigcData(uint256 indexed tokenId, bytes indexed prompt, bytes indexed aigcData, bytes proof);

    /// @notice Adds AIGC data, with its proof, to a token.
    function addAigcData(uint256 tokenId, bytes calldata prompt, bytes calldata aigcData, bytes calldata proof) external;

    /// @notice Returns true when `aigcData` is what the model made of `prompt`, according to `proof`.
    function verify(bytes calldata prompt, bytes calldata aigcData, bytes calldata proof)
        external
        view
        returns (bool success);
}

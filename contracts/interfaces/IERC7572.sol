// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title ERC-7572: contract-level metadata
/// @notice See https://eips.ethereum.org/EIPS/eip-7572. ERC-165 id 0xe8a3d485.
interface IERC7572 {
    /// @notice `contractURI` changed.
    event ContractURIUpdated();

    /// @notice URI of JSON that describes the collection.
    function contractURI() external view returns (string memory);
}

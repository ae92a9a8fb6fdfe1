// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Contract-level metadata, https://eips.ethereum.org/EIPS/eip-7572
interface IERC7572 {
    /// @notice `contractURI` answers differently now.
    event ContractURIUpdated();

    /// @notice URI of the collection's metadata.
    function contractURI() external view returns (string memory);
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title What other contracts read from AIGC
/// @notice GridSettlement reads `usageRoyaltyBps` and `ownerOf`, GridNFT reads `weightsHash`.
/// @dev GridSettlement calls with 30,000 gas and takes failure, or more than 2,000 bps, as royalty 0.
interface IModelTerms {
    /// @notice sha256 of the model's weights file, or of its canonical manifest; 0 when the model does not exist.
    function weightsHash(uint256 modelId) external view returns (bytes32);

    /// @notice Usage royalty in force now, basis points of each job's price; at most 2,000. Reverts when the model does
    /// not exist: a rate of 0 is a model's own.
    function usageRoyaltyBps(uint256 modelId) external view returns (uint16);

    /// @notice Owner of the model, who is paid its usage royalty (ERC-721; reverts when the model does not exist).
    function ownerOf(uint256 modelId) external view returns (address);
}

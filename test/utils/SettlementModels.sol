// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelTerms} from "../../contracts/interfaces/IModelTerms.sol";

/// @notice Model terms that a test sets; stands for a well-behaved AIGC.
contract SettlementModels is IModelTerms {
    mapping(uint256 modelId => address) private _owner;
    mapping(uint256 modelId => uint16) private _royaltyBps;
    mapping(uint256 modelId => bytes32) public weightsHash;

    error NoSuchModel(uint256 modelId);

    function set(uint256 modelId, address owner, uint16 royaltyBps) external {
        _owner[modelId] = owner;
        _royaltyBps[modelId] = royaltyBps;
        weightsHash[modelId] = keccak256(abi.encode("weights", modelId));
    }

    function usageRoyaltyBps(uint256 modelId) external view returns (uint16) {
        if (_owner[modelId] == address(0)) revert NoSuchModel(modelId);
        return _royaltyBps[modelId];
    }

    function ownerOf(uint256 modelId) external view returns (address owner) {
        owner = _owner[modelId];
        if (owner == address(0)) revert NoSuchModel(modelId);
    }
}

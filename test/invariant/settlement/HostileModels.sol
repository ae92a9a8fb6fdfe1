// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelTerms} from "../../../contracts/interfaces/IModelTerms.sol";

/// @notice An AIGC that turns from honest to hostile and back.
contract HostileModels is IModelTerms {
    enum Mode {
        HONEST,
        REVERTS,
        BURNS_GAS,
        ABSURD,
        LONG_ANSWER,
        SHORT_ANSWER
    }

    Mode public mode;
    mapping(uint256 modelId => address) private _owner;
    mapping(uint256 modelId => uint16) private _royaltyBps;

    error Hostile();
    error NoSuchModel(uint256 modelId);

    /// @dev Honest half of the time; 0 to 5 are the modes.
    function setMode(uint256 seed) external {
        mode = Mode(seed % 10 < 6 ? seed % 10 : 0);
    }

    function set(uint256 modelId, address owner, uint16 royaltyBps) external {
        _owner[modelId] = owner;
        _royaltyBps[modelId] = royaltyBps;
    }

    /// @notice What `ownerOf` says when it is honest, 0 for a model that doesn't exist.
    function registeredOwner(uint256 modelId) external view returns (address) {
        return _owner[modelId];
    }

    function usageRoyaltyBps(uint256 modelId) external view returns (uint16) {
        _misbehave();
        if (_owner[modelId] == address(0)) revert NoSuchModel(modelId);
        return _royaltyBps[modelId];
    }

    function ownerOf(uint256 modelId) external view returns (address owner) {
        _misbehave();
        owner = _owner[modelId];
        if (owner == address(0)) revert NoSuchModel(modelId);
    }

    function weightsHash(uint256 modelId) external pure returns (bytes32) {
        return keccak256(abi.encode("weights", modelId));
    }

    function _misbehave() private view {
        Mode now_ = mode;
        if (now_ == Mode.HONEST) return;
        if (now_ == Mode.REVERTS) revert Hostile();
        if (now_ == Mode.ABSURD) _answer(32, type(uint256).max);
        if (now_ == Mode.LONG_ANSWER) _answer(60_000, type(uint256).max);
        if (now_ == Mode.SHORT_ANSWER) _answer(31, 0);
        while (true) {}
    }

    function _answer(uint256 length, uint256 word) private pure {
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore(buffer, word)
            return(buffer, length)
        }
    }
}

/// @notice A contract that owns a model.
contract ModelVault {}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IModelTerms} from "../../contracts/interfaces/IModelTerms.sol";
import {IReceiptAnchor} from "../../contracts/interfaces/IReceiptAnchor.sol";

/// @dev An anchor source without a settlement behind it.
contract MockAnchor is IReceiptAnchor {
    struct Anchor {
        address worker;
        uint40 time;
        uint40 blockNumber;
    }

    mapping(bytes32 key => Anchor) private _anchors;

    function set(bytes32 laneId, address payer, bytes32 root, address worker) external {
        setAt(laneId, payer, root, worker, uint40(block.timestamp), uint40(block.number));
    }

    function setAt(bytes32 laneId, address payer, bytes32 root, address worker, uint40 time, uint40 blockNumber)
        public
    {
        _anchors[keccak256(abi.encode(laneId, payer, root))] = Anchor(worker, time, blockNumber);
    }

    function anchorOf(bytes32 laneId, address payer, bytes32 root) external view returns (address, uint40, uint40) {
        Anchor memory anchor = _anchors[keccak256(abi.encode(laneId, payer, root))];
        return (anchor.worker, anchor.time, anchor.blockNumber);
    }
}

/// @dev Models without a registry. Stands behind a proxy, as AIGC does.
contract MockModels is IModelTerms {
    mapping(uint256 modelId => bytes32) public weightsHash;

    function set(uint256 modelId, bytes32 hash) external {
        weightsHash[modelId] = hash;
    }

    function usageRoyaltyBps(uint256) external pure returns (uint16) {
        return 0;
    }

    function ownerOf(uint256) external view returns (address) {
        return address(this);
    }
}

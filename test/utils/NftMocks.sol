// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";

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

/// @dev Takes tokens, and notes what it was told.
contract Receiver is IERC721Receiver {
    uint256 public count;
    uint256 public last;
    address public from;
    address public operator;

    function onERC721Received(address operator_, address from_, uint256 tokenId, bytes calldata)
        public
        virtual
        returns (bytes4)
    {
        ++count;
        (last, from, operator) = (tokenId, from_, operator_);
        return this.onERC721Received.selector;
    }
}

/// @dev Takes the first token, and no other.
contract RefusingReceiver is Receiver {
    function onERC721Received(address operator_, address from_, uint256 tokenId, bytes calldata data)
        public
        override
        returns (bytes4)
    {
        if (count != 0) return 0;
        return super.onERC721Received(operator_, from_, tokenId, data);
    }
}

/// @dev A wallet contract with one owner, who may change their mind.
contract Wallet is IERC1271 {
    address public owner;

    constructor(address owner_) {
        owner = owner_;
    }

    function setOwner(address owner_) external {
        owner = owner_;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (address signer,,) = ECDSA.tryRecover(hash, signature);
        return signer == owner ? this.isValidSignature.selector : bytes4(0xffffffff);
    }
}

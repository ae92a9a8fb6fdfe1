// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {IGridEscrow} from "../../contracts/interfaces/IGridEscrow.sol";

/// @dev Stands in for the auction: holds tokens, and says on which of them a bid stands. `fault` makes it misbehave.
contract EscrowDouble is IGridEscrow {
    enum Fault {
        NONE,
        REVERTS,
        BURNS_GAS,
        ANSWERS_NOTHING
    }

    error EscrowDouble_Broken();

    mapping(uint256 tokenId => bool) private _bids;
    Fault public fault;

    function hasBid(uint256 tokenId) external view returns (bool) {
        if (fault == Fault.REVERTS) revert EscrowDouble_Broken();
        while (fault == Fault.BURNS_GAS) {}
        if (fault == Fault.ANSWERS_NOTHING) {
            assembly ("memory-safe") {
                return(0, 0)
            }
        }
        return _bids[tokenId];
    }

    function setBid(uint256 tokenId, bool stands) external {
        _bids[tokenId] = stands;
    }

    function setFault(Fault fault_) external {
        fault = fault_;
    }

    function give(IERC721 token, address to, uint256 tokenId) external {
        token.transferFrom(address(this), to, tokenId);
    }
}

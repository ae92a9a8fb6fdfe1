// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {LibRLP} from "solady/utils/LibRLP.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {EvolutionPolicy, IGridNFT} from "../interfaces/IGridNFT.sol";
import {BodyDecoder} from "./BodyDecoder.sol";

/// @title Blobs
/// @notice Contracts whose code is data. Their addresses are not stored: the n-th contract that GridNFT creates is blob
/// n, and its address follows from that. The id of a series is the number of its blob.
/// @dev
/// ```
/// 0          00, so that it can't be called
/// 1          b20 requester: the artist of a series
/// 21         the packed body: form, and for a series policy and royaltyBps ...
/// ...        for each anchor u40 time, u40 block
/// ```
/// So the first word of a series' code says who is to be paid, and who may add versions.
library BlobStore {
    /// @notice Address of blob `number`.
    function addressOf(uint256 number) internal view returns (address) {
        return LibRLP.computeAddress(address(this), number);
    }

    /// @notice Data of blob `number`.
    function read(uint256 number) internal view returns (bytes memory) {
        return SSTORE2.read(addressOf(number));
    }

    /// @notice Stores blob `number`, which must be the next that the contract creates.
    function write(bytes memory data, uint256 number) internal returns (address made) {
        if (data.length > BodyDecoder.MAX_BLOB) {
            revert IGridNFT.GridNFT_BlobTooLarge(data.length, BodyDecoder.MAX_BLOB);
        }
        made = SSTORE2.write(data);
        address expected = addressOf(number);
        if (made != expected) revert IGridNFT.GridNFT_BlobMisplaced(made, expected);
    }

    /// @notice Head of a series; all zero when there is no such series.
    function headOf(uint256 seriesId)
        internal
        view
        returns (address artist, EvolutionPolicy policy, uint256 royaltyBps)
    {
        address blob = addressOf(seriesId);
        uint256 head;
        assembly ("memory-safe") {
            extcodecopy(blob, 0x00, 0x00, 0x20)
            head := mload(0x00)
        }
        if ((head >> 80) & 0xff != BodyDecoder.FORM_SERIES) return (address(0), EvolutionPolicy.NONE, 0);
        // forge-lint: disable-next-line(unsafe-typecast) -- the bytes that are asked for
        return (address(uint160(head >> 88)), EvolutionPolicy((head >> 72) & 0xff), (head >> 56) & 0xffff);
    }
}

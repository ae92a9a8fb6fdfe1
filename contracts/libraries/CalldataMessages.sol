// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {GridMessages, JobOrder, JobReceipt, LaneConfig, ModelTotal, Voucher} from "./GridMessages.sol";

/// @title Hashing of messages that lie in calldata
/// @notice Gives what `GridMessages` gives, for less: a test holds them equal.
/// @dev A struct of static fields lies in calldata exactly as EIP-712 encodes it, one word per field, so it is hashed
/// where it lies instead of being decoded into memory and encoded again. Words are hashed as they come: dirty upper bits
/// give the hash of a message nobody signs, and Solidity refuses them wherever the field is used.
library CalldataMessages {
    /// @notice `orderHash`.
    function hashOrder(JobOrder calldata order) internal pure returns (bytes32) {
        uint256 pointer;
        assembly ("memory-safe") {
            pointer := order
        }
        return _hashWords(GridMessages.JOB_ORDER_TYPEHASH, pointer, 11);
    }

    /// @notice Struct hash of a receipt.
    function hashReceipt(JobReceipt calldata receipt) internal pure returns (bytes32) {
        uint256 pointer;
        assembly ("memory-safe") {
            pointer := receipt
        }
        return _hashWords(GridMessages.JOB_RECEIPT_TYPEHASH, pointer, 12);
    }

    /// @notice Struct hash of a receipt put together in memory, where its fields lie word by word as well.
    function hashBuilt(JobReceipt memory receipt) internal pure returns (bytes32 hash) {
        bytes32 typeHash = GridMessages.JOB_RECEIPT_TYPEHASH;
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore(buffer, typeHash)
            mcopy(add(buffer, 0x20), receipt, 0x180)
            hash := keccak256(buffer, 0x1a0)
        }
    }

    /// @notice Struct hash of a lane's terms.
    function hashLane(LaneConfig calldata lane) internal pure returns (bytes32) {
        uint256 pointer;
        assembly ("memory-safe") {
            pointer := lane
        }
        return _hashWords(GridMessages.LANE_CONFIG_TYPEHASH, pointer, 7);
    }

    /// @notice Struct hash of a voucher.
    function hashVoucher(Voucher calldata voucher) internal pure returns (bytes32) {
        ModelTotal[] calldata totals = voucher.totals;
        bytes32[] memory rows = new bytes32[](totals.length);
        for (uint256 i; i < rows.length; ++i) {
            ModelTotal calldata row = totals[i];
            uint256 pointer;
            assembly ("memory-safe") {
                pointer := row
            }
            rows[i] = _hashWords(GridMessages.MODEL_TOTAL_TYPEHASH, pointer, 2);
        }
        bytes32 rowsHash;
        assembly ("memory-safe") {
            rowsHash := keccak256(add(rows, 0x20), mul(mload(rows), 0x20))
        }
        return keccak256(
            abi.encode(
                GridMessages.VOUCHER_TYPEHASH, voucher.laneId, voucher.receiptCount, voucher.receiptsRoot, rowsHash
            )
        );
    }

    /// @dev keccak256 of a type hash and the `words` words at `pointer` in calldata, in free memory.
    function _hashWords(bytes32 typeHash, uint256 pointer, uint256 words) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            let length := mul(words, 0x20)
            mstore(buffer, typeHash)
            calldatacopy(add(buffer, 0x20), pointer, length)
            hash := keccak256(buffer, add(length, 0x20))
        }
    }
}

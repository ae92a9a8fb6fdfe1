// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ReceiptOutput} from "../interfaces/IGridSettlement.sol";
import {GridMessages, JobOrder, JobReceipt, LaneConfig, ModelTotal, Voucher} from "./GridMessages.sol";

/// @title Hashing of messages that lie in calldata
/// @notice Gives what `GridMessages` gives, for less: a test holds them equal.
/// @dev A struct of static fields lies in calldata exactly as EIP-712 encodes it, one word per field, so it is hashed
/// where it lies instead of being decoded into memory and encoded again. Words are hashed as they come: dirty upper bits
/// give the hash of a message nobody signs, and Solidity refuses them wherever the field is used.
library CalldataHashes {
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

    /// @notice The words of a receipt's struct encoding that repeat its order; `hashReceiptOf` fills in the others.
    function beginReceipts(JobOrder calldata order, bytes32 orderHash, address requester, address worker)
        internal
        pure
        returns (bytes32[13] memory words)
    {
        bytes32 typeHash = GridMessages.JOB_RECEIPT_TYPEHASH;
        assembly ("memory-safe") {
            mstore(words, typeHash)
            mstore(add(words, 0x20), orderHash)
            mstore(add(words, 0x60), requester)
            mstore(add(words, 0x80), worker)
            // modelId and requestHash are the order's sixth and seventh word
            calldatacopy(add(words, 0xa0), add(order, 0xa0), 0x40)
        }
    }

    /// @notice Struct hash of the receipt with this output. `ReceiptOutput` names its fields in the receipt's order, so
    /// seed to price are six words in a row on both sides.
    function hashReceiptOf(bytes32[13] memory words, ReceiptOutput calldata output)
        internal
        pure
        returns (bytes32 hash)
    {
        assembly ("memory-safe") {
            mstore(add(words, 0x40), calldataload(output))
            calldatacopy(add(words, 0xe0), add(output, 0x20), 0xc0)
            hash := keccak256(words, 0x1a0)
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
    function hashVoucher(Voucher calldata voucher) internal pure returns (bytes32 hash) {
        ModelTotal[] calldata totals = voucher.totals;
        bytes32 rowTypeHash = GridMessages.MODEL_TOTAL_TYPEHASH;
        bytes32 typeHash = GridMessages.VOUCHER_TYPEHASH;
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            // Rows: the struct hash of each, one after the other behind the 96 bytes it is made in.
            let end := add(add(buffer, 0x60), mul(totals.length, 0x20))
            let row := totals.offset
            mstore(buffer, rowTypeHash)
            for { let out := add(buffer, 0x60) } lt(out, end) { out := add(out, 0x20) } {
                calldatacopy(add(buffer, 0x20), row, 0x40)
                mstore(out, keccak256(buffer, 0x60))
                row := add(row, 0x40)
            }
            let rowsHash := keccak256(add(buffer, 0x60), mul(totals.length, 0x20))
            // The voucher: type hash, its three words, and the hash over the rows.
            mstore(buffer, typeHash)
            calldatacopy(add(buffer, 0x20), voucher, 0x60)
            mstore(add(buffer, 0x80), rowsHash)
            hash := keccak256(buffer, 0xa0)
        }
    }

    /// @notice `keccak256(abi.encode(a, b, c))`.
    function hashOf(bytes32 a, bytes32 b, bytes32 c) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore(buffer, a)
            mstore(add(buffer, 0x20), b)
            mstore(add(buffer, 0x40), c)
            hash := keccak256(buffer, 0x60)
        }
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

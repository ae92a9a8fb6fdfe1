// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Text of a file's CID
/// @notice CIDv1 in base32, see https://github.com/multiformats/cid. The multihash is sha2-256 always; the codec is raw
/// when the CID's digest is the hash of the file itself (one block), else dag-pb.
library Cid {
    bytes32 private constant ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

    uint256 private constant RAW = 0x01551220; // version 1, codec raw, sha2-256, 32 bytes
    uint256 private constant DAG_PB = 0x01701220;

    /// @notice e.g. "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4".
    /// @param fileHash sha256 of the file.
    /// @param cidDigest sha2-256 digest in its CID.
    function toText(bytes32 fileHash, bytes32 cidDigest) internal pure returns (string memory text) {
        // 36 bytes are 288 bits: 57 characters of 5 bits, and one of the last 3 bits and two zeros.
        uint256 head = cidDigest == fileHash ? RAW : DAG_PB;
        uint256 tail = uint256(cidDigest);
        bytes memory characters = new bytes(59);
        characters[0] = "b";
        unchecked {
            characters[58] = ALPHABET[(tail & 7) << 2];
            // What is left are 285 bits: from the last character to the first, while the head moves down into the tail.
            tail = tail >> 3 | head << 253;
            head >>= 3;
            for (uint256 i = 57; i != 0; --i) {
                characters[i] = ALPHABET[tail & 31];
                tail = tail >> 5 | head << 251;
                head >>= 5;
            }
        }
        return string(characters);
    }
}

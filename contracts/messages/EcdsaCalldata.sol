// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Plain ECDSA signatures
/// @notice Gives what OpenZeppelin's `ECDSA.tryRecoverCalldata` gives, for less: a test holds them equal.
library EcdsaCalldata {
    /// @notice Returns the signer of `digest`: the zero address for anything but 65 bytes with v 27 or 28 and an s of the lower half.
    function recover(bytes32 digest, bytes calldata signature) internal view returns (address signer) {
        if (signature.length != 65) return address(0);
        assembly ("memory-safe") {
            // Input of the precompile: digest, v, r, s. It lies in free memory and is left there.
            let input := mload(0x40)
            mstore(input, digest)
            mstore(add(input, 0x20), byte(0, calldataload(add(signature.offset, 0x40))))
            calldatacopy(add(input, 0x40), signature.offset, 0x40)
            // Half the order of secp256k1: of the two s that every signature has, only the lower one counts.
            let half := 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0
            if iszero(gt(mload(add(input, 0x60)), half)) {
                mstore(0x00, 0)
                // Fails for lack of gas only, which must not pass for a bad signature. No answer leaves the zero.
                if iszero(staticcall(gas(), 1, input, 0x80, 0x00, 0x20)) { revert(0x00, 0x00) }
                signer := mload(0x00)
            }
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Test} from "forge-std/Test.sol";

/// @notice The golden vectors of `signatures.json` against OpenZeppelin's ECDSA, which the contracts use. The SDK must
/// come to the same verdict on every one of them (threat 20).
contract GoldenSignaturesTest is Test {
    function test_T20_VerdictsAreTheVectors() public view {
        string memory json = vm.readFile("test/vectors/signatures.json");
        uint256 good;
        uint256 bad;
        for (uint256 i;; ++i) {
            string memory at = string.concat(".vectors[", vm.toString(i), "]");
            if (!vm.keyExistsJson(json, at)) break;
            string memory name = vm.parseJsonString(json, string.concat(at, ".name"));
            (address signer, ECDSA.RecoverError error,) = ECDSA.tryRecover(
                vm.parseJsonBytes32(json, string.concat(at, ".digest")),
                vm.parseJsonBytes(json, string.concat(at, ".signature"))
            );
            assertEq(uint256(error), vm.parseJsonUint(json, string.concat(at, ".recoverError")), name);
            assertEq(signer, vm.parseJsonAddress(json, string.concat(at, ".signer")), name);
            if (error == ECDSA.RecoverError.NoError) ++good;
            else ++bad;
        }
        assertGe(good, 6, "good ones");
        assertGe(bad, 50, "bad ones");
    }
}

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
            string memory path = string.concat(".vectors[", vm.toString(i), "]");
            if (!vm.keyExistsJson(json, path)) break;
            string memory name = vm.parseJsonString(json, string.concat(path, ".name"));
            (address signer, ECDSA.RecoverError fault,) = ECDSA.tryRecover(
                vm.parseJsonBytes32(json, string.concat(path, ".digest")),
                vm.parseJsonBytes(json, string.concat(path, ".signature"))
            );
            assertEq(uint256(fault), vm.parseJsonUint(json, string.concat(path, ".recoverError")), name);
            assertEq(signer, vm.parseJsonAddress(json, string.concat(path, ".signer")), name);
            if (fault == ECDSA.RecoverError.NoError) ++good;
            else ++bad;
        }
        assertGe(good, 6, "good ones");
        assertGe(bad, 50, "bad ones");
    }
}

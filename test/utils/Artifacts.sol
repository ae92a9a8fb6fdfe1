// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CommonBase} from "forge-std/Base.sol";
import {LibString} from "solady/utils/LibString.sol";

/// @dev Reads the functions of a compiled contract, so that a list in a test can be asserted complete.
abstract contract Artifacts is CommonBase {
    /// @dev Signatures of all external functions, "pause()" for instance.
    function _signaturesOf(string memory contractName) internal view returns (string[] memory) {
        return vm.parseJsonKeys(_artifactOf(contractName), ".methodIdentifiers");
    }

    /// @dev Returns whether the function may change state, by its ABI. Overloads must not differ in it.
    function _changesState(string memory artifact, string memory signature) internal pure returns (bool) {
        string memory name = LibString.slice(signature, 0, LibString.indexOf(signature, "("));
        string memory abi_ = LibString.slice(artifact, 0, LibString.indexOf(artifact, '"bytecode"'));
        uint256 entry = LibString.indexOf(abi_, string.concat('"type":"function","name":"', name, '"'));
        require(entry != LibString.NOT_FOUND, string.concat("not in the ABI: ", name));
        string memory key = '"stateMutability":"';
        uint256 from = LibString.indexOf(abi_, key, entry) + bytes(key).length;
        string memory mutability = LibString.slice(abi_, from, LibString.indexOf(abi_, '"', from));
        return !LibString.eq(mutability, "view") && !LibString.eq(mutability, "pure");
    }

    function _artifactOf(string memory contractName) internal view returns (string memory) {
        return vm.readFile(string.concat("out/", contractName, ".sol/", contractName, ".json"));
    }

    function _selectorOf(string memory signature) internal pure returns (bytes4) {
        return bytes4(keccak256(bytes(signature)));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {JsonText} from "../../contracts/messages/JsonText.sol";

/// @dev Gives `JsonText` an outside, so that its reverts can be expected.
contract JsonTextHarness {
    function requireText(bytes calldata text, uint256 maxLength, string calldata field) external pure {
        JsonText.requireText(text, maxLength, field);
    }

    function requireText(bytes calldata text, string calldata field) external pure {
        JsonText.requireText(text, field);
    }

    function isText(bytes calldata text) external pure returns (bool) {
        return JsonText.isText(text);
    }

    function faultOf(bytes calldata text) external pure returns (uint256) {
        return JsonText.faultOf(text);
    }

    /// @dev `before` and `behind` stand around the text in memory: neither may matter.
    function faultWithin(bytes calldata before, bytes calldata text, bytes calldata behind)
        external
        pure
        returns (uint256)
    {
        bytes memory all = bytes.concat(before, text, behind);
        uint256 start;
        assembly ("memory-safe") {
            start := add(add(all, 0x20), before.length)
        }
        return JsonText.faultOf(start, text.length);
    }

    function escape(string calldata text) external pure returns (string memory) {
        return JsonText.escape(text);
    }
}

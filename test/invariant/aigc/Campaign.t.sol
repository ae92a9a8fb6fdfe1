// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {console} from "forge-std/console.sol";

import {AigcWorld} from "./AigcWorld.sol";

/// @notice One long history by dice, which proves that the invariants look at something: each action succeeds in at least
/// one of twenty calls.
contract AigcCampaign is AigcWorld {
    uint256 private constant CALLS = 500;

    /// @dev Outcomes that only a part of the calls of an action reaches.
    bytes32[] private _extras = [
        bytes32("derived"),
        "feeRefused",
        "renewed",
        "licenseExpired",
        "userExpired",
        "userRemoved",
        "lentByAnother",
        "royaltyTookEffect",
        "byApproved",
        "byOperator",
        "noChange"
    ];

    function test_EveryActionSucceedsInALongHistory() external {
        for (uint256 i; i < CALLS; ++i) {
            director.act(uint256(keccak256(abi.encode("step", i))));
            if (i % 25 == 0) _check();
        }
        _check();
        Action[] memory actions = _actions();
        for (uint256 i; i < actions.length; ++i) {
            string memory name = handler.nameOf(actions[i].name);
            uint256 calls = handler.calls(actions[i].name);
            uint256 successes = handler.successes(actions[i].name);
            console.log("%s: %s of %s", name, successes, calls);
            assertGt(successes, 0, name);
            assertGe(successes * 20, calls, name);
        }
        for (uint256 i; i < _extras.length; ++i) {
            console.log("%s: %s", handler.nameOf(_extras[i]), handler.successes(_extras[i]));
            assertGt(handler.successes(_extras[i]), 0, handler.nameOf(_extras[i]));
        }
    }
}

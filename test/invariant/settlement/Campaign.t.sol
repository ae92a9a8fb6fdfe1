// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {console} from "forge-std/console.sol";

import {SettlementWorld} from "./SettlementWorld.sol";

/// @notice One long history by dice, which proves that the invariants look at something: every call succeeds in it.
contract SettlementCampaign is SettlementWorld {
    uint256 private constant CALLS = 700;

    string private _never;

    /// @dev What only a part of the calls of an action reaches.
    bytes32[] private _extras = [
        bytes32("accept"),
        "collectPaying",
        "collectHop",
        "anchorLane",
        "claimByContract",
        "prolong",
        "thawTooLate",
        "collectDying",
        "collectProlonged",
        "refuseDead",
        "rateReadAnew",
        "rateFailed",
        "raiseMinBond"
    ];

    function test_EveryCallSucceedsInALongHistory() external {
        for (uint256 i; i < CALLS; ++i) {
            director.act(uint256(keccak256(abi.encode("step", i))));
            vm.resetGasMetering(); // a history costs more than a test may
        }
        Action[] memory actions = _actions();
        string memory seldom;
        for (uint256 i; i < actions.length; ++i) {
            _report(actions[i].name);
            uint256 calls = director.calls(actions[i].selector);
            console.log("    of %s calls", calls);
            // Three workers can register, and the lanes are limited.
            bytes32 name = actions[i].name;
            if (name == "register" || name == "openLane" || name == "collectFromDyingKey") continue;
            if (20 * store.successes(name) < calls) {
                seldom = string.concat(seldom, " ", _name(name));
            }
        }
        for (uint256 i; i < _extras.length; ++i) {
            _report(_extras[i]);
        }
        assertEq(_never, "", "never succeeds");
        assertEq(seldom, "", "succeeds in less than a twentieth of its calls");
        for (uint256 i = 1; i <= 12; ++i) {
            assertEq(store.violation(i), "", "violation");
        }
        vm.warp(store.time());
        book.check();
        assertEq(aipg.balanceOf(address(settlement)), accounts.owed() + store.donated(), "held and owed");
    }

    function _report(bytes32 name) private {
        console.log("%s: %s", _name(name), store.successes(name));
        if (store.successes(name) == 0) _never = string.concat(_never, " ", _name(name));
    }

    function _name(bytes32 name) private pure returns (string memory) {
        uint256 length;
        while (length < 32 && name[length] != 0) ++length;
        bytes memory text = new bytes(length);
        for (uint256 i; i < length; ++i) {
            text[i] = name[i];
        }
        return string(text);
    }
}

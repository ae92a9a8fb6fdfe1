// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {console} from "forge-std/console.sol";

import {SettlementWorld} from "./SettlementWorld.sol";

/// @notice One long history by dice, which proves that the invariants look at something: every call succeeds in it.
contract SettlementCampaign is SettlementWorld {
    uint256 private constant CALLS = 700;

    /// @dev What only a part of the calls of an action reaches.
    bytes32[] private _extras = [
        bytes32("accept"),
        "collectPaying",
        "collectHop",
        "anchorLane",
        "claimByContract",
        "anchorWaits",
        "partRefused",
        "closingRefused",
        "graceOfOthersRefused",
        "graceBeforeRefused",
        "graceAfterRefused",
        "confirmRefused",
        "voucherOfAnotherKeyRefused",
        "orderOfAnotherKeyRefused",
        "laneOrderRefused",
        "laneOrderAlteredRefused",
        "laneReceiptsRefused",
        "unattestedRefused",
        "prolong",
        "thawTooLate",
        "collectDying",
        "collectProlonged",
        "refuseDead",
        "rateReadAnew",
        "rateFailed",
        "raiseMinBond",
        "exposedByRequester",
        "exposedByPayer",
        "unexposedRefused",
        "unconcernedRefused"
    ];

    /// @dev Actions that nearly always failed.
    string[] private _seldom;

    /// @dev The first half; the gas of one call isn't enough for all.
    function setUp() public override {
        super.setUp();
        _play(0, CALLS / 2);
    }

    function test_EveryCallSucceedsInALongHistory() external {
        _play(CALLS / 2, CALLS);
        Action[] memory actions = _actions();
        for (uint256 i; i < actions.length; ++i) {
            _reportShare(actions[i]);
        }
        for (uint256 i; i < _extras.length; ++i) {
            _report(_extras[i]);
        }
        assertEq(_seldom, new string[](0), "nearly always failed");
        assertEq(store.cutShort(), 0, "orders settled in part by nobody who may");
        for (uint256 i = 1; i <= 12; ++i) {
            assertEq(store.violation(i), "", "violation");
        }
        vm.warp(store.time());
        book.check();
        assertEq(aipg.balanceOf(address(settlement)), accounts.owed() + store.donated(), "held and owed");
    }

    function _play(uint256 from, uint256 to) private {
        for (uint256 i = from; i < to; ++i) {
            director.act(uint256(keccak256(abi.encode("step", i))));
        }
    }

    /// @dev An action that nearly always fails would be missed by nobody: one call in twenty succeeds.
    function _reportShare(Action memory action) private {
        uint256 calls = director.calls(action.handler, action.selector);
        uint256 successes = store.successes(action.name);
        console.log("%s: %s of %s", _name(action.name), successes, calls);
        // Three workers can register, and the lanes are limited.
        bool isLimited = action.name == "register" || action.name == "openLane" || action.name == "collectFromDyingKey";
        if (successes == 0 || (successes * 20 < calls && !isLimited)) _seldom.push(_name(action.name));
    }

    function _report(bytes32 name) private {
        console.log("%s: %s", _name(name), store.successes(name));
        if (store.successes(name) == 0) _seldom.push(_name(name));
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

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {console} from "forge-std/console.sol";

import {Director} from "../settlement/Director.sol";
import {NftWorld} from "./NftWorld.sol";

/// @notice One long history by dice, which proves that the invariants look at something: each action succeeds in at least a
/// twentieth of its calls in it, and what only a part of an action reaches is reached.
contract NftCampaign is NftWorld {
    uint256 private constant CALLS = 200;

    bytes32[] private _extras = [
        bytes32("mint by several anchors"),
        "fee by requester",
        "fee by submitter",
        "evolve itself",
        "evolveFor",
        "addAigcData",
        "evolve refused under a bid",
        "edit refused under a bid",
        "back from escrow, not moved",
        "setEscrow",
        "sealRenderer",
        "sealUpgrades"
    ];

    function test_EveryActionSucceedsInALongHistory() external {
        vm.pauseGasMetering();
        for (uint256 i; i < CALLS; ++i) {
            director.act(uint256(keccak256(abi.encode("step", i))));
            if (i % 20 == 0) handler.check();
        }
        handler.check();
        Action[] memory actions = _actions();
        for (uint256 i; i < actions.length; ++i) {
            bytes32 name = actions[i].name;
            uint256 calls = handler.calls(name);
            uint256 successes = handler.successes(name);
            console.log("%s: %s of %s", _text(name), successes, calls);
            assertGe(calls, 20, _text(name));
            assertGe(successes * 20, calls, _text(name));
        }
        for (uint256 i; i < _extras.length; ++i) {
            console.log("%s: %s", _text(_extras[i]), handler.successes(_extras[i]));
            assertGt(handler.successes(_extras[i]), 0, _text(_extras[i]));
        }
    }

    /// @dev Each handler in turn is made to revert: the campaign must not go on.
    function test_ARevertInAnyHandlerEndsTheCampaign() external {
        vm.pauseGasMetering();
        Action[] memory actions = _actions();
        for (uint256 i; i < actions.length; ++i) {
            vm.mockCallRevert(address(handler), abi.encodeWithSelector(actions[i].selector), "broken");
            bool ended;
            for (uint256 step; step < CALLS && !ended; ++step) {
                bytes memory dice = abi.encode(actions[i].name, step);
                (bool ok, bytes memory answer) =
                    address(director).call(abi.encodeCall(director.act, (uint256(keccak256(dice)))));
                ended = !ok;
                if (ended) {
                    assertEq(answer, abi.encodeWithSelector(Director.HandlerReverted.selector, actions[i].selector));
                }
            }
            assertTrue(ended, _text(actions[i].name));
            vm.clearMockedCalls();
        }
    }

    function _text(bytes32 name) private pure returns (string memory) {
        return string(abi.encodePacked(name));
    }
}

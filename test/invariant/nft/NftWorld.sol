// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {Director} from "../settlement/Director.sol";
import {NftHandler} from "./NftHandler.sol";

/// @dev A handler, and how often each of its actions is drawn.
abstract contract NftWorld is Test {
    struct Action {
        bytes32 name;
        bytes4 selector;
        uint256 arguments;
        uint256 weight;
    }

    NftHandler internal handler;
    Director internal director;

    function setUp() public virtual {
        handler = new NftHandler();
        director = new Director();
        Action[] memory actions = _actions();
        for (uint256 i; i < actions.length; ++i) {
            director.add(address(handler), actions[i].selector, actions[i].arguments, actions[i].weight);
        }
    }

    function _actions() internal view returns (Action[] memory actions) {
        actions = new Action[](15);
        actions[0] = Action("mint", handler.mint.selector, 4, 5);
        actions[1] = Action("mintFor", handler.mintFor.selector, 4, 4);
        actions[2] = Action("mintAgain", handler.mintAgain.selector, 0, 2);
        actions[3] = Action("evolve", handler.evolve.selector, 4, 5);
        actions[4] = Action("setDisplay", handler.setDisplay.selector, 4, 4);
        actions[5] = Action("freeze", handler.freeze.selector, 2, 2);
        actions[6] = Action("royalty", handler.setRoyaltyReceiver.selector, 3, 2);
        actions[7] = Action("transfer", handler.transfer.selector, 3, 3);
        actions[8] = Action("toEscrow", handler.toEscrow.selector, 2, 4);
        actions[9] = Action("fromEscrow", handler.fromEscrow.selector, 2, 3);
        actions[10] = Action("bid", handler.bid.selector, 2, 2);
        actions[11] = Action("approve", handler.approve.selector, 3, 2);
        actions[12] = Action("burn", handler.burn.selector, 2, 4);
        actions[13] = Action("govern", handler.govern.selector, 2, 3);
        actions[14] = Action("warp", handler.warp.selector, 1, 2);
    }
}

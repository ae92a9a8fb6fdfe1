// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Makes a history: each call of the fuzzer becomes some actions in a row, seldom ones less often, so that short
/// runs have long histories.
contract Director {
    struct Action {
        address handler;
        bytes4 selector;
        uint256 arguments;
    }

    uint256 public constant STEPS = 4;

    Action[] private _actions;

    /// @notice Number of calls of an action.
    mapping(address handler => mapping(bytes4 selector => uint256)) public calls;

    error HandlerReverted(bytes4 selector);

    /// @param weight How often it stands in the list from which the actions are drawn.
    function add(address handler, bytes4 selector, uint256 arguments, uint256 weight) external {
        for (uint256 i; i < weight; ++i) {
            _actions.push(Action(handler, selector, arguments));
        }
    }

    function act(uint256 dice) external {
        for (uint256 i; i < STEPS; ++i) {
            _act(keccak256(abi.encode(dice, i)));
        }
    }

    function _act(bytes32 dice) private {
        Action memory action = _actions[uint256(dice) % _actions.length];
        bytes memory data = abi.encodePacked(action.selector);
        for (uint256 i; i < action.arguments; ++i) {
            data = bytes.concat(data, keccak256(abi.encode(dice, i)));
        }
        ++calls[action.handler][action.selector];
        (bool ok,) = action.handler.call(data);
        if (!ok) revert HandlerReverted(action.selector);
    }
}

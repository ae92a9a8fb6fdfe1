// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Passes a call on to one of many seldom actions, so that together they come as often as any other.
contract RareHandler {
    struct Target {
        address handler;
        bytes4 selector;
        uint256 arguments;
    }

    Target[] private _targets;

    error HandlerReverted(bytes4 selector);

    function add(address handler, bytes4 selector, uint256 arguments) external {
        _targets.push(Target(handler, selector, arguments));
    }

    function act(uint256 which, uint256 seed) external {
        Target memory target = _targets[uint256(keccak256(abi.encode(which))) % _targets.length];
        bytes memory data = abi.encodePacked(target.selector);
        for (uint256 i; i < target.arguments; ++i) {
            data = bytes.concat(data, keccak256(abi.encode(seed, i)));
        }
        (bool ok,) = target.handler.call(data);
        if (!ok) revert HandlerReverted(target.selector);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";

/// @dev Keeps one percent of each transfer.
contract FeeOnTransferToken is ERC20 {
    constructor() ERC20("Fee on transfer", "FEE") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (from == address(0) || to == address(0)) return super._update(from, to, amount);
        super._update(from, to, amount - amount / 100);
        super._update(from, address(0xdead), amount / 100);
    }
}

/// @dev Calls `target` with `data` in the middle of each transfer, as an ERC-777 would its recipients.
contract CallingToken is ERC20 {
    address internal target;
    bytes internal data;
    bool public called;
    bytes public returned;

    constructor() ERC20("Calls out", "CALL") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @dev Approval by anybody for anybody: the token is the attacker's.
    function approveFor(address owner, address spender) external {
        _approve(owner, spender, type(uint256).max);
    }

    function arm(address target_, bytes calldata data_) external {
        (target, data, called) = (target_, data_, false);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (target != address(0) && !called) {
            called = true;
            (, returned) = target.call(data);
        }
    }
}

/// @dev Calls `target` with `data` when it is given a token.
contract CallingReceiver is IERC721Receiver {
    address internal target;
    bytes internal data;
    bool public succeeded;
    bytes public returned;

    function arm(address target_, bytes calldata data_) external {
        (target, data) = (target_, data_);
    }

    function onERC721Received(address, address, uint256, bytes calldata) external returns (bytes4) {
        (succeeded, returned) = target.call(data);
        return IERC721Receiver.onERC721Received.selector;
    }

    function run(address target_, bytes calldata data_) external returns (bytes memory) {
        (bool ok, bytes memory answer) = target_.call(data_);
        require(ok, string(answer));
        return answer;
    }
}

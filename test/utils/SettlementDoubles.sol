// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

import {IGridSettlement} from "../../contracts/interfaces/IGridSettlement.sol";

/// @notice Keeps a hundredth of each transfer.
contract SettlementFeeToken is ERC20("Fee", "FEE") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (from != address(0) && to != address(0)) {
            super._update(from, address(0xfee), value / 100);
            value -= value / 100;
        }
        super._update(from, to, value);
    }
}

/// @notice Calls back into the settlement while it transfers.
contract SettlementHookToken is ERC20("Hook", "HOOK") {
    address public target;
    bytes public callback;
    bool public succeeded;
    bytes public answer;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function arm(address target_, bytes calldata callback_) external {
        target = target_;
        callback = callback_;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (target == address(0)) return;
        address called = target;
        target = address(0);
        (succeeded, answer) = called.call(callback);
    }
}

/// @notice An AIGC gone wrong, in every way it can.
contract SettlementHostileModels {
    enum Mode {
        REVERT,
        BURN_GAS,
        ABSURD,
        MEGABYTES,
        EMPTY,
        JUST_ABOVE,
        REVERT_MEGABYTES
    }

    Mode public mode;

    function set(Mode mode_) external {
        mode = mode_;
    }

    fallback() external {
        if (mode == Mode.REVERT) revert("no");
        if (mode == Mode.BURN_GAS) {
            assembly {
                invalid()
            }
        }
        if (mode == Mode.ABSURD) _answer(type(uint256).max);
        if (mode == Mode.MEGABYTES) {
            assembly {
                return(0, 100000)
            }
        }
        if (mode == Mode.REVERT_MEGABYTES) {
            assembly {
                revert(0, 100000)
            }
        }
        if (mode == Mode.JUST_ABOVE) _answer(2001);
    }

    function _answer(uint256 word) private pure {
        assembly {
            mstore(0, word)
            return(0, 32)
        }
    }
}

/// @notice A contract that owns a model, e.g. an escrow.
contract SettlementModelHolder {
    function claim(IGridSettlement settlement, uint256 modelId) external returns (uint128) {
        return settlement.claimModelRoyalty(modelId);
    }
}

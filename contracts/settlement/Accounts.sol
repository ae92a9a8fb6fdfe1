// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {PayerAccount, IGridSettlement} from "../interfaces/IGridSettlement.sol";
import {IModelTerms} from "../interfaces/IModelTerms.sol";
import {BoundedCall} from "./BoundedCall.sol";
import {SettlementLib} from "./SettlementLib.sol";
import {SettlementState} from "./SettlementState.sol";
import {SettlementTimes} from "./SettlementTimes.sol";

/// @title AIPG coming in and going out
/// @notice Linked by GridSettlement, whose storage it works on and whose reentrancy guard stands around every call;
/// rules are on `IGridSettlement`.
library Accounts {
    using SafeERC20 for IERC20;
    using SettlementLib for SettlementState;

    /// @notice `IGridSettlement.depositFor`.
    function deposit(SettlementState storage state, IERC20 aipg, address account, uint128 amount) external {
        // Check:
        state.requireNotPaused();
        if (account == address(0)) revert IGridSettlement.GridSettlement_ZeroAddress("account");
        if (amount == 0) revert IGridSettlement.GridSettlement_ZeroAmount();
        uint256 before = aipg.balanceOf(address(this));
        // All that is ever owed fits a uint128, so no sum of balances can overflow.
        if (before + amount > type(uint128).max) revert IGridSettlement.GridSettlement_TooMuchHeld(before, amount);
        // Interaction: before the effect, since only what arrives is credited.
        aipg.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = aipg.balanceOf(address(this)) - before;
        if (received != amount) revert IGridSettlement.GridSettlement_TransferShort(amount, received);

        // Effect:
        uint128 balance = state.credit(account, amount);
        emit IGridSettlement.Deposited(account, msg.sender, amount, balance);
    }

    /// @notice `IGridSettlement.thaw`.
    function thaw(SettlementState storage state, uint128 amount) external {
        // Check:
        PayerAccount storage account = state.accounts[msg.sender];
        if (amount == 0) revert IGridSettlement.GridSettlement_ZeroAmount();
        uint128 balance = account.balance;
        if (amount > balance) revert IGridSettlement.GridSettlement_AccountShort(msg.sender, amount, balance);

        // Effect:
        uint40 readyAt = uint40(block.timestamp) + SettlementTimes.ACCOUNT_DELAY;
        account.thawing = amount;
        account.thawReadyAt = readyAt;
        emit IGridSettlement.AccountThawStarted(msg.sender, amount, readyAt);
    }

    /// @notice `IGridSettlement.cancelThaw`.
    function cancelThaw(SettlementState storage state) external {
        // Check:
        PayerAccount storage account = state.accounts[msg.sender];
        if (account.thawReadyAt == 0) revert IGridSettlement.GridSettlement_AccountNotThawing(msg.sender);

        // Effect:
        account.thawing = 0;
        account.thawReadyAt = 0;
        emit IGridSettlement.AccountThawCancelled(msg.sender);
    }

    /// @notice `IGridSettlement.withdraw`.
    function withdraw(SettlementState storage state, IERC20 aipg, address to) external {
        // Check:
        PayerAccount storage account = state.accounts[msg.sender];
        uint40 readyAt = account.thawReadyAt;
        if (readyAt == 0) revert IGridSettlement.GridSettlement_AccountNotThawing(msg.sender);
        if (block.timestamp < readyAt) revert IGridSettlement.GridSettlement_AccountStillThawing(msg.sender, readyAt);

        // Effect:
        uint128 balance = account.balance;
        uint128 amount = account.thawing < balance ? account.thawing : balance;
        account.balance = balance - amount;
        account.thawing = 0;
        account.thawReadyAt = 0;
        emit IGridSettlement.Withdrawn(msg.sender, to, amount, balance - amount);
        // Interaction:
        _pay(aipg, to, amount);
    }

    /// @notice `IGridSettlement.claimEarned`.
    function claimEarned(SettlementState storage state, IERC20 aipg, address to) external returns (uint128 amount) {
        // Check:
        amount = uint128(state.earned[msg.sender]);
        if (amount == 0) revert IGridSettlement.GridSettlement_NothingEarned();

        // Effect:
        state.earned[msg.sender] -= amount;
        emit IGridSettlement.EarnedClaimed(msg.sender, to, amount, 0);
        // Interaction:
        _pay(aipg, to, amount);
    }

    /// @notice `IGridSettlement.moveEarned`.
    function moveEarned(SettlementState storage state, address account, uint128 amount) external {
        // Check:
        if (account == address(0)) revert IGridSettlement.GridSettlement_ZeroAddress("account");
        if (amount == 0) revert IGridSettlement.GridSettlement_ZeroAmount();
        uint128 earned = uint128(state.earned[msg.sender]);
        if (amount > earned) revert IGridSettlement.GridSettlement_EarnedShort(msg.sender, amount, earned);

        // Effect:
        state.earned[msg.sender] -= amount;
        uint128 balance = state.credit(account, amount);
        emit IGridSettlement.EarnedMoved(msg.sender, account, amount, earned - amount, balance);
    }

    /// @notice `IGridSettlement.claimModelRoyalty`.
    function claimModelRoyalty(SettlementState storage state, IERC20 aipg, IModelTerms models, uint256 modelId)
        external
        returns (uint128 amount)
    {
        // Check:
        amount = state.models[modelId].earned;
        if (amount == 0) revert IGridSettlement.GridSettlement_NothingEarned();
        (bool ok, uint256 word) = BoundedCall.readModel(models, abi.encodeCall(IModelTerms.ownerOf, (modelId)));
        if (!ok || word == 0 || word > type(uint160).max) {
            revert IGridSettlement.GridSettlement_ModelOwnerUnknown(modelId);
        }
        // forge-lint: disable-next-line(unsafe-typecast) -- refused above if it is more than an address
        address owner = address(uint160(word));
        if (msg.sender != owner) {
            revert IGridSettlement.GridSettlement_NotModelOwner(modelId, owner, msg.sender);
        }

        // Effect:
        state.models[modelId].earned = 0;
        emit IGridSettlement.ModelRoyaltyClaimed(modelId, owner, amount);
        // Interaction:
        _pay(aipg, owner, amount);
    }

    /// @notice `IGridSettlement.sweepProtocol`.
    function sweepProtocol(SettlementState storage state, IERC20 aipg, address[] calldata workers)
        external
        returns (uint128 amount)
    {
        // Effect:
        address to = state.policy.treasury;
        for (uint256 i; i < workers.length; ++i) {
            uint256 earned = state.earned[workers[i]];
            // forge-lint: disable-next-line(unsafe-typecast) -- the upper half of the word
            uint128 accrued = uint128(earned >> 128);
            if (accrued == 0) continue;
            // forge-lint: disable-next-line(unsafe-typecast) -- the lower half of the word stays
            state.earned[workers[i]] = uint128(earned);
            amount += accrued;
            emit IGridSettlement.ProtocolSwept(workers[i], to, accrued);
        }
        // Check:
        if (amount == 0) revert IGridSettlement.GridSettlement_NothingEarned();
        // Interaction:
        _pay(aipg, to, amount);
    }

    function _pay(IERC20 aipg, address to, uint128 amount) private {
        if (to == address(0) || to == address(this)) revert IGridSettlement.GridSettlement_BadRecipient(to);
        aipg.safeTransfer(to, amount);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {GridSettlement} from "../../../contracts/GridSettlement.sol";
import {PayerAccount, IGridSettlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";
import {SettlementFeeToken} from "../../utils/SettlementDoubles.sol";

contract SettlementAccounts is SettlementBase {
    uint128 private constant AMOUNT = 100e18;

    // ---------------------------------------------------------------- deposit

    function test_Deposit_RevertGiven_NewBusinessIsPaused() external {
        _mint(payer.addr, AMOUNT);
        vm.prank(guardian);
        settlement.pause();
        vm.prank(payer.addr);
        vm.expectRevert(IGridSettlement.GridSettlement_Paused.selector);
        settlement.deposit(AMOUNT);
    }

    function test_Deposit_RevertWhen_TheAmountIsZero() external {
        vm.prank(payer.addr);
        vm.expectRevert(IGridSettlement.GridSettlement_ZeroAmount.selector);
        settlement.deposit(0);
    }

    function test_Deposit_RevertGiven_TheTokenDeliversLessThanTheAmount() external {
        SettlementFeeToken token = new SettlementFeeToken();
        GridSettlement other = new GridSettlement(token, models, address(manager), treasury, PROTOCOL_BPS);
        token.mint(payer.addr, AMOUNT);
        vm.startPrank(payer.addr);
        token.approve(address(other), AMOUNT);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_TransferShort.selector, AMOUNT, AMOUNT - AMOUNT / 100)
        );
        other.deposit(AMOUNT);
    }

    function test_Deposit_RevertGiven_TheTokenWouldBringMoreThanAUint128Counts() external {
        aipg.mint(address(settlement), type(uint128).max);
        _mint(payer.addr, 1);
        vm.prank(payer.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_TooMuchHeld.selector, type(uint128).max, 1)
        );
        settlement.deposit(1);
    }

    function testFuzz_Deposit_GivenTheCallerAllowedTheAmount(uint128 amount) external {
        amount = uint128(bound(amount, 1, type(uint120).max));
        _mint(payer.addr, amount);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.Deposited(payer.addr, payer.addr, amount, amount);
        vm.prank(payer.addr);
        settlement.deposit(amount);
        assertEq(_balance(payer.addr), amount);
        assertEq(aipg.balanceOf(address(settlement)), amount);
        assertEq(aipg.balanceOf(payer.addr), 0);
    }

    // ---------------------------------------------------------------- depositFor

    function test_DepositFor_RevertWhen_TheAccountIsZero() external {
        _mint(stranger, AMOUNT);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_ZeroAddress.selector, "account"));
        settlement.depositFor(address(0), AMOUNT);
    }

    function test_DepositFor_WhenTheAccountIsSomebodyElses() external {
        _deposit(payer.addr, 1);
        _mint(stranger, AMOUNT);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.Deposited(payer.addr, stranger, AMOUNT, AMOUNT + 1);
        vm.prank(stranger);
        settlement.depositFor(payer.addr, AMOUNT);
        assertEq(_balance(payer.addr), AMOUNT + 1);
        assertEq(_balance(stranger), 0);
        assertEq(aipg.balanceOf(stranger), 0);
    }

    // ---------------------------------------------------------------- depositWithPermit

    function test_DepositWithPermit_WhenThePermitIsGood() external {
        aipg.mint(payer.addr, AMOUNT);
        (uint8 v, bytes32 r, bytes32 s) = _permit(AMOUNT);
        vm.prank(payer.addr);
        settlement.depositWithPermit(payer.addr, AMOUNT, block.timestamp, v, r, s);
        assertEq(_balance(payer.addr), AMOUNT);
        assertEq(aipg.allowance(payer.addr, address(settlement)), 0);
    }

    function test_DepositWithPermit_GivenThePermitWasUsedBySomebodyElseBefore() external {
        aipg.mint(payer.addr, AMOUNT);
        (uint8 v, bytes32 r, bytes32 s) = _permit(AMOUNT);
        vm.prank(thief.addr);
        aipg.permit(payer.addr, address(settlement), AMOUNT, block.timestamp, v, r, s);
        vm.prank(payer.addr);
        settlement.depositWithPermit(payer.addr, AMOUNT, block.timestamp, v, r, s);
        assertEq(_balance(payer.addr), AMOUNT);
    }

    function test_DepositWithPermit_RevertWhen_ThePermitIsBad() external {
        aipg.mint(payer.addr, AMOUNT);
        (uint8 v, bytes32 r, bytes32 s) = _permit(AMOUNT - 1);
        vm.prank(payer.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(settlement), 0, AMOUNT)
        );
        settlement.depositWithPermit(payer.addr, AMOUNT, block.timestamp, v, r, s);
    }

    // ---------------------------------------------------------------- thaw

    function test_Thaw_RevertWhen_TheAmountToThawIsZero() external {
        vm.prank(payer.addr);
        vm.expectRevert(IGridSettlement.GridSettlement_ZeroAmount.selector);
        settlement.thaw(0);
    }

    function test_Thaw_RevertWhen_TheAmountIsAboveTheBalance() external {
        _deposit(payer.addr, AMOUNT);
        vm.prank(payer.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_AccountShort.selector, payer.addr, AMOUNT + 1, AMOUNT)
        );
        settlement.thaw(AMOUNT + 1);
    }

    function test_Thaw_WhenTheAmountIsWithinTheBalance() external {
        _deposit(payer.addr, AMOUNT);
        uint40 readyAt = uint40(block.timestamp + 1 hours);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.AccountThawStarted(payer.addr, AMOUNT, readyAt);
        vm.prank(payer.addr);
        settlement.thaw(AMOUNT);
        PayerAccount memory account = settlement.accountOf(payer.addr);
        assertEq(account.balance, AMOUNT);
        assertEq(account.thawing, AMOUNT);
        assertEq(account.thawReadyAt, readyAt);

        settlement.settle(_settlement(1, 1));
        assertEq(_balance(payer.addr), AMOUNT - 1e18, "thawing money still pays");
    }

    function test_Thaw_GivenAWithdrawalWasAnnouncedBefore() external {
        _deposit(payer.addr, AMOUNT);
        vm.startPrank(payer.addr);
        settlement.thaw(AMOUNT);
        skip(1 hours);
        settlement.thaw(1e18);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_AccountStillThawing.selector, payer.addr, block.timestamp + 1 hours
            )
        );
        settlement.withdraw(payer.addr);
        assertEq(settlement.accountOf(payer.addr).thawing, 1e18);
    }

    // ---------------------------------------------------------------- cancelThaw

    function test_CancelThaw_RevertGiven_NothingWasAnnouncedToCancel() external {
        vm.prank(payer.addr);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_AccountNotThawing.selector, payer.addr));
        settlement.cancelThaw();
    }

    function test_CancelThaw_GivenAnAnnouncedWithdrawal() external {
        _deposit(payer.addr, AMOUNT);
        vm.startPrank(payer.addr);
        settlement.thaw(AMOUNT);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.AccountThawCancelled(payer.addr);
        settlement.cancelThaw();
        PayerAccount memory account = settlement.accountOf(payer.addr);
        assertEq(account.balance, AMOUNT);
        assertEq(account.thawing, 0);
        assertEq(account.thawReadyAt, 0);
    }

    // ---------------------------------------------------------------- withdraw

    function test_Withdraw_RevertGiven_NothingWasAnnounced() external {
        _deposit(payer.addr, AMOUNT);
        vm.prank(payer.addr);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_AccountNotThawing.selector, payer.addr));
        settlement.withdraw(payer.addr);
    }

    function test_Withdraw_RevertGiven_TheDelayIsNotOver() external {
        _thaw(AMOUNT);
        skip(1 hours - 1);
        vm.prank(payer.addr);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_AccountStillThawing.selector, payer.addr, block.timestamp + 1
            )
        );
        settlement.withdraw(payer.addr);
    }

    function test_Withdraw_RevertWhen_TheRecipientIsZero() external {
        _thaw(AMOUNT);
        skip(1 hours);
        vm.prank(payer.addr);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_BadRecipient.selector, address(0)));
        settlement.withdraw(address(0));
    }

    function test_Withdraw_RevertWhen_TheRecipientIsTheSettlement() external {
        _thaw(AMOUNT);
        skip(1 hours);
        vm.prank(payer.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_BadRecipient.selector, address(settlement))
        );
        settlement.withdraw(address(settlement));
    }

    function test_Withdraw_WhenTheRecipientIsFine() external {
        _deposit(payer.addr, 1e18);
        _thaw(AMOUNT);
        skip(1 hours);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.Withdrawn(payer.addr, stranger, AMOUNT, 1e18);
        vm.prank(payer.addr);
        settlement.withdraw(stranger);
        assertEq(aipg.balanceOf(stranger), AMOUNT);
        PayerAccount memory account = settlement.accountOf(payer.addr);
        assertEq(account.balance, 1e18);
        assertEq(account.thawing, 0);
        assertEq(account.thawReadyAt, 0);
    }

    function test_Withdraw_GivenTheBalanceHasFallenBelowWhatWasAnnounced() external {
        _thaw(AMOUNT);
        settlement.settle(_settlement(1, 1));
        skip(1 hours);
        vm.prank(payer.addr);
        settlement.withdraw(payer.addr);
        assertEq(aipg.balanceOf(payer.addr), AMOUNT - 1e18);
        assertEq(_balance(payer.addr), 0);
    }

    // ---------------------------------------------------------------- help

    function _thaw(uint128 amount) private {
        _deposit(payer.addr, amount);
        vm.prank(payer.addr);
        settlement.thaw(amount);
    }

    function _permit(uint128 amount) private view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 typeHash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 structHash = keccak256(
            abi.encode(typeHash, payer.addr, address(settlement), amount, aipg.nonces(payer.addr), block.timestamp)
        );
        return vm.sign(payer.key, keccak256(abi.encodePacked("\x19\x01", aipg.DOMAIN_SEPARATOR(), structHash)));
    }
}

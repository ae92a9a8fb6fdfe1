// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LaneConfig} from "../../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../../contracts/settlement/SignerRoles.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";

contract SettlementViews is SettlementBase {
    function test_IsSigner_WhenTheRoleDoesNotExist() external view {
        assertFalse(settlement.isSigner(payer.addr, 0, payer.addr));
        assertFalse(settlement.isSigner(payer.addr, 5, payer.addr));
    }

    function test_IsSigner_WhenTheAccountAsksAboutItself() external view {
        assertTrue(settlement.isSigner(payer.addr, SignerRoles.PAYER_SIGNER, payer.addr));
        assertTrue(settlement.isSigner(payer.addr, SignerRoles.ORDER_SIGNER, payer.addr));
        assertTrue(settlement.isSigner(payer.addr, SignerRoles.WORKER_SIGNER, payer.addr));
        assertFalse(settlement.isSigner(payer.addr, SignerRoles.TREASURER, payer.addr));
        assertFalse(settlement.isSigner(address(0), SignerRoles.ORDER_SIGNER, address(0)));
    }

    function testFuzz_IsSigner_GivenARegisteredKey(uint8 role, uint8 other) external {
        role = uint8(bound(role, 1, 4));
        other = uint8(bound(other, 1, 4));
        _addSigner(payer.addr, orderSigner, role);
        assertEq(settlement.isSigner(payer.addr, other, orderSigner.addr), role == other);
        assertFalse(settlement.isSigner(requester.addr, role, orderSigner.addr));
    }

    function test_PayerSignerValidUntil_GivenThePayerSignsItself() external view {
        assertEq(settlement.payerSignerValidUntil(_laneConfig()), type(uint40).max);
    }

    function test_PayerSignerValidUntil_GivenALivePayerSigner() external {
        _addSigner(payer.addr, payerSigner, SignerRoles.PAYER_SIGNER);
        LaneConfig memory config = _laneConfig();
        config.payerSigner = payerSigner.addr;
        assertEq(settlement.payerSignerValidUntil(config), type(uint40).max);
    }

    function test_PayerSignerValidUntil_GivenARevokedPayerSigner() external {
        _addSigner(payer.addr, payerSigner, SignerRoles.PAYER_SIGNER);
        LaneConfig memory config = _laneConfig();
        config.payerSigner = payerSigner.addr;
        config.thawDelay = 3 days;
        vm.prank(payer.addr);
        settlement.revokeSigner(payerSigner.addr);
        assertEq(settlement.payerSignerValidUntil(config), block.timestamp + 3 days);
    }

    function test_PayerSignerValidUntil_GivenAThawBeganWhileItsVouchersCounted() external {
        _addSigner(payer.addr, payerSigner, SignerRoles.PAYER_SIGNER);
        LaneConfig memory config = _laneConfig();
        config.payerSigner = payerSigner.addr;
        _open(config, 1e18);
        vm.startPrank(payer.addr);
        settlement.revokeSigner(payerSigner.addr);
        skip(1 days);
        settlement.thawLane(config, 1);
        vm.stopPrank();
        assertEq(settlement.payerSignerValidUntil(config), block.timestamp + 1 days);
        // Another lane of the same key keeps its own time.
        config.salt = keccak256("another lane");
        assertEq(settlement.payerSignerValidUntil(config), block.timestamp);
    }

    function test_DueOf_GivenSomeRowsWerePaid() external {
        LaneConfig memory config = _laneConfig();
        bytes32 laneId = _open(config, FUNDS);
        _collect(config, _voucher2(laneId, 10e18, 5e18));
        (uint256 asked, uint128 free) = settlement.dueOf(_voucher2(laneId, 9e18, 8e18));
        assertEq(asked, 3e18);
        assertEq(free, FUNDS - 15e18);
        (asked,) = settlement.dueOf(_voucher2(laneId, type(uint128).max, type(uint128).max));
        assertEq(asked, 2 * uint256(type(uint128).max) - 15e18);
    }

    function test_IsFeeConfigAccepted_WhenTheConfigIsNone() external view {
        assertFalse(settlement.isFeeConfigAccepted(0));
        assertTrue(settlement.isFeeConfigAccepted(1));
        assertFalse(settlement.isFeeConfigAccepted(2));
        assertFalse(settlement.isFeeConfigAccepted(type(uint16).max));
    }

    function test_IsFeeConfigAccepted_GivenOneConfigWasReplaced() external {
        skip(7 days);
        _appendFeeConfig(1);
        skip(7 days - 1);
        assertTrue(settlement.isFeeConfigAccepted(1));
        assertTrue(settlement.isFeeConfigAccepted(2));
        skip(1);
        assertFalse(settlement.isFeeConfigAccepted(1));
        assertTrue(settlement.isFeeConfigAccepted(2));
    }

    function test_SplitOf_WhenRatesAreGiven() external view {
        (uint128 toWorker, uint128 royalty, uint128 fee) = settlement.splitOf(1003, 500, 1000);
        assertEq(toWorker, 853);
        assertEq(royalty, 100);
        assertEq(fee, 50);
    }

    function testFuzz_LaneIdOf_WhenTermsAreGiven(LaneConfig memory config) external view {
        assertEq(settlement.laneIdOf(config), _laneId(config));
    }

    function test_Eip712Domain_WhenAsked() external view {
        (, string memory name, string memory version, uint256 chainId, address verifier,,) = settlement.eip712Domain();
        assertEq(name, "AIPG Grid");
        assertEq(version, "1");
        assertEq(chainId, block.chainid);
        assertEq(verifier, address(settlement));
        assertEq(
            settlement.domainSeparator(),
            keccak256(
                abi.encode(
                    keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                    keccak256("AIPG Grid"),
                    keccak256("1"),
                    block.chainid,
                    address(settlement)
                )
            )
        );
    }
}

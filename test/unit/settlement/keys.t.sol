// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {IGridSettlement, Signer} from "../../../contracts/interfaces/IGridSettlement.sol";
import {GridMessages, SignerProof} from "../../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../../contracts/settlement/SignerRoles.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";

contract SettlementKeys is SettlementBase {
    // ---------------------------------------------------------------- addSigner

    function test_AddSigner_RevertWhen_TheRoleIsUnknown() external {
        uint8[2] memory roles = [0, SignerRoles.WORKER_SIGNER + 1];
        for (uint256 i; i < roles.length; ++i) {
            bytes memory proof = _signProof(payerSigner, payer.addr, roles[i], _deadline());
            vm.prank(payer.addr);
            vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_UnknownRole.selector, roles[i]));
            settlement.addSigner(payerSigner.addr, roles[i], _deadline(), proof);
        }
    }

    function test_AddSigner_RevertWhen_TheSignerIsZero() external {
        vm.prank(payer.addr);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_ZeroAddress.selector, "signer"));
        settlement.addSigner(address(0), SignerRoles.PAYER_SIGNER, _deadline(), "");
    }

    function test_AddSigner_RevertWhen_TheSignerIsTheCaller() external {
        bytes memory proof = _signProof(payer, payer.addr, SignerRoles.PAYER_SIGNER, _deadline());
        vm.prank(payer.addr);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_SignerTaken.selector, payer.addr));
        settlement.addSigner(payer.addr, SignerRoles.PAYER_SIGNER, _deadline(), proof);
    }

    function test_AddSigner_RevertGiven_TheSignerHasAnAccountAlready() external {
        _addSigner(payer.addr, payerSigner, SignerRoles.PAYER_SIGNER);
        bytes memory proof = _signProof(payerSigner, requester.addr, SignerRoles.ORDER_SIGNER, _deadline());
        vm.prank(requester.addr);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_SignerTaken.selector, payerSigner.addr));
        settlement.addSigner(payerSigner.addr, SignerRoles.ORDER_SIGNER, _deadline(), proof);
    }

    function test_AddSigner_RevertGiven_TheSignerWasRevokedBefore() external {
        _addSigner(payer.addr, payerSigner, SignerRoles.PAYER_SIGNER);
        vm.prank(payer.addr);
        settlement.revokeSigner(payerSigner.addr);
        skip(365 days);
        bytes memory proof = _signProof(payerSigner, payer.addr, SignerRoles.PAYER_SIGNER, _deadline());
        vm.prank(payer.addr);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_SignerTaken.selector, payerSigner.addr));
        settlement.addSigner(payerSigner.addr, SignerRoles.PAYER_SIGNER, _deadline(), proof);
    }

    function test_AddSigner_RevertWhen_TheProofHasExpired() external {
        uint64 deadline = uint64(block.timestamp - 1);
        bytes memory proof = _signProof(payerSigner, payer.addr, SignerRoles.PAYER_SIGNER, deadline);
        vm.prank(payer.addr);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_ProofExpired.selector, deadline));
        settlement.addSigner(payerSigner.addr, SignerRoles.PAYER_SIGNER, deadline, proof);
    }

    function test_AddSigner_RevertWhen_TheProofIsSomebodyElsesSignature() external {
        bytes memory proof = _signProof(thief, payer.addr, SignerRoles.PAYER_SIGNER, _deadline());
        _expectBadProof(proof, thief.addr);
    }

    function test_AddSigner_RevertWhen_TheProofIsForAnotherAccount() external {
        // The thief sees a proof on its way and tries to take the key for itself.
        bytes memory proof = _signProof(payerSigner, payer.addr, SignerRoles.PAYER_SIGNER, _deadline());
        SignerProof memory theirs = SignerProof(thief.addr, SignerRoles.PAYER_SIGNER, _deadline());
        address recovered = ECDSA.recover(_digest(GridMessages.hashSignerProof(theirs)), proof);
        vm.prank(thief.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_BadProof.selector, payerSigner.addr, recovered)
        );
        settlement.addSigner(payerSigner.addr, SignerRoles.PAYER_SIGNER, _deadline(), proof);
    }

    function test_AddSigner_RevertWhen_TheProofIsMalformed() external {
        _expectBadProof("", address(0));
        _expectBadProof(new bytes(65), address(0));
    }

    function testFuzz_AddSigner_WhenTheProofIsTheSignersOwn(uint8 role) external {
        role = uint8(bound(role, SignerRoles.PAYER_SIGNER, SignerRoles.WORKER_SIGNER));
        bytes memory proof = _signProof(payerSigner, payer.addr, role, _deadline());
        vm.expectEmit(address(settlement));
        emit IGridSettlement.SignerAdded(payer.addr, role, payerSigner.addr);
        vm.prank(payer.addr);
        settlement.addSigner(payerSigner.addr, role, _deadline(), proof);
        Signer memory signer = settlement.signerOf(payerSigner.addr);
        assertEq(signer.account, payer.addr);
        assertEq(signer.role, role);
        assertEq(signer.revokedAt, 0);
        assertTrue(settlement.isSigner(payer.addr, role, payerSigner.addr));
    }

    // ---------------------------------------------------------------- revokeSigner

    function test_RevokeSigner_RevertWhen_TheKeyIsNotTheCallers() external {
        _addSigner(payer.addr, payerSigner, SignerRoles.PAYER_SIGNER);
        vm.prank(thief.addr);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_NotSigner.selector,
                thief.addr,
                SignerRoles.PAYER_SIGNER,
                payerSigner.addr
            )
        );
        settlement.revokeSigner(payerSigner.addr);
    }

    function test_RevokeSigner_RevertGiven_TheKeyWasRevoked() external {
        _addSigner(payer.addr, payerSigner, SignerRoles.PAYER_SIGNER);
        vm.startPrank(payer.addr);
        settlement.revokeSigner(payerSigner.addr);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_SignerRevoked.selector, payerSigner.addr, block.timestamp
            )
        );
        settlement.revokeSigner(payerSigner.addr);
    }

    function test_RevokeSigner_WhenTheKeySigns() external {
        uint8[3] memory roles = [SignerRoles.PAYER_SIGNER, SignerRoles.ORDER_SIGNER, SignerRoles.WORKER_SIGNER];
        for (uint256 i; i < roles.length; ++i) {
            Person memory key = _person(vm.toString(i));
            _addSigner(payer.addr, key, roles[i]);
            uint40 now_ = uint40(vm.getBlockTimestamp());
            vm.expectEmit(address(settlement));
            emit IGridSettlement.SignerRevoked(payer.addr, roles[i], key.addr, now_, now_ + 1 days);
            vm.prank(payer.addr);
            settlement.revokeSigner(key.addr);
            assertEq(settlement.signerOf(key.addr).revokedAt, now_);
            skip(1 days);
            assertTrue(settlement.isSigner(payer.addr, roles[i], key.addr), "the last second");
            skip(1);
            assertFalse(settlement.isSigner(payer.addr, roles[i], key.addr), "over");
        }
    }

    function test_RevokeSigner_WhenTheKeyIsATreasurer() external {
        _addSigner(payer.addr, treasurer, SignerRoles.TREASURER);
        uint40 now_ = uint40(block.timestamp);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.SignerRevoked(payer.addr, SignerRoles.TREASURER, treasurer.addr, now_, now_);
        vm.prank(payer.addr);
        settlement.revokeSigner(treasurer.addr);
        assertFalse(settlement.isSigner(payer.addr, SignerRoles.TREASURER, treasurer.addr));
    }

    // ---------------------------------------------------------------- setTreasurerCap

    function test_SetTreasurerCap_RevertWhen_TheSignerIsNotTheCallers() external {
        _addSigner(payer.addr, treasurer, SignerRoles.TREASURER);
        _expectNotTreasurer(thief.addr, treasurer.addr);
    }

    function test_SetTreasurerCap_RevertWhen_TheSignerHasAnotherRole() external {
        _addSigner(payer.addr, orderSigner, SignerRoles.ORDER_SIGNER);
        _expectNotTreasurer(payer.addr, orderSigner.addr);
    }

    function test_SetTreasurerCap_RevertGiven_TheTreasurerWasRevoked() external {
        _addSigner(payer.addr, treasurer, SignerRoles.TREASURER);
        vm.startPrank(payer.addr);
        settlement.revokeSigner(treasurer.addr);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_SignerRevoked.selector, treasurer.addr, block.timestamp
            )
        );
        settlement.setTreasurerCap(treasurer.addr, 1);
    }

    function testFuzz_SetTreasurerCap_WhenTheSignerIsTheCallersTreasurer(uint128 cap) external {
        _addSigner(payer.addr, treasurer, SignerRoles.TREASURER);
        assertEq(settlement.treasurerCapOf(treasurer.addr).cap, 0, "0 until set");
        vm.expectEmit(address(settlement));
        emit IGridSettlement.TreasurerCapSet(payer.addr, treasurer.addr, cap);
        vm.prank(payer.addr);
        settlement.setTreasurerCap(treasurer.addr, cap);
        assertEq(settlement.treasurerCapOf(treasurer.addr).cap, cap);
    }

    // ---------------------------------------------------------------- help

    function _deadline() private view returns (uint64) {
        return uint64(block.timestamp);
    }

    function _expectBadProof(bytes memory proof, address recovered) private {
        vm.prank(payer.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_BadProof.selector, payerSigner.addr, recovered)
        );
        settlement.addSigner(payerSigner.addr, SignerRoles.PAYER_SIGNER, _deadline(), proof);
    }

    function _expectNotTreasurer(address account, address signer) private {
        vm.prank(account);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_NotSigner.selector, account, SignerRoles.TREASURER, signer
            )
        );
        settlement.setTreasurerCap(signer, 1);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AnchorProof, IGridSettlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {IWorkerRegistry} from "../../../contracts/interfaces/IWorkerRegistry.sol";
import {SignerRoles} from "../../../contracts/libraries/SignerRoles.sol";
import {SlashingBase} from "../../utils/SlashingBase.sol";

contract SettlementSlashRevokedSigner is SlashingBase {
    AnchorProof private _proof;

    function setUp() public override {
        super.setUp();
        _proof = _anchorOnLane(_a, 5, 4);
        _revoke();
        skip(2 days);
    }

    function test_RevertWhen_TheReceiptsDoNotContradictEachOther() external {
        _b.imageHash = _a.imageHash;
        _refused(payer.addr, abi.encodeWithSelector(IGridSettlement.GridSettlement_NoEquivocation.selector));
    }

    function test_RevertGiven_TheFaultWasPaidFor() external {
        _report(payer.addr, workerSigner, _proof, workerSigner, _none());
        _refused(
            payer.addr,
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_AlreadySlashed.selector, worker.addr, _a.orderHash, _a.index
            )
        );
    }

    function test_RevertWhen_TheFirstSignatureIsNobodys() external {
        _expectRefused(payer.addr, thief, _proof, workerSigner, _none(), _notItsSignature(0, thief));
    }

    function test_RevertWhen_TheSecondSignatureIsNobodys() external {
        _expectRefused(payer.addr, workerSigner, _proof, thief, _none(), _notItsSignature(1, thief));
    }

    function test_RevertWhen_TheKeyWorksForAnotherWorker() external {
        Person memory other = _person("another worker's key");
        _addSigner(thief.addr, other, SignerRoles.WORKER_SIGNER);
        _expectRefused(payer.addr, workerSigner, _proof, other, _none(), _notItsSignature(1, other));
        vm.prank(thief.addr);
        settlement.revokeSigner(other.addr);
        skip(1 days + 1);
        _expectRefused(payer.addr, workerSigner, _proof, other, _none(), _notItsSignature(1, other));
    }

    function test_RevertWhen_TheKeyHasAnotherRole() external {
        _addSigner(worker.addr, orderSigner, SignerRoles.ORDER_SIGNER);
        _expectRefused(payer.addr, workerSigner, _proof, orderSigner, _none(), _notItsSignature(1, orderSigner));
        vm.prank(worker.addr);
        settlement.revokeSigner(orderSigner.addr);
        skip(1 days + 1);
        _expectRefused(payer.addr, workerSigner, _proof, orderSigner, _none(), _notItsSignature(1, orderSigner));
    }

    function test_RevertGiven_BothKeysCountStill() external {
        bytes memory live = abi.encodeWithSelector(IGridSettlement.GridSettlement_SignersLive.selector);
        _expectRefused(payer.addr, worker, _proof, worker, _none(), live);
        vm.warp(_revokedAt + 1 days);
        _refused(payer.addr, live);
    }

    function test_RevertGiven_TheKeyWasRevokedAnUnbondDelayAgo() external {
        vm.warp(_revokedAt + 14 days);
        _refused(payer.addr, _notExposed(0, workerSigner));
    }

    function test_RevertWhen_NoProofIsGiven() external {
        _expectRefused(payer.addr, workerSigner, _none(), workerSigner, _none(), _notExposed(0, workerSigner));
        _proof.payer = address(0);
        _refused(payer.addr, _notExposed(0, workerSigner));
    }

    function test_RevertWhen_TheProofLeadsToNoAnchor() external {
        AnchorProof memory proof = _proof;
        proof.proof[0] = ~proof.proof[0];
        _expectRefused(payer.addr, workerSigner, proof, workerSigner, _none(), _notExposed(0, workerSigner));
        proof.proof[0] = ~proof.proof[0];
        proof.laneId = 0;
        _expectRefused(payer.addr, workerSigner, proof, workerSigner, _none(), _notExposed(0, workerSigner));
        proof.laneId = _proof.laneId;
        proof.payer = requester.addr;
        _expectRefused(requester.addr, workerSigner, proof, workerSigner, _none(), _notExposed(0, workerSigner));
        // The proof of the other receipt is no proof of this one.
        _expectRefused(payer.addr, workerSigner, _none(), workerSigner, _proof, _notExposed(0, workerSigner));
    }

    function test_RevertGiven_TheAnchorCameADayAfterTheRevocation() external {
        vm.warp(_revokedAt + 1 days + 1);
        AnchorProof memory late = _anchorOnLane(_a, 7, 1);
        _expectRefused(payer.addr, workerSigner, late, workerSigner, _none(), _notExposed(0, workerSigner));
    }

    function test_RevertWhen_NeitherPayerNorRequesterReports() external {
        address[3] memory callers = [stranger, worker.addr, thief.addr];
        for (uint256 i; i < 3; ++i) {
            _refused(callers[i], _notConcerned(0, callers[i]));
        }
        _swap();
        _expectRefused(stranger, workerSigner, _none(), workerSigner, _proof, _notConcerned(1, stranger));
    }

    function test_RevertGiven_TheWorkerHasNoStake() external {
        vm.prank(address(settlement));
        registry.slash(worker.addr, BOND, address(0));
        _refused(
            payer.addr, abi.encodeWithSelector(IGridSettlement.GridSettlement_NothingToSlash.selector, worker.addr)
        );
        assertFalse(settlement.isSlashed(worker.addr, _a.orderHash, _a.index), "can still be reported");
    }

    function test_WhenThePayerReports() external {
        vm.expectEmit(address(registry));
        emit IWorkerRegistry.BondSlashed(worker.addr, address(0), 1000e18, 0, BOND - 1000e18, 0);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.EquivocationSlashed(
            worker.addr, payer.addr, _a.orderHash, _a.index, _receiptDigest(_a), _receiptDigest(_b), 1000e18
        );
        assertEq(_report(payer.addr, workerSigner, _proof, workerSigner, _none()), 1000e18);
        assertEq(registry.bondOf(worker.addr), BOND - 1000e18);
        assertEq(registry.treasuryPot(), 1000e18);
        assertEq(registry.totalRewards(), 0);
        assertTrue(settlement.isSlashed(worker.addr, _a.orderHash, _a.index));
    }

    function test_WhenTheRequesterReports() external {
        assertEq(_report(requester.addr, workerSigner, _proof, workerSigner, _none()), 1000e18);
        assertEq(registry.treasuryPot(), 1000e18);
    }

    function test_GivenOnlyOneOfTheTwoKeysIsDead() external {
        uint256 snapshot = vm.snapshotState();
        assertEq(_report(payer.addr, workerSigner, _proof, worker, _none()), 1000e18);
        vm.revertToState(snapshot);
        _swap();
        assertEq(_report(payer.addr, worker, _none(), workerSigner, _proof), 1000e18);
    }

    function _refused(address caller, bytes memory reason) private {
        _expectRefused(caller, workerSigner, _proof, workerSigner, _none(), reason);
    }
}

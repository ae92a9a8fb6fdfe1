// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {IWorkerRegistry} from "../../../contracts/interfaces/IWorkerRegistry.sol";
import {JobReceipt} from "../../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../../contracts/settlement/SignerRoles.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";

contract SettlementSlashEquivocation is SettlementBase {
    JobReceipt private _a;
    JobReceipt private _b;

    function setUp() public override {
        super.setUp();
        _bond(worker.addr, BOND);
        _a = _receipt(_settlement(1, 1), 0);
        _b = _a;
        _b.imageHash = keccak256("another image");
    }

    function test_RevertWhen_TheWorkersDiffer() external {
        _b.worker = thief.addr;
        _expectNoEquivocation();
    }

    function test_RevertWhen_TheOrdersDiffer() external {
        _b.orderHash = keccak256("another order");
        _expectNoEquivocation();
    }

    function test_RevertWhen_TheIndexesDiffer() external {
        _b.index = 1;
        _expectNoEquivocation();
    }

    function test_RevertWhen_ImageAndCIDAreTheSame() external {
        // Signed twice, at another time and price: no fault.
        _b.imageHash = _a.imageHash;
        _b.completedAt += 5;
        _b.price += 1;
        _expectNoEquivocation();
    }

    function test_RevertWhen_TheFirstSignatureIsNotTheWorkers() external {
        _expectSignatureRefused(0, thief, worker);
    }

    function test_RevertWhen_TheSecondSignatureIsNotTheWorkers() external {
        _expectSignatureRefused(1, worker, thief);
    }

    function test_RevertGiven_TheHotKeyThatSignedWasRevokedADayAgo() external {
        _addSigner(worker.addr, workerSigner, SignerRoles.WORKER_SIGNER);
        vm.prank(worker.addr);
        settlement.revokeSigner(workerSigner.addr);
        skip(1 days + 1);
        _expectSignatureRefused(1, worker, workerSigner);
    }

    function test_RevertGiven_TheWorkerWasSlashedForThisJob() external {
        _slash(worker, worker);
        _b.cidDigest = keccak256("a third");
        _expectRefused(
            worker,
            worker,
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_AlreadySlashed.selector, worker.addr, _a.orderHash, _a.index
            )
        );
    }

    function test_RevertGiven_TheWorkerHasNoBond() external {
        vm.prank(worker.addr);
        registry.announceUnbond(BOND);
        skip(14 days);
        vm.prank(worker.addr);
        registry.withdraw(worker.addr);
        _expectRefused(
            worker, worker, abi.encodeWithSelector(IGridSettlement.GridSettlement_NothingToSlash.selector, worker.addr)
        );
        assertFalse(settlement.isSlashed(worker.addr, _a.orderHash, 0), "can still be reported");

        _a.worker = _b.worker = stranger;
        _expectSignatureRefused(0, worker, worker);
        _a.worker = _b.worker = thief.addr;
        _expectRefused(
            thief, thief, abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_NotRegistered.selector, thief.addr)
        );
    }

    function test_GivenTheStakeWasShort() external {
        vm.prank(address(settlement));
        registry.slash(worker.addr, BOND - 300e18, address(0));
        assertEq(_slash(worker, worker), 300e18);
        assertTrue(settlement.isSlashed(worker.addr, _a.orderHash, _a.index));
        _mintBond(5000e18);
        assertEq(_slash(worker, worker), 700e18);
        _expectRefused(
            worker,
            worker,
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_AlreadySlashed.selector, worker.addr, _a.orderHash, _a.index
            )
        );
        assertEq(registry.bondOf(worker.addr), 4300e18);
    }

    function test_GivenTheMinimumBondWasLoweredWithinTheUnbondDelay() external {
        _grantMinBond();
        vm.prank(params);
        registry.setMinBond(100e18);
        skip(14 days);
        uint256 snapshot = vm.snapshotState();
        assertEq(_slash(worker, worker), 1000e18);
        vm.revertToState(snapshot);
        skip(1);
        assertEq(_slash(worker, worker), 100e18);
    }

    function test_WhenTheImagesDiffer() external {
        uint128 amount = registry.minBond();
        vm.expectEmit(address(settlement));
        emit IGridSettlement.EquivocationSlashed(
            worker.addr, stranger, _a.orderHash, _a.index, _receiptDigest(_a), _receiptDigest(_b), amount
        );
        assertEq(_slash(worker, worker), amount);
        assertEq(registry.bondOf(worker.addr), BOND - amount);
        assertEq(registry.rewardOf(stranger), amount / 5);
        assertEq(registry.treasuryPot(), amount - amount / 5);
        assertTrue(settlement.isSlashed(worker.addr, _a.orderHash, _a.index));
    }

    function test_WhenOnlyTheCIDsDiffer() external {
        _b.imageHash = _a.imageHash;
        _b.cidDigest = keccak256("another CID");
        assertEq(_slash(worker, worker), registry.minBond());
    }

    function test_WhenAHotKeySigned() external {
        _addSigner(worker.addr, workerSigner, SignerRoles.WORKER_SIGNER);
        // also while it is being revoked, and while the bond is leaving
        vm.startPrank(worker.addr);
        settlement.revokeSigner(workerSigner.addr);
        registry.announceUnbond(BOND);
        vm.stopPrank();
        skip(1 days);
        assertEq(_slash(workerSigner, worker), registry.minBond());
    }

    // ---------------------------------------------------------------- help

    function _mintBond(uint128 amount) private {
        aipg.mint(worker.addr, amount);
        vm.startPrank(worker.addr);
        aipg.approve(address(registry), amount);
        registry.addBond(worker.addr, amount);
        vm.stopPrank();
    }

    function _slash(Person memory byA, Person memory byB) private returns (uint128) {
        (bytes memory signatureA, bytes memory signatureB) =
            (_sign(byA, _receiptDigest(_a)), _sign(byB, _receiptDigest(_b)));
        vm.prank(stranger);
        return settlement.slashEquivocation(_a, signatureA, _b, signatureB);
    }

    function _expectRefused(Person memory byA, Person memory byB, bytes memory reason) private {
        (bytes memory signatureA, bytes memory signatureB) =
            (_sign(byA, _receiptDigest(_a)), _sign(byB, _receiptDigest(_b)));
        vm.prank(stranger);
        vm.expectRevert(reason);
        settlement.slashEquivocation(_a, signatureA, _b, signatureB);
    }

    function _expectNoEquivocation() private {
        _expectRefused(worker, worker, abi.encodeWithSelector(IGridSettlement.GridSettlement_NoEquivocation.selector));
    }

    function _expectSignatureRefused(uint256 position, Person memory byA, Person memory byB) private {
        _expectRefused(
            byA,
            byB,
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_ReceiptSignature.selector,
                position,
                _a.worker,
                position == 0 ? byA.addr : byB.addr
            )
        );
    }
}

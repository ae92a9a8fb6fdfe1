// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {JobOrder} from "../../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../../contracts/settlement/SignerRoles.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";
import {SettlementHostileModels, SettlementModelHolder} from "../../utils/SettlementDoubles.sol";

contract SettlementEarnings is SettlementBase {
    uint128 private constant EARNED = 0.85e18;
    uint128 private constant ROYALTY = 0.1e18;
    uint128 private constant FEE = 0.05e18;

    function setUp() public override {
        super.setUp();
        _deposit(payer.addr, FUNDS);
        settlement.settle(_settlement(1, 1));
    }

    // ---------------------------------------------------------------- moveEarned

    function test_MoveEarned_RevertWhen_TheAccountIsZero() external {
        vm.prank(worker.addr);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_ZeroAddress.selector, "account"));
        settlement.moveEarned(address(0), 1);
    }

    function test_MoveEarned_RevertWhen_TheAmountIsZero() external {
        vm.prank(worker.addr);
        vm.expectRevert(IGridSettlement.GridSettlement_ZeroAmount.selector);
        settlement.moveEarned(worker.addr, 0);
    }

    function test_MoveEarned_RevertWhen_TheAmountIsAboveTheEarnings() external {
        vm.prank(worker.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_EarnedShort.selector, worker.addr, EARNED + 1, EARNED)
        );
        settlement.moveEarned(worker.addr, EARNED + 1);
    }

    function testFuzz_MoveEarned_WhenTheAmountIsWithinTheEarnings(uint128 amount) external {
        amount = uint128(bound(amount, 1, EARNED));
        vm.expectEmit(address(settlement));
        emit IGridSettlement.EarnedMoved(worker.addr, worker.addr, amount, EARNED - amount, amount);
        vm.prank(worker.addr);
        settlement.moveEarned(worker.addr, amount);
        assertEq(_balance(worker.addr), amount);
        assertEq(settlement.earnedOf(worker.addr), EARNED - amount);
        assertEq(settlement.protocolAccruedOf(worker.addr), FEE);
        _assertSolvent(0);
    }

    // ---------------------------------------------------------------- claimEarned

    function test_ClaimEarned_RevertGiven_NothingWasEarned() external {
        vm.prank(stranger);
        vm.expectRevert(IGridSettlement.GridSettlement_NothingEarned.selector);
        settlement.claimEarned(stranger);
    }

    function test_ClaimEarned_RevertWhen_TheRecipientIsZero() external {
        vm.prank(worker.addr);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_BadRecipient.selector, address(0)));
        settlement.claimEarned(address(0));
    }

    function test_ClaimEarned_RevertWhen_TheRecipientIsTheSettlement() external {
        vm.prank(worker.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_BadRecipient.selector, address(settlement))
        );
        settlement.claimEarned(address(settlement));
    }

    function test_ClaimEarned_RevertWhen_AHotKeyCalls() external {
        _addSigner(worker.addr, workerSigner, SignerRoles.WORKER_SIGNER);
        vm.startPrank(workerSigner.addr);
        vm.expectRevert(IGridSettlement.GridSettlement_NothingEarned.selector);
        settlement.claimEarned(workerSigner.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_EarnedShort.selector, workerSigner.addr, 1, 0)
        );
        settlement.moveEarned(workerSigner.addr, 1);
    }

    function test_ClaimEarned_WhenTheWorkerCalls() external {
        vm.expectEmit(address(settlement));
        emit IGridSettlement.EarnedClaimed(worker.addr, stranger, EARNED, 0);
        vm.prank(worker.addr);
        assertEq(settlement.claimEarned(stranger), EARNED);
        assertEq(aipg.balanceOf(stranger), EARNED);
        assertEq(settlement.earnedOf(worker.addr), 0);
        assertEq(settlement.protocolAccruedOf(worker.addr), FEE);
        _assertSolvent(0);
    }

    // ---------------------------------------------------------------- claimModelRoyalty

    function test_ClaimModelRoyalty_RevertGiven_TheModelEarnedNothing() external {
        vm.expectRevert(IGridSettlement.GridSettlement_NothingEarned.selector);
        settlement.claimModelRoyalty(FREE_MODEL);
    }

    function test_ClaimModelRoyalty_RevertWhen_ThereIsTooLittleGasToAskForItsOwner() external {
        bytes memory call = abi.encodeCall(IGridSettlement.claimModelRoyalty, (MODEL));
        bool tooLow;
        // Whatever gas it is sent with, it pays all to the owner or does nothing at all.
        for (uint256 gasGiven = 20_000; gasGiven < 200_000; gasGiven += 2000) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(modelOwner);
            (bool ok, bytes memory answer) = address(settlement).call{gas: gasGiven}(call);
            assertEq(aipg.balanceOf(modelOwner), ok ? ROYALTY : 0);
            if (!ok && answer.length != 0) {
                assertEq(bytes4(answer), IGridSettlement.GridSettlement_GasTooLow.selector);
                tooLow = true;
            }
            vm.revertToState(snapshot);
        }
        assertTrue(tooLow);
    }

    function test_ClaimModelRoyalty_RevertGiven_TheModelHasNoOwner() external {
        models.set(MODEL, address(0), ROYALTY_BPS);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_ModelOwnerUnknown.selector, MODEL));
        settlement.claimModelRoyalty(MODEL);
    }

    function test_ClaimModelRoyalty_RevertGiven_AIGCNamesNoAddress() external {
        SettlementHostileModels hostile = new SettlementHostileModels();
        vm.etch(address(models), address(hostile).code);
        for (uint256 mode; mode < 7; ++mode) {
            if (mode == uint256(SettlementHostileModels.Mode.JUST_ABOVE)) continue;
            vm.store(address(models), 0, bytes32(mode));
            vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_ModelOwnerUnknown.selector, MODEL));
            settlement.claimModelRoyalty(MODEL);
        }
        assertEq(settlement.modelEarnedOf(MODEL), ROYALTY, "still there");
    }

    function test_ClaimModelRoyalty_RevertWhen_SomebodyElseCallsForTheOwner() external {
        _expectNotOwner(modelOwner, stranger);
        // Nor does a contract that owns the model get pushed what it didn't ask for.
        address holder = address(new SettlementModelHolder());
        models.set(MODEL, holder, ROYALTY_BPS);
        _expectNotOwner(holder, stranger);
        // Nor does an owner that has delegated its account.
        vm.etch(modelOwner, abi.encodePacked(hex"ef0100", address(this)));
        models.set(MODEL, modelOwner, ROYALTY_BPS);
        _expectNotOwner(modelOwner, stranger);
    }

    function test_ClaimModelRoyalty_WhenTheOwnerCalls() external {
        vm.expectEmit(address(settlement));
        emit IGridSettlement.ModelRoyaltyClaimed(MODEL, modelOwner, ROYALTY);
        vm.prank(modelOwner);
        assertEq(settlement.claimModelRoyalty(MODEL), ROYALTY);
        assertEq(aipg.balanceOf(modelOwner), ROYALTY);
        assertEq(settlement.modelEarnedOf(MODEL), 0);
        _assertSolvent(0);
    }

    function test_ClaimModelRoyalty_GivenTheOwnerIsAContract() external {
        SettlementModelHolder holder = new SettlementModelHolder();
        models.set(MODEL, address(holder), ROYALTY_BPS);
        assertEq(holder.claim(settlement, MODEL), ROYALTY);
        assertEq(aipg.balanceOf(address(holder)), ROYALTY);
    }

    function test_ClaimModelRoyalty_GivenTheModelWasSold() external {
        models.set(MODEL, requester.addr, ROYALTY_BPS);
        _expectNotOwner(requester.addr, modelOwner);
        vm.prank(requester.addr);
        settlement.claimModelRoyalty(MODEL);
        assertEq(aipg.balanceOf(modelOwner), 0);
        assertEq(aipg.balanceOf(requester.addr), ROYALTY);
    }

    function _expectNotOwner(address owner, address caller) private {
        vm.prank(caller);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_NotModelOwner.selector, MODEL, owner, caller)
        );
        settlement.claimModelRoyalty(MODEL);
        assertEq(settlement.modelEarnedOf(MODEL), ROYALTY);
    }

    // ---------------------------------------------------------------- sweepProtocol

    function test_SweepProtocol_RevertGiven_NothingAccrued() external {
        address[] memory workers = new address[](1);
        workers[0] = stranger;
        vm.expectRevert(IGridSettlement.GridSettlement_NothingEarned.selector);
        settlement.sweepProtocol(workers);
    }

    function test_SweepProtocol_GivenFeesAccruedOnSeveralWorkers() external {
        Person memory other = _person("other worker");
        address[] memory workers = new address[](3);
        (workers[0], workers[1], workers[2]) = (worker.addr, stranger, other.addr);
        JobOrder memory order = _order();
        order.worker = other.addr;
        order.nonce = 2;
        settlement.settle(_settlementOf(order, payer, other));
        vm.expectEmit(address(settlement));
        emit IGridSettlement.ProtocolSwept(worker.addr, treasury, FEE);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.ProtocolSwept(other.addr, treasury, FEE);
        vm.prank(stranger);
        assertEq(settlement.sweepProtocol(workers), 2 * FEE);
        assertEq(aipg.balanceOf(treasury), 2 * FEE);
        assertEq(settlement.earnedOf(worker.addr), EARNED);
        assertEq(settlement.earnedOf(other.addr), EARNED);
        assertEq(settlement.protocolAccruedOf(worker.addr), 0);
    }

    function test_SweepProtocol_WhenAWorkerIsNamedTwice() external {
        address[] memory workers = new address[](2);
        workers[0] = workers[1] = worker.addr;
        assertEq(settlement.sweepProtocol(workers), FEE);
        _assertSolvent(0);
    }
}

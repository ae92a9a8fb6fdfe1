// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GridSettlement} from "../../../contracts/GridSettlement.sol";
import {IGridNFT, ReceiptProof} from "../../../contracts/interfaces/IGridNFT.sol";
import {IGridSettlement, Settlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {JobOrder} from "../../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../../contracts/settlement/SignerRoles.sol";
import {Body, BodyArtwork, NftBody} from "../../utils/NftBody.sol";
import {NftGridBase} from "../../utils/NftGridBase.sol";
import {NftTree} from "../../utils/NftTree.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";

/// @notice Threats 60 and 26: orders of four delivered images at 1, 2, 3 and 4 AIPG, under a cap of 12, of which somebody
/// wants to pay only a part.
contract PartAttacks is SettlementBase {
    function setUp() public override {
        super.setUp();
        _bond(worker.addr, BOND);
        _deposit(payer.addr, FUNDS);
        _addSigner(payer.addr, orderSigner, SignerRoles.ORDER_SIGNER);
        _addSigner(worker.addr, workerSigner, SignerRoles.WORKER_SIGNER);
    }

    function test_T60_ThePayerSettlesTheCheapestOfFour() external {
        Settlement memory item = _orderOfFour(1);
        _expectRefused(payer.addr, _pick(item, 1), _incomplete(1, payer.addr));
        _expectRefused(orderSigner.addr, _pick(item, 1), _incomplete(1, orderSigner.addr));
        // Nor all but the dearest one.
        _expectRefused(payer.addr, _pick(item, 7), _incomplete(3, payer.addr));
        settlement.settle(item);
        assertEq(settlement.earnedOf(worker.addr), 8.5e18, "all four are paid");
    }

    function testFuzz_T60_AStrangerCarriesAPartOfThePublicBundle(uint256 positions, address caller) external {
        Settlement memory item = _orderOfFour(1);
        Settlement memory part = _pick(item, bound(positions, 1, 14));
        vm.assume(caller != worker.addr && caller != workerSigner.addr);
        _expectRefused(caller, part, _incomplete(part.receipts.length, caller));
        vm.prank(worker.addr);
        settlement.settle(item);
        assertEq(settlement.earnedOf(worker.addr), 8.5e18);
    }

    function test_T60_AKeyOfTheOtherSideCarriesNoPart() external {
        // The payer's own WORKER_SIGNER, the worker's own ORDER_SIGNER.
        _addSigner(payer.addr, payerSigner, SignerRoles.WORKER_SIGNER);
        _addSigner(worker.addr, thief, SignerRoles.ORDER_SIGNER);
        Settlement memory part = _pick(_orderOfFour(1), 1);
        _expectRefused(payerSigner.addr, part, _incomplete(1, payerSigner.addr));
        _expectRefused(thief.addr, part, _incomplete(1, thief.addr));
        vm.warp(part.order.deadline + 1);
        _expectGraceRefused(thief.addr, part, _notPayer(thief.addr));
        _expectGraceRefused(payerSigner.addr, part, _notPayer(payerSigner.addr));
    }

    function test_T60_ClosingsOfTheOtherSideAreWorthless() external {
        // The payer registered a WORKER_SIGNER of its own, and closes the order at its cheapest image.
        _addSigner(payer.addr, payerSigner, SignerRoles.WORKER_SIGNER);
        Settlement memory part = _pick(_orderOfFour(1), 1);
        _expectClosingRefused(part, _signClosing(_closing(part), payerSigner), payerSigner.addr);
        _expectClosingRefused(part, _signClosing(_closing(part), payer), payer.addr);
        _expectClosingRefused(part, _signClosing(_closing(part), orderSigner), orderSigner.addr);
    }

    function test_T60_AReceiptIsNoClosing() external {
        // Whatever else the worker signed for this order can't be carried as its closing.
        Settlement memory part = _pick(_orderOfFour(1), 1);
        vm.expectPartialRevert(IGridSettlement.GridSettlement_ClosingSignature.selector);
        settlement.settleClosed(part, part.receipts[0].signature);
    }

    function test_T60_AClosingForAnotherDeploymentOrChain() external {
        Settlement memory part = _pick(_orderOfFour(1), 3);
        GridSettlement here = settlement;
        settlement = _deploySettlement(models);
        bytes memory elsewhere = _signClosing(_closing(part), worker);
        settlement = here;
        vm.expectPartialRevert(IGridSettlement.GridSettlement_ClosingSignature.selector);
        settlement.settleClosed(part, elsewhere);
        // On a fork nothing of it counts, beginning with the order.
        bytes memory closing = _signClosing(_closing(part), worker);
        vm.chainId(block.chainid + 1);
        vm.expectPartialRevert(IGridSettlement.GridSettlement_OrderSignature.selector);
        settlement.settleClosed(part, closing);
    }

    function test_T60_TwoClosingsThatContradict() external {
        // A worker that signs two has its order settled by whichever comes first, once.
        Settlement memory item = _orderOfFour(1);
        Settlement memory first = _pick(item, 1);
        Settlement memory second = _pick(item, 14);
        bytes memory closingOfFirst = _signClosing(_closing(first), worker);
        bytes memory closingOfSecond = _signClosing(_closing(second), worker);
        vm.prank(payer.addr);
        settlement.settleClosed(first, closingOfFirst);
        vm.expectRevert(_nonceUsed());
        settlement.settleClosed(second, closingOfSecond);
        _expectRefused(worker.addr, item, _nonceUsed());
        assertEq(_balance(payer.addr), FUNDS - 1e18);
    }

    function test_T60_AClosingAfterAllWasPaid() external {
        Settlement memory item = _orderOfFour(1);
        Settlement memory part = _pick(item, 1);
        bytes memory closing = _signClosing(_closing(part), worker);
        settlement.settle(item);
        vm.expectRevert(_nonceUsed());
        settlement.settleClosed(part, closing);
        assertEq(settlement.earnedOf(worker.addr), 8.5e18);
    }

    function test_T60_AClosingDoesNotOutliveItsOrder() external {
        Settlement memory part = _pick(_orderOfFour(1), 3);
        bytes memory closing = _signClosing(_closing(part), worker);
        vm.warp(part.order.deadline + 15 minutes);
        uint256 snapshot = vm.snapshotState();
        settlement.settleClosed(part, closing);
        vm.revertToState(snapshot);
        skip(1);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_OrderExpired.selector, block.timestamp - 1)
        );
        settlement.settleClosed(part, closing);
    }

    function test_T60_ADeadKeyClosesNothing() external {
        vm.prank(worker.addr);
        settlement.revokeSigner(workerSigner.addr);
        skip(1 days);
        Settlement memory part = _pick(_orderOfFour(1), 1);
        bytes memory closing = _signClosing(_closing(part), workerSigner);
        uint256 snapshot = vm.snapshotState();
        settlement.settleClosed(part, closing);
        vm.revertToState(snapshot);
        skip(1);
        _expectClosingRefused(part, closing, workerSigner.addr);
        _expectRefused(workerSigner.addr, part, _incomplete(1, workerSigner.addr));
    }

    function test_T60_TheGraceToTheSecond() external {
        Settlement memory part = _pick(_orderOfFour(1), 1);
        uint64 deadline = part.order.deadline;
        vm.warp(deadline);
        _expectGraceRefused(
            payer.addr, part, abi.encodeWithSelector(IGridSettlement.GridSettlement_GraceNotBegun.selector, deadline)
        );
        vm.warp(uint256(deadline) + 901);
        _expectGraceRefused(
            payer.addr,
            part,
            abi.encodeWithSelector(IGridSettlement.GridSettlement_OrderExpired.selector, uint256(deadline) + 900)
        );
        uint256[2] memory good = [uint256(deadline) + 1, uint256(deadline) + 900];
        for (uint256 i; i < 2; ++i) {
            vm.warp(good[i]);
            uint256 snapshot = vm.snapshotState();
            _expectGraceRefused(worker.addr, part, _notPayer(worker.addr));
            _expectGraceRefused(workerSigner.addr, part, _notPayer(workerSigner.addr));
            _expectGraceRefused(stranger, part, _notPayer(stranger));
            _expectGraceRefused(requester.addr, part, _notPayer(requester.addr));
            vm.prank(payer.addr);
            settlement.settleInGrace(part);
            assertEq(_balance(payer.addr), FUNDS - 12e18);
            vm.revertToState(snapshot);
        }
    }

    function testFuzz_T60_APartInTheGraceIsNeverCheaperThanTheWhole(uint256 positions, uint128[4] memory prices)
        external
    {
        Settlement memory item = _orderOfFour(1);
        uint128 total;
        for (uint256 i; i < 4; ++i) {
            item.receipts[i].price = prices[i] = uint128(bound(prices[i], 0, 3e18));
            total += prices[i];
        }
        _signReceipts(item, worker);
        vm.warp(item.order.deadline + 1);
        vm.prank(payer.addr);
        settlement.settleInGrace(_pick(item, bound(positions, 1, 15)));
        assertGe(FUNDS - _balance(payer.addr), total);
        assertEq(_balance(payer.addr), FUNDS - 12e18);
    }

    function test_T60_ThePayersGraceTakesNoMoreThanTheCap() external {
        Settlement memory part = _pick(_orderOfFour(1), 3);
        part.receipts[0].price = part.receipts[1].price = type(uint128).max;
        _signReceipts(part, worker);
        vm.warp(part.order.deadline + 1);
        _expectGraceRefused(
            payer.addr,
            part,
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_PriceAboveCap.selector, 2 * uint256(type(uint128).max), 12e18
            )
        );
    }

    function test_T60_TheWholeOrderCostsItsSumInTheGraceToo() external {
        Settlement memory item = _orderOfFour(1);
        vm.warp(item.order.deadline + 900);
        _expectRefused(payer.addr, _pick(item, 1), _incomplete(1, payer.addr));
        vm.prank(stranger);
        settlement.settle(item);
        assertEq(_balance(payer.addr), FUNDS - 10e18);
    }

    function test_T60_AnOrderOfOneHasNoPart() external {
        Settlement memory item = _settlement(1, 1);
        _expectRefused(
            worker.addr,
            _pick(item, 0),
            abi.encodeWithSelector(IGridSettlement.GridSettlement_ReceiptCount.selector, 0, 1)
        );
        vm.prank(stranger);
        settlement.settle(item);
        assertEq(settlement.earnedOf(worker.addr), 0.85e18);
    }

    function test_T60_AWorkerThatPaysItself() external {
        // As its worker it may end its own order early; its ORDER_SIGNER may not.
        _deposit(worker.addr, FUNDS);
        _addSigner(worker.addr, thief, SignerRoles.ORDER_SIGNER);
        JobOrder memory order = _orderOfFour(1).order;
        order.payer = worker.addr;
        Settlement memory part = _pick(_settlementOf(order, worker, worker), 1);
        _expectRefused(thief.addr, part, _incomplete(1, thief.addr));
        vm.prank(worker.addr);
        settlement.settle(part);
        assertEq(_balance(worker.addr), FUNDS - 1e18);
        assertEq(settlement.earnedOf(worker.addr), 0.85e18);
    }

    function test_T26_APartAheadOfABatchIsRefused() external {
        Settlement[] memory items = new Settlement[](3);
        for (uint256 i; i < 3; ++i) {
            items[i] = _orderOfFour(i);
        }
        // Alone, and as a batch of parts.
        _expectRefused(thief.addr, _pick(items[1], 1), _incomplete(1, thief.addr));
        Settlement[] memory parts = new Settlement[](3);
        for (uint256 i; i < 3; ++i) {
            parts[i] = _pick(items[i], 1 << i);
        }
        vm.prank(payer.addr);
        bytes4[] memory failures = settlement.settleBatch(parts);
        for (uint256 i; i < 3; ++i) {
            assertEq(failures[i], IGridSettlement.GridSettlement_OrderIncomplete.selector);
        }
        assertEq(_balance(payer.addr), FUNDS);

        failures = settlement.settleBatch(items);
        for (uint256 i; i < 3; ++i) {
            assertEq(failures[i], bytes4(0));
        }
        assertEq(_balance(payer.addr), FUNDS - 30e18, "the batch pays whole");
    }

    function test_T26_PartsBesideHonestItems() external {
        Settlement[] memory items = new Settlement[](4);
        items[0] = _orderOfFour(1);
        items[1] = _pick(_orderOfFour(2), 1);
        items[2] = _orderOfFour(3);
        items[3] = _pick(items[0], 2);
        vm.prank(payer.addr);
        bytes4[] memory failures = settlement.settleBatch(items);
        assertEq(failures[0], bytes4(0));
        assertEq(failures[1], IGridSettlement.GridSettlement_OrderIncomplete.selector);
        assertEq(failures[2], bytes4(0));
        assertEq(failures[3], IGridSettlement.GridSettlement_NonceUsed.selector);
        assertEq(_balance(payer.addr), FUNDS - 20e18);
        assertFalse(settlement.isNonceUsed(payer.addr, 2));
    }

    // ---------------------------------------------------------------- help

    function _incomplete(uint256 receipts, address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IGridSettlement.GridSettlement_OrderIncomplete.selector, receipts, 4, caller);
    }

    function _notPayer(address caller) private view returns (bytes memory) {
        return abi.encodeWithSelector(IGridSettlement.GridSettlement_NotPayer.selector, payer.addr, caller);
    }

    function _nonceUsed() private view returns (bytes memory) {
        return abi.encodeWithSelector(IGridSettlement.GridSettlement_NonceUsed.selector, payer.addr, 1);
    }

    function _expectRefused(address caller, Settlement memory item, bytes memory reason) private {
        vm.prank(caller);
        vm.expectRevert(reason);
        settlement.settle(item);
    }

    function _expectGraceRefused(address caller, Settlement memory item, bytes memory reason) private {
        vm.prank(caller);
        vm.expectRevert(reason);
        settlement.settleInGrace(item);
    }

    function _expectClosingRefused(Settlement memory item, bytes memory closing, address recovered) private {
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_ClosingSignature.selector, worker.addr, recovered)
        );
        settlement.settleClosed(item, closing);
    }
}

/// @notice Threat 60 through GridNFT, which is a stranger to the settlement whoever calls it.
contract PartMintAttacks is NftGridBase {
    Settlement private _whole;
    bytes private _packed;

    function setUp() public override {
        super.setUp();
        Body memory body = _body(_prompts("a neon city"));
        body.artworks = new BodyArtwork[](4);
        for (uint256 i; i < 4; ++i) {
            body.artworks[i].index = uint8(i);
            body.artworks[i].completedAt = uint40(block.timestamp);
            body.artworks[i].imageHash = keccak256(abi.encode("image", i));
        }
        Settlement memory item = _order(body, 1);
        _whole.order = item.order;
        _whole.orderSignature = item.orderSignature;
        for (uint256 i; i < 4; ++i) {
            _whole.receipts.push(item.receipts[i]);
        }
        _packed = NftBody.pack(body);
    }

    function test_T60_APartThroughSettleAndMint() external {
        Settlement[] memory items = new Settlement[](1);
        items[0] = _pick(_whole, 1);
        bytes memory reason = abi.encodeWithSelector(
            IGridNFT.GridNFT_SettlementFailed.selector, 0, IGridSettlement.GridSettlement_OrderIncomplete.selector
        );
        address[3] memory callers = [requester.addr, worker.addr, stranger];
        for (uint256 i; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(reason);
            nft.settleAndMint(0, items, _packed, _noProof(), callers[i], 4e18);
        }
        assertFalse(settlement.isNonceUsed(payer.addr, 1));
    }

    function test_T60_APartAheadOfAMint() external {
        // A front-runner of the mint can't make one of its four images unmintable by a part.
        vm.prank(thief.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_OrderIncomplete.selector, 3, 4, thief.addr)
        );
        settlement.settle(_pick(_whole, 7));
        Settlement[] memory items = new Settlement[](1);
        items[0] = _whole;
        uint256[] memory places = new uint256[](4);
        for (uint256 i; i < 4; ++i) {
            places[i] = i;
        }
        ReceiptProof[] memory proofs = new ReceiptProof[](1);
        proofs[0] = NftTree.proveMany(NftTree.build(_leaves(items[0])), places);
        vm.prank(requester.addr);
        nft.settleAndMint(0, items, _packed, proofs, requester.addr, 4e18);
        assertEq(nft.balanceOf(requester.addr), 4);
    }
}

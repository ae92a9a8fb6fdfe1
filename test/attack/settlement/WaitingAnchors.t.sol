// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridNFT} from "../../../contracts/interfaces/IGridNFT.sol";
import {IGridSettlement, Settlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {IWorkerRegistry} from "../../../contracts/interfaces/IWorkerRegistry.sol";
import {JobReceipt, LaneConfig} from "../../../contracts/messages/GridMessages.sol";
import {GridRoles} from "../../../contracts/governance/GridRoles.sol";
import {Body, NftBody} from "../../utils/NftBody.sol";
import {NftGridBase} from "../../utils/NftGridBase.sol";

/// @notice Threat 62: an order of one image, paid while its worker's bond is below the minimum.
contract WaitingAnchorAttacks is NftGridBase {
    Settlement private _item;
    bytes private _packed;
    bytes32 private _root;

    function setUp() public override {
        super.setUp();
        Body memory body = _body(_prompts("a picture"));
        body.artworks[0].completedAt = uint40(block.timestamp);
        Settlement memory item = _order(body, 1);
        _item.order = item.order;
        _item.orderSignature = item.orderSignature;
        _item.receipts.push(item.receipts[0]);
        _packed = NftBody.pack(body);
        _root = _rootOf(item);
    }

    function test_T62_UnbondSettleCancelConfirmMint() external {
        _unbond(BOND);
        settlement.settle(_item);
        assertEq(settlement.earnedOf(worker.addr), 0.0425e18, "it is paid");
        _expectUnmintable();
        vm.prank(worker.addr);
        registry.cancelUnbond();
        _expectUnmintable();

        skip(3 days);
        vm.roll(block.number + 129_600);
        vm.prank(stranger);
        settlement.confirmAnchor(payer.addr, _root);
        _mintIt();
        (, uint40 time, uint40 blockNumber) = settlement.anchorOf(0, payer.addr, _root);
        assertEq(time, block.timestamp, "no back-dated anchor");
        assertEq(blockNumber, block.number);
    }

    function test_T62_ASlashBelowTheMinimum() external {
        _slash(1);
        _slash(2);
        settlement.settle(_item);
        _expectUnbonded();
        _topUp(BOND);
        settlement.confirmAnchor(payer.addr, _root);
        _mintIt();
    }

    function test_T62_ARaisedMinimum() external {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = IWorkerRegistry.setMinBond.selector;
        manager.setTargetFunctionRole(address(registry), selectors, GridRoles.PARAMS);
        _unbond(1);
        vm.prank(params);
        registry.setMinBond(2000e18);
        vm.warp(_item.order.deadline);
        assertTrue(registry.isBonded(worker.addr), "the notice runs");
        // The order is signed again, a week later, in the first second of the new minimum.
        skip(7 days);
        Body memory body = _body(_prompts("a picture"));
        _settleLate(body);
        _expectUnbonded();
        _topUp(1);
        settlement.confirmAnchor(payer.addr, _root);
        _mintIt();
    }

    function test_T62_ConfirmedOnce() external {
        _unbond(BOND);
        settlement.settle(_item);
        vm.prank(worker.addr);
        registry.cancelUnbond();
        settlement.confirmAnchor(payer.addr, _root);
        (, uint40 time,) = settlement.anchorOf(0, payer.addr, _root);
        // Confirming it again moves no anchor's time, dipping and settling again neither.
        skip(10 minutes);
        _expectNotWaiting(payer.addr, _root);
        _unbond(BOND);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_NonceUsed.selector, payer.addr, 1));
        settlement.settle(_item);
        vm.prank(worker.addr);
        registry.cancelUnbond();
        _expectNotWaiting(payer.addr, _root);
        (, uint40 later,) = settlement.anchorOf(0, payer.addr, _root);
        assertEq(later, time);
    }

    function test_T62_RootsThatDoNotWait() external {
        // A lane's root that was collected in the dip, an unknown one, another payer's: none can be confirmed.
        LaneConfig memory config = _laneConfig();
        bytes32 laneId = _open(config, FUNDS);
        _unbond(BOND);
        settlement.settle(_item);
        _collect(config, _voucher(laneId, MODEL, 1e18, keccak256("root of a lane")));
        vm.prank(worker.addr);
        registry.cancelUnbond();
        _expectNotWaiting(payer.addr, keccak256("root of a lane"));
        _expectNotWaiting(payer.addr, keccak256("unknown"));
        _expectNotWaiting(thief.addr, _root);
        // The voucher is collected again, now that its worker is bonded: that anchors it on its lane.
        _collect(config, _voucher(laneId, MODEL, 1e18, keccak256("root of a lane")));
        (address by,,) = settlement.anchorOf(laneId, payer.addr, keccak256("root of a lane"));
        assertEq(by, worker.addr);
    }

    function test_T62_SettleAndMintInADipPaysNothing() external {
        _unbond(BOND);
        uint128 before = _balance(payer.addr);
        Settlement[] memory items = new Settlement[](1);
        items[0] = _item;
        vm.expectRevert(_notAnchored());
        vm.prank(requester.addr);
        nft.settleAndMint(0, items, _packed, _noProof(), requester.addr, 1e18);
        assertEq(_balance(payer.addr), before, "as a whole");
        assertFalse(settlement.isNonceUsed(payer.addr, 1));
        // Paid apart it waits, and settleAndMint takes it once it is confirmed.
        settlement.settle(_item);
        vm.prank(worker.addr);
        registry.cancelUnbond();
        settlement.confirmAnchor(payer.addr, _root);
        vm.prank(requester.addr);
        nft.settleAndMint(0, items, _packed, _noProof(), requester.addr, 1e18);
        assertEq(nft.ownerOf(1001), requester.addr);
    }

    function test_T62_ConfirmedTooLateToMint() external {
        // A known limit: GridNFT takes receipts completed at most 30 days before their anchor.
        uint256 completedAt = block.timestamp;
        _unbond(BOND);
        settlement.settle(_item);
        vm.prank(worker.addr);
        registry.cancelUnbond();
        vm.warp(completedAt + 30 days);
        uint256 snapshot = vm.snapshotState();
        settlement.confirmAnchor(payer.addr, _root);
        _mintIt();
        vm.revertToState(snapshot);
        skip(1);
        settlement.confirmAnchor(payer.addr, _root);
        vm.expectRevert(
            abi.encodeWithSelector(IGridNFT.GridNFT_BadCompletionTime.selector, completedAt, completedAt + 30 days + 1)
        );
        vm.prank(requester.addr);
        nft.mint(_packed, _noProof(), requester.addr, 1e18);
    }

    function test_T62_ABondForOneTransactionIsHeld() external {
        // A worker that bonds only to confirm has its whole bond in reach of a slash for another 14 days.
        _unbond(BOND);
        skip(1 minutes);
        settlement.settle(_item);
        vm.prank(worker.addr);
        registry.cancelUnbond();
        settlement.confirmAnchor(payer.addr, _root);
        _unbond(BOND);
        uint256 releaseAt = registry.workerOf(worker.addr).releaseAt;
        assertEq(releaseAt, block.timestamp + 14 days);
        _slash(1);
        assertEq(registry.stakeOf(worker.addr), BOND - 1000e18);
    }

    // ---------------------------------------------------------------- help

    function _unbond(uint128 amount) private {
        vm.prank(worker.addr);
        registry.announceUnbond(amount);
    }

    function _topUp(uint128 amount) private {
        aipg.mint(worker.addr, amount);
        vm.startPrank(worker.addr);
        aipg.approve(address(registry), amount);
        registry.addBond(worker.addr, amount);
        vm.stopPrank();
    }

    /// @dev Takes a minimum bond for two images of one job.
    function _slash(uint256 job) private {
        JobReceipt memory a;
        a.worker = worker.addr;
        a.orderHash = bytes32(job);
        JobReceipt memory b = abi.decode(abi.encode(a), (JobReceipt));
        b.imageHash = keccak256("another picture");
        settlement.slashEquivocation(a, _sign(worker, _receiptDigest(a)), b, _sign(worker, _receiptDigest(b)));
    }

    function _settleLate(Body memory body) private {
        body.artworks[0].completedAt = uint40(block.timestamp);
        Settlement memory item = _order(body, 2);
        _packed = NftBody.pack(body);
        _root = settlement.settle(item);
    }

    function _notAnchored() private view returns (bytes memory) {
        return abi.encodeWithSelector(IGridNFT.GridNFT_NotAnchored.selector, 0, bytes32(0), payer.addr, _root);
    }

    function _expectUnmintable() private {
        vm.expectRevert(_notAnchored());
        vm.prank(requester.addr);
        nft.mint(_packed, _noProof(), requester.addr, 1e18);
    }

    function _expectUnbonded() private {
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_WorkerNotBonded.selector, worker.addr));
        settlement.confirmAnchor(payer.addr, _root);
        _expectUnmintable();
    }

    function _expectNotWaiting(address who, bytes32 root) private {
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_AnchorNotWaiting.selector, who, root));
        settlement.confirmAnchor(who, root);
    }

    function _mintIt() private {
        vm.prank(requester.addr);
        nft.mint(_packed, _noProof(), requester.addr, 1e18);
        assertEq(nft.ownerOf(1001), requester.addr);
        assertTrue(nft.verify(1001));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

import {AIGC} from "../../../contracts/AIGC.sol";
import {Access, ModelFamily, ModelKind, ModelSpec} from "../../../contracts/interfaces/IAIGC.sol";
import {IGridSettlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {LaneConfig} from "../../../contracts/messages/GridMessages.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";

/// @dev AIGC and GridSettlement as they are deployed: who gets what a model earned.
contract ModelRoyaltyAttacksTest is SettlementBase {
    AIGC internal aigc;
    uint256 internal modelId;
    LaneConfig internal config;
    bytes32 internal laneId;
    address internal buyer = makeAddr("buyer");

    function setUp() public override {
        super.setUp();
        aigc = AIGC(
            address(
                new ERC1967Proxy(
                    address(new AIGC(aipg)), abi.encodeCall(AIGC.initialize, (address(manager), treasury, 0))
                )
            )
        );
        settlement = _deploySettlement(aigc);
        registry = settlement.registry();
        modelId = aigc.register(
            ModelSpec({
                name: "Model",
                version: "1",
                family: ModelFamily.SDXL,
                kind: ModelKind.CHECKPOINT,
                baseModelId: 0,
                weightsHash: keccak256("weights"),
                weightsURI: "",
                license: "MIT",
                previewCid: "",
                usageBps: ROYALTY_BPS,
                resaleBps: 0,
                access: Access.OPEN
            }),
            modelOwner,
            0
        );
        config = _laneConfig();
        laneId = _open(config, FUNDS);
    }

    /// @dev What a model earned and nobody claimed travels with the token.
    function testFuzz_T50_APastOwnerCannotClaim(uint128 price) external {
        price = uint128(bound(price, 10, FUNDS));
        _collect(config, _voucher(laneId, modelId, price, 0));
        vm.prank(modelOwner);
        aigc.transferFrom(modelOwner, buyer, modelId);

        (, uint128 royalty,) = settlement.splitOf(price, PROTOCOL_BPS, ROYALTY_BPS);
        vm.assume(royalty != 0);
        _expectNotOwner(buyer, modelOwner);
        vm.prank(buyer);
        assertEq(settlement.claimModelRoyalty(modelId), royalty);
        assertEq(aipg.balanceOf(modelOwner), 0);
        assertEq(aipg.balanceOf(buyer), royalty);
    }

    /// @dev A seller that wants what was earned claims before it sells; the buyer gets what comes after.
    function test_T50_WhatWasClaimedBeforeTheSaleStaysWithTheSeller() external {
        _collect(config, _voucher(laneId, modelId, 100e18, 0));
        vm.startPrank(modelOwner);
        settlement.claimModelRoyalty(modelId);
        aigc.transferFrom(modelOwner, buyer, modelId);
        vm.stopPrank();
        _collect(config, _voucher(laneId, modelId, 150e18, 0));
        vm.prank(buyer);
        settlement.claimModelRoyalty(modelId);
        assertEq(aipg.balanceOf(modelOwner), 10e18);
        assertEq(aipg.balanceOf(buyer), 5e18);
    }

    /// @dev The ERC-4907 user and the creator have the use and the resale royalty, not the earnings.
    function test_T50_NeitherUserNorCreatorIsPaid() external {
        vm.startPrank(modelOwner);
        aigc.transferFrom(modelOwner, buyer, modelId);
        vm.stopPrank();
        vm.prank(buyer);
        aigc.setUser(modelId, stranger, type(uint64).max);
        _collect(config, _voucher(laneId, modelId, 100e18, 0));
        _expectNotOwner(buyer, stranger);
        _expectNotOwner(buyer, modelOwner);
        vm.prank(buyer);
        settlement.claimModelRoyalty(modelId);
        assertEq(aipg.balanceOf(buyer), 10e18);
        assertEq(aipg.balanceOf(stranger), 0);
        assertEq(aipg.balanceOf(modelOwner), 0);
    }

    /// @dev An owner that announces the highest royalty: work of the next seven days costs what it cost, and a lane that
    /// collected before keeps its rate for as long as the settlement promises.
    function test_T36_AnAnnouncedRoyaltyLeavesTodaysWorkAlone() external {
        _collect(config, _voucher(laneId, modelId, 100e18, 0));
        vm.prank(modelOwner);
        aigc.announceUsageRoyalty(modelId, 2000);
        skip(7 days - 1);
        _collect(config, _voucher(laneId, modelId, 200e18, 0));
        assertEq(settlement.modelEarnedOf(modelId), 20e18);
        skip(1);
        _collect(config, _voucher(laneId, modelId, 300e18, 0));
        assertEq(settlement.modelEarnedOf(modelId), 30e18, "the lane's rate is frozen");
        skip(83 days);
        _collect(config, _voucher(laneId, modelId, 400e18, 0));
        assertEq(settlement.modelEarnedOf(modelId), 50e18, "for 90 days");
    }

    /// @dev A paused AIGC stops neither a payment nor a royalty.
    function test_T37d_APausedRegistryStopsNoPayment() external {
        aigc.pause(); // this contract is ADMIN
        _collect(config, _voucher(laneId, modelId, 100e18, 0));
        vm.prank(modelOwner);
        settlement.claimModelRoyalty(modelId);
        assertEq(aipg.balanceOf(modelOwner), 10e18);
    }

    /// @dev A worker whose bond is on its way out is paid, and anchors nothing.
    function test_T37h_ALeavingWorkerIsPaidButAnchorsNothing() external {
        _bond(worker.addr, BOND);
        bytes32 root = keccak256("root");
        vm.prank(worker.addr);
        registry.announceUnbond(BOND);
        assertEq(_collect(config, _voucher(laneId, modelId, 100e18, root)), 100e18);
        (address anchoredBy,,) = settlement.anchorOf(laneId, payer.addr, root);
        assertEq(anchoredBy, address(0));
        vm.prank(worker.addr);
        registry.cancelUnbond();
        root = keccak256("another root");
        _collect(config, _voucher(laneId, modelId, 110e18, root));
        (anchoredBy,,) = settlement.anchorOf(laneId, payer.addr, root);
        assertEq(anchoredBy, worker.addr);
    }

    /// @dev A passer-by claims just before a purchase that names what the model has earned, to void it.
    function test_T50_NobodyPushesTheEarningsOut() external {
        _collect(config, _voucher(laneId, modelId, 100e18, 0));
        _expectNotOwner(modelOwner, stranger);
        _expectNotOwner(modelOwner, payer.addr);
        _expectNotOwner(modelOwner, worker.addr);
        assertEq(settlement.modelEarnedOf(modelId), 10e18);
    }

    function _expectNotOwner(address owner, address caller) private {
        vm.prank(caller);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_NotModelOwner.selector, modelId, owner, caller)
        );
        settlement.claimModelRoyalty(modelId);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IAIGC, ModelSpec} from "../../../contracts/interfaces/IAIGC.sol";
import {AigcBase} from "../../utils/AigcBase.sol";

contract RoyaltyTest is AigcBase {
    // ---------------------------------------------------------------- setRoyaltyReceiver

    function test_SetRoyaltyReceiver_RevertWhen_TheModelDoesNotExist() external {
        _expectUnknown(1);
        aigc.setRoyaltyReceiver(1, bob);
    }

    function test_SetRoyaltyReceiver_RevertWhen_TheCallerIsNotTheCreator() external {
        uint256 modelId = _register(alice);
        vm.prank(alice);
        aigc.transferFrom(alice, bob, modelId);
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_NotCreator.selector, modelId, bob));
        vm.prank(bob);
        aigc.setRoyaltyReceiver(modelId, bob);
    }

    function test_SetRoyaltyReceiver_RevertWhen_TheReceiverIsTheZeroAddress() external {
        uint256 modelId = _register(alice);
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_ZeroAddress.selector, "receiver"));
        vm.prank(alice);
        aigc.setRoyaltyReceiver(modelId, address(0));
    }

    function test_SetRoyaltyReceiver_WhenTheCreatorCalls() external {
        uint256 modelId = _register(alice);
        vm.expectEmit(address(aigc));
        emit IAIGC.RoyaltyReceiverSet(modelId, mallory);
        vm.prank(alice);
        aigc.setRoyaltyReceiver(modelId, mallory);
        (address receiver, uint256 amount) = aigc.royaltyInfo(modelId, 1e18);
        assertEq(receiver, mallory);
        assertEq(amount, 0.025e18);
        assertEq(aigc.modelOf(modelId).creator, alice, "the creator stays");
        // Named by mistake? The creator can name another.
        vm.prank(alice);
        aigc.setRoyaltyReceiver(modelId, bob);
        (receiver,) = aigc.royaltyInfo(modelId, 1e18);
        assertEq(receiver, bob);
    }

    // ---------------------------------------------------------------- royaltyInfo

    function testFuzz_RoyaltyInfo_WhenThereIsNoSuchModel(uint256 modelId, uint256 price) external view {
        (address receiver, uint256 amount) = aigc.royaltyInfo(modelId, price);
        assertEq(receiver, address(0));
        assertEq(amount, 0);
    }

    function testFuzz_RoyaltyInfo_WhenThePriceIsAnyNumber(uint16 bps, uint256 price) external {
        ModelSpec memory spec = _spec();
        spec.resaleBps = uint16(bound(bps, 0, 1000));
        uint256 modelId = _register(bob, spec);
        (address receiver, uint256 amount) = aigc.royaltyInfo(modelId, price);
        assertEq(receiver, bob);
        assertEq(amount, Math.mulDiv(price, spec.resaleBps, 10_000));
        assertLe(amount, price / 10);
    }

    function test_RoyaltyInfo_GivenTheTokenWasSold() external {
        uint256 modelId = _register(alice);
        vm.prank(alice);
        aigc.transferFrom(alice, bob, modelId);
        (address receiver,) = aigc.royaltyInfo(modelId, 1e18);
        assertEq(receiver, alice);
    }

    // ---------------------------------------------------------------- usageRoyaltyBps

    /// @dev 0 would be taken for a model that asks for nothing, and the settlement would keep that rate.
    function testFuzz_UsageRoyaltyBps_RevertWhen_ThereIsNoModelOfThatId(uint256 modelId) external {
        _register(alice);
        modelId = modelId == 1 ? 0 : modelId;
        _expectUnknown(modelId);
        aigc.usageRoyaltyBps(modelId);
        assertEq(aigc.weightsHash(modelId), 0);
    }

    function testFuzz_UsageRoyaltyBps_WhenThereIsOne(uint16 bps) external {
        ModelSpec memory spec = _spec();
        spec.usageBps = uint16(bound(bps, 0, 2000));
        assertEq(aigc.usageRoyaltyBps(_register(alice, spec)), spec.usageBps);
    }
}

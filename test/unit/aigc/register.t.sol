// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";
import {IERC20Errors, IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {Access, IAIGC, Model, ModelFamily, ModelKind, ModelSpec} from "../../../contracts/interfaces/IAIGC.sol";
import {JsonText} from "../../../contracts/messages/JsonText.sol";
import {AigcBase} from "../../utils/AigcBase.sol";

contract RegisterTest is AigcBase {
    function test_RevertGiven_RegisteringIsPaused() external {
        vm.prank(guardian);
        aigc.pause();
        _expectError(abi.encodeWithSelector(PausableUpgradeable.EnforcedPause.selector), _spec());
    }

    function testFuzz_RevertWhen_TheFeeIsAboveWhatTheCallerAgreedTo(uint128 fee, uint128 maxFee) external {
        fee = uint128(bound(fee, 1, aigc.MAX_REGISTRATION_FEE()));
        maxFee = uint128(bound(maxFee, 0, fee - 1));
        vm.prank(params);
        aigc.setRegistrationFee(fee);
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_FeeAboveMax.selector, fee, maxFee));
        vm.prank(alice);
        aigc.register(_spec(), alice, maxFee);
    }

    function test_RevertWhen_TheNameIsEmpty() external {
        ModelSpec memory spec = _spec();
        spec.name = "";
        _expectError(abi.encodeWithSelector(JsonText.JsonText_Empty.selector, "name"), spec);
    }

    function test_RevertWhen_TheLicenseIsEmpty() external {
        ModelSpec memory spec = _spec();
        spec.license = "";
        _expectError(abi.encodeWithSelector(JsonText.JsonText_Empty.selector, "license"), spec);
    }

    function test_RevertWhen_ATextIsLongerThanAllowed() external {
        uint16[5] memory caps = [64, 32, 512, 256, 128];
        for (uint256 i; i < caps.length; ++i) {
            (ModelSpec memory spec, string memory field) = _with(i, _text(caps[i] + 1));
            _expectError(
                abi.encodeWithSelector(JsonText.JsonText_TooLong.selector, field, uint256(caps[i]) + 1, caps[i]), spec
            );
            (spec,) = _with(i, _text(caps[i]));
            _register(alice, spec);
        }
    }

    function test_RevertWhen_ATextHoldsAControlCharacter() external {
        for (uint256 i; i < 4; ++i) {
            (ModelSpec memory spec, string memory field) = _with(i, "two\nlines");
            _expectError(abi.encodeWithSelector(JsonText.JsonText_Invalid.selector, field, 3), spec);
        }
    }

    function test_RevertWhen_ATextIsNotUTF8() external {
        for (uint256 i; i < 4; ++i) {
            (ModelSpec memory spec, string memory field) = _with(i, string(bytes(hex"6162c328")));
            _expectError(abi.encodeWithSelector(JsonText.JsonText_Invalid.selector, field, 2), spec);
        }
    }

    function test_RevertWhen_ThePreviewIsNotACID() external {
        string[6] memory faults = ["Qm/..", "Qm?a=", "Qm a", "Qm\"", "Qm[", "Qm`"];
        for (uint256 i; i < faults.length; ++i) {
            (ModelSpec memory spec,) = _with(4, faults[i]);
            _expectError(abi.encodeWithSelector(IAIGC.AIGC_InvalidPreviewCid.selector, 2), spec);
        }
        (ModelSpec memory bounds,) = _with(4, "09AZaz");
        _register(alice, bounds);
    }

    function test_RevertWhen_TheWeightsHashIsZero() external {
        ModelSpec memory spec = _spec();
        spec.weightsHash = 0;
        _expectError(abi.encodeWithSelector(IAIGC.AIGC_EmptyWeightsHash.selector), spec);
    }

    function testFuzz_RevertWhen_TheUsageRoyaltyIsAboveItsCap(uint16 bps) external {
        ModelSpec memory spec = _spec();
        spec.usageBps = uint16(bound(bps, 2001, type(uint16).max));
        _expectError(abi.encodeWithSelector(IAIGC.AIGC_UsageRoyaltyTooHigh.selector, spec.usageBps, uint16(2000)), spec);
    }

    function testFuzz_RevertWhen_TheResaleRoyaltyIsAboveItsCap(uint16 bps) external {
        ModelSpec memory spec = _spec();
        spec.resaleBps = uint16(bound(bps, 1001, type(uint16).max));
        _expectError(
            abi.encodeWithSelector(IAIGC.AIGC_ResaleRoyaltyTooHigh.selector, spec.resaleBps, uint16(1000)), spec
        );
    }

    function testFuzz_RevertWhen_TheBaseModelDoesNotExist(uint256 baseModelId) external {
        _register(alice);
        ModelSpec memory spec = _spec();
        // The id that this very registration would get doesn't exist yet either.
        spec.baseModelId = bound(baseModelId, 2, type(uint256).max);
        _expectError(abi.encodeWithSelector(IAIGC.AIGC_UnknownBaseModel.selector, spec.baseModelId), spec);
    }

    function test_RevertWhen_TheReceiverIsTheZeroAddress() external {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, address(0)));
        vm.prank(alice);
        aigc.register(_spec(), address(0), FEE);
    }

    function test_RevertWhen_TheReceiverIsAContractThatDoesNotTakeTokens() external {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, address(aipg)));
        vm.prank(alice);
        aigc.register(_spec(), address(aipg), FEE);
    }

    function test_RevertWhen_TheCallerCannotPayTheFee() external {
        address poor = makeAddr("poor");
        vm.prank(poor);
        aipg.approve(address(aigc), FEE);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, poor, 0, FEE));
        vm.prank(poor);
        aigc.register(_spec(), poor, FEE);
    }

    function testFuzz_WhenEverythingIsRight(bytes32 weightsHash, uint16 usageBps, uint16 resaleBps, uint8 choice)
        external
    {
        vm.assume(weightsHash != 0);
        ModelSpec memory spec = _spec();
        spec.weightsHash = weightsHash;
        spec.usageBps = uint16(bound(usageBps, 0, 2000));
        spec.resaleBps = uint16(bound(resaleBps, 0, 1000));
        spec.family = ModelFamily(choice % 9);
        spec.kind = ModelKind(choice % 7);
        spec.access = Access(choice % 3);

        uint256 before = aipg.balanceOf(alice);
        vm.expectEmit(address(aigc));
        emit IAIGC.ModelRegistered(1, bob, weightsHash, spec, alice, FEE);
        assertEq(_register(bob, spec), 1);
        assertEq(_register(bob, spec), 2);

        Model memory model = aigc.modelOf(1);
        assertEq(abi.encode(model.spec), abi.encode(spec));
        assertEq(model.modelId, 1);
        assertEq(model.creator, bob);
        assertEq(model.registeredAt, block.timestamp);
        assertFalse(model.verified);
        assertFalse(model.deprecated);
        assertEq(model.nextUsageFrom, 0);
        assertEq(model.licensePeriod, 0);
        assertEq(aigc.ownerOf(1), bob);
        assertEq(aigc.balanceOf(bob), 2);
        assertEq(aigc.totalSupply(), 2);
        assertEq(aigc.weightsHash(1), weightsHash);
        assertEq(aigc.usageRoyaltyBps(1), spec.usageBps);
        assertEq(aipg.balanceOf(treasury), 2 * FEE);
        assertEq(aipg.balanceOf(alice), before - 2 * FEE);
        assertEq(aipg.balanceOf(address(aigc)), 0);
    }

    function test_GivenTheFeeIsZero() external {
        vm.prank(params);
        aigc.setRegistrationFee(0);
        // No allowance, no balance, and AIPG may even be paused.
        aipg.pause();
        vm.prank(mallory);
        aigc.register(_spec(), mallory, FEE);
        assertEq(aigc.ownerOf(1), mallory);
    }

    function test_GivenTheSameWeightsWereRegisteredBefore() external {
        _register(alice);
        _register(bob);
        assertEq(aigc.weightsHash(1), aigc.weightsHash(2));
    }

    function test_GivenTheBaseModelExists() external {
        _register(alice);
        ModelSpec memory spec = _spec();
        spec.kind = ModelKind.LORA;
        spec.baseModelId = 1;
        assertEq(aigc.modelOf(_register(bob, spec)).spec.baseModelId, 1);
    }

    // ---------------------------------------------------------------- helpers

    function _expectError(bytes memory reason, ModelSpec memory spec) internal {
        vm.expectRevert(reason);
        vm.prank(alice);
        aigc.register(spec, alice, FEE);
    }

    /// @dev The model with its text field number `i` set.
    function _with(uint256 i, string memory text) internal pure returns (ModelSpec memory spec, string memory field) {
        spec = _spec();
        if (i == 0) (spec.name, field) = (text, "name");
        if (i == 1) (spec.version, field) = (text, "version");
        if (i == 2) (spec.weightsURI, field) = (text, "weightsURI");
        if (i == 3) (spec.license, field) = (text, "license");
        if (i == 4) (spec.previewCid, field) = (text, "previewCid");
    }

    function _text(uint256 length) internal pure returns (string memory) {
        bytes memory text = new bytes(length);
        for (uint256 i; i < length; ++i) {
            text[i] = "x";
        }
        return string(text);
    }
}

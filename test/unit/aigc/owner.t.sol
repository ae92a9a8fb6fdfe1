// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";

import {Access, IAIGC, Model} from "../../../contracts/interfaces/IAIGC.sol";
import {JsonText} from "../../../contracts/messages/JsonText.sol";
import {AigcBase} from "../../utils/AigcBase.sol";

contract OwnerTest is AigcBase {
    uint256 internal modelId;

    function setUp() public override {
        super.setUp();
        // bob owns what alice paid for: paying for it gives her no say.
        modelId = _register(bob);
    }

    // ---------------------------------------------------------------- setWeightsURI

    function test_SetWeightsURI_RevertWhen_TheModelDoesNotExist() external {
        _expectUnknown(9);
        aigc.setWeightsURI(9, "ipfs://x");
    }

    function test_SetWeightsURI_RevertWhen_TheCallerIsNotTheOwner() external {
        // An operator may transfer the token, not change its model.
        vm.prank(bob);
        aigc.setApprovalForAll(alice, true);
        _expectNotOwner(modelId, alice);
        vm.prank(alice);
        aigc.setWeightsURI(modelId, "ipfs://x");
    }

    function test_SetWeightsURI_RevertWhen_TheTextIsTooLong() external {
        string memory uri = string(new bytes(513));
        vm.expectRevert(abi.encodeWithSelector(JsonText.JsonText_TooLong.selector, "weightsURI", 513, 512));
        vm.prank(bob);
        aigc.setWeightsURI(modelId, uri);
    }

    function test_SetWeightsURI_RevertWhen_TheTextIsNotText() external {
        vm.expectRevert(abi.encodeWithSelector(JsonText.JsonText_Invalid.selector, "weightsURI", 7));
        vm.prank(bob);
        aigc.setWeightsURI(modelId, "ipfs://\x7f");
    }

    function test_SetWeightsURI_WhenTheURIIsNew() external {
        vm.expectEmit(address(aigc));
        emit IAIGC.WeightsMoved(modelId, "ipfs://weights");
        vm.expectEmit(address(aigc));
        emit IERC4906.MetadataUpdate(modelId);
        vm.prank(bob);
        aigc.setWeightsURI(modelId, "ipfs://weights");
        assertEq(aigc.modelOf(modelId).spec.weightsURI, "ipfs://weights");
        assertEq(_shown(modelId), 1);
    }

    function test_SetWeightsURI_WhenTheURIIsTheSame() external {
        string memory uri = _spec().weightsURI;
        vm.recordLogs();
        vm.prank(bob);
        aigc.setWeightsURI(modelId, uri);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(_shown(modelId), 0);
    }

    // ---------------------------------------------------------------- setAccess

    function test_SetAccess_RevertWhen_TheModelDoesNotExist() external {
        _expectUnknown(0);
        aigc.setAccess(0, Access.OPEN);
    }

    function test_SetAccess_RevertWhen_TheCallerIsNotTheOwner() external {
        _expectNotOwner(modelId, alice);
        vm.prank(alice);
        aigc.setAccess(modelId, Access.PRIVATE);
    }

    function test_SetAccess_WhenTheAccessIsNew() external {
        vm.startPrank(bob);
        vm.expectEmit(address(aigc));
        emit IAIGC.AccessSet(modelId, Access.PRIVATE);
        vm.expectEmit(address(aigc));
        emit IERC4906.MetadataUpdate(modelId);
        aigc.setAccess(modelId, Access.PRIVATE);
        assertEq(uint8(aigc.modelOf(modelId).spec.access), uint8(Access.PRIVATE));
        aigc.setAccess(modelId, Access.LICENSED);
        assertEq(uint8(aigc.modelOf(modelId).spec.access), uint8(Access.LICENSED));
        assertEq(_shown(modelId), 2);
    }

    function test_SetAccess_WhenTheAccessIsTheSame() external {
        vm.recordLogs();
        vm.prank(bob);
        aigc.setAccess(modelId, Access.OPEN);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(_shown(modelId), 0);
    }

    // ---------------------------------------------------------------- announceUsageRoyalty

    function test_AnnounceUsageRoyalty_RevertWhen_TheModelDoesNotExist() external {
        _expectUnknown(2);
        aigc.announceUsageRoyalty(2, 0);
    }

    function test_AnnounceUsageRoyalty_RevertWhen_TheCallerIsNotTheOwner() external {
        _expectNotOwner(modelId, mallory);
        vm.prank(mallory);
        aigc.announceUsageRoyalty(modelId, 0);
    }

    function testFuzz_AnnounceUsageRoyalty_RevertWhen_TheRoyaltyIsAboveItsCap(uint16 bps) external {
        bps = uint16(bound(bps, 2001, type(uint16).max));
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_UsageRoyaltyTooHigh.selector, bps, uint16(2000)));
        vm.prank(bob);
        aigc.announceUsageRoyalty(modelId, bps);
    }

    function testFuzz_AnnounceUsageRoyalty_WhenTheRoyaltyIsAnnounced(uint16 bps, uint256 wait) external {
        bps = uint16(bound(bps, 0, 2000));
        uint256 start = block.timestamp;
        vm.expectEmit(address(aigc));
        emit IAIGC.UsageRoyaltyAnnounced(modelId, 500, bps, uint40(start + 7 days));
        vm.expectEmit(address(aigc));
        emit IERC4906.MetadataUpdate(modelId);
        vm.prank(bob);
        aigc.announceUsageRoyalty(modelId, bps);
        assertEq(_shown(modelId), 1);

        vm.warp(start + bound(wait, 0, 7 days - 1));
        assertEq(aigc.usageRoyaltyBps(modelId), 500);
        vm.warp(start + 7 days - 1);
        assertEq(aigc.usageRoyaltyBps(modelId), 500);
        vm.warp(start + 7 days);
        assertEq(aigc.usageRoyaltyBps(modelId), bps);
        vm.warp(start + 7 days + bound(wait, 0, 36_500 days));
        assertEq(aigc.usageRoyaltyBps(modelId), bps);
    }

    function test_AnnounceUsageRoyalty_WhenTheSameRoyaltyIsAnnouncedTwiceInABlock() external {
        vm.startPrank(bob);
        aigc.announceUsageRoyalty(modelId, 100);
        vm.recordLogs();
        aigc.announceUsageRoyalty(modelId, 100);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(_shown(modelId), 1);
        // Another rate, or another second, is another announcement.
        aigc.announceUsageRoyalty(modelId, 101);
        assertEq(_shown(modelId), 2);
        skip(1);
        aigc.announceUsageRoyalty(modelId, 101);
        assertEq(_shown(modelId), 3);
        assertEq(aigc.modelOf(modelId).nextUsageFrom, block.timestamp + 7 days);
    }

    function test_AnnounceUsageRoyalty_GivenAnAnnouncementIsNotInForceYet() external {
        uint256 start = block.timestamp;
        vm.prank(bob);
        aigc.announceUsageRoyalty(modelId, 2000);
        vm.warp(start + 6 days);
        vm.expectEmit(address(aigc));
        emit IAIGC.UsageRoyaltyAnnounced(modelId, 500, 100, uint40(start + 13 days));
        vm.prank(bob);
        aigc.announceUsageRoyalty(modelId, 100);

        vm.warp(start + 7 days);
        assertEq(aigc.usageRoyaltyBps(modelId), 500, "the first announcement is void");
        vm.warp(start + 13 days - 1);
        assertEq(aigc.usageRoyaltyBps(modelId), 500);
        vm.warp(start + 13 days);
        assertEq(aigc.usageRoyaltyBps(modelId), 100);
    }

    function test_AnnounceUsageRoyalty_GivenAnAnnouncementIsInForce() external {
        uint256 start = block.timestamp;
        vm.prank(bob);
        aigc.announceUsageRoyalty(modelId, 2000);
        vm.warp(start + 7 days);
        vm.expectEmit(address(aigc));
        emit IAIGC.UsageRoyaltyAnnounced(modelId, 2000, 0, uint40(start + 14 days));
        vm.prank(bob);
        aigc.announceUsageRoyalty(modelId, 0);
        assertEq(aigc.usageRoyaltyBps(modelId), 2000);
        vm.warp(start + 14 days);
        assertEq(aigc.usageRoyaltyBps(modelId), 0);
        Model memory model = aigc.modelOf(modelId);
        assertEq(model.spec.usageBps, 2000);
        assertEq(model.nextUsageBps, 0);
        assertEq(model.nextUsageFrom, start + 14 days);
    }

    // ---------------------------------------------------------------- setLicenseTerms

    function test_SetLicenseTerms_RevertWhen_TheModelDoesNotExist() external {
        _expectUnknown(2);
        aigc.setLicenseTerms(2, 1, 1);
    }

    function test_SetLicenseTerms_RevertWhen_TheCallerIsNotTheOwner() external {
        _expectNotOwner(modelId, mallory);
        vm.prank(mallory);
        aigc.setLicenseTerms(modelId, 0, 36_525 days);
    }

    function testFuzz_SetLicenseTerms_RevertWhen_ThePeriodIsLongerThanAnyLicense(uint32 period) external {
        uint32 longest = aigc.MAX_LICENSE_TERM();
        period = uint32(bound(period, longest + 1, type(uint32).max));
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_PeriodTooLong.selector, period, longest));
        vm.prank(bob);
        aigc.setLicenseTerms(modelId, 1, period);
    }

    function testFuzz_SetLicenseTerms_WhenTheTermsAreWithinBounds(uint128 price, uint32 period) external {
        period = uint32(bound(period, 0, aigc.MAX_LICENSE_TERM()));
        vm.assume(price != 0 || period != 0); // those are the terms of a new model
        vm.recordLogs();
        vm.expectEmit(address(aigc));
        emit IAIGC.LicenseTermsSet(modelId, price, period);
        vm.prank(bob);
        aigc.setLicenseTerms(modelId, price, period);
        assertEq(_count(METADATA_UPDATE), 0);
        Model memory model = aigc.modelOf(modelId);
        assertEq(model.licensePrice, price);
        assertEq(model.licensePeriod, period);
        assertEq(_shown(modelId), 1);
    }

    function test_SetLicenseTerms_WhenTheTermsAreTheSame() external {
        vm.startPrank(bob);
        aigc.setLicenseTerms(modelId, PRICE, PERIOD);
        vm.recordLogs();
        aigc.setLicenseTerms(modelId, PRICE, PERIOD);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(_shown(modelId), 1);
        aigc.setLicenseTerms(modelId, PRICE + 1, PERIOD);
        assertEq(_shown(modelId), 2);
        aigc.setLicenseTerms(modelId, PRICE + 1, PERIOD + 1);
        assertEq(_shown(modelId), 3);
    }
}

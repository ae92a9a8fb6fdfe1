// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Access} from "../../../contracts/interfaces/IAIGC.sol";
import {AigcBase} from "../../utils/AigcBase.sol";

contract CanUseTest is AigcBase {
    address internal carol = makeAddr("carol");

    function testFuzz_CanUse_WhenThereIsNoSuchModel(uint256 modelId) external {
        _register(alice);
        assertFalse(aigc.canUse(bound(modelId, 2, type(uint256).max), alice));
        assertFalse(aigc.canUse(0, alice));
    }

    function test_CanUse_WhenAskedForTheZeroAddress() external {
        assertFalse(aigc.canUse(_register(alice), address(0)));
        assertFalse(aigc.canUse(_licensed(), address(0)));
    }

    function testFuzz_CanUse_GivenTheModelIsOpenToAll(address account) external {
        vm.assume(account != address(0));
        assertTrue(aigc.canUse(_register(alice), account));
    }

    function testFuzz_CanUse_GivenTheModelIsNotOpen(bool isPrivate, uint64 expires) external {
        uint256 modelId = _licensed();
        vm.prank(bob);
        aigc.buyLicense(modelId, bob, 1, PERIOD, PRICE);
        expires = uint64(bound(expires, block.timestamp, type(uint64).max - 1));
        vm.startPrank(alice);
        aigc.setUser(modelId, carol, expires);
        if (isPrivate) aigc.setAccess(modelId, Access.PRIVATE);
        vm.stopPrank();

        assertTrue(aigc.canUse(modelId, alice));
        assertTrue(aigc.canUse(modelId, bob));
        assertTrue(aigc.canUse(modelId, carol));
        assertFalse(aigc.canUse(modelId, mallory));
        vm.warp(block.timestamp + PERIOD + 1);
        assertFalse(aigc.canUse(modelId, bob), "license over");
        vm.warp(expires);
        assertTrue(aigc.canUse(modelId, carol));
        vm.warp(uint256(expires) + 1);
        assertFalse(aigc.canUse(modelId, carol), "user over");
        assertTrue(aigc.canUse(modelId, alice));
    }

    function test_CanUse_GivenALicensedModelBecomesPrivate() external {
        uint256 modelId = _licensed();
        vm.prank(bob);
        aigc.buyLicense(modelId, bob, 1, PERIOD, PRICE);
        vm.prank(alice);
        aigc.setAccess(modelId, Access.PRIVATE);
        assertTrue(aigc.canUse(modelId, bob));
    }

    function test_CanUse_GivenTheTokenWasTransferred() external {
        uint256 modelId = _licensed();
        vm.prank(bob);
        aigc.buyLicense(modelId, bob, 1, PERIOD, PRICE);
        vm.startPrank(alice);
        aigc.setUser(modelId, carol, type(uint64).max);
        aigc.transferFrom(alice, mallory, modelId);
        vm.stopPrank();
        assertTrue(aigc.canUse(modelId, bob));
        assertTrue(aigc.canUse(modelId, mallory));
        assertFalse(aigc.canUse(modelId, alice));
        assertFalse(aigc.canUse(modelId, carol));
    }

    function test_CanUseEach_ShouldAnswerAsCanUseForEach() external {
        uint256 open = _register(alice);
        uint256 licensed = _licensed();
        uint256[] memory modelIds = new uint256[](4);
        (modelIds[0], modelIds[1], modelIds[2], modelIds[3]) = (licensed, open, 99, open);
        bool[] memory answers = aigc.canUseEach(modelIds, bob);
        for (uint256 i; i < 4; ++i) {
            assertEq(answers[i], aigc.canUse(modelIds[i], bob));
        }
        assertFalse(answers[0]);
        assertTrue(answers[1]);
        assertFalse(answers[2]);
    }
}

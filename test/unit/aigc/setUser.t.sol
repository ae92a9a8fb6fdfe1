// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IERC4907} from "../../../contracts/interfaces/IERC4907.sol";
import {AigcBase} from "../../utils/AigcBase.sol";

contract SetUserTest is AigcBase {
    bytes32 internal constant UPDATE_USER = keccak256("UpdateUser(uint256,address,uint64)");

    uint256 internal modelId;
    uint64 internal until;

    function setUp() public override {
        super.setUp();
        modelId = _register(alice);
        until = uint64(block.timestamp + 1 days);
    }

    function test_RevertWhen_TheTokenDoesNotExist() external {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 5));
        aigc.setUser(5, bob, until);
    }

    function test_RevertWhen_TheCallerIsNeitherOwnerNorApproved() external {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, mallory, modelId));
        vm.prank(mallory);
        aigc.setUser(modelId, mallory, until);
    }

    function testFuzz_WhenTheCallerIsTheOwner(address user, uint64 expires) external {
        vm.assume(user != address(0));
        vm.expectEmit(address(aigc));
        emit IERC4907.UpdateUser(modelId, user, expires);
        vm.prank(alice);
        aigc.setUser(modelId, user, expires);
        assertEq(aigc.userOf(modelId), expires >= block.timestamp ? user : address(0));
        assertEq(aigc.userExpires(modelId), expires);
    }

    function testFuzz_WhenTheUserIsTheZeroAddress(uint64 expires, bool hadUser) external {
        vm.startPrank(alice);
        if (hadUser) aigc.setUser(modelId, bob, until);
        vm.expectEmit(address(aigc));
        emit IERC4907.UpdateUser(modelId, address(0), 0);
        aigc.setUser(modelId, address(0), expires);
        assertEq(aigc.userOf(modelId), address(0));
        assertEq(aigc.userExpires(modelId), 0);
        vm.recordLogs();
        aigc.transferFrom(alice, bob, modelId);
        assertEq(_count(UPDATE_USER), 0, "nobody to remove");
    }

    function test_WhenTheCallerIsApprovedForTheToken() external {
        vm.prank(alice);
        aigc.approve(bob, modelId);
        vm.prank(bob);
        aigc.setUser(modelId, bob, until);
        assertEq(aigc.userOf(modelId), bob);
    }

    function test_WhenTheCallerIsAnOperator() external {
        vm.prank(alice);
        aigc.setApprovalForAll(bob, true);
        vm.prank(bob);
        aigc.setUser(modelId, mallory, until);
        assertEq(aigc.userOf(modelId), mallory);
    }

    function test_GivenTheTimeIsOver() external {
        vm.prank(alice);
        aigc.setUser(modelId, bob, until);
        vm.warp(until);
        assertEq(aigc.userOf(modelId), bob);
        vm.warp(until + 1);
        assertEq(aigc.userOf(modelId), address(0));
        assertEq(aigc.userExpires(modelId), until);
    }

    function test_GivenTheTokenGoesToAnotherOwner() external {
        vm.startPrank(alice);
        aigc.setUser(modelId, mallory, until);
        vm.expectEmit(address(aigc));
        emit IERC4907.UpdateUser(modelId, address(0), 0);
        aigc.safeTransferFrom(alice, bob, modelId);
        assertEq(aigc.userOf(modelId), address(0));
        assertEq(aigc.userExpires(modelId), 0);
        vm.stopPrank();
        vm.recordLogs();
        vm.prank(bob);
        aigc.transferFrom(bob, alice, modelId);
        assertEq(_count(UPDATE_USER), 0, "removed once");
    }

    function test_GivenTheTokenIsSentToItsOwner() external {
        vm.startPrank(alice);
        aigc.setUser(modelId, bob, until);
        vm.recordLogs();
        aigc.transferFrom(alice, alice, modelId);
        assertEq(_count(UPDATE_USER), 0);
        assertEq(aigc.userOf(modelId), bob);
        assertEq(aigc.userExpires(modelId), until);
        // and it still goes with the next transfer
        aigc.transferFrom(alice, bob, modelId);
        assertEq(aigc.userOf(modelId), address(0));
    }

    function test_GivenThereIsNoUser() external {
        vm.recordLogs();
        vm.prank(alice);
        aigc.transferFrom(alice, bob, modelId);
        assertEq(_count(UPDATE_USER), 0);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {IERC4907} from "../../contracts/interfaces/IERC4907.sol";
import {IERC7572} from "../../contracts/interfaces/IERC7572.sol";
import {AigcBase} from "../utils/AigcBase.sol";
import {Erc721Properties} from "./Erc721Properties.sol";

/// @notice AIGC behind its proxy has the properties of ERC-721. A model is never burnt.
contract AigcErc721Test is AigcBase, Erc721Properties {
    bytes32 internal constant UPDATE_USER = keccak256("UpdateUser(uint256,address,uint64)");

    // ---------------------------------------------------------------- interface ids

    /// @dev Each id is the one that the standard prints, and is computed from the functions that it lists.
    function test_Interfaces_AreThoseOfTheStandards() external view {
        assertEq(type(IERC2981).interfaceId, bytes4(0x2a55205a));
        assertEq(type(IERC4907).interfaceId, bytes4(0xad092b5c));
        assertEq(type(IERC7572).interfaceId, bytes4(0xe8a3d485));
        bytes4[4] memory ids = [bytes4(0x2a55205a), bytes4(0x49064906), bytes4(0xad092b5c), bytes4(0xe8a3d485)];
        for (uint256 i; i < ids.length; ++i) {
            assertTrue(IERC165(address(aigc)).supportsInterface(ids[i]));
        }
    }

    // ---------------------------------------------------------------- ERC-4907

    /// @dev The reference test of the ERC: a user is set, is no owner, and its time ends.
    function test_Erc4907_TheReferenceTest() external {
        uint256 modelId = _makeToken(alice);
        uint64 expires = uint64(block.timestamp) + 1000;
        vm.prank(alice);
        aigc.setUser(modelId, bob, expires);
        assertEq(aigc.userOf(modelId), bob);
        assertEq(aigc.userExpires(modelId), expires);
        assertEq(aigc.ownerOf(modelId), alice);
        vm.warp(expires + 1);
        assertEq(aigc.userOf(modelId), address(0));
    }

    /// @dev The zero value of each view means that there is no user; it is the answer for a token without one, before the
    /// first, after the last, and for a token that doesn't exist.
    function testFuzz_Erc4907_NoUserIsZeroAndZero(uint256 unknown, uint64 expires) external {
        uint256 modelId = _makeToken(alice);
        vm.assume(unknown != modelId);
        _assertNoUser(unknown);
        _assertNoUser(modelId);
        vm.startPrank(alice);
        aigc.setUser(modelId, address(0), expires);
        _assertNoUser(modelId);
        aigc.setUser(modelId, bob, expires);
        aigc.setUser(modelId, address(0), expires);
        _assertNoUser(modelId);
        aigc.setUser(modelId, bob, expires);
        aigc.transferFrom(alice, bob, modelId);
        _assertNoUser(modelId);
    }

    /// @dev The user has the use of the token, and no right over it.
    function testFuzz_Erc4907_AUserMovesAndLendsNothing(address user) external {
        vm.assume(user != alice && user != address(0));
        uint256 modelId = _makeToken(alice);
        vm.prank(alice);
        aigc.setUser(modelId, user, type(uint64).max);
        bytes[3] memory calls = [
            abi.encodeCall(IERC721.transferFrom, (alice, user, modelId)),
            abi.encodeCall(IERC721.approve, (user, modelId)),
            abi.encodeCall(IERC4907.setUser, (modelId, user, 1))
        ];
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(user);
            (bool ok,) = address(aigc).call(calls[i]);
            assertFalse(ok);
        }
        assertEq(aigc.userOf(modelId), user);
    }

    /// @dev An event for each change of user or expiry, and its values are those that the views answer.
    function testFuzz_Erc4907_EventsCarryWhatIsStored(address user, uint64 expires, bool toAnother) external {
        uint256 modelId = _makeToken(alice);
        uint64 stored = user == address(0) ? 0 : expires;
        vm.startPrank(alice);
        vm.expectEmit(address(aigc));
        emit IERC4907.UpdateUser(modelId, user, stored);
        aigc.setUser(modelId, user, expires);
        assertEq(aigc.userExpires(modelId), stored);
        vm.recordLogs();
        aigc.transferFrom(alice, toAnother ? bob : alice, modelId);
        assertEq(_count(UPDATE_USER), toAnother && user != address(0) ? 1 : 0);
        assertEq(aigc.userExpires(modelId), toAnother ? 0 : stored);
    }

    // ---------------------------------------------------------------- hooks

    function _collection() internal view override returns (IERC721) {
        return IERC721(address(aigc));
    }

    function _makeToken(address to) internal override returns (uint256) {
        return _register(to);
    }

    function _burnCall(uint256) internal pure override returns (bytes memory) {
        return "";
    }

    function _assertNoUser(uint256 modelId) private view {
        assertEq(aigc.userOf(modelId), address(0));
        assertEq(aigc.userExpires(modelId), 0);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {stdError} from "forge-std/StdError.sol";

import {Access} from "../../../contracts/interfaces/IAIGC.sol";
import {AigcBase} from "../../utils/AigcBase.sol";

contract StateOfTest is AigcBase {
    uint256 internal modelId;

    function setUp() public override {
        super.setUp();
        modelId = _register(alice);
    }

    function testFuzz_RevertWhen_ThereIsNoModelOfThatId(uint256 id) external {
        id = id == modelId ? 0 : id;
        _expectUnknown(id);
        aigc.stateOf(id);
    }

    function test_GivenAModelIsNew() external view {
        _check(0, 0);
    }

    function test_GivenATokenWasTransferred() external {
        vm.startPrank(alice);
        aigc.transferFrom(alice, alice, modelId);
        _check(1, 0);
        aigc.safeTransferFrom(alice, alice, modelId);
        _check(2, 0);
        aigc.transferFrom(alice, bob, modelId);
        _check(3, 0);
        vm.startPrank(bob);
        aigc.safeTransferFrom(bob, alice, modelId, "");
        _check(4, 0);
    }

    function test_GivenApprovalsWereGivenAndTaken() external {
        vm.startPrank(alice);
        aigc.approve(bob, modelId);
        aigc.approve(address(0), modelId);
        aigc.setApprovalForAll(bob, true);
        aigc.setApprovalForAll(bob, false);
        _check(0, 0);
    }

    function test_GivenTheModelWasChanged() external {
        vm.startPrank(alice);
        aigc.setWeightsURI(modelId, "ipfs://elsewhere");
        _check(0, 1);
        aigc.setAccess(modelId, Access.LICENSED);
        _check(0, 2);
        aigc.announceUsageRoyalty(modelId, 500);
        _check(0, 3);
        aigc.setLicenseTerms(modelId, PRICE, PERIOD);
        _check(0, 4);
        vm.startPrank(curator);
        aigc.setVerified(modelId, true);
        _check(0, 5);
        aigc.setDeprecated(modelId, true);
        _check(0, 6);
        aigc.setVerified(modelId, false);
        _check(0, 7);
        aigc.setDeprecated(modelId, false);
        _check(0, 8);
    }

    function test_GivenWhatBuyersNeedNotKnowOfHasHappened() external {
        vm.startPrank(alice);
        aigc.setAccess(modelId, Access.LICENSED);
        aigc.setLicenseTerms(modelId, PRICE, PERIOD);
        aigc.announceUsageRoyalty(modelId, 2000);
        _check(0, 3);
        aigc.setUser(modelId, bob, type(uint64).max);
        aigc.setUser(modelId, address(0), 0);
        aigc.setRoyaltyReceiver(modelId, mallory);
        vm.startPrank(bob);
        aigc.buyLicense(modelId, bob, 1, PERIOD, PRICE);
        vm.startPrank(params);
        aigc.setRegistrationFee(0);
        aigc.setTreasury(bob);
        vm.startPrank(guardian);
        aigc.pause();
        skip(7 days);
        assertEq(aigc.usageRoyaltyBps(modelId), 2000);
        _check(0, 3);
    }

    function testFuzz_GivenTheLastTransferThatCanBeCounted(uint32 shown, bool hasUser) external {
        if (hasUser) {
            vm.prank(alice);
            aigc.setUser(modelId, mallory, type(uint64).max);
        }
        _store(alice, type(uint40).max, shown, hasUser);
        _check(type(uint40).max, shown);
        vm.prank(alice);
        aigc.transferFrom(alice, alice, modelId);
        _check(0, shown);
        assertEq(aigc.ownerOf(modelId), alice);
        assertEq(aigc.userOf(modelId), hasUser ? mallory : address(0));
        vm.prank(alice);
        aigc.transferFrom(alice, bob, modelId);
        _check(1, shown);
        assertEq(aigc.ownerOf(modelId), bob);
        assertEq(aigc.userOf(modelId), address(0));
    }

    function testFuzz_GivenTheLastChangeThatCanBeCounted(uint40 moves) external {
        _store(alice, moves, type(uint32).max - 1, false);
        vm.startPrank(alice);
        aigc.setAccess(modelId, Access.PRIVATE);
        _check(moves, type(uint32).max);
        vm.expectRevert(stdError.arithmeticError);
        aigc.setAccess(modelId, Access.OPEN);
        vm.startPrank(curator);
        vm.expectRevert(stdError.arithmeticError);
        aigc.setDeprecated(modelId, true);
        _check(moves, type(uint32).max);
        assertEq(aigc.ownerOf(modelId), alice);
        assertEq(uint8(aigc.modelOf(modelId).spec.access), uint8(Access.PRIVATE));
    }

    // ---------------------------------------------------------------- helpers

    function _check(uint64 moves, uint64 shown) internal view {
        (uint64 moves_, uint64 shown_) = aigc.stateOf(modelId);
        assertEq(moves_, moves, "moves");
        assertEq(shown_, shown, "shown");
    }

    /// @dev The token's slot, whose mapping is the first of AIGC's namespace.
    function _store(address owner, uint40 moves, uint32 shown, bool hasUser) internal {
        bytes32 slot =
            keccak256(abi.encode(modelId, uint256(0xd6d923ea15853a571530ac3526c6bffd048c299b0434b5cc588cbfd850724800)));
        uint256 word = uint256(vm.load(address(aigc), slot));
        assertEq(word & type(uint160).max, uint160(aigc.ownerOf(modelId)), "not the token's slot");
        word = uint160(owner) | uint256(moves) << 160 | uint256(shown) << 200 | uint256(hasUser ? 1 : 0) << 232;
        vm.store(address(aigc), slot, bytes32(word));
    }
}

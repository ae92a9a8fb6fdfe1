// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";
import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";

/// @dev Receiver with a choice of answers. Notes what it was told and what it saw when it was called.
contract PropertyReceiver is IERC721Receiver {
    enum Answer {
        ACCEPT,
        WRONG_SELECTOR,
        REVERT_EMPTY,
        REVERT_WITH_REASON,
        PASS_ON
    }

    error Receiver_Refuses();

    Answer public answer;
    address public passOnTo;
    uint256 public calls;
    bytes public told;
    address public ownerSeen;

    function set(Answer answer_, address passOnTo_) external {
        (answer, passOnTo) = (answer_, passOnTo_);
    }

    function onERC721Received(address operator, address from, uint256 tokenId, bytes calldata data)
        external
        returns (bytes4)
    {
        ++calls;
        told = abi.encode(operator, from, tokenId, data);
        ownerSeen = IERC721(msg.sender).ownerOf(tokenId);
        // solhint-disable-next-line reason-string, gas-custom-errors
        if (answer == Answer.REVERT_EMPTY) revert();
        if (answer == Answer.REVERT_WITH_REASON) revert Receiver_Refuses();
        if (answer == Answer.PASS_ON) IERC721(msg.sender).transferFrom(address(this), passOnTo, tokenId);
        return answer == Answer.WRONG_SELECTOR ? bytes4(0xffffffff) : this.onERC721Received.selector;
    }
}

/// @dev Contract that knows nothing of tokens.
contract PropertyBystander {}

/// @title Properties of an ERC-721 token
/// @notice Tests for a collection behind its proxy, of the strength of crytic/properties, and a random history that is
/// compared, call by call, with a model of ERC-721 written from the standard.
/// @dev A test contract inherits this beside the base that deploys its collection, and says where the collection is, how
/// a token gets to somebody, and how it is burnt. Errors are those of ERC-6093.
abstract contract Erc721Properties is Test {
    uint256 private constant PEOPLE = 4;
    uint256 private constant TOKENS = 3;
    uint256 private constant STEPS = 24;
    address private constant NOBODY = address(0);

    /// @dev Model of the standard, for the random history.
    mapping(uint256 tokenId => address) private _owner;
    mapping(uint256 tokenId => address) private _approved;
    mapping(address owner => mapping(address operator => bool)) private _operator;
    mapping(address owner => uint256) private _balance;
    uint256[] private _ids;

    // -------------------------------------------------------------------------------------------------------- hooks

    /// @notice Collection under test.
    function _collection() internal view virtual returns (IERC721);

    /// @notice Makes a token that `to` owns, by the collection's own way to make tokens.
    function _makeToken(address to) internal virtual returns (uint256 tokenId);

    /// @notice Calldata that burns a token; empty when tokens are never burnt.
    function _burnCall(uint256 tokenId) internal view virtual returns (bytes memory);

    // ------------------------------------------------------------------------------------------------- the zero address

    function test_Erc721_TheZeroAddressHasNoBalance() external {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidOwner.selector, NOBODY));
        _collection().balanceOf(NOBODY);
    }

    function testFuzz_Erc721_NothingGoesToTheZeroAddress(bool safe) external {
        uint256 id = _makeToken(_person(0));
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, NOBODY));
        vm.prank(_person(0));
        if (safe) _collection().safeTransferFrom(_person(0), NOBODY, id);
        else _collection().transferFrom(_person(0), NOBODY, id);
        assertEq(_collection().ownerOf(id), _person(0));
    }

    function testFuzz_Erc721_NothingComesFromTheZeroAddress(uint256 id) external {
        uint256 known = _makeToken(_person(0));
        vm.assume(id != known);
        vm.prank(_person(0));
        (bool ok,) = address(_collection()).call(abi.encodeCall(IERC721.transferFrom, (NOBODY, _person(1), id)));
        assertFalse(ok, "a token that does not exist");
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721IncorrectOwner.selector, NOBODY, known, _person(0)));
        vm.prank(_person(0));
        _collection().transferFrom(NOBODY, _person(1), known);
    }

    function test_Erc721_TheZeroAddressIsNobodysOperator() external {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidOperator.selector, NOBODY));
        vm.prank(_person(0));
        _collection().setApprovalForAll(NOBODY, true);
    }

    // -------------------------------------------------------------------------------------------- tokens that don't exist

    function testFuzz_Erc721_ATokenThatDoesNotExistIsRefusedEverywhere(uint256 id) external {
        uint256 known = _makeToken(_person(0));
        vm.assume(id != known);
        _assertUnknown(id);
    }

    // ---------------------------------------------------------------------------------------------------------- moving

    function testFuzz_Erc721_ATransferMovesOneTokenAndNothingElse(address to, bool safe) external {
        vm.assume(to != NOBODY && to.code.length == 0 && to != _person(0));
        (uint256 id, uint256 other) = (_makeToken(_person(0)), _makeToken(_person(0)));
        uint256 before = _collection().balanceOf(to);
        vm.expectEmit(address(_collection()));
        emit IERC721.Transfer(_person(0), to, id);
        vm.prank(_person(0));
        if (safe) _collection().safeTransferFrom(_person(0), to, id);
        else _collection().transferFrom(_person(0), to, id);
        assertEq(_collection().ownerOf(id), to);
        assertEq(_collection().ownerOf(other), _person(0));
        assertEq(_collection().balanceOf(_person(0)), 1);
        assertEq(_collection().balanceOf(to), before + 1);
    }

    function test_Erc721_ATransferToOneselfKeepsTheBooksAndClearsTheApproval() external {
        uint256 id = _makeToken(_person(0));
        vm.startPrank(_person(0));
        _collection().approve(_person(1), id);
        vm.expectEmit(address(_collection()));
        emit IERC721.Transfer(_person(0), _person(0), id);
        _collection().transferFrom(_person(0), _person(0), id);
        vm.stopPrank();
        assertEq(_collection().ownerOf(id), _person(0));
        assertEq(_collection().balanceOf(_person(0)), 1);
        assertEq(_collection().getApproved(id), NOBODY);
    }

    function testFuzz_Erc721_AStrangerMovesNothing(address stranger, address to, bool safe) external {
        // The zero address calls nothing, and OpenZeppelin takes it for "no check".
        vm.assume(stranger != _person(0) && stranger != NOBODY && to != NOBODY);
        uint256 id = _makeToken(_person(0));
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, stranger, id));
        vm.prank(stranger);
        if (safe) _collection().safeTransferFrom(_person(0), to, id);
        else _collection().transferFrom(_person(0), to, id);
    }

    function testFuzz_Erc721_TheSenderNamedIsTheOwner(address named) external {
        vm.assume(named != _person(0));
        uint256 id = _makeToken(_person(0));
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721IncorrectOwner.selector, named, id, _person(0)));
        vm.prank(_person(0));
        _collection().transferFrom(named, _person(1), id);
    }

    // ------------------------------------------------------------------------------------------------------- approvals

    function testFuzz_Erc721_AnApprovalEndsWithATransferByWhomever(bool byApproved) external {
        uint256 id = _makeToken(_person(0));
        vm.expectEmit(address(_collection()));
        emit IERC721.Approval(_person(0), _person(1), id);
        vm.prank(_person(0));
        _collection().approve(_person(1), id);
        assertEq(_collection().getApproved(id), _person(1));
        vm.prank(byApproved ? _person(1) : _person(0));
        _collection().transferFrom(_person(0), _person(2), id);
        assertEq(_collection().getApproved(id), NOBODY);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, _person(1), id));
        vm.prank(_person(1));
        _collection().transferFrom(_person(2), _person(1), id);
    }

    function test_Erc721_AnApprovalIsForOneTokenAndCanBeWithdrawn() external {
        (uint256 id, uint256 other) = (_makeToken(_person(0)), _makeToken(_person(0)));
        vm.prank(_person(0));
        _collection().approve(_person(1), id);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, _person(1), other));
        vm.prank(_person(1));
        _collection().transferFrom(_person(0), _person(1), other);
        vm.prank(_person(0));
        _collection().approve(NOBODY, id);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, _person(1), id));
        vm.prank(_person(1));
        _collection().transferFrom(_person(0), _person(1), id);
    }

    function testFuzz_Erc721_OnlyOwnerAndOperatorApprove(address stranger) external {
        vm.assume(stranger != _person(0) && stranger != NOBODY);
        uint256 id = _makeToken(_person(0));
        vm.prank(_person(0));
        _collection().approve(stranger, id);
        // Being approved is no right to approve.
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidApprover.selector, stranger));
        vm.prank(stranger);
        _collection().approve(stranger, id);
        vm.prank(_person(0));
        _collection().setApprovalForAll(_person(3), true);
        vm.prank(_person(3));
        _collection().approve(_person(2), id);
        assertEq(_collection().getApproved(id), _person(2));
    }

    function test_Erc721_AnOperatorActsForOneOwnerUntilDismissed() external {
        (uint256 id, uint256 other, uint256 last) =
            (_makeToken(_person(0)), _makeToken(_person(1)), _makeToken(_person(0)));
        vm.expectEmit(address(_collection()));
        emit IERC721.ApprovalForAll(_person(0), _person(3), true);
        vm.prank(_person(0));
        _collection().setApprovalForAll(_person(3), true);
        assertTrue(_collection().isApprovedForAll(_person(0), _person(3)));
        assertFalse(_collection().isApprovedForAll(_person(3), _person(0)));
        vm.prank(_person(3));
        _collection().transferFrom(_person(0), _person(1), id);
        // It went to another owner, whose operator nobody is.
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, _person(3), id));
        vm.prank(_person(3));
        _collection().transferFrom(_person(1), _person(0), id);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, _person(3), other));
        vm.prank(_person(3));
        _collection().transferFrom(_person(1), _person(0), other);
        vm.prank(_person(0));
        _collection().setApprovalForAll(_person(3), false);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, _person(3), last));
        vm.prank(_person(3));
        _collection().transferFrom(_person(0), _person(1), last);
    }

    // ------------------------------------------------------------------------------------------------------- receivers

    function testFuzz_Erc721_AReceiverIsToldEverythingAndOwnsItAlready(bytes calldata data) external {
        uint256 id = _makeToken(_person(0));
        PropertyReceiver receiver = new PropertyReceiver();
        vm.prank(_person(0));
        _collection().setApprovalForAll(_person(3), true);
        vm.prank(_person(3));
        _collection().safeTransferFrom(_person(0), address(receiver), id, data);
        assertEq(receiver.calls(), 1);
        assertEq(receiver.told(), abi.encode(_person(3), _person(0), id, data));
        assertEq(receiver.ownerSeen(), address(receiver));
    }

    function testFuzz_Erc721_AReceiverThatRefusesKeepsNothing(uint8 how) external {
        uint256 id = _makeToken(_person(0));
        PropertyReceiver receiver = new PropertyReceiver();
        PropertyReceiver.Answer answer = PropertyReceiver.Answer(1 + how % 3);
        receiver.set(answer, NOBODY);
        vm.expectRevert(
            answer == PropertyReceiver.Answer.REVERT_WITH_REASON
                ? abi.encodeWithSelector(PropertyReceiver.Receiver_Refuses.selector)
                : abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, address(receiver))
        );
        vm.prank(_person(0));
        _collection().safeTransferFrom(_person(0), address(receiver), id);
        assertEq(_collection().ownerOf(id), _person(0));
        assertEq(_collection().balanceOf(address(receiver)), 0);
        // Without the question there is no refusal.
        vm.prank(_person(0));
        _collection().transferFrom(_person(0), address(receiver), id);
        assertEq(_collection().ownerOf(id), address(receiver));
        assertEq(receiver.calls(), 0);
    }

    function test_Erc721_AContractThatKnowsNothingOfTokensIsNoReceiver() external {
        uint256 id = _makeToken(_person(0));
        address bystander = address(new PropertyBystander());
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, bystander));
        vm.prank(_person(0));
        _collection().safeTransferFrom(_person(0), bystander, id);
    }

    function test_Erc721_AReceiverMayPassItOnAtOnce() external {
        uint256 id = _makeToken(_person(0));
        PropertyReceiver receiver = new PropertyReceiver();
        receiver.set(PropertyReceiver.Answer.PASS_ON, _person(2));
        vm.prank(_person(0));
        _collection().safeTransferFrom(_person(0), address(receiver), id);
        assertEq(_collection().ownerOf(id), _person(2));
        assertEq(_collection().balanceOf(address(receiver)), 0);
        assertEq(_collection().balanceOf(_person(2)), 1);
    }

    // --------------------------------------------------------------------------------------------------------- burning

    function testFuzz_Erc721_WhatIsBurntIsGone(uint8 by) external {
        (uint256 id, uint256 other) = (_makeToken(_person(0)), _makeToken(_person(0)));
        bytes memory burnCall = _burnCall(id);
        address burner = _person(by % 3);
        vm.startPrank(_person(0));
        _collection().approve(_person(1), id);
        _collection().setApprovalForAll(_person(2), true);
        vm.stopPrank();
        if (burnCall.length == 0) {
            // Never burnt: what says so must not work.
            burnCall = abi.encodeWithSignature("burn(uint256)", id);
            vm.prank(burner);
            (bool burnt,) = address(_collection()).call(burnCall);
            assertFalse(burnt, "this collection burns");
            return;
        }
        vm.prank(_person(3));
        (bool ok, bytes memory answer) = address(_collection()).call(burnCall);
        assertFalse(ok, "burnt by a stranger");
        assertEq(answer, abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, _person(3), id));
        vm.expectEmit(address(_collection()));
        emit IERC721.Transfer(_person(0), NOBODY, id);
        vm.prank(burner);
        (ok,) = address(_collection()).call(burnCall);
        assertTrue(ok, "burnt by owner, approved and operator");
        assertEq(_collection().balanceOf(_person(0)), 1);
        assertEq(_collection().ownerOf(other), _person(0));
        _assertUnknown(id);
        vm.prank(_person(0));
        (ok,) = address(_collection()).call(burnCall);
        assertFalse(ok, "burnt twice");
    }

    // ---------------------------------------------------------------------------------------------------------- minting

    function testFuzz_Erc721_EachTokenIsNew(uint8 count) external {
        uint256 size = 2 + count % 4;
        uint256[] memory ids = new uint256[](size);
        for (uint256 i; i < size; ++i) {
            ids[i] = _makeToken(_person(i % 2));
            for (uint256 j; j < i; ++j) {
                assertNotEq(ids[i], ids[j]);
            }
            assertEq(_collection().ownerOf(ids[i]), _person(i % 2));
            assertEq(_collection().getApproved(ids[i]), NOBODY);
        }
        assertEq(_collection().balanceOf(_person(0)), (size + 1) / 2);
        assertEq(_collection().balanceOf(_person(1)), size / 2);
    }

    function test_Erc721_InterfacesAreTold() external view {
        IERC165 token = IERC165(address(_collection()));
        assertTrue(token.supportsInterface(type(IERC165).interfaceId));
        assertTrue(token.supportsInterface(type(IERC721).interfaceId));
        assertTrue(token.supportsInterface(type(IERC721Metadata).interfaceId));
        assertFalse(token.supportsInterface(0xffffffff));
    }

    // --------------------------------------------------------------------------------------------------- random history

    /// @dev Each call's fate, event and effect is what the model says: nothing is refused that the standard allows, and
    /// nothing allowed that it refuses.
    function testFuzz_Erc721_AnyHistoryIsTheModels(uint256 seed) external {
        for (uint256 i; i < TOKENS; ++i) {
            _ids.push(_makeToken(_person(i % 2)));
            _owner[_ids[i]] = _person(i % 2);
            ++_balance[_person(i % 2)];
        }
        for (uint256 i; i < STEPS; ++i) {
            seed = uint256(keccak256(abi.encode(seed, i)));
            _step(seed);
            _compare();
        }
    }

    function _step(uint256 seed) private {
        address caller = _person(seed >> 8);
        uint256 id = (seed >> 16) % 16 == 0 ? uint256(keccak256(abi.encode(seed))) : _ids[(seed >> 16) % TOKENS];
        address from = (seed >> 24) % 4 == 0 ? _person(seed >> 32) : _owner[id];
        address to = (seed >> 40) % 8 == 0 ? NOBODY : _person(seed >> 40);
        uint256 action = seed % 8;
        if (action < 3) {
            bytes memory data = action == 0
                ? abi.encodeWithSignature("safeTransferFrom(address,address,uint256)", from, to, id)
                : abi.encodeCall(IERC721.transferFrom, (from, to, id));
            bool allowed = to != NOBODY && _owner[id] != NOBODY && from == _owner[id] && _mayMove(caller, id);
            if (_call(caller, data, allowed, keccak256(abi.encode("Transfer", from, to, id)))) _move(id, to);
        } else if (action < 5) {
            bool allowed = _owner[id] != NOBODY && (caller == _owner[id] || _operator[_owner[id]][caller]);
            bytes32 log = keccak256(abi.encode("Approval", _owner[id], to, id));
            if (_call(caller, abi.encodeCall(IERC721.approve, (to, id)), allowed, log)) _approved[id] = to;
        } else if (action < 7) {
            bool value = (seed >> 48) % 2 == 0;
            bytes memory data = abi.encodeCall(IERC721.setApprovalForAll, (to, value));
            bytes32 log = keccak256(abi.encode("ApprovalForAll", caller, to, value));
            if (_call(caller, data, to != NOBODY, log)) _operator[caller][to] = value;
        } else {
            bytes memory data = _burnCall(id);
            if (data.length == 0) return;
            bool allowed = _owner[id] != NOBODY && _mayMove(caller, id);
            if (_call(caller, data, allowed, keccak256(abi.encode("Transfer", _owner[id], NOBODY, id)))) {
                _move(id, NOBODY);
            }
        }
    }

    /// @dev The call, whether it may succeed, and the one event of the standard that it then emits.
    function _call(address caller, bytes memory data, bool allowed, bytes32 expectedLog) private returns (bool ok) {
        vm.recordLogs();
        vm.prank(caller);
        (ok,) = address(_collection()).call(data);
        assertEq(ok, allowed, "fate of a call");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        if (!ok) return false; // the logs recorded of a call that reverts were undone with it
        uint256 found;
        for (uint256 i; i < logs.length; ++i) {
            if (_hashOf(logs[i]) == 0) continue;
            assertEq(_hashOf(logs[i]), expectedLog, "event of a call");
            ++found;
        }
        assertEq(found, 1, "one event a call");
    }

    /// @dev 0 for other events than the standard's.
    function _hashOf(Vm.Log memory log) private pure returns (bytes32) {
        if (log.topics.length < 3) return 0;
        address a = address(uint160(uint256(log.topics[1])));
        address b = address(uint160(uint256(log.topics[2])));
        if (log.topics[0] == IERC721.Transfer.selector) {
            return keccak256(abi.encode("Transfer", a, b, uint256(log.topics[3])));
        }
        if (log.topics[0] == IERC721.Approval.selector) {
            return keccak256(abi.encode("Approval", a, b, uint256(log.topics[3])));
        }
        if (log.topics[0] == IERC721.ApprovalForAll.selector) {
            return keccak256(abi.encode("ApprovalForAll", a, b, abi.decode(log.data, (bool))));
        }
        return 0;
    }

    function _mayMove(address caller, uint256 id) private view returns (bool) {
        return caller == _owner[id] || caller == _approved[id] || _operator[_owner[id]][caller];
    }

    function _move(uint256 id, address to) private {
        --_balance[_owner[id]];
        if (to != NOBODY) ++_balance[to];
        (_owner[id], _approved[id]) = (to, NOBODY);
    }

    function _compare() private {
        for (uint256 i; i < TOKENS; ++i) {
            uint256 id = _ids[i];
            if (_owner[id] == NOBODY) {
                _assertUnknown(id);
                continue;
            }
            assertEq(_collection().ownerOf(id), _owner[id], "owner");
            assertEq(_collection().getApproved(id), _approved[id], "approval");
        }
        for (uint256 i; i < PEOPLE; ++i) {
            assertEq(_collection().balanceOf(_person(i)), _balance[_person(i)], "balance");
            for (uint256 j; j < PEOPLE; ++j) {
                assertEq(
                    _collection().isApprovedForAll(_person(i), _person(j)),
                    _operator[_person(i)][_person(j)],
                    "operator"
                );
            }
        }
    }

    // -------------------------------------------------------------------------------------------------------- internal

    /// @dev Accounts that hold none of the collection's tokens before a test.
    function _person(uint256 seed) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("somebody", seed % PEOPLE)))));
    }

    function _assertUnknown(uint256 id) private {
        bytes memory expected = abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, id);
        vm.expectRevert(expected);
        _collection().ownerOf(id);
        vm.expectRevert(expected);
        _collection().getApproved(id);
        vm.expectRevert(expected);
        vm.prank(_person(0));
        _collection().approve(_person(1), id);
        vm.expectRevert(expected);
        vm.prank(_person(0));
        _collection().transferFrom(_person(0), _person(1), id);
        vm.expectRevert(expected);
        vm.prank(_person(0));
        _collection().safeTransferFrom(_person(0), _person(1), id);
        vm.expectRevert(expected);
        IERC721Metadata(address(_collection())).tokenURI(id);
    }
}

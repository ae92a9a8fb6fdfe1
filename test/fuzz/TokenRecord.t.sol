// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IGridNFT} from "../../contracts/interfaces/IGridNFT.sol";
import {TokenRecord, TokenRecords} from "../../contracts/artworks/TokenRecord.sol";

/// @dev Gives `TokenRecords` an outside, so that its reverts can be expected.
contract TokenRecordHarness {
    function withNextNonce(TokenRecord word, uint256 tokenId) external pure returns (TokenRecord) {
        return word.withNextNonce(tokenId);
    }

    function withNextVersion(TokenRecord word, uint256 tokenId) external pure returns (TokenRecord) {
        return word.withNextVersion(tokenId);
    }
}

/// @notice No field of a token's word touches another, at their bounds least of all.
contract TokenRecordTest is Test {
    uint256 private constant MOVES = type(uint40).max;
    uint256 private constant NONCE = type(uint32).max;
    uint256 private constant VERSIONS = (1 << 22) - 1;

    /// @dev The fields, unpacked.
    struct Fields {
        address owner;
        uint40 moves;
        uint32 nonce;
        uint256 versions;
        bool moved;
        bool frozen;
    }

    TokenRecordHarness private _harness = new TokenRecordHarness();

    /// @dev Packed by arithmetic of its own: what bits the fields have is the drawing in TokenRecord.sol.
    function _pack(Fields memory f) private pure returns (TokenRecord) {
        uint256 word = uint256(uint160(f.owner));
        word += uint256(f.moves) * 2 ** 160;
        word += uint256(f.nonce) * 2 ** 200;
        word += f.versions * 2 ** 232;
        if (f.moved) word += 2 ** 254;
        if (f.frozen) word += 2 ** 255;
        return TokenRecord.wrap(word);
    }

    /// @dev Bounds more often than chance would have them.
    function _bound(Fields memory f, uint256 edges) private pure {
        f.versions %= VERSIONS + 1;
        if (edges & 1 != 0) f.moves = edges & 2 != 0 ? uint40(MOVES) : 0;
        if (edges & 4 != 0) f.nonce = edges & 8 != 0 ? uint32(NONCE) : uint32(NONCE - 1);
        if (edges & 16 != 0) f.versions = edges & 32 != 0 ? VERSIONS : VERSIONS - 1;
        if (edges & 64 != 0) f.owner = edges & 128 != 0 ? address(type(uint160).max) : address(0);
    }

    function _assertFields(TokenRecord word, Fields memory f) private pure {
        assertEq(TokenRecord.unwrap(word), TokenRecord.unwrap(_pack(f)), "word");
        assertEq(word.owner(), f.owner, "owner");
        assertEq(word.moves(), f.moves, "moves");
        assertEq(word.nonce(), f.nonce, "nonce");
        assertEq(word.versions(), f.versions, "versions");
        assertEq(word.isMoved(), f.moved, "moved");
        assertEq(word.isFrozen(), f.frozen, "frozen");
    }

    function testFuzz_FieldsReadBack(Fields memory f, uint256 edges) external pure {
        _bound(f, edges);
        _assertFields(_pack(f), f);
    }

    function testFuzz_AMintedWordHasOneVersionAndNothingElse(address to, bool moved) external pure {
        _assertFields(TokenRecords.minted(to, moved), Fields(to, 0, 0, 1, moved, false));
    }

    /// @dev Moves wrap, and never revert or carry.
    function testFuzz_AMoveChangesOwnerMovesAndMoved(Fields memory f, uint256 edges, address to, bool leaves)
        external
        pure
    {
        _bound(f, edges);
        TokenRecord word = _pack(f).withMove(to, leaves);
        f.owner = to;
        f.moves = f.moves == MOVES ? 0 : f.moves + 1;
        f.moved = f.moved || leaves;
        _assertFields(word, f);
    }

    function testFuzz_AChangeCountsOrReverts(Fields memory f, uint256 edges, uint256 tokenId) external {
        _bound(f, edges);
        TokenRecord word = _pack(f);
        if (f.nonce == NONCE) {
            vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_TooManyChanges.selector, tokenId));
            _harness.withNextNonce(word, tokenId);
            return;
        }
        ++f.nonce;
        _assertFields(_harness.withNextNonce(word, tokenId), f);
    }

    function testFuzz_AVersionCountsOrReverts(Fields memory f, uint256 edges, uint256 tokenId) external {
        _bound(f, edges);
        TokenRecord word = _pack(f);
        if (f.versions == VERSIONS) {
            vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_TooManyVersions.selector, tokenId));
            _harness.withNextVersion(word, tokenId);
            return;
        }
        ++f.versions;
        _assertFields(_harness.withNextVersion(word, tokenId), f);
    }

    function testFuzz_FreezingIsOneBit(Fields memory f, uint256 edges) external pure {
        _bound(f, edges);
        TokenRecord word = _pack(f).asFrozen();
        f.frozen = true;
        _assertFields(word, f);
    }

    function testFuzz_LockedIsFrozenOrMoved(Fields memory f, bool afterSale) external pure {
        f.versions %= VERSIONS + 1;
        assertEq(_pack(f).isLocked(afterSale), f.frozen || (f.moved && !afterSale));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Display, IGridNFT, ReceiptProof} from "../../contracts/interfaces/IGridNFT.sol";
import {JsonText} from "../../contracts/messages/JsonText.sol";
import {Body, NftBody} from "../utils/NftBody.sol";
import {JsonTextHarness} from "../utils/JsonTextHarness.sol";
import {NftTest} from "../utils/NftTest.sol";

/// @notice Text, wherever it comes in, is what the grammar of RFC 3629, section 4, says, less the control
/// characters; and escaped text is read back by a reader of JSON strings.
contract TextVerdicts is NftTest {
    /// @dev A row of the grammar: first and last lead byte, first and last second byte, and the bytes of the character.
    struct Row {
        uint8 fromLead;
        uint8 toLead;
        uint8 fromSecond;
        uint8 toSecond;
        uint8 size;
    }

    uint256 private constant FIELDS = 12;

    JsonTextHarness private _harness = new JsonTextHarness();
    Row[] private _rows;
    uint256 private _seed;

    function setUp() public override {
        super.setUp();
        // UTF8-1 = %x00-7F, less %x00-1F and %x7F
        _rows.push(Row(0x20, 0x7e, 0, 0xff, 1));
        // UTF8-2 = %xC2-DF UTF8-tail, less %xC2 %x80-9F
        _rows.push(Row(0xc2, 0xc2, 0xa0, 0xbf, 2));
        _rows.push(Row(0xc3, 0xdf, 0x80, 0xbf, 2));
        // UTF8-3 = %xE0 %xA0-BF UTF8-tail / %xE1-EC 2( UTF8-tail ) / %xED %x80-9F UTF8-tail / %xEE-EF 2( UTF8-tail )
        _rows.push(Row(0xe0, 0xe0, 0xa0, 0xbf, 3));
        _rows.push(Row(0xe1, 0xec, 0x80, 0xbf, 3));
        _rows.push(Row(0xed, 0xed, 0x80, 0x9f, 3));
        _rows.push(Row(0xee, 0xef, 0x80, 0xbf, 3));
        // UTF8-4 = %xF0 %x90-BF 2( UTF8-tail ) / %xF1-F3 3( UTF8-tail ) / %xF4 %x80-8F 2( UTF8-tail )
        _rows.push(Row(0xf0, 0xf0, 0x90, 0xbf, 4));
        _rows.push(Row(0xf1, 0xf3, 0x80, 0xbf, 4));
        _rows.push(Row(0xf4, 0xf4, 0x80, 0x8f, 4));
    }

    // ------------------------------------------------------------------------------------------------------ properties

    function testFuzz_VerdictsAreTheGrammars(bytes calldata text) external view {
        assertEq(_harness.faultOf(text), _faultOf(text));
    }

    /// @dev Random bytes are hardly ever text: this is text of the grammar's own rows, mostly with a few bytes spoilt.
    function testFuzz_VerdictsOnSpoiltTextAreTheGrammars(uint256 seed) external {
        _seed = seed;
        for (uint256 i; i < 8; ++i) {
            bytes memory text = _spoilt(_text(70));
            assertEq(_harness.faultOf(text), _faultOf(text), vm.toString(text));
        }
    }

    /// @dev Every lead byte with the second bytes at the edges of all rows, whole and cut short.
    function test_VerdictsAtTheEdgesOfEachRow() external view {
        uint8[12] memory nexts = [0x00, 0x1f, 0x20, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
        uint8[4] memory tails = [0x7f, 0x80, 0xbf, 0xc0];
        for (uint256 lead; lead < 256; ++lead) {
            for (uint256 i; i < nexts.length; ++i) {
                for (uint256 j; j < tails.length; ++j) {
                    bytes memory text = abi.encodePacked(uint8(lead), nexts[i], tails[j], tails[3 - j], "z");
                    _assertVerdict(text);
                }
                _assertVerdict(abi.encodePacked("a", uint8(lead), nexts[i]));
            }
            _assertVerdict(abi.encodePacked(uint8(lead)));
        }
    }

    /// @dev Each text of a body, and each of an edit: taken exactly when it is text, and refused with its name and the place.
    function testFuzz_EveryFieldIsJudgedAlike(uint256 seed) external {
        _seed = seed;
        for (uint256 field; field < FIELDS; ++field) {
            bytes memory text = _random(3) == 0 ? _text(70) : _spoilt(_text(70));
            uint256 fault = _faultOf(text);
            if (field < 9) _judgeBody(field, string(text), fault);
            else _judgeDisplay(field - 9, string(text), fault);
        }
    }

    function testFuzz_EscapedTextIsReadBack(uint256 seed) external {
        _seed = seed;
        for (uint256 i; i < 4; ++i) {
            // Text or not: escaping alone already keeps control characters and quotes from ending a string.
            bytes memory text = _random(2) == 0 ? _text(100) : _spoilt(_text(100));
            assertEq(_readJson(bytes(_harness.escape(string(text)))), text, vm.toString(text));
        }
    }

    function test_EveryByteIsReadBackFromItsEscape() external view {
        for (uint256 c; c < 256; ++c) {
            bytes memory text = abi.encodePacked("a", uint8(c), "b");
            assertEq(_readJson(bytes(_harness.escape(string(text)))), text, vm.toString(text));
        }
    }

    // ----------------------------------------------------------------------------------------------------- the two doors

    function _judgeBody(uint256 field, string memory text, uint256 fault) private {
        Body memory body = aBody(1);
        string memory name;
        if (field == 0) (name, body.title) = ("title", text);
        if (field == 1) (name, body.description) = ("description", text);
        if (field == 2) (name, body.tags) = ("tags", text);
        if (field == 3) (name, body.engines[0]) = ("engine", text);
        if (field == 4) (name, body.requests[0].prompt) = ("prompt", text);
        if (field == 5) (name, body.requests[0].negativePrompt) = ("negativePrompt", text);
        if (field == 6) (name, body.requests[0].sampler) = ("sampler", text);
        if (field == 7) (name, body.requests[0].scheduler) = ("scheduler", text);
        if (field == 8) (name, body.requests[0].extras) = ("extras", text);
        body.orders[0].orderHash = keccak256(abi.encode("field", field));
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        if (fault != JsonText.NO_FAULT) {
            vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_BadText.selector, name, fault));
        }
        vm.prank(artist);
        nft.mint(packed, proofs, artist, type(uint128).max);
    }

    function _judgeDisplay(uint256 field, string memory text, uint256 fault) private {
        Body memory body = aBody(1);
        body.orders[0].orderHash = keccak256(abi.encode("display", field));
        uint256 id = mintBody(body) * 1000 + 1;
        Display memory display;
        string memory name;
        if (field == 0) (name, display.title) = ("title", text);
        if (field == 1) (name, display.description) = ("description", text);
        if (field == 2) (name, display.animationUrl) = ("animationUrl", text);
        if (fault != JsonText.NO_FAULT) {
            vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_BadText.selector, name, fault));
        }
        vm.prank(artist);
        nft.setDisplay(only(id), display);
        if (fault != JsonText.NO_FAULT) return;
        (Display memory shown,) = nft.displayOf(id);
        assertEq(abi.encode(shown), abi.encode(display));
    }

    // -------------------------------------------------------------------------------------------- grammar and JSON reader

    /// @dev Gives back the memory that it took: there are thousands of these.
    function _assertVerdict(bytes memory text) private view {
        uint256 free;
        assembly {
            free := mload(0x40)
        }
        uint256 verdict = _harness.faultOf(text);
        if (verdict != _faultOf(text)) assertEq(verdict, _faultOf(text), vm.toString(text));
        assembly {
            mstore(0x40, free)
        }
    }

    /// @dev Returns where the first character begins that no row has.
    function _faultOf(bytes memory text) private view returns (uint256 position) {
        while (position < text.length) {
            uint256 size = _match(text, position);
            if (size == 0) return position;
            position += size;
        }
        return JsonText.NO_FAULT;
    }

    function _match(bytes memory text, uint256 position) private view returns (uint256) {
        for (uint256 i; i < _rows.length; ++i) {
            Row memory row = _rows[i];
            if (position + row.size > text.length) continue;
            uint8 lead = uint8(text[position]);
            if (lead < row.fromLead || lead > row.toLead) continue;
            bool fits = true;
            for (uint256 j = 1; j < row.size; ++j) {
                uint8 next = uint8(text[position + j]);
                (uint8 low, uint8 high) = j == 1 ? (row.fromSecond, row.toSecond) : (0x80, 0xbf);
                if (next < low || next > high) fits = false;
            }
            if (fits) return row.size;
        }
        return 0;
    }

    /// @dev The bytes that a JSON string stands for, by RFC 8259, section 7. Reverts for what may not stand in one.
    function _readJson(bytes memory json) private pure returns (bytes memory text) {
        for (uint256 i; i < json.length; ++i) {
            uint8 c = uint8(json[i]);
            require(c >= 0x20 && c != 0x22, "unescaped");
            if (c != 0x5c) {
                text = abi.encodePacked(text, c);
                continue;
            }
            bytes1 kind = json[++i];
            if (kind == '"' || kind == "\\" || kind == "/") {
                text = abi.encodePacked(text, kind);
            } else if (kind == "b") {
                text = abi.encodePacked(text, uint8(0x08));
            } else if (kind == "f") {
                text = abi.encodePacked(text, uint8(0x0c));
            } else if (kind == "n") {
                text = abi.encodePacked(text, uint8(0x0a));
            } else if (kind == "r") {
                text = abi.encodePacked(text, uint8(0x0d));
            } else if (kind == "t") {
                text = abi.encodePacked(text, uint8(0x09));
            } else {
                require(kind == "u", "no such escape");
                uint256 point;
                for (uint256 j = 1; j <= 4; ++j) {
                    point = point * 16 + _hexDigit(uint8(json[i + j]));
                }
                require(point < 0x80, "only bytes below 0x80 are ever escaped");
                text = abi.encodePacked(text, uint8(point));
                i += 4;
            }
        }
    }

    function _hexDigit(uint8 c) private pure returns (uint256) {
        if (c >= 0x30 && c <= 0x39) return c - 0x30;
        if (c >= 0x41 && c <= 0x46) return c - 0x37;
        require(c >= 0x61 && c <= 0x66, "hexadecimal");
        return c - 0x57;
    }

    // --------------------------------------------------------------------------------------------------------- randomness

    function _random(uint256 below) private returns (uint256) {
        _seed = uint256(keccak256(abi.encode(_seed)));
        return _seed % below;
    }

    /// @dev Characters of random rows, up to `most` bytes and 3 more.
    function _text(uint256 most) private returns (bytes memory text) {
        uint256 length = _random(most);
        while (text.length < length) {
            Row memory row = _rows[_random(_rows.length)];
            text = bytes.concat(text, bytes1(_within(row.fromLead, row.toLead)));
            for (uint256 j = 1; j < row.size; ++j) {
                (uint8 low, uint8 high) = j == 1 ? (row.fromSecond, row.toSecond) : (0x80, 0xbf);
                text = bytes.concat(text, bytes1(_within(low, high)));
            }
            // Runs of ASCII, as real text has, with what needs escaping among it.
            if (_random(3) == 0) text = bytes.concat(text, 'the "quick" brown \\ fox jumps over it');
        }
    }

    /// @dev Edges half of the time.
    function _within(uint8 low, uint8 high) private returns (uint8) {
        uint256 choice = _random(4);
        if (choice == 0) return low;
        if (choice == 1) return high;
        return uint8(low + _random(uint256(high) - low + 1));
    }

    /// @dev One to three bytes set, inserted, taken out, or all behind one cut off.
    function _spoilt(bytes memory text) private returns (bytes memory) {
        for (uint256 times = 1 + _random(3); times != 0; --times) {
            if (text.length == 0) return abi.encodePacked(uint8(_random(256)));
            uint256 place = _random(text.length);
            uint256 how = _random(4);
            bytes1 value = bytes1(uint8(_random(2) == 0 ? _random(256) : 0x7e + _random(0x44)));
            bytes memory before = _slice(text, 0, place);
            if (how == 0) text[place] = value;
            else if (how == 1) text = bytes.concat(before, value, _slice(text, place, text.length));
            else if (how == 2) text = bytes.concat(before, _slice(text, place + 1, text.length));
            else text = before;
        }
        return text;
    }

    function _slice(bytes memory text, uint256 from, uint256 to) private pure returns (bytes memory slice) {
        slice = new bytes(to - from);
        for (uint256 i; i < slice.length; ++i) {
            slice[i] = text[from + i];
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {JsonText} from "../../contracts/messages/JsonText.sol";
import {JsonTextHarness} from "../utils/JsonTextHarness.sol";

contract JsonTextTest is Test {
    JsonTextHarness internal harness = new JsonTextHarness();

    // ---------------------------------------------------------------- by table

    function test_TextOfManyScriptsIsText() external view {
        string[9] memory texts = [
            "",
            "a",
            "exactly thirty-two bytes of text",
            "a neon samurai in the rain, 35mm, \"quoted\", back\\slash, {json}, </script>",
            unicode"Straße, ñandú, Ελληνικά, Русский",
            unicode"漢字かな交じり文、全角　空白",
            unicode"العربية עברית हिन्दी ไทย",
            unicode"👩‍🚀🏳️‍🌈 emoji with joiners",
            unicode"\u00a0\u07ff\u0800\ud7ff\ue000\uffff"
        ];
        for (uint256 i; i < texts.length; ++i) {
            assertEq(harness.faultOf(bytes(texts[i])), JsonText.NO_FAULT, texts[i]);
        }
        assertTrue(harness.isText(hex"f0908080f48fbfbf"), "U+10000, U+10FFFF");
    }

    /// @dev The faults of The Unicode Standard's table 3-7, and every control character.
    function test_FaultsAreFoundWhereTheyBegin() external view {
        bytes[19] memory faults = [
            bytes(hex"80"),
            hex"bf",
            hex"c0af",
            hex"c1bf",
            hex"c280", // U+0080
            hex"c29f", // U+009F
            hex"c2",
            hex"c220",
            hex"e09fbf",
            hex"e0a0",
            hex"e28228",
            hex"eda080", // surrogate
            hex"edbfbf",
            hex"f08fbfbf",
            hex"f0908028",
            hex"f09080",
            hex"f4908080",
            hex"f5808080",
            hex"ff"
        ];
        for (uint256 i; i < faults.length; ++i) {
            for (uint256 before; before < 70; before += 1 + before / 3) {
                bytes memory text = bytes.concat(_repeat("x", before), faults[i]);
                assertEq(harness.faultOf(text), before, vm.toString(text));
                text = bytes.concat(text, _repeat("y", 40));
                assertEq(harness.faultOf(text), before, vm.toString(text));
            }
        }
    }

    function test_EveryControlCharacterIsAFault() external view {
        for (uint256 c; c < 0x80; ++c) {
            bytes memory text = bytes.concat(unicode"before ü ", bytes1(uint8(c)), " after");
            bool control = c < 0x20 || c == 0x7f;
            assertEq(harness.faultOf(text), control ? 10 : JsonText.NO_FAULT, vm.toString(c));
        }
    }

    function test_RequireTextNamesTheField() external {
        vm.expectRevert(abi.encodeWithSelector(JsonText.JsonText_TooLong.selector, "prompt", 6, 5));
        harness.requireText("abcdef", 5, "prompt");
        vm.expectRevert(abi.encodeWithSelector(JsonText.JsonText_Invalid.selector, "title", 3));
        harness.requireText("abc\ndef", 7, "title");
        vm.expectRevert(abi.encodeWithSelector(JsonText.JsonText_Invalid.selector, "title", 0));
        harness.requireText(hex"ff", "title");
        harness.requireText("abcde", 5, "prompt");
    }

    function test_CleanTextIsNotCopied() external pure {
        string memory text = unicode"a clean prompt, ünïcode and all, longer than one word";
        string memory escaped = JsonText.escape(text);
        assembly {
            if iszero(eq(text, escaped)) { revert(0, 0) }
        }
    }

    // ---------------------------------------------------------------- by chance

    /// @dev Against a second implementation that decodes code points one by one.
    function testFuzz_AgreesWithADecoder(bytes calldata text) external view {
        assertEq(harness.faultOf(text), _faultOf(text));
    }

    /// @dev Random bytes are hardly ever UTF-8: build text from code points, then break one byte of it.
    function testFuzz_AgreesWithADecoderOnNearlyText(uint32[24] calldata points, uint256 where, bytes1 byte_)
        external
        view
    {
        bytes memory text;
        for (uint256 i; i < points.length; ++i) {
            text = bytes.concat(text, _encode(_codePoint(points[i])));
        }
        assertEq(harness.faultOf(text), _faultOf(text));
        text[where % text.length] = byte_;
        assertEq(harness.faultOf(text), _faultOf(text));
    }

    function testFuzz_WhatStandsAroundDoesNotMatter(bytes calldata before, bytes calldata text, bytes calldata behind)
        external
        view
    {
        assertEq(harness.faultWithin(before, text, behind), harness.faultOf(text));
    }

    /// @dev What `escape` returns reads back as what went in, for a parser that isn't ours.
    function testFuzz_EscapedTextReadsBack(uint32[24] calldata points) external view {
        bytes memory text;
        for (uint256 i; i < points.length; ++i) {
            // Often a character that needs escaping; control characters too, though they are refused at the door.
            uint256 point = points[i] % 3 == 0 ? uint256(points[i] / 3) % 0x5d : _codePoint(points[i]);
            if (point == 0) point = 0x22;
            text = bytes.concat(text, _encode(point));
        }
        string memory json = string.concat('{"text":"', harness.escape(string(text)), '"}');
        assertEq(vm.parseJsonString(json, ".text"), string(text), json);
    }

    // ---------------------------------------------------------------- a second implementation

    /// @dev Decodes each character to its code point, encodes it again, and compares.
    function _faultOf(bytes memory text) internal pure returns (uint256 position) {
        while (position < text.length) {
            uint256 lead = uint8(text[position]);
            uint256 size = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
            if (size == 0 || position + size > text.length) return position;
            uint256 point = size == 1 ? lead : lead & (0x7f >> size);
            for (uint256 i = 1; i < size; ++i) {
                uint256 next = uint8(text[position + i]);
                if (next >> 6 != 2) return position;
                point = (point << 6) | (next & 0x3f);
            }
            if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return position;
            if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return position;
            if (_encode(point).length != size) return position;
            position += size;
        }
        return JsonText.NO_FAULT;
    }

    function _encode(uint256 point) internal pure returns (bytes memory) {
        if (point < 0x80) return abi.encodePacked(uint8(point));
        uint8 last = uint8(0x80 | (point & 0x3f));
        if (point < 0x800) return abi.encodePacked(uint8(0xc0 | (point >> 6)), last);
        uint8 third = uint8(0x80 | ((point >> 6) & 0x3f));
        if (point < 0x10000) return abi.encodePacked(uint8(0xe0 | (point >> 12)), third, last);
        return abi.encodePacked(uint8(0xf0 | (point >> 18)), uint8(0x80 | ((point >> 12) & 0x3f)), third, last);
    }

    /// @dev Printable, and of one, two, three or four bytes with equal chance.
    function _codePoint(uint32 seed) internal pure returns (uint256) {
        uint256 rest = seed >> 2;
        if (seed & 3 == 0) return 0x20 + rest % 0x5f;
        if (seed & 3 == 1) return 0xa0 + rest % 0x760;
        if (seed & 3 == 2) return rest & 1 == 0 ? 0x800 + (rest >> 1) % 0xd000 : 0xe000 + (rest >> 1) % 0x2000;
        return 0x10000 + rest % 0x100000;
    }

    function _repeat(bytes1 c, uint256 times) internal pure returns (bytes memory text) {
        text = new bytes(times);
        for (uint256 i; i < times; ++i) {
            text[i] = c;
        }
    }
}

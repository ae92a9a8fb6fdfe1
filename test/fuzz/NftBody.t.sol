// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base64} from "solady/utils/Base64.sol";
import {LibString} from "solady/utils/LibString.sol";

import {EvolutionPolicy, Provenance, ReceiptProof, Series} from "../../contracts/interfaces/IGridNFT.sol";
import {Cid} from "../../contracts/messages/Cid.sol";
import {BodyDecoder} from "../../contracts/artworks/BodyDecoder.sol";
import {GenerationRequest, GridMessages} from "../../contracts/messages/GridMessages.sol";
import {Body, BodyArtwork, BodyOrder, NftBody} from "../utils/NftBody.sol";
import {NftTest} from "../utils/NftTest.sol";

/// @dev What goes in as a body comes out as provenance, whatever it holds; what is not a body never gets in.
contract NftBodyFuzz is NftTest {
    string private constant CHARACTERS =
        unicode"abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789\"\\/{}[]:,.<>&'#%?;=+-_*()!@^~|`$";

    uint256 private _seed;

    function _random(uint256 below) private returns (uint256) {
        _seed = uint256(keccak256(abi.encode(_seed)));
        return _seed % below;
    }

    /// @dev Text of up to `most` bytes, now and then with characters of two, three and four bytes.
    function _text(uint256 most) private returns (string memory out) {
        uint256 length = _random(3) == 0 ? 0 : _random(most);
        bytes memory alphabet = bytes(CHARACTERS);
        bytes memory plain = new bytes(length);
        for (uint256 i; i < length; ++i) {
            plain[i] = alphabet[_random(alphabet.length)];
        }
        if (length + 13 > most || _random(2) == 0) return string(plain);
        return string.concat(string(plain), unicode"ñ日🦊\u2028");
    }

    function _request() private returns (GenerationRequest memory r) {
        r = aRequest();
        r.prompt = _text(600);
        r.negativePrompt = _text(90);
        r.seed = _random(2) == 0 ? GridMessages.ANY_SEED : uint64(_random(1 << 63));
        r.width = uint32(_random(1 << (8 * _random(5))));
        r.height = uint32(_random(1 << (8 * _random(5))));
        r.steps = uint32(_random(200));
        r.guidanceMilli = uint32(_random(1 << (8 * _random(5))));
        r.sampler = _text(40);
        r.scheduler = _text(40);
        r.sourceHash = _random(2) == 0 ? bytes32(0) : keccak256(abi.encode(_random(9)));
        r.extras = _text(80);
        r.salt = _random(2) == 0 ? bytes32(0) : keccak256(abi.encode(_random(9)));
    }

    function _body() private returns (Body memory body) {
        body = aBody(1 + _random(12));
        body.policy = EvolutionPolicy(_random(3));
        body.royaltyBps = uint16(_random(1001));
        body.title = _text(90);
        body.description = _text(300);
        body.tags = _text(60);
        if (_random(2) == 0) body.anchors[0].payer = payer;
        body.engines = new string[](1 + _random(3));
        for (uint256 i; i < body.engines.length; ++i) {
            body.engines[i] = _text(60);
        }
        body.requests = new GenerationRequest[](1 + _random(4));
        for (uint256 i; i < body.requests.length; ++i) {
            body.requests[i] = _request();
        }
        body.orders = new BodyOrder[](1 + _random(5));
        for (uint256 i; i < body.orders.length; ++i) {
            body.orders[i] = BodyOrder({
                orderHash: keccak256(abi.encode("order", i)),
                anchor: 0,
                request: uint8(_random(body.requests.length)),
                engine: uint8(_random(body.engines.length)),
                price: uint128(1 + _random(1 << (8 * _random(16))))
            });
        }
        for (uint256 i; i < body.artworks.length; ++i) {
            BodyArtwork memory a = body.artworks[i];
            a.order = uint8(_random(body.orders.length));
            a.index = uint8(i * 21 + _random(21));
            a.imageHash = keccak256(abi.encode("image", i));
            a.completedAt = uint40(NOW - 30 days + _random(30 days + 15 minutes));
            if (_random(2) == 0) a.cidDigest = keccak256(abi.encode("cid", i));
            if (_random(3) == 0) a.price = uint128(1 + _random(1e30));
            if (body.requests[body.orders[a.order].request].seed == GridMessages.ANY_SEED) {
                a.seed = uint64(_random(type(uint256).max));
            }
        }
    }

    function testFuzz_RoundTrip(uint256 seed) external {
        _seed = seed;
        Body memory body = _body();
        uint256 first = mintBody(body) * 1000 + 1;
        Series memory s = nft.series(first / 1000);
        assertEq(s.title, body.title);
        assertEq(s.description, body.description);
        assertEq(s.tags, body.tags);
        assertEq(s.royaltyBps, body.royaltyBps);
        assertEq(uint256(s.policy), uint256(body.policy));
        assertEq(s.count, body.artworks.length);
        for (uint256 i; i < body.artworks.length; ++i) {
            BodyArtwork memory a = body.artworks[i];
            BodyOrder memory o = body.orders[a.order];
            Provenance memory p = nft.provenanceOf(first + i);
            assertEq(abi.encode(p.request), abi.encode(body.requests[o.request]));
            assertEq(p.engine, body.engines[o.engine]);
            assertEq(p.receiptId, receiptIdOf(body, i, artist));
            assertEq(p.imageHash, a.imageHash);
            assertEq(p.cidDigest, a.cidDigest == 0 ? a.imageHash : a.cidDigest);
            assertEq(p.price, a.price == 0 ? o.price : a.price);
            assertEq(p.index, a.index);
            assertEq(p.completedAt, a.completedAt);
            assertEq(p.payer, body.anchors[0].payer == address(0) ? artist : payer);
            assertTrue(nft.verify(first + i, 1));
        }
    }

    /// @dev Whatever the texts, the metadata is JSON that says them.
    function testFuzz_TokenURIIsJSON(uint256 seed) external {
        _seed = seed;
        Body memory body = _body();
        uint256 first = mintBody(body) * 1000 + 1;
        uint256 i = _random(body.artworks.length);
        string memory uri = nft.tokenURI(first + i);
        string memory json = string(Base64.decode(LibString.slice(uri, 29)));
        assertEq(vm.parseJsonString(json, ".prompt"), body.requests[body.orders[body.artworks[i].order].request].prompt);
        assertEq(vm.parseJsonString(json, ".description"), body.description);
    }

    /// @dev A body with one bit turned says something else; its receipts are not anchored, or it is no body at all. Only
    /// what receipts do not cover may change: the header.
    function testFuzz_ATurnedBitIsNoticed(uint256 seed, uint256 bit) external {
        _seed = seed;
        Body memory body = _body();
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        uint256 tables = NftBody.tables(body).length;
        bit = bound(bit, 8 * (packed.length - tables), 8 * packed.length - 1);
        packed[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        vm.prank(artist);
        (bool ok,) = address(nft).call(abi.encodeCall(nft.mint, (packed, proofs, artist, type(uint128).max)));
        if (ok) {
            // An order or request that no artwork uses may say anything; what is used says what was signed.
            for (uint256 i; i < body.artworks.length; ++i) {
                assertEq(nft.provenanceOf(1001 + i).receiptId, receiptIdOf(body, i, artist));
            }
        }
    }

    /// @dev Any bytes at all revert cleanly, and never mint.
    function testFuzz_GarbageNeverMints(bytes calldata garbage, bytes32[] calldata nodes, bytes calldata flags)
        external
    {
        ReceiptProof[] memory proofs = new ReceiptProof[](1);
        proofs[0] = ReceiptProof(0, nodes, flags);
        vm.prank(artist);
        (bool ok,) = address(nft)
            .call(abi.encodeCall(nft.mint, (bytes.concat(hex"01", garbage), proofs, artist, type(uint128).max)));
        assertFalse(ok);
        assertEq(nft.totalSupply(), 0);
    }

    /// @dev Any set of places in any tree.
    function testFuzz_Multiproof(uint256 seed, uint256 size) external {
        _seed = seed;
        size = bound(size, 1, 700);
        uint256 count = 1 + _random(size < 60 ? size : 60);
        uint256[] memory places = new uint256[](count);
        uint256 next;
        for (uint256 i; i < count; ++i) {
            uint256 room = size - next - (count - i);
            places[i] = next + _random(room + 1);
            next = places[i] + 1;
        }
        Body memory body = aBody(count);
        body.anchors[0].payer = payer;
        ReceiptProof[] memory proofs = anchorInTree(body, artist, size, places);
        bytes memory packed = NftBody.pack(body);
        uint256 state = vm.snapshotState();
        vm.prank(artist);
        nft.mint(packed, proofs, artist, type(uint128).max);
        assertEq(nft.balanceOf(artist), count);

        // With any flag turned it is no proof of this root.
        vm.revertToState(state);
        uint256 steps = count + proofs[0].proof.length - 1;
        if (steps == 0) return;
        uint256 step = _random(steps);
        proofs[0].flags[step / 8] ^= bytes1(uint8(0x80 >> (step % 8)));
        vm.prank(artist);
        (bool ok,) = address(nft).call(abi.encodeCall(nft.mint, (packed, proofs, artist, type(uint128).max)));
        assertFalse(ok);
    }

    function testFuzz_RoyaltyIsAtMostTheArtistsShare(uint16 bps, uint256 price) external {
        Body memory body = aBody(1);
        body.royaltyBps = uint16(bound(bps, 0, 1000));
        mintBody(body);
        price = bound(price, 0, type(uint256).max / 1000);
        (, uint256 amount) = nft.royaltyInfo(1001, price);
        assertEq(amount, price * body.royaltyBps / 10_000);
    }

    function testFuzz_Num(uint256 value) external pure {
        bytes memory packed = NftBody.num(value);
        uint256 position;
        assembly {
            position := add(packed, 0x20)
        }
        (uint256 read, uint256 next) = BodyDecoder.num(position, 32, "x");
        assertEq(read, value);
        assertEq(next, position + packed.length);
    }

    /// @dev CIDs are read back, five bits at a time.
    function testFuzz_Cid(bytes32 fileHash, bytes32 digest) external pure {
        bytes memory text = bytes(Cid.toText(fileHash, digest));
        bytes memory alphabet = "abcdefghijklmnopqrstuvwxyz234567";
        assertEq(text.length, 59);
        assertEq(text[0], "b");
        uint256 high;
        uint256 low;
        for (uint256 i = 1; i < 59; ++i) {
            uint256 value;
            while (alphabet[value] != text[i]) ++value;
            high = high << 5 | low >> 251;
            low = low << 5 | value;
        }
        // 290 bits: 2 zeros at the end
        assertEq(low & 3, 0);
        low = low >> 2 | high << 254;
        high >>= 2;
        assertEq(bytes32(low), digest);
        assertEq(high, fileHash == digest ? 0x01551220 : 0x01701220);
    }
}

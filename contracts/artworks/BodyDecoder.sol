// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {LibString} from "solady/utils/LibString.sol";

import {EvolutionPolicy, IGridNFT} from "../interfaces/IGridNFT.sol";
import {GridMessages} from "../messages/GridMessages.sol";
import {JsonText} from "../messages/JsonText.sol";

/// @title Decoding of the packed body
/// @notice Walks a body in memory, section by section. `ArtworkMint` states the format.
/// @dev A position is a memory address. Items of fixed size are read without looking at the end of the body: what is
/// read past it is some other memory, and `BodyTooShort` follows at the end of the section, before anything is done with
/// it. Text is checked against the end first.
library BodyDecoder {
    uint256 internal constant FORM_SERIES = 1;
    uint256 internal constant FORM_VERSION = 2;

    /// @dev Room of a token id. The blob holds up to 595 artworks of one prompt, a transaction on Base
    /// (16,777,216 gas) fewer: 467 when measured, with images of one block.
    uint256 internal constant MAX_ARTWORKS = 999;
    uint256 internal constant MAX_RESALE_ROYALTY_BPS = 1000;

    /// @dev Code size limit (EIP-170) less the blob's leading zero byte.
    uint256 internal constant MAX_BLOB = 24_575;

    /// @dev Most that a worker's clock may be ahead of the anchor's block.
    uint256 internal constant MAX_CLOCK_SKEW = 15 minutes;
    /// @dev Longest time between a picture and its anchor. It bounds how far a stolen worker key can date back.
    uint256 internal constant MAX_ANCHOR_DELAY = 30 days;

    uint256 private constant ANCHOR_PAYER = 1;

    uint256 private constant ARTWORK_CID = 1;
    uint256 private constant ARTWORK_PRICE = 2;
    uint256 private constant ARTWORK_PARENT = 4;

    uint256 private constant REQUEST_FIELDS = 14;

    /// @dev Kinds of the request's fields, four bits each, the first one lowest: 0 num(32), 1 b32, 2 text16, 3 u64,
    /// 4 num(4), 6 text8.
    uint256 private constant REQUEST_KINDS = 0x12166444432210;

    // Words of a `Body.words` buffer that are read on their own; word 0 is the type hash.
    uint256 internal constant WORD_MODEL_ID = 1;
    uint256 internal constant WORD_MODEL_HASH = 2;
    uint256 internal constant WORD_SEED = 5;
    uint256 internal constant WORD_SOURCE_HASH = 12;

    /// @dev Position and length of a text: position << 32 | length.
    type Slice is uint256;

    struct Header {
        EvolutionPolicy policy;
        uint256 royaltyBps;
        Slice title;
        Slice description;
        Slice tags;
    }

    /// @param separator EIP-712 domain separator of the source.
    /// @param receipts Artworks whose receipt it anchors.
    /// @param earliest Lowest completion time among them.
    /// @param latest Highest completion time among them.
    /// @param leaves Their leaves, in the order of the body.
    struct Anchor {
        uint256 source;
        address payer;
        address worker;
        bytes32 separator;
        uint256 receipts;
        uint256 earliest;
        uint256 latest;
        bytes32[] leaves;
    }

    /// @param position Position of its mask.
    struct Request {
        uint256 position;
        bytes32 hash;
        uint256 modelId;
        bytes32 modelHash;
        uint256 seed;
        bytes32 sourceHash;
    }

    /// @param bits Receipts of this order in the body, one bit for each index.
    struct Order {
        bytes32 orderHash;
        uint256 anchor;
        uint256 request;
        uint256 engine;
        uint256 price;
        uint256 bits;
    }

    struct BodyArtwork {
        uint256 order;
        uint256 index;
        uint256 completedAt;
        bytes32 imageHash;
        bytes32 cidDigest;
        uint256 seed;
        uint256 price;
        uint256 parent;
        uint256 parentVersion;
    }

    /// @dev A body being read.
    /// @param position Position of the part not yet read.
    /// @param count Artworks.
    /// @param places Order of each artwork, where there are several anchors.
    struct DecodedBody {
        bytes blob;
        uint256 position;
        uint256 end;
        address requester;
        Anchor[] anchors;
        Slice[] engines;
        Request[] requests;
        Order[] orders;
        uint256 count;
        uint256[] places;
    }

    // ------------------------------------------------------------------------------------------------------- scalars

    /// @notice The 32 bytes at a position.
    function word(uint256 position) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(position)
        }
    }

    /// @notice A `num` of at most `width` bytes.
    function num(uint256 position, uint256 width, bytes32 field) internal pure returns (uint256 value, uint256 next) {
        unchecked {
            uint256 size = word(position) >> 248;
            next = position + 1 + size;
            if (size == 0) return (0, next);
            if (size > width) badValue(field, size);
            value = word(position + 1) >> (256 - 8 * size);
            if (value >> (8 * size - 8) == 0) badValue(field, value);
        }
    }

    /// @notice A text with a length of `prefix` bytes. Checks that it is within the body, and that it is text.
    function text(uint256 position, uint256 prefix, uint256 end, bytes32 field)
        internal
        pure
        returns (Slice slice, uint256 next)
    {
        unchecked {
            uint256 length = word(position) >> (256 - 8 * prefix);
            uint256 start = position + prefix;
            next = start + length;
            if (next > end) revert IGridNFT.GridNFT_BodyTooShort(next - end);
            uint256 fault = JsonText.faultOf(start, length);
            if (fault != JsonText.NO_FAULT) {
                revert IGridNFT.GridNFT_BadText(_nameOf(field), fault);
            }
            slice = Slice.wrap(start << 32 | length);
        }
    }

    /// @notice keccak256 of a slice.
    function hash(Slice slice) internal pure returns (bytes32 result) {
        uint256 raw = Slice.unwrap(slice);
        assembly ("memory-safe") {
            result := keccak256(shr(32, raw), and(raw, 0xffffffff))
        }
    }

    /// @notice Copy of a slice.
    function toString(Slice slice) internal pure returns (string memory copy) {
        uint256 raw = Slice.unwrap(slice);
        // forge-lint: disable-next-line(unsafe-typecast) -- a slice keeps its length there
        copy = new string(uint32(raw));
        assembly ("memory-safe") {
            mcopy(add(copy, 0x20), shr(32, raw), and(raw, 0xffffffff))
        }
    }

    /// @notice An anchor's time is the chain's, `completedAt` is what the worker says.
    function isTimely(uint256 completedAt, uint256 anchorTime) internal pure returns (bool) {
        return completedAt <= anchorTime + MAX_CLOCK_SKEW && completedAt + MAX_ANCHOR_DELAY >= anchorTime;
    }

    /// @notice Reverts for a value that the format does not allow.
    function badValue(bytes32 field, uint256 value) internal pure {
        revert IGridNFT.GridNFT_BadValue(_nameOf(field), value);
    }

    /// @notice Reverts when a section ran over the end of the body.
    function requireWithin(uint256 position, uint256 end) internal pure {
        unchecked {
            if (position > end) revert IGridNFT.GridNFT_BodyTooShort(position - end);
        }
    }

    // ------------------------------------------------------------------------------------------------------ sections

    /// @notice Copies a body to memory, as a blob with room for the anchors' times. `form` 0 takes either form.
    function open(bytes calldata body, uint256 anchorCount, address requester, uint256 form)
        internal
        pure
        returns (DecodedBody memory decoded)
    {
        unchecked {
            uint256 size = 20 + body.length + 10 * anchorCount;
            if (size > MAX_BLOB) revert IGridNFT.GridNFT_BlobTooLarge(size, MAX_BLOB);
            // 22 bytes more, for times are written a word at a time.
            bytes memory blob = bytes.concat(bytes20(requester), body, new bytes(10 * anchorCount + 22));
            assembly ("memory-safe") {
                mstore(blob, size)
            }
            begin(decoded, blob);
            decoded.end = decoded.position - 1 + body.length;
            requireWithin(decoded.position, decoded.end);
            uint256 given = uint8(blob[20]);
            if (form == 0 ? given != FORM_SERIES && given != FORM_VERSION : given != form) {
                revert IGridNFT.GridNFT_WrongForm(given, form);
            }
        }
    }

    /// @notice Begins to read a blob: at the byte after the form.
    function begin(DecodedBody memory decoded, bytes memory blob) internal pure {
        uint256 start;
        assembly ("memory-safe") {
            start := add(blob, 0x20)
        }
        unchecked {
            decoded.blob = blob;
            decoded.requester = address(uint160(word(start) >> 96));
            decoded.position = start + 21;
            decoded.end = start + blob.length;
        }
    }

    /// @notice Everything between the header and the artworks.
    function tables(DecodedBody memory decoded, bool hashing) internal pure {
        uint256 end = decoded.end;
        uint256 position;
        (decoded.anchors, position) = anchors(decoded.position, end, decoded.requester);
        (decoded.engines, position) = engines(position, end);
        (decoded.requests, position) = requests(position, end, hashing);
        (decoded.orders, position) =
            orders(position, end, [decoded.anchors.length, decoded.requests.length, decoded.engines.length]);
        decoded.count = word(position) >> 240;
        unchecked {
            decoded.position = position + 2;
        }
        requireWithin(decoded.position, end);
    }

    /// @notice `header` of a body of form 1.
    function header(uint256 position, uint256 end) internal pure returns (Header memory h, uint256 next) {
        uint256 policy = word(position) >> 248;
        uint256 royaltyBps = (word(position) >> 232) & 0xffff;
        requireWithin(position + 3, end);
        if (policy > uint256(type(EvolutionPolicy).max)) badValue("policy", policy);
        if (royaltyBps > MAX_RESALE_ROYALTY_BPS) badValue("royaltyBps", royaltyBps);
        h.policy = EvolutionPolicy(policy);
        h.royaltyBps = royaltyBps;
        (h.title, next) = text(position + 3, 1, end, "title");
        (h.description, next) = text(next, 2, end, "description");
        (h.tags, next) = text(next, 1, end, "tags");
    }

    /// @notice Size of a table, which must not be empty.
    function count(uint256 position, bytes32 field) internal pure returns (uint256 size, uint256 next) {
        size = word(position) >> 248;
        if (size == 0) badValue(field, 0);
        unchecked {
            next = position + 1;
        }
    }

    /// @notice `anchors`.
    /// @param requester Payer of the anchors that name none.
    function anchors(uint256 position, uint256 end, address requester)
        internal
        pure
        returns (Anchor[] memory table, uint256 next)
    {
        uint256 size;
        (size, next) = count(position, "anchors");
        table = new Anchor[](size);
        unchecked {
            for (uint256 i; i < size; ++i) {
                Anchor memory anchor = table[i];
                uint256 flags = (word(next) >> 240) & 0xff;
                if (flags > ANCHOR_PAYER) badValue("anchor flags", flags);
                anchor.source = word(next) >> 248;
                next += 2;
                anchor.payer = requester;
                if (flags == ANCHOR_PAYER) {
                    anchor.payer = address(uint160(word(next) >> 96));
                    next += 20;
                }
                anchor.worker = address(uint160(word(next) >> 96));
                next += 20;
                anchor.earliest = type(uint256).max;
                requireWithin(next, end);
            }
        }
    }

    /// @notice `engines`.
    function engines(uint256 position, uint256 end) internal pure returns (Slice[] memory table, uint256 next) {
        uint256 size;
        (size, next) = count(position, "engines");
        table = new Slice[](size);
        for (uint256 i; i < size; ++i) {
            (table[i], next) = text(next, 1, end, "engine");
        }
    }

    /// @notice One request, laid over `words`, which holds what its fields are when they are not given.
    /// @dev With `hashing` a text becomes its keccak256, and `words` the struct's EIP-712 encoding; otherwise its slice.
    function request(uint256 position, uint256 end, uint256[15] memory words, bool hashing)
        internal
        pure
        returns (uint256 next)
    {
        unchecked {
            uint256 mask = word(position) >> 240;
            if (mask >> REQUEST_FIELDS != 0) badValue("request mask", mask);
            next = position + 2;
            uint256 field;
            for (uint256 kinds = REQUEST_KINDS; mask != 0; kinds >>= 4) {
                ++field;
                uint256 given = mask & 1;
                mask >>= 1;
                if (given == 0) continue;
                uint256 kind = kinds & 0xf;
                if (kind == 1) {
                    words[field] = word(next);
                    next += 32;
                } else if (kind & 3 == 2) {
                    Slice slice;
                    (slice, next) = text(next, kind == 2 ? 2 : 1, end, bytes32(field));
                    words[field] = hashing ? uint256(hash(slice)) : Slice.unwrap(slice);
                } else if (kind == 3) {
                    words[field] = word(next) >> 192;
                    next += 8;
                } else {
                    (words[field], next) = num(next, kind == 0 ? 32 : 4, bytes32(field));
                }
            }
            requireWithin(next, end);
        }
    }

    /// @notice Values of the first request's fields when they are not given.
    function emptyRequest(bool hashing) internal pure returns (uint256[15] memory words) {
        words[0] = uint256(GridMessages.GENERATION_REQUEST_TYPEHASH);
        words[WORD_SEED] = GridMessages.ANY_SEED;
        if (hashing) {
            uint256 empty = uint256(keccak256(""));
            words[3] = empty;
            words[4] = empty;
            words[10] = empty;
            words[11] = empty;
            words[13] = empty;
        }
    }

    /// @notice `requests`. With `hashing` their struct hashes, too.
    function requests(uint256 position, uint256 end, bool hashing)
        internal
        pure
        returns (Request[] memory table, uint256 next)
    {
        uint256 size;
        (size, next) = count(position, "requests");
        table = new Request[](size);
        uint256[15] memory first = emptyRequest(hashing);
        uint256[15] memory later;
        unchecked {
            for (uint256 i; i < size; ++i) {
                Request memory item = table[i];
                item.position = next;
                uint256[15] memory words = first;
                if (i != 0) {
                    assembly ("memory-safe") {
                        mcopy(later, first, 0x1e0)
                    }
                    words = later;
                }
                next = request(next, end, words, hashing);
                item.modelId = words[WORD_MODEL_ID];
                item.modelHash = bytes32(words[WORD_MODEL_HASH]);
                item.seed = words[WORD_SEED];
                item.sourceHash = bytes32(words[WORD_SOURCE_HASH]);
                if (item.seed >> 63 != 0 && item.seed != GridMessages.ANY_SEED) badValue("seed", item.seed);
                if (hashing) {
                    bytes32 structHash;
                    assembly ("memory-safe") {
                        structHash := keccak256(words, 0x1e0)
                    }
                    item.hash = structHash;
                }
            }
        }
    }

    /// @notice `orders`.
    /// @param limits Sizes of the tables that orders point into.
    function orders(uint256 position, uint256 end, uint256[3] memory limits)
        internal
        pure
        returns (Order[] memory table, uint256 next)
    {
        uint256 size;
        (size, next) = count(position, "orders");
        table = new Order[](size);
        unchecked {
            for (uint256 i; i < size; ++i) {
                Order memory order = table[i];
                order.orderHash = bytes32(word(next));
                uint256 places = word(next + 32);
                order.anchor = places >> 248;
                order.request = (places >> 240) & 0xff;
                order.engine = (places >> 232) & 0xff;
                (order.price, next) = num(next + 35, 16, "price");
                if (order.price == 0) order.price = table[0].price;
                requireWithin(next, end);
                if (order.anchor >= limits[0]) badValue("order anchor", order.anchor);
                if (order.request >= limits[1]) badValue("order request", order.request);
                if (order.engine >= limits[2]) badValue("order engine", order.engine);
            }
        }
    }

    /// @notice One artwork, into `entry`.
    function artwork(
        uint256 position,
        uint256 end,
        Order[] memory orderTable,
        Request[] memory requestTable,
        BodyArtwork memory entry
    ) internal pure returns (uint256 next) {
        unchecked {
            uint256 head = word(position);
            uint256 flags = head >> 248;
            uint256 place = (head >> 240) & 0xff;
            if (flags > 7) badValue("artwork flags", flags);
            if (place >= orderTable.length) badValue("artwork order", place);
            Order memory order = orderTable[place];
            entry.order = place;
            entry.index = (head >> 232) & 0xff;
            entry.completedAt = (head >> 192) & 0xffffffffff;
            entry.imageHash = bytes32(word(position + 8));
            next = position + 40;

            uint256 seed = requestTable[order.request].seed;
            if (seed == GridMessages.ANY_SEED) {
                entry.seed = word(next) >> 192;
                next += 8;
            } else {
                entry.seed = seed + entry.index;
            }

            if (flags & ARTWORK_CID != 0) {
                entry.cidDigest = bytes32(word(next));
                next += 32;
            } else {
                entry.cidDigest = entry.imageHash;
            }

            entry.price = order.price;
            if (flags & ARTWORK_PRICE != 0) (entry.price, next) = num(next, 16, "price");

            entry.parent = 0;
            entry.parentVersion = 0;
            if (flags & ARTWORK_PARENT != 0) {
                (entry.parent, next) = num(next, 32, "parent");
                (entry.parentVersion, next) = num(next, 4, "parentVersion");
                if (entry.parent == 0) badValue("parent", 0);
            }
            requireWithin(next, end);
        }
    }

    /// @dev A field is its name, or, in a request, its place from 1.
    function _nameOf(bytes32 field) private pure returns (string memory) {
        uint256 place = uint256(field);
        if (place == 1) field = "modelId";
        else if (place == 3) field = "prompt";
        else if (place == 4) field = "negativePrompt";
        else if (place == 6) field = "width";
        else if (place == 7) field = "height";
        else if (place == 8) field = "steps";
        else if (place == 9) field = "guidanceMilli";
        else if (place == 10) field = "sampler";
        else if (place == 11) field = "scheduler";
        else if (place == 13) field = "extras";
        return LibString.fromSmallString(field);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {EvolutionPolicy} from "../../contracts/interfaces/IGridNFT.sol";
import {GenerationRequest, GridMessages} from "../../contracts/messages/GridMessages.sol";

/// @dev A body before it is packed. Zero values mean "not given" as the format has them.
struct BodyAnchor {
    uint8 source;
    address payer;
    address worker;
}

struct BodyOrder {
    bytes32 orderHash;
    uint8 anchor;
    uint8 request;
    uint8 engine;
    uint128 price;
}

/// @param seed Given only if the request's seed is any.
/// @param cidDigest 0: equals the image hash.
/// @param price 0: the order's.
struct BodyArtwork {
    uint8 order;
    uint8 index;
    uint40 completedAt;
    bytes32 imageHash;
    uint64 seed;
    bytes32 cidDigest;
    uint128 price;
    uint256 parent;
    uint32 parentVersion;
}

struct Body {
    EvolutionPolicy policy;
    uint16 royaltyBps;
    string title;
    string description;
    string tags;
    BodyAnchor[] anchors;
    string[] engines;
    GenerationRequest[] requests;
    BodyOrder[] orders;
    BodyArtwork[] artworks;
}

/// @title Packs bodies, as the head of ArtworkMint.sol has it
/// @dev The plain way, to test the codec against. The SDK has the same in TypeScript.
library NftBody {
    /// @notice A series.
    function pack(Body memory body) internal pure returns (bytes memory) {
        return bytes.concat(bytes1(0x01), header(body), tables(body));
    }

    /// @notice A version.
    function packVersion(Body memory body) internal pure returns (bytes memory) {
        return bytes.concat(bytes1(0x02), tables(body));
    }

    function header(Body memory body) internal pure returns (bytes memory) {
        return bytes.concat(
            bytes1(uint8(body.policy)),
            bytes2(body.royaltyBps),
            text8(body.title),
            text16(body.description),
            text8(body.tags)
        );
    }

    function tables(Body memory body) internal pure returns (bytes memory) {
        return bytes.concat(
            anchors(body.anchors), engines(body.engines), requests(body.requests), orders(body.orders), artworks(body)
        );
    }

    function anchors(BodyAnchor[] memory list) internal pure returns (bytes memory out) {
        out = abi.encodePacked(uint8(list.length));
        for (uint256 i; i < list.length; ++i) {
            BodyAnchor memory a = list[i];
            out = bytes.concat(out, bytes1(a.source), bytes1(a.payer != address(0) ? 1 : 0));
            if (a.payer != address(0)) out = bytes.concat(out, bytes20(a.payer));
            out = bytes.concat(out, bytes20(a.worker));
        }
    }

    function engines(string[] memory list) internal pure returns (bytes memory out) {
        out = abi.encodePacked(uint8(list.length));
        for (uint256 i; i < list.length; ++i) {
            out = bytes.concat(out, text8(list[i]));
        }
    }

    function requests(GenerationRequest[] memory list) internal pure returns (bytes memory out) {
        out = abi.encodePacked(uint8(list.length));
        for (uint256 i; i < list.length; ++i) {
            GenerationRequest memory base;
            if (i == 0) base.seed = GridMessages.ANY_SEED;
            else base = list[0];
            out = bytes.concat(out, request(list[i], base));
        }
    }

    /// @notice What differs from `base`.
    function request(GenerationRequest memory r, GenerationRequest memory base) internal pure returns (bytes memory) {
        bytes[14] memory fields;
        if (r.modelId != base.modelId) fields[0] = num(r.modelId);
        if (r.modelHash != base.modelHash) fields[1] = bytes.concat(r.modelHash);
        if (differ(r.prompt, base.prompt)) fields[2] = text16(r.prompt);
        if (differ(r.negativePrompt, base.negativePrompt)) fields[3] = text16(r.negativePrompt);
        if (r.seed != base.seed) fields[4] = abi.encodePacked(r.seed);
        if (r.width != base.width) fields[5] = num(r.width);
        if (r.height != base.height) fields[6] = num(r.height);
        if (r.steps != base.steps) fields[7] = num(r.steps);
        if (r.guidanceMilli != base.guidanceMilli) fields[8] = num(r.guidanceMilli);
        if (differ(r.sampler, base.sampler)) fields[9] = text8(r.sampler);
        if (differ(r.scheduler, base.scheduler)) fields[10] = text8(r.scheduler);
        if (r.sourceHash != base.sourceHash) fields[11] = bytes.concat(r.sourceHash);
        if (differ(r.extras, base.extras)) fields[12] = text16(r.extras);
        if (r.salt != base.salt) fields[13] = bytes.concat(r.salt);
        uint16 mask;
        bytes memory out;
        for (uint256 i; i < 14; ++i) {
            if (fields[i].length == 0) continue;
            mask |= uint16(1 << i);
            out = bytes.concat(out, fields[i]);
        }
        return bytes.concat(bytes2(mask), out);
    }

    function orders(BodyOrder[] memory list) internal pure returns (bytes memory out) {
        out = abi.encodePacked(uint8(list.length));
        for (uint256 i; i < list.length; ++i) {
            BodyOrder memory o = list[i];
            require(o.price != 0 || list[0].price == 0, "price 0 means the first order's");
            bytes memory price = num(i != 0 && o.price == list[0].price ? 0 : o.price);
            out = bytes.concat(out, abi.encodePacked(o.orderHash, o.anchor, o.request, o.engine), price);
        }
    }

    function artworks(Body memory body) internal pure returns (bytes memory out) {
        BodyArtwork[] memory list = body.artworks;
        out = abi.encodePacked(uint16(list.length));
        for (uint256 i; i < list.length; ++i) {
            BodyArtwork memory a = list[i];
            uint8 flags = (a.cidDigest != 0 ? 1 : 0) | (a.price != 0 ? 2 : 0) | (a.parent != 0 ? 4 : 0);
            out = bytes.concat(out, abi.encodePacked(flags, a.order, a.index, a.completedAt, a.imageHash));
            bool any = body.requests[body.orders[a.order].request].seed == GridMessages.ANY_SEED;
            if (any) out = bytes.concat(out, bytes8(a.seed));
            if (flags & 1 != 0) out = bytes.concat(out, a.cidDigest);
            if (flags & 2 != 0) out = bytes.concat(out, num(a.price));
            if (flags & 4 != 0) out = bytes.concat(out, num(a.parent), num(a.parentVersion));
        }
    }

    function text8(string memory value) internal pure returns (bytes memory) {
        require(bytes(value).length < 1 << 8, "text8 too long");
        return bytes.concat(bytes1(uint8(bytes(value).length)), bytes(value));
    }

    function text16(string memory value) internal pure returns (bytes memory) {
        require(bytes(value).length < 1 << 16, "text16 too long");
        return bytes.concat(bytes2(uint16(bytes(value).length)), bytes(value));
    }

    function num(uint256 value) internal pure returns (bytes memory) {
        uint256 size;
        while (size < 32 && value >> (8 * size) != 0) ++size;
        bytes memory out = abi.encodePacked(bytes1(uint8(size)), value << (8 * (32 - size)));
        assembly ("memory-safe") {
            mstore(out, add(size, 1))
        }
        return out;
    }

    function differ(string memory a, string memory b) private pure returns (bool) {
        return keccak256(bytes(a)) != keccak256(bytes(b));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {Base64} from "solady/utils/Base64.sol";
import {LibString} from "solady/utils/LibString.sol";

import {IAIGC} from "./interfaces/IAIGC.sol";
import {Artwork, EvolutionPolicy} from "./interfaces/IGridNFT.sol";
import {IGridRenderer} from "./interfaces/IGridRenderer.sol";
import {Cid} from "./messages/Cid.sol";
import {JsonText} from "./messages/JsonText.sol";

/// @title GridRenderer
/// @notice The metadata that wallets and marketplaces read, with prompt and provenance beside what ERC-721 asks for.
/// @dev The keys `prompt`, `aigc_type`, `aigc_data` and `proof_type` are those of ERC-7007's metadata schema. Its proofs are
/// "validity" (zkML) and "fraud" (opML); ours is neither but a worker's signed receipt, so `proof_type` is "attestation".
///
/// Every string goes through `JsonText.escape`, the model's name too, which comes from another contract. That
/// contract failing costs the name, never the metadata.
contract GridRenderer is IGridRenderer {
    /// @dev Largest integer that JSON readers keep exact (2^53 - 1); a larger seed is written as a string.
    uint256 private constant MAX_JSON_INTEGER = 9_007_199_254_740_991;

    /// @dev Gas for reading a model's name. More than it takes; a model that burns it leaves enough to go on.
    uint256 private constant MODEL_GAS = 200_000;

    /// @notice Registry that models' names are read from.
    IAIGC public immutable models;

    /// @notice `external_url` of a token is this and the token id.
    string public externalUrl;

    /// @param models_ Model registry.
    /// @param externalUrl_ Text that token ids are appended to.
    constructor(IAIGC models_, string memory externalUrl_) {
        models = models_;
        externalUrl = externalUrl_;
    }

    // --------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IGridRenderer
    function tokenURI(Artwork calldata artwork) external view returns (string memory) {
        return string.concat("data:application/json;base64,", Base64.encode(bytes(_json(artwork))));
    }

    /// @notice Name of a model; reverts when the registry does.
    function modelName(uint256 modelId) external view returns (string memory) {
        return models.modelOf(modelId).spec.name;
    }

    // ------------------------------------------------------------------------------------------------------ internal

    function _json(Artwork calldata artwork) private view returns (string memory) {
        string memory image =
            string.concat("ipfs://", Cid.toText(artwork.provenance.imageHash, artwork.provenance.cidDigest));
        return string.concat(
            _head(artwork, image),
            ',"attributes":[',
            _attributes(artwork),
            "],",
            _generation(artwork),
            ',"ai_generated":true,"aigc_type":"image","aigc_data":"',
            image,
            '","proof_type":"attestation","provenance":{',
            _provenance(artwork),
            "}}"
        );
    }

    function _head(Artwork calldata artwork, string memory image) private view returns (string memory) {
        string memory title = bytes(artwork.display.title).length == 0 ? "Untitled" : artwork.display.title;
        string memory animation = artwork.display.animationUrl;
        return string.concat(
            '{"name":"',
            JsonText.escape(title),
            artwork.count > 1 ? string.concat(" #", LibString.toString(artwork.index)) : "",
            _field('","description":"', artwork.display.description),
            '","image":"',
            image,
            bytes(animation).length == 0 ? "" : _field('","animation_url":"', animation),
            _field('","external_url":"', externalUrl),
            LibString.toString(artwork.tokenId),
            '"'
        );
    }

    function _attributes(Artwork calldata artwork) private view returns (string memory) {
        string memory evolves = artwork.policy == EvolutionPolicy.NONE
            ? "No"
            : artwork.policy == EvolutionPolicy.ARTIST ? "By its artist" : "By its owner";
        return string.concat(
            _field('{"trait_type":"Model","value":"', _modelName(artwork.provenance.request.modelId)),
            '"},{"trait_type":"Worker Node","value":"',
            Strings.toHexString(artwork.provenance.worker),
            '"},{"display_type":"date","trait_type":"Generation Date","value":',
            LibString.toString(artwork.provenance.completedAt),
            '},{"trait_type":"Evolves","value":"',
            evolves,
            '"}',
            artwork.version > 1
                ? string.concat(',{"trait_type":"Version","value":', LibString.toString(artwork.version), "}")
                : "",
            _tags(artwork.tags)
        );
    }

    /// @dev An attribute for each of the comma-separated tags that is not empty.
    function _tags(string calldata tags) private pure returns (string memory list) {
        if (bytes(tags).length == 0) return "";
        string[] memory each = LibString.split(tags, ",");
        for (uint256 i; i < each.length; ++i) {
            if (bytes(each[i]).length != 0) {
                list = string.concat(list, _field(',{"trait_type":"Tag","value":"', each[i]), '"}');
            }
        }
    }

    function _generation(Artwork calldata artwork) private pure returns (string memory) {
        return string.concat(
            _field('"prompt":"', artwork.provenance.request.prompt),
            _field('","negative_prompt":"', artwork.provenance.request.negativePrompt),
            '","seed":',
            _integer(artwork.provenance.seed),
            ',"steps":',
            LibString.toString(artwork.provenance.request.steps),
            ',"guidance_scale":',
            _thousandths(artwork.provenance.request.guidanceMilli)
        );
    }

    function _provenance(Artwork calldata artwork) private pure returns (string memory) {
        return string.concat(
            '"receipt":"',
            LibString.toHexString(uint256(artwork.provenance.receiptId), 32),
            '","model_id":',
            _integer(artwork.provenance.request.modelId),
            ',"model_hash":"',
            LibString.toHexString(uint256(artwork.provenance.request.modelHash), 32),
            '","image_sha256":"',
            LibString.toHexString(uint256(artwork.provenance.imageHash), 32),
            _field('","engine":"', artwork.provenance.engine),
            '","requester":"',
            Strings.toHexString(artwork.provenance.requester),
            '","anchored_at":',
            LibString.toString(artwork.provenance.anchorTime)
        );
    }

    /// @dev `key`, which ends with an open quote, and the escaped text.
    function _field(string memory key, string memory text) private pure returns (string memory) {
        return string.concat(key, JsonText.escape(text));
    }

    /// @dev As a number if JSON readers keep it exact, else as a string.
    function _integer(uint256 value) private pure returns (string memory digits) {
        digits = LibString.toString(value);
        if (value > MAX_JSON_INTEGER) return string.concat('"', digits, '"');
    }

    /// @dev 7500 is 7.5, 7000 is 7, 7005 is 7.005.
    function _thousandths(uint256 value) private pure returns (string memory) {
        string memory whole = LibString.toString(value / 1000);
        uint256 rest = value % 1000;
        if (rest == 0) return whole;
        // 1005, without its 1 and its zeros at the end
        string memory digits = LibString.slice(LibString.toString(1000 + rest), 1);
        uint256 length = rest % 100 == 0 ? 1 : rest % 10 == 0 ? 2 : 3;
        return string.concat(whole, ".", LibString.slice(digits, 0, length));
    }

    function _modelName(uint256 modelId) private view returns (string memory) {
        try this.modelName{gas: MODEL_GAS}(modelId) returns (string memory name) {
            if (bytes(name).length != 0) return name;
        } catch {}
        return string.concat("Model #", LibString.toString(modelId));
    }
}

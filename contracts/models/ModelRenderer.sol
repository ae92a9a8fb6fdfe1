// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {Access, Model, ModelFamily, ModelKind} from "../interfaces/IAIGC.sol";
import {JsonText} from "../messages/JsonText.sol";

/// @title Metadata of models
/// @notice Makes AIGC's `tokenURI` and its default `contractURI`, wholly on chain.
/// @dev External library, to keep AIGC small. All registered text is escaped; what isn't escaped is made here, or holds
/// letters and digits only (the preview CID).
library ModelRenderer {
    using Strings for address;
    using Strings for uint256;

    string private constant JSON_URI = "data:application/json;base64,";

    /// @notice Data URI of the model's JSON.
    function tokenURI(Model memory model) external pure returns (string memory) {
        return string.concat(
            JSON_URI, Base64.encode(bytes(string.concat(_card(model), _attributes(model), _facts(model), "}")))
        );
    }

    /// @notice Data URI of the collection's JSON.
    function contractURI() external pure returns (string memory) {
        return string.concat(
            JSON_URI,
            Base64.encode(
                bytes(
                    '{"name":"AIPG Models","symbol":"AIGC","description":"Generative models of the AI Power Grid. Whoever owns a model is paid for each use of it, and sells licenses to it."}'
                )
            )
        );
    }

    /// @dev Members that wallets show: name, description, image.
    function _card(Model memory model) private pure returns (string memory) {
        string memory name = JsonText.escape(model.spec.name);
        if (bytes(model.spec.version).length != 0) {
            name = string.concat(name, " ", JsonText.escape(model.spec.version));
        }
        return string.concat(
            '{"name":"',
            name,
            '","description":"',
            _kindLabel(model.spec.kind),
            " for ",
            _familyLabel(model.spec.family),
            ". License: ",
            JsonText.escape(model.spec.license),
            '.","image":"',
            bytes(model.spec.previewCid).length == 0
                ? _picture(model)
                : string.concat("ipfs://", model.spec.previewCid),
            '"'
        );
    }

    /// @dev Members that marketplaces filter on.
    function _attributes(Model memory model) private pure returns (string memory) {
        string memory first = string.concat(
            ',"attributes":[',
            _trait("Family", _familyLabel(model.spec.family)),
            ",",
            _trait("Kind", _kindLabel(model.spec.kind)),
            ",",
            _trait("License", JsonText.escape(model.spec.license)),
            ",",
            _trait("Access", _accessLabel(model.spec.access)),
            ","
        );
        return string.concat(
            first,
            _trait("Verified", model.verified ? "Yes" : "No"),
            ",",
            _trait("Status", model.deprecated ? "Deprecated" : "Active"),
            ',{"display_type":"date","trait_type":"Registered","value":',
            uint256(model.registeredAt).toString(),
            "}]"
        );
    }

    /// @dev Members that programs read.
    function _facts(Model memory model) private pure returns (string memory) {
        string memory identity = string.concat(
            ',"model":{"id":',
            model.modelId.toString(),
            ',"version":"',
            JsonText.escape(model.spec.version),
            '","family":"',
            _familyId(model.spec.family),
            '","kind":"',
            _kindId(model.spec.kind),
            '","base_model_id":',
            model.spec.baseModelId.toString(),
            ',"weights_sha256":"',
            uint256(model.spec.weightsHash).toHexString(32),
            '","weights_uri":"',
            JsonText.escape(model.spec.weightsURI)
        );
        return string.concat(
            identity,
            '","license":"',
            JsonText.escape(model.spec.license),
            '","creator":"',
            _origin(model),
            _terms(model)
        );
    }

    function _origin(Model memory model) private pure returns (string memory) {
        return string.concat(
            model.creator.toChecksumHexString(),
            '","registered_at":',
            uint256(model.registeredAt).toString(),
            ',"verified":',
            model.verified ? "true" : "false",
            ',"deprecated":',
            model.deprecated ? "true" : "false"
        );
    }

    function _terms(Model memory model) private pure returns (string memory) {
        string memory announced = model.nextUsageFrom == 0
            ? ""
            : string.concat(
                ',"next_bps":',
                uint256(model.nextUsageBps).toString(),
                ',"next_from":',
                uint256(model.nextUsageFrom).toString()
            );
        return string.concat(
            ',"access":"',
            _accessId(model.spec.access),
            '","usage_royalty":{"bps":',
            uint256(model.spec.usageBps).toString(),
            announced,
            '},"resale_royalty_bps":',
            uint256(model.spec.resaleBps).toString(),
            "}"
        );
    }

    /// @dev For a model without a preview: two colours of its weights hash, its family and its kind.
    function _picture(Model memory model) private pure returns (string memory) {
        uint256 hue = uint256(model.spec.weightsHash) % 360;
        string memory background = string.concat(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512"><defs><linearGradient id="g" x2="1" y2="1"><stop stop-color="hsl(',
            hue.toString(),
            ',70%,35%)"/><stop offset="1" stop-color="hsl(',
            ((hue + 30 + (uint256(model.spec.weightsHash) >> 16) % 90) % 360).toString(),
            ',70%,15%)"/></linearGradient></defs><rect width="512" height="512" fill="url(#g)"/>'
        );
        return string.concat(
            "data:image/svg+xml;base64,",
            Base64.encode(
                bytes(
                    string.concat(
                        background,
                        '<g fill="#fff" font-family="sans-serif" text-anchor="middle"><text x="256" y="250" font-size="40">',
                        _familyLabel(model.spec.family),
                        '</text><text x="256" y="300" font-size="26" opacity=".8">',
                        _kindLabel(model.spec.kind),
                        "</text></g></svg>"
                    )
                )
            )
        );
    }

    function _trait(string memory trait, string memory value) private pure returns (string memory) {
        return string.concat('{"trait_type":"', trait, '","value":"', value, '"}');
    }

    function _familyLabel(ModelFamily family) private pure returns (string memory) {
        if (family == ModelFamily.SD15) return "Stable Diffusion 1.5";
        if (family == ModelFamily.SD21) return "Stable Diffusion 2.1";
        if (family == ModelFamily.SDXL) return "Stable Diffusion XL";
        if (family == ModelFamily.FLUX1_SCHNELL) return "FLUX.1 [schnell]";
        if (family == ModelFamily.FLUX1_DEV) return "FLUX.1 [dev]";
        if (family == ModelFamily.FLUX_KREA) return "FLUX.1 Krea";
        if (family == ModelFamily.CHROMA) return "Chroma";
        if (family == ModelFamily.SVD) return "Stable Video Diffusion";
        return "other architectures";
    }

    function _familyId(ModelFamily family) private pure returns (string memory) {
        if (family == ModelFamily.SD15) return "sd15";
        if (family == ModelFamily.SD21) return "sd21";
        if (family == ModelFamily.SDXL) return "sdxl";
        if (family == ModelFamily.FLUX1_SCHNELL) return "flux1-schnell";
        if (family == ModelFamily.FLUX1_DEV) return "flux1-dev";
        if (family == ModelFamily.FLUX_KREA) return "flux-krea";
        if (family == ModelFamily.CHROMA) return "chroma";
        if (family == ModelFamily.SVD) return "svd";
        return "other";
    }

    function _kindLabel(ModelKind kind) private pure returns (string memory) {
        if (kind == ModelKind.CHECKPOINT) return "Checkpoint";
        if (kind == ModelKind.LORA) return "LoRA";
        if (kind == ModelKind.CONTROLNET) return "ControlNet";
        if (kind == ModelKind.UPSCALER) return "Upscaler";
        if (kind == ModelKind.EMBEDDING) return "Embedding";
        if (kind == ModelKind.VAE) return "VAE";
        return "Pipeline";
    }

    function _kindId(ModelKind kind) private pure returns (string memory) {
        if (kind == ModelKind.CHECKPOINT) return "checkpoint";
        if (kind == ModelKind.LORA) return "lora";
        if (kind == ModelKind.CONTROLNET) return "controlnet";
        if (kind == ModelKind.UPSCALER) return "upscaler";
        if (kind == ModelKind.EMBEDDING) return "embedding";
        if (kind == ModelKind.VAE) return "vae";
        return "pipeline";
    }

    function _accessLabel(Access access) private pure returns (string memory) {
        if (access == Access.OPEN) return "Open";
        if (access == Access.LICENSED) return "Licensed";
        return "Private";
    }

    function _accessId(Access access) private pure returns (string memory) {
        if (access == Access.OPEN) return "open";
        if (access == Access.LICENSED) return "licensed";
        return "private";
    }
}

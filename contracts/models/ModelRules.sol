// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAIGC, ModelSpec} from "../interfaces/IAIGC.sol";
import {JsonText} from "../messages/JsonText.sol";

/// @title What a model must be like to be registered
/// @notice Checks a `ModelSpec` field by field; every error names the field.
/// @dev External library, to keep AIGC small.
library ModelRules {
    /// @notice Highest usage royalty, basis points.
    uint16 internal constant MAX_USAGE_BPS = 2000;
    /// @notice Highest resale royalty, basis points.
    uint16 internal constant MAX_RESALE_BPS = 1000;

    uint256 internal constant MAX_NAME_LENGTH = 64;
    uint256 internal constant MAX_VERSION_LENGTH = 32;
    uint256 internal constant MAX_URI_LENGTH = 512;
    uint256 internal constant MAX_LICENSE_LENGTH = 256;
    uint256 internal constant MAX_CID_LENGTH = 128;

    /// @notice Reverts unless `spec` keeps all rules that need no look at other models.
    function requireValid(ModelSpec calldata spec) external pure {
        if (bytes(spec.name).length == 0) revert JsonText.JsonText_Empty("name");
        if (bytes(spec.license).length == 0) revert JsonText.JsonText_Empty("license");
        JsonText.requireText(bytes(spec.name), MAX_NAME_LENGTH, "name");
        JsonText.requireText(bytes(spec.version), MAX_VERSION_LENGTH, "version");
        JsonText.requireText(bytes(spec.weightsURI), MAX_URI_LENGTH, "weightsURI");
        JsonText.requireText(bytes(spec.license), MAX_LICENSE_LENGTH, "license");
        _requireCid(bytes(spec.previewCid));
        if (spec.weightsHash == 0) revert IAIGC.AIGC_EmptyWeightsHash();
        if (spec.usageBps > MAX_USAGE_BPS) revert IAIGC.AIGC_UsageRoyaltyTooHigh(spec.usageBps, MAX_USAGE_BPS);
        if (spec.resaleBps > MAX_RESALE_BPS) revert IAIGC.AIGC_ResaleRoyaltyTooHigh(spec.resaleBps, MAX_RESALE_BPS);
    }

    /// @notice Reverts unless `uri` is text of a URI's length.
    function requireUri(string calldata uri, string calldata field) external pure {
        JsonText.requireText(bytes(uri), MAX_URI_LENGTH, field);
    }

    /// @dev Letters and digits, as in every base58 and base32 CID: nothing that could change a path or break out of it.
    function _requireCid(bytes calldata cid) private pure {
        if (cid.length > MAX_CID_LENGTH) revert JsonText.JsonText_TooLong("previewCid", cid.length, MAX_CID_LENGTH);
        for (uint256 i; i < cid.length; ++i) {
            bytes1 c = cid[i];
            if (!((c >= "0" && c <= "9") || (c >= "A" && c <= "Z") || (c >= "a" && c <= "z"))) {
                revert IAIGC.AIGC_InvalidPreviewCid(i);
            }
        }
    }
}

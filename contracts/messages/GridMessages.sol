// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @notice Generation request: what a requester asks a model for. `requestHash` is its EIP-712 struct hash.
/// @param modelId AIGC token id of the model.
/// @param modelHash sha256 of the model's weights (`IAIGC.weightsHash`).
/// @param prompt UTF-8, no control characters once it is minted.
/// @param negativePrompt UTF-8, empty when unused.
/// @param seed `GridMessages.ANY_SEED` for any; otherwise below 2^63, and the receipt of index i carries `seed + i`.
/// @param width Pixels.
/// @param height Pixels.
/// @param steps Sampler steps.
/// @param guidanceMilli Guidance scale x 1000.
/// @param sampler Sampler name, e.g. "euler".
/// @param scheduler Noise schedule name, e.g. "karras".
/// @param sourceHash sha256 of the input image (img2img, inpainting), 0 when there is none.
/// @param extras RFC 8785 canonical JSON (LoRAs, ControlNet, strength, upscaling), empty when unused.
/// @param salt Hides a guessable private prompt until it is minted; 0 when unused.
struct GenerationRequest {
    uint256 modelId;
    bytes32 modelHash;
    string prompt;
    string negativePrompt;
    uint64 seed;
    uint32 width;
    uint32 height;
    uint32 steps;
    uint32 guidanceMilli;
    string sampler;
    string scheduler;
    bytes32 sourceHash;
    string extras;
    bytes32 salt;
}

/// @notice A payer's signed job with a price cap. `orderHash` is its EIP-712 struct hash.
/// @param requester Who asks for the picture and may mint it.
/// @param payer Whose account or lane pays.
/// @param worker Cold account of the worker that may fill the order.
/// @param laneId 0 for the direct rail, else the lane that pays.
/// @param feeConfigId Fee config the payer agreed to.
/// @param modelId AIGC token id; its usage royalty is taken from the price.
/// @param requestHash Struct hash of the `GenerationRequest`.
/// @param count Number of images asked for, 1 to 256.
/// @param maxPrice Cap on the sum of the receipts' prices, AIPG wei.
/// @param deadline Unix seconds: receipts must be completed by then, and settled within 15 minutes after it.
/// @param nonce Unordered: bit `nonce % 256` of word `nonce / 256` of the payer's bitmap (direct rail).
struct JobOrder {
    address requester;
    address payer;
    address worker;
    bytes32 laneId;
    uint16 feeConfigId;
    uint256 modelId;
    bytes32 requestHash;
    uint32 count;
    uint128 maxPrice;
    uint64 deadline;
    uint256 nonce;
}

/// @notice A worker's signed statement of what it made. `receiptId` is its EIP-712 digest in the settlement's domain.
/// @param orderHash Struct hash of the order it answers.
/// @param index 0 to `count - 1`, names the image within the order.
/// @param requester As in the order.
/// @param worker Cold account of the worker.
/// @param modelId As in the order.
/// @param requestHash As in the order.
/// @param seed Seed used; for a fixed request seed it is `request.seed + index`.
/// @param engineHash keccak256 of the engine string, e.g. "onnxruntime 1.30.0 cpu t1".
/// @param imageHash sha256 of the file as served.
/// @param cidDigest sha2-256 digest in the file's CID; equals `imageHash` for a single raw block.
/// @param completedAt Unix seconds.
/// @param price AIPG wei, gross of royalty and protocol fee.
struct JobReceipt {
    bytes32 orderHash;
    uint32 index;
    address requester;
    address worker;
    uint256 modelId;
    bytes32 requestHash;
    uint64 seed;
    bytes32 engineHash;
    bytes32 imageHash;
    bytes32 cidDigest;
    uint64 completedAt;
    uint128 price;
}

/// @notice Terms of a lane; `laneId` is its EIP-712 digest in the settlement's domain.
/// @param kind `GridMessages.LANE_WORK` or `GridMessages.LANE_HOP`.
/// @param payer Cold account that funds the lane and gets the rest back.
/// @param payerSigner Key that signs this lane's vouchers for its whole life.
/// @param worker Cold account that is paid (a gateway on a hop lane).
/// @param feeConfigId Fee config that holds for the lane's whole life; 0 on a hop lane.
/// @param thawDelay Seconds between announcing a thaw and finalising it, at least 1 day.
/// @param salt Tells lanes with equal terms apart.
struct LaneConfig {
    uint8 kind;
    address payer;
    address payerSigner;
    address worker;
    uint16 feeConfigId;
    uint40 thawDelay;
    bytes32 salt;
}

/// @notice One row of a voucher: all that has ever been promised on the lane for one model, AIPG wei.
struct ModelTotal {
    uint256 modelId;
    uint128 cumulative;
}

/// @notice A payer's cumulative promise on a lane.
/// @param laneId The lane.
/// @param receiptCount Number of leaves under `receiptsRoot`.
/// @param receiptsRoot Merkle root of the receipts acknowledged by this voucher; 0 anchors nothing.
/// @param totals Strictly ascending by `modelId`, at most 16; a model that is absent is unchanged.
struct Voucher {
    bytes32 laneId;
    uint32 receiptCount;
    bytes32 receiptsRoot;
    ModelTotal[] totals;
}

/// @notice A hot key's proof that it agrees to sign for `account` in `role`.
struct SignerProof {
    address account;
    uint8 role;
    uint64 deadline;
}

/// @notice A worker's statement that it ended an order of the direct rail before all its images were made: whoever carries
/// it can settle the order with just these receipts. A worker signs at most one per order, and no receipt of it afterwards.
/// @param orderHash Struct hash of the order.
/// @param receiptCount Number of receipts it is to be settled with.
/// @param receiptsRoot Merkle root of those receipts, by ascending index.
struct OrderClosing {
    bytes32 orderHash;
    uint32 receiptCount;
    bytes32 receiptsRoot;
}

/// @title EIP-712 hashing of the Grid's messages
/// @notice The one Solidity implementation of every digest in the settlement's domain
/// `{name: "AIPG Grid", version: "1", chainId, verifyingContract}`. See https://eips.ethereum.org/EIPS/eip-712.
library GridMessages {
    string internal constant DOMAIN_NAME = "AIPG Grid";
    string internal constant DOMAIN_VERSION = "1";

    /// @dev A request with this seed leaves the seed to the worker.
    uint64 internal constant ANY_SEED = type(uint64).max;

    uint8 internal constant LANE_WORK = 0;
    uint8 internal constant LANE_HOP = 1;

    bytes32 internal constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 internal constant GENERATION_REQUEST_TYPEHASH = keccak256(
        "GenerationRequest(uint256 modelId,bytes32 modelHash,string prompt,string negativePrompt,uint64 seed,uint32 width,uint32 height,uint32 steps,uint32 guidanceMilli,string sampler,string scheduler,bytes32 sourceHash,string extras,bytes32 salt)"
    );
    bytes32 internal constant JOB_ORDER_TYPEHASH = keccak256(
        "JobOrder(address requester,address payer,address worker,bytes32 laneId,uint16 feeConfigId,uint256 modelId,bytes32 requestHash,uint32 count,uint128 maxPrice,uint64 deadline,uint256 nonce)"
    );
    bytes32 internal constant JOB_RECEIPT_TYPEHASH = keccak256(
        "JobReceipt(bytes32 orderHash,uint32 index,address requester,address worker,uint256 modelId,bytes32 requestHash,uint64 seed,bytes32 engineHash,bytes32 imageHash,bytes32 cidDigest,uint64 completedAt,uint128 price)"
    );
    bytes32 internal constant LANE_CONFIG_TYPEHASH = keccak256(
        "LaneConfig(uint8 kind,address payer,address payerSigner,address worker,uint16 feeConfigId,uint40 thawDelay,bytes32 salt)"
    );
    bytes32 internal constant MODEL_TOTAL_TYPEHASH = keccak256("ModelTotal(uint256 modelId,uint128 cumulative)");
    bytes32 internal constant VOUCHER_TYPEHASH = keccak256(
        "Voucher(bytes32 laneId,uint32 receiptCount,bytes32 receiptsRoot,ModelTotal[] totals)ModelTotal(uint256 modelId,uint128 cumulative)"
    );
    bytes32 internal constant SIGNER_PROOF_TYPEHASH =
        keccak256("SignerProof(address account,uint8 role,uint64 deadline)");
    bytes32 internal constant ORDER_CLOSING_TYPEHASH =
        keccak256("OrderClosing(bytes32 orderHash,uint32 receiptCount,bytes32 receiptsRoot)");

    /// @notice Domain separator of a settlement on the chain this runs on.
    function domainSeparator(address settlement) internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                DOMAIN_TYPEHASH,
                keccak256(bytes(DOMAIN_NAME)),
                keccak256(bytes(DOMAIN_VERSION)),
                block.chainid,
                settlement
            )
        );
    }

    /// @notice EIP-712 digest: what is signed.
    function toDigest(bytes32 separator, bytes32 structHash) internal pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(separator, structHash);
    }

    /// @notice `requestHash`.
    function hashRequest(GenerationRequest memory request) internal pure returns (bytes32) {
        return keccak256(
            bytes.concat(
                abi.encode(
                    GENERATION_REQUEST_TYPEHASH,
                    request.modelId,
                    request.modelHash,
                    keccak256(bytes(request.prompt)),
                    keccak256(bytes(request.negativePrompt)),
                    request.seed,
                    request.width,
                    request.height
                ),
                abi.encode(
                    request.steps,
                    request.guidanceMilli,
                    keccak256(bytes(request.sampler)),
                    keccak256(bytes(request.scheduler)),
                    request.sourceHash,
                    keccak256(bytes(request.extras)),
                    request.salt
                )
            )
        );
    }

    /// @notice `orderHash`.
    function hashOrder(JobOrder memory order) internal pure returns (bytes32) {
        return keccak256(abi.encode(JOB_ORDER_TYPEHASH, order));
    }

    /// @notice Struct hash of a receipt; its digest is the `receiptId`.
    function hashReceipt(JobReceipt memory receipt) internal pure returns (bytes32) {
        return keccak256(abi.encode(JOB_RECEIPT_TYPEHASH, receipt));
    }

    /// @notice Struct hash of a lane's terms; its digest is the `laneId`.
    function hashLane(LaneConfig memory lane) internal pure returns (bytes32) {
        return keccak256(abi.encode(LANE_CONFIG_TYPEHASH, lane));
    }

    /// @notice Struct hash of a voucher.
    function hashVoucher(Voucher memory voucher) internal pure returns (bytes32) {
        bytes32[] memory rows = new bytes32[](voucher.totals.length);
        for (uint256 i; i < rows.length; ++i) {
            rows[i] = keccak256(abi.encode(MODEL_TOTAL_TYPEHASH, voucher.totals[i]));
        }
        return keccak256(
            abi.encode(
                VOUCHER_TYPEHASH,
                voucher.laneId,
                voucher.receiptCount,
                voucher.receiptsRoot,
                keccak256(abi.encodePacked(rows))
            )
        );
    }

    /// @notice Struct hash of a signer proof.
    function hashSignerProof(SignerProof memory proof) internal pure returns (bytes32) {
        return keccak256(abi.encode(SIGNER_PROOF_TYPEHASH, proof));
    }

    /// @notice Struct hash of an order's closing.
    function hashOrderClosing(OrderClosing memory closing) internal pure returns (bytes32) {
        return keccak256(abi.encode(ORDER_CLOSING_TYPEHASH, closing));
    }

    /// @notice Merkle leaf of a receipt: keccak256(bytes.concat(receiptId)). Inner nodes hash 64 bytes, leaves 32, so
    /// neither can be taken for the other; pairs are sorted (OpenZeppelin MerkleProof).
    function leafOf(bytes32 receiptId) internal pure returns (bytes32 leaf) {
        assembly ("memory-safe") {
            mstore(0x00, receiptId)
            leaf := keccak256(0x00, 0x20)
        }
    }
}

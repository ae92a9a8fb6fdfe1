// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {
    GenerationRequest,
    GridMessages,
    JobOrder,
    JobReceipt,
    LaneConfig,
    OrderClosing,
    SignerProof,
    Voucher
} from "../../contracts/messages/GridMessages.sol";

/// @notice The golden vectors of `messages.json` against GridMessages. The SDK's tests check the same file.
/// @dev The schema of each struct comes from the typehash text itself: `vm.parseJsonType` decodes by an EIP-712 type.
contract GoldenMessagesTest is Test {
    string internal constant MODEL_TOTAL = "ModelTotal(uint256 modelId,uint128 cumulative)";

    string internal json;
    bytes32 internal separator;

    function setUp() public {
        json = vm.readFile("test/vectors/messages.json");
        vm.chainId(vm.parseJsonUint(json, ".chainId"));
        separator = GridMessages.domainSeparator(vm.parseJsonAddress(json, ".settlement"));
    }

    function test_DomainSeparatorIsTheVectors() public view {
        assertEq(separator, vm.parseJsonBytes32(json, ".settlementSeparator"));
    }

    function test_GenerationRequestHashesAreTheVectors() public view {
        for (uint256 i; _has("GenerationRequest", i); ++i) {
            GenerationRequest memory request = abi.decode(
                _message(
                    "GenerationRequest",
                    i,
                    "GenerationRequest(uint256 modelId,bytes32 modelHash,string prompt,string negativePrompt,uint64 seed,uint32 width,uint32 height,uint32 steps,uint32 guidanceMilli,string sampler,string scheduler,bytes32 sourceHash,string extras,bytes32 salt)"
                ),
                (GenerationRequest)
            );
            _check("GenerationRequest", i, GridMessages.hashRequest(request));
        }
    }

    function test_JobOrderHashesAreTheVectors() public view {
        for (uint256 i; _has("JobOrder", i); ++i) {
            JobOrder memory order = abi.decode(
                _message(
                    "JobOrder",
                    i,
                    "JobOrder(address requester,address payer,address worker,bytes32 laneId,uint16 feeConfigId,uint256 modelId,bytes32 requestHash,uint32 count,uint128 maxPrice,uint64 deadline,uint256 nonce)"
                ),
                (JobOrder)
            );
            _check("JobOrder", i, GridMessages.hashOrder(order));
        }
    }

    function test_JobReceiptHashesAreTheVectors() public view {
        for (uint256 i; _has("JobReceipt", i); ++i) {
            JobReceipt memory receipt = abi.decode(
                _message(
                    "JobReceipt",
                    i,
                    "JobReceipt(bytes32 orderHash,uint32 index,address requester,address worker,uint256 modelId,bytes32 requestHash,uint64 seed,bytes32 engineHash,bytes32 imageHash,bytes32 cidDigest,uint64 completedAt,uint128 price)"
                ),
                (JobReceipt)
            );
            _check("JobReceipt", i, GridMessages.hashReceipt(receipt));
        }
    }

    function test_LaneConfigHashesAreTheVectors() public view {
        for (uint256 i; _has("LaneConfig", i); ++i) {
            LaneConfig memory lane = abi.decode(
                _message(
                    "LaneConfig",
                    i,
                    "LaneConfig(uint8 kind,address payer,address payerSigner,address worker,uint16 feeConfigId,uint40 thawDelay,bytes32 salt)"
                ),
                (LaneConfig)
            );
            _check("LaneConfig", i, GridMessages.hashLane(lane));
        }
    }

    function test_VoucherHashesAreTheVectors() public view {
        for (uint256 i; _has("Voucher", i); ++i) {
            Voucher memory voucher = abi.decode(
                _message(
                    "Voucher",
                    i,
                    string.concat(
                        "Voucher(bytes32 laneId,uint32 receiptCount,bytes32 receiptsRoot,ModelTotal[] totals)",
                        MODEL_TOTAL
                    )
                ),
                (Voucher)
            );
            _check("Voucher", i, GridMessages.hashVoucher(voucher));
        }
    }

    function test_SignerProofHashesAreTheVectors() public view {
        for (uint256 i; _has("SignerProof", i); ++i) {
            SignerProof memory proof = abi.decode(
                _message("SignerProof", i, "SignerProof(address account,uint8 role,uint64 deadline)"), (SignerProof)
            );
            _check("SignerProof", i, GridMessages.hashSignerProof(proof));
        }
    }

    function test_OrderClosingHashesAreTheVectors() public view {
        for (uint256 i; _has("OrderClosing", i); ++i) {
            OrderClosing memory closing = abi.decode(
                _message("OrderClosing", i, "OrderClosing(bytes32 orderHash,uint32 receiptCount,bytes32 receiptsRoot)"),
                (OrderClosing)
            );
            _check("OrderClosing", i, GridMessages.hashOrderClosing(closing));
        }
    }

    function _check(string memory message, uint256 i, bytes32 structHash) internal view {
        string memory path = _at(message, i);
        string memory name = vm.parseJsonString(json, string.concat(path, ".name"));
        assertEq(structHash, vm.parseJsonBytes32(json, string.concat(path, ".structHash")), name);
        assertEq(
            GridMessages.toDigest(separator, structHash),
            vm.parseJsonBytes32(json, string.concat(path, ".digest")),
            name
        );
    }

    function _message(string memory message, uint256 i, string memory schema) internal view returns (bytes memory) {
        return vm.parseJsonType(json, string.concat(_at(message, i), ".message"), schema);
    }

    function _has(string memory message, uint256 i) internal view returns (bool) {
        bool exists = vm.keyExistsJson(json, _at(message, i));
        if (i < 3) assertTrue(exists, string.concat("too few vectors of ", message));
        return exists;
    }

    function _at(string memory message, uint256 i) internal pure returns (string memory) {
        return string.concat(".", message, "[", vm.toString(i), "]");
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {AIGC} from "../../contracts/AIGC.sol";
import {GridNFT} from "../../contracts/GridNFT.sol";
import {GridRenderer} from "../../contracts/GridRenderer.sol";
import {Access, ModelFamily, ModelKind, ModelSpec} from "../../contracts/interfaces/IAIGC.sol";
import {ReceiptProof} from "../../contracts/interfaces/IGridNFT.sol";
import {ReceiptOutput, Settlement} from "../../contracts/interfaces/IGridSettlement.sol";
import {GenerationRequest, GridMessages, JobOrder, LaneConfig} from "../../contracts/messages/GridMessages.sol";
import {Body, BodyAnchor, BodyArtwork, BodyOrder} from "./NftBody.sol";
import {SettlementBase} from "./SettlementBase.sol";

/// @dev The whole grid: the real model registry, the real settlement, and GridNFT over both. The requester is the artist
/// and pays their own orders and lanes, where nothing else is said.
abstract contract NftGridBase is SettlementBase {
    uint256 internal constant MINT_FEE = 1e18;
    bytes32 internal constant WEIGHTS = keccak256("weights of a real model");
    string internal constant ENGINE = "onnxruntime-node 1.30.0 cpu threads=1 o=all";

    AIGC internal aigc;
    GridNFT internal nft;

    function setUp() public virtual override {
        super.setUp();
        aigc = AIGC(
            address(
                new ERC1967Proxy(
                    address(new AIGC(aipg)), abi.encodeCall(AIGC.initialize, (address(manager), treasury, 0))
                )
            )
        );
        for (uint256 i; i < MODEL; ++i) {
            aigc.register(_spec(), modelOwner, 0);
        }
        settlement = _deploySettlement(aigc);
        registry = settlement.registry();
        _grantRoles();
        GridRenderer renderer = new GridRenderer(aigc, "https://grid.example/token/");
        bytes memory initialization = abi.encodeCall(
            GridNFT.initialize,
            (
                address(manager),
                admin,
                address(settlement),
                address(renderer),
                treasury,
                MINT_FEE,
                "ipfs://bafkreicollection"
            )
        );
        nft = GridNFT(address(new ERC1967Proxy(address(new GridNFT(IERC20(address(aipg)), aigc)), initialization)));
        aipg.mint(treasury, 1);
        aipg.mint(requester.addr, 1_000_000e18);
        vm.prank(requester.addr);
        aipg.approve(address(nft), type(uint256).max);
        payer = requester;
        _bond(worker.addr, BOND);
        _deposit(requester.addr, FUNDS);
    }

    function _spec() internal pure returns (ModelSpec memory spec) {
        spec.name = "Stable Diffusion XL";
        spec.version = "1.0";
        spec.family = ModelFamily.SDXL;
        spec.kind = ModelKind.CHECKPOINT;
        spec.weightsHash = WEIGHTS;
        spec.weightsURI = "ipfs://bafybeihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku/model.safetensors";
        spec.license = "CreativeML-OpenRAIL-M";
        spec.previewCid = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4";
        spec.usageBps = ROYALTY_BPS;
        spec.resaleBps = 500;
        spec.access = Access.OPEN;
    }

    function _request(string memory prompt) internal pure returns (GenerationRequest memory r) {
        r.modelId = MODEL;
        r.modelHash = WEIGHTS;
        r.prompt = prompt;
        r.negativePrompt = "blurry, low quality, deforme";
        r.seed = 4_242_424_242;
        r.width = 1024;
        r.height = 1024;
        r.steps = 30;
        r.guidanceMilli = 7500;
        r.sampler = "euler_a";
        r.scheduler = "karras";
        r.salt = keccak256("salt");
    }

    /// @dev One artwork per prompt, each of an order of its own, anchored by one root on the lane of `payer`.
    function _body(string[] memory prompts) internal view returns (Body memory body) {
        body.royaltyBps = 500;
        body.title = "Cyberpunk Cityscape";
        body.description =
        "A rain-soaked megacity at midnight: neon signs, flying traffic and a lone figure on a roofto.";
        body.tags = "cyberpunk,city,neo";
        body.anchors = new BodyAnchor[](1);
        body.anchors[0].worker = worker.addr;
        body.engines = new string[](1);
        body.engines[0] = ENGINE;
        body.requests = new GenerationRequest[](prompts.length);
        body.orders = new BodyOrder[](prompts.length);
        body.artworks = new BodyArtwork[](prompts.length);
        for (uint256 i; i < prompts.length; ++i) {
            body.requests[i] = _request(prompts[i]);
            body.orders[i].orderHash = keccak256(abi.encode("order", i));
            body.orders[i].request = uint8(i);
            body.orders[i].price = 0.05e18;
            body.artworks[i].order = uint8(i);
            body.artworks[i].completedAt = uint40(block.timestamp);
            body.artworks[i].imageHash = keccak256(abi.encode("image", i));
            body.artworks[i].cidDigest = keccak256(abi.encode("cid", i));
        }
    }

    /// @dev An order of the artist's for the first request of a body, and its receipts; makes the body's first order and
    /// artworks fit it.
    function _order(Body memory body, uint256 nonce) internal view returns (Settlement memory item) {
        JobOrder memory order = _order();
        order.requestHash = GridMessages.hashRequest(body.requests[0]);
        order.count = uint32(body.artworks.length);
        order.nonce = nonce;
        order.maxPrice = 10e18;
        item.order = order;
        item.orderSignature = _sign(payer, _orderDigest(order));
        item.receipts = new ReceiptOutput[](body.artworks.length);
        body.orders[0].orderHash = GridMessages.hashOrder(order);
        for (uint256 i; i < body.artworks.length; ++i) {
            BodyArtwork memory artwork = body.artworks[i];
            item.receipts[i] = ReceiptOutput({
                index: artwork.index,
                seed: body.requests[0].seed + artwork.index,
                engineHash: keccak256(bytes(body.engines[0])),
                imageHash: artwork.imageHash,
                cidDigest: artwork.cidDigest == 0 ? artwork.imageHash : artwork.cidDigest,
                completedAt: artwork.completedAt,
                price: body.orders[0].price,
                signature: ""
            });
        }
        _signReceipts(item, worker);
    }

    /// @dev Leaves of a settlement's receipts.
    function _leaves(Settlement memory item) internal view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](item.receipts.length);
        for (uint256 i; i < leaves.length; ++i) {
            leaves[i] = GridMessages.leafOf(_receiptDigest(_receipt(item, i)));
        }
    }

    /// @dev Opens a lane of the artist's, and has its worker collect a voucher that anchors `root`.
    function _anchorOnLane(bytes32 root) internal returns (bytes32 laneId) {
        LaneConfig memory config = _laneConfig();
        laneId = _open(config, FUNDS);
        _collect(config, _voucher(laneId, MODEL, 5e18, root));
    }

    function _noProof() internal pure returns (ReceiptProof[] memory proofs) {
        proofs = new ReceiptProof[](1);
    }

    function _prompts(string memory prompt) internal pure returns (string[] memory prompts) {
        prompts = new string[](1);
        prompts[0] = prompt;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Test} from "forge-std/Test.sol";

import {AIPG} from "../../contracts/dev/AIPG.sol";
import {GridNFT} from "../../contracts/GridNFT.sol";
import {IAIGC} from "../../contracts/interfaces/IAIGC.sol";
import {
    EvolutionPolicy,
    EvolveAuthorization,
    IGridNFT,
    MintAuthorization,
    ReceiptProof
} from "../../contracts/interfaces/IGridNFT.sol";
import {GenerationRequest, GridMessages, JobReceipt} from "../../contracts/messages/GridMessages.sol";
import {GridNFTStorage} from "../../contracts/artworks/GridNFTStorage.sol";
import {TokenRecord} from "../../contracts/artworks/TokenRecord.sol";
import {GridRenderer} from "../../contracts/GridRenderer.sol";
import {EscrowDouble} from "./EscrowDouble.sol";
import {Body, BodyAnchor, BodyArtwork, BodyOrder, NftBody} from "./NftBody.sol";
import {MockAnchor, MockModels} from "./NftMocks.sol";
import {NftTree} from "./NftTree.sol";

/// @dev GridNFT behind its proxy, over a mock settlement, with bodies to mint.
abstract contract NftTest is Test {
    uint256 internal constant MODEL_ID = 7;
    bytes32 internal constant MODEL_HASH = keccak256("weights of model 7");
    uint256 internal constant FEE = 1e18;
    uint256 internal constant NOW = 1_763_164_800;
    bytes32 internal constant LANE_ID = keccak256("a lane");

    address internal artist;
    uint256 internal artistKey;
    address internal collector = makeAddr("collector");
    address internal worker = makeAddr("worker");
    address internal payer = makeAddr("payer");
    address internal treasury = makeAddr("treasury");
    address internal admin = makeAddr("admin");

    AIPG internal aipg;
    AccessManager internal manager;
    MockAnchor internal anchors;
    MockModels internal models;
    GridRenderer internal renderer;
    GridNFT internal nft;

    function setUp() public virtual {
        vm.warp(NOW);
        (artist, artistKey) = makeAddrAndKey("artist");
        aipg = new AIPG(admin);
        manager = new AccessManager(admin);
        anchors = new MockAnchor();
        models =
            MockModels(address(new ERC1967Proxy(address(new MockModels()), abi.encodeCall(MockModels.ownerOf, (0)))));
        models.set(MODEL_ID, MODEL_HASH);
        renderer = new GridRenderer(IAIGC(address(models)), "https://grid.example/token/");
        GridNFT implementation = new GridNFT(IERC20(address(aipg)), models);
        bytes memory initialization = abi.encodeCall(
            GridNFT.initialize,
            (address(manager), admin, address(anchors), address(renderer), treasury, FEE, "ipfs://collection")
        );
        nft = GridNFT(address(new ERC1967Proxy(address(implementation), initialization)));

        _grantRoles();
        vm.startPrank(admin);
        aipg.mint(artist, 1_000_000e18);
        aipg.mint(collector, 1_000_000e18);
        aipg.mint(treasury, 1);
        vm.stopPrank();
        vm.prank(artist);
        aipg.approve(address(nft), type(uint256).max);
        vm.prank(collector);
        aipg.approve(address(nft), type(uint256).max);
    }

    /// @dev The admin holds every role, without delay: delays are the deployment's, and tested there.
    function _grantRoles() private {
        bytes4[] memory selectors = new bytes4[](10);
        selectors[0] = IGridNFT.addAnchorSource.selector;
        selectors[1] = IGridNFT.setMintFee.selector;
        selectors[2] = IGridNFT.setRenderer.selector;
        selectors[3] = IGridNFT.setContractURI.selector;
        selectors[4] = IGridNFT.pause.selector;
        selectors[5] = IGridNFT.unpause.selector;
        selectors[6] = IGridNFT.sealUpgrades.selector;
        selectors[7] = bytes4(keccak256("transferOwnership(address)"));
        selectors[8] = IGridNFT.sealRenderer.selector;
        selectors[9] = IGridNFT.setEscrow.selector;
        vm.prank(admin);
        manager.setTargetFunctionRole(address(nft), selectors, 0);
    }

    // -------------------------------------------------------------------------------------------------------- bodies

    /// @dev A request like the ones people make.
    function aRequest() internal pure returns (GenerationRequest memory r) {
        r.modelId = MODEL_ID;
        r.modelHash = MODEL_HASH;
        r.prompt = "a neon cyberpunk cityscape at night";
        r.negativePrompt = "blurry, low quality";
        r.seed = 42;
        r.width = 1024;
        r.height = 768;
        r.steps = 50;
        r.guidanceMilli = 7500;
        r.sampler = "euler_a";
        r.scheduler = "karras";
    }

    /// @dev A series of `count` images of one order, anchored directly by the artist's own payment.
    function aBody(uint256 count) internal view returns (Body memory body) {
        body.policy = EvolutionPolicy.NONE;
        body.royaltyBps = 500;
        body.title = "Cyberpunk Cityscape";
        body.description = "Rain, neon and nobody in sight.";
        body.tags = "cyberpunk,city";
        body.anchors = new BodyAnchor[](1);
        body.anchors[0] = BodyAnchor({source: 0, payer: address(0), worker: worker});
        body.engines = new string[](1);
        body.engines[0] = "onnxruntime 1.30.0 cpu t1";
        body.requests = new GenerationRequest[](1);
        body.requests[0] = aRequest();
        body.orders = new BodyOrder[](1);
        body.orders[0] = BodyOrder({orderHash: keccak256("order"), anchor: 0, request: 0, engine: 0, price: 0.05e18});
        body.artworks = new BodyArtwork[](count);
        for (uint256 i; i < count; ++i) {
            body.artworks[i] = anArtwork(0, i);
        }
    }

    function anArtwork(uint256 order, uint256 index) internal view returns (BodyArtwork memory a) {
        a.order = uint8(order);
        a.index = uint8(index);
        a.completedAt = uint40(block.timestamp - 60);
        a.imageHash = keccak256(abi.encode("image", order, index));
    }

    /// @dev Receipt of an artwork, made the plain way.
    function receiptOf(Body memory body, uint256 i, address requester) internal pure returns (JobReceipt memory r) {
        BodyArtwork memory a = body.artworks[i];
        BodyOrder memory o = body.orders[a.order];
        GenerationRequest memory q = body.requests[o.request];
        r.orderHash = o.orderHash;
        r.index = a.index;
        r.requester = requester;
        r.worker = body.anchors[o.anchor].worker;
        r.modelId = q.modelId;
        r.requestHash = GridMessages.hashRequest(q);
        r.seed = q.seed == GridMessages.ANY_SEED ? a.seed : q.seed + a.index;
        r.engineHash = keccak256(bytes(body.engines[o.engine]));
        r.imageHash = a.imageHash;
        r.cidDigest = a.cidDigest == 0 ? a.imageHash : a.cidDigest;
        r.completedAt = a.completedAt;
        r.price = a.price == 0 ? o.price : a.price;
    }

    function receiptIdOf(Body memory body, uint256 i, address requester) internal view returns (bytes32) {
        return GridMessages.toDigest(
            GridMessages.domainSeparator(address(anchors)), GridMessages.hashReceipt(receiptOf(body, i, requester))
        );
    }

    function leavesOf(Body memory body, address requester) internal view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](body.artworks.length);
        for (uint256 i; i < leaves.length; ++i) {
            leaves[i] = GridMessages.leafOf(receiptIdOf(body, i, requester));
        }
    }

    /// @dev Anchors a body with one anchor by the root of exactly its receipts, on the direct rail.
    function anchorAll(Body memory body, address requester) internal returns (ReceiptProof[] memory proofs) {
        bytes32[] memory leaves = leavesOf(body, requester);
        BodyAnchor memory a = body.anchors[0];
        proofs = new ReceiptProof[](1);
        bytes32 root = leaves[0];
        if (leaves.length > 1) {
            bytes32[] memory tree = NftTree.build(leaves);
            uint256[] memory indices = new uint256[](leaves.length);
            for (uint256 i; i < indices.length; ++i) {
                indices[i] = i;
            }
            proofs[0] = NftTree.proveMany(tree, indices);
            root = tree[0];
        }
        anchors.set(0, a.payer == address(0) ? requester : a.payer, root, a.worker);
    }

    /// @dev Puts a body's receipts, at `places`, into a tree of `size` receipts, and anchors its root on a lane.
    function anchorInTree(Body memory body, address requester, uint256 size, uint256[] memory places)
        internal
        returns (ReceiptProof[] memory proofs)
    {
        bytes32[] memory own = leavesOf(body, requester);
        bytes32[] memory leaves = new bytes32[](size);
        for (uint256 i; i < size; ++i) {
            leaves[i] = keccak256(abi.encode("somebody's receipt", i));
        }
        for (uint256 i; i < own.length; ++i) {
            leaves[places[i]] = own[i];
        }
        bytes32[] memory tree = NftTree.build(leaves);
        proofs = new ReceiptProof[](1);
        proofs[0] = NftTree.proveMany(tree, places);
        BodyAnchor memory a = body.anchors[0];
        proofs[0].laneId = LANE_ID;
        anchors.set(LANE_ID, a.payer == address(0) ? requester : a.payer, tree[0], a.worker);
    }

    /// @dev Mints a body as the artist.
    function mintBody(Body memory body) internal returns (uint256 seriesId) {
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        vm.prank(artist);
        return nft.mint(packed, proofs, artist, type(uint128).max);
    }

    // ------------------------------------------------------------------------------------------------------- signing

    function sign(MintAuthorization memory a, uint256 key) internal view returns (bytes memory) {
        return _sign(
            keccak256(
                abi.encode(
                    keccak256(
                        "MintAuthorization(address requester,address to,bytes32 bodyHash,uint128 maxFee,uint64 deadline)"
                    ),
                    a.requester,
                    a.to,
                    a.bodyHash,
                    a.maxFee,
                    a.deadline
                )
            ),
            key
        );
    }

    function sign(EvolveAuthorization memory a, uint256 key) internal view returns (bytes memory) {
        return _sign(
            keccak256(
                abi.encode(
                    keccak256("EvolveAuthorization(uint256 tokenId,uint32 version,bytes32 bodyHash,uint64 deadline)"),
                    a.tokenId,
                    a.version,
                    a.bodyHash,
                    a.deadline
                )
            ),
            key
        );
    }

    function _sign(bytes32 structHash, uint256 key) private view returns (bytes memory) {
        bytes32 separator = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("GridNFT"),
                keccak256("1"),
                block.chainid,
                address(nft)
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked(hex"1901", separator, structHash)));
        return abi.encodePacked(r, s, v);
    }

    // ---------------------------------------------------------------------------------------------------- evolving

    /// @dev A version made of one picture of an order of its own, anchored directly.
    function aVersion(string memory prompt, address requester)
        internal
        returns (Body memory body, bytes memory packed, ReceiptProof[] memory proofs)
    {
        body = aBody(1);
        body.requests[0].prompt = prompt;
        body.orders[0].orderHash = keccak256(abi.encode("order of a version", prompt));
        body.artworks[0].imageHash = keccak256(abi.encode("image of a version", prompt));
        proofs = anchorAll(body, requester);
        packed = NftBody.packVersion(body);
    }

    /// @dev Mints `count` artworks of a policy to `to`.
    function mintOf(EvolutionPolicy policy, uint256 count, address to) internal returns (uint256 first) {
        Body memory body = aBody(count);
        body.policy = policy;
        body.orders[0].orderHash = keccak256(abi.encode("order", nft.totalSupply(), policy));
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        vm.prank(artist);
        return nft.mint(packed, proofs, to, type(uint128).max) * 1000 + 1;
    }

    /// @dev An escrow, set.
    function anEscrow() internal returns (EscrowDouble escrow) {
        escrow = new EscrowDouble();
        vm.prank(admin);
        nft.setEscrow(address(escrow));
    }

    /// @dev Puts a token into the escrow, with or without a bid on it.
    function escrowed(EscrowDouble escrow, uint256 tokenId, bool hasBid) internal {
        address holder = nft.ownerOf(tokenId);
        vm.prank(holder);
        nft.transferFrom(holder, address(escrow), tokenId);
        escrow.setBid(tokenId, hasBid);
    }

    /// @dev Writes the word of a token, as years of use would.
    function setWord(uint256 tokenId, uint256 word) internal {
        vm.store(address(nft), _wordSlot(tokenId), bytes32(word));
    }

    function wordOf(uint256 tokenId) internal view returns (uint256) {
        return uint256(vm.load(address(nft), _wordSlot(tokenId)));
    }

    function _wordSlot(uint256 tokenId) private view returns (bytes32) {
        mapping(uint256 => TokenRecord) storage tokens = GridNFTStorage.load().tokens;
        uint256 slot;
        assembly ("memory-safe") {
            slot := tokens.slot
        }
        return keccak256(abi.encode(tokenId, slot));
    }

    function shownOf(uint256 tokenId) internal view returns (uint256 shown) {
        (, shown) = nft.stateOf(tokenId);
    }

    function movesOf(uint256 tokenId) internal view returns (uint256 moves) {
        (moves,) = nft.stateOf(tokenId);
    }

    function only(uint256 tokenId) internal pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = tokenId;
    }
}
